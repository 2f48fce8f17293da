// SPDX-License-Identifier: Apache-2.0
// The stages of create that only compute: what is planned can be shown (--dry-run), and what cannot work is refused before
// anything exists.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/lifecycle/birth.h"
#include "libcontainer/lifecycle/creation.h"
#include "libcontainer/lifecycle/notify.h"
#include "libcontainer/network/network.h"

static int check_terminal(const struct creation *creation, struct error *err)
{
	bool terminal = creation->spec->process.set && creation->spec->process.terminal;
	bool foreground = creation->kind == creation_kind_foreground;
	const char *socket = creation->options->console_socket;
	if (terminal && !foreground && !socket)
		return error_set(err, EINVAL,
				 "cannot allocate tty if husk will detach without setting console "
				 "socket (process.terminal is true: give --console-socket)");
	if (socket && !(terminal && !foreground))
		return error_set(
			err, EINVAL,
			"cannot use console socket if husk will not detach or allocate tty");
	return 0;
}

// What this version does not do is refused, never passed over.
static int check_supported(struct creation *creation, struct error *err)
{
	const struct spec_linux *linux_ = &creation->spec->linux_;
	if (linux_->intel_rdt.set && resctrl_open(&creation->resctrl, err) < 0)
		return -1;
	return 0;
}

static int plan_net_devices(struct creation *creation, struct error *err)
{
	if (creation->spec->linux_.net_devices_count == 0)
		return 0;
	if (creation->rootless)
		return error_set(
			err, EPERM,
			"linux.netDevices: only the host's root can move its network devices");
	return network_find_mover(&creation->net_mover, err);
}

static int plan_rootfs(struct creation *creation, struct error *err)
{
	const struct namespace_plan *ns = &creation->namespaces;
	const char *overlay = creation->options->overlay;
	if (creation->cgroup_path) {
		auto_text struct text path = {0};
		text_add(&path, creation->host.mount);
		text_add(&path, creation->cgroup_path);
		creation->cgroup_host_path = text_take(&path);
		if (!creation->cgroup_host_path)
			return error_set(err, ENOMEM, "out of memory");
	}
	creation->rootfs_options = (struct rootfs_options){
		.bundle = creation->bundle,
		.overlay = overlay ? overlay : spec_annotation(creation->spec, "org.husk.overlay"),
		.overlay_of_caller = overlay != NULL,
		.no_pivot = creation->options->no_pivot,
		.new_mount_namespace = namespaces_has(ns, spec_namespace_type_mount),
		.user_namespace = namespaces_has(ns, spec_namespace_type_user),
		.user_namespace_new = namespaces_is_new(ns, spec_namespace_type_user),
		.user_namespace_added = ns->user_added,
		.rootless = creation->rootless,
		.cgroup_namespace = namespaces_has(ns, spec_namespace_type_cgroup),
		.cgroup_namespace_new = namespaces_is_new(ns, spec_namespace_type_cgroup),
		.network_namespace_new = namespaces_is_new(ns, spec_namespace_type_network),
		.cgroup_path = creation->cgroup_host_path,
		.mount_label = creation->spec->linux_.mount_label,
		.mount_label_option = spec_annotation(creation->spec, "run.oci.mount_context_type"),
	};
	return rootfs_plan(creation->spec, &creation->rootfs_options, creation->context->log,
			   &creation->rootfs, err);
}

static int plan_notify(struct creation *creation, struct error *err)
{
	const char *root = creation->context->root;
	auto_free char *default_root = NULL;
	if (!creation->context->notify_socket)
		return 0;
	if (!root && state_root_default(&default_root, err) < 0)
		return -1;
	if (notify_add_mount(creation->document, root ? root : default_root, creation->options->id,
			     &creation->arena, &creation->spec_with_notify, err) < 0)
		return -1;
	creation->spec = &creation->spec_with_notify;
	return 0;
}

int creation_plan(struct creation *creation, struct error *err)
{
	if (plan_notify(creation, err) < 0)
		return -1;
	const struct spec *spec = creation->spec;
	if (check_terminal(creation, err) < 0 || check_supported(creation, err) < 0)
		return -1;
	creation->rootless = namespaces_caller_is_rootless();
	if (namespaces_plan(spec, creation->rootless, &creation->namespaces, err) < 0)
		return -1;
	creation_plan_beside(creation);
	if (plan_net_devices(creation, err) < 0 || creation_plan_cgroup(creation, err) < 0 ||
	    plan_rootfs(creation, err) < 0)
		return -1;
	creation->init.labels.apparmor = spec->process.apparmor_profile;
	creation->init.labels.selinux = spec->process.selinux_label;
	if (labels_check(&creation->init.labels, err) < 0 ||
	    labels_check_mount(spec->linux_.mount_label, err) < 0)
		return -1;
	const struct spec_capabilities *wanted = &spec->process.capabilities;
	if (namespaces_has(&creation->namespaces, spec_namespace_type_user))
		return capabilities_plan_user_namespace(wanted, creation->context->log,
							&creation->capabilities, err);
	return capabilities_plan(wanted, creation->context->log, &creation->capabilities, err);
}

int creation_compile(struct creation *creation, struct error *err)
{
	return profile_compile(&creation->profile, creation->spec, creation->context->log,
			       &creation->filter, err);
}

static void describe_net_devices(const struct creation *creation, struct text *text)
{
	const struct spec_linux *linux_ = &creation->spec->linux_;
	if (linux_->net_devices_count)
		text_add(text, "network devices\n");
	for (size_t i = 0; i < linux_->net_devices_count; i++) {
		const struct spec_net_device *device = &linux_->net_devices[i];
		text_printf(text, "  %s as %s\n", device->host_name,
			    device->name ? device->name : device->host_name);
	}
}

void creation_describe(struct creation *creation, struct text *text)
{
	text_printf(text, "container %s\n  bundle %s\n  root %s\n", creation->options->id,
		    creation->bundle, creation->rootfs_path);
	text_add(text, "namespaces\n");
	namespaces_describe(&creation->namespaces, "  ", text);
	creation_describe_cgroup(creation, text);
	describe_net_devices(creation, text);
	text_add(text, "files\n");
	rootfs_describe(creation->rootfs, "  ", text);
	text_add(text, "system call filter\n");
	syscall_filter_describe(&creation->filter, "  ", text);
}
