// SPDX-License-Identifier: Apache-2.0
// One entry of mounts[]: the object is made detached and complete, its target is opened once inside the root, then
// the two are joined. What must wait for the attached mount (propagation) or for the end
// (a read-only tmpfs, which still has to take mount points and devices) comes after.
#include "libcontainer/rootfs/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "libcontainer/kernel/fd.h"

#define PROC_MAGIC 0x9fa0
#define PROC_ROOT_INODE 1
// room for what is added to the options of a configuration
#define EXTRA_PARAMETERS 3

int mounts_blame_kernel(const char *what, const struct mount_message *message, struct error *err)
{
	if (message->text[0])
		return error_set(err, errno, "mount %s: %s (%s)", what, error_text(errno), message->text);
	return error_errno(err, "mount %s", what);
}

// ---- targets ------------------------------------------------------------------------------------

// /proc, /sys and /dev are made of nothing that could be a link, unless somebody wants us elsewhere. A /dev that is
// bound from the host may hold links (log, shm): they are followed inside the root.
static enum path_rule target_rule(const struct rootfs *rootfs, const struct mount_entry *entry)
{
	const char *path = entry->destination;
	if (entry->kind == mount_kind_proc || entry->kind == mount_kind_sysfs ||
	    plan_is_below(path, "proc") || plan_is_below(path, "sys"))
		return path_rule_strict;
	if (plan_is_below(path, "dev") && (!path[3] || !rootfs->dev_is_bound))
		return path_rule_strict;
	return path_rule_scoped;
}

static int blame_target(const struct mount_entry *entry, enum path_rule rule, struct error *err)
{
	if (errno == ELOOP && rule == path_rule_strict)
		return error_set(err, ELOOP, "refused, because a part of the path is a symbolic link");
	if (errno == ENOTDIR && entry->kind == mount_kind_proc)
		return error_set(err, ENOTDIR, "must be a directory");
	return error_errno(err, "open mount point");
}

static int open_target(const struct rootfs *rootfs, const struct mount_entry *entry, bool directory,
		       struct error *err)
{
	enum path_rule rule = target_rule(rootfs, entry);
	int fd = -1;
	if (entry->options.target_no_follow) {
		fd = path_open_no_follow(rootfs->root_fd, entry->destination, rule);
		if (fd < 0 && errno != ENOENT)
			return blame_target(entry, rule, err);
	}
	if (fd < 0)
		fd = directory ? path_make_directory(rootfs->root_fd, entry->destination, 0755, rule)
			       : path_make_file(rootfs->root_fd, entry->destination, 0644, rule);
	return fd < 0 ? blame_target(entry, rule, err) : fd;
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
		return error_set(err, EPERM, "only procfs, or a bind of it, may be mounted on /proc");
	return 0;
}

// ---- new file systems ---------------------------------------------------------------------------

struct parameters {
	struct mount_parameter *items;
	size_t count;
	char mode[16];
};

// Types of the kernel's own, whose superblock may be shared with others: there only the mount is read-only.
static bool is_pseudo(const struct mount_entry *entry)
{
	return entry->kind != mount_kind_other || text_equal(entry->type, "devpts") ||
	       text_equal(entry->type, "mqueue") || text_equal(entry->type, "bpf") ||
	       text_equal(entry->type, "devtmpfs") || text_equal(entry->type, "securityfs") ||
	       text_equal(entry->type, "tracefs") || text_equal(entry->type, "debugfs");
}

static bool takes_context(const struct mount_entry *entry)
{
	return entry->kind == mount_kind_tmpfs ||
	       (entry->kind == mount_kind_other && !text_equal(entry->type, "mqueue"));
}

static bool has_context(const struct mount_options *options)
{
	return mount_options_data(options, "context") || mount_options_data(options, "fscontext") ||
	       mount_options_data(options, "rootcontext") || mount_options_data(options, "defcontext");
}

// target_fd: a tmpfs looks like the directory that it covers, unless a mode is asked for.
static int collect_parameters(struct rootfs *rootfs, const struct mount_entry *entry, int target_fd,
			      struct parameters *to, struct error *err)
{
	const struct mount_options *options = &entry->options;
	size_t size = options->superblock_count + options->data_count + EXTRA_PARAMETERS;
	to->items = arena_array(&rootfs->arena, size, sizeof *to->items);
	if (!to->items)
		return plan_no_memory(err);
	to->count = 0;
	for (size_t i = 0; i < options->superblock_count; i++)
		to->items[to->count++] = options->superblock[i];
	for (size_t i = 0; i < options->data_count; i++)
		to->items[to->count++] = options->data[i];
	if (entry->kind == mount_kind_tmpfs && !mount_options_data(options, "mode")) {
		struct stat st;
		if (fstat(target_fd, &st) < 0)
			return error_errno(err, "stat mount point");
		snprintf(to->mode, sizeof to->mode, "%o", (unsigned)(st.st_mode & 07777));
		to->items[to->count++] = (struct mount_parameter){"mode", to->mode};
	}
	const char *label = rootfs->options->mount_label;
	if (label && *label && takes_context(entry) && !has_context(options))
		to->items[to->count++] = (struct mount_parameter){"context", label};
	return 0;
}

