// SPDX-License-Identifier: Apache-2.0
// Names of system calls to their numbers, for any architecture.
#ifndef HUSK_SECURITY_FILTER_NAMES_H
#define HUSK_SECURITY_FILTER_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/security/filter_architectures.h"

// Up to two ways to make one call: by its own number, and as a sub-call of socketcall(2) or ipc(2), which
// the first argument selects.
struct filter_numbers {
	bool direct_set, multiplexer_set;
	uint32_t direct;
	uint32_t multiplexer;  // the number of socketcall or ipc
	uint32_t selector;     // its first argument
};

// False: nobody knows the name. True with neither number: it exists, but not on this architecture.
bool filter_names_resolve(const struct filter_architecture *architecture, const char *name,
			  struct filter_numbers *numbers) must_check;

#endif
