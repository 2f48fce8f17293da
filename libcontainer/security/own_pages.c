// SPDX-License-Identifier: Apache-2.0
// See own_pages.h.
//
// The program headers tell what the kernel mapped: no /proc is read for it. What cannot have changed (text, constants) is
// copied within the kernel from the file to a sealed memfd, which is then mapped over it: only pages that are used
// later become part of this process's memory: one call of mmap, which is atomic: the instruction after it is the same one in the
// other page. What can have changed is kept aside, and written to anonymous memory in its place.
#include "libcontainer/security/own_pages.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcontainer/base/build_id.h"
#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/fd.h"

#define PIECES_MAX 16U
#define BLOCK 4096U  // divides every size of page
#define CAP_CHECKPOINT_RESTORE_BIT 40U

// The linker's name for the first byte of the program in memory.
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

// Whole pages with one protection.
struct piece {
	uintptr_t start, size;
	uint64_t offset;  // in the file
	int protection;
	bool in_memory;  // copy from memory, not from the file
};

struct pieces {
	struct piece items[PIECES_MAX];
	size_t count;
	uintptr_t page, bias;
	int file;  // the program's
};

// What runs while the program's variables are zero: no checker of memory errors, and no guard of the stack, which is a variable on
// some processors.
#if defined __has_attribute
#if __has_attribute(no_stack_protector)
#define without_variables __attribute__((no_sanitize("address", "undefined"), no_stack_protector))
#endif
#endif
#ifndef without_variables
#define without_variables __attribute__((no_sanitize("address", "undefined")))
#endif

// Not memcpy: a checker of memory errors would rightly object to one that reads across all variables.
static without_variables void copy_words(uintptr_t to, uintptr_t from, uintptr_t size)
{
	volatile uint64_t *target = (volatile uint64_t *)to;
	const volatile uint64_t *source = (const volatile uint64_t *)from;
	for (uintptr_t i = 0; i < size / sizeof *target; i++)
		target[i] = source[i];
}

static uint64_t offset_in_file(const struct pieces *pieces, const ElfW(Phdr) * segment,
			       uintptr_t at)
{
	uintptr_t mask = ~(pieces->page - 1);
	uintptr_t segment_start = (pieces->bias + segment->p_vaddr) & mask;
	return (segment->p_offset & mask) + (at - segment_start);
}

static int add_piece(struct pieces *pieces, uintptr_t start, uintptr_t end,
		     const ElfW(Phdr) * segment, int protection)
{
	if (start >= end)
		return 0;
	if (pieces->count == PIECES_MAX) {
		errno = E2BIG;
		return -1;
	}
	pieces->items[pieces->count++] = (struct piece){
		.start = start,
		.size = end - start,
		.offset = offset_in_file(pieces, segment, start),
		.protection = protection,
		.in_memory = (segment->p_flags & PF_W) != 0,
	};
	return 0;
}

// Whether this page is as the file has it. What the start of the program did not need to change can stay the page cache's.
__attribute__((no_sanitize("address", "undefined"))) static bool
is_unchanged(const struct pieces *pieces, uintptr_t at, uint64_t offset)
{
	uint64_t block[BLOCK / sizeof(uint64_t)];
	for (uintptr_t done = 0; done < pieces->page; done += sizeof block) {
		const volatile uint64_t *now = (const volatile uint64_t *)(at + done);
		if (pread(pieces->file, block, sizeof block, (off_t)(offset + done)) !=
		    (ssize_t)sizeof block)
			return false;
		for (size_t i = 0; i < array_size(block); i++)
			if (now[i] != block[i])
				return false;
	}
	return true;
}

// The part that is written to only while the program starts: runs of pages that it changed, and of others.
static int add_sealed(struct pieces *pieces, uintptr_t start, uintptr_t end,
		      const ElfW(Phdr) * segment)
{
	for (uintptr_t at = start; at < end; at += pieces->page) {
		struct piece *last = pieces->count ? &pieces->items[pieces->count - 1] : NULL;
		bool changed = !is_unchanged(pieces, at, offset_in_file(pieces, segment, at));
		if (at > start && last && last->in_memory == changed) {
			last->size += pieces->page;
			continue;
		}
		if (add_piece(pieces, at, at + pieces->page, segment, PROT_READ) < 0)
			return -1;
		pieces->items[pieces->count - 1].in_memory = changed;
	}
	return 0;
}

