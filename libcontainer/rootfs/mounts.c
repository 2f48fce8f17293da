// SPDX-License-Identifier: Apache-2.0
// One entry of mounts[]: the object is made detached and complete, its target is opened once inside the root, then
// the two are joined. What must wait for the attached mount (propagation) or for the end
// (a read-only tmpfs, which still has to take mount points and devices) comes after.
#include "libcontainer/rootfs/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "libcontainer/kernel/fd.h"

#define PROC_MAGIC 0x9fa0
#define PROC_ROOT_INODE 1

// ---- targets ------------------------------------------------------------------------------------

// /proc, /sys and /dev are made of nothing that could be a link, unless somebody wants us elsewhere. A /dev that is
// bound from the host may hold links (log, shm): they are followed inside the root.
enum path_rule mounts_target_rule(const struct rootfs *rootfs, const struct mount_entry *entry)
{
	const char *path = entry->destination;
	if (entry->kind == mount_kind_proc || entry->kind == mount_kind_sysfs ||
	    plan_is_below(path, "proc") || plan_is_below(path, "sys"))
		return path_rule_strict;
	if (plan_is_below(path, "dev") && (!path[3] || !rootfs->dev_is_bound))
		return path_rule_strict;
	return path_rule_scoped;
}

static bool is_missing(const struct rootfs *rootfs, const struct mount_entry *entry,
		       enum path_rule rule)
{
	auto_close int fd = path_open(rootfs->root_fd, entry->destination, O_PATH, rule);
	return fd < 0 && errno == ENOENT;
}

static int blame_target(const struct rootfs *rootfs, const struct mount_entry *entry,
			enum path_rule rule, struct error *err)
{
	int cause = errno;
	if ((cause == EACCES || cause == EPERM || cause == EROFS) &&
	    is_missing(rootfs, entry, rule))
		return error_set(err, cause,
				 "make mount point, which is not there: %s (make it in the root "
				 "file system beforehand, or have its directory writable)",
				 error_text(cause));
	errno = cause;
	if (errno == ELOOP && rule == path_rule_strict)
		return error_set(err, ELOOP,
				 "refused, because a part of the path is a symbolic link");
	if (errno == ENOTDIR && entry->kind == mount_kind_proc)
		return error_set(err, ENOTDIR, "must be a directory");
	if (errno == ENOTDIR)
		return error_errno(err, "open mount point, of which a part is no directory, or all "
					"of it and the source is one");
	return error_errno(err, "open mount point");
}

static int open_target(struct rootfs *rootfs, const struct mount_entry *entry, bool directory,
		       struct error *err)
{
	enum path_rule rule = mounts_target_rule(rootfs, entry);
	int fd = -1;
	if (entry->options.target_no_follow) {
		fd = path_open_no_follow(rootfs->root_fd, entry->destination, rule);
		if (fd < 0 && errno != ENOENT)
			return blame_target(rootfs, entry, rule, err);
	}
	if (fd < 0)
		fd = path_make(rootfs->root_fd, entry->destination,
			       directory ? S_IFDIR | 0755 : S_IFREG | 0644, rule,
			       plan_notes(rootfs));
	return fd < 0 ? blame_target(rootfs, entry, rule, err) : fd;
}

static int is_procfs(int fd, struct error *err)
{
	struct statfs fs;
	if (fstatfs(fd, &fs) < 0)
		return error_errno(err, "statfs");
	return fs.f_type == PROC_MAGIC;
}

// The name of a destination was checked by the plan; this looks where it really leads.
static int guard_target(const struct mount_entry *entry, int target_fd, struct error *err)
{
	if (entry->proc_place != proc_place_outside)
		return 0;
	int inside = is_procfs(target_fd, err);
	if (inside <= 0)
		return inside;
	return error_set(err, EPERM, "refused, because it leads into procfs");
}

