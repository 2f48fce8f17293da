// SPDX-License-Identifier: Apache-2.0
// When a process of exec is cloned into the container's pid namespace: see init/exec_init.c.
#ifndef HUSK_LIFECYCLE_EXEC_BIRTH_H
#define HUSK_LIFECYCLE_EXEC_BIRTH_H

#include "libcontainer/init/init.h"
#include "spec/spec.h"

// late, or early with *why: what the late order has against it.
enum init_birth exec_birth_decide(const struct init *init, const char **why) must_check;

// Whether a process with CAP_SYS_PTRACE may be in the pid namespace of this container.
bool exec_birth_is_watched(const struct spec *spec) must_check;

#endif
