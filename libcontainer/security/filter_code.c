// SPDX-License-Identifier: Apache-2.0
// See filter_code.h.
//
// Instructions are written from the last to the first, because BPF jumps only forward: whatever is
// jumped to is already there, and its distance is known. Conditional jumps reach 255
// instructions; where a target is farther away, a RET is repeated and other code gets a long jump.
// Only instructions that the kernel's own emulation of filters understands are used before
// the first look at an argument: so the kernel can remember which calls are always allowed.
#include "libcontainer/security/filter_code.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/memory.h"

#define REACH 255U
#define REMEMBERED 16U

// Where to go: to an instruction, or to a RET that need not exist yet.
struct target {
	bool answer;
	uint32_t value;  // the RET's value, or the instruction's number counted from the end
};

struct generator {
	struct sock_filter *code;  // filled from the end
	uint32_t count;
	bool full;
	// the newest RET of each value
	struct {
		uint32_t value, at;
	} answers[REMEMBERED];
	uint32_t answers_count;
};

static struct target answer(uint32_t value)
{
	return (struct target){.answer = true, .value = value};
}

// Returns the number of the instruction, counted from the end.
static uint32_t emit(struct generator *g, struct sock_filter instruction)
{
	if (g->count == BPF_MAXINSNS) {
		g->full = true;
		return g->count - 1;
	}
	g->code[BPF_MAXINSNS - 1 - g->count] = instruction;
	return g->count++;
}

// The distance that an instruction emitted now would have to jump.
static uint32_t distance(const struct generator *g, uint32_t at)
{
	return g->count - at - 1;
}

static uint32_t reach_answer(struct generator *g, uint32_t value)
{
	uint32_t slot = 0;
	while (slot < g->answers_count && g->answers[slot].value != value)
		slot++;
	if (slot < g->answers_count && distance(g, g->answers[slot].at) <= REACH)
		return g->answers[slot].at;
	if (slot == REMEMBERED)
		slot = g->count % REMEMBERED;  // many different answers: forget any other
	else if (slot == g->answers_count)
		g->answers_count++;
	uint32_t at = emit(g, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, value));
	g->answers[slot].value = value;
	g->answers[slot].at = at;
	return at;
}

// The number of an instruction within reach that is, or leads to, the target.
static uint32_t reach(struct generator *g, struct target target)
{
	if (target.answer)
		return reach_answer(g, target.value);
	if (distance(g, target.value) <= REACH)
		return target.value;
	return emit(g, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, distance(g, target.value)));
}

static bool same(struct target a, struct target b)
{
	return a.answer == b.answer && a.value == b.value;
}

static struct target branch(struct generator *g, uint16_t compare, uint32_t k, struct target yes,
			    struct target no)
{
	if (same(yes, no))
		return yes;
	// making one target reachable may move the other out of reach: then once more
	uint32_t before, at_yes, at_no;
	do {
		before = g->count;
		at_yes = reach(g, yes);
		at_no = reach(g, no);
	} while (g->count != before && !g->full &&
		 (distance(g, at_yes) > REACH || distance(g, at_no) > REACH));
	struct sock_filter jump = BPF_JUMP(BPF_JMP | compare | BPF_K, k, (uint8_t)distance(g, at_yes),
					   (uint8_t)distance(g, at_no));
	return (struct target){.value = emit(g, jump)};
}

// Puts a load in front of an instruction that was just emitted.
static struct target load(struct generator *g, uint32_t offset)
{
	uint32_t at = emit(g, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
	return (struct target){.value = at};
}

// Falls through to next, which may be anywhere.
static void continue_at(struct generator *g, struct target next)
{
	if (next.answer)
		emit(g, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, next.value));
	else if (distance(g, next.value) != 0)
		emit(g, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, distance(g, next.value)));
}

