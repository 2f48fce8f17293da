// SPDX-License-Identifier: Apache-2.0
// See remove.h.
#include "libcontainer/lifecycle/remove.h"

#include <sys/mount.h>

#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/lifecycle/hook_calls.h"
#include "libcontainer/state/state.h"

// How long processes may take to die after SIGKILL (a process in uninterruptible sleep takes as long as it likes).
#define DESTROY_MS 10000

// Without a mount namespace of its own the container's mounts were made below root.path, in the caller's.
static void unmount_shared(const struct removal *removal)
{
	const int detach = KERNEL_MNT_DETACH | UMOUNT_NOFOLLOW;
	if (removal->spec && !removal->spec->linux_.namespaces[spec_namespace_type_mount].listed)
		(void)!sys_umount2(removal->rootfs, detach);
}

int remove_container(const struct removal *removal, struct error *err)
{
	if (removal->cgroup->fd >= 0 &&
	    cgroup_destroy(removal->cgroup, removal->cgroup_made_from, DESTROY_MS, err) < 0)
		return -1;
	unmount_shared(removal);
	if (state_remove(removal->root_fd, removal->id, err) < 0)
		return -1;
	if (removal->spec)
		hook_calls_poststop(removal->spec, removal->id, removal->bundle, removal->rootfs,
				    removal->log);
	return 0;
}
