// SPDX-License-Identifier: Apache-2.0
// The architectures of linux.seccomp, and what of each the filter's author must know.
#ifndef HUSK_SECURITY_FILTER_ARCHITECTURES_H
#define HUSK_SECURITY_FILTER_ARCHITECTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcontainer/base/attributes.h"

struct filter_architecture {
	const char *name;  // SCMP_ARCH_X86_64
	uint32_t token;    // libseccomp's
	uint32_t audit;    // AUDIT_ARCH_* as the kernel shows it to a filter
	char family;       // only architectures of one family are ever seen by one kernel
	bool wide;         // arguments have 64 bits
	bool big_endian;
	bool multiplexed;  // has socketcall(2) and ipc(2)
	uint32_t base;     // what is added to the numbers that all architectures share
	uint32_t apart;    // numbers from here on are not in the order of their age
};

// NULL when the name is none of the specification, or when the linked libseccomp does not know it.
const struct filter_architecture *filter_architecture_find(const char *name) must_check;

// By libseccomp's token.
const struct filter_architecture *filter_architecture_of(uint32_t token) must_check;

// The one that this program is compiled for, or NULL.
const struct filter_architecture *filter_architecture_native(void) must_check;

// All of them: index 0.., NULL behind the last.
const struct filter_architecture *filter_architecture_at(size_t index) must_check;

#endif
