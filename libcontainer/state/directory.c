// SPDX-License-Identifier: Apache-2.0
// The container's directory: made first, removed last, locked in between.
//
// The lock is a flock on the directory itself, so there is no lock file to lose. It belongs to the open description:
// a child that inherits the descriptor holds the lock, too. Nothing here follows a symbolic link or leaves the directory.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"
#include "libcontainer/state/state.h"

#define LOCK_WAIT_MS 10000
// A creator that loses its directory to a concurrent delete tries again; more often than this is no coincidence.
#define RESERVE_ATTEMPTS 100
// The record goes last, so that a removal that is cut off still knows what it was removing.
#define LAST_NAME "state"
#define REMOVE_DEPTH_MAX 8

static const int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// ---- ids -----------------------------------------------------------------------------------------

static bool id_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '+' || c == '.' || c == '-';
}

static bool id_valid(const char *id)
{
	size_t length = strlen(id);
	if (!length || length > NAME_MAX || text_equal(id, ".") || text_equal(id, ".."))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!id_byte(id[i]))
			return false;
	return true;
}

int state_check_id(const char *id, struct error *err)
{
	if (!*id)
		return error_set(err, EINVAL, "container id cannot be empty");
	if (strlen(id) > NAME_MAX)
		return error_set(err, EINVAL,
				 "invalid container ID format: \"%.32s...\" is longer than %d bytes", id,
				 NAME_MAX);
	if (!id_valid(id))
		return error_set(err, EINVAL, "invalid container ID format: \"%s\"", id);
	return 0;
}

// ---- lock ----------------------------------------------------------------------------------------

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int try_lock(int fd, int operation)
{
	int rc;
	do
		rc = flock(fd, operation);
	while (rc < 0 && errno == EINTR);
	return rc;
}

// flock knows no deadline, and alarms belong to the program: so it is asked again, ever less often.
static int wait_for_lock(int fd, int operation, int timeout_ms)
{
	int64_t deadline = now_ms() + timeout_ms;
	long pause_ns = 500000;
	while (try_lock(fd, operation | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			return -1;
		if (now_ms() >= deadline) {
			errno = EAGAIN;
			return -1;
		}
		const struct timespec pause = {.tv_nsec = pause_ns};
		nanosleep(&pause, NULL);
		pause_ns = pause_ns < 16000000 ? pause_ns * 2 : pause_ns;
	}
	return 0;
}

int state_lock(int dir_fd, bool exclusive, int timeout_ms, struct error *err)
{
	int operation = exclusive ? LOCK_EX : LOCK_SH;
	int rc = timeout_ms < 0 ? try_lock(dir_fd, operation)
				: wait_for_lock(dir_fd, operation, timeout_ms);
	if (rc < 0 && errno == EAGAIN)
		return error_set(err, EAGAIN,
				 "container is in use by another command (waited %d ms for it)",
				 timeout_ms);
	if (rc < 0)
		return error_errno(err, "lock the container's state directory");
	struct stat st;
	if (fstat(dir_fd, &st) < 0)
		return error_errno(err, "the container's state directory");
	// whoever held the lock before us may have removed the container
	if (st.st_nlink == 0)
		return error_set(err, ENOENT, "container does not exist any more: %s",
				 error_text(ENOENT));
	return 0;
}

void state_unlock(int dir_fd)
{
	// by hand, not by closing: a foreground run keeps the descriptor for as long as the container lives
	(void)flock(dir_fd, LOCK_UN);
}

// ---- reserve, open -------------------------------------------------------------------------------

// Whether id still names the directory dir_fd.
static bool still_named(int root_fd, const char *id, int dir_fd)
{
	struct stat name, held;
	return fstat(dir_fd, &held) == 0 &&
	       fstatat(root_fd, id, &name, AT_SYMLINK_NOFOLLOW) == 0 &&
	       name.st_dev == held.st_dev && name.st_ino == held.st_ino;
}

int state_reserve(int root_fd, const char *id, int *dir_fd, struct error *err)
{
	if (state_check_id(id, err) < 0)
		return -1;
	for (int attempt = 0; attempt < RESERVE_ATTEMPTS; attempt++) {
		if (mkdirat(root_fd, id, 0700) < 0) {
			if (errno == EEXIST)
				return error_set(err, EEXIST,
						 "container with given ID already exists: container "
						 "`%s` already exists",
						 id);
			return error_errno(err, "make the state directory of container `%s`", id);
		}
		auto_close int fd = openat(root_fd, id, directory_flags);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return error_errno(err, "state directory of container `%s`", id);
		// between mkdir and lock a concurrent delete may take the empty directory away
		struct error lock_error;
		if (state_lock(fd, true, LOCK_WAIT_MS, &lock_error) < 0) {
			if (lock_error.code == ENOENT)
				continue;
			if (err)
				*err = lock_error;
			return -1;
		}
		if (!still_named(root_fd, id, fd))
			continue;
		*dir_fd = take_fd(&fd);
		return 0;
	}
	return error_set(err, EBUSY, "container `%s`: something keeps removing its state directory", id);
}

static int unknown(const char *id, struct error *err)
{
	return error_set(err, ENOENT, "container `%s` does not exist: %s", id, error_text(ENOENT));
}

int state_open(int root_fd, const char *id, int *dir_fd, struct error *err)
{
	if (state_check_id(id, err) < 0)
		return -1;
	int fd = openat(root_fd, id, directory_flags);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return unknown(id, err);
	if (fd < 0)
		return error_errno(err, "state directory of container `%s`", id);
	*dir_fd = fd;
	return 0;
}

// ---- entries -------------------------------------------------------------------------------------

// Calls visit for each entry but "." and ".."; stops when it returns other than 0, and returns that.
static int each_entry(int dir_fd, int (*visit)(void *data, int dir_fd, const char *name), void *data)
{
	_Alignas(struct dirent64) char buffer[4096];
	// a description of our own: the offset of dir_fd is shared with whoever else holds it
	auto_close int fd = openat(dir_fd, ".", directory_flags);
	if (fd < 0)
		return -1;
	for (;;) {
		ssize_t filled = getdents64(fd, buffer, sizeof buffer);
		if (filled <= 0)
			return (int)filled;
		for (ssize_t at = 0; at < filled;) {
			const struct dirent64 *entry = (const void *)(buffer + at);
			at += entry->d_reclen;
			if (text_equal(entry->d_name, ".") || text_equal(entry->d_name, ".."))
				continue;
			int rc = visit(data, dir_fd, entry->d_name);
			if (rc)
				return rc;
		}
	}
}

struct removal {
	int depth;
	size_t removed;
};

static int remove_entries(int dir_fd, int depth);

static int remove_entry(void *data, int dir_fd, const char *name)
{
	struct removal *removal = data;
	if (removal->depth == 0 && text_equal(name, LAST_NAME))
		return 0;
	removal->removed++;
	if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR)
		return -1;
	if (removal->depth >= REMOVE_DEPTH_MAX) {
		errno = ELOOP;
		return -1;
	}
	auto_close int fd = openat(dir_fd, name, directory_flags);
	if (fd < 0 || remove_entries(fd, removal->depth + 1) < 0)
		return -1;
	return unlinkat(dir_fd, name, AT_REMOVEDIR);
}

