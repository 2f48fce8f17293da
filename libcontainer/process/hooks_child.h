// SPDX-License-Identifier: Apache-2.0
// The process that becomes a hook. Only for hooks.c.
#ifndef HUSK_PROCESS_HOOKS_CHILD_H
#define HUSK_PROCESS_HOOKS_CHILD_H

#include <sys/types.h>

#include "libcontainer/base/attributes.h"
#include "spec/spec.h"

struct hooks_child {
	const char *path;
	char **argv, **envp;  // both are owned, their strings are not
	int cwd_fd;           // borrowed; -1: where we are
	pid_t parent;         // whose end is its end
	int files[2];  // borrowed: its standard output and error instead of output; -1: output
	int input, output, failure;  // owned: its ends of three pipes; failure takes an errno
};

// Fills path, argv and envp. -1 when memory ran out.
int hooks_child_prepare(struct hooks_child *child, const struct spec_hook *hook,
			char *const *default_env) must_check;

// Starts it, leader of a session of its own. *pidfd is owned by the caller. Returns the pid, or -1.
pid_t hooks_child_start(const struct hooks_child *child, int *pidfd) must_check;

void hooks_child_done(struct hooks_child *child);

#endif
