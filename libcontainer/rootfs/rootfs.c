// SPDX-License-Identifier: Apache-2.0
// See rootfs.h: the life of a plan and the steps of which other files do the work.
#include "libcontainer/rootfs/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/rootfs/plan.h"

// Without a mount namespace nothing may change that the host keeps using.
static int check_host_namespace(const struct rootfs *rootfs, struct error *err)
{
	const struct spec_linux *from = &rootfs->spec->linux_;
	const char *what = NULL;
	if (from->masked_paths.count)
		what = "linux.maskedPaths";
	else if (from->readonly_paths.count)
		what = "linux.readonlyPaths";
	else if (from->rootfs_propagation != spec_propagation_unset)
		what = "linux.rootfsPropagation";
	else if (rootfs->overlay.wanted)
		what = "an overlay";
	if (what)
		return error_set(err, EINVAL, "%s needs a mount namespace of the container's own",
				 what);
	if (rootfs->mounts_count)
		log_warning(rootfs->log,
			    "no mount namespace: what is mounted stays on the host until "
			    "it is unmounted below %s",
			    rootfs->root_path);
	return 0;
}

static const char *absolute_root(struct rootfs *rootfs)
{
	const char *path = rootfs->spec->root_path;
	auto_text struct text absolute = {0};
	if (path[0] != '/')
		text_printf(&absolute, "%s/", rootfs->options->bundle);
	text_add(&absolute, path);
	if (text_failed(&absolute))
		return NULL;
	return arena_copy(&rootfs->arena, text_string(&absolute), absolute.length);
}

static int check_label_option(const struct rootfs *rootfs, struct error *err)
{
	static const char *const known[] = {"context", "fscontext", "defcontext", "rootcontext"};
	const char *option = plan_label_option(rootfs);
	for (size_t i = 0; i < array_size(known); i++)
		if (text_equal(option, known[i]))
			return 0;
	return error_set(err, EINVAL,
			 "annotation run.oci.mount_context_type: unknown value '%s', must be "
			 "context, fscontext, "
			 "defcontext or rootcontext",
			 option);
}

static int plan(struct rootfs *rootfs, struct error *err)
{
	if (check_label_option(rootfs, err) < 0)
		return -1;
	if (!rootfs->spec->root_path || !*rootfs->spec->root_path)
		return error_set(err, EINVAL, "root.path: missing");
	rootfs->root_path = absolute_root(rootfs);
	if (!rootfs->root_path)
		return plan_no_memory(err);
	if (rootfs->options->live)
		return plan_mounts(rootfs, err);
	if (plan_overlay(rootfs, err) < 0 || plan_mounts(rootfs, err) < 0 ||
	    plan_devices(rootfs, err) < 0)
		return -1;
	return rootfs->options->new_mount_namespace ? 0 : check_host_namespace(rootfs, err);
}

int rootfs_plan(const struct spec *spec, const struct rootfs_options *options,
		const struct log *log, struct rootfs **result, struct error *err)
{
	struct rootfs *rootfs = calloc(1, sizeof *rootfs);
	if (!rootfs)
		return plan_no_memory(err);
	rootfs->spec = spec;
	rootfs->options = options;
	rootfs->log = log;
	rootfs->host_fd = rootfs->tree_fd = rootfs->upper_fd = -1;
	rootfs->root_fd = rootfs->null_fd = rootfs->proc_context = -1;
	if (plan(rootfs, err) < 0) {
		rootfs_free(rootfs);
		return -1;
	}
	*result = rootfs;
	return 0;
}

static const char *kind_word(const struct mount_entry *entry)
{
	switch (entry->kind) {
	case mount_kind_bind:
		return entry->options.recursive_bind ? "recursive bind of" : "bind of";
	case mount_kind_remount:
		return "new options for";
	case mount_kind_cgroup:
	case mount_kind_proc:
	case mount_kind_sysfs:
	case mount_kind_tmpfs:
	case mount_kind_other:
		break;
	}
	return "new";
}