static bool needs_classic(const struct mount_entry *entry, const struct parameters *parameters)
{
	if (entry->options.i_version)
		return true;
	for (size_t i = 0; i < parameters->count; i++)
		if (parameters->items[i].value && strlen(parameters->items[i].value) > MOUNT_VALUE_MAX)
			return true;
	return false;
}

static unsigned long classic_flags(const struct mount_entry *entry)
{
	static const struct {
		uint64_t attribute;
		unsigned long flag;
	} attributes[] = {
		{KERNEL_MOUNT_ATTR_RDONLY, KERNEL_MS_RDONLY},
		{KERNEL_MOUNT_ATTR_NOSUID, KERNEL_MS_NOSUID},
		{KERNEL_MOUNT_ATTR_NODEV, KERNEL_MS_NODEV},
		{KERNEL_MOUNT_ATTR_NOEXEC, KERNEL_MS_NOEXEC},
		{KERNEL_MOUNT_ATTR_NOATIME, KERNEL_MS_NOATIME},
		{KERNEL_MOUNT_ATTR_STRICTATIME, KERNEL_MS_STRICTATIME},
		{KERNEL_MOUNT_ATTR_NODIRATIME, KERNEL_MS_NODIRATIME},
		{KERNEL_MOUNT_ATTR_NOSYMFOLLOW, KERNEL_MS_NOSYMFOLLOW},
	};
	const struct mount_options *options = &entry->options;
	unsigned long flags = options->i_version ? KERNEL_MS_I_VERSION : 0;
	for (size_t i = 0; i < array_size(attributes); i++)
		if (options->set & attributes[i].attribute)
			flags |= attributes[i].flag;
	if (entry->kind == mount_kind_tmpfs)
		flags &= ~KERNEL_MS_RDONLY;
	for (size_t i = 0; i < options->superblock_count; i++) {
		const char *word = options->superblock[i].key;
		if (text_equal(word, "sync"))
			flags |= KERNEL_MS_SYNCHRONOUS;
		else if (text_equal(word, "async"))
			flags &= ~KERNEL_MS_SYNCHRONOUS;
		else if (text_equal(word, "dirsync"))
			flags |= KERNEL_MS_DIRSYNC;
		else if (text_equal(word, "lazytime"))
			flags |= KERNEL_MS_LAZYTIME;
		else
			flags &= ~KERNEL_MS_LAZYTIME;
	}
	return flags;
}

// mount(2) gives no descriptor and attaches at once, with all its attributes. The only second look-up of a name:
// what it finds must be another file system than the one that was covered.
static int find_classic(const struct rootfs *rootfs, const struct mount_entry *entry, int covered_fd,
			struct error *err)
{
	struct stat covered, found;
	auto_close int fd = *entry->destination
				    ? path_open(rootfs->root_fd, entry->destination, O_PATH,
						target_rule(rootfs, entry))
				    : open(rootfs->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &found) < 0 || fstat(covered_fd, &covered) < 0)
		return error_errno(err, "find the new mount");
	if (found.st_dev == covered.st_dev)
		return error_set(err, EBUSY, "the mount point changed meanwhile");
	return take_fd(&fd);
}

static int make_classic(const struct rootfs *rootfs, const struct mount_entry *entry,
			const char *source, const struct parameters *parameters, int *target_fd,
			struct error *err)
{
	auto_text struct text data = {0};
	for (size_t i = entry->options.superblock_count; i < parameters->count; i++) {
		const struct mount_parameter *parameter = &parameters->items[i];
		text_printf(&data, "%s%s%s%s", data.length ? "," : "", parameter->key,
			    parameter->value ? "=" : "", parameter->value ? parameter->value : "");
	}
	if (text_failed(&data))
		return plan_no_memory(err);
	if (mount_classic(entry->type, source, *target_fd, classic_flags(entry), text_string(&data)) < 0)
		return error_errno(err, "mount %s", entry->type);
	int fd = find_classic(rootfs, entry, *target_fd, err);
	memory_close(take_fd(target_fd));
	return fd;
}

static int explain_refusal(const struct rootfs *rootfs, const struct mount_entry *entry,
			   const struct mount_message *message, struct error *err)
{
	if (errno == EPERM && entry->kind == mount_kind_proc && rootfs->options->user_namespace)
		return error_set(err, EPERM,
				 "mount proc: %s: parts of the surrounding /proc are masked, or the "
				 "pid namespace belongs to somebody else",
				 error_text(EPERM));
	return mounts_blame_kernel(entry->type, message, err);
}

// A copy of the host's /sys, for a user namespace whose network namespace is not its own: sysfs shows devices of
// that namespace, and only its owner may mount it. Read-only goes for all of it, cgroups included.
static int bind_host_sys(struct mount_entry *entry, struct error *err)
{
	int fd = mount_clone(AT_FDCWD, "/sys", true, false);
	if (fd < 0)
		return error_errno(err, "bind /sys");
	struct mount_options *options = &entry->options;
	if (!options->read_write || (options->set & KERNEL_MOUNT_ATTR_RDONLY))
		options->recursive_set |= KERNEL_MOUNT_ATTR_RDONLY;
	options->recursive_set |= options->set & ~KERNEL_MOUNT_ATTR_ATIME;
	return fd;
}

