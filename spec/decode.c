// SPDX-License-Identifier: Apache-2.0
// The machine behind the tables: it walks an object once, remembers the last value of each key that
// has a row, then calls the readers in the order of the rows, so that errors do not depend on the
// order of the document. The path of an error is put together only when there is one.
#include "spec/decode.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// ---- errors ---------------------------------------------------------------------------------------

struct decode_excerpt decode_make_excerpt(const char *characters, size_t length)
{
	struct decode_excerpt excerpt;
	size_t room = sizeof(excerpt.text) - sizeof("...");
	size_t kept = length < room ? length : room;
	while (kept < length && kept > 0 && ((unsigned char)characters[kept] & 0xc0) == 0x80)
		kept--;  // not in the middle of a character
	for (size_t i = 0; i < kept; i++) {
		unsigned char byte = (unsigned char)characters[i];
		excerpt.text[i] = byte < 0x20 || byte == 0x7f ? '?' : characters[i];
	}
	memcpy(excerpt.text + kept, "...", sizeof("..."));
	if (kept == length)
		excerpt.text[kept] = '\0';
	return excerpt;
}

static size_t put_step(char *path, size_t size, const struct decode_step *step, bool first)
{
	int length;
	if (step->key == NULL) {
		length = snprintf(path, size, "[%zu]", step->index);
	} else {
		struct decode_excerpt key = decode_make_excerpt(step->key, step->length);
		const char *format = step->quoted ? "[\"%s\"]" : first ? "%s" : ".%s";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		length = snprintf(path, size, format, key.text);
#pragma GCC diagnostic pop
	}
	return length < 0 ? 0 : (size_t)length < size ? (size_t)length : size - 1;
}

static void put_path(struct decode *decode)
{
	struct spec_error *error = decode->error;
	size_t used = 0;
	error->path[0] = '\0';
	for (size_t i = 0; i < decode->depth && i < DECODE_MAX_STEPS; i++)
		used += put_step(error->path + used, sizeof(error->path) - used, &decode->steps[i],
				 i == 0);
}

int decode_fail(struct decode *decode, const char *format, ...)
{
	va_list arguments;
	put_path(decode);
	va_start(arguments, format);
	(void)vsnprintf(decode->error->reason, sizeof(decode->error->reason), format, arguments);
	va_end(arguments);
	return -1;
}

int decode_fail_key(struct decode *decode, const char *key, const char *format, ...)
{
	va_list arguments;
	decode_enter_key(decode, key, strlen(key));
	put_path(decode);
	decode_leave(decode);
	va_start(arguments, format);
	(void)vsnprintf(decode->error->reason, sizeof(decode->error->reason), format, arguments);
	va_end(arguments);
	return -1;
}

static const char *kind_name(const struct tree_node *node)
{
	static const char *const names[] = {
		[tree_kind_null] = "null",        [tree_kind_false] = "a boolean",
		[tree_kind_true] = "a boolean",   [tree_kind_number] = "a number",
		[tree_kind_string] = "a string",  [tree_kind_array] = "an array",
		[tree_kind_object] = "an object",
	};
	return names[node->kind];
}

int decode_fail_type(struct decode *decode, const char *expected, const struct tree_node *node)
{
	return decode_fail(decode, "expected %s, found %s", expected, kind_name(node));
}

int decode_fail_value(struct decode *decode, const char *reason, const struct tree_node *node)
{
	const char *characters = tree_characters(decode->tree, node);
	return decode_fail(decode, "%s, found '%s'", reason,
			   decode_make_excerpt(characters, node->extent).text);
}

int decode_fail_memory(struct decode *decode)
{
	return decode_fail(decode, "out of memory");
}

// ---- the path -------------------------------------------------------------------------------------

void decode_enter(struct decode *decode, struct decode_step step)
{
	// Tables never nest this deeply; a deeper path would only be named incompletely.
	if (decode->depth < DECODE_MAX_STEPS)
		decode->steps[decode->depth] = step;
	decode->depth++;
}

void decode_enter_key(struct decode *decode, const char *key, size_t length)
{
	decode_enter(decode, (struct decode_step){.key = key, .length = length});
}

void decode_enter_index(struct decode *decode, size_t index)
{
	decode_enter(decode, (struct decode_step){.index = index});
}

void decode_leave(struct decode *decode)
{
	decode->depth--;
}

// ---- objects --------------------------------------------------------------------------------------

size_t decode_count(const struct tree_node *node)
{
	const struct tree_node *end = node + tree_span(node);
	size_t count = 0;
	for (const struct tree_node *at = node + 1; at < end; count++) {
		if (node->kind == tree_kind_object)
			at++;
		at += tree_span(at);
	}
	return count;
}

static const struct decode_row *find_row(const struct decode_object *object, const char *key,
					 size_t length)
{
	for (size_t i = 0; i < object->rows_count; i++) {
		const struct decode_row *row = &object->rows[i];
		if (row->key_length == length && memcmp(row->key, key, length) == 0)
			return row;
	}
	return NULL;
}

// The last value of each row's key, NULL where there is none.
static int collect_values(struct decode *decode, const struct decode_object *object,
			  const struct tree_node *node, const struct tree_node **values)
{
	const struct tree_node *end = node + tree_span(node);
	for (const struct tree_node *key = node + 1; key < end;) {
		const struct tree_node *value = key + 1;
		const char *characters = tree_characters(decode->tree, key);
		const struct decode_row *row = find_row(object, characters, key->extent);
		if (row != NULL)
			values[row - object->rows] = value;
		else if (object->closed)
			return decode_fail(decode, "has no member \"%s\"",
					   decode_make_excerpt(characters, key->extent).text);
		key = value + tree_span(value);
	}
	return 0;
}

static int read_row(struct decode *decode, const struct decode_row *row,
		    const struct tree_node *value, void *target)
{
	int result = 0;
	decode_enter_key(decode, row->key, row->key_length);
	if (value != NULL && value->kind != tree_kind_null)
		result = row->read(decode, row, value, (char *)target + row->offset);
	else if (row->required)
		result = decode_fail(decode, "is required");
	decode_leave(decode);
	return result;
}

int decode_object(struct decode *decode, const struct decode_object *object,
		  const struct tree_node *node, void *target)
{
	const struct tree_node *values[DECODE_MAX_ROWS] = {NULL};
	if (node->kind != tree_kind_object)
		return decode_fail_type(decode, "an object", node);
	if (collect_values(decode, object, node, values) < 0)
		return -1;
	if (object->start != NULL)
		object->start(target);
	for (size_t i = 0; i < object->rows_count; i++)
		if (read_row(decode, &object->rows[i], values[i], target) < 0)
			return -1;
	if (object->marks_set)
		*(bool *)target = true;
	return object->finish != NULL ? object->finish(decode, target) : 0;
}

int decode_read_object(struct decode *decode, const struct decode_row *row,
		       const struct tree_node *node, void *target)
{
	return decode_object(decode, row->object, node, target);
}
