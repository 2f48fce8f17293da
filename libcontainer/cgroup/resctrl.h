// SPDX-License-Identifier: Apache-2.0
// linux.intelRdt: cache and memory bandwidth by way of the resctrl file system (Documentation/arch/x86/resctrl.rst).
//
// A group is a directory: schemata limits it, tasks says who is in it, mon_groups/ counts parts of it. Functions take the
// descriptor of the file system's root, so that tests can give them another directory.
#ifndef HUSK_CGROUP_RESCTRL_H
#define HUSK_CGROUP_RESCTRL_H

#include <stdbool.h>
#include <sys/types.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"
#include "spec/spec.h"

struct resctrl_made {
	bool group, monitor;  // which directories resctrl_create has made: undone by resctrl_undo
};

// /sys/fs/resctrl; an error that says how to mount it when it is not.
int resctrl_open(int *root_fd, struct error *err) must_check;

// The directory of the container's group, or -1.
int resctrl_open_group(int root_fd, const struct spec_intel_rdt *rdt, const char *id,
		       struct error *err) must_check;

// The group of closID (without one: of the container's id), its limits, and the group that monitors. What exists is not
// changed: its limits must be those that are asked for, and a closID without limits must exist.
int resctrl_create(int root_fd, const struct spec_intel_rdt *rdt, const char *id,
		   struct resctrl_made *made, struct error *err) must_check;
void resctrl_undo(int root_fd, const struct spec_intel_rdt *rdt, const char *id,
		  const struct resctrl_made *made);

// New limits for the group of a container that has one; a parameter of NULL stays. *before: the limits until then, malloc'ed, for
// resctrl_restore. That of closID "/" is everybody's and is refused.
int resctrl_update(int root_fd, const struct spec_intel_rdt *rdt, const char *id,
		   const char *l3_cache_schema, const char *mem_bw_schema, char **before,
		   struct error *err) must_check;
int resctrl_restore(int root_fd, const struct spec_intel_rdt *rdt, const char *id,
		    const char *before, struct error *err) must_check;

// Puts the process pid into both groups.
int resctrl_join(int root_fd, const struct spec_intel_rdt *rdt, const char *id, pid_t pid,
		 struct error *err) must_check;

// After the container's end: its monitoring group, and its own group. One of a closID belongs to whoever shares it and stays.
int resctrl_remove(int root_fd, const struct spec_intel_rdt *rdt, const char *id,
		   struct error *err) must_check;

#endif
