// SPDX-License-Identifier: Apache-2.0
// See filter_emit.h.
//
// Only instructions that the kernel's own emulation of filters understands are used, so that it can remember which calls are
// always allowed.
#include "libcontainer/security/filter_emit.h"

#define REACH 255U
#define SINGLES_MAX 3U  // in one chain

// Returns the number of the instruction, counted from the end.
static uint32_t emit(struct filter_emitter *e, struct sock_filter instruction)
{
	if (e->count == BPF_MAXINSNS) {
		e->full = true;
		return e->count - 1;
	}
	e->code[BPF_MAXINSNS - 1 - e->count] = instruction;
	return e->count++;
}

// The distance that an instruction emitted now would have to jump.
static uint32_t distance(const struct filter_emitter *e, uint32_t at)
{
	return e->count - at - 1;
}

static uint32_t reach_answer(struct filter_emitter *e, uint32_t value)
{
	uint32_t slot = 0;
	while (slot < e->answers_count && e->answers[slot].value != value)
		slot++;
	if (slot < e->answers_count && distance(e, e->answers[slot].at) <= REACH)
		return e->answers[slot].at;
	if (slot == FILTER_EMIT_ANSWERS)
		slot = e->count % FILTER_EMIT_ANSWERS;  // many different answers: forget any other
	else if (slot == e->answers_count)
		e->answers_count++;
	uint32_t at = emit(e, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, value));
	e->answers[slot].value = value;
	e->answers[slot].at = at;
	return at;
}

// The number of an instruction within reach that is, or leads to, the target.
static uint32_t reach(struct filter_emitter *e, struct filter_target target)
{
	if (target.answer)
		return reach_answer(e, target.value);
	if (distance(e, target.value) <= REACH)
		return target.value;
	return emit(e, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, distance(e, target.value)));
}

struct filter_target filter_emit_branch(struct filter_emitter *e, uint16_t compare, uint32_t k,
					struct filter_target yes, struct filter_target no)
{
	if (filter_emit_same(yes, no))
		return yes;
	// making one target reachable may move the other out of reach: then once more
	uint32_t before, at_yes, at_no;
	do {
		before = e->count;
		at_yes = reach(e, yes);
		at_no = reach(e, no);
	} while (e->count != before && !e->full &&
		 (distance(e, at_yes) > REACH || distance(e, at_no) > REACH));
	struct sock_filter jump =
		BPF_JUMP(BPF_JMP | compare | BPF_K, k, (uint8_t)distance(e, at_yes),
			 (uint8_t)distance(e, at_no));
	return (struct filter_target){.value = emit(e, jump)};
}

struct filter_target filter_emit_load(struct filter_emitter *e, uint32_t offset, uint32_t mask,
				      struct filter_target next)
{
	if (next.answer)
		emit(e, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, next.value));
	else if (distance(e, next.value) != 0)
		emit(e, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, distance(e, next.value)));
	if (mask != UINT32_MAX)
		emit(e, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
	uint32_t at = emit(e, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
	return (struct filter_target){.value = at};
}

// ---- trees ---------------------------------------------------------------------------------------

static size_t join_neighbours(struct filter_leaf *leaves, size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || !filter_emit_same(leaves[i].target, leaves[kept - 1].target))
			leaves[kept++] = leaves[i];
	return kept;
}

// How many leaves from the first on are single values within a range with one target, that range included: 1, 3, 5 ...
// They need one comparison each, where ranges need two.
static size_t chain_length(const struct filter_leaf *leaves, size_t count)
{
	size_t length = 1;
	while (length + 2 <= count && length < 2 * SINGLES_MAX &&
	       leaves[length + 1].start - leaves[length].start == 1 &&
	       filter_emit_same(leaves[length + 1].target, leaves[0].target))
		length += 2;
	return length;
}

static struct filter_target chain(struct filter_emitter *e, const struct filter_leaf *leaves,
				  size_t length)
{
	struct filter_target next = leaves[0].target;
	for (size_t i = length - 1; i > 0; i -= 2)
		next = filter_emit_branch(e, BPF_JEQ, leaves[i - 1].start, leaves[i - 1].target,
					  next);
	return next;
}

// A tree of chains. It is split where a chain begins, next to the middle of the leaves.
static struct filter_target tree(struct filter_emitter *e, const struct filter_leaf *leaves,
				 size_t count)
{
	size_t first = chain_length(leaves, count), split = first;
	if (first == count)
		return chain(e, leaves, count);
	for (size_t next = first; next < count && next <= (count + 1) / 2;) {
		split = next;
		next += chain_length(leaves + next, count - next);
	}
	struct filter_target right = tree(e, leaves + split, count - split);
	struct filter_target left = tree(e, leaves, split);
	return filter_emit_branch(e, BPF_JGE, leaves[split].start, right, left);
}

struct filter_target filter_emit_tree(struct filter_emitter *e, struct filter_leaf *leaves,
				      size_t count)
{
	return tree(e, leaves, join_neighbours(leaves, count));
}
