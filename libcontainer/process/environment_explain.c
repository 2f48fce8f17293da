// SPDX-License-Identifier: Apache-2.0
// Why an execve failed. "No such file or directory" for a file that is plainly there is the most asked question about
// containers; the answer is in the first bytes of the file.
//
// The file is the container's and may be hostile: read once, bounded, never waited for; a wrong guess costs nothing but
// a word in the message.
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/process/process.h"

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#elif defined(__riscv)
#define MACHINE EM_RISCV
#elif defined(__powerpc64__)
#define MACHINE EM_PPC64
#elif defined(__s390x__)
#define MACHINE EM_S390
#elif defined(__arm__)
#define MACHINE EM_ARM
#elif defined(__i386__)
#define MACHINE EM_386
#else
#define MACHINE EM_NONE
#endif

// As much of the file as is looked at: the kernel itself reads 256 bytes of a "#!" line.
#define HEAD_BYTES 4096
#define PROGRAM_HEADERS_MAX 128

struct head {
	int fd;  // borrowed
	size_t length;
	_Alignas(16) char data[HEAD_BYTES + 1];  // NUL-terminated
};

static int say(struct error *err, const char *path, int code, const char *why)
{
	return error_set(err, code, "exec %s: %s%s%s", path, why, *why ? ": " : "",
			 error_text(code));
}

// ---- scripts -------------------------------------------------------------------------------------

static int explain_script(const char *path, int code, struct head *head, struct error *err)
{
	char *line = head->data + 2;
	line[strcspn(line, "\n")] = '\0';
	line += strspn(line, " \t");
	line[strcspn(line, " \t")] = '\0';
	size_t length = strlen(line);
	struct stat st;
	if (length && line[length - 1] == '\r') {
		line[length - 1] = '\0';
		return error_set(
			err, code,
			"exec %s: its first line ends in CR LF, so the interpreter `%s\\r` is "
			"looked for (save it with Unix line ends): %s",
			path, line, error_text(code));
	}
	if (!length)
		return say(err, path, code, "its first line names no interpreter");
	if (fstatat(AT_FDCWD, line, &st, 0) < 0)
		return error_set(err, code, "exec %s: its interpreter `%s` is missing: %s", path,
				 line, error_text(code));
	if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return error_set(err, code, "exec %s: its interpreter `%s` is not executable: %s",
				 path, line, error_text(code));
	// it is there: then it is the interpreter's own loader or machine
	return error_set(err, code, "exec %s: its interpreter `%s` cannot be executed: %s", path,
			 line, error_text(code));
}

// ---- ELF -----------------------------------------------------------------------------------------

static const char *machine_name(unsigned machine)
{
	switch (machine) {
	case EM_386:
		return "i386";
	case EM_X86_64:
		return "x86_64";
	case EM_ARM:
		return "arm";
	case EM_AARCH64:
		return "aarch64";
	case EM_RISCV:
		return "riscv";
	case EM_PPC64:
		return "ppc64";
	case EM_S390:
		return "s390x";
	case EM_MIPS:
		return "mips";
	case 258:
		return "loongarch";
	default:
		return "another machine";
	}
}

static bool same_byte_order(const char *ident)
{
	return ident[EI_DATA] ==
	       (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB);
}

struct segments {
	uint64_t offset;
	unsigned count, size;
};

static bool find_segments(const struct head *head, struct segments *segments)
{
	if (head->data[EI_CLASS] == ELFCLASS64 && head->length >= sizeof(Elf64_Ehdr)) {
		Elf64_Ehdr header;
		memcpy(&header, head->data, sizeof header);
		*segments = (struct segments){header.e_phoff, header.e_phnum, sizeof(Elf64_Phdr)};
	} else if (head->data[EI_CLASS] == ELFCLASS32 && head->length >= sizeof(Elf32_Ehdr)) {
		Elf32_Ehdr header;
		memcpy(&header, head->data, sizeof header);
		*segments = (struct segments){header.e_phoff, header.e_phnum, sizeof(Elf32_Phdr)};
	} else {
		return false;
	}
	if (segments->count > PROGRAM_HEADERS_MAX)
		segments->count = PROGRAM_HEADERS_MAX;
	return segments->offset < INT64_MAX / 2;
}

