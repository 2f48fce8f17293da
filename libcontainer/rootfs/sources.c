// SPDX-License-Identifier: Apache-2.0
// Where binds come from. A source is a copy of a piece of the host's mount tree, detached, with the propagation that
// the container may have. Three times: in the calling process when the container has a user namespace (its root
// could not look into the caller's directories), at its turn in the new process otherwise, and always at
// its turn, and then from inside the root, when the source lies below root.path. New file systems come in here only
// where the caller has to own them.
#include "libcontainer/rootfs/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

bool source_stays_shared(const struct rootfs *rootfs)
{
	enum spec_propagation wanted = rootfs->spec->linux_.rootfs_propagation;
	return wanted == spec_propagation_shared || wanted == spec_propagation_rshared;
}

unsigned long source_propagation(const struct rootfs *rootfs)
{
	switch (rootfs->spec->linux_.rootfs_propagation) {
	case spec_propagation_private:
	case spec_propagation_rprivate:
	case spec_propagation_unbindable:
	case spec_propagation_runbindable:
		return KERNEL_MS_PRIVATE;
	case spec_propagation_unset:
	case spec_propagation_shared:
	case spec_propagation_rshared:
	case spec_propagation_slave:
	case spec_propagation_rslave:
		break;
	}
	return KERNEL_MS_SLAVE;
}

static int blame(const struct mount_entry *entry, struct error *err)
{
	return error_errno(err, "mounts[%zu].source %s", entry->index, entry->spec->source);
}

// What a source that is a symbolic link says. 0: it is none.
static int read_symlink(struct rootfs *rootfs, struct mount_entry *entry, int at, const char *path,
			struct error *err)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(at, path, text, sizeof text);
	// EINVAL: something else; with an O_PATH descriptor and "" the kernel says ENOENT
	if (n < 0 && (errno == EINVAL || (errno == ENOENT && !*path)))
		return 0;
	if (n < 0)
		return blame(entry, err);
	if ((size_t)n >= sizeof text) {
		errno = ENAMETOOLONG;
		return blame(entry, err);
	}
	entry->symlink = arena_copy(&rootfs->arena, text, (size_t)n);
	return entry->symlink ? 1 : plan_no_memory(err);
}

static int open_inside(struct rootfs *rootfs, struct mount_entry *entry, struct error *err)
{
	const struct mount_options *options = &entry->options;
	bool no_follow = options->source_no_follow || options->copy_symlink;
	auto_close int fd =
		no_follow ? path_open_no_follow(rootfs->root_fd, entry->inside, path_rule_scoped)
			  : path_open(rootfs->root_fd, entry->inside, O_PATH, path_rule_scoped);
	if (fd < 0)
		return blame(entry, err);
	if (options->copy_symlink) {
		int found = read_symlink(rootfs, entry, fd, "", err);
		if (found != 0)
			return found < 0 ? -1 : 0;
	}
	entry->tree_fd = mount_clone(fd, "", options->recursive_bind, false);
	return entry->tree_fd < 0 ? blame(entry, err) : 0;
}

int source_open(struct rootfs *rootfs, struct mount_entry *entry, struct error *err)
{
	const struct mount_options *options = &entry->options;
	if (entry->inside)
		return open_inside(rootfs, entry, err);
	if (options->copy_symlink) {
		int found = read_symlink(rootfs, entry, AT_FDCWD, entry->source, err);
		if (found != 0)
			return found < 0 ? -1 : 0;
	}
	entry->tree_fd = mount_clone(AT_FDCWD, entry->source, options->recursive_bind,
				     options->source_no_follow);
	return entry->tree_fd < 0 ? blame(entry, err) : 0;
}

// Copies made by the caller still are peers of the host's mounts.
static int part_from_host(const struct rootfs *rootfs, int fd, const char *what, struct error *err)
{
	if (mount_set_propagation(fd, source_propagation(rootfs), true) < 0)
		return error_errno(err, "%s: set propagation", what);
	return 0;
}

static int open_root(struct rootfs *rootfs, struct error *err)
{
	rootfs->tree_fd = mount_clone(rootfs->host_fd, "", true, false);
	if (rootfs->tree_fd < 0 && errno == EPERM) {
		rootfs->caller_cannot_clone = true;
		return 0;
	}
	if (rootfs->tree_fd < 0)
		return error_errno(err, "root.path %s: copy its mounts", rootfs->root_path);
	return part_from_host(rootfs, rootfs->tree_fd, "root.path", err);
}

int source_open_early(struct rootfs *rootfs, struct mount_entry *entry, struct error *err)
{
	if (source_open(rootfs, entry, err) < 0)
		return -1;
	if (entry->tree_fd >= 0 && part_from_host(rootfs, entry->tree_fd, entry->source, err) < 0)
		return plan_blame_mount(entry, err);
	return 0;
}

static int make_of_caller(struct rootfs *rootfs, struct mount_entry *entry, struct error *err)
{
	int no_target = -1;
	entry->tree_fd = file_system_make(rootfs, entry, &no_target, err);
	if (entry->tree_fd >= 0)
		return 0;
	if (err->code == EPERM)
		error_set(err, EPERM,
			  "mount %s: %s: an idmapped file system belongs to the caller, and takes "
			  "root's rights",
			  entry->type, error_text(EPERM));
	return plan_blame_mount(entry, err);
}

int sources_open_early(struct rootfs *rootfs, struct error *err)
{
	bool live = rootfs->options->live;
	bool all = rootfs->options->user_namespace && rootfs->options->new_mount_namespace;
	if (all && !live && open_root(rootfs, err) < 0)
		return -1;
	for (size_t i = 0; i < rootfs->mounts_count; i++) {
		struct mount_entry *entry = &rootfs->mounts[i];
		bool idmap = entry->idmap != idmap_source_none;
		if (idmap_is_of_caller(rootfs, entry) && make_of_caller(rootfs, entry, err) < 0)
			return -1;
		if (entry->kind != mount_kind_bind || entry->inside)
			continue;
		if (!idmap && !live && (!all || rootfs->caller_cannot_clone))
			continue;
		if (source_open_early(rootfs, entry, err) == 0)
			continue;
		if (!live || idmap || err->code != EPERM)
			return -1;
		// it is the new process' to open, like every one that is left
		rootfs->caller_cannot_clone = true;
	}
	return 0;
}
