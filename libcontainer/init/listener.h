// SPDX-License-Identifier: Apache-2.0
// A seccomp filter with a notification descriptor, see listener.c.
#ifndef HUSK_INIT_LISTENER_H
#define HUSK_INIT_LISTENER_H

#include "libcontainer/init/init.h"

// Loads init's filter into the calling process and hands its descriptor to the runtime, without a call that the filter could notify
// before the agent has it.
int listener_load_filter(const struct init *init, struct error *err) must_check;

#endif
