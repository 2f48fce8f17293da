// SPDX-License-Identifier: Apache-2.0
// Instructions of classic BPF, written from the last to the first.
//
// BPF jumps only forward: so whatever is jumped to is already there, and its distance is known. Conditional jumps reach 255
// instructions; where a target is farther away, a RET is repeated and other code gets a long jump.
#ifndef HUSK_SECURITY_FILTER_EMIT_H
#define HUSK_SECURITY_FILTER_EMIT_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcontainer/base/attributes.h"

enum { FILTER_EMIT_ANSWERS = 16 };

// Where to go: to an instruction, or to a RET that need not exist yet.
struct filter_target {
	bool answer;
	uint32_t value;  // the RET's value, or the instruction's number counted from the end
};

struct filter_emitter {
	struct sock_filter *code;  // BPF_MAXINSNS of them, filled from the end; borrowed
	uint32_t count;
	bool full;  // more than BPF_MAXINSNS were needed: the code is void
	// the newest RET of each value
	struct {
		uint32_t value, at;
	} answers[FILTER_EMIT_ANSWERS];
	uint32_t answers_count;
};

// What happens to the values from start up to the next leaf.
struct filter_leaf {
	uint32_t start;
	struct filter_target target;
};

static inline struct filter_target filter_emit_answer(uint32_t value)
{
	return (struct filter_target){.answer = true, .value = value};
}

static inline bool filter_emit_same(struct filter_target a, struct filter_target b)
{
	return a.answer == b.answer && a.value == b.value;
}

// Compares the accumulator with k: BPF_JEQ, BPF_JGT, BPF_JGE.
struct filter_target filter_emit_branch(struct filter_emitter *e, uint16_t compare, uint32_t k,
					struct filter_target yes, struct filter_target no);

// A word of seccomp_data into the accumulator, which is then masked (UINT32_MAX: is not), in front of next, which may be
// anywhere.
struct filter_target filter_emit_load(struct filter_emitter *e, uint32_t offset, uint32_t mask,
				      struct filter_target next);

// A balanced tree of comparisons of the accumulator. The leaves ascend, the first starts at the least value that comes here. The
// array is used up: neighbours with the same target become one.
struct filter_target filter_emit_tree(struct filter_emitter *e, struct filter_leaf *leaves,
				      size_t count);

#endif