// Removing while reading may skip entries on some file systems: passes are made until one finds nothing.
static int remove_entries(int dir_fd, int depth)
{
	struct removal removal = {.depth = depth};
	do {
		removal.removed = 0;
		if (each_entry(dir_fd, remove_entry, &removal) < 0)
			return -1;
	} while (removal.removed);
	return 0;
}

int state_remove(int root_fd, const char *id, struct error *err)
{
	auto_close int fd = -1;
	if (state_open(root_fd, id, &fd, err) < 0)
		return -1;
	if (remove_entries(fd, 0) < 0)
		return error_errno(err, "empty the state directory of container `%s`", id);
	// "state" itself is a file of ours, but garbage of any kind must be removable
	if (unlinkat(fd, LAST_NAME, 0) < 0 && errno == EISDIR) {
		auto_close int odd = openat(fd, LAST_NAME, directory_flags);
		if (odd < 0 || remove_entries(odd, 1) < 0 ||
		    unlinkat(fd, LAST_NAME, AT_REMOVEDIR) < 0)
			return error_errno(err, "empty the state directory of container `%s`", id);
	}
	if (unlinkat(root_fd, id, AT_REMOVEDIR) < 0)
		return error_errno(err, "remove the state directory of container `%s`", id);
	return 0;
}

// ---- list ----------------------------------------------------------------------------------------

struct list {
	char **ids;
	size_t count, size;
};

static int list_entry(void *data, int dir_fd, const char *name)
{
	struct list *list = data;
	struct stat st;
	if (!id_valid(name) || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISDIR(st.st_mode))
		return 0;
	if (list->count == list->size) {
		size_t size = list->size ? list->size * 2 : 16;
		char **larger = reallocarray(list->ids, size, sizeof *larger);
		if (!larger)
			return -1;
		list->ids = larger;
		list->size = size;
	}
	list->ids[list->count] = strdup(name);
	if (!list->ids[list->count])
		return -1;
	list->count++;
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int state_list(int root_fd, char ***ids, size_t *count, struct error *err)
{
	struct list list = {0};
	if (each_entry(root_fd, list_entry, &list) < 0) {
		int saved = errno;
		state_list_free(list.ids, list.count);
		errno = saved;
		return error_errno(err, "read the state root");
	}
	if (list.count)
		qsort(list.ids, list.count, sizeof *list.ids, compare);
	*ids = list.ids;
	*count = list.count;
	return 0;
}

void state_list_free(char **ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(ids[i]);
	free(ids);
}
