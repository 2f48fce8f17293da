// SPDX-License-Identifier: Apache-2.0
// See filter_rules.h.
//
// For every architecture: names to numbers, sorted; then each number's rules to one verdict; then
// verdicts to ranges, neighbours with equal verdicts being one.
#include "libcontainer/security/filter_rules.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/security/filter_names.h"

#define ALL_ARGUMENTS UINT32_MAX
#define NO_SELECTOR UINT32_MAX
#define ABIS_MAX 4U  // of one family

// One rule for one number.
struct entry {
	uint32_t number;
	uint32_t rule;
	uint32_t only;      // this element of the rule's args alone, or ALL_ARGUMENTS
	uint32_t selector;  // what argument 0 must be, or NO_SELECTOR
};

struct planner {
	const struct spec_seccomp *seccomp;
	const struct log *log;
	struct arena *arena;        // borrowed
	struct entry *entries;      // owned
	size_t entries_count, entries_size;
	struct filter_range *ranges;  // owned
	size_t ranges_count, ranges_size;
	uint32_t fallback;  // the default action
	bool stub;          // answer ENOSYS beyond the newest call
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

static uint32_t rule_action(const struct planner *p, const struct entry *entry)
{
	const struct spec_seccomp_rule *rule = &p->seccomp->rules[entry->rule];
	return filter_rules_action(rule->action, rule->errno_ret);
}

// ---- names to numbers ----------------------------------------------------------------------------

static int add_entry(struct planner *p, struct entry entry)
{
	if (p->entries_count == p->entries_size) {
		size_t size = p->entries_size ? p->entries_size * 2 : 256;
		struct entry *entries = reallocarray(p->entries, size, sizeof *entries);
		if (!entries)
			return -1;
		p->entries = entries;
		p->entries_size = size;
	}
	p->entries[p->entries_count++] = entry;
	return 0;
}

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

static int add_number(struct planner *p, uint32_t rule, uint32_t number, uint32_t selector)
{
	struct entry entry = {number, rule, ALL_ARGUMENTS, selector};
	if (!argument_twice(&p->seccomp->rules[rule]))
		return add_entry(p, entry);
	for (size_t i = 0; i < p->seccomp->rules[rule].args_count; i++) {
		entry.only = (uint32_t)i;
		if (add_entry(p, entry) < 0)
			return -1;
	}
	return 0;
}

static int add_rule(struct planner *p, const struct filter_architecture *architecture, uint32_t index,
		    bool first)
{
	const struct spec_strings *names = &p->seccomp->rules[index].names;
	for (size_t i = 0; i < names->count; i++) {
		struct filter_numbers numbers;
		if (!filter_names_resolve(architecture, names->items[i], &numbers) && first)
			log_debug(p->log, "linux.seccomp.syscalls[%u]: unknown system call %s", index,
				  names->items[i]);
		if (numbers.direct_set &&
		    add_number(p, index, numbers.direct, NO_SELECTOR) < 0)
			return -1;
		if (numbers.multiplexer_set &&
		    add_number(p, index, numbers.multiplexer, numbers.selector) < 0)
			return -1;
	}
	return 0;
}

static bool before(const struct entry *a, const struct entry *b)
{
	if (a->number != b->number)
		return a->number < b->number;
	if (a->rule != b->rule)
		return a->rule < b->rule;
	return a->only < b->only;
}

// Shell's sort: a few hundred entries, and no memory of its own as qsort would take.
static void sort_entries(struct entry *entries, size_t count)
{
	static const size_t gaps[] = {29524, 9841, 3280, 1093, 364, 121, 40, 13, 4, 1};
	for (size_t g = 0; g < array_size(gaps); g++)
		for (size_t i = gaps[g]; i < count; i++) {
			struct entry moving = entries[i];
			size_t at = i;
			for (; at >= gaps[g] && before(&moving, &entries[at - gaps[g]]); at -= gaps[g])
				entries[at] = entries[at - gaps[g]];
			entries[at] = moving;
		}
}

// ---- rules to verdicts ---------------------------------------------------------------------------

static struct filter_condition condition_of(const struct spec_seccomp_argument *argument, bool wide)
{
	struct filter_condition c = {
		.mask = UINT64_MAX,
		.value = argument->value,
		.argument = (uint8_t)argument->index,
		.wide = wide,
	};
	switch (argument->operator) {
	case spec_seccomp_operator_ne:
	case spec_seccomp_operator_eq:
		c.negate = argument->operator == spec_seccomp_operator_ne;
		break;
	case spec_seccomp_operator_lt:
	case spec_seccomp_operator_ge:
		c.compare = filter_compare_at_least;
		c.negate = argument->operator == spec_seccomp_operator_lt;
		break;
	case spec_seccomp_operator_le:
	case spec_seccomp_operator_gt:
		c.compare = filter_compare_greater;
		c.negate = argument->operator == spec_seccomp_operator_le;
		break;
	case spec_seccomp_operator_masked_eq:
		c.mask = argument->value;
		c.value = argument->value_two & argument->value;
		break;
	}
	return c;
}

static bool has_conditions(const struct planner *p, const struct entry *entry)
{
	return entry->selector != NO_SELECTOR || p->seccomp->rules[entry->rule].args_count > 0;
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
		conditions[count++] = (struct filter_condition){
			.mask = UINT64_MAX, .value = entry->selector, .wide = wide};
	for (size_t i = 0; i < rule->args_count; i++) {
		bool wanted = entry->only == ALL_ARGUMENTS || entry->only == i;
		if (wanted && !(selected && rule->args[i].index == 0))
			conditions[count++] = condition_of(&rule->args[i], wide);
	}
	check->action = rule_action(p, entry);
	check->conditions = conditions;
	check->conditions_count = count;
	return 0;
}

static void warn_void_rules(const struct planner *p, const struct entry *entries, size_t count,
			    const struct entry *winner)
{
	for (size_t i = 0; i < count; i++)
		if (stricter(rule_action(p, &entries[i]), rule_action(p, winner)))
			log_warning(p->log,
				    "linux.seccomp.syscalls[%u] is void for system call %u: "
				    "syscalls[%u] lets it pass without conditions",
				    entries[i].rule, entries[i].number, winner->rule);
}

// The verdict on the number that all the entries have.
static int resolve(struct planner *p, const struct entry *entries, size_t count, bool wide,
		   struct filter_range *range)
{
	size_t conditional = 0;
	*range = (struct filter_range){.start = entries[0].number, .action = p->fallback};
	for (size_t i = 0; i < count; i++) {
		if (rule_action(p, &entries[i]) == p->fallback)
			continue;
		if (!has_conditions(p, &entries[i])) {
			warn_void_rules(p, entries, count, &entries[i]);
			range->action = rule_action(p, &entries[i]);
			return 0;
		}
		conditional++;
	}
	struct filter_check *checks = arena_array(p->arena, conditional + 1, sizeof *checks);
	if (!checks)
		return -1;
	for (size_t i = 0; i < count; i++) {
		uint32_t action = rule_action(p, &entries[i]);
		if (action == p->fallback)
			continue;
		size_t at = range->checks_count++;
		for (; at > 0 && stricter(action, checks[at - 1].action); at--)
			checks[at] = checks[at - 1];
		if (fill_check(p, &entries[i], wide, &checks[at]) < 0)
			return -1;
	}
	range->checks = checks;
	return 0;
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
	return add_range(p, (struct filter_range){.start = start, .action = action});
}

// Closes the numbers that are in the order of their age.
static int end_of_ordered(struct planner *p, const struct filter_architecture *architecture,
			  size_t named)
{
	if (!p->stub || named == 0)
		return 0;
	uint32_t newest = p->entries[named - 1].number;
	if (add_plain(p, newest + 1, SECCOMP_RET_ERRNO | ENOSYS) < 0)
		return -1;
	if (architecture->apart == UINT32_MAX)
		return 0;
	return add_plain(p, architecture->apart, p->fallback);
}

// On s390 the number 0 stands for "the number is in a register": nobody has such a call.
static int start_of_ordered(struct planner *p, const struct filter_architecture *architecture)
{
	bool s390 = architecture->token == SCMP_ARCH_S390 || architecture->token == SCMP_ARCH_S390X;
	if (s390 && p->stub &&
	    add_plain(p, architecture->base, SECCOMP_RET_ERRNO | ENOSYS) < 0)
		return -1;
	return add_plain(p, architecture->base + s390, p->fallback);
}

static int add_abi(struct planner *p, const struct filter_architecture *architecture, bool first)
{
	p->entries_count = 0;
	for (size_t i = 0; i < p->seccomp->rules_count; i++)
		if (add_rule(p, architecture, (uint32_t)i, first) < 0)
			return -1;
	sort_entries(p->entries, p->entries_count);
	size_t ordered = 0;
	while (ordered < p->entries_count && p->entries[ordered].number < architecture->apart)
		ordered++;
	if (start_of_ordered(p, architecture) < 0)
		return -1;
	for (size_t i = 0, next; i < p->entries_count; i = next) {
		for (next = i + 1; next < p->entries_count; next++)
			if (p->entries[next].number != p->entries[i].number)
				break;
		if (i == ordered && end_of_ordered(p, architecture, ordered) < 0)
			return -1;
		struct filter_range range;
		if (resolve(p, p->entries + i, next - i, architecture->wide, &range) < 0 ||
		    add_range(p, range) < 0 || add_plain(p, range.start + 1, p->fallback) < 0)
			return -1;
	}
	return ordered < p->entries_count ? 0 : end_of_ordered(p, architecture, ordered);
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
					 "linux.seccomp.architectures[%zu]: %s is unknown to libseccomp %u.%u.%u",
					 i, name, seccomp_version()->major, seccomp_version()->minor,
					 seccomp_version()->micro);
		if (found->family == native->family)
			abis_add(abis, found);
	}
	return 0;
}

