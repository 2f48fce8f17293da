// SPDX-License-Identifier: Apache-2.0
// From the tree into structs by tables. A table has one row for each key of an object of the
// specification: the key, the member it fills, and the function that reads the value into it, with
// what that function needs to know (a range, a word list, a check, the table of a nested object).
//
// Keys without a row are ignored. null counts as absent. Of duplicate keys the last one counts. The
// macros at the end build the rows and check at compile time that the member has the type that the
// reader writes.
#ifndef HUSK_SPEC_DECODE_H
#define HUSK_SPEC_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/pool.h"
#include "spec/spec.h"
#include "spec/tree.h"
#include "spec/words.h"

#define DECODE_MAX_ROWS 32
// Tables are nested less deeply than this: the longest chain is linux.seccomp.syscalls[].args[].op.
#define DECODE_MAX_STEPS 16

// One part of a path in the document.
struct decode_step {
	const char *key;  // of length characters; NULL: an array index
	size_t length;
	size_t index;
	bool quoted;  // a key that the user chose: ["net.ipv4.ip_forward"]
};

struct decode {
	const struct tree *tree;
	struct pool *pool;  // for what the structs point at
	struct spec_error *error;
	size_t depth;
	struct decode_step steps[DECODE_MAX_STEPS];
};

struct decode_row;

// Reads a node into the member of row's type at target. 0, or -1 with the error filled.
typedef int decode_reader(struct decode *decode, const struct decode_row *row,
			  const struct tree_node *node, void *target);

// NULL, or why the string is refused: "must be an absolute path".
typedef const char *decode_check(const char *value);

struct decode_row {
	const char *key;
	decode_reader *read;
	uint16_t offset;  // of the member
	uint8_t key_length;
	bool required;
	bool empty_is_absent;  // strings: "" counts as not given
	bool nested;           // object is the table of what is inside
	union {
		struct {
			int64_t min;
			uint64_t max;
		};
		struct {
			const struct decode_object *object;
			decode_check *check_key;  // of maps
		};
		const struct words *words;
		decode_check *check;
	};
};

struct decode_object {
	const struct decode_row *rows;
	size_t rows_count;
	size_t size;     // of the struct, where the object is an element of a list
	bool marks_set;  // the struct begins with bool set
	bool closed;     // its keys are an enumeration: one without a row is refused
	// Puts defaults other than zero in, before the rows are read; may be NULL.
	void (*start)(void *target);
	// Rules within one object, called when all rows are read; may be NULL.
	int (*finish)(struct decode *decode, void *target);
};

// Readers; the member's type is in front.
decode_reader decode_read_boolean;           // bool
decode_reader decode_read_optional_boolean;  // struct spec_optional_bool
decode_reader decode_read_u32;               // uint32_t, min, max
decode_reader decode_read_u64;               // uint64_t, min, max
decode_reader decode_read_i64;               // int64_t, min, max
decode_reader decode_read_int;               // int, min, max
decode_reader decode_read_optional_u64;      // struct spec_optional_u64, min, max
decode_reader decode_read_optional_i64;      // struct spec_optional_i64, min, max
decode_reader decode_read_string;            // const char *, check
decode_reader decode_read_word;              // int or an enum, words
decode_reader decode_read_bits;              // uint64_t, words: 1 << value of each word of an array
decode_reader decode_read_strings;           // struct spec_strings, check for each
decode_reader decode_read_word_strings;      // struct spec_strings, words
decode_reader decode_read_object;            // object; the members lie behind target
decode_reader decode_read_list;              // pointer and count, object
decode_reader decode_read_string_map;        // struct spec_string_map, check_key
decode_reader decode_read_object_map;        // pointer and count, object; a first member
					     // const char * takes the key

// Fills a struct from an object node. The struct is zeroed by the caller.
int decode_object(struct decode *decode, const struct decode_object *object,
		  const struct tree_node *node, void *target) __attribute__((warn_unused_result));

