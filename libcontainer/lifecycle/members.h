// SPDX-License-Identifier: Apache-2.0
// Who belongs to a container that has no cgroup: the members of its pid namespace.
#ifndef HUSK_LIFECYCLE_MEMBERS_H
#define HUSK_LIFECYCLE_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "libcontainer/base/error.h"

// Every process in the pid namespace of init. *pids malloc'ed. One look at all of /proc: for people who ask, never for start or stop.
int members_of_pid_namespace(pid_t init, pid_t **pids, size_t *count, struct error *err) must_check;

// Whether pid is in the pid namespace of init now. false: also when it cannot be said.
bool members_has(pid_t init, pid_t pid) must_check;

#endif
