// SPDX-License-Identifier: Apache-2.0
// See filter_checks.h.
#include "libcontainer/security/filter_checks.h"

#include <linux/seccomp.h>
#include <string.h>

#define RUN_MAX 32U  // checks in one tree

static uint32_t offset_of(const struct filter_condition *condition, bool high, bool big_endian)
{
	uint32_t offset = (uint32_t)offsetof(struct seccomp_data, args) + 8U * condition->argument;
	return offset + (high != big_endian ? 4U : 0U);
}

// ---- one condition -------------------------------------------------------------------------------

static struct filter_target half(struct filter_emitter *e, uint32_t offset, uint32_t mask,
				 uint16_t compare, uint32_t value, struct filter_target yes,
				 struct filter_target no)
{
	return filter_emit_load(e, offset, mask, filter_emit_branch(e, compare, value, yes, no));
}

static struct filter_target condition_code(struct filter_emitter *e,
					   const struct filter_condition *c, bool big_endian,
					   struct filter_target yes, struct filter_target no)
{
	static const uint16_t codes[] = {
		[filter_compare_equal] = BPF_JEQ,
		[filter_compare_greater] = BPF_JGT,
		[filter_compare_at_least] = BPF_JGE,
	};
	if (filter_emit_same(yes, no))
		return yes;
	if (c->negate) {
		struct filter_target swapped = yes;
		yes = no;
		no = swapped;
	}
	uint32_t mask_low = (uint32_t)c->mask, mask_high = (uint32_t)(c->mask >> 32);
	uint32_t low = (uint32_t)c->value & mask_low, high = (uint32_t)(c->value >> 32) & mask_high;
	uint32_t at_low = offset_of(c, false, big_endian), at_high = offset_of(c, true, big_endian);

	bool look_low = mask_low != 0 || c->compare != filter_compare_equal;
	struct filter_target lower =
		look_low ? half(e, at_low, mask_low, codes[c->compare], low, yes, no) : yes;
	if (!c->wide || mask_high == 0)
		return lower;
	if (c->compare == filter_compare_equal)
		return half(e, at_high, mask_high, BPF_JEQ, high, lower, no);
	// greater: high > value's, or equal and the low half decides
	struct filter_target not_greater = filter_emit_branch(e, BPF_JEQ, high, lower, no);
	return half(e, at_high, UINT32_MAX, BPF_JGT, high, yes, not_greater);
}

// ---- several conditions as ranges of one argument ------------------------------------------------

struct wide_leaf {
	uint64_t start;
	struct filter_target target;
};

// The values of an argument, as a list of ranges.
struct values {
	struct wide_leaf leaves[2 * RUN_MAX + 1];
	size_t count;
	uint64_t top;
};

static void paint(struct values *v, uint64_t first, uint64_t last, struct filter_target target)
{
	size_t from = 0, to;
	while (from < v->count && v->leaves[from].start < first)
		from++;
	for (to = from; to < v->count && v->leaves[to].start <= last;)
		to++;
	bool gap = last < v->top && (to == v->count || v->leaves[to].start != last + 1);
	// the first leaf starts at 0, which is not behind last: there is one before to
	struct wide_leaf behind = {last + 1, v->leaves[to > 0 ? to - 1 : 0].target};
	size_t kept = v->count - to;
	memmove(v->leaves + from + 1 + gap, v->leaves + to, kept * sizeof *v->leaves);
	v->leaves[from] = (struct wide_leaf){first, target};
	if (gap)
		v->leaves[from + 1] = behind;
	v->count = from + 1 + gap + kept;
}

// Whether the values that meet a condition are one range, or with negate all but one.
static bool is_range(const struct filter_condition *c)
{
	uint64_t top = c->wide ? UINT64_MAX : UINT32_MAX, rest = ~c->mask & top;
	return (rest & (rest + 1)) == 0 && (c->compare == filter_compare_equal || rest == 0);
}

static void paint_condition(struct values *v, const struct filter_condition *c,
			    struct filter_target target)
{
	uint64_t value = c->value & c->mask & v->top, first = value, last = v->top;
	if (c->compare == filter_compare_equal)
		last = value | (~c->mask & v->top);
	else if (c->compare == filter_compare_greater && value == v->top)
		first = 1, last = 0;  // no value
	else if (c->compare == filter_compare_greater)
		first = value + 1;
	if (!c->negate) {
		if (first <= last)
			paint(v, first, last, target);
		return;
	}
	if (first > last) {
		paint(v, 0, v->top, target);
		return;
	}
	if (first > 0)
		paint(v, 0, first - 1, target);
	if (last < v->top)
		paint(v, last + 1, v->top, target);
}

static struct filter_target load_and_tree(struct filter_emitter *e, uint32_t offset,
					  struct filter_leaf *leaves, size_t count)
{
	uint32_t written = e->count;
	struct filter_target root = filter_emit_tree(e, leaves, count);
	// no comparison was needed: no load either
	return e->count == written ? root : filter_emit_load(e, offset, UINT32_MAX, root);
}

