// SPDX-License-Identifier: Apache-2.0
// Found as debuggers find it: the program headers, which the kernel has put into memory, lead to the notes.
#include "libcontainer/base/build_id.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

#define NOTE_ALIGN 4

// The part of a note behind its name.
static const void *description(const ElfW(Nhdr) * note)
{
	size_t name = (note->n_namesz + NOTE_ALIGN - 1U) & ~(NOTE_ALIGN - 1U);
	return (const char *)(note + 1) + name;
}

static const void *find(const char *notes, size_t size, size_t *length)
{
	while (size >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const void *)notes;
		const char *from = description(note);
		size_t step = (size_t)(from - notes) +
			      ((note->n_descsz + NOTE_ALIGN - 1U) & ~(size_t)(NOTE_ALIGN - 1U));
		if (step > size)
			break;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof "GNU" &&
		    memcmp(note + 1, "GNU", sizeof "GNU") == 0) {
			*length = note->n_descsz;
			return from;
		}
		notes += step;
		size -= step;
	}
	return NULL;
}

const void *build_id(size_t *length)
{
	const ElfW(Phdr) *headers = (const void *)getauxval(AT_PHDR);
	size_t count = headers ? getauxval(AT_PHNUM) : 0;
	uintptr_t base = 0;  // what a position-independent program was moved by
	for (size_t i = 0; i < count; i++)
		if (headers[i].p_type == PT_PHDR)
			base = (uintptr_t)headers - headers[i].p_vaddr;
	for (size_t i = 0; i < count; i++) {
		if (headers[i].p_type != PT_NOTE || headers[i].p_align > NOTE_ALIGN)
			continue;
		const void *id =
			find((const char *)(base + headers[i].p_vaddr), headers[i].p_memsz, length);
		if (id)
			return id;
	}
	return NULL;
}

bool build_id_copy(char room[BUILD_ID_ROOM])
{
	size_t length = 0;
	const void *id = build_id(&length);
	memset(room, 0, BUILD_ID_ROOM);
	if (!id || length > BUILD_ID_ROOM)
		return false;
	memcpy(room, id, length);
	return true;
}