// The path of the dynamic loader; false when the file wants none or lies about it.
static bool find_loader(const struct head *head, char loader[PATH_MAX])
{
	struct segments segments;
	if (!find_segments(head, &segments))
		return false;
	for (unsigned i = 0; i < segments.count; i++) {
		union {
			Elf32_Phdr narrow;
			Elf64_Phdr wide;
		} segment;
		off_t at = (off_t)(segments.offset + (uint64_t)i * segments.size);
		if (pread(head->fd, &segment, segments.size, at) != (ssize_t)segments.size)
			return false;
		bool wide = segments.size == sizeof segment.wide;
		if ((wide ? segment.wide.p_type : segment.narrow.p_type) != PT_INTERP)
			continue;
		uint64_t offset = wide ? segment.wide.p_offset : segment.narrow.p_offset;
		uint64_t size = wide ? segment.wide.p_filesz : segment.narrow.p_filesz;
		if (size < 2 || size > PATH_MAX || offset > INT64_MAX / 2 ||
		    pread(head->fd, loader, size, (off_t)offset) != (ssize_t)size)
			return false;
		loader[size - 1] = '\0';
		return true;
	}
	return false;
}

static int explain_elf(const char *path, int code, const struct head *head, struct error *err)
{
	Elf32_Half machine;
	if (head->length < sizeof(Elf32_Ehdr))
		return say(err, path, code, "the file is cut off");
	memcpy(&machine, head->data + offsetof(Elf32_Ehdr, e_machine), sizeof machine);
	if (!same_byte_order(head->data))
		machine = __builtin_bswap16(machine);
	if (code == ENOEXEC && machine != MACHINE)
		return error_set(err, code, "exec %s: it is built for %s, this machine is %s: %s",
				 path, machine_name(machine), machine_name(MACHINE),
				 error_text(code));
	char loader[PATH_MAX];
	if (!same_byte_order(head->data) || !find_loader(head, loader))
		return say(err, path, code, "");
	struct stat st;
	if (fstatat(AT_FDCWD, loader, &st, 0) < 0)
		return error_set(err, code, "exec %s: its dynamic loader `%s` is missing: %s", path,
				 loader, error_text(code));
	if (code == EACCES && !(st.st_mode & 0111))
		return error_set(err, code,
				 "exec %s: its dynamic loader `%s` is not executable: %s", path,
				 loader, error_text(code));
	if (code == ENOEXEC || code == ELIBBAD)
		return error_set(err, code, "exec %s: its dynamic loader `%s` cannot be loaded: %s",
				 path, loader, error_text(code));
	return say(err, path, code, "");
}

// ---- the file ------------------------------------------------------------------------------------

static int explain_content(const char *path, int code, struct error *err)
{
	struct head head;
	auto_close int fd = openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return say(err, path, code, "");
	ssize_t n;
	do
		n = read(fd, head.data, HEAD_BYTES);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return say(err, path, code, "");
	head.fd = fd;
	head.length = (size_t)n;
	head.data[n] = '\0';
	if (n == 0)
		return say(err, path, code, "the file is empty");
	if (head.length > 2 && memcmp(head.data, "#!", 2) == 0)
		return explain_script(path, code, &head, err);
	if (head.length >= SELFMAG && memcmp(head.data, ELFMAG, SELFMAG) == 0)
		return explain_elf(path, code, &head, err);
	if (code == ENOEXEC)
		return say(err, path, code, "neither an ELF file nor a script with a \"#!\" line");
	return say(err, path, code, "");
}

int environment_explain_exec(const char *path, int code, struct error *err)
{
	struct stat st;
	struct statvfs fs;
	if (code == E2BIG)
		return say(err, path, code,
			   "arguments and environment are larger than the kernel takes");
	if (code == ETXTBSY)
		return say(err, path, code, "the file is open for writing");
	if ((code != ENOENT && code != EACCES && code != ENOEXEC && code != ELIBBAD) ||
	    fstatat(AT_FDCWD, path, &st, 0) < 0)
		return say(err, path, code, "");
	if (S_ISDIR(st.st_mode))
		return say(err, path, code, "it is a directory");
	if (!S_ISREG(st.st_mode))
		return say(err, path, code, "it is not a regular file");
	if (code == EACCES && !(st.st_mode & 0111))
		return say(err, path, code, "it is not executable for anybody");
	if (code == EACCES && statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOEXEC))
		return say(err, path, code, "it is on a file system mounted noexec");
	if (code == EACCES && faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
		return say(err, path, code, "its mode does not let this user execute it");
	return explain_content(path, code, err);
}
