// SPDX-License-Identifier: Apache-2.0
// How the container's root comes into the new process's mount tree, and how the host's tree leaves it.
//
// The root is a recursive copy of root.path, attached on root.path so that createContainer hooks find there what the
// container will see. Nothing above it may be shared: what is mounted inside must not show on the host, and
// pivot_root(2) refuses it. So the host's tree is made slave (or private) first; when its mounts have to keep their
// peers (rootfsPropagation shared), only the mount that holds root.path is made private.
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "libcontainer/rootfs/plan.h"

// Deeper than any path: the climb to the mount's root must end.
#define CLIMB_MAX 2048

// Only the root directory of a mount can have its propagation changed, so climb until it works.
static int make_holder_private(const struct rootfs *rootfs, struct error *err)
{
	auto_close int fd = open(rootfs->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; fd >= 0 && i < CLIMB_MAX; i++) {
		if (mount_set_propagation(fd, KERNEL_MS_PRIVATE, false) == 0)
			return 0;
		if (errno != EINVAL)
			break;
		int above = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		memory_close(fd);
		fd = above;
	}
	return error_errno(err, "root.path %s: make the mount that holds it private",
			   rootfs->root_path);
}

int rootfs_isolate(struct rootfs *rootfs, struct error *err)
{
	if (!rootfs->options->new_mount_namespace)
		return 0;
	if (source_stays_shared(rootfs))
		return make_holder_private(rootfs, err);
	if (sys_mount(NULL, "/", NULL, source_propagation(rootfs) | KERNEL_MS_REC, NULL) < 0)
		return error_errno(err, "part the mounts from the host's");
	return 0;
}

static bool is_same_file(int a, int b)
{
	struct stat one, other;
	return fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

// root.path as this process's own mount namespace has it; the caller's descriptor belongs to another one.
static int reopen_root(const struct rootfs *rootfs, struct error *err)
{
	auto_close int fd = open(rootfs->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && !is_same_file(fd, rootfs->host_fd))
		return error_set(err, ESTALE, "root.path %s: was replaced during the start",
				 rootfs->root_path);
	// the new process may not get there, but it has a copy, which fits on any directory
	if (fd < 0 && rootfs->tree_fd >= 0)
		fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "root.path %s", rootfs->root_path);
	return take_fd(&fd);
}

static int copy_root(struct rootfs *rootfs, int from_fd, struct error *err)
{
	if (rootfs->tree_fd >= 0) {
		rootfs->root_fd = take_fd(&rootfs->tree_fd);
		return 0;
	}
	rootfs->root_fd = mount_clone(from_fd, "", true, false);
	if (rootfs->root_fd < 0)
		return error_errno(err, "root.path %s: bind", rootfs->root_path);
	bool isolated = rootfs->options->new_mount_namespace && !source_stays_shared(rootfs);
	if (!isolated && mount_set_propagation(rootfs->root_fd, KERNEL_MS_SLAVE, true) < 0)
		return error_errno(err, "root.path %s: part its mounts from the host's",
				   rootfs->root_path);
	return 0;
}

int rootfs_attach(struct rootfs *rootfs, struct error *err)
{
	bool untouched = !rootfs->options->new_mount_namespace && !rootfs->mounts_count &&
			 !rootfs->spec->root_readonly;
	auto_umask mode_t mask = umask(0);
	auto_close int fd = reopen_root(rootfs, err);
	if (fd < 0)
		return -1;
	memory_close(take_fd(&rootfs->host_fd));
	if (untouched) {
		rootfs->root_fd = take_fd(&fd);
		return 0;
	}
	if (copy_root(rootfs, fd, err) < 0)
		return -1;
	if (mount_attach(rootfs->root_fd, fd) < 0)
		return error_errno(err, "root.path %s: attach", rootfs->root_path);
	return overlay_attach(rootfs, err);
}

// With chroot the host's tree stays in the namespace, unreachable by path. But a procfs or sysfs that is fully visible
// there would allow a fresh, unmasked one to be mounted in a user namespace: they go.
static int hide_kernel_trees(struct error *err)
{
	static const char *const trees[] = {"/proc", "/sys"};
	for (size_t i = 0; i < array_size(trees); i++) {
		if (sys_umount2(trees[i], KERNEL_MNT_DETACH) == 0 || errno == ENOENT)
			continue;
		// a mount that this user namespace did not make cannot be removed, but covered
		if (errno != EINVAL && errno != EPERM)
			return error_errno(err, "unmount the host's %s", trees[i]);
		if (sys_mount("tmpfs", trees[i], "tmpfs", KERNEL_MS_RDONLY,
			      "nr_blocks=1,nr_inodes=1") < 0)
			return error_errno(err, "cover the host's %s", trees[i]);
	}
	return 0;
}

static int enter_by_chroot(const struct rootfs *rootfs, struct error *err)
{
	if (rootfs->options->new_mount_namespace) {
		// onto the host's root: climbing out of the chroot ends in the container's root again
		auto_close int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (top < 0 || hide_kernel_trees(err) < 0)
			return top < 0 ? error_errno(err, "/") : -1;
		if (mount_attach(rootfs->root_fd, top) < 0)
			return error_errno(err, "move the root to /");
	}
	if (fchdir(rootfs->root_fd) < 0 || chroot(".") < 0)
		return error_errno(err, "chroot to %s", rootfs->root_path);
	return chdir("/") < 0 ? error_errno(err, "chdir to /") : 0;
}

// The old root ends up on top of the new one and is detached with everything on it: the one lazy unmount of a start.
static int enter_by_pivot(const struct rootfs *rootfs, struct error *err)
{
	// after the pivot "." still is the new root to most calls, so the old one is held
	bool shared = source_stays_shared(rootfs);
	auto_close int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (old < 0 || fchdir(rootfs->root_fd) < 0)
		return error_errno(err, "chdir to the root");
	if (sys_pivot_root(".", ".") < 0)
		return error_errno(
			err, "pivot_root to %s%s", rootfs->root_path,
			errno == EINVAL ? " (a root in an initramfs cannot be left: try --no-pivot)"
					: "");
	// otherwise the unmount would reach the peers of shared mounts, on the host
	if (shared && mount_set_propagation(old, KERNEL_MS_SLAVE, true) < 0)
		return error_errno(err, "part the old root from the host's");
	// umount2 does look through to what covers "."
	if (sys_umount2(".", KERNEL_MNT_DETACH) < 0)
		return error_errno(err, "unmount the old root");
	return chdir("/") < 0 ? error_errno(err, "chdir to /") : 0;
}

int rootfs_enter(struct rootfs *rootfs, struct error *err)
{
	if (masks_prepare(rootfs, err) < 0)
		return -1;
	if (rootfs->options->no_pivot || !rootfs->options->new_mount_namespace)
		return enter_by_chroot(rootfs, err);
	return enter_by_pivot(rootfs, err);
}
