// SPDX-License-Identifier: Apache-2.0
// The process that goes into a running container to mount or unmount there, and comes to its end there.
//
// It joins the namespaces that mounts depend on, but neither the pid namespace, where the container would see it, nor the
// container's root directory: what it names by a path (/proc/self/fd) it finds in the host's tree. It executes nothing.
#ifndef HUSK_INIT_LIVE_MOUNTS_H
#define HUSK_INIT_LIVE_MOUNTS_H

#include "libcontainer/rootfs/rootfs.h"
#include "spec/spec.h"

struct live_mounts {
	struct rootfs *rootfs;    // what is added: a plan with options.live, opened; NULL: removal
	const struct spec *spec;  // the container's configuration
	const struct spec *removed;  // whose mounts[] are taken away
	int target_pidfd;            // the container's init
	int namespaces;              // CLONE_NEW* to join through it
	int sync;                    // the child's end
	int close_first[5];          // what the runtime has open and no child may keep
};

// Sends "ready" when all is done, or "failed", and ends.
_Noreturn void live_mounts_run(struct live_mounts *live);

#endif
