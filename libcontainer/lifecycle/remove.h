// SPDX-License-Identifier: Apache-2.0
// Removing what is left of a container whose init has ended: cgroup, state directory, and then the poststop hooks. One
// function for delete and for the end of a foreground run.
#ifndef HUSK_LIFECYCLE_REMOVE_H
#define HUSK_LIFECYCLE_REMOVE_H

#include "libcontainer/base/error.h"
#include "libcontainer/base/log.h"
#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/container.h"
#include "libcontainer/lifecycle/opened.h"
#include "libcontainer/state/state.h"
#include "spec/spec.h"

struct removal {
	int root_fd;
	const char *id;
	struct cgroup *cgroup;  // its fd -1: none, or gone
	const struct cgroup_host *cgroup_host;
	const char *cgroup_path, *cgroup_made_from;  // as recorded, or NULL
	uint64_t root_mount;                         // as recorded
	const struct spec *
		spec;  // for the hooks and linux.intelRdt; NULL: there are none, or no readable configuration
	const char *bundle, *rootfs;
	const struct container_context *context;
	const struct state_record *record;  // of systemd's unit
	const struct log *log;
	int interrupts;  // of signals_open_interrupts, for the hooks; -1: signals have their usual effect
};

// 0 means that nothing is left. On failure the state stays, so that it can be tried again.
int remove_container(const struct removal *removal, struct error *err) must_check;
// The same for one that was found again and is locked; its init has ended.
int remove_opened(const struct container_context *context, struct opened *opened, const char *id,
		  struct error *err) must_check;

// The id of the mount on which a root file system without a mount namespace of its own is now.
int remove_find_root_mount(const char *rootfs, uint64_t *id, struct error *err) must_check;
// Takes away what was mounted over it since (root_mount: as it was; 0: nothing to do).
int remove_root_mounts(const char *rootfs, uint64_t root_mount, struct error *err) must_check;

#endif
