// SPDX-License-Identifier: Apache-2.0
// The rules' names to slots, once; then, for each architecture, to places: see filter_planner.h.
#include <errno.h>
#include <stdlib.h>

#include "libcontainer/security/filter_planner.h"

// ---- names to slots ------------------------------------------------------------------------------

static bool argument_twice(const struct spec_seccomp_rule *rule)
{
	unsigned seen = 0;
	for (size_t i = 0; i < rule->args_count; i++) {
		if (seen & 1U << rule->args[i].index)
			return true;
		seen |= 1U << rule->args[i].index;
	}
	return false;
}

// Profiles that are newer or older than husk always have some. To leave a permission out is safe; a refusal that is left out is not.
static void tell_unknown(const struct filter_planner *p, size_t index, const char *name)
{
	const struct spec_seccomp_rule *rule = &p->seccomp->rules[index];
	bool permits = rule->action == spec_seccomp_action_allow ||
		       rule->action == spec_seccomp_action_log ||
		       rule->action == p->seccomp->default_action;
	(permits ? log_debug : log_warning)(
		p->log, "linux.seccomp.syscalls[%zu]: unknown system call %s is left out", index,
		name);
}

static int read_rule(struct filter_planner *p, const struct filter_names *names, size_t index,
		     struct filter_rule *rule)
{
	const struct spec_seccomp_rule *from = &p->seccomp->rules[index];
	int16_t *slots = arena_array(p->arena, from->names.count, sizeof *slots);
	if (!slots)
		return -1;
	for (size_t i = 0; i < from->names.count; i++) {
		slots[i] = (int16_t)filter_names_find(names, from->names.items[i]);
		if (slots[i] < 0)
			tell_unknown(p, index, from->names.items[i]);
	}
	rule->action = filter_rules_action(from->action, from->errno_ret);
	rule->alternatives = argument_twice(from);
	rule->slots = slots;
	return 0;
}

int filter_planner_read_rules(struct filter_planner *p, const struct filter_names *names)
{
	struct filter_rule *rules = arena_array(p->arena, p->seccomp->rules_count, sizeof *rules);
	p->places = arena_array(p->arena, FILTER_NAMES_PLACES, sizeof *p->places);
	p->rules = rules;
	if (!rules || !p->places)
		return -1;
	for (size_t i = 0; i < p->seccomp->rules_count; i++)
		if (read_rule(p, names, i, &rules[i]) < 0)
			return -1;
	return 0;
}

// ---- slots to places -----------------------------------------------------------------------------

static int add_entry(struct filter_planner *p, struct filter_place *place,
		     struct filter_entry entry)
{
	if (p->entries_count == p->entries_size) {
		size_t size = p->entries_size ? p->entries_size * 2 : 64;
		struct filter_entry *entries = reallocarray(p->entries, size, sizeof *entries);
		if (!entries)
			return -1;
		p->entries = entries;
		p->entries_size = size;
	}
	if (p->entries_count >= UINT32_MAX - 1) {
		errno = E2BIG;
		return -1;
	}
	uint32_t added = (uint32_t)p->entries_count++;
	struct filter_entry *last = place->last ? &p->entries[place->last - 1] : NULL;
	entry.next = last ? last->next : added;
	// NOLINTNEXTLINE(clang-analyzer-core.NullDereference): there is room, so there is an array
	p->entries[added] = entry;
	if (last)
		last->next = added;
	place->last = added + 1;
	return 0;
}

static int add_entries(struct filter_planner *p, struct filter_place *place, uint32_t rule,
		       uint32_t selector)
{
	struct filter_entry entry = {rule, ALL_ARGUMENTS, selector, 0};
	if (!p->rules[rule].alternatives)
		return add_entry(p, place, entry);
	for (size_t i = 0; i < p->seccomp->rules[rule].args_count; i++) {
		entry.only = (uint32_t)i;
		if (add_entry(p, place, entry) < 0)
			return -1;
	}
	return 0;
}

static void use_place(struct filter_abi *abi, uint32_t at)
{
	uint32_t *used = at < abi->ordered ? &abi->ordered_used : &abi->used;
	if (at >= *used)
		*used = at + 1;
}

// A rule that counts for some of the calls, is void, or says what the default says.
static int add_special(struct filter_planner *p, struct filter_abi *abi, uint32_t rule, uint32_t at,
		       uint32_t selector)
{
	struct filter_place *place = &p->places[at];
	use_place(abi, at);
	// a void rule is kept when it is stricter, to be warned about
	if (place->winner &&
	    !filter_planner_stricter(p->rules[rule].action, p->rules[place->winner - 1].action))
		return 0;
	return add_entries(p, place, rule, selector);
}

static int add_sub_call(struct filter_planner *p, struct filter_abi *abi, uint32_t rule,
			uint32_t call)
{
	uint32_t carrier = call & FILTER_NAMES_IPC ? abi->column->ipc : abi->column->socketcall;
	if (carrier == FILTER_NAMES_NONE)
		return 0;
	return add_special(p, abi, rule, carrier, call & ~FILTER_NAMES_IPC);
}

static int add_own_number(struct filter_planner *p, struct filter_abi *abi, uint32_t rule,
			  bool plain, uint32_t at)
{
	struct filter_place *place = &p->places[at];
	if (!plain || place->winner)
		return add_special(p, abi, rule, at, NO_SELECTOR);
	place->winner = rule + 1;
	use_place(abi, at);
	return 0;
}

static int add_rule(struct filter_planner *p, struct filter_abi *abi, uint32_t index)
{
	const struct filter_names_column *column = abi->column;
	const int16_t *slots = p->rules[index].slots;
	size_t count = p->seccomp->rules[index].names.count;
	bool plain =
		p->seccomp->rules[index].args_count == 0 && p->rules[index].action != p->fallback;
	for (size_t i = 0; i < count; i++) {
		if (slots[i] < 0)
			continue;
		uint32_t at = column->places[slots[i]];
		if (at != FILTER_NAMES_NONE && add_own_number(p, abi, index, plain, at) < 0)
			return -1;
		uint32_t call = column->calls ? column->calls[slots[i]] : 0;
		if (call != 0 && add_sub_call(p, abi, index, call) < 0)
			return -1;
	}
	return 0;
}

int filter_planner_fill_places(struct filter_planner *p, struct filter_abi *abi)
{
	const struct filter_architecture *architecture = abi->architecture;
	uint32_t apart = architecture->apart - architecture->base;
	abi->ordered = apart < FILTER_NAMES_APART ? apart : FILTER_NAMES_APART;
	p->entries_count = 0;
	for (size_t i = 0; i < p->seccomp->rules_count; i++)
		if (add_rule(p, abi, (uint32_t)i) < 0)
			return -1;
	return 0;
}
