// SPDX-License-Identifier: Apache-2.0
// Ownership that can be read: auto_free and auto_close release at the end of the scope, take_fd and
// take_ptr hand over and leave nothing behind.
//
// A variable with such an attribute must be initialised (NULL, -1). Pointers are borrowed unless a
// name says take.
#ifndef HUSK_BASE_MEMORY_H
#define HUSK_BASE_MEMORY_H

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "libcontainer/base/attributes.h"

static inline void memory_free_pointer(void *pointer)
{
	free(*(void **)pointer);
}

// Closes fd if it is one. Keeps errno.
void memory_close(int fd);

static inline void memory_close_pointer(const int *fd)
{
	memory_close(*fd);
}

#define auto_free __attribute__((cleanup(memory_free_pointer)))
#define auto_close __attribute__((cleanup(memory_close_pointer)))

// Hands the descriptor over: the variable is -1 afterwards.
static inline int take_fd(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

// Hands the pointer over: the variable is NULL afterwards.
#define take_ptr(p)                                                                                \
	({                                                                                         \
		__typeof__(*(p)) taken_ = *(p);                                                    \
		*(p) = NULL;                                                                       \
		taken_;                                                                            \
	})

// A bump allocator: many small objects with one lifetime. Memory is zeroed. Never shrinks.
struct arena {
	struct arena_chunk *chunk;  // owned
	size_t used;                // bytes used of the current chunk
};

// size bytes aligned for any object, or NULL (ENOMEM). Valid until arena_free.
void *arena_alloc(struct arena *arena, size_t size) must_check;

// count objects of size bytes; NULL with ENOMEM also when count * size overflows.
void *arena_array(struct arena *arena, size_t count, size_t size) must_check;

// A copy of length bytes with a NUL behind.
char *arena_copy(struct arena *arena, const char *text, size_t length) must_check;

void arena_free(struct arena *arena);

// Gives the kernel back what the allocator and the stack do not use at the moment. For a process that is about to wait for long.
void memory_give_back(void);

#endif