// Writes the error for the current path. Returns -1.
int decode_fail(struct decode *decode, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

// The same for a member of the current object.
int decode_fail_key(struct decode *decode, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

// "expected a string, found a number". Returns -1.
int decode_fail_type(struct decode *decode, const char *expected, const struct tree_node *node);

// "must be ..., found 'x'" for a string or a number. Returns -1.
int decode_fail_value(struct decode *decode, const char *reason, const struct tree_node *node);

// Returns -1.
int decode_fail_memory(struct decode *decode);

// A part of the user's text for a message: shortened, without control characters.
struct decode_excerpt {
	char text[72];
};

struct decode_excerpt decode_make_excerpt(const char *characters, size_t length);

// Copies a string node into the pool; check may be NULL.
int decode_string(struct decode *decode, const struct tree_node *node, decode_check *check,
		  const char **value) __attribute__((warn_unused_result));

// A step into an object or array and back, for readers of their own.
void decode_enter(struct decode *decode, struct decode_step step);
void decode_enter_key(struct decode *decode, const char *key, size_t length);
void decode_enter_index(struct decode *decode, size_t index);
void decode_leave(struct decode *decode);

// Elements of an array or members of an object.
size_t decode_count(const struct tree_node *node);

// ---- rows -----------------------------------------------------------------------------------------

#define DECODE_MEMBER(type_, member_, is_)                                                         \
	(uint16_t)(offsetof(type_, member_) +                                                      \
		   0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((type_ *)0)->member_), \
								is_)                               \
					   ? 1                                                     \
					   : -1]))

#define DECODE_LIST_MEMBER(type_, items_, count_, is_)                                             \
	(uint16_t)(DECODE_MEMBER(type_, items_, const is_ *) +                                     \
		   0 * sizeof(char[offsetof(type_, count_) ==                                      \
						   offsetof(type_, items_) + sizeof(void *)        \
					   ? 1                                                     \
					   : -1]))

#define DECODE_KEY(key_) .key = (key_), .key_length = sizeof(key_) - 1

#define BOOLEAN(key_, type_, member_, ...)                                                         \
	{                                                                                          \
		DECODE_KEY(key_), .read = decode_read_boolean,                                     \
				  .offset = DECODE_MEMBER(type_, member_, bool), __VA_ARGS__       \
	}
#define OPTIONAL_BOOLEAN(key_, type_, member_)                                                     \
	{                                                                                          \
		DECODE_KEY(key_),                                                                  \
			.read = decode_read_optional_boolean,                                      \
			.offset = DECODE_MEMBER(type_, member_, struct spec_optional_bool)         \
	}
#define U32(key_, type_, member_, min_, max_, ...)                                                 \
	{                                                                                          \
		DECODE_KEY(key_), .read = decode_read_u32,                                         \
				  .offset = DECODE_MEMBER(type_, member_, uint32_t),               \
				  .min = (min_), .max = (max_), __VA_ARGS__                        \
	}
#define U64(key_, type_, member_, max_, ...)                                                       \
	{                                                                                          \
		DECODE_KEY(key_), .read = decode_read_u64,                                         \
				  .offset = DECODE_MEMBER(type_, member_, uint64_t),               \
				  .max = (max_), __VA_ARGS__                                       \
	}
#define I64(key_, type_, member_, min_, max_, ...)                                                 \
	{                                                                                          \
		DECODE_KEY(key_), .read = decode_read_i64,                                         \
				  .offset = DECODE_MEMBER(type_, member_, int64_t), .min = (min_), \
				  .max = (max_), __VA_ARGS__                                       \
	}
#define INT(key_, type_, member_, min_, max_, ...)                                                 \
	{                                                                                          \
		DECODE_KEY(key_), .read = decode_read_int,                                         \
				  .offset = DECODE_MEMBER(type_, member_, int), .min = (min_),     \
				  .max = (max_), __VA_ARGS__                                       \
	}