static int add_segment(struct pieces *pieces, const ElfW(Phdr) * segment, const ElfW(Phdr) * relro)
{
	uintptr_t mask = ~(pieces->page - 1);
	uintptr_t first = pieces->bias + segment->p_vaddr;
	uintptr_t start = first & mask, end = (first + segment->p_filesz + pieces->page - 1) & mask;
	int protection = ((segment->p_flags & PF_R) ? PROT_READ : 0) |
			 ((segment->p_flags & PF_W) ? PROT_WRITE : 0) |
			 ((segment->p_flags & PF_X) ? PROT_EXEC : 0);
	if (segment->p_filesz == 0)
		return 0;
	if (!relro || !(segment->p_flags & PF_W))
		return add_piece(pieces, start, end, segment, protection);
	// the C library has made whole pages of this part read-only
	uintptr_t sealed = (pieces->bias + relro->p_vaddr) & mask;
	uintptr_t sealed_end = (pieces->bias + relro->p_vaddr + relro->p_memsz) & mask;
	if (sealed < start || sealed >= end)
		return add_piece(pieces, start, end, segment, protection);
	if (sealed_end > end)
		sealed_end = end;
	if (add_piece(pieces, start, sealed, segment, protection) < 0 ||
	    add_sealed(pieces, sealed, sealed_end, segment) < 0)
		return -1;
	return add_piece(pieces, sealed_end, end, segment, protection);
}

static const ElfW(Phdr) * program_headers(size_t *count, uintptr_t *bias)
{
	const ElfW(Ehdr) *header = &__ehdr_start;
	*count = header->e_phnum;
	*bias = header->e_type == ET_DYN ? (uintptr_t)header : 0;
	return (const ElfW(Phdr) *)((uintptr_t)header + header->e_phoff);
}

static int list_pieces(struct pieces *pieces)
{
	size_t count;
	const ElfW(Phdr) *headers = program_headers(&count, &pieces->bias);
	const ElfW(Phdr) *relro = NULL;
	pieces->page = getauxval(AT_PAGESZ);
	for (size_t i = 0; i < count; i++)
		if (headers[i].p_type == PT_GNU_RELRO)
			relro = &headers[i];
	for (size_t i = 0; i < count; i++)
		if (headers[i].p_type == PT_LOAD && add_segment(pieces, &headers[i], relro) < 0)
			return -1;
	return 0;
}

bool own_pages_are_of(int file)
{
	char block[BLOCK];
	size_t count, length, end;
	uintptr_t bias;
	const ElfW(Phdr) *headers = program_headers(&count, &bias);
	const char *start = (const char *)&__ehdr_start, *id = build_id(&length);
	if (!id || id < start || (end = (size_t)(id - start) + length) > sizeof block ||
	    (size_t)((const char *)(headers + count) - start) > end)
		return false;
	return pread(file, block, end, 0) == (ssize_t)end && memcmp(block, start, end) == 0;
}

static int copy_to(int to, int from, uint64_t offset, uint64_t size)
{
	off_t at = (off_t)offset;
	if (lseek(to, at, SEEK_SET) < 0)
		return -1;
	while ((uint64_t)at < offset + size) {
		ssize_t sent = sendfile(to, from, &at, offset + size - (uint64_t)at);
		if (sent < 0 && errno != EINTR && errno != EAGAIN)
			return -1;
		if (sent == 0)
			break;  // the last page is longer than the file: zeros
	}
	return 0;
}

