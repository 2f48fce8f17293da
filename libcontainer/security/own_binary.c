// SPDX-License-Identifier: Apache-2.0
// Keeps the program's file out of the reach of containers (CVE-2019-5736); see security.h.
//
// A process that enters a container can be made to open /proc/PID/exe there, and the file behind that link is the host's.
// So the link must lead nowhere useful before a container can see a process of ours: to an empty sealed memfd. Not even to the program on
// a read-only mount: whatever lies on the host's file system is an anchor there for open_by_handle_at and fanotify. Four ways, in this order:
//   1. The pages are mapped anew from the file as it is seen through a detached read-only mount of the program's directory: own_pages.h. No
//      file of /proc/self is asked: a process's first look at its own part of /proc takes as long as ten other calls.
//   2. The file lies on a read-only mount, belongs to the host's root, and so do we: nothing can be written
//      through the link. (Not so for a file that is merely immutable: a container with CAP_LINUX_IMMUTABLE can change that
//      through the link. Not so for rootless callers, whose files are their own.)
//   3. The same as the first with a mount of the file behind /proc/self/exe, or a copy of its pages.
//   4. The program is executed again from a sealed memfd with its content. The new program recognises itself
//      by the seals of its own file, which nobody can fake by an environment variable.
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/security/own_pages.h"
#include "libcontainer/security/security.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

// of the kernel, without the NUL
#define MEMFD_NAME_MAX 249
// F_SEAL_WRITE would wait until no processor has a page of it in hand; nobody has a writable mapping that F_SEAL_FUTURE_WRITE would spare
#define ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE)

static const struct kernel_mount_attr read_only = {.attr_set = KERNEL_MOUNT_ATTR_RDONLY};

static bool is_sealed(int file)
{
	int seals = fcntl(file, F_GET_SEALS);
	return seals >= 0 && (seals & ALL_SEALS) == ALL_SEALS;
}

static bool is_unwritable(int file)
{
	struct stat st;
	struct statvfs fs;
	return geteuid() == 0 && fstatvfs(file, &fs) == 0 && (fs.f_flag & ST_RDONLY) &&
	       fstat(file, &st) == 0 && st.st_uid == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 &&
	       process_in_first_user_namespace(PROCESS_SELF) == 1;
}

// Its name is the program's path, so that the programs beside it can still be found (kernel/companion.h). known: that path, or NULL.
static int make_memfd(const char *known)
{
	char name[MEMFD_NAME_MAX + 1];
	ssize_t length = known ? (ssize_t)strnlen(known, sizeof name)
			       : readlink("/proc/self/exe", name, sizeof name);
	if (length < 1 || (size_t)length == sizeof name)
		length = stpcpy(name, "husk") - name;
	else if (known)
		memcpy(name, known, (size_t)length);
	name[length] = '\0';
	// before 6.3 the flag is unknown, and every memfd may be executed
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd;
}