// The leaves of one value of the high half: low halves. *used: how many leaves there were.
static struct filter_target low_code(struct filter_emitter *e, const struct wide_leaf *leaves,
				     size_t count, struct filter_target before, uint32_t offset,
				     size_t *used)
{
	struct filter_leaf low[2 * RUN_MAX + 2];
	uint32_t high = (uint32_t)(leaves[0].start >> 32);
	size_t low_count = 0;
	if ((uint32_t)leaves[0].start != 0)
		low[low_count++] = (struct filter_leaf){0, before};
	for (*used = 0; *used < count && leaves[*used].start >> 32 == high; ++*used)
		low[low_count++] =
			(struct filter_leaf){(uint32_t)leaves[*used].start, leaves[*used].target};
	return load_and_tree(e, offset, low, low_count);
}

static struct filter_target values_code(struct filter_emitter *e, const struct values *v,
					uint32_t at_low, uint32_t at_high)
{
	struct filter_leaf high[4 * RUN_MAX + 2];
	struct filter_target before = v->leaves[0].target;
	size_t count = 0, used;
	if (v->top == UINT32_MAX)
		return low_code(e, v->leaves, v->count, before, at_low, &used);
	for (size_t i = 0; i < v->count; i += used) {
		uint32_t start = (uint32_t)(v->leaves[i].start >> 32);
		struct filter_target target =
			low_code(e, v->leaves + i, v->count - i, before, at_low, &used);
		high[count++] = (struct filter_leaf){start, target};
		before = v->leaves[i + used - 1].target;
		uint64_t next =
			i + used < v->count ? v->leaves[i + used].start >> 32 : UINT64_C(1) << 32;
		if (next > (uint64_t)start + 1)
			high[count++] = (struct filter_leaf){start + 1, before};
	}
	return load_and_tree(e, at_high, high, count);
}

// How many of the last checks are ranges of one argument.
static size_t run_length(const struct filter_check *checks, size_t count)
{
	size_t length = 0;
	const struct filter_condition *last = checks[count - 1].conditions;
	for (; length < count && length < RUN_MAX; length++) {
		const struct filter_check *check = &checks[count - 1 - length];
		const struct filter_condition *c = check->conditions;
		if (check->conditions_count != 1 || c->argument != last->argument ||
		    c->wide != last->wide || !is_range(c))
			break;
	}
	return length;
}

static struct filter_target run_code(struct filter_emitter *e, const struct filter_check *checks,
				     size_t count, bool big_endian, struct filter_target next)
{
	const struct filter_condition *one = checks[0].conditions;
	struct values v = {
		.leaves = {{0, next}}, .count = 1, .top = one->wide ? UINT64_MAX : UINT32_MAX};
	// the first that holds decides: it is painted last
	for (size_t i = count; i-- > 0;)
		paint_condition(&v, checks[i].conditions, filter_emit_answer(checks[i].action));
	return values_code(e, &v, offset_of(one, false, big_endian),
			   offset_of(one, true, big_endian));
}

// ---- all checks of a range -----------------------------------------------------------------------

static struct filter_target write_code(struct filter_emitter *e, const struct filter_range *range,
				       bool big_endian)
{
	struct filter_target next = filter_emit_answer(range->action);
	for (size_t i = range->checks_count; i > 0;) {
		size_t run = run_length(range->checks, i);
		if (run > 1) {
			i -= run;
			next = run_code(e, &range->checks[i], run, big_endian, next);
			continue;
		}
		const struct filter_check *check = &range->checks[--i];
		struct filter_target yes = filter_emit_answer(check->action);
		for (size_t k = check->conditions_count; k-- > 0;)
			yes = condition_code(e, &check->conditions[k], big_endian, yes, next);
		next = yes;
	}
	return next;
}

static bool conditions_alike(const struct filter_condition *a, const struct filter_condition *b)
{
	return a->mask == b->mask && a->value == b->value && a->compare == b->compare &&
	       a->argument == b->argument && a->negate == b->negate && a->wide == b->wide;
}

static bool ranges_alike(const struct filter_range *a, const struct filter_range *b)
{
	if (a->action != b->action || a->checks_count != b->checks_count)
		return false;
	for (size_t i = 0; i < a->checks_count; i++) {
		const struct filter_check *x = &a->checks[i], *y = &b->checks[i];
		if (x->action != y->action || x->conditions_count != y->conditions_count)
			return false;
		for (size_t k = 0; k < x->conditions_count; k++)
			if (!conditions_alike(&x->conditions[k], &y->conditions[k]))
				return false;
	}
	return true;
}

struct filter_target filter_checks_code(struct filter_emitter *e, struct filter_checks *checks,
					const struct filter_range *range, bool big_endian)
{
	if (range->checks_count == 0)
		return filter_emit_answer(range->action);
	for (size_t i = 0; i < checks->count; i++)
		if (checks->written[i].big_endian == big_endian &&
		    ranges_alike(checks->written[i].range, range))
			return checks->written[i].target;
	struct filter_target target = write_code(e, range, big_endian);
	if (checks->count < FILTER_CHECKS_WRITTEN) {
		checks->written[checks->count].range = range;
		checks->written[checks->count].big_endian = big_endian;
		checks->written[checks->count++].target = target;
	}
	return target;
}