// A memfd that holds the parts of the file that cannot have changed, at the same offsets.
static int copy_unchanging(int file, const struct pieces *pieces)
{
	int fd = memfd_create("husk-pages", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -1;
	uint64_t end = 0;
	int result = 0;
	for (size_t i = 0; i < pieces->count && result == 0; i++) {
		const struct piece *piece = &pieces->items[i];
		if (piece->in_memory)
			continue;
		result = copy_to(fd, file, piece->offset, piece->size);
		if (end < piece->offset + piece->size)
			end = piece->offset + piece->size;
	}
	// (why not F_SEAL_WRITE: own_binary.c)
	if (result < 0 || ftruncate(fd, (off_t)end) < 0 ||
	    fcntl(fd, F_ADD_SEALS,
		  F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE) < 0) {
		memory_close(fd);
		return -1;
	}
	return fd;
}

static int move_unchanging(int fd, const struct pieces *pieces)
{
	for (size_t i = 0; i < pieces->count; i++) {
		const struct piece *piece = &pieces->items[i];
		if (!piece->in_memory &&
		    mmap((void *)piece->start, piece->size, piece->protection,
			 MAP_PRIVATE | MAP_FIXED, fd, (off_t)piece->offset) == MAP_FAILED)
			return -1;
	}
	return 0;
}

// (mmap may be a checker's)
static without_variables long map_fresh(uintptr_t at, uintptr_t size)
{
	const unsigned long protection = PROT_READ | PROT_WRITE;
	const unsigned long flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE;
#if defined __s390x__ || defined __s390__
	const unsigned long arguments[] = {at, size, protection, flags, -1UL, 0};
	return syscall(SYS_mmap, arguments);
#elif defined SYS_mmap2
	return syscall(SYS_mmap2, at, size, protection, flags, -1UL, 0UL);
#else
	return syscall(SYS_mmap, at, size, protection, flags, -1UL, 0UL);
#endif
}

// New memory in its place. (mremap to there would leave a mapping that does not grow together with its neighbours, and cost twice as
// much.) It is zero until the content is back.
static without_variables int renew(const struct piece *piece, uintptr_t scratch)
{
	copy_words(scratch, piece->start, piece->size);
	if (map_fresh(piece->start, piece->size) == -1)
		return -1;
	copy_words(piece->start, scratch, piece->size);
	if (piece->protection & PROT_WRITE)
		return 0;
	return mprotect((void *)piece->start, piece->size, piece->protection);
}

// unchanging: what has the text and the constants, at their offsets in the program's file.
static int replace(int unchanging, const struct pieces *pieces)
{
	if (move_unchanging(unchanging, pieces) < 0)
		return -1;
	// (on the stack where it fits, as it does: what an init that waits has used of that is given back)
	uint64_t small[4 * BLOCK / sizeof(uint64_t)];
	for (size_t i = 0; i < pieces->count; i++) {
		const struct piece *piece = &pieces->items[i];
		if (!piece->in_memory)
			continue;
		bool fits = piece->size <= sizeof small;
		auto_free void *large = fits ? NULL : malloc(piece->size);
		void *scratch = fits ? &small : large;
		if (!scratch || renew(piece, (uintptr_t)scratch) < 0)
			return -1;
	}
	return 0;
}

int own_pages_detach(int file)
{
	struct pieces pieces = {.file = file};
	if (list_pieces(&pieces) < 0)
		return -1;
	auto_close int copy = copy_unchanging(file, &pieces);
	return copy < 0 ? -1 : replace(copy, &pieces);
}

int own_pages_remap(int file)
{
	struct pieces pieces = {.file = file};
	return list_pieces(&pieces) < 0 ? -1 : replace(file, &pieces);
}

// ---- the kernel's notes about the program --------------------------------------------------------

// The stack that the kernel made for the program: the count of arguments, pointers to them, NULL, pointers to the variables.
extern void *__libc_stack_end;
// The linker's names for the ends of text and data.
extern const char __executable_start[], etext[], edata[];

// All that has to be told again with the new file: the program's places as it knows them itself, for the kernel's own notes are text
// in /proc. Below its present end the heap never gives memory back, so that end serves as its start, which nobody has told us.
static struct prctl_mm_map program_places(void)
{
	const uintptr_t *stack = __libc_stack_end, *arguments = stack + 1;
	const uintptr_t *variables = arguments + stack[0] + 1;
	// the file's name follows the last variable
	uint64_t end = getauxval(AT_EXECFN), heap = (uint64_t)syscall(SYS_brk, 0);
	uint64_t first_variable = *variables ? *variables : end;
	return (struct prctl_mm_map){
		.start_code = (uintptr_t)__executable_start,
		.end_code = (uintptr_t)etext,
		.start_data = (uintptr_t)etext,
		.end_data = (uintptr_t)edata,
		.start_brk = heap,
		.brk = heap,
		.start_stack = (uintptr_t)stack,
		.arg_start = stack[0] ? *arguments : first_variable,
		.arg_end = first_variable,
		.env_start = first_variable,
		.env_end = end,
	};
}

int own_pages_possible(void)
{
	unsigned size = 0;
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};
	if (prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0) < 0)
		return -1;
	if (size != sizeof(struct prctl_mm_map)) {
		errno = EINVAL;
		return -1;
	}
	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	if ((data[CAP_CHECKPOINT_RESTORE_BIT / 32].effective &
	     1U << CAP_CHECKPOINT_RESTORE_BIT % 32) ||
	    (data[CAP_SYS_ADMIN / 32].effective & 1U << CAP_SYS_ADMIN % 32))
		return 0;
	errno = EPERM;
	return -1;
}

int own_pages_name(int file)
{
	struct prctl_mm_map map = program_places();
	map.exe_fd = (uint32_t)file;
	return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
}
