// SPDX-License-Identifier: Apache-2.0
// The resource controllers of cgroup v2: which there are, and having them enabled for a cgroup.
#ifndef HUSK_CGROUP_CONTROLLERS_H
#define HUSK_CGROUP_CONTROLLERS_H

#include <stdbool.h>
#include <stdint.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"
#include "libcontainer/cgroup/cgroup.h"

enum cgroup_controller {
	cgroup_controller_cpuset,
	cgroup_controller_cpu,
	cgroup_controller_io,
	cgroup_controller_memory,
	cgroup_controller_hugetlb,
	cgroup_controller_pids,
	cgroup_controller_rdma,
	cgroup_controller_misc,
	cgroup_controller_dmem,
	cgroup_controller_count,  // also: none of them
};

// "memory". Borrowed, static.
const char *cgroup_controller_name(enum cgroup_controller controller);

// Whose file it is: "memory.high" -> memory; count for "cgroup.type" and for what this program does not know.
enum cgroup_controller cgroup_controller_of_file(const char *file);

static inline uint32_t cgroup_controller_bit(enum cgroup_controller controller)
{
	return controller == cgroup_controller_count ? 0 : 1U << controller;
}

// The controllers that file ("cgroup.controllers", "cgroup.subtree_control") below dir_fd lists, as bits. -1 and errno.
int cgroup_controllers_read(int dir_fd, const char *file, uint32_t *bits) must_check;

// Fails with the reason when this host's cgroup2 has no such controller.
int cgroup_controller_check(const struct cgroup_host *host, uint32_t available,
			    enum cgroup_controller controller, struct error *err) must_check;

// Enables, for the children of the cgroup parent ("/", "/a/b"), every controller that can be had, all the way from the
// root. Fails only for those of needed: *failed is the first one. err->code is ENOENT or
// ENODEV when a directory on the way vanished, so that the caller may start again.
int cgroup_controllers_enable(const struct cgroup_host *host, const char *parent, uint32_t needed,
			      enum cgroup_controller *failed, struct error *err) must_check;

#endif
