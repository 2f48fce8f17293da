// SPDX-License-Identifier: Apache-2.0
// A growing string, and strict readers of numbers.
//
// A struct text collects its first failure (no memory): appending after it does nothing, and
// text_failed tells at the end. So a writer of JSON or tables checks once.
#ifndef HUSK_BASE_TEXT_H
#define HUSK_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcontainer/base/attributes.h"

struct text {
	char *data;     // owned; NUL-terminated once anything was added, else NULL
	size_t length;  // bytes without the NUL
	size_t size;
	bool failed;
};

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const char *bytes, size_t length);
void text_add_unsigned(struct text *text, uint64_t value);
void text_add_signed(struct text *text, int64_t value);
void text_printf(struct text *text, const char *fmt, ...) format_like_printf(2, 3);

// What people are shown: control characters (but those in allowed) and what is no UTF-8 become \xNN, so that a terminal is told nothing.
void text_add_shown(struct text *text, const char *string, const char *allowed);
// Length of the UTF-8 sequence at s, 0 when it is none (overlong, surrogate, cut).
size_t text_utf8_length(const unsigned char *s);
// Whether the character at s is one of the control characters, those of 0x80 to 0x9f included.
bool text_is_control(const unsigned char *s);

// True when memory ran out anywhere on the way.
static inline bool text_failed(const struct text *text)
{
	return text->failed;
}

// The string so far; "" when nothing was added. Borrowed.
static inline const char *text_string(const struct text *text)
{
	return text->data ? text->data : "";
}

// Hands the buffer over to the caller, who frees it; NULL when memory ran out.
char *text_take(struct text *text) must_check;

void text_done(struct text *text);
#define auto_text __attribute__((cleanup(text_done)))

// Reads the whole string as a decimal number: no sign (unsigned), no space, no leading "+", not
// empty. Returns 0, or -1 with EINVAL (not a number) or ERANGE (does not fit).
int text_to_unsigned(const char *string, uint64_t *value) must_check;
int text_to_signed(const char *string, int64_t *value) must_check;

// How many strings a list has that NULL ends. NULL: none.
size_t text_count(const char *const *strings) must_check;

static inline bool text_equal(const char *a, const char *b)
{
	return __builtin_strcmp(a, b) == 0;
}

bool text_has_prefix(const char *string, const char *prefix);

#endif
