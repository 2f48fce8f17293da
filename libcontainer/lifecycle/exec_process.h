// SPDX-License-Identifier: Apache-2.0
// The process that exec shall run: a process object from a file, or the container's own with what the command line changes.
#ifndef HUSK_LIFECYCLE_EXEC_PROCESS_H
#define HUSK_LIFECYCLE_EXEC_PROCESS_H

#include "libcontainer/base/error.h"
#include "libcontainer/base/memory.h"
#include "libcontainer/container.h"
#include "spec/spec.h"

struct exec_process {
	struct spec_process process;
	const struct spec *document;  // owned: the file's, or NULL
	struct arena arena;           // owned: lists that were made longer
};

// config: the container's; borrowed as long as the result lives.
int exec_process_make(const struct container_exec_options *options, const struct spec *config,
		      struct exec_process *made, struct error *err) must_check;
void exec_process_done(struct exec_process *made);

#endif
