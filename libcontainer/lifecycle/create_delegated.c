// SPDX-License-Identifier: Apache-2.0
// The annotation run.oci.delegate-cgroup: the container's processes live in a cgroup below the one with the limits.
//
// A cgroup with processes cannot hand controllers down, so a program that divides its cgroup among others (systemd, a container engine)
// would first have to move itself. Here it begins one level deeper, and the controllers are there. Its cgroup namespace, if it gets
// one, begins above: it is made before the move, which therefore is the runtime's, in the middle of init's steps.
#include <errno.h>
#include <string.h>

#include "libcontainer/init/sync.h"
#include "libcontainer/lifecycle/creation.h"

#define DELEGATE "run.oci.delegate-cgroup"

const char *creation_delegated_name(const struct creation *creation)
{
	const char *name = spec_annotation(creation->spec, DELEGATE);
	if (!name)
		return NULL;
	name += strspn(name, "/");
	return *name ? name : NULL;
}

// "..": is refused here and not only when it is made, so that --dry-run says it, too.
int creation_check_delegated(const struct creation *creation, struct error *err)
{
	const char *name = creation_delegated_name(creation);
	for (const char *part = name; part && *part;) {
		size_t length = strcspn(part, "/");
		if ((length == 2 && strncmp(part, "..", 2) == 0) || length > 255 ||
		    memchr(part, '\n', length) || text_has_prefix(part, "cgroup."))
			return error_set(err, EINVAL,
					 "annotations[\"" DELEGATE
					 "\"]: \"%.64s\" is no path of names for cgroups",
					 name);
		part += length;
		part += strspn(part, "/");
	}
	return 0;
}

int creation_make_delegated(struct creation *creation, struct error *err)
{
	const char *name = creation_delegated_name(creation);
	if (!name)
		return 0;
	if (cgroup_make_below(&creation->host, creation->cgroup.path, name, &creation->delegated,
			      err) < 0)
		return error_context(err, "annotation " DELEGATE);
	return 0;
}

int creation_enter_delegated(struct creation *creation, struct error *err)
{
	const struct spec_resources *resources = &creation->spec->linux_.resources;
	if (cgroup_add_process(&creation->delegated, creation->pid, err) < 0 ||
	    cgroup_hand_down(&creation->delegated, resources, err) < 0)
		return error_context(err, "annotation " DELEGATE);
	return sync_send_step(creation->sync, sync_step_proceed, err);
}
