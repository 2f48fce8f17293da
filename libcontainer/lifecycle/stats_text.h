// SPDX-License-Identifier: Apache-2.0
// Statistics of a cgroup as the JSON that readers of `events` decode.
#ifndef HUSK_LIFECYCLE_STATS_TEXT_H
#define HUSK_LIFECYCLE_STATS_TEXT_H

#include "libcontainer/base/json.h"
#include "libcontainer/cgroup/resctrl_stats.h"
#include "libcontainer/cgroup/stats.h"

// Adds one object below key (NULL at the top).
void stats_text_add(struct json *json, const char *key, const struct cgroup_stats *stats,
		    const struct resctrl_stats *resctrl);

#endif
