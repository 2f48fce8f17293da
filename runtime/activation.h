// SPDX-License-Identifier: Apache-2.0
// What a service manager told husk in its environment: NOTIFY_SOCKET, and the descriptors of socket activation.
#ifndef HUSK_RUNTIME_ACTIVATION_H
#define HUSK_RUNTIME_ACTIVATION_H

#include "libcontainer/container.h"

// Fills those members of the context. LISTEN_FDS is refused when it is no number, and not for us when LISTEN_PID names
// another process.
int activation_read(struct container_context *context, struct error *err) must_check;

#endif
