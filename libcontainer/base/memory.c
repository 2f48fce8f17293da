// SPDX-License-Identifier: Apache-2.0
// See memory.h.
#include "libcontainer/base/memory.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

// Small enough that a little container touches few pages, large enough that malloc is rare.
#define CHUNK_BYTES ((size_t)16 * 1024)

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	_Alignas(16) char data[];
};

void memory_close(int fd)
{
	if (fd < 0)
		return;
	int saved = errno;
	close(fd);
	errno = saved;
}

static int grow(struct arena *arena, size_t size)
{
	size_t bytes = size > CHUNK_BYTES ? size : CHUNK_BYTES;
	size_t total;
	if (__builtin_add_overflow(bytes, sizeof(struct arena_chunk), &total)) {
		errno = ENOMEM;
		return -1;
	}
	struct arena_chunk *chunk = calloc(1, total);
	if (!chunk)
		return -1;
	chunk->size = bytes;
	chunk->next = arena->chunk;
	arena->chunk = chunk;
	arena->used = 0;
	return 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t rounded;
	if (__builtin_add_overflow(size, (size_t)15, &rounded)) {
		errno = ENOMEM;
		return NULL;
	}
	rounded &= ~(size_t)15;
	if (!arena->chunk || arena->chunk->size - arena->used < rounded)
		if (grow(arena, rounded) < 0)
			return NULL;
	void *result = arena->chunk->data + arena->used;
	arena->used += rounded;
	return result;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return arena_alloc(arena, bytes);
}

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
	if (length == SIZE_MAX) {
		errno = ENOMEM;
		return NULL;
	}
	char *copy = arena_alloc(arena, length + 1);
	if (copy)
		memcpy(copy, text, length);
	return copy;
}

void arena_free(struct arena *arena)
{
	while (arena->chunk) {
		struct arena_chunk *next = arena->chunk->next;
		free(arena->chunk);
		arena->chunk = next;
	}
	arena->used = 0;
}

// Below what the function here uses, the stack holds nothing any more. As far as the kernel has made it grow; where it has not, the
// call fails and there was nothing to give.
void memory_give_back(void)
{
	const uintptr_t page = 4096, reach = 16 * page;
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	uintptr_t end = (here - 2 * page) & ~(page - 1);
	malloc_trim(0);
	madvise((void *)(end - reach), reach, MADV_DONTNEED);
}