static int make_file_system(struct rootfs *rootfs, struct mount_entry *entry, int *target_fd,
			    struct error *err)
{
	struct parameters parameters;
	struct mount_message message;
	const struct mount_options *options = &entry->options;
	const char *source = entry->spec->source && *entry->spec->source ? entry->spec->source
									 : entry->type;
	if (collect_parameters(rootfs, entry, *target_fd, &parameters, err) < 0)
		return -1;
	if (needs_classic(entry, &parameters))
		return make_classic(rootfs, entry, source, &parameters, target_fd, err);
	bool read_only = options->set & KERNEL_MOUNT_ATTR_RDONLY;
	uint64_t set = options->set;
	if (entry->kind == mount_kind_tmpfs)
		set &= ~KERNEL_MOUNT_ATTR_RDONLY;
	int fd = mount_new(entry->type, source, parameters.items, parameters.count, set,
			   read_only && !is_pseudo(entry), &message);
	if (fd >= 0)
		return fd;
	if (errno == EPERM && entry->kind == mount_kind_sysfs && rootfs->options->user_namespace &&
	    !rootfs->options->network_namespace_new) {
		fd = bind_host_sys(entry, err);
		if (fd >= 0 && mount_set_attributes(fd, options->set, options->clear, false) < 0) {
			int result = error_errno(err, "set mount attributes");
			memory_close(fd);
			return result;
		}
		return fd;
	}
	return explain_refusal(rootfs, entry, &message, err);
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

static int finish_mount(struct rootfs *rootfs, struct mount_entry *entry, int *fd, struct error *err)
{
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
	if (idmap_apply(entry, *fd, err) < 0 || set_attributes(entry, *fd, err) < 0)
		return -1;
	// -1: mount(2) did it already
	if (target_fd >= 0 && mount_attach(*fd, target_fd) < 0)
		return error_errno(err, "attach mount");
	return finish_mount(rootfs, entry, fd, err);
}

// ---- the kinds ----------------------------------------------------------------------------------

static int make_symlink(const struct rootfs *rootfs, const struct mount_entry *entry,
			struct error *err)
{
	char name[256], found[PATH_MAX];
	auto_close int parent = path_open_parent(rootfs->root_fd, entry->destination, true,
						 target_rule(rootfs, entry), name);
	if (parent < 0)
		return error_errno(err, "open parent directory");
	if (symlinkat(entry->symlink, parent, name) == 0)
		return 0;
	if (errno != EEXIST)
		return error_errno(err, "make symbolic link");
	ssize_t n = readlinkat(parent, name, found, sizeof found);
	if (n >= 0 && (size_t)n == strlen(entry->symlink) &&
	    memcmp(found, entry->symlink, (size_t)n) == 0)
		return 0;
	return error_set(err, EEXIST, "make symbolic link: %s", error_text(EEXIST));
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
	if (target < 0 || guard_target(entry, target, err) < 0)
		return -1;
	auto_close int fd = take_fd(&entry->tree_fd);
	return attach(rootfs, entry, &fd, target, err);
}

static int attach_new(struct rootfs *rootfs, struct mount_entry *entry, struct error *err)
{
	auto_close int target = open_target(rootfs, entry, true, err);
	if (target < 0 || guard_target(entry, target, err) < 0)
		return -1;
	auto_close int fd = entry->kind == mount_kind_cgroup
				    ? cgroup_mount_make(rootfs, entry, err)
				    : make_file_system(rootfs, entry, &target, err);
	if (fd < 0 || label_queue(rootfs, entry, fd, err) < 0)
		return -1;
	if (entry->options.copy_up && tmpfs_copy(target, fd, err) < 0)
		return error_context(err, "tmpcopyup");
	return attach(rootfs, entry, &fd, target, err);
}

static int remount(struct rootfs *rootfs, struct mount_entry *entry, struct error *err)
{
	struct parameters parameters;
	struct mount_message message;
	const struct mount_options *options = &entry->options;
	auto_close int fd = path_open(rootfs->root_fd, entry->destination, O_PATH,
				      target_rule(rootfs, entry));
	if (fd < 0)
		return error_errno(err, "open mount to change");
	if (guard_target(entry, fd, err) < 0 ||
	    collect_parameters(rootfs, entry, fd, &parameters, err) < 0)
		return -1;
	bool superblock = !options->bind && !options->recursive_bind;
	bool read_only = options->set & KERNEL_MOUNT_ATTR_RDONLY;
	if (superblock && (read_only || (options->clear & KERNEL_MOUNT_ATTR_RDONLY)))
		parameters.items[parameters.count++] =
			(struct mount_parameter){read_only ? "ro" : "rw", NULL};
	if (superblock && parameters.count > 0 &&
	    mount_reconfigure(fd, parameters.items, parameters.count, &message) < 0)
		return mounts_blame_kernel("with new options", &message, err);
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
