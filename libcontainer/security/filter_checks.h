// SPDX-License-Identifier: Apache-2.0
// Code for the checks of arguments.
//
// Checks with one condition each, on the same argument, are a set of ranges of values: one load and a tree instead of a load and
// comparisons for each. Everything else is written condition by condition. Checks that are alike are written once.
#ifndef HUSK_SECURITY_FILTER_CHECKS_H
#define HUSK_SECURITY_FILTER_CHECKS_H

#include "libcontainer/security/filter_code.h"
#include "libcontainer/security/filter_emit.h"

enum { FILTER_CHECKS_WRITTEN = 32 };

// The checks that have code already.
struct filter_checks {
	struct {
		const struct filter_range *range;  // borrowed
		bool big_endian;
		struct filter_target target;
	} written[FILTER_CHECKS_WRITTEN];
	size_t count;
};

// The code, or the answer, for calls of this range.
struct filter_target filter_checks_code(struct filter_emitter *e, struct filter_checks *checks,
					const struct filter_range *range, bool big_endian);

#endif