static void describe_mount(const struct mount_entry *entry, const char *prefix, struct text *text)
{
	const struct spec_strings *options = &entry->spec->options;
	bool bind = entry->kind == mount_kind_bind;
	text_printf(text, "%smount /%s: %s %s", prefix, entry->destination, kind_word(entry),
		    bind                                ? entry->source
		    : entry->kind == mount_kind_remount ? "it"
							: entry->type);
	for (size_t i = 0; i < options->count; i++)
		text_printf(text, "%s%s", i ? "," : " (", options->items[i]);
	text_add(text, options->count ? ")\n" : "\n");
}

// Who asks for a writable layer on the command line means it: root.readonly is then what it says of root.path, the layer below. A
// configuration that asks for both gets both.
static bool root_stays_readonly(const struct rootfs *rootfs)
{
	return rootfs->spec->root_readonly && !rootfs->options->overlay_of_caller;
}

void rootfs_describe(const struct rootfs *rootfs, const char *prefix, struct text *text)
{
	const struct spec_linux *from = &rootfs->spec->linux_;
	text_printf(text, "%sroot %s%s\n", prefix, rootfs->root_path,
		    root_stays_readonly(rootfs) ? " (read-only)" : "");
	if (rootfs->overlay.wanted)
		text_printf(text, "%soverlay on the root: %s\n", prefix,
			    rootfs->overlay.directory ? rootfs->overlay.directory : "tmpfs");
	for (size_t i = 0; i < rootfs->mounts_count; i++)
		describe_mount(&rootfs->mounts[i], prefix, text);
	for (size_t i = 0; i < rootfs->devices_count; i++)
		if (!rootfs->dev_is_bound || !plan_is_below(rootfs->devices[i].path, "dev"))
			text_printf(text, "%sdevice /%s\n", prefix, rootfs->devices[i].path);
	for (size_t i = 0; i < from->readonly_paths.count; i++)
		text_printf(text, "%sread-only %s\n", prefix, from->readonly_paths.items[i]);
	for (size_t i = 0; i < from->masked_paths.count; i++)
		text_printf(text, "%smask %s\n", prefix, from->masked_paths.items[i]);
}

int rootfs_open(struct rootfs *rootfs, struct error *err)
{
	if (rootfs->options->live)
		return sources_open_early(rootfs, err) < 0 ? -1 : idmap_open_early(rootfs, err);
	rootfs->host_fd = open(rootfs->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rootfs->host_fd < 0)
		return error_errno(err, "root.path %s", rootfs->root_path);
	if (sources_open_early(rootfs, err) < 0 || idmap_open_early(rootfs, err) < 0)
		return -1;
	return overlay_open(rootfs, err);
}

int rootfs_fd(const struct rootfs *rootfs)
{
	return rootfs->root_fd;
}

static bool shows_network(const struct mount_entry *entry)
{
	switch (entry->kind) {
	case mount_kind_remount:
	case mount_kind_cgroup:
	case mount_kind_proc:  // /proc/net is a link to that of whoever looks
	case mount_kind_tmpfs:
		return false;
	case mount_kind_bind:  // of /proc/net it would be
	case mount_kind_sysfs:
	case mount_kind_other:
		break;
	}
	return !entry->type ||
	       (!text_equal(entry->type, "devpts") && !text_equal(entry->type, "mqueue"));
}

static size_t first_that_shows_network(const struct rootfs *rootfs)
{
	size_t i = 0;
	while (i < rootfs->mounts_count && !shows_network(&rootfs->mounts[i]))
		i++;
	return i;
}

bool rootfs_devices_are_apart(const struct rootfs *rootfs)
{
	for (size_t i = first_that_shows_network(rootfs); i < rootfs->mounts_count; i++)
		if (!plan_is_below(rootfs->mounts[i].destination, "sys"))
			return false;
	for (size_t i = 0; i < rootfs->devices_count; i++)
		if (plan_is_below(rootfs->devices[i].path, "sys"))
			return false;
	return true;
}

bool rootfs_rest_needs_no_host(const struct rootfs *rootfs)
{
	for (size_t i = first_that_shows_network(rootfs); i < rootfs->mounts_count; i++)
		if (file_system_needs_host(rootfs, &rootfs->mounts[i]))
			return false;
	return true;
}

