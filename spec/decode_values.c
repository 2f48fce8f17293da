// SPDX-License-Identifier: Apache-2.0
// The readers of single values and of arrays of strings. Numbers are read from their text, so that every
// 64-bit value is exact and a fraction or an exponent is refused instead of rounded.
#include <inttypes.h>
#include <string.h>

#include "spec/decode.h"

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
			return decode_fail_value(decode, "expected an integer", node);
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
	struct decode_excerpt number =
		decode_make_excerpt(tree_characters(decode->tree, node), node->extent);
	return decode_fail(decode, "%s is out of range %" PRId64 "..%" PRIu64, number.text,
			   row->min, row->max);
}

static int read_unsigned(struct decode *decode, const struct decode_row *row,
			 const struct tree_node *node, uint64_t *value)
{
	struct integer integer;
	if (read_integer(decode, node, &integer) < 0)
		return -1;
	bool below =
		integer.negative ? integer.magnitude != 0 : integer.magnitude < (uint64_t)row->min;
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
	int64_t number =
		integer.negative ? (int64_t)(0 - integer.magnitude) : (int64_t)integer.magnitude;
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

int decode_string(struct decode *decode, const struct tree_node *node, decode_check *check,
		  const char **value)
{
	if (node->kind != tree_kind_string)
		return decode_fail_type(decode, "a string", node);
	const char *copy =
		pool_copy_string(decode->pool, tree_characters(decode->tree, node), node->extent);
	if (copy == NULL)
		return decode_fail_memory(decode);
	const char *reason = check != NULL ? check(copy) : NULL;
	if (reason != NULL)
		return decode_fail_value(decode, reason, node);
	*value = copy;
	return 0;
}

int decode_read_string(struct decode *decode, const struct decode_row *row,
		       const struct tree_node *node, void *target)
{
	if (row->empty_is_absent && node->kind == tree_kind_string && node->extent == 0)
		return row->required ? decode_fail(decode, "is empty") : 0;
	return decode_string(decode, node, row->check, target);
}

static int read_word(struct decode *decode, const struct words *words, const struct tree_node *node,
		     int *value)
{
	if (node->kind != tree_kind_string)
		return decode_fail_type(decode, "a string", node);
	const char *characters = tree_characters(decode->tree, node);
	if (!words_find(words, characters, node->extent, value))
		return decode_fail(decode, "unknown value '%s'",
				   decode_make_excerpt(characters, node->extent).text);
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
		return decode_fail_memory(decode);
	const struct tree_node *at = node + 1;
	for (size_t i = 0; i < count; i++, at += tree_span(at)) {
		int value;
		decode_enter_index(decode, i);
		if ((words != NULL && read_word(decode, words, at, &value) < 0) ||
		    decode_string(decode, at, check, &items[i]) < 0)
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