// x86-64 and x32 are one architecture to the filter, told apart by bit 30 of the number.
static int add_x86_64(struct planner *p, const struct abis *abis, uint32_t foreign, bool first)
{
	const struct filter_architecture *x86_64 = abis_find(abis, SCMP_ARCH_X86_64);
	const struct filter_architecture *x32 = abis_find(abis, SCMP_ARCH_X32);
	const uint32_t bit = 0x40000000;
	if (x86_64 ? add_abi(p, x86_64, first) < 0 : add_plain(p, 0, foreign) < 0)
		return -1;
	if (x32)
		return add_abi(p, x32, false);
	if (p->stub)
		return add_plain(p, bit, SECCOMP_RET_ERRNO | ENOSYS);
	// -1 is how a tracer skips a call: not an x32 number
	if (add_plain(p, bit, foreign) < 0)
		return -1;
	return add_plain(p, UINT32_MAX, p->fallback);
}

static int add_table(struct planner *p, const struct abis *abis, size_t index,
		     struct filter_program *program, struct filter_table *tables)
{
	const struct filter_architecture *architecture = abis->items[index];
	for (size_t i = 0; i < program->tables_count; i++)
		if (tables[i].audit == architecture->audit)
			return 0;
	p->ranges_count = 0;
	if (architecture->audit == SCMP_ARCH_X86_64) {
		if (add_x86_64(p, abis, program->foreign, index == 0) < 0)
			return -1;
	} else if (add_plain(p, 0, p->fallback) < 0 || add_abi(p, architecture, index == 0) < 0) {
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
		      const struct log *log, struct arena *arena, struct filter_program *program,
		      struct error *err)
{
	uint32_t fallback = filter_rules_action(seccomp->default_action, seccomp->default_errno_ret);
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
	int result = tables ? 0 : -1;
	*program = (struct filter_program){.tables = tables, .foreign = SECCOMP_RET_KILL_THREAD};
	for (size_t i = 0; i < abis.count && result == 0; i++)
		result = add_table(&p, &abis, i, program, tables);
	free(p.entries);
	free(p.ranges);
	return result < 0 ? error_errno(err, "linux.seccomp") : 0;
}
