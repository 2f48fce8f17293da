// SPDX-License-Identifier: Apache-2.0
// Descriptors and whole-file reading and writing. All loops over EINTR and short transfers are here.
#ifndef HUSK_KERNEL_FD_H
#define HUSK_KERNEL_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "libcontainer/base/attributes.h"

// Opens the directory path for reading; a link at its end is not followed. make: what is missing of it is made before, mode 0700.
int fd_open_directory(const char *path, bool make) must_check;

// Reads until end of file or size bytes. Returns the bytes read, or -1.
ssize_t fd_read(int fd, void *buffer, size_t size) must_check;

// Writes everything, or returns -1.
int fd_write(int fd, const void *data, size_t size) must_check;

// Opens path below dir_fd (AT_FDCWD allowed) O_RDONLY, reads it whole and closes it. *data is
// NUL-terminated and owned by the caller. EFBIG when it holds more than max bytes.
int fd_read_file(int dir_fd, const char *path, size_t max, char **data, size_t *length) must_check;

// Reads a small file (procfs, sysfs, cgroupfs) into buffer, NUL-terminates it and cuts one trailing
// newline. Returns the length, or -1 (EFBIG when it does not fit).
ssize_t fd_read_value(int dir_fd, const char *path, char *buffer, size_t size) must_check;

// Opens path O_WRONLY (no O_CREAT, no O_TRUNC) and gives the kernel value in a single write, as procfs and
// cgroupfs want it.
int fd_write_value(int dir_fd, const char *path, const char *value) must_check;

// Makes path below dir_fd hold data, all or nothing: a temporary file beside it, then rename.
int fd_write_file(int dir_fd, const char *path, const void *data, size_t size,
		  mode_t mode) must_check;

// Whether path below dir_fd (AT_FDCWD allowed; links are followed) is the file that fd is: 1, 0, or -1.
int fd_is_file(int fd, int dir_fd, const char *path) must_check;

// Sets close-on-exec on every descriptor from first on.
int fd_cloexec_from(unsigned first) must_check;

// Opens /dev/null on those of 0, 1, 2 that are closed, so that no later open lands there.
int fd_fill_stdio(void) must_check;

// "/proc/self/fd/N" in a buffer of the caller. For the few calls that take only a path.
struct fd_path {
	char text[32];
};
struct fd_path fd_proc_path(int fd);

#endif
