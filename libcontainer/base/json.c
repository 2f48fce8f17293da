// SPDX-License-Identifier: Apache-2.0
// See json.h.
#include "libcontainer/base/json.h"

#include <stddef.h>
#include <string.h>

static void new_line(struct json *json)
{
	if (!json->indent)
		return;
	text_add(json->text, "\n");
	for (int i = 0; i < json->depth * json->indent; i++)
		text_add_bytes(json->text, " ", 1);
}

static void quoted(struct text *text, const char *value)
{
	static const char hex[] = "0123456789abcdef";
	text_add_bytes(text, "\"", 1);
	const unsigned char *s = (const unsigned char *)value;
	while (*s) {
		size_t length = text_utf8_length(s);
		if (length == 0) {
			text_add(text, "\\ufffd");
			s++;
		} else if (*s == '"' || *s == '\\') {
			char escape[2] = {'\\', (char)*s++};
			text_add_bytes(text, escape, 2);
		} else if (*s == '\n') {
			text_add(text, "\\n");
			s++;
		} else if (text_is_control(s)) {
			// of two bytes the first is always the same, and the second the character's number
			unsigned char number = s[length - 1];
			char escape[6] = {'\\', 'u', '0', '0', hex[number >> 4], hex[number & 15]};
			text_add_bytes(text, escape, 6);
			s += length;
		} else {
			text_add_bytes(text, (const char *)s, length);
			s += length;
		}
	}
	text_add_bytes(text, "\"", 1);
}

static void begin_value(struct json *json, const char *key)
{
	if (json->filled)
		text_add(json->text, ",");
	if (json->depth)
		new_line(json);
	json->filled = true;
	if (key) {
		quoted(json->text, key);
		text_add(json->text, json->indent ? ": " : ":");
	}
}

static void begin_container(struct json *json, const char *key, const char *bracket)
{
	begin_value(json, key);
	text_add(json->text, bracket);
	json->depth++;
	json->filled = false;
}

static void end_container(struct json *json, const char *bracket)
{
	json->depth--;
	if (json->filled)
		new_line(json);
	text_add(json->text, bracket);
	json->filled = true;
}

void json_begin_object(struct json *json, const char *key)
{
	begin_container(json, key, "{");
}

void json_end_object(struct json *json)
{
	end_container(json, "}");
}

void json_begin_array(struct json *json, const char *key)
{
	begin_container(json, key, "[");
}

void json_end_array(struct json *json)
{
	end_container(json, "]");
}

void json_string(struct json *json, const char *key, const char *value)
{
	begin_value(json, key);
	quoted(json->text, value);
}

void json_unsigned(struct json *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	text_add_unsigned(json->text, value);
}

void json_signed(struct json *json, const char *key, int64_t value)
{
	begin_value(json, key);
	text_add_signed(json->text, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin_value(json, key);
	text_add(json->text, value ? "true" : "false");
}

void json_raw(struct json *json, const char *key, const char *value)
{
	begin_value(json, key);
	text_add(json->text, value);
}