// What is bound on /proc must be the root of a procfs.
static int guard_proc_bind(const struct mount_entry *entry, int fd, struct error *err)
{
	struct stat st;
	if (entry->proc_place != proc_place_top)
		return 0;
	int inside = is_procfs(fd, err);
	if (inside < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return error_errno(err, "stat source");
	if (!inside || st.st_ino != PROC_ROOT_INODE)
		return error_set(err, EPERM,
				 "only procfs, or a bind of it, may be mounted on /proc");
	return 0;
}

// ---- what a mount gets before and after it is attached ------------------------------------------

static int set_attributes(const struct mount_entry *entry, int fd, struct error *err)
{
	const struct mount_options *options = &entry->options;
	uint64_t late = entry->kind == mount_kind_tmpfs ? KERNEL_MOUNT_ATTR_RDONLY : 0;
	uint64_t set = options->recursive_set & ~late;
	if ((set || options->recursive_clear) &&
	    mount_set_attributes(fd, set, options->recursive_clear, true) < 0)
		return error_errno(err, "set recursive mount attributes");
	// a new file system was born with them
	if (entry->kind != mount_kind_bind && entry->kind != mount_kind_cgroup)
		return 0;
	if ((options->set || options->clear) &&
	    mount_set_attributes(fd, options->set, options->clear, false) < 0)
		return error_errno(err, "set mount attributes");
	return 0;
}

static int set_propagation(const struct mount_entry *entry, int fd, struct error *err)
{
	for (size_t i = 0; i < entry->options.propagations_count; i++) {
		const struct mount_propagation *propagation = &entry->options.propagations[i];
		if (mount_set_propagation(fd, propagation->type, propagation->recursive) < 0)
			return error_errno(err, "set propagation");
	}
	return 0;
}

static bool is_read_only_late(const struct mount_entry *entry)
{
	return entry->kind == mount_kind_tmpfs &&
	       ((entry->options.set | entry->options.recursive_set) & KERNEL_MOUNT_ATTR_RDONLY);
}

// mqueue knows no context=, but its root can be given a label.
static int label_queue(const struct rootfs *rootfs, const struct mount_entry *entry, int fd,
		       struct error *err)
{
	const char *label = rootfs->options->mount_label;
	if (!label || !*label || !text_equal(entry->type, "mqueue"))
		return 0;
	if (setxattr(fd_proc_path(fd).text, "security.selinux", label, strlen(label), 0) < 0)
		return error_errno(err, "label with '%s'", label);
	return 0;
}

static int finish_mount(struct rootfs *rootfs, struct mount_entry *entry, int *fd,
			struct error *err)
{
	if (rootfs->options->live) {
		entry->attached_fd = fcntl(*fd, F_DUPFD_CLOEXEC, 0);
		if (entry->attached_fd < 0)
			return error_errno(err, "keep the mount");
	}
	if (set_propagation(entry, *fd, err) < 0)
		return -1;
	if (is_read_only_late(entry))
		entry->late_fd = *entry->destination ? take_fd(fd) : -1;
	if (!*entry->destination) {
		memory_close(rootfs->root_fd);
		rootfs->root_fd = take_fd(fd);
	}
	return 0;
}

static int attach(struct rootfs *rootfs, struct mount_entry *entry, int *fd, int target_fd,
		  struct error *err)
{
	if (idmap_apply(rootfs, entry, *fd, err) < 0 || set_attributes(entry, *fd, err) < 0)
		return -1;
	// -1: mount(2) did it already
	if (target_fd >= 0 && mount_attach(*fd, target_fd) < 0)
		return error_errno(err, "attach mount");
	return finish_mount(rootfs, entry, fd, err);
}

// ---- the kinds ----------------------------------------------------------------------------------

static int make_symlink(struct rootfs *rootfs, const struct mount_entry *entry, struct error *err)
{
	char name[256], found[PATH_MAX];
	auto_close int parent =
		path_make_parent(rootfs->root_fd, entry->destination,
				 mounts_target_rule(rootfs, entry), name, plan_notes(rootfs));
	if (parent < 0)
		return error_errno(err, "open parent directory");
	if (symlinkat(entry->symlink, parent, name) == 0) {
		path_made_note(plan_notes(rootfs), parent, name);
		return 0;
	}
	if (errno != EEXIST)
		return error_errno(err, "make symbolic link");
	ssize_t n = readlinkat(parent, name, found, sizeof found);
	if (n >= 0 && (size_t)n == strlen(entry->symlink) &&
	    memcmp(found, entry->symlink, (size_t)n) == 0)
		return 0;
	return error_set(err, EEXIST, "make symbolic link: %s", error_text(EEXIST));
}

static int check_same_kind(const struct stat *source, int target_fd, struct error *err)
{
	struct stat target;
	if (fstat(target_fd, &target) < 0)
		return error_errno(err, "stat mount point");
	if (S_ISDIR(source->st_mode) == S_ISDIR(target.st_mode))
		return 0;
	return S_ISDIR(target.st_mode)
		       ? error_set(err, EISDIR,
				   "the source is a file, and what it is to cover is a directory")
		       : error_set(err, ENOTDIR,
				   "the source is a directory, and what it is to cover is a file");
}

static int attach_bind(struct rootfs *rootfs, struct mount_entry *entry, struct error *err)
{
	struct stat st;
	if (entry->tree_fd < 0 && !entry->symlink && source_open(rootfs, entry, err) < 0)
		return -1;
	if (entry->symlink)
		return make_symlink(rootfs, entry, err);
	if (fstat(entry->tree_fd, &st) < 0)
		return error_errno(err, "stat source");
	if (guard_proc_bind(entry, entry->tree_fd, err) < 0)
		return -1;
	auto_close int target = open_target(rootfs, entry, S_ISDIR(st.st_mode), err);
	if (target < 0 || guard_target(entry, target, err) < 0 ||
	    check_same_kind(&st, target, err) < 0)
		return -1;
	auto_close int fd = take_fd(&entry->tree_fd);
	return attach(rootfs, entry, &fd, target, err);
}

// When the calling process made it, the directory that it covers was not known.
static int make_alike(const struct mount_entry *entry, int fd, int target_fd, struct error *err)
{
	struct stat st;
	if (entry->kind != mount_kind_tmpfs || mount_options_data(&entry->options, "mode"))
		return 0;
	if (fstat(target_fd, &st) < 0)
		return error_errno(err, "stat mount point");
	if (chmod(fd_proc_path(fd).text, st.st_mode & 07777) < 0)
		return error_errno(err, "give it the mode of the directory that it covers");
	return 0;
}

static int make_file_system(struct rootfs *rootfs, struct mount_entry *entry, int *target_fd,
			    struct error *err)
{
	if (entry->kind == mount_kind_cgroup)
		return cgroup_mount_make(rootfs, entry, err);
	if (entry->tree_fd < 0)
		return file_system_make(rootfs, entry, target_fd, err);
	auto_close int fd = take_fd(&entry->tree_fd);
	return make_alike(entry, fd, *target_fd, err) < 0 ? -1 : take_fd(&fd);
}

static int attach_new(struct rootfs *rootfs, struct mount_entry *entry, struct error *err)
{
	auto_close int target = open_target(rootfs, entry, true, err);
	if (target < 0 || guard_target(entry, target, err) < 0)
		return -1;
	auto_close int fd = make_file_system(rootfs, entry, &target, err);
	if (fd < 0 || label_queue(rootfs, entry, fd, err) < 0)
		return -1;
	if (entry->options.copy_up && tmpfs_copy(target, fd, err) < 0)
		return error_context(err, "tmpcopyup");
	return attach(rootfs, entry, &fd, target, err);
}

// (the kernel calls that invalid, and nothing more)
static int check_mounted(int fd, struct error *err)
{
	struct statx st;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &st) < 0)
		return error_errno(err, "open mount to change");
	if ((st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) &&
	    !(st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return error_set(err, EINVAL, "remount: nothing is mounted there");
	return 0;
}

static int remount(struct rootfs *rootfs, struct mount_entry *entry, struct error *err)
{
	struct mount_parameters parameters = {0};
	struct mount_message message;
	const struct mount_options *options = &entry->options;
	auto_close int fd = path_open(rootfs->root_fd, entry->destination, O_PATH,
				      mounts_target_rule(rootfs, entry));
	if (fd < 0)
		return error_errno(err, "open mount to change");
	if (guard_target(entry, fd, err) < 0 || check_mounted(fd, err) < 0 ||
	    file_system_parameters(rootfs, entry, fd, &parameters, err) < 0)
		return -1;
	bool superblock = !options->bind && !options->recursive_bind;
	bool read_only = options->set & KERNEL_MOUNT_ATTR_RDONLY;
	if (superblock && (read_only || (options->clear & KERNEL_MOUNT_ATTR_RDONLY)))
		parameters.items[parameters.count++] =
			(struct mount_parameter){read_only ? "ro" : "rw", NULL};
	if (superblock && parameters.count > 0 &&
	    mount_reconfigure(fd, parameters.items, parameters.count, &message) < 0)
		return refusal_quote("with new options", &message, err);
	if ((options->recursive_set || options->recursive_clear) &&
	    mount_set_attributes(fd, options->recursive_set, options->recursive_clear, true) < 0)
		return error_errno(err, "set recursive mount attributes");
	if (mount_set_attributes(fd, options->set, options->clear, false) < 0)
		return error_errno(err, "set mount attributes");
	return set_propagation(entry, fd, err);
}

static int attach_kind(struct rootfs *rootfs, struct mount_entry *entry, struct error *err)
{
	switch (entry->kind) {
	case mount_kind_bind:
		return attach_bind(rootfs, entry, err);
	case mount_kind_remount:
		return remount(rootfs, entry, err);
	case mount_kind_cgroup:
	case mount_kind_proc:
	case mount_kind_sysfs:
	case mount_kind_tmpfs:
	case mount_kind_other:
		break;
	}
	return attach_new(rootfs, entry, err);
}

int mounts_attach(struct rootfs *rootfs, struct mount_entry *entry, struct error *err)
{
	if (attach_kind(rootfs, entry, err) == 0)
		return 0;
	// a message about mounts[i].source names the entry already
	if (err && text_has_prefix(err->message, "mounts["))
		return -1;
	return plan_blame_mount(entry, err);
}

int mounts_make_late_read_only(struct rootfs *rootfs, struct error *err)
{
	for (size_t i = 0; i < rootfs->mounts_count; i++) {
		struct mount_entry *entry = &rootfs->mounts[i];
		if (entry->late_fd < 0)
			continue;
		bool recursive = entry->options.recursive_set & KERNEL_MOUNT_ATTR_RDONLY;
		if (mount_set_attributes(entry->late_fd, KERNEL_MOUNT_ATTR_RDONLY, 0, recursive) <
		    0) {
			error_errno(err, "make read-only");
			return plan_blame_mount(entry, err);
		}
		memory_close(take_fd(&entry->late_fd));
	}
	return 0;
}
