// SPDX-License-Identifier: Apache-2.0
// What a group of resctrl may use and has used (Documentation/arch/x86/resctrl.rst), as the kernel says it. What it does not say
// is not guessed: its "known" stays false, its text NULL.
#ifndef HUSK_CGROUP_RESCTRL_STATS_H
#define HUSK_CGROUP_RESCTRL_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"
#include "spec/spec.h"

struct resctrl_number {
	bool known;
	uint64_t value;
};

// info/L3 and info/MB: what the processor can do.
struct resctrl_abilities {
	bool known;  // limits of this kind can be set
	char cbm_mask[32];
	struct resctrl_number min_cbm_bits, num_closids, bandwidth_gran, delay_linear,
		min_bandwidth;
};

// Lines of a file schemata, without blanks around them.
struct resctrl_schemata {
	char *text;    // owned: what the lines point into
	char **lines;  // owned
	size_t count;
};

// One cache, and the memory behind it.
struct resctrl_domain {
	struct resctrl_number mbm_total_bytes, mbm_local_bytes, llc_occupancy;
};

struct resctrl_stats {
	bool known;  // the group is there
	struct resctrl_abilities cache, bandwidth;
	struct resctrl_schemata everybodys, own;  // of the root, and of the container's group
	bool counts_bandwidth, counts_occupancy;  // info/L3_MON
	struct resctrl_domain *domains;           // owned, in the order of their numbers
	size_t domains_count;
};

// root_fd: see resctrl_open. The counters are those of the container's own monitoring group; when it has none, those of its
// group, with all others who are in it.
int resctrl_stats_read(int root_fd, const struct spec_intel_rdt *rdt, const char *id,
		       struct resctrl_stats *stats, struct error *err) must_check;
void resctrl_stats_done(struct resctrl_stats *stats);

// The line of a resource ("L3", "MB"), or NULL.
const char *resctrl_schemata_find(const struct resctrl_schemata *schemata, const char *resource);

#endif
