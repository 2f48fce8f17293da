// SPDX-License-Identifier: Apache-2.0
// What the rules say about one number to one verdict; verdicts to ranges, neighbours with equal ones being one. See
// filter_planner.h.
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/security/filter_planner.h"

// ---- rules to verdicts ---------------------------------------------------------------------------

static struct filter_condition condition_of(const struct spec_seccomp_argument *argument, bool wide)
{
	struct filter_condition c = {
		.mask = UINT64_MAX,
		.value = argument->value,
		.argument = (uint8_t)argument->index,
	};
	switch (argument->operator) {
	case spec_seccomp_operator_ne:
	case spec_seccomp_operator_eq:
		c.negate = argument->operator== spec_seccomp_operator_ne;
		break;
	case spec_seccomp_operator_lt:
	case spec_seccomp_operator_ge:
		c.compare = filter_compare_at_least;
		c.negate = argument->operator== spec_seccomp_operator_lt;
		break;
	case spec_seccomp_operator_le:
	case spec_seccomp_operator_gt:
		c.compare = filter_compare_greater;
		c.negate = argument->operator== spec_seccomp_operator_le;
		break;
	case spec_seccomp_operator_masked_eq:
		c.mask = argument->value;
		c.value = argument->value_two & argument->value;
		break;
	}
	// what is not looked at must not make two conditions different
	c.wide = wide && c.mask >> 32 != 0;
	if (!c.wide) {
		c.mask &= UINT32_MAX;
		c.value &= UINT32_MAX;
	}
	return c;
}

static struct filter_condition selector_condition(uint32_t selector, bool wide)
{
	uint64_t mask = wide ? UINT64_MAX : UINT32_MAX;
	return (struct filter_condition){.mask = mask, .value = selector, .wide = wide};
}

static int fill_check(struct filter_planner *p, const struct filter_entry *entry, bool wide,
		      struct filter_check *check)
{
	const struct spec_seccomp_rule *rule = &p->seccomp->rules[entry->rule];
	bool selected = entry->selector != NO_SELECTOR;
	struct filter_condition *conditions =
		arena_array(p->arena, rule->args_count + 1, sizeof *conditions);
	if (!conditions)
		return -1;
	size_t count = 0;
	if (selected)
		conditions[count++] = selector_condition(entry->selector, wide);
	for (size_t i = 0; i < rule->args_count; i++) {
		bool wanted = entry->only == ALL_ARGUMENTS || entry->only == i;
		if (wanted && !(selected && rule->args[i].index == 0))
			conditions[count++] = condition_of(&rule->args[i], wide);
	}
	check->action = p->rules[entry->rule].action;
	check->conditions = conditions;
	check->conditions_count = count;
	return 0;
}

static void warn_void_rules(const struct filter_planner *p, const struct filter_place *place,
			    uint32_t number)
{
	uint32_t winner = place->winner - 1;
	if (!place->last)
		return;
	uint32_t at = place->last - 1;
	do {
		const struct filter_entry *entry = &p->entries[at = p->entries[at].next];
		if (filter_planner_stricter(p->rules[entry->rule].action, p->rules[winner].action))
			log_warning(p->log,
				    "linux.seccomp.syscalls[%u] is void for system call %u: "
				    "syscalls[%u] lets it pass without conditions",
				    entry->rule, number, winner);
	} while (at != place->last - 1);
}

// The strictest check comes first, among equals the first of the rules.
static int fill_checks(struct filter_planner *p, const struct filter_place *place, bool wide,
		       struct filter_check *checks, size_t *count)
{
	uint32_t at = place->last - 1;
	do {
		const struct filter_entry *entry = &p->entries[at = p->entries[at].next];
		uint32_t action = p->rules[entry->rule].action;
		if (action == p->fallback)
			continue;
		size_t to = (*count)++;
		for (; to > 0 && filter_planner_stricter(action, checks[to - 1].action); to--)
			checks[to] = checks[to - 1];
		if (fill_check(p, entry, wide, &checks[to]) < 0)
			return -1;
	} while (at != place->last - 1);
	return 0;
}

// The verdict on a number that has entries and no winner.
static int resolve(struct filter_planner *p, const struct filter_place *place, bool wide,
		   struct filter_range *range)
{
	size_t entries = 0;
	uint32_t at = place->last - 1;
	do {
		at = p->entries[at].next;
		entries += p->rules[p->entries[at].rule].action != p->fallback;
	} while (at != place->last - 1);
	struct filter_check *checks = arena_array(p->arena, entries, sizeof *checks);
	range->checks = checks;
	return checks ? fill_checks(p, place, wide, checks, &range->checks_count) : -1;
}

