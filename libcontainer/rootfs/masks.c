// SPDX-License-Identifier: Apache-2.0
// maskedPaths and readonlyPaths, after the root was entered: nothing of the host can be reached any more.
//
// A masked file shows a copy of the host's /dev/null that was taken and verified before; masked directories all show
// one empty, read-only tmpfs. Only a path that does not exist is skipped; any other failure stops the start, because
// a mask that is silently missing is worse than no container.
#include "libcontainer/rootfs/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PROC_MAGIC 0x9fa0
#define SYSFS_MAGIC 0x62656572

int masks_prepare(struct rootfs *rootfs, struct error *err)
{
	struct stat st;
	if (rootfs->spec->linux_.masked_paths.count == 0)
		return 0;
	rootfs->null_fd = mount_clone(AT_FDCWD, "/dev/null", false, true);
	if (rootfs->null_fd < 0 || fstat(rootfs->null_fd, &st) < 0)
		return error_errno(err, "/dev/null for maskedPaths");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return error_set(err, EINVAL,
				 "/dev/null for maskedPaths: is not character device 1:3");
	return 0;
}

// procfs and sysfs have links of their own (/sys/class/...), which lead nowhere else; above them a link is refused.
static int open_below_kernel_tree(const struct rootfs *rootfs, const char *path)
{
	char top[8];
	struct statfs fs;
	size_t length = strcspn(path, "/");
	if (length >= sizeof top) {
		errno = ELOOP;
		return -1;
	}
	memcpy(top, path, length);
	top[length] = '\0';
	auto_close int fd = path_open(rootfs->root_fd, top, O_PATH | O_DIRECTORY, path_rule_strict);
	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return -1;
	if (fs.f_type != PROC_MAGIC && fs.f_type != SYSFS_MAGIC) {
		errno = ELOOP;
		return -1;
	}
	return path_open(fd, path + length, O_PATH, path_rule_scoped);
}

static int open_path(const struct rootfs *rootfs, const char *path)
{
	path += strspn(path, "/");
	if (!plan_is_below(path, "proc") && !plan_is_below(path, "sys"))
		return path_open(rootfs->root_fd, path, O_PATH, path_rule_scoped);
	int fd = path_open(rootfs->root_fd, path, O_PATH, path_rule_strict);
	if (fd < 0 && errno == ELOOP)
		return open_below_kernel_tree(rootfs, path);
	return fd;
}

// A path that is said to be missing is asked for once more: it is the one answer that leaves something unprotected.
static int open_present(const struct rootfs *rootfs, const char *path)
{
	int fd = open_path(rootfs, path);
	return fd < 0 && errno == ENOENT ? open_path(rootfs, path) : fd;
}

// A rootless container that shares the host's pid namespace sees a /proc that is not its own: there the kernel
// itself keeps it from what it may not touch.
static bool may_skip(const struct rootfs *rootfs)
{
	if (errno == ENOENT)
		return true;
	return errno == EACCES && rootfs->options->rootless &&
	       !rootfs->spec->linux_.namespaces[spec_namespace_type_pid].listed;
}

static int look_at(int fd, struct statx *found, struct error *err)
{
	if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_INO | STATX_MNT_ID, found) < 0)
		return error_errno(err, "stat");
	return 0;
}

// Nothing can be laid over the root: who stands in it already would go on seeing it.
static int is_root(const struct rootfs *rootfs, const struct statx *found, struct error *err)
{
	struct statx root;
	if (look_at(rootfs->root_fd, &root, err) < 0)
		return -1;
	return found->stx_ino == root.stx_ino && found->stx_mnt_id == root.stx_mnt_id;
}

// What is attached first is copied for those that follow: an attached mount can be copied on every kernel.
static int cover(const int *first_fd, bool *first_used, int target_fd)
{
	if (!*first_used) {
		if (mount_attach(*first_fd, target_fd) < 0)
			return -1;
		*first_used = true;
		return 0;
	}
	auto_close int fd = mount_clone(*first_fd, "", false, false);
	return fd < 0 ? -1 : mount_attach(fd, target_fd);
}

