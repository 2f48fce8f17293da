// SPDX-License-Identifier: Apache-2.0
// The members of the record as rows, for its writer and its reader. Only for state/.
#ifndef HUSK_STATE_RECORD_H
#define HUSK_STATE_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#define RECORD_NAME "state"
#define RECORD_VERSION 1
// Six paths of 4096 bytes, each byte written as three.
#define RECORD_MAX_BYTES ((size_t)128 * 1024)

enum record_type {
	record_type_string,
	record_type_pid,
	record_type_u64,
	record_type_uid,
	record_type_bool,
};

struct record_field {
	const char *key;
	enum record_type type;
	bool required;
	size_t offset;
};

#define RECORD_FIELDS 21U
extern const struct record_field record_fields[RECORD_FIELDS];

#endif
