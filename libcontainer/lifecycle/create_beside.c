// SPDX-License-Identifier: Apache-2.0
// What the calling process makes while init works, in the order in which it is missed: nobody waits for it as long as there is
// a second processor. It is complete before anything of the container runs.
#include <errno.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"
#include "libcontainer/init/sync.h"
#include "libcontainer/lifecycle/creation.h"
#include "libcontainer/network/network.h"

// These hooks run before init says that it is ready: what is to be complete when they run is made before the clone.
static bool hooks_run_early(const struct creation *creation)
{
	return creation->spec->hooks[spec_hook_kind_create_container].count > 0;
}

// The kernel asks the rules, too, when it opens the device that a file system is on.
static bool mounts_devices(const struct creation *creation)
{
	static const char *const without[] = {"bind",   "none",   "proc",   "sysfs",   "tmpfs",
					      "devpts", "mqueue", "cgroup", "cgroup2", "overlay"};
	const struct spec *spec = creation->spec;
	for (size_t i = 0; i < spec->mounts_count; i++) {
		size_t k = 0;
		while (k < array_size(without) && spec->mounts[i].type &&
		       !text_equal(spec->mounts[i].type, without[k]))
			k++;
		if (k == array_size(without))
			return true;
	}
	return false;
}

void creation_plan_beside(struct creation *creation)
{
	// (and init listens for one thing at a time)
	if (hooks_run_early(creation) || creation_delegated_name(creation))
		creation->namespaces.network_beside = false;
}

int creation_make_network(struct creation *creation, struct error *err)
{
	auto_close int netns = -1, inside = -1;
	struct sync_record record = {.step = sync_step_network};
	if (!creation->namespaces.network_beside)
		return 0;
	if (network_make(creation->sync, &netns, &inside, err) < 0)
		return -1;
	// one that ended says why when it is asked (create_converse.c)
	if (sync_send(creation->sync, &record, netns, err) < 0 && err->code != EPIPE &&
	    err->code != ECONNRESET)
		return -1;
	return network_loopback_up(inside, err);
}

int creation_limit_devices(struct creation *creation, enum creation_moment moment,
			   struct error *err)
{
	const struct spec_linux *linux_ = &creation->spec->linux_;
	bool early = hooks_run_early(creation) || mounts_devices(creation);
	enum creation_moment right =
		early ? creation_moment_before_init : creation_moment_beside_init;
	if (moment != right)
		return 0;
	// without rules in the configuration only the devices that every container has are allowed; in a user namespace no
	// others can be made anyway
	bool in_user_namespace = creation_in_user_namespace(creation);
	if (!linux_->resources.devices_set && in_user_namespace)
		return 0;
	// where there are rules they are the last word: a device may be listed, and allowed to be read only
	size_t listed = linux_->resources.devices_count ? 0 : linux_->devices_count;
	return cgroup_set_devices(&creation->cgroup, &linux_->resources, linux_->devices, listed,
				  in_user_namespace, creation->context->log, err);
}
