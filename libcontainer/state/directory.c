// SPDX-License-Identifier: Apache-2.0
// The container's directory: made first, removed last, locked in between.
//
// The lock is a flock on the directory itself, so there is no lock file to lose. It belongs to the open description:
// a child that inherits the descriptor holds the lock, too. Nothing here follows a symbolic link or leaves the directory.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
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
		return error_set(
			err, EINVAL,
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
	return fstat(dir_fd, &held) == 0 && fstatat(root_fd, id, &name, AT_SYMLINK_NOFOLLOW) == 0 &&
	       name.st_dev == held.st_dev && name.st_ino == held.st_ino;
}

// The directory was made, and no more came of it: an empty one must not keep its name in use. (If it should be somebody else's by
// now, who has not locked it yet, that one makes it again.)
static int give_up(int root_fd, const char *id)
{
	int saved = errno;
	(void)unlinkat(root_fd, id, AT_REMOVEDIR);
	errno = saved;
	return -1;
}

int state_reserve(int root_fd, const char *id, int *dir_fd, struct error *err)
{
	if (state_check_id(id, err) < 0)
		return -1;
	for (int attempt = 0; attempt < RESERVE_ATTEMPTS; attempt++) {
		if (mkdirat(root_fd, id, 0700) < 0) {
			if (errno == EEXIST)
				return error_set(
					err, EEXIST,
					"container with given ID already exists: container "
					"`%s` already exists",
					id);
			return error_errno(err, "make the state directory of container `%s`", id);
		}
		auto_close int fd = openat(root_fd, id, directory_flags);
		if (fd < 0 && errno == ENOENT) {
			(void)give_up(root_fd, id);
			continue;
		}
		if (fd < 0) {
			error_errno(err, "state directory of container `%s`", id);
			return give_up(root_fd, id);
		}
		// between mkdir and lock a concurrent delete may take the empty directory away
		struct error lock_error;
		if (state_lock(fd, true, LOCK_WAIT_MS, &lock_error) < 0) {
			int given_up = give_up(root_fd, id);
			if (lock_error.code == ENOENT)
				continue;
			if (err)
				*err = lock_error;
			return given_up;
		}
		if (!still_named(root_fd, id, fd))
			continue;
		*dir_fd = take_fd(&fd);
		return 0;
	}
	return error_set(err, EBUSY, "container `%s`: something keeps removing its state directory",
			 id);
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
