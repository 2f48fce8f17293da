// SPDX-License-Identifier: Apache-2.0
// The JSON document as a flat array of nodes in the order of the text: an object is its node, then
// key, value, key, value; an array is its node, then its elements. The next sibling of a node is
// node + tree_span(node).
//
// Nodes are 8 bytes and point into the text, which must stay in place as long as the tree. Numbers are
// kept as text, so that 64-bit values are exact. Duplicate keys are all there: the decoder takes the
// last.
#ifndef HUSK_SPEC_TREE_H
#define HUSK_SPEC_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "spec/spec.h"

enum tree_kind {
	tree_kind_null,
	tree_kind_false,
	tree_kind_true,
	tree_kind_number,
	tree_kind_string,
	tree_kind_array,
	tree_kind_object,
};

struct tree_node {
	uint32_t start;  // offset of the characters: in the text, or in the unescaped strings
	uint32_t kind : 3;
	uint32_t unescaped : 1;
	uint32_t extent : 28;  // characters; of an array or object: its nodes with itself
};

struct tree {
	const char *text;         // borrowed
	char *unescaped;          // owned: strings that had escapes
	struct tree_node *nodes;  // owned; nodes[0] is the document
	size_t count;
};

// Parses length bytes of JSON whose document must be an object (or a list, which only mounts may be). Refused are: more than
// SPEC_MAX_BYTES, nesting beyond SPEC_MAX_DEPTH, invalid UTF-8, NUL characters, comments and anything
// but white space behind the document. On failure the error says where (line and column), -1 is
// returned and there is nothing to release.
int tree_parse(struct tree *tree, const char *text, size_t length, struct spec_error *error)
	__attribute__((warn_unused_result));

void tree_done(struct tree *tree);

// Nodes from this one to its next sibling.
static inline size_t tree_span(const struct tree_node *node)
{
	return node->kind >= tree_kind_array ? node->extent : 1;
}

// The characters of a string, key or number: extent bytes, no NUL behind them.
static inline const char *tree_characters(const struct tree *tree, const struct tree_node *node)
{
	return (node->unescaped ? tree->unescaped : tree->text) + node->start;
}

#endif
