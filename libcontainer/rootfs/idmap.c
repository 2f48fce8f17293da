// SPDX-License-Identifier: Apache-2.0
// Mounts whose files show other owners. The kernel takes the mapping from a user namespace: the container's own, or
// a helper that exists only for its map: a child is cloned into it, the maps are written, the namespace is
// opened, the child ends. There is no fallback to a mount without mapping.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/rootfs/plan.h"

// What the kernel takes in one uid_map.
#define EXTENTS_MAX 340

// ---- plan: "uids=0-1000-1#1-2000-5;gids=@0-0-10" ------------------------------------------------

static int parse_number(const char **text, char end, uint32_t *value)
{
	uint64_t result = 0;
	const char *p = *text;
	if (*p < '0' || *p > '9')
		return -1;
	for (; *p >= '0' && *p <= '9'; p++) {
		result = result * 10 + (uint64_t)(*p - '0');
		if (result > UINT32_MAX)
			return -1;
	}
	if (end && *p++ != end)
		return -1;
	*text = p;
	*value = (uint32_t)result;
	return 0;
}

// The mapped id is one of the container: what the host calls it is what the kernel must hear.
static int translate(struct spec_id_mapping *mapping, const struct spec_id_mappings *container)
{
	for (size_t i = 0; i < container->count; i++) {
		const struct spec_id_mapping *range = &container->items[i];
		uint64_t end = (uint64_t)range->container_id + range->size;
		if (mapping->host_id < range->container_id ||
		    (uint64_t)mapping->host_id + mapping->size > end)
			continue;
		mapping->host_id = range->host_id + (mapping->host_id - range->container_id);
		return 0;
	}
	return -1;
}

// Nothing is said of the container's own mappings.
static bool is_unknown(const struct rootfs *rootfs, const struct spec_id_mappings *container)
{
	return container->count == 0 ||
	       (rootfs->spec->linux_.namespaces[spec_namespace_type_user].path &&
		spec_id_mappings_is_placeholder(container));
}

static int parse_side(struct rootfs *rootfs, const char *text, size_t length,
		      const struct spec_id_mappings *container, struct spec_id_mappings *result,
		      struct error *err)
{
	char *copy = arena_copy(&rootfs->arena, text, length);
	size_t count = 1;
	for (size_t i = 0; i < length; i++)
		count += text[i] == '#';
	struct spec_id_mapping *items = arena_array(&rootfs->arena, count, sizeof *items);
	if (!copy || !items)
		return plan_no_memory(err);
	const char *p = copy;
	for (size_t i = 0; i < count; i++) {
		bool relative = *p == '@';
		p += relative;
		if (parse_number(&p, '-', &items[i].container_id) < 0 ||
		    parse_number(&p, '-', &items[i].host_id) < 0 ||
		    parse_number(&p, 0, &items[i].size) < 0 || items[i].size == 0 ||
		    (*p && *p != '#'))
			return error_set(err, EINVAL, "idmap: '%s' is not FILE-MAPPED-SIZE[#...]",
					 copy);
		if (relative && is_unknown(rootfs, container))
			return error_set(err, EINVAL,
					 "idmap: '%s': @ needs linux.uidMappings and "
					 "linux.gidMappings",
					 copy);
		if (relative && translate(&items[i], container) < 0)
			return error_set(err, EINVAL, "idmap: '%s': not mapped in the container",
					 copy);
		p += *p == '#';
	}
	*result = (struct spec_id_mappings){items, count};
	return 0;
}

static int parse_inline(struct rootfs *rootfs, struct mount_entry *entry, struct error *err)
{
	struct spec_id_mappings *sides = arena_array(&rootfs->arena, 2, sizeof *sides);
	if (!sides)
		return plan_no_memory(err);
	const struct spec_linux *from = &rootfs->spec->linux_;
	for (const char *p = entry->options.idmap_inline; *p;) {
		size_t length = strcspn(p, ";");
		bool users = text_has_prefix(p, "uids=");
		if (!users && !text_has_prefix(p, "gids="))
			return error_set(err, EINVAL, "idmap: '%s' is neither uids= nor gids=", p);
		if (parse_side(rootfs, p + 5, length - 5,
			       users ? &from->uid_mappings : &from->gid_mappings, &sides[!users],
			       err) < 0)
			return -1;
		p += length;
		p += *p == ';';
	}
	entry->uid_mappings = &sides[0];
	entry->gid_mappings = &sides[1];
	return 0;
}

static bool can_be_mapped(enum mount_kind kind)
{
	return kind == mount_kind_bind || kind == mount_kind_tmpfs || kind == mount_kind_other;
}

