// SPDX-License-Identifier: Apache-2.0
// Text to tree with yajl's event parser. The whole text is handed over as one chunk, so that yajl
// reports strings and numbers as pointers into it; only strings with escapes are copied.
//
// yajl 2.1 does not check its allocations. Its memory therefore comes from one block whose size covers
// the worst case, so that no allocation can fail in the middle (see parser_memory_size). Both blocks
// are large for what most documents use; pages that are never touched cost nothing.
#include "spec/tree.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "spec/utf8.h"

// ---- memory for yajl ------------------------------------------------------------------------------

struct parser_memory {
	char *block;  // owned
	size_t size, used;
};

// Every allocation is preceded by its size.
#define HEADER 16

// yajl holds: its handle and lexer (under 1 KiB), a state stack of one byte a level that grows by 128
// (under 1 KiB for our depth), an error message (under 1 KiB), one buffer for the characters of a
// string with escapes and one for an unfinished last token. The buffers double from 2 KiB and hold
// disjoint parts of the text, so all their generations together stay under 4 * length + 16 KiB.
static size_t parser_memory_size(size_t length)
{
	return 4 * length + 24 * 1024;
}

static void *parser_malloc(void *context, size_t size)
{
	struct parser_memory *memory = context;
	size_t rounded = (size + HEADER - 1) & ~(size_t)(HEADER - 1);
	if (rounded < size || rounded > memory->size - memory->used - HEADER)
		return NULL;
	char *start = memory->block + memory->used;
	memcpy(start, &size, sizeof(size));
	memory->used += HEADER + rounded;
	return start + HEADER;
}

static void parser_free(void *context, void *pointer)
{
	(void)context;
	(void)pointer;
}

static void *parser_realloc(void *context, void *pointer, size_t size)
{
	size_t old = 0;
	void *fresh = parser_malloc(context, size);
	if (fresh == NULL || pointer == NULL)
		return fresh;
	memcpy(&old, (char *)pointer - HEADER, sizeof(old));
	memcpy(fresh, pointer, old < size ? old : size);
	return fresh;
}

// ---- events to nodes ------------------------------------------------------------------------------

struct builder {
	struct tree *tree;
	size_t length;          // of the text
	size_t capacity;        // of tree->nodes
	size_t unescaped_used;  // of tree->unescaped, which holds length bytes
	size_t depth;
	uint32_t open[SPEC_MAX_DEPTH];  // the arrays and objects around this place
	const char *fault;              // why the parse was given up
};

static int give_up(struct builder *builder, const char *fault)
{
	builder->fault = fault;
	return 0;
}

static int add_node(struct builder *builder, struct tree_node node)
{
	if (builder->tree->count == builder->capacity)
		return give_up(builder, "has too many values");
	builder->tree->nodes[builder->tree->count++] = node;
	return 1;
}

// Characters that yajl had to put together itself live in its buffer: keep a copy.
static int add_copied(struct builder *builder, enum tree_kind kind, const void *at, size_t length)
{
	struct tree *tree = builder->tree;
	if (tree->unescaped == NULL)
		tree->unescaped = malloc(builder->length);
	if (tree->unescaped == NULL)
		return give_up(builder, "out of memory");
	if (length > builder->length - builder->unescaped_used)
		return give_up(builder, "has too many escapes");
	memcpy(tree->unescaped + builder->unescaped_used, at, length);
	struct tree_node node = {.start = (uint32_t)builder->unescaped_used,
				 .kind = kind & 7u,
				 .unescaped = 1,
				 .extent = length & 0xfffffffu};
	builder->unescaped_used += length;
	return add_node(builder, node);
}

static int add_characters(struct builder *builder, enum tree_kind kind, const void *at,
			  size_t length)
{
	uintptr_t text = (uintptr_t)builder->tree->text;
	uintptr_t start = (uintptr_t)at;
	if (start < text || start >= text + builder->length)
		return add_copied(builder, kind, at, length);
	return add_node(builder, (struct tree_node){.start = (uint32_t)(start - text),
						    .kind = kind & 7u,
						    .extent = length & 0xfffffffu});
}

static int on_null(void *context)
{
	return add_node(context, (struct tree_node){.kind = tree_kind_null});
}

static int on_boolean(void *context, int value)
{
	enum tree_kind kind = value ? tree_kind_true : tree_kind_false;
	return add_node(context, (struct tree_node){.kind = kind & 7u});
}

static int on_number(void *context, const char *at, size_t length)
{
	return add_characters(context, tree_kind_number, at, length);
}

static int on_string(void *context, const unsigned char *at, size_t length)
{
	return add_characters(context, tree_kind_string, at, length);
}

