// SPDX-License-Identifier: Apache-2.0
// The machine behind the tables: it walks an object once, remembers the last value of each key that
// has a row, then calls the readers in the order of the rows, so that errors do not depend on the
// order of the document. The path of an error is put together only when there is one.
#include "spec/decode.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- errors ---------------------------------------------------------------------------------------

// A part of the user's text for a message: shortened, without control characters.
struct excerpt {
	char text[72];
};

static struct excerpt make_excerpt(const char *characters, size_t length)
{
	struct excerpt excerpt;
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
		struct excerpt key = make_excerpt(step->key, step->length);
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

static int fail_value(struct decode *decode, const char *reason, const struct tree_node *node)
{
	const char *characters = tree_characters(decode->tree, node);
	return decode_fail(decode, "%s, found '%s'", reason,
			   make_excerpt(characters, node->extent).text);
}

static int fail_memory(struct decode *decode)
{
	return decode_fail(decode, "out of memory");
}

// ---- the path -------------------------------------------------------------------------------------

static void enter(struct decode *decode, struct decode_step step)
{
	// Tables never nest this deeply; a deeper path would only be named incompletely.
	if (decode->depth < DECODE_MAX_STEPS)
		decode->steps[decode->depth] = step;
	decode->depth++;
}

void decode_enter_key(struct decode *decode, const char *key, size_t length)
{
	enter(decode, (struct decode_step){.key = key, .length = length});
}

void decode_enter_index(struct decode *decode, size_t index)
{
	enter(decode, (struct decode_step){.index = index});
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
static void collect_values(struct decode *decode, const struct decode_object *object,
			   const struct tree_node *node, const struct tree_node **values)
{
	const struct tree_node *end = node + tree_span(node);
	for (const struct tree_node *key = node + 1; key < end;) {
		const struct tree_node *value = key + 1;
		const char *characters = tree_characters(decode->tree, key);
		const struct decode_row *row = find_row(object, characters, key->extent);
		if (row != NULL)
			values[row - object->rows] = value;
		key = value + tree_span(value);
	}
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
	collect_values(decode, object, node, values);
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

// ---- booleans and numbers -------------------------------------------------------------------------

int decode_read_boolean(struct decode *decode, const struct decode_row *row,
			const struct tree_node *node, void *target)
{
	(void)row;
	if (node->kind != tree_kind_true && node->kind != tree_kind_false)
		return decode_fail_type(decode, "a boolean", node);
	*(bool *)target = node->kind == tree_kind_true;
	return 0;
}

int decode_read_optional_boolean(struct decode *decode, const struct decode_row *row,
				 const struct tree_node *node, void *target)
{
	struct spec_optional_bool *optional = target;
	optional->set = true;
	return decode_read_boolean(decode, row, node, &optional->value);
}

struct integer {
	bool negative;
	bool overflow;
	uint64_t magnitude;
};

static int read_integer(struct decode *decode, const struct tree_node *node,
			struct integer *integer)
{
	*integer = (struct integer){.negative = false};
	if (node->kind != tree_kind_number)
		return decode_fail_type(decode, "a number", node);
	const char *at = tree_characters(decode->tree, node);
	const char *end = at + node->extent;
	if (at < end && *at == '-') {
		integer->negative = true;
		at++;
	}
	for (; at < end; at++) {
		if (*at < '0' || *at > '9')
			return fail_value(decode, "expected an integer", node);
		uint64_t digit = (uint64_t)(*at - '0');
		if (__builtin_mul_overflow(integer->magnitude, 10, &integer->magnitude) ||
		    __builtin_add_overflow(integer->magnitude, digit, &integer->magnitude))
			integer->overflow = true;
	}
	return 0;
}

static int fail_range(struct decode *decode, const struct decode_row *row,
		      const struct tree_node *node)
{
	struct excerpt number =
		make_excerpt(tree_characters(decode->tree, node), node->extent);
	return decode_fail(decode, "%s is out of range %" PRId64 "..%" PRIu64, number.text,
			   row->min, row->max);
}

static int read_unsigned(struct decode *decode, const struct decode_row *row,
			 const struct tree_node *node, uint64_t *value)
{
	struct integer integer;
	if (read_integer(decode, node, &integer) < 0)
		return -1;
	bool below = integer.negative ? integer.magnitude != 0
				      : integer.magnitude < (uint64_t)row->min;
	if (integer.overflow || below || integer.magnitude > row->max)
		return fail_range(decode, row, node);
	*value = integer.magnitude;
	return 0;
}

// The row's range lies within int64_t.
static int read_signed(struct decode *decode, const struct decode_row *row,
		       const struct tree_node *node, int64_t *value)
{
	struct integer integer;
	uint64_t most = INT64_MAX;
	if (read_integer(decode, node, &integer) < 0)
		return -1;
	if (integer.negative)
		most++;
	if (integer.overflow || integer.magnitude > most)
		return fail_range(decode, row, node);
	int64_t number = integer.negative ? (int64_t)(0 - integer.magnitude)
					  : (int64_t)integer.magnitude;
	if (number < row->min || number > (int64_t)row->max)
		return fail_range(decode, row, node);
	*value = number;
	return 0;
}

int decode_read_u32(struct decode *decode, const struct decode_row *row,
		    const struct tree_node *node, void *target)
{
	uint64_t value = 0;
	if (read_unsigned(decode, row, node, &value) < 0)
		return -1;
	*(uint32_t *)target = (uint32_t)value;
	return 0;
}

int decode_read_u64(struct decode *decode, const struct decode_row *row,
		    const struct tree_node *node, void *target)
{
	return read_unsigned(decode, row, node, target);
}

int decode_read_i64(struct decode *decode, const struct decode_row *row,
		    const struct tree_node *node, void *target)
{
	return read_signed(decode, row, node, target);
}

int decode_read_int(struct decode *decode, const struct decode_row *row,
		    const struct tree_node *node, void *target)
{
	int64_t value = 0;
	if (read_signed(decode, row, node, &value) < 0)
		return -1;
	*(int *)target = (int)value;
	return 0;
}

int decode_read_optional_u64(struct decode *decode, const struct decode_row *row,
			     const struct tree_node *node, void *target)
{
	struct spec_optional_u64 *optional = target;
	optional->set = true;
	return read_unsigned(decode, row, node, &optional->value);
}

int decode_read_optional_i64(struct decode *decode, const struct decode_row *row,
			     const struct tree_node *node, void *target)
{
	struct spec_optional_i64 *optional = target;
	optional->set = true;
	return read_signed(decode, row, node, &optional->value);
}

// ---- strings and words ----------------------------------------------------------------------------

static int read_string(struct decode *decode, const struct tree_node *node, decode_check *check,
		       const char **value)
{
	if (node->kind != tree_kind_string)
		return decode_fail_type(decode, "a string", node);
	const char *copy = pool_copy_string(decode->pool, tree_characters(decode->tree, node),
					     node->extent);
	if (copy == NULL)
		return fail_memory(decode);
	const char *reason = check != NULL ? check(copy) : NULL;
	if (reason != NULL)
		return fail_value(decode, reason, node);
	*value = copy;
	return 0;
}

int decode_read_string(struct decode *decode, const struct decode_row *row,
		       const struct tree_node *node, void *target)
{
	if (row->empty_is_absent && node->kind == tree_kind_string && node->extent == 0)
		return row->required ? decode_fail(decode, "is empty") : 0;
	return read_string(decode, node, row->check, target);
}

static int read_word(struct decode *decode, const struct words *words,
		     const struct tree_node *node, int *value)
{
	if (node->kind != tree_kind_string)
		return decode_fail_type(decode, "a string", node);
	const char *characters = tree_characters(decode->tree, node);
	if (!words_find(words, characters, node->extent, value))
		return decode_fail(decode, "unknown value '%s'",
				   make_excerpt(characters, node->extent).text);
	return 0;
}

// Enumerations are written as int.
_Static_assert(sizeof(enum spec_seccomp_action) == sizeof(int), "enums are as wide as int");

int decode_read_word(struct decode *decode, const struct decode_row *row,
		     const struct tree_node *node, void *target)
{
	return read_word(decode, row->words, node, target);
}

int decode_read_bits(struct decode *decode, const struct decode_row *row,
		     const struct tree_node *node, void *target)
{
	uint64_t *bits = target;
	size_t index = 0;
	if (node->kind != tree_kind_array)
		return decode_fail_type(decode, "an array", node);
	const struct tree_node *end = node + tree_span(node);
	for (const struct tree_node *at = node + 1; at < end; at += tree_span(at), index++) {
		int bit = 0;
		decode_enter_index(decode, index);
		if (read_word(decode, row->words, at, &bit) < 0)
			return -1;
		decode_leave(decode);
		*bits |= (uint64_t)1 << bit;
	}
	return 0;
}

// Reads an array of strings; words and check may be NULL.
static int read_strings(struct decode *decode, const struct tree_node *node,
			const struct words *words, decode_check *check,
			struct spec_strings *strings)
{
	if (node->kind != tree_kind_array)
		return decode_fail_type(decode, "an array", node);
	size_t count = decode_count(node);
	const char **items = pool_alloc_array(decode->pool, count + 1, sizeof(*items));
	if (items == NULL)
		return fail_memory(decode);
	const struct tree_node *at = node + 1;
	for (size_t i = 0; i < count; i++, at += tree_span(at)) {
		int value;
		decode_enter_index(decode, i);
		if ((words != NULL && read_word(decode, words, at, &value) < 0) ||
		    read_string(decode, at, check, &items[i]) < 0)
			return -1;
		decode_leave(decode);
	}
	items[count] = NULL;
	*strings = (struct spec_strings){.items = items, .count = count};
	return 0;
}

int decode_read_strings(struct decode *decode, const struct decode_row *row,
			const struct tree_node *node, void *target)
{
	return read_strings(decode, node, NULL, row->check, target);
}

int decode_read_word_strings(struct decode *decode, const struct decode_row *row,
			     const struct tree_node *node, void *target)
{
	return read_strings(decode, node, row->words, NULL, target);
}

// ---- lists and maps -------------------------------------------------------------------------------

// How every list of structs lies in its struct: const T *items; size_t count. Copied as bytes because
// T differs.
static void put_list(void *target, void *items, size_t count)
{
	memcpy(target, &items, sizeof(items));
	memcpy((char *)target + sizeof(items), &count, sizeof(count));
}

int decode_read_list(struct decode *decode, const struct decode_row *row,
		     const struct tree_node *node, void *target)
{
	size_t size = row->object->size;
	if (node->kind != tree_kind_array)
		return decode_fail_type(decode, "an array", node);
	size_t count = decode_count(node);
	char *items = pool_alloc_array(decode->pool, count, size);
	if (items == NULL)
		return fail_memory(decode);
	const struct tree_node *at = node + 1;
	for (size_t i = 0; i < count; i++, at += tree_span(at)) {
		decode_enter_index(decode, i);
		memset(items + i * size, 0, size);
		if (decode_object(decode, row->object, at, items + i * size) < 0)
			return -1;
		decode_leave(decode);
	}
	put_list(target, items, count);
	return 0;
}

static const char *entry_key(const void *entry)
{
	const char *key;
	memcpy(&key, entry, sizeof(key));
	return key;
}

// Orders pointers to map entries by key, then by position.
static int compare_entries(const void *left, const void *right)
{
	const char *const *a = left;
	const char *const *b = right;
	int order = strcmp(entry_key(*a), entry_key(*b));
	if (order != 0)
		return order;
	return *a < *b ? -1 : 1;
}

static void drop_entry(char *entry)
{
	const char *none = NULL;
	memcpy(entry, &none, sizeof(none));
}

static void mark_few(char *items, size_t count, size_t size)
{
	for (size_t i = 0; i < count; i++)
		for (size_t later = i + 1; later < count; later++)
			if (strcmp(entry_key(items + i * size), entry_key(items + later * size)) ==
			    0) {
				drop_entry(items + i * size);
				break;
			}
}

static int mark_many(struct decode *decode, char *items, size_t count, size_t size)
{
	char **sorted = pool_alloc_array(decode->pool, count, sizeof(*sorted));
	if (sorted == NULL)
		return fail_memory(decode);
	for (size_t i = 0; i < count; i++)
		sorted[i] = items + i * size;
	qsort(sorted, count, sizeof(*sorted), compare_entries);
	for (size_t i = 0; i + 1 < count; i++)
		if (strcmp(entry_key(sorted[i]), entry_key(sorted[i + 1])) == 0)
			drop_entry(sorted[i]);
	return 0;
}

// Keeps the last entry of each key, in the order of the document.
static int drop_duplicates(struct decode *decode, char *items, size_t *count, size_t size)
{
	size_t kept = 0;
	if (*count <= 32)
		mark_few(items, *count, size);
	else if (mark_many(decode, items, *count, size) < 0)
		return -1;
	for (size_t i = 0; i < *count; i++)
		if (entry_key(items + i * size) != NULL)
			memmove(items + kept++ * size, items + i * size, size);
	*count = kept;
	return 0;
}

typedef int read_entry(struct decode *decode, const struct decode_row *row,
		       const struct tree_node *value, void *entry);

static int read_entry_key(struct decode *decode, const struct decode_row *row,
			  const struct tree_node *key, void *entry)
{
	const char *copy;
	if (read_string(decode, key, row->check_key, &copy) < 0)
		return -1;
	memcpy(entry, &copy, sizeof(copy));
	return 0;
}

// Every member of an object becomes a struct of size bytes that begins with its key.
static int read_map(struct decode *decode, const struct decode_row *row,
		    const struct tree_node *node, void *target, size_t size, read_entry *read)
{
	if (node->kind != tree_kind_object)
		return decode_fail_type(decode, "an object", node);
	size_t count = decode_count(node);
	char *items = pool_alloc_array(decode->pool, count, size);
	if (items == NULL)
		return fail_memory(decode);
	const struct tree_node *key = node + 1;
	for (size_t i = 0; i < count; i++, key += 1 + tree_span(key + 1)) {
		enter(decode, (struct decode_step){.key = tree_characters(decode->tree, key),
						   .length = key->extent,
						   .quoted = true});
		memset(items + i * size, 0, size);
		if (read_entry_key(decode, row, key, items + i * size) < 0 ||
		    read(decode, row, key + 1, items + i * size) < 0)
			return -1;
		decode_leave(decode);
	}
	if (drop_duplicates(decode, items, &count, size) < 0)
		return -1;
	put_list(target, items, count);
	return 0;
}

static int read_pair(struct decode *decode, const struct decode_row *row,
		     const struct tree_node *value, void *entry)
{
	struct spec_string_pair *pair = entry;
	(void)row;
	return read_string(decode, value, NULL, &pair->value);
}

int decode_read_string_map(struct decode *decode, const struct decode_row *row,
			   const struct tree_node *node, void *target)
{
	return read_map(decode, row, node, target, sizeof(struct spec_string_pair), read_pair);
}

static int read_keyed_object(struct decode *decode, const struct decode_row *row,
			     const struct tree_node *value, void *entry)
{
	return decode_object(decode, row->object, value, entry);
}

int decode_read_object_map(struct decode *decode, const struct decode_row *row,
			   const struct tree_node *node, void *target)
{
	return read_map(decode, row, node, target, row->object->size, read_keyed_object);
}
