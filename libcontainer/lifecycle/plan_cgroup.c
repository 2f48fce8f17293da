// SPDX-License-Identifier: Apache-2.0
// Which cgroup the container gets, or why none, and what becomes of its device rules then.
//
// A plain user often may not make cgroups, and never attach a device program, while engines write device rules into every
// configuration. So rules whose purpose is met because no device can be made in the container do not stop it; that they are
// not in force is a warning, and part of the plan. Every other rule, and every limit, that cannot be had is an error.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/lifecycle/creation.h"

static bool has_limits(const struct spec_resources *resources)
{
	auto_text struct text words = {0};
	cgroup_describe(resources, "", &words);
	return words.length > 0;
}

bool creation_in_user_namespace(const struct creation *creation)
{
	return creation->rootless ||
	       namespaces_has(&creation->namespaces, spec_namespace_type_user);
}

static bool makes_no_devices(const struct creation *creation)
{
	const struct spec_process *process = &creation->spec->process;
	int mknod = capabilities_from_name("CAP_MKNOD");
	if (creation_in_user_namespace(creation))
		return true;
	for (size_t i = 0; i < process->capabilities.bounding.count; i++)
		if (capabilities_from_name(process->capabilities.bounding.items[i]) == mknod)
			return false;
	return true;
}

// There will be no cgroup: may that be? chosen: it is the caller's own word, not what this host makes of it. podman's
// --cgroups=disabled comes with the rules of every container and, of root, with CAP_MKNOD.
static int check_devices(struct creation *creation, bool chosen, const char *why, struct error *err)
{
	switch (cgroup_devices_need(&creation->spec->linux_.resources)) {
	case cgroup_devices_need_none:
		return 0;
	case cgroup_devices_need_cgroup:
		return error_set(
			err, ENOTSUP,
			"linux.resources.devices: there are rules that only a cgroup can put "
			"in force, and %s",
			why);
	case cgroup_devices_need_no_mknod:
		break;
	}
	bool harmless = makes_no_devices(creation);
	if (!harmless && !chosen)
		return error_set(
			err, ENOTSUP,
			"linux.resources.devices: the container may make devices, and %s: "
			"take CAP_MKNOD out of process.capabilities.bounding, or give it a "
			"user namespace",
			why);
	creation->devices_unlimited = strdup(why);
	if (!creation->devices_unlimited)
		return error_set(err, ENOMEM, "out of memory");
	log_warning(creation->context->log,
		    "linux.resources.devices: not limited by a cgroup: %s: %s", why,
		    harmless ? "no device can be made in the container, but one that it finds "
			       "there can be used"
			     : "with CAP_MKNOD the container can make and use every device of the "
			       "host");
	return 0;
}

// Without a cgroup nothing that was asked for is lost, unless the user asked for a cgroup or for a limit.
static int go_without(struct creation *creation, struct error *err)
{
	const struct spec_linux *linux_ = &creation->spec->linux_;
	if (!creation->rootless || linux_->cgroups_path || has_limits(&linux_->resources) ||
	    creation_delegated_name(creation))
		return -1;
	log_info(creation->context->log, "no cgroup: %s", err->message);
	const struct error why = *err;
	free(take_ptr(&creation->cgroup_path));
	return check_devices(creation, false, why.message, err);
}

static int plan_place(struct creation *creation, struct error *err)
{
	const struct spec_linux *linux_ = &creation->spec->linux_;
	const struct spec_resources *resources = &linux_->resources;
	bool disabled = creation->context->cgroup_manager == container_cgroup_manager_disabled;
	if (creation_check_delegated(creation, err) < 0 ||
	    cgroup_host_open(&creation->host, err) < 0)
		return -1;
	if (creation->context->cgroup_manager == container_cgroup_manager_systemd)
		return cgroup_check(&creation->host, resources, err) < 0
			       ? -1
			       : creation_plan_scope(creation, err);
	if (disabled || creation->host.kind == cgroup_host_kind_none) {
		const char *why = disabled ? "--cgroup-manager is disabled"
					   : "no cgroup2 is mounted on /sys/fs/cgroup or "
					     "/sys/fs/cgroup/unified";
		if (has_limits(resources))
			return error_set(err, ENOTSUP,
					 "linux.resources: limits need a cgroup, and %s", why);
		if (creation_delegated_name(creation))
			return error_set(
				err, ENOTSUP,
				"annotation run.oci.delegate-cgroup: it needs a cgroup, and %s",
				why);
		return check_devices(creation, disabled, why, err);
	}
	if (cgroup_check(&creation->host, resources, err) < 0 ||
	    cgroup_place(&creation->host, linux_->cgroups_path, creation->options->id,
			 &creation->cgroup_path, err) < 0)
		return -1;
	if (creation->rootless &&
	    cgroup_foresee_denial(&creation->host, creation->cgroup_path, resources, err) < 0)
		return go_without(creation, err);
	return 0;
}

// Nothing leads to what the program leaves behind when it ends.
static bool loses_processes(const struct creation *creation)
{
	return !creation->cgroup_path && !creation->scope.unit &&
	       !namespaces_is_new(&creation->namespaces, spec_namespace_type_pid);
}

int creation_plan_cgroup(struct creation *creation, struct error *err)
{
	if (plan_place(creation, err) < 0)
		return -1;
	if (loses_processes(creation))
		log_warning(creation->context->log,
			    "the container has neither a cgroup nor a pid namespace of its own: "
			    "processes that its program leaves behind are not found and not ended");
	return 0;
}

static void describe_devices(const struct creation *creation, struct text *text)
{
	const struct spec_resources *resources = &creation->spec->linux_.resources;
	enum cgroup_devices_need need = cgroup_devices_need(resources);
	bool cgroup = creation->cgroup_path || creation->scope.unit;
	if (creation->devices_unlimited)
		text_printf(text, "  devices: not limited by a cgroup: %s\n",
			    creation->devices_unlimited);
	else if (cgroup && need != cgroup_devices_need_none && !cgroup_devices_loadable(resources))
		text_printf(text, "  devices: %s: bpf(2) is not permitted here\n",
			    need == cgroup_devices_need_no_mknod &&
					    creation_in_user_namespace(creation)
				    ? "not limited by a cgroup"
				    : "the rules will be refused");
	else if (cgroup)
		cgroup_describe_devices(resources, "  ", text);
}

void creation_describe_cgroup(const struct creation *creation, struct text *text)
{
	if (creation->scope.unit)
		text_printf(text, "cgroup\n  of systemd's unit %s in %s\n", creation->scope.unit,
			    creation->scope.slice);
	else
		text_printf(text, "cgroup\n  %s%s\n",
			    creation->cgroup_path ? creation->host.mount : "none",
			    creation->cgroup_path ? creation->cgroup_path : "");
	if (creation_delegated_name(creation))
		text_printf(text, "  its processes below it in %s\n",
			    creation_delegated_name(creation));
	if (loses_processes(creation))
		text_add(text, "  processes: those that the program leaves behind are not found\n");
	cgroup_describe(&creation->spec->linux_.resources, "  ", text);
	describe_devices(creation, text);
}
