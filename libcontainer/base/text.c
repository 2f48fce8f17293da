// SPDX-License-Identifier: Apache-2.0
// See text.h.
#include "libcontainer/base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct text *text, size_t more)
{
	if (text->failed)
		return false;
	size_t need;
	if (__builtin_add_overflow(text->length, more, &need) ||
	    __builtin_add_overflow(need, (size_t)1, &need)) {
		text->failed = true;
		return false;
	}
	if (need <= text->size)
		return true;
	size_t size = text->size ? text->size : 128;
	while (size < need)
		if (__builtin_mul_overflow(size, (size_t)2, &size)) {
			text->failed = true;
			return false;
		}
	char *data = realloc(text->data, size);
	if (!data) {
		text->failed = true;
		return false;
	}
	text->data = data;
	text->size = size;
	return true;
}

void text_add_bytes(struct text *text, const char *bytes, size_t length)
{
	if (!reserve(text, length))
		return;
	memcpy(text->data + text->length, bytes, length);
	text->length += length;
	text->data[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string));
}

void text_add_unsigned(struct text *text, uint64_t value)
{
	char digits[24];
	size_t at = sizeof digits;
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	text_add_bytes(text, digits + at, sizeof digits - at);
}

void text_add_signed(struct text *text, int64_t value)
{
	if (value < 0) {
		text_add(text, "-");
		text_add_unsigned(text, 0 - (uint64_t)value);
	} else {
		text_add_unsigned(text, (uint64_t)value);
	}
}

void text_printf(struct text *text, const char *fmt, ...)
{
	va_list args, again;
	va_start(args, fmt);
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, fmt, args);
	if (length < 0) {
		text->failed = true;
	} else if (reserve(text, (size_t)length)) {
		vsnprintf(text->data + text->length, (size_t)length + 1, fmt, again);
		text->length += (size_t)length;
	}
	va_end(again);
	va_end(args);
}

char *text_take(struct text *text)
{
	if (!reserve(text, 0))
		return NULL;
	text->data[text->length] = '\0';
	char *data = text->data;
	*text = (struct text){0};
	return data;
}

void text_done(struct text *text)
{
	free(text->data);
	*text = (struct text){0};
}

size_t text_count(const char *const *strings)
{
	size_t count = 0;
	while (strings && strings[count])
		count++;
	return count;
}

int text_to_unsigned(const char *string, uint64_t *value)
{
	uint64_t result = 0;
	if (!*string) {
		errno = EINVAL;
		return -1;
	}
	for (const char *p = string; *p; p++) {
		if (*p < '0' || *p > '9') {
			errno = EINVAL;
			return -1;
		}
		if (__builtin_mul_overflow(result, (uint64_t)10, &result) ||
		    __builtin_add_overflow(result, (uint64_t)(*p - '0'), &result)) {
			errno = ERANGE;
			return -1;
		}
	}
	*value = result;
	return 0;
}

int text_to_signed(const char *string, int64_t *value)
{
	bool negative = *string == '-';
	uint64_t magnitude;
	if (text_to_unsigned(string + negative, &magnitude) < 0)
		return -1;
	if (magnitude > (uint64_t)INT64_MAX + negative) {
		errno = ERANGE;
		return -1;
	}
	*value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	return 0;
}

bool text_has_prefix(const char *string, const char *prefix)
{
	return strncmp(string, prefix, strlen(prefix)) == 0;
}

size_t text_utf8_length(const unsigned char *s)
{
	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		return (s[1] & 0xc0) == 0x80 ? 2 : 0;
	if (s[0] >= 0xe0 && s[0] <= 0xef) {
		if ((s[1] & 0xc0) != 0x80 || (s[2] & 0xc0) != 0x80)
			return 0;
		if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f))
			return 0;
		return 3;
	}
	if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		if ((s[1] & 0xc0) != 0x80 || (s[2] & 0xc0) != 0x80 || (s[3] & 0xc0) != 0x80)
			return 0;
		if ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
			return 0;
		return 4;
	}
	return 0;
}

bool text_is_control(const unsigned char *s)
{
	return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0);
}

void text_add_shown(struct text *text, const char *string, const char *allowed)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *s = (const unsigned char *)string;
	while (*s) {
		size_t length = text_utf8_length(s);
		bool shown = length && (!text_is_control(s) || strchr(allowed, *s));
		for (size_t i = 0; !shown && i < (length ? length : 1); i++) {
			const char escape[4] = {'\\', 'x', hex[s[i] >> 4], hex[s[i] & 15]};
			text_add_bytes(text, escape, sizeof escape);
		}
		if (shown)
			text_add_bytes(text, (const char *)s, length);
		s += length ? length : 1;
	}
}
