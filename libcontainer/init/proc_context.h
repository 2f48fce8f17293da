// SPDX-License-Identifier: Apache-2.0
// A context for a procfs of a pid namespace in which the container's process is not yet: see proc_context.c.
#ifndef HUSK_INIT_PROC_CONTEXT_H
#define HUSK_INIT_PROC_CONTEXT_H

#include "libcontainer/init/init.h"

// Once the root is attached, before the pid namespace is joined. *context: of fsopen(2), owned by the caller; whoever
// uses it looks at what came out of it. See pid_namespaces(7).
int proc_context_open(const struct init *init, int *context, struct error *err) must_check;

#endif
