// SPDX-License-Identifier: Apache-2.0
// Writes JSON into a struct text: commas, quotes and indentation are kept right by the writer.
//
// Keys are NULL inside arrays and at the top. Failure (no memory) is seen with text_failed.
// Strings are escaped; bytes that are no UTF-8 become U+FFFD, so that every reader can decode.
#ifndef HUSK_BASE_JSON_H
#define HUSK_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "libcontainer/base/text.h"

struct json {
	struct text *text;  // borrowed
	int indent;         // spaces a level; 0 = one line without spaces
	int depth;
	bool filled;  // the current object or array already has a member
};

void json_begin_object(struct json *json, const char *key);
void json_end_object(struct json *json);
void json_begin_array(struct json *json, const char *key);
void json_end_array(struct json *json);
void json_string(struct json *json, const char *key, const char *value);
void json_unsigned(struct json *json, const char *key, uint64_t value);
void json_signed(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);
// value is written as it is: a number such as 1.25, or null.
void json_raw(struct json *json, const char *key, const char *value);

#endif
