// SPDX-License-Identifier: Apache-2.0
// A cgroup and everything below it. The container may have made the lower part, as deep and as wide as it
// liked: one descriptor is used whatever the depth, and nothing recurses.
#ifndef HUSK_CGROUP_TREE_H
#define HUSK_CGROUP_TREE_H

#include <stdint.h>

#include "libcontainer/base/attributes.h"

// Calls visit for the directory and each one below, parents first. visit returns 0, or -1 (errno) to stop.
// Directories that vanish on the way are skipped.
int cgroup_tree_visit(int root_fd, int (*visit)(int dir_fd, void *data), void *data) must_check;

// Removes every directory below root_fd, deepest first; not root_fd itself. EBUSY when one still has
// processes, ETIMEDOUT when the deadline passed.
int cgroup_tree_empty(int root_fd, int64_t deadline) must_check;

#endif
