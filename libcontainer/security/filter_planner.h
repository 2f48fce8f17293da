// SPDX-License-Identifier: Apache-2.0
// What the parts of the planner share: filter_rules.c decides about architectures, filter_places.c puts the rules to the numbers
// they are about, filter_verdicts.c makes verdicts of them and ranges of those. Nobody else needs this.
#ifndef HUSK_SECURITY_FILTER_PLANNER_H
#define HUSK_SECURITY_FILTER_PLANNER_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcontainer/security/filter_rules.h"

#define ALL_ARGUMENTS UINT32_MAX
#define NO_SELECTOR UINT32_MAX

// One rule for one number, unless it is the number's winner.
struct filter_entry {
	uint32_t rule;
	uint32_t only;      // this element of the rule's args alone, or ALL_ARGUMENTS
	uint32_t selector;  // what argument 0 must be, or NO_SELECTOR
	uint32_t next;      // of the same number, in the rules' order; the last one's is the first
};

// A number. Both are indices plus one, 0 is none.
struct filter_place {
	// the first rule without conditions that does not say what the default says
	uint32_t winner;
	uint32_t last;  // of the entries
};

struct filter_rule {
	uint32_t action;       // SECCOMP_RET_*
	bool alternatives;     // two conditions on one argument
	const int16_t *slots;  // of the names, -1 for unknown ones
};

struct filter_planner {
	const struct spec_seccomp *seccomp;
	const struct log *log;
	struct arena *arena;              // borrowed
	const struct filter_rule *rules;  // in the arena
	struct filter_place *places;      // in the arena; empty between two architectures
	struct filter_entry *entries;     // owned
	size_t entries_count, entries_size;
	struct filter_range *ranges;  // owned
	size_t ranges_count, ranges_size;
	uint32_t fallback;  // the default action
	bool stub;          // calls newer than the newest one named have another action:
	uint32_t newer;     // this
};

// An architecture while its numbers are collected.
struct filter_abi {
	const struct filter_architecture *architecture;
	const struct filter_names_column *column;
	uint32_t ordered;       // places below are in the order of their age
	uint32_t ordered_used;  // places in use: below this one, and between ordered and used
	uint32_t used;
};

// Orders as the kernel does when filters disagree: KILL_PROCESS is the only negative one.
static inline bool filter_planner_stricter(uint32_t a, uint32_t b)
{
	return (int32_t)(a & SECCOMP_RET_ACTION_FULL) < (int32_t)(b & SECCOMP_RET_ACTION_FULL);
}

// Fills p->rules; makes p->places.
int filter_planner_read_rules(struct filter_planner *p,
			      const struct filter_names *names) must_check;

// Puts the rules to the places of an architecture; forgets those of the one before.
int filter_planner_fill_places(struct filter_planner *p, struct filter_abi *abi) must_check;

// From start on the answer is action, until a range with a later start is added.
int filter_planner_add_plain(struct filter_planner *p, uint32_t start, uint32_t action) must_check;

// Makes ranges of the architecture's numbers and empties the places. There is a range already.
int filter_planner_add_verdicts(struct filter_planner *p, const struct filter_abi *abi) must_check;

#endif