#define OPTIONAL_U64(key_, type_, member_, max_)                                                   \
	{                                                                                          \
		DECODE_KEY(key_),                                                                  \
			.read = decode_read_optional_u64,                                          \
			.offset = DECODE_MEMBER(type_, member_, struct spec_optional_u64),         \
			.max = (max_)                                                              \
	}
#define OPTIONAL_I64(key_, type_, member_, min_, max_)                                             \
	{                                                                                          \
		DECODE_KEY(key_),                                                                  \
			.read = decode_read_optional_i64,                                          \
			.offset = DECODE_MEMBER(type_, member_, struct spec_optional_i64),         \
			.min = (min_), .max = (max_)                                               \
	}
#define STRING(key_, type_, member_, ...)                                                          \
	{                                                                                          \
		DECODE_KEY(key_), .read = decode_read_string,                                      \
				  .offset = DECODE_MEMBER(type_, member_, const char *),           \
				  __VA_ARGS__                                                      \
	}
#define WORD(key_, type_, member_, is_, words_, ...)                                               \
	{                                                                                          \
		DECODE_KEY(key_), .read = decode_read_word,                                        \
				  .offset = DECODE_MEMBER(type_, member_, is_), .words = (words_), \
				  __VA_ARGS__                                                      \
	}
#define STRINGS(key_, type_, member_, ...)                                                         \
	{                                                                                          \
		DECODE_KEY(key_), .read = decode_read_strings,                                     \
				  .offset = DECODE_MEMBER(type_, member_, struct spec_strings),    \
				  __VA_ARGS__                                                      \
	}
#define WORD_STRINGS(key_, type_, member_, words_)                                                 \
	{                                                                                          \
		DECODE_KEY(key_), .read = decode_read_word_strings,                                \
				  .offset = DECODE_MEMBER(type_, member_, struct spec_strings),    \
				  .words = (words_)                                                \
	}
#define OBJECT(key_, type_, member_, is_, object_, ...)                                            \
	{                                                                                          \
		DECODE_KEY(key_), .read = decode_read_object,                                      \
				  .offset = DECODE_MEMBER(type_, member_, is_), .nested = true,    \
				  .object = (object_), __VA_ARGS__                                 \
	}
// An object of the document whose members lie in the enclosing struct.
#define INLINE(key_, object_, ...)                                                                 \
	{                                                                                          \
		DECODE_KEY(key_), .read = decode_read_object, .nested = true, .object = (object_), \
				  __VA_ARGS__                                                      \
	}
#define LIST(key_, type_, items_, count_, is_, object_, ...)                                       \
	{                                                                                          \
		DECODE_KEY(key_), .read = decode_read_list,                                        \
				  .offset = DECODE_LIST_MEMBER(type_, items_, count_, is_),        \
				  .nested = true, .object = (object_), __VA_ARGS__                 \
	}
#define STRING_MAP(key_, type_, member_, check_key_)                                               \
	{                                                                                          \
		DECODE_KEY(key_), .read = decode_read_string_map,                                  \
				  .offset = DECODE_MEMBER(type_, member_, struct spec_string_map), \
				  .check_key = (check_key_)                                        \
	}
#define OBJECT_MAP(key_, type_, items_, count_, is_, object_, check_key_)                          \
	{                                                                                          \
		DECODE_KEY(key_), .read = decode_read_object_map,                                  \
				  .offset = DECODE_LIST_MEMBER(type_, items_, count_, is_),        \
				  .nested = true, .object = (object_), .check_key = (check_key_)   \
	}
// A value that needs a reader of its own; the whole struct is its target.
#define CUSTOM(key_, read_, ...)                                                                   \
	{                                                                                          \
		DECODE_KEY(key_), .read = (read_), __VA_ARGS__                                     \
	}

#define DECODE_ROWS(rows_)                                                                         \
	.rows = (rows_),                                                                           \
	.rows_count =                                                                              \
		sizeof(rows_) / sizeof((rows_)[0]) +                                               \
		0 * sizeof(char[sizeof(rows_) / sizeof((rows_)[0]) <= DECODE_MAX_ROWS ? 1 : -1])

#endif
