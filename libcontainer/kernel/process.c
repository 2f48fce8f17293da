// SPDX-License-Identifier: Apache-2.0
// See process.h. A pid alone names nobody: it is always read together with the start time.
#include "libcontainer/kernel/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>

#include "libcontainer/base/text.h"
#include "libcontainer/kernel/fd.h"

#define STAT_BYTES 2048
#define PIDFS_MAGIC 0x50494446
// PF_FORKNOEXEC of the kernel: in the flags of a process from fork to its first execve.
#define FORKED_BUT_NOT_EXECUTED 0x40U
// PF_EXITING: before the first of its descriptors is closed.
#define EXITING 0x4U
// Its number is fixed in the kernel.
#define FIRST_USER_NAMESPACE "user:[4026531837]"

// A process that procfs does not show may be gone, or procfs may be absent or hide it (hidepid). Only the
// first may be called ESRCH: a container that is merely hidden must not be taken for dead.
static int missing_in_procfs(pid_t pid)
{
	if (kill(pid, 0) < 0 && errno == ESRCH)
		return -1;
	errno = EACCES;
	return -1;
}

// The n-th field counted from the state, which is field 3 and n = 0. Fields are separated by one space.
static int field(char *fields, unsigned n, uint64_t *value)
{
	char *at = fields;
	while (n-- && at)
		if ((at = strchr(at, ' ')))
			at++;
	if (!at)
		goto malformed;
	char *end = strchr(at, ' ');
	if (end)
		*end = '\0';
	if (text_to_unsigned(at, value) == 0)
		return 0;
malformed:
	errno = EPROTO;
	return -1;
}

// /proc/PID/stat from the state (field 3) on, which is in buffer; NULL with errno.
static char *read_fields(pid_t pid, char buffer[STAT_BYTES])
{
	char path[40];
	if (pid <= 0) {
		errno = ESRCH;
		return NULL;
	}
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (fd_read_value(AT_FDCWD, path, buffer, STAT_BYTES) < 0) {
		if (errno == ENOENT)
			(void)!missing_in_procfs(pid);
		return NULL;
	}
	// the name is the process' own choice and may hold spaces and brackets: count from the last bracket
	char *name_end = strrchr(buffer, ')');
	if (name_end && name_end[1] == ' ' && name_end[2])
		return name_end + 2;
	errno = EPROTO;
	return NULL;
}

pid_t process_of_thread(pid_t thread)
{
	static const char key[] = "\nTgid:\t";
	char path[40], status[4096];
	snprintf(path, sizeof path, "/proc/%d/status", (int)thread);
	if (fd_read_value(AT_FDCWD, path, status, sizeof status) < 0)
		return -1;
	const char *line = strstr(status, key);
	if (!line) {
		errno = EPROTO;
		return -1;
	}
	return (pid_t)strtol(line + strlen(key), NULL, 10);
}

int process_start_time(pid_t pid, uint64_t *ticks, bool *zombie)
{
	char stat[STAT_BYTES];
	char *fields = read_fields(pid, stat);
	if (!fields)
		return -1;
	*zombie = *fields == 'Z' || *fields == 'X' || *fields == 'x';
	return field(fields, 22 - 3, ticks);
}

int process_number(int pidfd, uint64_t *number)
{
	struct statfs fs;
	struct stat st;
	if (fstatfs(pidfd, &fs) < 0 || fstat(pidfd, &st) < 0)
		return -1;
	// (before pidfs all of them were one inode; where inodes have 32 bits they come back)
	if (fs.f_type != PIDFS_MAGIC || sizeof(unsigned long) < sizeof *number) {
		errno = ENOTSUP;
		return -1;
	}
	*number = st.st_ino;
	return 0;
}

bool process_is_ending(pid_t pid, uint64_t start_time)
{
	char stat[STAT_BYTES];
	uint64_t flags, ticks;
	char *fields = read_fields(pid, stat);
	if (!fields)
		return errno == ESRCH;
	// (the later field first, as below)
	return field(fields, 22 - 3, &ticks) == 0 && field(fields, 9 - 3, &flags) == 0 &&
	       (ticks != start_time || (flags & EXITING));
}

int process_has_executed(pid_t pid, uint64_t start_time)
{
	char stat[STAT_BYTES];
	char *fields = read_fields(pid, stat);
	uint64_t flags, ticks;
	// (the later field first: taking one cuts the line off behind it)
	if (!fields || field(fields, 22 - 3, &ticks) < 0 || field(fields, 9 - 3, &flags) < 0)
		return -1;
	if (start_time && ticks != start_time) {
		errno = ESRCH;
		return -1;
	}
	return !(flags & FORKED_BUT_NOT_EXECUTED);
}

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int process_wait_pidfd(int pidfd, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};
	int64_t deadline = timeout_ms > 0 ? now_ms() + timeout_ms : 0;
	for (;;) {
		int n = poll(&poll_fd, 1, timeout_ms);
		if (n > 0 && (poll_fd.revents & POLLNVAL)) {
			errno = EBADF;
			return -1;
		}
		if (n >= 0)
			return n > 0;
		if (errno != EINTR)
			return -1;
		if (timeout_ms > 0) {
			int64_t left = deadline - now_ms();
			timeout_ms = left > 0 ? (int)left : 0;
		}
	}
}

int process_reap(pid_t pid, int *status)
{
	pid_t reaped;
	do
		reaped = waitpid(pid, status, 0);
	while (reaped < 0 && errno == EINTR);
	return reaped < 0 ? -1 : 0;
}

// Linux 6.15; older kernels refuse the request or leave the bit of the mask unset.
int process_exit_status(int pidfd, int *status)
{
	struct {
		uint64_t mask, cgroup;
		uint32_t ids[11];
		int32_t exit_code;
	} info = {.mask = 1U << 3};  // PIDFD_INFO_EXIT
	_Static_assert(sizeof info == 64, "struct pidfd_info of the kernel, in its first size");
	if (ioctl(pidfd, _IOC(_IOC_READ | _IOC_WRITE, 0xff, 11, sizeof info), &info) < 0)
		return -1;
	if (!(info.mask & 1U << 3)) {
		errno = ENODATA;
		return -1;
	}
	*status = info.exit_code;
	return 0;
}

int process_exit_code(int status)
{
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

int process_boot_id(char id[37])
{
	char value[64];
	ssize_t length =
		fd_read_value(AT_FDCWD, "/proc/sys/kernel/random/boot_id", value, sizeof value);
	if (length < 0)
		return -1;
	if (length != 36) {
		errno = EPROTO;
		return -1;
	}
	memcpy(id, value, 37);
	return 0;
}

// (its name says it, and costs half of what its inode does)
int process_in_first_user_namespace(int proc)
{
	char name[64];
	ssize_t length = proc == PROCESS_SELF
				 ? readlink("/proc/self/ns/user", name, sizeof name - 1)
				 : readlinkat(proc, "ns/user", name, sizeof name - 1);
	if (length < 0)
		return -1;
	name[length] = '\0';
	return text_equal(name, FIRST_USER_NAMESPACE);
}
