// SPDX-License-Identifier: Apache-2.0
// What mounts[] asks for, checked as far as it goes without touching the host: options read, contradictions
// refused, every entry given its kind. See plan.h.
#include "libcontainer/rootfs/plan.h"

#include <errno.h>
#include <string.h>

int plan_no_memory(struct error *err)
{
	return error_set(err, ENOMEM, "root file system: %s", error_text(ENOMEM));
}

const char *plan_clean_path(struct arena *arena, const char *path)
{
	char *clean = arena_copy(arena, path, strlen(path));
	if (!clean)
		return NULL;
	size_t used = 0;
	while (*path) {
		size_t length = strcspn(path, "/");
		if (length == 2 && path[0] == '.' && path[1] == '.') {
			while (used > 0 && clean[--used] != '/')
				;
		} else if (length > 0 && !(length == 1 && path[0] == '.')) {
			if (used > 0)
				clean[used++] = '/';
			memmove(clean + used, path, length);
			used += length;
		}
		path += length;
		path += *path == '/';
	}
	clean[used] = '\0';
	return clean;
}

bool plan_is_below(const char *path, const char *top)
{
	size_t length = strlen(top);
	if (length == 0)
		return true;
	return strncmp(path, top, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

int plan_blame_mount(const struct mount_entry *entry, struct error *err)
{
	return error_context(err, "mounts[%zu] /%s", entry->index, entry->destination);
}

// What engines lay over single files of procfs. None of these lets a program lie to the runtime.
static const char *const proc_allowed[] = {
	"proc/cpuinfo",
	"proc/diskstats",
	"proc/meminfo",
	"proc/stat",
	"proc/swaps",
	"proc/uptime",
	"proc/loadavg",
	"proc/slabinfo",
	"proc/sys/kernel/ns_last_pid",
	"proc/sys/crypto/fips_enabled",
};

static int place_towards_proc(struct mount_entry *entry, struct error *err)
{
	const char *destination = entry->destination;
	entry->proc_place = proc_place_outside;
	if (!plan_is_below(destination, "proc"))
		return 0;
	if (destination[4] == '\0') {
		entry->proc_place = proc_place_top;
		if (entry->kind == mount_kind_proc || entry->kind == mount_kind_bind ||
		    entry->kind == mount_kind_remount)
			return 0;
		return error_set(err, EPERM,
				 "type '%s': only procfs, or a bind of it, may be mounted on /proc",
				 entry->type);
	}
	entry->proc_place = proc_place_allowed;
	for (size_t i = 0; i < array_size(proc_allowed); i++)
		if (text_equal(destination, proc_allowed[i]))
			return 0;
	return error_set(err, EPERM,
			 "a mount inside of /proc is refused (it could hide or fake what the "
			 "kernel says there)");
}

static enum mount_kind kind_of(const struct mount_entry *entry)
{
	const struct mount_options *options = &entry->options;
	if (options->remount)
		return mount_kind_remount;
	if (options->bind || options->recursive_bind || text_equal(entry->type, "bind") ||
	    text_equal(entry->type, "rbind"))
		return mount_kind_bind;
	// with a name it is a hierarchy of cgroup v1 without controllers, which is a file system like others
	if (text_equal(entry->type, "cgroup2") ||
	    (text_equal(entry->type, "cgroup") && !mount_options_data(options, "name")))
		return mount_kind_cgroup;
	if (text_equal(entry->type, "proc"))
		return mount_kind_proc;
	if (text_equal(entry->type, "sysfs"))
		return mount_kind_sysfs;
	if (text_equal(entry->type, "tmpfs"))
		return mount_kind_tmpfs;
	return mount_kind_other;
}

// A bind shows a file system that was mounted before: an option with a value is one for that file system, and mount(2) has always
// ignored it. A word without a value is more likely a flag, misspelled, whose protection would be missing.
static int drop_bind_data(struct rootfs *rootfs, struct mount_entry *entry, struct error *err)
{
	struct mount_options *options = &entry->options;
	for (size_t i = 0; i < options->data_count; i++) {
		const struct mount_parameter *data = &options->data[i];
		if (!data->value)
			return error_set(err, EINVAL, "a bind takes no file system option: '%s'",
					 data->key);
		log_warning(
			rootfs->log,
			"mounts[%zu] %s: a bind takes no file system option: '%s=%s' is ignored",
			entry->index, entry->spec->destination, data->key, data->value);
	}
	options->data_count = 0;
	return 0;
}

static int check_bind(struct rootfs *rootfs, struct mount_entry *entry, struct error *err)
{
	if (drop_bind_data(rootfs, entry, err) < 0)
		return -1;
	const char *source = entry->spec->source;
	if (!source || !*source)
		return error_set(err, EINVAL, "a bind needs a source");
	if (text_equal(entry->type, "rbind"))
		entry->options.recursive_bind = true;
	auto_text struct text absolute = {0};
	if (source[0] != '/')
		text_printf(&absolute, "%s/", rootfs->options->bundle);
	text_add(&absolute, source);
	entry->source = arena_copy(&rootfs->arena, text_string(&absolute), absolute.length);
	const char *clean = plan_clean_path(&rootfs->arena, text_string(&absolute));
	const char *root = plan_clean_path(&rootfs->arena, rootfs->root_path);
	if (text_failed(&absolute) || !entry->source || !clean || !root)
		return plan_no_memory(err);
	// with "/" as the root everything is below it, and it is the host's tree that is meant
	if (*root && plan_is_below(clean, root)) {
		entry->inside = clean + strlen(root);
		entry->inside += *entry->inside == '/';
	}
	return 0;
}

static int check_options(const struct mount_entry *entry, struct error *err)
{
	const struct mount_options *options = &entry->options;
	if (options->copy_up && entry->kind != mount_kind_tmpfs)
		return error_set(err, EINVAL, "option 'tmpcopyup' is for type tmpfs only");
	if ((options->copy_symlink || options->source_no_follow) && entry->kind != mount_kind_bind)
		return error_set(err, EINVAL,
				 "options 'copy-symlink' and 'src-nofollow' are for binds only");
	if (*entry->destination)
		return 0;
	if (entry->kind == mount_kind_bind || text_equal(entry->type, "overlay"))
		return 0;
	return error_set(err, EINVAL, "only a bind or an overlay can replace the root, not %s",
			 entry->kind == mount_kind_remount ? "a remount" : entry->type);
}

// A configuration made for the host's root names owners that the one-id user namespace added for a plain user does not have. Root is
// then the only owner there can be.
static void drop_other_owners(const struct rootfs *rootfs, struct mount_entry *entry)
{
	struct mount_options *options = &entry->options;
	size_t kept = 0;
	if (!rootfs->options->user_namespace_added)
		return;
	for (size_t i = 0; i < options->data_count; i++) {
		const struct mount_parameter *data = &options->data[i];
		bool owner = text_equal(data->key, "uid") || text_equal(data->key, "gid");
		if (!owner || !data->value || text_equal(data->value, "0"))
			options->data[kept++] = *data;
	}
	options->data_count = kept;
}

static int plan_mount(struct rootfs *rootfs, struct mount_entry *entry, struct error *err)
{
	entry->destination = plan_clean_path(&rootfs->arena, entry->spec->destination);
	if (!entry->destination)
		return plan_no_memory(err);
	if (mount_options_parse(&entry->spec->options, &rootfs->arena, &entry->options, err) < 0)
		return -1;
	drop_other_owners(rootfs, entry);
	entry->type = entry->spec->type ? entry->spec->type : "";
	entry->kind = kind_of(entry);
	if (entry->kind == mount_kind_bind) {
		if (check_bind(rootfs, entry, err) < 0)
			return -1;
	} else if (entry->kind != mount_kind_remount && !*entry->type) {
		return error_set(err, EINVAL, "no type, and options name no bind");
	}
	if (check_options(entry, err) < 0 || place_towards_proc(entry, err) < 0)
		return -1;
	if (text_equal(entry->destination, "dev"))
		rootfs->dev_is_bound = entry->kind == mount_kind_bind ||
				       (entry->kind == mount_kind_remount && rootfs->dev_is_bound);
	return idmap_plan(rootfs, entry, err);
}

int plan_mounts(struct rootfs *rootfs, struct error *err)
{
	const struct spec *spec = rootfs->spec;
	rootfs->mounts = arena_array(&rootfs->arena, spec->mounts_count, sizeof *rootfs->mounts);
	if (!rootfs->mounts)
		return plan_no_memory(err);
	for (size_t i = 0; i < spec->mounts_count; i++) {
		struct mount_entry *entry = &rootfs->mounts[rootfs->mounts_count++];
		entry->spec = &spec->mounts[i];
		entry->index = i;
		entry->destination = spec->mounts[i].destination;
		entry->tree_fd = entry->idmap_fd = entry->late_fd = entry->attached_fd = -1;
		if (plan_mount(rootfs, entry, err) < 0 ||
		    (rootfs->options->live && live_check(entry, err) < 0))
			return error_context(err, "mounts[%zu] %s", i, spec->mounts[i].destination);
	}
	return 0;
}
