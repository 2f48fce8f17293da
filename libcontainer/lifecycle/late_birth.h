// SPDX-License-Identifier: Apache-2.0
// A process that enters a pid namespace which is there already is cloned into it as late as possible: see init/birth.c.
#ifndef HUSK_LIFECYCLE_LATE_BIRTH_H
#define HUSK_LIFECYCLE_LATE_BIRTH_H

#include "libcontainer/init/init.h"
#include "spec/spec.h"

// late, or early with *why: what the late order has against it in the process and its filter.
enum init_birth late_birth_decide(const struct init *init, const char **why) must_check;

// Whether a process with CAP_SYS_PTRACE may be in the pid namespace of this container.
bool late_birth_is_watched(const struct spec *spec) must_check;

// Room for the number of the process, which the kernel writes there: four bytes shared with the stage and with what that clones.
// *born: owned by the caller.
int late_birth_share(pid_t **born, struct error *err) must_check;
void late_birth_unshare(pid_t *born);
// The process that stage has cloned; nobody but a child of the caller is believed to be it. *pidfd is replaced. ESRCH in err->code:
// there is none.
int late_birth_know(const pid_t *born, pid_t stage, pid_t *pid, int *pidfd,
		    struct error *err) must_check;

#endif
