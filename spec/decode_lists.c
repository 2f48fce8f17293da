// SPDX-License-Identifier: Apache-2.0
// The readers of lists of structs and of maps, objects whose keys the user chose. Of duplicate keys in a
// map the last one stays; finding them takes no longer than sorting, whatever the document holds.
#include <stdlib.h>
#include <string.h>

#include "spec/decode.h"

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
		return decode_fail_memory(decode);
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
		return decode_fail_memory(decode);
	for (size_t i = 0; i < count; i++)
		sorted[i] = items + i * size;
	qsort(sorted, count, sizeof(*sorted), compare_entries);
	for (size_t i = 0; i + 1 < count; i++)
		if (strcmp(entry_key(sorted[i]), entry_key(sorted[i + 1])) == 0)
			drop_entry(sorted[i]);
	return 0;
}

// As engines write their maps; then no key is there twice.
static bool is_ascending(const char *items, size_t count, size_t size)
{
	for (size_t i = 1; i < count; i++)
		if (strcmp(entry_key(items + (i - 1) * size), entry_key(items + i * size)) >= 0)
			return false;
	return true;
}

// Keeps the last entry of each key, in the order of the document.
static int drop_duplicates(struct decode *decode, char *items, size_t *count, size_t size)
{
	size_t kept = 0;
	if (is_ascending(items, *count, size))
		return 0;
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
	if (decode_string(decode, key, row->check_key, &copy) < 0)
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
		return decode_fail_memory(decode);
	const struct tree_node *key = node + 1;
	for (size_t i = 0; i < count; i++, key += 1 + tree_span(key + 1)) {
		decode_enter(decode, (struct decode_step){.key = tree_characters(decode->tree, key),
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
	return decode_string(decode, value, NULL, &pair->value);
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
