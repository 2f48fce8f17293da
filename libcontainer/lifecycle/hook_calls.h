// SPDX-License-Identifier: Apache-2.0
// Hooks that the runtime itself runs, with the state they are told.
#ifndef HUSK_LIFECYCLE_HOOK_CALLS_H
#define HUSK_LIFECYCLE_HOOK_CALLS_H

#include <stdbool.h>
#include <sys/types.h>

#include "libcontainer/base/error.h"
#include "libcontainer/base/log.h"
#include "libcontainer/process/process.h"
#include "spec/spec.h"

// prestart, createRuntime, poststart: the first failure ends the list. interrupts: of signals_open_interrupts, or -1.
int hook_calls_run(const struct spec *spec, enum spec_hook_kind kind, const char *id,
		   const char *bundle, const char *rootfs, const char *status, pid_t pid,
		   int interrupts, struct error *err) must_check;
// poststop: every one runs, failures are warnings; a signal ends the one that runs.
void hook_calls_poststop(const struct spec *spec, const char *id, const char *bundle,
			 const char *rootfs, int interrupts, const struct log *log);

// Whether hooks run while the container is being created: prestart, createRuntime or createContainer.
bool hook_calls_in_create(const struct spec *spec) must_check;

#endif
