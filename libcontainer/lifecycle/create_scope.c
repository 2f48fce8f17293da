// SPDX-License-Identifier: Apache-2.0
// The part of create that differs with the systemd cgroup manager: systemd makes the cgroup.
//
// The unit needs a process to exist, and init is cloned straight into its cgroup, as everywhere. So the program that asks systemd
// is the unit's first process, and leaves when init is there.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/json.h"
#include "libcontainer/base/memory.h"
#include "libcontainer/lifecycle/creation.h"
#include "libcontainer/lifecycle/systemd.h"

#define SUBGROUP "run.oci.systemd.subgroup"

static struct scope_manager manager_of(const struct creation *creation)
{
	return (struct scope_manager){
		.program = creation->scope_program,
		.user = creation->rootless,
		.timeout_ms = creation->context->systemd_timeout_ms,
		.log = creation->context->log,
	};
}

static int check_subgroup(const struct creation *creation, struct error *err)
{
	const char *name = spec_annotation(creation->spec, SUBGROUP);
	if (!name || !*name)
		return 0;
	if (name[0] == '.' || strchr(name, '/') || strchr(name, '\n') ||
	    text_has_prefix(name, "cgroup.") || strlen(name) > 255)
		return error_set(err, EINVAL,
				 "annotations[\"" SUBGROUP "\"]: \"%.64s\" is no name for a cgroup",
				 name);
	return 0;
}

int creation_plan_scope(struct creation *creation, struct error *err)
{
	if (scope_check_host(err) < 0 || check_subgroup(creation, err) < 0 ||
	    scope_name_parse(creation->spec->linux_.cgroups_path, creation->options->id,
			     creation->rootless, &creation->scope, err) < 0)
		return -1;
	if (creation->host.kind == cgroup_host_kind_none)
		return error_set(err, ENOTSUP,
				 "the systemd cgroup manager: no cgroup2 is mounted on this host");
	return scope_find_program(&creation->scope_program, err);
}

// From here on the record names the cgroup, and the container's file systems may show it.
static int remember(struct creation *creation, const char *path, struct error *err)
{
	struct state_record *r = &creation->record;
	auto_text struct text host_path = {0};
	text_add(&host_path, creation->host.mount);
	text_add(&host_path, path);
	r->cgroup_path = strdup(path);
	creation->cgroup_host_path = text_take(&host_path);
	if (!r->cgroup_path || !creation->cgroup_host_path)
		return error_set(err, ENOMEM, "out of memory");
	creation->rootfs_options.cgroup_path = creation->cgroup_host_path;
	return state_write(creation->dir_fd, r, err);
}

static int open_cgroup(struct creation *creation, const char *path, struct error *err)
{
	const struct spec *spec = creation->spec;
	const char *leaf = spec_annotation(spec, SUBGROUP);
	if (!leaf || !*leaf)
		return cgroup_open(&creation->host, path, &creation->cgroup, err);
	return scope_make_leaf(&creation->host, path, leaf, creation->scope_holder.pid,
			       &spec->linux_.resources, &creation->cgroup, err);
}

int creation_start_scope(struct creation *creation, struct error *err)
{
	auto_free char *path = NULL;
	const struct scope_manager manager = manager_of(creation);
	if (scope_start(&manager, &creation->scope, creation->config_text, creation->config_length,
			&creation->scope_holder, &path, err) < 0)
		return -1;
	creation->scope_started = true;
	if (open_cgroup(creation, path, err) < 0 ||
	    remember(creation, creation->cgroup.path, err) < 0)
		return -1;
	return systemd_come_near(creation->context, &creation->record, &creation->host, err);
}

void creation_stop_scope(struct creation *creation)
{
	struct error failure;
	if (!creation->scope_started)
		return;
	creation->scope_started = false;
	if (creation->cgroup.fd >= 0)
		(void)!cgroup_kill(&creation->cgroup, &failure);
	scope_release(&creation->scope_holder);
	if (systemd_stop(creation->context, &creation->record, &failure) < 0)
		log_warning(creation->context->log, "%s", failure.message);
}

// The limit that had to leave room for the holder.
static int restore_limit(struct creation *creation, struct error *err)
{
	const struct spec_resources *resources = &creation->spec->linux_.resources;
	struct spec_resources wider, pids = {.set = true, .pids_limit = resources->pids_limit};
	if (!scope_make_room(resources, &wider))
		return 0;
	auto_text struct text text = {0};
	struct json json = {.text = &text};
	json_begin_object(&json, NULL);
	json_begin_object(&json, "pids");
	json_signed(&json, "limit", resources->pids_limit.value);
	json_end_object(&json);
	json_end_object(&json);
	if (text_failed(&text))
		return error_set(err, ENOMEM, "out of memory");
	if (systemd_update(creation->context, &creation->record, text.data, text.length, err) < 0)
		return -1;
	return cgroup_set_resources(&creation->cgroup, &pids, creation->context->log, err);
}

int creation_hand_over_scope(struct creation *creation, struct error *err)
{
	if (!creation->scope_started)
		return 0;
	scope_release(&creation->scope_holder);
	return restore_limit(creation, err);
}