// For reading only. A handle needs no /proc, but CAP_DAC_READ_SEARCH.
static int open_again(int memfd)
{
	struct {
		struct file_handle head;
		unsigned char room[MAX_HANDLE_SZ];
	} handle = {.head.handle_bytes = MAX_HANDLE_SZ};
	int mount;
	int fd = name_to_handle_at(memfd, "", &handle.head, &mount, AT_EMPTY_PATH) < 0
			 ? -1
			 : open_by_handle_at(memfd, &handle.head, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd : open(fd_proc_path(memfd).text, O_RDONLY | O_CLOEXEC);
}

// A sealed memfd, open for reading only: the kernel executes nothing that somebody may write to.
static int seal(int writable)
{
	return fcntl(writable, F_ADD_SEALS, ALL_SEALS) < 0 ? -1 : open_again(writable);
}

static int empty_memfd(const char *known)
{
	auto_close int writable = make_memfd(known);
	if (writable < 0)
		return -1;
	// the writable descriptor is closed with this scope: while it is open, the file cannot become the program's
	return seal(writable);
}

// The program's file through a mount of its own: detached and read-only. Needs the host's CAP_SYS_ADMIN.
// *mount: owned by the caller; closing it makes the kernel wait for its other processors.
static int open_elsewhere(int file, int *mount)
{
	int clone = sys_open_tree(file, "", KERNEL_OPEN_TREE_CLONE | AT_EMPTY_PATH);
	*mount = clone;
	if (clone < 0)
		return -1;
	if (sys_mount_setattr(clone, "", AT_EMPTY_PATH, &read_only) < 0)
		return -1;
	return open(fd_proc_path(clone).text, O_RDONLY | O_CLOEXEC);
}

// The same through a mount of its directory, where who started it says that it lies; what is there counts when it is the same build.
static int open_by_name(int *mount)
{
	char folder[OWN_BINARY_PATH_SIZE];
	const char *path = (const char *)getauxval(AT_EXECFN);
	const char *name = path ? strrchr(path, '/') : NULL;
	size_t length = name ? (size_t)(name - path) : 0;
	if (length == 0 || length >= sizeof folder || path[0] != '/')
		return -1;
	memcpy(folder, path, length);
	folder[length] = '\0';
	auto_close int clone = sys_open_tree(AT_FDCWD, folder, KERNEL_OPEN_TREE_CLONE);
	auto_close int file =
		clone < 0 ? -1
			  : openat(clone, name + 1, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0 || !own_pages_are_of(file) ||
	    sys_mount_setattr(clone, "", AT_EMPTY_PATH, &read_only) < 0)
		return -1;
	*mount = take_fd(&clone);
	return take_fd(&file);
}

// elsewhere: the program, opened through *mount; empty: what takes its place as the process' file.
static int move(int elsewhere, int empty, int *mount, int *later)
{
	if (elsewhere < 0 || empty < 0 || own_pages_remap(elsewhere) < 0 ||
	    own_pages_name(empty) < 0)
		return -1;
	if (later)
		*later = take_fd(mount);
	return 0;
}

static int move_by_name(int *later)
{
	if (own_pages_possible() < 0)
		return -1;
	auto_close int mount = -1;
	auto_close int file = open_by_name(&mount);
	auto_close int empty = file < 0 ? -1 : empty_memfd((const char *)getauxval(AT_EXECFN));
	return move(file, empty, &mount, later);
}

static int swap_pages(int file, int *later)
{
	if (own_pages_possible() < 0)
		return -1;
	auto_close int empty = empty_memfd(NULL);
	if (empty < 0)
		return -1;
	auto_close int mount = -1;
	auto_close int elsewhere = open_elsewhere(file, &mount);
	if (move(elsewhere, empty, &mount, later) == 0)
		return 0;
	if (own_pages_detach(file) < 0)
		return -1;
	return own_pages_name(empty);
}

static int copy_file(int from, int to)
{
	struct stat st;
	if (fstat(from, &st) < 0)
		return -1;
	for (off_t done = 0; done < st.st_size;) {
		ssize_t sent = sendfile(to, from, &done, (size_t)(st.st_size - done));
		if (sent < 0 && errno != EINTR && errno != EAGAIN)
			return -1;
		if (sent == 0) {
			errno = EIO;
			return -1;
		}
	}
	return 0;
}

static int execute_copy(int file, char *const argv[], struct error *err)
{
	auto_close int writable = make_memfd(NULL);
	if (writable < 0)
		return error_errno(err, "protect own binary: memfd_create (sysctl vm.memfd_noexec "
					"must be below 2)");
	if (copy_file(file, writable) < 0)
		return error_errno(err, "protect own binary: copy it to memory");
	auto_close int copy = seal(writable);
	if (copy < 0)
		return error_errno(err, "protect own binary: seal the copy");
	memory_close(take_fd(&writable));
	syscall(SYS_execveat, copy, "", argv, environ, AT_EMPTY_PATH);
	return error_errno(err, "protect own binary: execute the copy in memory");
}

int own_binary_protect(char *const argv[], int *later, struct error *err)
{
	if (move_by_name(later) == 0)
		return 0;
	auto_close int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return error_errno(err, "protect own binary: open /proc/self/exe");
	if (is_sealed(file) || is_unwritable(file) || swap_pages(file, later) == 0)
		return 0;
	return execute_copy(file, argv, err);
}

bool own_binary_can_leave(struct own_binary *own)
{
	unsigned size = 0;
	struct stat st;
	if (prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0) < 0)
		return false;
	ssize_t length = readlink("/proc/self/exe", own->path, sizeof own->path - 1);
	if (length <= 0 || length >= (ssize_t)sizeof own->path - 1 ||
	    stat("/proc/self/exe", &st) < 0)
		return false;
	own->path[length] = '\0';
	own->device = st.st_dev;
	own->inode = st.st_ino;
	return true;
}

// Renamed, replaced or executed from a memfd: a copy it is.
static int leave_by_copy(int file, struct error *err)
{
	auto_close int empty = empty_memfd(NULL);
	if (empty < 0 || file < 0 || own_pages_detach(file) < 0 || own_pages_name(empty) < 0)
		return error_errno(err, "leave own binary");
	return 0;
}

int own_binary_leave(const struct own_binary *own, int *mapped, struct error *err)
{
	struct stat found;
	*mapped = -1;
	auto_close int elsewhere = open(own->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	bool same = elsewhere >= 0 && fstat(elsewhere, &found) == 0 &&
		    found.st_dev == own->device && found.st_ino == own->inode;
	auto_close int empty = same ? empty_memfd(own->path) : -1;
	if (empty >= 0 && own_pages_remap(elsewhere) == 0 && own_pages_name(empty) == 0) {
		*mapped = take_fd(&elsewhere);
		return 0;
	}
	auto_close int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	return leave_by_copy(file, err);
}

// Only the root of a mount can have its attributes changed: from the file upwards until it works. (The path has no links in it.)
static int make_mount_readonly(const struct own_binary *own, int mapped)
{
	int done = sys_mount_setattr(mapped, "", AT_EMPTY_PATH, &read_only);
	char folder[OWN_BINARY_PATH_SIZE];
	memcpy(folder, own->path, sizeof folder);
	for (char *end; done < 0 && errno == EINVAL && (end = strrchr(folder, '/'));) {
		end[end == folder] = '\0';
		done = sys_mount_setattr(AT_FDCWD, folder, 0, &read_only);
		*end = '\0';
	}
	return done;
}

int own_binary_seal(const struct own_binary *own, int mapped, struct error *err)
{
	// EBUSY: what a hook left behind holds a file there open for writing
	if (make_mount_readonly(own, mapped) == 0)
		return 0;
	return leave_by_copy(mapped, err);
}
