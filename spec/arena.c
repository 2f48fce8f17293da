// SPDX-License-Identifier: Apache-2.0
// A chain of malloc'ed chunks that grow by doubling. Pages of a chunk that nobody used are never
// touched, so a generous first chunk costs address space only.
#include "spec/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct arena_chunk {
	struct arena_chunk *older;
	_Alignas(16) char bytes[];
};

void spec_arena_init(struct arena *arena, size_t first_size)
{
	*arena = (struct arena){.chunk_size = first_size};
}

static int add_chunk(struct arena *arena, size_t least)
{
	size_t size = arena->chunk_size > least ? arena->chunk_size : least;
	struct arena_chunk *chunk;
	if (size > SIZE_MAX / 2 - sizeof(*chunk))
		return -1;
	chunk = malloc(sizeof(*chunk) + size);
	if (chunk == NULL)
		return -1;
	chunk->older = arena->chunks;
	arena->chunks = chunk;
	arena->next = chunk->bytes;
	arena->left = size;
	arena->chunk_size = size * 2;
	return 0;
}

void *spec_arena_alloc(struct arena *arena, size_t size, size_t align)
{
	size_t padding = -(size_t)(uintptr_t)arena->next & (align - 1);
	if (arena->next == NULL || padding > arena->left || size > arena->left - padding) {
		if (add_chunk(arena, size) < 0)
			return NULL;
		padding = 0;  // a new chunk is aligned for everything
	}
	void *memory = arena->next + padding;
	arena->next += padding + size;
	arena->left -= padding + size;
	return memory;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
	size_t total;
	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	return spec_arena_alloc(arena, total, 8);
}

char *arena_copy_string(struct arena *arena, const char *text, size_t length)
{
	char *copy = spec_arena_alloc(arena, length + 1, 1);
	if (copy == NULL)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

void spec_arena_done(struct arena *arena)
{
	struct arena_chunk *chunk = arena->chunks;
	while (chunk != NULL) {
		struct arena_chunk *older = chunk->older;
		free(chunk);
		chunk = older;
	}
}