static int mount_next(struct rootfs *rootfs, struct error *err)
{
	int attached = mounts_attach(rootfs, &rootfs->mounts[rootfs->mounted], err);
	rootfs->mounted++;
	return attached;
}

int rootfs_mount_ahead(struct rootfs *rootfs, struct error *err)
{
	auto_umask mode_t mask = umask(0);
	for (size_t end = first_that_shows_network(rootfs); rootfs->mounted < end;)
		if (mount_next(rootfs, err) < 0)
			return -1;
	return 0;
}

int rootfs_mount(struct rootfs *rootfs, struct error *err)
{
	auto_umask mode_t mask = umask(0);
	while (rootfs->mounted < rootfs->mounts_count)
		if (mount_next(rootfs, err) < 0)
			return -1;
	return 0;
}

// Who runs the container finds out soon enough when the directory is missing: chdir says so, with the user's rights.
int rootfs_make_cwd(struct rootfs *rootfs, const char *cwd, struct error *err)
{
	auto_umask mode_t mask = umask(0);
	auto_close int fd = path_make_directory(rootfs->root_fd, cwd, 0755, path_rule_scoped);
	if (fd >= 0 || errno == EROFS || errno == EACCES || errno == EPERM || errno == ENOTDIR ||
	    errno == ENOENT)
		return 0;
	if (errno == ELOOP)
		return error_set(err, ELOOP,
				 "process.cwd %s: it is, or leads through, a link of procfs or a "
				 "circle of links, which are not followed",
				 cwd);
	return error_errno(err, "process.cwd %s", cwd);
}

static int set_root_propagation(const struct rootfs *rootfs, struct error *err)
{
	static const struct mount_propagation wanted[] = {
		[spec_propagation_private] = {KERNEL_MS_PRIVATE, false},
		[spec_propagation_rprivate] = {KERNEL_MS_PRIVATE, true},
		[spec_propagation_shared] = {KERNEL_MS_SHARED, false},
		[spec_propagation_rshared] = {KERNEL_MS_SHARED, true},
		[spec_propagation_slave] = {KERNEL_MS_SLAVE, false},
		[spec_propagation_rslave] = {KERNEL_MS_SLAVE, true},
		[spec_propagation_unbindable] = {KERNEL_MS_UNBINDABLE, false},
		[spec_propagation_runbindable] = {KERNEL_MS_UNBINDABLE, true},
	};
	enum spec_propagation propagation = rootfs->spec->linux_.rootfs_propagation;
	if (propagation == spec_propagation_unset)
		return 0;
	if (mount_set_propagation(rootfs->root_fd, wanted[propagation].type,
				  wanted[propagation].recursive) < 0)
		return error_errno(err, "linux.rootfsPropagation");
	return 0;
}

int rootfs_finish(struct rootfs *rootfs, struct error *err)
{
	if (readonly_paths_apply(rootfs, err) < 0 || masks_apply(rootfs, err) < 0 ||
	    mounts_make_late_read_only(rootfs, err) < 0 || set_root_propagation(rootfs, err) < 0)
		return -1;
	if (root_stays_readonly(rootfs) &&
	    mount_set_attributes(rootfs->root_fd, KERNEL_MOUNT_ATTR_RDONLY, 0, false) < 0)
		return error_errno(err, "root.readonly");
	return 0;
}

void rootfs_take_back(struct rootfs *rootfs)
{
	if (rootfs)
		overlay_take_back(rootfs);
}

void rootfs_free(struct rootfs *rootfs)
{
	if (!rootfs)
		return;
	for (size_t i = 0; i < rootfs->mounts_count; i++) {
		memory_close(rootfs->mounts[i].tree_fd);
		memory_close(rootfs->mounts[i].idmap_fd);
		memory_close(rootfs->mounts[i].late_fd);
		memory_close(rootfs->mounts[i].attached_fd);
	}
	memory_close(rootfs->host_fd);
	memory_close(rootfs->tree_fd);
	memory_close(rootfs->upper_fd);
	memory_close(rootfs->root_fd);
	memory_close(rootfs->null_fd);
	memory_close(rootfs->proc_context);
	path_made_done(&rootfs->made);
	arena_free(&rootfs->arena);
	free(rootfs);
}
