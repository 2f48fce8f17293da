// SPDX-License-Identifier: Apache-2.0
// Kills for lack of memory in a cgroup and below, as they happen.
#ifndef HUSK_CGROUP_OOM_H
#define HUSK_CGROUP_OOM_H

#include <stdint.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"
#include "libcontainer/cgroup/cgroup.h"

struct cgroup_oom {
	int fd;  // owned: memory.events, to be polled for POLLPRI; -1: nothing (any more) to be seen
	uint64_t kills;  // so far
};

// Begins to watch. Without a memory controller there is nothing to be seen, which is no failure.
int cgroup_oom_open(const struct cgroup *cgroup, struct cgroup_oom *oom,
		    struct error *err) must_check;
// How many kills there were since the last look. Must follow each POLLPRI.
uint64_t cgroup_oom_take(struct cgroup_oom *oom);
void cgroup_oom_close(struct cgroup_oom *oom);

#endif