static int make_empty_directory(const struct rootfs *rootfs, struct error *err)
{
	struct mount_parameter parameters[4] = {
		{"nr_blocks", "1"},
		{"nr_inodes", "1"},
		{"mode", "555"},
	};
	size_t count = 3;
	if (rootfs->options->mount_label && *rootfs->options->mount_label)
		parameters[count++] = (struct mount_parameter){plan_label_option(rootfs),
							       rootfs->options->mount_label};
	struct mount_message message;
	int fd = mount_new("tmpfs", "tmpfs", parameters, count,
			   KERNEL_MOUNT_ATTR_RDONLY | KERNEL_MOUNT_ATTR_NOSUID |
				   KERNEL_MOUNT_ATTR_NODEV | KERNEL_MOUNT_ATTR_NOEXEC,
			   false, &message);
	return fd < 0 ? refusal_quote("tmpfs", &message, err) : fd;
}

struct masks {
	int directory_fd;  // owned
	bool directory_used, null_used;
};

static int mask(struct rootfs *rootfs, struct masks *masks, const char *path, struct error *err)
{
	struct statx found;
	auto_close int target = open_present(rootfs, path);
	if (target < 0)
		return may_skip(rootfs) ? 0 : error_errno(err, "open");
	if (look_at(target, &found, err) < 0)
		return -1;
	int result;
	if (S_ISDIR(found.stx_mode)) {
		int root = is_root(rootfs, &found, err);
		if (root != 0)
			return root < 0 ? -1 : error_set(err, EINVAL, "the root cannot be masked");
		if (masks->directory_fd < 0)
			masks->directory_fd = make_empty_directory(rootfs, err);
		if (masks->directory_fd < 0)
			return -1;
		result = cover(&masks->directory_fd, &masks->directory_used, target);
	} else {
		result = cover(&rootfs->null_fd, &masks->null_used, target);
	}
	return result < 0 ? error_errno(err, "cover") : 0;
}

int masks_apply(struct rootfs *rootfs, struct error *err)
{
	const struct spec_strings *paths = &rootfs->spec->linux_.masked_paths;
	struct masks masks = {.directory_fd = -1};
	int result = 0;
	for (size_t i = 0; i < paths->count && result == 0; i++)
		if (mask(rootfs, &masks, paths->items[i], err) < 0)
			result =
				error_context(err, "linux.maskedPaths[%zu] %s", i, paths->items[i]);
	memory_close(masks.directory_fd);
	memory_close(take_fd(&rootfs->null_fd));
	return result;
}

// A copy of the path over itself, with all the attributes that it has and read-only on top.
static int make_read_only(struct rootfs *rootfs, const char *path, struct error *err)
{
	auto_close int target = open_present(rootfs, path);
	if (target < 0)
		return may_skip(rootfs) ? 0 : error_errno(err, "open");
	struct statx found;
	int root = look_at(target, &found, err) < 0 ? -1 : is_root(rootfs, &found, err);
	if (root < 0)
		return -1;
	auto_close int fd = root ? take_fd(&target) : mount_clone(target, "", true, false);
	if (fd < 0)
		return error_errno(err, "bind");
	if (mount_set_attributes(fd, KERNEL_MOUNT_ATTR_RDONLY, 0, false) < 0)
		return error_errno(err, "make read-only");
	return !root && mount_attach(fd, target) < 0 ? error_errno(err, "attach") : 0;
}

int readonly_paths_apply(struct rootfs *rootfs, struct error *err)
{
	const struct spec_strings *paths = &rootfs->spec->linux_.readonly_paths;
	for (size_t i = 0; i < paths->count; i++)
		if (make_read_only(rootfs, paths->items[i], err) < 0)
			return error_context(err, "linux.readonlyPaths[%zu] %s", i,
					     paths->items[i]);
	return 0;
}
