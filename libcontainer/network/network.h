// SPDX-License-Identifier: Apache-2.0
// The container's own network namespace.
#ifndef HUSK_NETWORK_NETWORK_H
#define HUSK_NETWORK_NETWORK_H

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"

// Brings lo up in the calling process' network namespace: every engine that makes no network of its own expects it.
int network_loopback_up(struct error *err) must_check;

#endif
