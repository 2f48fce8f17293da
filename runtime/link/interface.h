// SPDX-License-Identifier: Apache-2.0
// Network devices: looking for them, moving them to another network namespace, bringing them up.
#ifndef HUSK_LINK_INTERFACE_H
#define HUSK_LINK_INTERFACE_H

#include <net/if.h>
#include <stdbool.h>

#include "runtime/link/netlink.h"

// By name, or by index when name is NULL. *up (may be NULL) tells whether it is set up. Its index, or -1: ENODEV
// when there is none.
int interface_find(struct netlink *netlink, const char *wanted, int index, bool *up) must_check;

// The largest index of the namespace; *used tells whether index is among them.
int interface_largest_index(struct netlink *netlink, int index, bool *used) must_check;

// Moves it into the namespace netns_fd, where it has new_index and name ("eth%d": the first free number). When the name
// cannot be had, the device may have moved all the same, under its old name. -1 and errno.
int interface_move(struct netlink *netlink, int index, int netns_fd, int new_index,
		   const char *name) must_check;

int interface_up(struct netlink *netlink, int index) must_check;

#endif
