// SPDX-License-Identifier: Apache-2.0
// pause and resume: the cgroup freezer.
#include <errno.h>

#include "libcontainer/lifecycle/opened.h"

#define FREEZE_MS 10000

static int change(const struct container_context *context, const char *id, bool freeze,
		  struct error *err)
{
	auto_opened struct opened opened = OPENED_NONE;
	if (opened_open(context, id, true, &opened, err) < 0)
		return -1;
	if (opened.status == state_status_stopped || opened.status == state_status_creating)
		return opened_not_running(&opened, freeze ? "pause" : "resume", err);
	if (freeze && opened.status == state_status_paused)
		return error_set(err, EINVAL, "container `%s` is already paused", id);
	if (!freeze && opened.status != state_status_paused)
		return error_set(err, EINVAL, "container not paused: container `%s` is %s", id,
				 state_status_name(opened.status));
	if (opened.cgroup.fd < 0)
		return error_set(err, ENOTSUP, "container `%s` has no cgroup, and pause needs one",
				 id);
	struct error failure;
	if (cgroup_freeze(&opened.cgroup, freeze, FREEZE_MS, &failure) == 0)
		return 0;
	if (failure.code == ESRCH)
		return opened_not_running(&opened, "pause", err);
	*err = failure;
	return -1;
}

int container_pause(const struct container_context *context, const char *id, struct error *err)
{
	return change(context, id, true, err);
}

int container_resume(const struct container_context *context, const char *id, struct error *err)
{
	return change(context, id, false, err);
}
