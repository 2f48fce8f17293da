// SPDX-License-Identifier: Apache-2.0
// See filter_rules.h.
//
// Names to slots, once. Then for every architecture: slots to places, each of which keeps what the rules say about its
// number; then, place by place, one verdict; then verdicts to ranges, neighbours with equal verdicts being one.
#include "libcontainer/security/filter_rules.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#define ALL_ARGUMENTS UINT32_MAX
#define NO_SELECTOR UINT32_MAX
#define ABIS_MAX 4U  // of one family

// One rule for one number, unless it is the number's winner.
struct entry {
	uint32_t rule;
	uint32_t only;      // this element of the rule's args alone, or ALL_ARGUMENTS
	uint32_t selector;  // what argument 0 must be, or NO_SELECTOR
	uint32_t
		next;  // of the same number, in the order of the rules; the last one's is the first
};

// A number. Both are indices plus one, 0 is none.
struct place {
	uint32_t
		winner;  // the first rule without conditions that does not say what the default says
	uint32_t last;   // of the entries
};

struct rule {
	uint32_t action;       // SECCOMP_RET_*
	bool alternatives;     // two conditions on one argument
	const int16_t *slots;  // of the names, -1 for unknown ones
};

struct planner {
	const struct spec_seccomp *seccomp;
	const struct log *log;
	struct arena *arena;       // borrowed
	const struct rule *rules;  // in the arena
	struct place *places;  // in the arena; FILTER_NAMES_PLACES, empty between two architectures
	struct entry *entries;  // owned
	size_t entries_count, entries_size;
	struct filter_range *ranges;  // owned
	size_t ranges_count, ranges_size;
	uint32_t fallback;  // the default action
	bool stub;          // answer ENOSYS beyond the newest call
};

// An architecture while its numbers are collected.
struct abi {
	const struct filter_architecture *architecture;
	const struct filter_names_column *column;
	uint32_t ordered;       // places below are in the order of their age
	uint32_t ordered_used;  // places in use: below this one, and between ordered and used
	uint32_t used;
};

uint32_t filter_rules_action(enum spec_seccomp_action action, struct spec_optional_u64 errno_ret)
{
	uint32_t data = errno_ret.set ? (uint32_t)errno_ret.value & SECCOMP_RET_DATA : EPERM;
	switch (action) {
	case spec_seccomp_action_kill_thread:
		return SECCOMP_RET_KILL_THREAD;
	case spec_seccomp_action_kill_process:
		return SECCOMP_RET_KILL_PROCESS;
	case spec_seccomp_action_trap:
		return SECCOMP_RET_TRAP;
	case spec_seccomp_action_errno:
		return SECCOMP_RET_ERRNO | data;
	case spec_seccomp_action_trace:
		return SECCOMP_RET_TRACE | data;
	case spec_seccomp_action_allow:
		return SECCOMP_RET_ALLOW;
	case spec_seccomp_action_log:
		return SECCOMP_RET_LOG;
	case spec_seccomp_action_notify:
		return SECCOMP_RET_USER_NOTIF;
	}
	return SECCOMP_RET_KILL_PROCESS;
}

// Orders as the kernel does when filters disagree: KILL_PROCESS is the only negative one.
static bool stricter(uint32_t a, uint32_t b)
{
	return (int32_t)(a & SECCOMP_RET_ACTION_FULL) < (int32_t)(b & SECCOMP_RET_ACTION_FULL);
}

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

static int read_rule(struct planner *p, const struct filter_names *names, size_t index,
		     struct rule *rule)
{
	const struct spec_seccomp_rule *from = &p->seccomp->rules[index];
	int16_t *slots = arena_array(p->arena, from->names.count, sizeof *slots);
	if (!slots)
		return -1;
	for (size_t i = 0; i < from->names.count; i++) {
		slots[i] = (int16_t)filter_names_find(names, from->names.items[i]);
		if (slots[i] < 0)
			log_debug(p->log, "linux.seccomp.syscalls[%zu]: unknown system call %s",
				  index, from->names.items[i]);
	}
	rule->action = filter_rules_action(from->action, from->errno_ret);
	rule->alternatives = argument_twice(from);
	rule->slots = slots;
	return 0;
}

