// SPDX-License-Identifier: Apache-2.0
// cgroup.events: what the kernel says about a whole subtree, and waiting for it to change.
#ifndef HUSK_CGROUP_EVENTS_H
#define HUSK_CGROUP_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "libcontainer/base/attributes.h"

struct cgroup_events {
	bool populated;  // a live process is in it or below
	bool frozen;     // all of them have stopped
};

// Reads them. A cgroup that was removed is neither populated nor frozen. -1 and errno.
int cgroup_events_read(int dir_fd, struct cgroup_events *events) must_check;

// Waits until populated (or frozen) has the value, by poll(2): no time is slept away. deadline: of
// cgroup_deadline. Returns 1, 0 when the time is over, or -1 and errno; ESRCH: no process is left that could freeze.
int cgroup_events_wait_populated(int dir_fd, bool value, int64_t deadline) must_check;
int cgroup_events_wait_frozen(int dir_fd, bool value, int64_t deadline) must_check;

// Monotonic milliseconds; a deadline is one of them. timeout_ms < 0: never.
int64_t cgroup_deadline(int timeout_ms);
// Milliseconds until then for poll(2): 0 when it is over, -1 for never.
int cgroup_deadline_left(int64_t deadline);

#endif
