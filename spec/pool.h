// SPDX-License-Identifier: Apache-2.0
// Memory with one owner and one end: everything that a parsed configuration points at.
//
// Allocation moves a pointer; a chunk that is full is followed by a larger one. Nothing is zeroed and
// nothing is freed alone. Only spec/ uses it.
#ifndef HUSK_SPEC_POOL_H
#define HUSK_SPEC_POOL_H

#include <stddef.h>

struct pool_chunk;

struct pool {
	struct pool_chunk *chunks;  // owned, the newest first
	char *next;                 // the first free byte of the newest chunk
	size_t left;                // free bytes behind it
	size_t chunk_size;          // of the next chunk
};

// An empty pool whose first chunk will hold first_size bytes. It allocates nothing yet.
void pool_init(struct pool *pool, size_t first_size);

// size bytes aligned to align (a power of two, at most 16), or NULL when memory ran out.
void *pool_alloc(struct pool *pool, size_t size, size_t align) __attribute__((warn_unused_result));

// count * size bytes, aligned for any type; NULL also when the product overflows.
void *pool_alloc_array(struct pool *pool, size_t count, size_t size)
	__attribute__((warn_unused_result));

// A copy of length bytes with a NUL behind, or NULL.
char *pool_copy_string(struct pool *pool, const char *text, size_t length)
	__attribute__((warn_unused_result));

// Releases every chunk. The struct itself may lie in one of them.
void pool_done(struct pool *pool);

#endif
