// SPDX-License-Identifier: Apache-2.0
// The addresses of a device, which the kernel forgets when the device goes to another network namespace.
#ifndef HUSK_LINK_ADDRESSES_H
#define HUSK_LINK_ADDRESSES_H

#include "runtime/link/netlink.h"

struct addresses;  // messages that make them again

// The permanent ones of global scope. NULL and errno.
struct addresses *addresses_save(struct netlink *netlink, int index) must_check;
// Adds them to the device index. -1 and errno.
int addresses_restore(struct netlink *netlink, int index,
		      const struct addresses *addresses) must_check;
void addresses_free(struct addresses *addresses);

#endif
