// SPDX-License-Identifier: Apache-2.0
// Staying with a process in the foreground: its signals, its terminal, its end.
#ifndef HUSK_LIFECYCLE_FOREGROUND_H
#define HUSK_LIFECYCLE_FOREGROUND_H

#include <stdbool.h>
#include <sys/types.h>

#include "libcontainer/base/error.h"

// Waits for the end of the child pid (pidfd: the same), forwards every signal that can be caught to it, serves its terminal (master: taken;
// -1: none) and reaps orphans. The caller has blocked all signals. *status: what a shell would say.
// When this returns the child has ended and is reaped, also on failure: nobody would look after it.
// unproven: it is not known yet whether it ever executed its program; 1 when it did not, and then it is not reaped.
int foreground_wait(pid_t pid, int pidfd, int master, bool unproven, int *status,
		    struct error *err) must_check;

#endif