// ---- verdicts to ranges --------------------------------------------------------------------------

static bool plain_equal(const struct filter_range *a, const struct filter_range *b)
{
	return a->checks_count == 0 && b->checks_count == 0 && a->action == b->action;
}

static int add_range(struct filter_planner *p, struct filter_range range)
{
	// NOLINTNEXTLINE(clang-analyzer-core.NullDereference): there are ranges, so there is an array
	if (p->ranges_count > 0 && p->ranges[p->ranges_count - 1].start == range.start)
		p->ranges_count--;
	if (p->ranges_count > 0 && plain_equal(&p->ranges[p->ranges_count - 1], &range))
		return 0;
	if (p->ranges_count == p->ranges_size) {
		size_t size = p->ranges_size ? p->ranges_size * 2 : 128;
		struct filter_range *ranges = reallocarray(p->ranges, size, sizeof *ranges);
		if (!ranges)
			return -1;
		p->ranges = ranges;
		p->ranges_size = size;
	}
	p->ranges[p->ranges_count++] = range;
	return 0;
}

int filter_planner_add_plain(struct filter_planner *p, uint32_t start, uint32_t action)
{
	const struct filter_range *last =
		p->ranges_count > 0 ? &p->ranges[p->ranges_count - 1] : NULL;
	// most numbers are like their neighbours
	if (last && last->action == action && last->checks_count == 0 && last->start < start)
		return 0;
	return add_range(p, (struct filter_range){.start = start, .action = action});
}

static int add_verdict(struct filter_planner *p, const struct filter_abi *abi,
		       const struct filter_place *place, uint32_t number, uint32_t action)
{
	if (place->winner)
		warn_void_rules(p, place, number);
	if (place->winner || !place->last)
		return filter_planner_add_plain(p, number, action);
	struct filter_range range = {.start = number, .action = action};
	if (resolve(p, place, abi->architecture->wide, &range) < 0)
		return -1;
	return add_range(p, range);
}

// The places from one on and below another, and the default behind them.
static int add_range_of_places(struct filter_planner *p, const struct filter_abi *abi,
			       uint32_t from, uint32_t below)
{
	for (uint32_t at = from; at < below; at++) {
		const struct filter_place *place = &p->places[at];
		uint32_t action = place->winner ? p->rules[place->winner - 1].action : p->fallback;
		const struct filter_range *last = &p->ranges[p->ranges_count - 1];
		// most numbers are like their neighbours
		if (!place->last && last->checks_count == 0 && last->action == action)
			continue;
		uint32_t number = filter_names_number(abi->architecture, at);
		if (add_verdict(p, abi, place, number, action) < 0)
			return -1;
	}
	if (below <= from)
		return 0;
	memset(p->places + from, 0, (below - from) * sizeof *p->places);
	return filter_planner_add_plain(p, filter_names_number(abi->architecture, below - 1) + 1,
					p->fallback);
}

// Closes the numbers that are in the order of their age.
static int end_of_ordered(struct filter_planner *p, const struct filter_abi *abi)
{
	const struct filter_architecture *architecture = abi->architecture;
	if (!p->stub || abi->ordered_used == 0)
		return 0;
	if (filter_planner_add_plain(p, architecture->base + abi->ordered_used, p->newer) < 0)
		return -1;
	if (architecture->apart == UINT32_MAX)
		return 0;
	return filter_planner_add_plain(p, architecture->apart, p->fallback);
}

// On s390 the number 0 stands for "the number is in a register": nobody has such a call.
static int start_of_ordered(struct filter_planner *p,
			    const struct filter_architecture *architecture, uint32_t *first)
{
	bool s390 = architecture->token == SCMP_ARCH_S390 || architecture->token == SCMP_ARCH_S390X;
	*first = s390 && p->stub;
	if (s390 && p->stub && filter_planner_add_plain(p, architecture->base, p->newer) < 0)
		return -1;
	return filter_planner_add_plain(p, architecture->base + *first, p->fallback);
}

int filter_planner_add_verdicts(struct filter_planner *p, const struct filter_abi *abi)
{
	uint32_t first;
	if (start_of_ordered(p, abi->architecture, &first) < 0 ||
	    add_range_of_places(p, abi, first, abi->ordered_used) < 0 || end_of_ordered(p, abi) < 0)
		return -1;
	return add_range_of_places(p, abi, abi->ordered, abi->used);
}