static int read_rules(struct planner *p, const struct filter_names *names)
{
	struct rule *rules = arena_array(p->arena, p->seccomp->rules_count, sizeof *rules);
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

static int add_entry(struct planner *p, struct place *place, struct entry entry)
{
	if (p->entries_count == p->entries_size) {
		size_t size = p->entries_size ? p->entries_size * 2 : 64;
		struct entry *entries = reallocarray(p->entries, size, sizeof *entries);
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
	struct entry *last = place->last ? &p->entries[place->last - 1] : NULL;
	entry.next = last ? last->next : added;
	p->entries[added] = entry;
	if (last)
		last->next = added;
	place->last = added + 1;
	return 0;
}

static int add_entries(struct planner *p, struct place *place, uint32_t rule, uint32_t selector)
{
	struct entry entry = {rule, ALL_ARGUMENTS, selector, 0};
	if (!p->rules[rule].alternatives)
		return add_entry(p, place, entry);
	for (size_t i = 0; i < p->seccomp->rules[rule].args_count; i++) {
		entry.only = (uint32_t)i;
		if (add_entry(p, place, entry) < 0)
			return -1;
	}
	return 0;
}

static int add_place(struct planner *p, struct abi *abi, uint32_t rule, uint32_t at,
		     uint32_t selector)
{
	struct place *place = &p->places[at];
	uint32_t action = p->rules[rule].action;
	uint32_t *used = at < abi->ordered ? &abi->ordered_used : &abi->used;
	if (at >= *used)
		*used = at + 1;
	if (place->winner) {
		// void; a stricter one is kept to be warned about
		if (!stricter(action, p->rules[place->winner - 1].action))
			return 0;
	} else if (p->seccomp->rules[rule].args_count == 0 && selector == NO_SELECTOR &&
		   action != p->fallback) {
		place->winner = rule + 1;
		return 0;
	}
	return add_entries(p, place, rule, selector);
}

static int add_sub_call(struct planner *p, struct abi *abi, uint32_t rule, uint32_t call)
{
	uint32_t carrier = call & FILTER_NAMES_IPC ? abi->column->ipc : abi->column->socketcall;
	if (carrier == FILTER_NAMES_NONE)
		return 0;
	return add_place(p, abi, rule, carrier, call & ~FILTER_NAMES_IPC);
}

static int add_rule(struct planner *p, struct abi *abi, uint32_t index)
{
	const struct filter_names_column *column = abi->column;
	const int16_t *slots = p->rules[index].slots;
	for (size_t i = 0; i < p->seccomp->rules[index].names.count; i++) {
		if (slots[i] < 0)
			continue;
		uint32_t at = column->places[slots[i]];
		if (at != FILTER_NAMES_NONE && add_place(p, abi, index, at, NO_SELECTOR) < 0)
			return -1;
		uint32_t call = column->calls ? column->calls[slots[i]] : 0;
		if (call != 0 && add_sub_call(p, abi, index, call) < 0)
			return -1;
	}
	return 0;
}

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

static int fill_check(struct planner *p, const struct entry *entry, bool wide,
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

static void warn_void_rules(const struct planner *p, const struct place *place, uint32_t number)
{
	uint32_t winner = place->winner - 1;
	if (!place->last)
		return;
	uint32_t at = place->last - 1;
	do {
		const struct entry *entry = &p->entries[at = p->entries[at].next];
		if (stricter(p->rules[entry->rule].action, p->rules[winner].action))
			log_warning(p->log,
				    "linux.seccomp.syscalls[%u] is void for system call %u: "
				    "syscalls[%u] lets it pass without conditions",
				    entry->rule, number, winner);
	} while (at != place->last - 1);
}

// The strictest check comes first, among equals the first of the rules.
static int fill_checks(struct planner *p, const struct place *place, bool wide,
		       struct filter_check *checks, size_t *count)
{
	uint32_t at = place->last - 1;
	do {
		const struct entry *entry = &p->entries[at = p->entries[at].next];
		uint32_t action = p->rules[entry->rule].action;
		if (action == p->fallback)
			continue;
		size_t to = (*count)++;
		for (; to > 0 && stricter(action, checks[to - 1].action); to--)
			checks[to] = checks[to - 1];
		if (fill_check(p, entry, wide, &checks[to]) < 0)
			return -1;
	} while (at != place->last - 1);
	return 0;
}

// The verdict on a number that has entries and no winner.
static int resolve(struct planner *p, const struct place *place, bool wide,
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

static int add_range(struct planner *p, struct filter_range range)
{
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

static int add_plain(struct planner *p, uint32_t start, uint32_t action)
{
	const struct filter_range *last =
		p->ranges_count > 0 ? &p->ranges[p->ranges_count - 1] : NULL;
	// most numbers are like their neighbours
	if (last && last->action == action && last->checks_count == 0 && last->start < start)
		return 0;
	return add_range(p, (struct filter_range){.start = start, .action = action});
}

static int add_verdict(struct planner *p, const struct abi *abi, const struct place *place,
		       uint32_t number)
{
	if (place->winner) {
		warn_void_rules(p, place, number);
		return add_plain(p, number, p->rules[place->winner - 1].action);
	}
	if (!place->last)
		return add_plain(p, number, p->fallback);
	struct filter_range range = {.start = number, .action = p->fallback};
	if (resolve(p, place, abi->architecture->wide, &range) < 0)
		return -1;
	return add_range(p, range);
}

// The places from one on and below another, and the default behind them.
static int add_verdicts(struct planner *p, const struct abi *abi, uint32_t from, uint32_t below)
{
	for (uint32_t at = from; at < below; at++)
		if (add_verdict(p, abi, &p->places[at],
				filter_names_number(abi->architecture, at)) < 0)
			return -1;
	if (below <= from)
		return 0;
	memset(p->places + from, 0, (below - from) * sizeof *p->places);
	return add_plain(p, filter_names_number(abi->architecture, below - 1) + 1, p->fallback);
}

// Closes the numbers that are in the order of their age.
static int end_of_ordered(struct planner *p, const struct abi *abi)
{
	const struct filter_architecture *architecture = abi->architecture;
	if (!p->stub || abi->ordered_used == 0)
		return 0;
	if (add_plain(p, architecture->base + abi->ordered_used, SECCOMP_RET_ERRNO | ENOSYS) < 0)
		return -1;
	if (architecture->apart == UINT32_MAX)
		return 0;
	return add_plain(p, architecture->apart, p->fallback);
}

// On s390 the number 0 stands for "the number is in a register": nobody has such a call.
static int start_of_ordered(struct planner *p, const struct filter_architecture *architecture,
			    uint32_t *first)
{
	bool s390 = architecture->token == SCMP_ARCH_S390 || architecture->token == SCMP_ARCH_S390X;
	*first = s390 && p->stub;
	if (s390 && p->stub && add_plain(p, architecture->base, SECCOMP_RET_ERRNO | ENOSYS) < 0)
		return -1;
	return add_plain(p, architecture->base + *first, p->fallback);
}

static int add_abi(struct planner *p, const struct filter_names *names,
		   const struct filter_architecture *architecture)
{
	struct abi abi = {.architecture = architecture,
			  .column = filter_names_column(names, architecture)};
	if (!abi.column) {
		errno = ENOSYS;
		return -1;
	}
	uint32_t apart = architecture->apart - architecture->base;
	abi.ordered = apart < FILTER_NAMES_APART ? apart : FILTER_NAMES_APART;
	p->entries_count = 0;
	for (size_t i = 0; i < p->seccomp->rules_count; i++)
		if (add_rule(p, &abi, (uint32_t)i) < 0)
			return -1;
	uint32_t first;
	if (start_of_ordered(p, architecture, &first) < 0 ||
	    add_verdicts(p, &abi, first, abi.ordered_used) < 0 || end_of_ordered(p, &abi) < 0)
		return -1;
	return add_verdicts(p, &abi, abi.ordered, abi.used);
}

// ---- architectures -------------------------------------------------------------------------------

struct abis {
	const struct filter_architecture *items[ABIS_MAX];
	size_t count;
};

static void abis_add(struct abis *abis, const struct filter_architecture *architecture)
{
	for (size_t i = 0; i < abis->count; i++)
		if (abis->items[i] == architecture)
			return;
	if (abis->count < ABIS_MAX)
		abis->items[abis->count++] = architecture;
}

static const struct filter_architecture *abis_find(const struct abis *abis, uint32_t token)
{
	for (size_t i = 0; i < abis->count; i++)
		if (abis->items[i]->token == token)
			return abis->items[i];
	return NULL;
}

static int choose_abis(const struct spec_seccomp *seccomp, const struct filter_architecture *native,
		       struct abis *abis, struct error *err)
{
	abis_add(abis, native);
	for (size_t i = 0; i < seccomp->architectures.count; i++) {
		const char *name = seccomp->architectures.items[i];
		const struct filter_architecture *found = filter_architecture_find(name);
		if (!found)
			return error_set(err, 0,
					 "linux.seccomp.architectures[%zu]: %s is unknown to "
					 "libseccomp %d.%d.%d",
					 i, name, SCMP_VER_MAJOR, SCMP_VER_MINOR, SCMP_VER_MICRO);
		if (found->family == native->family)
			abis_add(abis, found);
	}
	return 0;
}

// x86-64 and x32 are one architecture to the filter, told apart by bit 30 of the number.
static int add_x86_64(struct planner *p, const struct filter_names *names, const struct abis *abis,
		      uint32_t foreign)
{
	const struct filter_architecture *x86_64 = abis_find(abis, SCMP_ARCH_X86_64);
	const struct filter_architecture *x32 = abis_find(abis, SCMP_ARCH_X32);
	const uint32_t bit = 0x40000000;
	if (x86_64 ? add_abi(p, names, x86_64) < 0 : add_plain(p, 0, foreign) < 0)
		return -1;
	if (x32)
		return add_abi(p, names, x32);
	if (p->stub)
		return add_plain(p, bit, SECCOMP_RET_ERRNO | ENOSYS);
	// -1 is how a tracer skips a call: not an x32 number
	if (add_plain(p, bit, foreign) < 0)
		return -1;
	return add_plain(p, UINT32_MAX, p->fallback);
}

static int add_table(struct planner *p, const struct filter_names *names, const struct abis *abis,
		     const struct filter_architecture *architecture, struct filter_program *program,
		     struct filter_table *tables)
{
	for (size_t i = 0; i < program->tables_count; i++)
		if (tables[i].audit == architecture->audit)
			return 0;
	p->ranges_count = 0;
	if (architecture->audit == SCMP_ARCH_X86_64) {
		if (add_x86_64(p, names, abis, program->foreign) < 0)
			return -1;
	} else if (add_plain(p, 0, p->fallback) < 0 || add_abi(p, names, architecture) < 0) {
		return -1;
	}
	struct filter_range *ranges = arena_array(p->arena, p->ranges_count, sizeof *ranges);
	if (!ranges)
		return -1;
	memcpy(ranges, p->ranges, p->ranges_count * sizeof *ranges);
	tables[program->tables_count++] = (struct filter_table){
		.audit = architecture->audit,
		.big_endian = architecture->big_endian,
		.ranges = ranges,
		.ranges_count = p->ranges_count,
	};
	return 0;
}

static bool refuses(uint32_t action)
{
	// a tracer is expected to know new calls itself
	return stricter(action, SECCOMP_RET_TRACE);
}

int filter_rules_plan(const struct spec_seccomp *seccomp, const struct filter_architecture *native,
		      const struct filter_names *names, const struct log *log, struct arena *arena,
		      struct filter_program *program, struct error *err)
{
	uint32_t fallback =
		filter_rules_action(seccomp->default_action, seccomp->default_errno_ret);
	struct planner p = {
		.seccomp = seccomp,
		.log = log,
		.arena = arena,
		.fallback = fallback,
		.stub = refuses(fallback),
	};
	struct abis abis = {.count = 0};
	if (choose_abis(seccomp, native, &abis, err) < 0)
		return -1;
	struct filter_table *tables = arena_array(arena, ABIS_MAX, sizeof *tables);
	int result = tables ? read_rules(&p, names) : -1;
	*program = (struct filter_program){.tables = tables, .foreign = SECCOMP_RET_KILL_THREAD};
	for (size_t i = 0; i < abis.count && result == 0; i++)
		result = add_table(&p, names, &abis, abis.items[i], program, tables);
	free(p.entries);
	free(p.ranges);
	return result < 0 ? error_errno(err, "linux.seccomp") : 0;
}
