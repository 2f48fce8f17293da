// SPDX-License-Identifier: Apache-2.0
// Mounts that come to a container that runs, and go from it.
//
// The difference to the start is that somebody else is in there already, who may rename, replace and link what a path leads
// over. So a path is resolved once, to a descriptor, and everything is done to that; and a mount that is removed is first looked
// at: a path that the container could turn to another mount must not take a mask away.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "libcontainer/rootfs/plan.h"

#define TMPFS_MAGIC 0x01021994

int live_check(const struct mount_entry *entry, struct error *err)
{
	if (!*entry->destination)
		return error_set(err, EINVAL,
				 "the root of a container that runs cannot be replaced");
	switch (entry->kind) {
	case mount_kind_bind:
	case mount_kind_tmpfs:
	case mount_kind_sysfs:
		return 0;
	case mount_kind_other:
		// its layers would have to be mounts of the container already
		if (!text_equal(entry->type, "overlay"))
			return 0;
		break;
	case mount_kind_remount:
	case mount_kind_cgroup:
	case mount_kind_proc:
		break;
	}
	return error_set(err, EINVAL,
			 "%s is for the configuration: a container that runs takes none",
			 entry->kind == mount_kind_remount ? "a remount" : entry->type);
}

static bool is_left(const struct mount_entry *entry)
{
	return entry->kind == mount_kind_bind && !entry->inside && !entry->symlink &&
	       entry->tree_fd < 0;
}

bool rootfs_live_has_sources_left(const struct rootfs *rootfs)
{
	for (size_t i = 0; i < rootfs->mounts_count; i++)
		if (is_left(&rootfs->mounts[i]))
			return true;
	return false;
}

int rootfs_live_open_left(struct rootfs *rootfs, struct error *err)
{
	for (size_t i = 0; i < rootfs->mounts_count; i++)
		if (is_left(&rootfs->mounts[i]) &&
		    source_open_early(rootfs, &rootfs->mounts[i], err) < 0)
			return -1;
	return 0;
}

static void undo(struct rootfs *rootfs)
{
	for (size_t i = rootfs->mounts_count; i-- > 0;)
		if (rootfs->mounts[i].attached_fd >= 0)
			(void)!mount_detach(rootfs->mounts[i].attached_fd);
	path_unmake(&rootfs->made);
}

int rootfs_live_add(struct rootfs *rootfs, int root_fd, struct error *err)
{
	rootfs->root_fd = root_fd;
	if (rootfs_mount(rootfs, err) == 0 && mounts_make_late_read_only(rootfs, err) == 0)
		return 0;
	undo(rootfs);
	return -1;
}

// ---- removal ------------------------------------------------------------------------------------

// What protects the container from itself, or the host from it, is not taken away as if it were a volume.
static int check_removal(const struct spec *container, const char *path, struct arena *arena,
			 struct error *err)
{
	const struct {
		const char *what;
		const struct spec_strings *paths;
	} kept[] = {
		{"masked", &container->linux_.masked_paths},
		{"made read-only", &container->linux_.readonly_paths},
	};
	if (!*path)
		return error_set(err, EINVAL,
				 "the root of a container that runs cannot be removed");
	for (size_t list = 0; list < array_size(kept); list++)
		for (size_t i = 0; i < kept[list].paths->count; i++) {
			const char *protected = plan_clean_path(arena, kept[list].paths->items[i]);
			if (!protected)
				return plan_no_memory(err);
			if (plan_is_below(protected, path))
				return error_set(err, EPERM,
						 "refused, because the configuration has /%s %s",
						 protected, kept[list].what);
		}
	return 0;
}

// By renaming a directory on the way the container may have brought a mask to this path. See masks.c for what they are.
static int check_is_no_mask(int fd, struct error *err)
{
	struct stat st;
	struct statfs fs;
	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return error_errno(err, "look at the mount");
	bool null = S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
	bool empty = fs.f_type == TMPFS_MAGIC && fs.f_files == 1;
	if (null || empty)
		return error_set(err, EPERM, "refused, because what is there masks something");
	return 0;
}

static int remove_one(const struct spec *container, const char *destination, int root_fd,
		      struct arena *arena, struct error *err)
{
	const char *path = plan_clean_path(arena, destination);
	if (!path)
		return plan_no_memory(err);
	if (check_removal(container, path, arena, err) < 0)
		return -1;
	auto_close int fd = path_open(root_fd, path, O_PATH | O_NOFOLLOW, path_rule_strict);
	if (fd < 0 && errno == ELOOP)
		return error_set(err, ELOOP,
				 "refused, because a part of the path is a symbolic link");
	if (fd < 0)
		return error_errno(err, "open the mount");
	if (check_is_no_mask(fd, err) < 0)
		return -1;
	if (mount_detach(fd) < 0)
		return errno == EINVAL ? error_set(err, EINVAL, "nothing is mounted there")
				       : error_errno(err, "unmount");
	return 0;
}

int rootfs_live_remove(const struct spec *container, const struct spec_mount *mounts, size_t count,
		       int root_fd, struct error *err)
{
	struct arena arena = {0};
	int result = 0;
	for (size_t i = count; result == 0 && i-- > 0;) {
		result = remove_one(container, mounts[i].destination, root_fd, &arena, err);
		if (result < 0)
			error_context(err, "mounts[%zu] %s", i, mounts[i].destination);
	}
	arena_free(&arena);
	return result;
}
