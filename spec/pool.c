// SPDX-License-Identifier: Apache-2.0
// A chain of malloc'ed chunks that grow by doubling. Pages of a chunk that nobody used are never
// touched, so a generous first chunk costs address space only.
#include "spec/pool.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct pool_chunk {
	struct pool_chunk *older;
	_Alignas(16) char bytes[];
};

void pool_init(struct pool *pool, size_t first_size)
{
	*pool = (struct pool){.chunk_size = first_size};
}

static int add_chunk(struct pool *pool, size_t least)
{
	size_t size = pool->chunk_size > least ? pool->chunk_size : least;
	struct pool_chunk *chunk;
	if (size > SIZE_MAX / 2 - sizeof(*chunk))
		return -1;
	chunk = malloc(sizeof(*chunk) + size);
	if (chunk == NULL)
		return -1;
	chunk->older = pool->chunks;
	pool->chunks = chunk;
	pool->next = chunk->bytes;
	pool->left = size;
	pool->chunk_size = size * 2;
	return 0;
}

void *pool_alloc(struct pool *pool, size_t size, size_t align)
{
	size_t padding = -(size_t)(uintptr_t)pool->next & (align - 1);
	if (pool->next == NULL || padding > pool->left || size > pool->left - padding) {
		if (add_chunk(pool, size) < 0)
			return NULL;
		padding = 0;  // a new chunk is aligned for everything
	}
	void *memory = pool->next + padding;
	pool->next += padding + size;
	pool->left -= padding + size;
	return memory;
}

void *pool_alloc_array(struct pool *pool, size_t count, size_t size)
{
	size_t total;
	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	return pool_alloc(pool, total, 8);
}

char *pool_copy_string(struct pool *pool, const char *text, size_t length)
{
	char *copy = pool_alloc(pool, length + 1, 1);
	if (copy == NULL)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

void pool_done(struct pool *pool)
{
	struct pool_chunk *chunk = pool->chunks;
	while (chunk != NULL) {
		struct pool_chunk *older = chunk->older;
		free(chunk);
		chunk = older;
	}
}
