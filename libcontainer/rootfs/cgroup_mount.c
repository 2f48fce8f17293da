// SPDX-License-Identifier: Apache-2.0
// `type: cgroup`: the unified hierarchy as the container sees it.
//
// In a cgroup namespace it is mounted afresh and shows the namespace's part alone. Otherwise, and where the
// kernel refuses (user namespaces), the host's own mount is bound: a fresh one from the initial cgroup namespace
// shows the same and makes every start wait for an RCU grace period (milliseconds).
#include "libcontainer/rootfs/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/vfs.h>

#define CGROUP2_MAGIC 0x63677270

// On a hybrid host the unified hierarchy is a directory deeper.
static const char *host_mount(void)
{
	static const char *const places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	for (size_t i = 0; i < array_size(places); i++) {
		struct statfs fs;
		if (statfs(places[i], &fs) == 0 && fs.f_type == CGROUP2_MAGIC)
			return places[i];
	}
	return NULL;
}

// Everybody's cgroups are shown read-only, unless the configuration says "rw" and takes the host's namespace.
static int bind_host(struct mount_entry *entry, const char *path, bool read_only, struct error *err)
{
	int fd = mount_clone(AT_FDCWD, path, true, false);
	if (fd < 0)
		return error_errno(err, "bind %s", path);
	if (read_only)
		entry->options.set |= KERNEL_MOUNT_ATTR_RDONLY;
	return fd;
}

// Nothing to show: an empty directory that takes no writes, so that no program mistakes it for a hierarchy.
static int mount_empty(struct mount_entry *entry, struct error *err)
{
	static const struct mount_parameter parameters[] = {
		{"nr_blocks", "1"},
		{"nr_inodes", "1"},
		{"mode", "555"},
	};
	struct mount_message message;
	int fd =
		mount_new("tmpfs", "tmpfs", parameters, array_size(parameters), 0, false, &message);
	entry->options.set |= KERNEL_MOUNT_ATTR_RDONLY;
	return fd < 0 ? refusal_quote("empty tmpfs", &message, err) : fd;
}

int cgroup_mount_make(const struct rootfs *rootfs, struct mount_entry *entry, struct error *err)
{
	const struct rootfs_options *options = rootfs->options;
	const struct mount_options *wanted = &entry->options;
	if (options->cgroup_namespace) {
		struct mount_message message;
		int fd = mount_new("cgroup2", "cgroup", wanted->data, wanted->data_count, 0, false,
				   &message);
		// a joined one could be anybody's
		if (fd >= 0 && !options->cgroup_namespace_new && !wanted->read_write)
			entry->options.set |= KERNEL_MOUNT_ATTR_RDONLY;
		if (fd >= 0)
			return fd;
		if ((errno != EPERM && errno != EBUSY) || !options->user_namespace)
			return refusal_quote("cgroup2", &message, err);
		if (options->cgroup_path)
			return bind_host(entry, options->cgroup_path, false, err);
	}
	const char *place = host_mount();
	if (place)
		return bind_host(entry, place, options->cgroup_namespace || !wanted->read_write,
				 err);
	if (options->rootless)
		return mount_empty(entry, err);
	return error_set(err, ENOENT, "no cgroup2 mount at /sys/fs/cgroup");
}
