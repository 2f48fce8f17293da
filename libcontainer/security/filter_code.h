// SPDX-License-Identifier: Apache-2.0
// A system call filter as data, and the generator that turns it into classic BPF.
//
// The program looks at the architecture, then walks a balanced tree of comparisons over the number of
// the system call. Neighbours with the same answer are one range, so a profile of 400 names needs
// some 80 comparisons, of which a call meets about 8. Answers are RET instructions shared by
// all jumps that reach them.
#ifndef HUSK_SECURITY_FILTER_CODE_H
#define HUSK_SECURITY_FILTER_CODE_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcontainer/base/attributes.h"

enum filter_compare { filter_compare_equal, filter_compare_greater, filter_compare_at_least };

// (argument & mask) compared with value, unsigned.
struct filter_condition {
	uint64_t mask, value;
	enum filter_compare compare;
	uint8_t argument;  // 0..5
	bool negate;
	bool wide;  // 64 bits; else only the low 32 count
};

// action when all the conditions hold.
struct filter_check {
	uint32_t action;  // SECCOMP_RET_*
	const struct filter_condition *conditions;
	size_t conditions_count;
};

// What happens to the system calls from start up to the next range: the first check that holds, or
// action when none does.
struct filter_range {
	uint32_t start;
	uint32_t action;
	const struct filter_check *checks;
	size_t checks_count;
};

// One value of seccomp_data.arch. The ranges ascend, and the first starts at 0.
struct filter_table {
	uint32_t audit;
	bool big_endian;
	const struct filter_range *ranges;
	size_t ranges_count;
};

struct filter_program {
	const struct filter_table *tables;
	size_t tables_count;
	uint32_t foreign;  // action for every other architecture
};

// *code is owned by the caller. E2BIG: more than BPF_MAXINSNS instructions; ENOMEM.
int filter_code_generate(const struct filter_program *program, struct sock_filter **code,
			 uint16_t *count) must_check;

#endif
