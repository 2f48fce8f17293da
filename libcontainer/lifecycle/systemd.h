// SPDX-License-Identifier: Apache-2.0
// The systemd cgroup manager for the commands on a container: what the state records of its unit, given to cgroup/scope.h.
#ifndef HUSK_LIFECYCLE_SYSTEMD_H
#define HUSK_LIFECYCLE_SYSTEMD_H

#include "libcontainer/cgroup/scope.h"
#include "libcontainer/container.h"
#include "libcontainer/state/state.h"

// A container that has no unit is fine with all of these: nothing is done then.

// Ends the unit of the container: its processes are killed.
int systemd_stop(const struct container_context *context, const struct state_record *record,
		 struct error *err) must_check;
// Gives the unit the limits of a linux.resources object.
int systemd_update(const struct container_context *context, const struct state_record *record,
		   const char *resources, size_t length, struct error *err) must_check;
// Before a process is cloned into the container's cgroup.
int systemd_come_near(const struct container_context *context, const struct state_record *record,
		      const struct cgroup_host *host, struct error *err) must_check;

#endif
