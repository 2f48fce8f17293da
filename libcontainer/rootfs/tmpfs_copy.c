// SPDX-License-Identifier: Apache-2.0
// tmpcopyup: fills a new tmpfs with what the directory below it holds. The original belongs to somebody who may be
// hostile and may change it meanwhile: every name is opened from its directory's descriptor, no link is followed, and a
// file is read only when what was opened is a plain file.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/kernel/fd.h"
#include "libcontainer/rootfs/plan.h"

// Each takes two descriptors and 2 KiB of stack.
#define DEPTH_MAX 256
#define BLOCK ((size_t)16 * 1024)
// Of st_blocks.
#define BLOCK_UNIT 512
#define ENTRIES ((size_t)1024)
// Of a path in a message.
#define SHOWN 160

static int copy_directory(int from_fd, int to_fd, int depth, struct error *err);

// size bytes, or what there is.
static int copy_data(int from_fd, int to_fd, off_t size)
{
	char block[BLOCK];
	while (size > 0) {
		size_t wanted = size < (off_t)sizeof block ? (size_t)size : sizeof block;
		ssize_t n = fd_read(from_fd, block, wanted);
		if (n <= 0)
			return (int)n;
		if (fd_write(to_fd, block, (size_t)n) < 0)
			return -1;
		size -= n;
	}
	return 0;
}

// A hole takes no memory, and shall not in the copy.
static int copy_around_holes(int from_fd, int to_fd, off_t size)
{
	for (off_t hole = 0;;) {
		off_t data = lseek(from_fd, hole, SEEK_DATA);
		if (data < 0)
			return errno == ENXIO ? ftruncate(to_fd, size) : -1;
		hole = lseek(from_fd, data, SEEK_HOLE);
		if (hole < 0 || lseek(from_fd, data, SEEK_SET) < 0 ||
		    lseek(to_fd, data, SEEK_SET) < 0 || copy_data(from_fd, to_fd, hole - data) < 0)
			return -1;
	}
}

static int copy_file(int from_dir, int to_dir, const char *name, mode_t mode)
{
	struct stat st;
	auto_close int from =
		openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (from < 0 || fstat(from, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	auto_close int to = openat(
		to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 0777);
	if (to < 0)
		return -1;
	bool sparse = st.st_blocks < st.st_size / BLOCK_UNIT;
	return sparse ? copy_around_holes(from, to, st.st_size) : copy_data(from, to, INT64_MAX);
}

static int copy_link(int from_dir, int to_dir, const char *name)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(from_dir, name, text, sizeof text - 1);
	if (n < 0)
		return -1;
	text[n] = '\0';
	return symlinkat(text, to_dir, name);
}

// Owner before mode: a change of owner takes set-id bits away.
static int copy_metadata(int to_dir, const char *name, const struct stat *st)
{
	struct timespec times[2] = {st->st_atim, st->st_mtim};
	if (fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (!S_ISLNK(st->st_mode) && fchmodat(to_dir, name, st->st_mode & 07777, 0) < 0)
		return -1;
	return utimensat(to_dir, name, times, AT_SYMLINK_NOFOLLOW);
}

// A path of so many names that the cause would not fit any more is shown by its end.
static __attribute__((noinline)) int add_name(struct error *err, const char *name)
{
	struct error cause = *err;
	if (text_has_prefix(cause.message, ".../"))
		return -1;
	bool cut = strlen(cause.message) > SHOWN;
	return error_set(err, cause.code, "%s/%s", cut ? "..." : name, cause.message);
}

static int copy_subdirectory(int from_dir, int to_dir, const char *name, int depth,
			     struct error *err)
{
	auto_close int from =
		openat(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0 || mkdirat(to_dir, name, 0700) < 0)
		return error_errno(err, "%s", name);
	auto_close int to = openat(to_dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return error_errno(err, "%s", name);
	return copy_directory(from, to, depth + 1, err) < 0 ? add_name(err, name) : 0;
}

static int copy_entry(int from_dir, int to_dir, const char *name, int depth, struct error *err)
{
	struct stat st;
	int result;
	if (fstatat(from_dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "%s", name);
	if (S_ISDIR(st.st_mode)) {
		if (copy_subdirectory(from_dir, to_dir, name, depth, err) < 0)
			return -1;
		result = 0;
	} else if (S_ISREG(st.st_mode)) {
		result = copy_file(from_dir, to_dir, name, st.st_mode);
	} else if (S_ISLNK(st.st_mode)) {
		result = copy_link(from_dir, to_dir, name);
	} else if (S_ISSOCK(st.st_mode)) {
		return 0;  // means nothing without the process that listens on it
	} else {
		result = mknodat(to_dir, name, st.st_mode, st.st_rdev);
	}
	if (result < 0 || copy_metadata(to_dir, name, &st) < 0)
		return error_errno(err, "%s", name);
	return 0;
}

static int copy_directory(int fd, int to_fd, int depth, struct error *err)
{
	if (depth > DEPTH_MAX)
		return error_set(err, ELOOP, ".: more than %d directories deep", DEPTH_MAX);
	// (readdir would call a directory that fails with ENOENT complete)
	_Alignas(struct dirent64) char buffer[ENTRIES];
	for (;;) {
		ssize_t filled = getdents64(fd, buffer, sizeof buffer);
		if (filled < 0)
			return error_errno(err, ".: read directory");
		if (filled == 0)
			return 0;
		for (ssize_t at = 0; at < filled;) {
			const struct dirent64 *entry = (const void *)(buffer + at);
			at += entry->d_reclen;
			if (text_equal(entry->d_name, ".") || text_equal(entry->d_name, ".."))
				continue;
			if (copy_entry(fd, to_fd, entry->d_name, depth, err) < 0)
				return -1;
		}
	}
}

int tmpfs_copy(int from_fd, int to_fd, struct error *err)
{
	auto_close int fd = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "open directory");
	return copy_directory(fd, to_fd, 0, err);
}
