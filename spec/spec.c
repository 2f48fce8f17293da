// SPDX-License-Identifier: Apache-2.0
// The way of a configuration: text, tree, struct, rules. The tree is released at the end of the way;
// the struct and all that it points at lie in one pool, which the struct itself keeps.
#include "spec/spec.h"

#include <stdio.h>
#include <string.h>

#include "spec/annotations.h"
#include "spec/config.h"

struct spec_memory_owner {
	struct pool pool;
	struct spec spec;
};

// Strings need about as much room as the text, pointers and structs the rest.
static struct spec *new_spec(size_t length)
{
	struct pool pool;
	pool_init(&pool, sizeof(struct spec_memory_owner) + length + 4096);
	struct spec_memory_owner *owner = pool_alloc(&pool, sizeof(*owner), 16);
	if (owner == NULL)
		return NULL;
	memset(owner, 0, sizeof(*owner));
	owner->pool = pool;
	owner->spec.owner = owner;
	return &owner->spec;
}

// Of the mounts' table the one list may stand alone, for the object that holds it.
static int decode_list_alone(struct decode *decode, const struct decode_object *object,
			     const struct tree_node *node, void *target)
{
	const struct decode_row *row = object->rows;
	if (object != &config_mounts) {
		*decode->error = (struct spec_error){.reason = "expected an object"};
		return -1;
	}
	decode_enter_key(decode, row->key, row->key_length);
	return row->read(decode, row, node, (char *)target + row->offset);
}

static int decode_text(const char *text, size_t length, const struct decode_object *object,
		       struct spec *spec, void *target, struct spec_error *error)
{
	struct tree tree;
	if (tree_parse(&tree, text, length, error) < 0)
		return -1;
	struct decode decode = {.tree = &tree, .pool = &spec->owner->pool, .error = error};
	bool list = tree.nodes->kind == tree_kind_array;
	int result = list ? decode_list_alone(&decode, object, tree.nodes, target)
			  : decode_object(&decode, object, tree.nodes, target);
	tree_done(&tree);
	return result;
}

// Decodes the text with one of the tables into a new spec, at the member with this offset.
static int parse(const char *text, size_t length, const struct decode_object *object, size_t offset,
		 const struct spec **result, struct spec_error *error)
{
	struct spec *spec = length <= SPEC_MAX_BYTES ? new_spec(length) : new_spec(0);
	*result = NULL;
	if (spec == NULL) {
		*error = (struct spec_error){.reason = "out of memory"};
		return -1;
	}
	if (decode_text(text, length, object, spec, (char *)spec + offset, error) < 0 ||
	    (object == &config_document &&
	     annotations_apply(spec, &spec->owner->pool, error) < 0)) {
		spec_free(spec);
		return -1;
	}
	*result = spec;
	return 0;
}

int spec_parse(const char *text, size_t length, const struct spec **spec, struct spec_error *error)
{
	if (parse(text, length, &config_document, 0, spec, error) < 0)
		return -1;
	if (spec_validate(*spec, error) == 0)
		return 0;
	spec_free(*spec);
	*spec = NULL;
	return -1;
}

// The paths of spec_validate begin at the document; here the process is the document.
static void shorten_path(struct spec_error *error, const char *prefix)
{
	size_t length = strlen(prefix);
	if (strncmp(error->path, prefix, length) == 0)
		memmove(error->path, error->path + length, strlen(error->path + length) + 1);
}

int spec_parse_process(const char *text, size_t length, const struct spec **spec,
		       struct spec_error *error)
{
	if (parse(text, length, &config_process, offsetof(struct spec, process), spec, error) < 0)
		return -1;
	if (spec_validate(*spec, error) == 0)
		return 0;
	shorten_path(error, "process.");
	spec_free(*spec);
	*spec = NULL;
	return -1;
}

// What holds for an update depends on the limits that are there, so only the table's own rules count.
int spec_parse_resources(const char *text, size_t length, const struct spec **spec,
			 struct spec_error *error)
{
	return parse(text, length, &config_resources, offsetof(struct spec, linux_.resources), spec,
		     error);
}

int spec_parse_mounts(const char *text, size_t length, const struct spec **spec,
		      struct spec_error *error)
{
	return parse(text, length, &config_mounts, 0, spec, error);
}

void spec_free(const struct spec *spec)
{
	if (spec == NULL)
		return;
	struct pool pool = spec->owner->pool;
	pool_done(&pool);
}

const char *spec_annotation(const struct spec *spec, const char *key)
{
	for (size_t i = 0; i < spec->annotations.count; i++)
		if (strcmp(spec->annotations.items[i].key, key) == 0)
			return spec->annotations.items[i].value;
	return NULL;
}

bool spec_annotation_is_on(const struct spec *spec, const char *key)
{
	const char *value = spec_annotation(spec, key);
	return value != NULL && strcmp(value, "0") != 0;
}

bool spec_id_mappings_is_placeholder(const struct spec_id_mappings *mappings)
{
	return mappings->count == 1 && mappings->items[0].container_id == 0 &&
	       mappings->items[0].host_id == 0 && mappings->items[0].size == 1;
}