int idmap_plan(struct rootfs *rootfs, struct mount_entry *entry, struct error *err)
{
	const struct mount_options *options = &entry->options;
	entry->uid_mappings = &entry->spec->uid_mappings;
	entry->gid_mappings = &entry->spec->gid_mappings;
	if (options->idmap_inline && parse_inline(rootfs, entry, err) < 0)
		return -1;
	size_t uids = entry->uid_mappings->count, gids = entry->gid_mappings->count;
	if (!uids != !gids)
		return error_set(err, EINVAL,
				 "an idmapped mount needs mappings for uids and for gids");
	if (uids > EXTENTS_MAX || gids > EXTENTS_MAX)
		return error_set(err, EINVAL, "more than %d id mappings", EXTENTS_MAX);
	if (uids) {
		entry->idmap = idmap_source_own;
	} else if (options->idmap || options->recursive_idmap) {
		if (!rootfs->options->user_namespace)
			return error_set(
				err, EINVAL,
				"an idmapped mount without mappings needs a user namespace");
		entry->idmap = idmap_source_container;
		if (entry->inside)
			return error_set(err, EINVAL,
					 "a source below root.path cannot take the mapping of the "
					 "container");
	}
	if (entry->idmap != idmap_source_none && !can_be_mapped(entry->kind))
		return error_set(err, EINVAL,
				 "only a bind or a file system with owners can be idmapped");
	return 0;
}

bool idmap_is_of_caller(const struct rootfs *rootfs, const struct mount_entry *entry)
{
	return entry->idmap != idmap_source_none && entry->kind != mount_kind_bind &&
	       rootfs->options->user_namespace;
}

// ---- in the calling process ---------------------------------------------------------------------

static int write_map(pid_t pid, const char *file, const struct spec_id_mappings *mappings,
		     struct error *err)
{
	char path[64];
	auto_text struct text map = {0};
	for (size_t i = 0; i < mappings->count; i++)
		text_printf(&map, "%u %u %u\n", mappings->items[i].container_id,
			    mappings->items[i].host_id, mappings->items[i].size);
	if (text_failed(&map))
		return plan_no_memory(err);
	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
	if (fd_write_value(AT_FDCWD, path, text_string(&map)) < 0)
		return error_errno(err, "idmap: write %s of a helper", file);
	return 0;
}

static int write_maps_and_open(const struct mount_entry *entry, pid_t pid, struct error *err)
{
	char path[64];
	if (write_map(pid, "uid_map", entry->uid_mappings, err) < 0 ||
	    write_map(pid, "gid_map", entry->gid_mappings, err) < 0)
		return -1;
	snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? error_errno(err, "idmap: open a helper's user namespace") : fd;
}

static int make_user_namespace(const struct mount_entry *entry, struct error *err)
{
	struct kernel_clone_args args = {.flags = KERNEL_CLONE_NEWUSER, .exit_signal = SIGCHLD};
	pid_t parent = getpid();
	pid_t pid = sys_clone3(&args);
	if (pid == 0) {
		// ends by the kill below, or with the parent
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent)
			for (;;)
				pause();
		_exit(1);
	}
	if (pid < 0)
		return error_errno(err, "idmap: make a user namespace");
	int fd = write_maps_and_open(entry, pid, err);
	int status;
	if (kill(pid, SIGKILL) < 0 || process_reap(pid, &status) < 0) {
		memory_close(fd);
		return error_errno(err, "idmap: end the helper");
	}
	return fd;
}

int idmap_open_early(struct rootfs *rootfs, struct error *err)
{
	for (size_t i = 0; i < rootfs->mounts_count; i++) {
		struct mount_entry *entry = &rootfs->mounts[i];
		if (entry->idmap != idmap_source_own)
			continue;
		entry->idmap_fd = make_user_namespace(entry, err);
		if (entry->idmap_fd < 0)
			return plan_blame_mount(entry, err);
		if (entry->tree_fd >= 0 && idmap_apply(rootfs, entry, entry->tree_fd, err) < 0)
			return plan_blame_mount(entry, err);
	}
	return 0;
}

bool rootfs_needs_user_namespace_fd(const struct rootfs *rootfs)
{
	for (size_t i = 0; i < rootfs->mounts_count; i++)
		if (rootfs->mounts[i].idmap == idmap_source_container)
			return true;
	return false;
}

static int map_mount(struct mount_entry *entry, int mount_fd, int userns_fd, struct error *err)
{
	if (mount_set_idmap(mount_fd, userns_fd, entry->options.recursive_idmap) < 0)
		return error_errno(err, "idmap%s",
				   errno == EINVAL ? ": this file system cannot" : "");
	entry->idmapped = true;
	return 0;
}

int rootfs_prepare_idmaps(struct rootfs *rootfs, int user_namespace_fd, struct error *err)
{
	for (size_t i = 0; i < rootfs->mounts_count; i++) {
		struct mount_entry *entry = &rootfs->mounts[i];
		if (entry->idmap != idmap_source_container || entry->symlink)
			continue;
		if (map_mount(entry, entry->tree_fd, user_namespace_fd, err) < 0)
			return plan_blame_mount(entry, err);
	}
	return 0;
}

// ---- at the entry's turn ------------------------------------------------------------------------

int idmap_apply(const struct rootfs *rootfs, struct mount_entry *entry, int mount_fd,
		struct error *err)
{
	if (entry->idmap == idmap_source_none || entry->idmapped)
		return 0;
	if (entry->idmap == idmap_source_container) {
		// with a new one the calling process has done it meanwhile, which this process's copy of the plan does not show
		if (rootfs->options->user_namespace_new)
			return 0;
		return error_set(err, EINVAL,
				 "idmap: the user namespace of the container was not given");
	}
	int result = map_mount(entry, mount_fd, entry->idmap_fd, err);
	memory_close(take_fd(&entry->idmap_fd));
	return result;
}
