// SPDX-License-Identifier: Apache-2.0
// See fd.h.
#include "libcontainer/kernel/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/syscalls.h"

static int make_directories(const char *path)
{
	char part[PATH_MAX];
	size_t length = strlen(path);
	if (length >= sizeof part) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(part, path, length + 1);
	for (size_t i = 1; i <= length; i++) {
		if (path[i] && path[i] != '/')
			continue;
		part[i] = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return -1;
		part[i] = path[i];
	}
	return 0;
}

int fd_open_directory(const char *path, bool make)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = open(path, flags);
	if (fd >= 0 || errno != ENOENT || !make)
		return fd;
	return make_directories(path) < 0 ? -1 : open(path, flags);
}

ssize_t fd_read(int fd, void *buffer, size_t size)
{
	size_t done = 0;
	while (done < size) {
		ssize_t n = read(fd, (char *)buffer + done, size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int fd_write(int fd, const void *data, size_t size)
{
	size_t done = 0;
	while (done < size) {
		ssize_t n = write(fd, (const char *)data + done, size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

// One byte more than max is asked for, so that a file that is too long is told from one that fits.
static int read_growing(int fd, size_t size, size_t max, char **data, size_t *length)
{
	auto_free char *buffer = NULL;
	size_t used = 0;
	for (;;) {
		char *larger = realloc(buffer, size + 1);
		if (!larger)
			return -1;
		buffer = larger;
		ssize_t n = fd_read(fd, buffer + used, size - used);
		if (n < 0)
			return -1;
		used += (size_t)n;
		if (used < size)
			break;
		if (size > max) {
			errno = EFBIG;
			return -1;
		}
		size = size > max / 2 ? max + 1 : size * 2;
	}
	buffer[used] = '\0';
	*data = take_ptr(&buffer);
	*length = used;
	return 0;
}

int fd_read_file(int dir_fd, const char *path, size_t max, char **data, size_t *length)
{
	// O_NONBLOCK: a fifo must not make us wait for its writer; it is refused by its type
	auto_close int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -1;
	struct stat st;
	if (fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		return -1;
	}
	if (st.st_size > 0 && (size_t)st.st_size > max) {
		errno = EFBIG;
		return -1;
	}
	size_t size = st.st_size > 0 ? (size_t)st.st_size + 1 : 4096;
	return read_growing(fd, size, max, data, length);
}

ssize_t fd_read_value(int dir_fd, const char *path, char *buffer, size_t size)
{
	auto_close int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t n = fd_read(fd, buffer, size);
	if (n < 0)
		return -1;
	if ((size_t)n == size) {
		errno = EFBIG;
		return -1;
	}
	if (n > 0 && buffer[n - 1] == '\n')
		n--;
	buffer[n] = '\0';
	return n;
}

int fd_write_value(int dir_fd, const char *path, const char *value)
{
	auto_close int fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	size_t size = strlen(value);
	ssize_t n;
	do
		n = write(fd, value, size);
	while (n < 0 && errno == EINTR);
	if (n >= 0 && (size_t)n != size) {
		errno = EIO;
		return -1;
	}
	return n < 0 ? -1 : 0;
}

int fd_write_file(int dir_fd, const char *path, const void *data, size_t size, mode_t mode)
{
	char temporary[280];
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	int length = snprintf(temporary, sizeof temporary, "%.*s.%s.%d", (int)(base - path), path,
			      base, (int)getpid());
	if (length < 0 || (size_t)length >= sizeof temporary) {
		errno = ENAMETOOLONG;
		return -1;
	}
	auto_close int fd = openat(dir_fd, temporary,
				   O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return -1;
	if (fd_write(fd, data, size) < 0 || renameat(dir_fd, temporary, dir_fd, path) < 0) {
		int saved = errno;
		unlinkat(dir_fd, temporary, 0);
		errno = saved;
		return -1;
	}
	return 0;
}

int fd_is_file(int fd, int dir_fd, const char *path)
{
	struct stat held, named;
	if (fstat(fd, &held) < 0 || fstatat(dir_fd, path, &named, 0) < 0)
		return -1;
	return held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

int fd_cloexec_from(unsigned first)
{
	return sys_close_range(first, ~0U, KERNEL_CLOSE_RANGE_CLOEXEC);
}

int fd_fill_stdio(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		// the lowest free number is fd itself, because those below are open by now
		if (open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
			return -1;
	}
	return 0;
}

struct fd_path fd_proc_path(int fd)
{
	struct fd_path path;
	snprintf(path.text, sizeof path.text, "/proc/self/fd/%d", fd);
	return path;
}
