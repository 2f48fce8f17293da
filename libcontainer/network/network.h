// SPDX-License-Identifier: Apache-2.0
// The container's own network namespace: its loopback device, and devices of the host that move there.
#ifndef HUSK_NETWORK_NETWORK_H
#define HUSK_NETWORK_NETWORK_H

#include <sys/types.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"
#include "spec/spec.h"

// Brings lo up in the network namespace of that socket, or of the calling thread (-1): every engine that makes no network of its own
// expects it.
int network_loopback_up(int socket, struct error *err) must_check;
// Makes a network namespace by way of the calling thread, which is in its own again afterwards, whatever failed. own: a socket that was
// made there. *netns and *socket, which is in it: owned by the caller.
int network_make(int own, int *netns, int *socket, struct error *err) must_check;

// ---- net_devices.c -------------------------------------------------------------------------------

// Where the program husk-link is that moves devices: beside husk's own file, else where it was installed. Before husk's own file is
// put out of reach. *path malloc'ed.
int network_find_mover(char **path, struct error *err) must_check;
// The mover after its work: it waits to be told whether the container stays. Should the caller die before that, it does not.
struct network_moved {
	pid_t pid;  // 0: none
	int word;   // owned: where it is told
	int said;   // owned: where it says what went wrong
};
#define NETWORK_NOTHING_MOVED                                                                      \
	{                                                                                          \
		.word = -1, .said = -1                                                             \
	}

// In the calling process: moves linux.netDevices of its network namespace into netns_fd (another one: the host's own is refused).
int network_move_devices(const char *mover, int netns_fd, const struct spec_net_device *devices,
			 size_t count, struct network_moved *moved, struct error *err) must_check;
// The devices stay where they are.
void network_keep_devices(struct network_moved *moved);
// Back to where they were, with the names and addresses that they had. -1: one could not, and why.
int network_return_devices(struct network_moved *moved, struct error *err) must_check;

#endif
