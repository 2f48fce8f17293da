// SPDX-License-Identifier: Apache-2.0
// One pass over the whole text before it is parsed, eight bytes at a time as long as they are plain
// ASCII without backslashes. Escapes only matter inside strings, and backslashes elsewhere are errors
// that the parser finds, so this pass need not know where strings begin.
#include "spec/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define EVERY_BYTE(byte) (UINT64_MAX / 255 * (byte))

static bool has_zero_byte(uint64_t word)
{
	return ((word - EVERY_BYTE(0x01)) & ~word & EVERY_BYTE(0x80)) != 0;
}

static bool is_plain(const unsigned char *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof(word));
	return (word & EVERY_BYTE(0x80)) == 0 && !has_zero_byte(word) &&
	       !has_zero_byte(word ^ EVERY_BYTE('\\'));
}

// The value of "\uXXXX" at the start of the text, or -1 when it is not one.
static int32_t escape_value(const unsigned char *at, size_t left)
{
	int32_t value = 0;
	if (left < 6 || at[0] != '\\' || at[1] != 'u')
		return -1;
	for (size_t i = 2; i < 6; i++) {
		int32_t digit;
		if (at[i] >= '0' && at[i] <= '9')
			digit = at[i] - '0';
		else if ((at[i] | 0x20) >= 'a' && (at[i] | 0x20) <= 'f')
			digit = (at[i] | 0x20) - 'a' + 10;
		else
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

// Bytes that the escape at the start of the text takes; 0 with *fault for one that is refused. What
// is not a known escape at all is left to the parser.
static size_t skip_escape(const unsigned char *at, size_t left, const char **fault)
{
	if (left >= 2 && at[1] == '\\')
		return 2;
	int32_t value = escape_value(at, left);
	if (value < 0)
		return 1;
	if (value == 0) {
		*fault = "a NUL byte";
		return 0;
	}
	if (value < 0xd800 || value > 0xdfff)
		return 6;
	int32_t low = escape_value(at + 6, left - 6);
	if (value <= 0xdbff && low >= 0xdc00 && low <= 0xdfff)
		return 12;
	*fault = "half a surrogate pair";
	return 0;
}

static bool is_continuation(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

// Bytes of the multi-byte character at the start of the text, 0 when it is not a valid one (Unicode
// 15, table 3-7).
static size_t multi_byte_length(const unsigned char *at, size_t left)
{
	unsigned char first = at[0];
	unsigned char second_min = 0x80, second_max = 0xbf;
	size_t length;
	if (first >= 0xc2 && first <= 0xdf)
		length = 2;
	else if (first >= 0xe0 && first <= 0xef)
		length = 3;
	else if (first >= 0xf0 && first <= 0xf4)
		length = 4;
	else
		return 0;
	if (first == 0xe0)
		second_min = 0xa0;  // overlong below
	else if (first == 0xed)
		second_max = 0x9f;  // surrogates above
	else if (first == 0xf0)
		second_min = 0x90;
	else if (first == 0xf4)
		second_max = 0x8f;  // beyond U+10FFFF
	if (left < length || at[1] < second_min || at[1] > second_max)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (!is_continuation(at[i]))
			return 0;
	return length;
}

static size_t skip_one(const unsigned char *at, size_t left, const char **fault)
{
	if (at[0] == '\0') {
		*fault = "a NUL byte";
		return 0;
	}
	if (at[0] == '\\')
		return skip_escape(at, left, fault);
	if (at[0] < 0x80)
		return 1;
	size_t length = multi_byte_length(at, left);
	if (length == 0)
		*fault = "a byte that is not UTF-8";
	return length;
}

const char *utf8_find_fault(const char *text, size_t length, size_t *at)
{
	const unsigned char *bytes = (const unsigned char *)text;
	const char *fault = NULL;
	size_t i = 0;
	while (i < length) {
		if (length - i >= 8 && is_plain(bytes + i)) {
			i += 8;
			continue;
		}
		size_t skipped = skip_one(bytes + i, length - i, &fault);
		if (skipped == 0) {
			*at = i;
			return fault;
		}
		i += skipped;
	}
	return NULL;
}