// One half of an argument: load, mask, compare. yes and no differ.
static struct target half(struct generator *g, uint32_t offset, uint32_t mask, uint16_t compare,
			  uint32_t value, struct target yes, struct target no)
{
	branch(g, compare, value, yes, no);
	if (mask != UINT32_MAX)
		emit(g, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
	return load(g, offset);
}

static uint32_t argument_offset(const struct filter_condition *condition, bool high, bool big_endian)
{
	uint32_t offset = (uint32_t)offsetof(struct seccomp_data, args) + 8U * condition->argument;
	return offset + (high != big_endian ? 4U : 0U);
}

static struct target condition_code(struct generator *g, const struct filter_condition *c,
				    bool big_endian, struct target yes, struct target no)
{
	static const uint16_t codes[] = {
		[filter_compare_equal] = BPF_JEQ,
		[filter_compare_greater] = BPF_JGT,
		[filter_compare_at_least] = BPF_JGE,
	};
	if (same(yes, no))
		return yes;
	if (c->negate) {
		struct target swapped = yes;
		yes = no;
		no = swapped;
	}
	uint32_t mask_low = (uint32_t)c->mask, mask_high = (uint32_t)(c->mask >> 32);
	uint32_t low = (uint32_t)c->value & mask_low, high = (uint32_t)(c->value >> 32) & mask_high;
	uint32_t at_low = argument_offset(c, false, big_endian);
	uint32_t at_high = argument_offset(c, true, big_endian);

	bool look_low = mask_low != 0 || c->compare != filter_compare_equal;
	struct target lower =
		look_low ? half(g, at_low, mask_low, codes[c->compare], low, yes, no) : yes;
	if (!c->wide || mask_high == 0)
		return lower;
	if (c->compare == filter_compare_equal)
		return half(g, at_high, mask_high, BPF_JEQ, high, lower, no);
	// greater: high > value's, or equal and the low half decides
	struct target not_greater = branch(g, BPF_JEQ, high, lower, no);
	branch(g, BPF_JGT, high, yes, not_greater);
	return load(g, at_high);
}

static struct target checks_code(struct generator *g, const struct filter_range *range,
				 bool big_endian)
{
	struct target next = answer(range->action);
	for (size_t i = range->checks_count; i-- > 0;) {
		const struct filter_check *check = &range->checks[i];
		struct target yes = answer(check->action);
		for (size_t k = check->conditions_count; k-- > 0;)
			yes = condition_code(g, &check->conditions[k], big_endian, yes, next);
		next = yes;
	}
	return next;
}

struct leaf {
	uint32_t start;
	struct target target;
};

// The tree for leaves[0..count-1], whose first one starts where the values that come here start.
static struct target tree(struct generator *g, const struct leaf *leaves, size_t count)
{
	if (count == 1)
		return leaves[0].target;
	// one number between two ranges with the same answer
	if (count == 3 && leaves[2].start - leaves[1].start == 1 &&
	    same(leaves[0].target, leaves[2].target))
		return branch(g, BPF_JEQ, leaves[1].start, leaves[1].target, leaves[0].target);
	size_t middle = count / 2;
	struct target right = tree(g, leaves + middle, count - middle);
	struct target left = tree(g, leaves, middle);
	return branch(g, BPF_JGE, leaves[middle].start, right, left);
}

static int table_code(struct generator *g, const struct filter_table *table, struct target *entry)
{
	auto_free struct leaf *leaves = calloc(table->ranges_count, sizeof *leaves);
	if (!leaves)
		return -1;
	size_t count = 0;
	for (size_t i = 0; i < table->ranges_count && !g->full; i++) {
		struct target target = checks_code(g, &table->ranges[i], table->big_endian);
		if (count > 0 && same(target, leaves[count - 1].target))
			continue;
		leaves[count].start = table->ranges[i].start;
		leaves[count++].target = target;
	}
	struct target root = tree(g, leaves, count);
	if (root.answer) {
		*entry = root;
		return 0;
	}
	continue_at(g, root);
	*entry = load(g, offsetof(struct seccomp_data, nr));
	return 0;
}

static int generate(struct generator *g, const struct filter_program *program)
{
	struct target next = answer(program->foreign);
	auto_free struct target *entries = calloc(program->tables_count + 1, sizeof *entries);
	if (!entries)
		return -1;
	for (size_t i = program->tables_count; i-- > 0;)
		if (table_code(g, &program->tables[i], &entries[i]) < 0)
			return -1;
	for (size_t i = program->tables_count; i-- > 0;)
		next = branch(g, BPF_JEQ, program->tables[i].audit, entries[i], next);
	continue_at(g, next);
	load(g, offsetof(struct seccomp_data, arch));
	if (!g->full)
		return 0;
	errno = E2BIG;
	return -1;
}

int filter_code_generate(const struct filter_program *program, struct sock_filter **code,
			 uint16_t *count)
{
	struct generator g = {.code = NULL};
	// calloc would touch every page; only the end of this is written
	auto_free struct sock_filter *buffer = malloc(BPF_MAXINSNS * sizeof *buffer);
	if (!buffer)
		return -1;
	g.code = buffer;
	if (generate(&g, program) < 0)
		return -1;
	struct sock_filter *result = malloc(g.count * sizeof *result);
	if (!result)
		return -1;
	memcpy(result, buffer + BPF_MAXINSNS - g.count, g.count * sizeof *result);
	*code = result;
	*count = (uint16_t)g.count;
	return 0;
}