static int open_container(struct builder *builder, enum tree_kind kind)
{
	if (builder->depth == SPEC_MAX_DEPTH)
		return give_up(builder, "is nested too deeply");
	builder->open[builder->depth++] = (uint32_t)builder->tree->count;
	return add_node(builder, (struct tree_node){.kind = kind & 7u});
}

static int on_start_object(void *context)
{
	return open_container(context, tree_kind_object);
}

static int on_start_array(void *context)
{
	return open_container(context, tree_kind_array);
}

static int on_end(void *context)
{
	struct builder *builder = context;
	size_t start = builder->open[--builder->depth];
	builder->tree->nodes[start].extent = (builder->tree->count - start) & 0xfffffffu;
	return 1;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_object,
	.yajl_map_key = on_string,
	.yajl_end_map = on_end,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end,
};

// ---- errors ---------------------------------------------------------------------------------------

// "line 3, column 7: ..." for an offset of the text.
static int fail_at(struct spec_error *error, const char *text, size_t offset, const char *what)
{
	size_t line = 1, column = 1;
	for (size_t i = 0; i < offset; i++) {
		column++;
		if (text[i] == '\n') {
			line++;
			column = 1;
		}
	}
	error->path[0] = '\0';
	(void)snprintf(error->reason, sizeof(error->reason), "line %zu, column %zu: %s", line,
		       column, what);
	return -1;
}

static int fail_whole(struct spec_error *error, const char *what)
{
	error->path[0] = '\0';
	(void)snprintf(error->reason, sizeof(error->reason), "%s", what);
	return -1;
}

static int fail_syntax(struct spec_error *error, yajl_handle handle, const char *text,
		       size_t offset)
{
	char what[160];
	unsigned char *message = yajl_get_error(handle, 0, (const unsigned char *)text, offset);
	(void)snprintf(what, sizeof(what), "%s", message ? (const char *)message : "bad JSON");
	what[strcspn(what, "\n")] = '\0';
	return fail_at(error, text, offset, what);
}

// ---- the parse ------------------------------------------------------------------------------------

static int run_parser(struct builder *builder, struct parser_memory *memory,
		      struct spec_error *error)
{
	const char *text = builder->tree->text;
	yajl_alloc_funcs functions = {parser_malloc, parser_realloc, parser_free, memory};
	yajl_handle handle = yajl_alloc(&callbacks, &functions, builder);
	if (handle == NULL)
		return fail_whole(error, "out of memory");
	yajl_config(handle, yajl_dont_validate_strings, 1);  // utf8_find_fault is stricter
	size_t offset = builder->length;
	yajl_status status = yajl_parse(handle, (const unsigned char *)text, builder->length);
	if (status == yajl_status_ok)
		status = yajl_complete_parse(handle);
	else
		offset = yajl_get_bytes_consumed(handle);
	if (status == yajl_status_client_canceled)
		return fail_at(error, text, offset, builder->fault);
	if (status != yajl_status_ok)
		return fail_syntax(error, handle, text, offset);
	enum tree_kind kind = builder->tree->nodes[0].kind;
	if (kind != tree_kind_object && kind != tree_kind_array)
		return fail_whole(error, "expected an object");
	return 0;
}

static int check_text(const char *text, size_t length, struct spec_error *error)
{
	char what[80];
	size_t at = 0;
	if (length > SPEC_MAX_BYTES)
		return fail_whole(error, "is larger than 16 MiB");
	const char *fault = utf8_find_fault(text, length, &at);
	if (fault == NULL)
		return 0;
	(void)snprintf(what, sizeof(what), "holds %s", fault);
	return fail_at(error, text, at, what);
}

int tree_parse(struct tree *tree, const char *text, size_t length, struct spec_error *error)
{
	*tree = (struct tree){.text = text};
	if (check_text(text, length, error) < 0)
		return -1;
	struct builder builder = {.tree = tree, .length = length};
	struct parser_memory memory = {.size = parser_memory_size(length)};
	// A value takes at least one character and a separator or an end, which may be missing as yet.
	builder.capacity = length / 2 + SPEC_MAX_DEPTH + 2;
	tree->nodes = malloc(builder.capacity * sizeof(*tree->nodes));
	memory.block = malloc(memory.size);
	int result = tree->nodes == NULL || memory.block == NULL
			     ? fail_whole(error, "out of memory")
			     : run_parser(&builder, &memory, error);
	free(memory.block);
	if (result < 0)
		tree_done(tree);
	return result;
}

void tree_done(struct tree *tree)
{
	free(tree->nodes);
	free(tree->unescaped);
	*tree = (struct tree){.text = NULL};
}
