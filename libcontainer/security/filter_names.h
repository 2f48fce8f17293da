// SPDX-License-Identifier: Apache-2.0
// Names of system calls to their numbers.
//
// The tables are written at build time by generate/syscall_names.c, which asks libseccomp: husk itself does not
// carry the library. A name is looked up once, for all architectures: a perfect hash gives its slot, one comparison
// tells whether it is the name, and each architecture has a column of numbers with one row a slot.
#ifndef HUSK_SECURITY_FILTER_NAMES_H
#define HUSK_SECURITY_FILTER_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/security/filter_architectures.h"

// Columns hold places, which ascend as the numbers do and are dense enough to be an index: the architecture's base plus the place
// is the number, but from FILTER_NAMES_APART on it is the start of the numbers that are apart plus the rest.
enum {
	FILTER_NAMES_APART = 640,
	FILTER_NAMES_PLACES = FILTER_NAMES_APART + 64,  // all places are below
	FILTER_NAMES_NONE = 0xffff,
};

// Sub-calls of ipc(2) are marked so, those of socketcall(2) are plain; 0 is none.
#define FILTER_NAMES_IPC 0x80U

struct filter_names_column {
	uint32_t token;       // of the architecture
	uint16_t socketcall;  // places of the calls that carry others, FILTER_NAMES_NONE without
	uint16_t ipc;
	const uint16_t *places;  // by slot: the call's own number
	const uint8_t *calls;    // by slot: as a sub-call; NULL when there are none
};

struct filter_names {
	const char *text;  // the names, each with its NUL
	const uint16_t
		*starts;  // by slot: in text; 0, which is an empty name, for a slot without name
	const uint8_t *shifts;  // by bucket of the hash
	uint32_t slots, buckets;
	const struct filter_names_column *columns;
	size_t columns_count;
};

// The architectures that this machine's kernel can show to a filter.
extern const struct filter_names filter_names_native;
// All that libseccomp knows; for tests.
extern const struct filter_names filter_names_all;

// The name's slot, or -1: nobody knows it. A name of another architecture has a slot, and FILTER_NAMES_NONE there.
int filter_names_find(const struct filter_names *names, const char *name) must_check;

// NULL: not in these tables.
const struct filter_names_column *
filter_names_column(const struct filter_names *names,
		    const struct filter_architecture *architecture) must_check;

// A place's number.
static inline uint32_t filter_names_number(const struct filter_architecture *architecture,
					   uint32_t place)
{
	return place < FILTER_NAMES_APART ? architecture->base + place
					  : architecture->apart + (place - FILTER_NAMES_APART);
}

// ---- the hash, for the look-up and for the generator ---------------------------------------------

static inline uint32_t filter_names_hash(const char *name)
{
	uint32_t hash = 2166136261U;
	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619U;
	return hash;
}

// buckets is a power of two.
static inline uint32_t filter_names_bucket(uint32_t hash, uint32_t buckets)
{
	return (hash ^ hash >> 16) & (buckets - 1);
}

static inline uint32_t filter_names_slot(uint32_t hash, uint32_t shift, uint32_t slots)
{
	uint32_t mixed = (hash ^ shift * 0x9e3779b1U) * 0x85ebca6bU;
	return (uint32_t)((uint64_t)mixed * slots >> 32);
}

#endif
