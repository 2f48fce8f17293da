// SPDX-License-Identifier: Apache-2.0
// Removing what is left of a container whose init has ended: cgroup, state directory, and then the poststop hooks. One
// function for delete and for the end of a foreground run.
#ifndef HUSK_LIFECYCLE_REMOVE_H
#define HUSK_LIFECYCLE_REMOVE_H

#include "libcontainer/base/error.h"
#include "libcontainer/base/log.h"
#include "libcontainer/cgroup/cgroup.h"
#include "spec/spec.h"

struct removal {
	int root_fd;
	const char *id;
	struct cgroup *cgroup;  // its fd -1: none
	const char *cgroup_made_from;
	const struct spec *spec;  // for the hooks; NULL: there is no readable configuration, hence no hooks
	const char *bundle, *rootfs;
	const struct log *log;
};

// 0 means that nothing is left. On failure the state stays, so that it can be tried again.
int remove_container(const struct removal *removal, struct error *err) must_check;

#endif
