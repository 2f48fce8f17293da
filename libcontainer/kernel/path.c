// SPDX-License-Identifier: Apache-2.0
// See path.h. openat2 does the work (Linux 5.6); path_walk is there for kernels and filters without it,
// and for paths of which a part is missing.
#include "libcontainer/kernel/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/path_walk.h"
#include "libcontainer/kernel/syscalls.h"

// Every try takes microseconds; who renames so fast that all of them fail gets the slower walk.
#define STORM_TRIES 128

static int lookup(int root_fd, const char *path, const struct path_request *request)
{
	int flags = request->flags | O_CLOEXEC | (request->no_follow ? O_NOFOLLOW : 0);
	struct kernel_open_how how = {
		.flags = (uint64_t)(unsigned)flags,
		// ".." at the root stays there for strict look-ups, too
		.resolve = KERNEL_RESOLVE_IN_ROOT | KERNEL_RESOLVE_NO_MAGICLINKS |
			   (request->rule == path_rule_strict ? KERNEL_RESOLVE_NO_SYMLINKS : 0),
	};
	if (request->flags & (O_CREAT | O_TRUNC)) {
		errno = EINVAL;
		return -1;
	}
	int fd = -1;
	for (int try = 0; try < STORM_TRIES; try++) {
		fd = sys_openat2(root_fd, *path ? path : ".", &how);
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	// ENOSYS: before 5.6, or a filter; EPERM: a filter (the call itself never says so for us)
	if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EAGAIN))
		return path_walk(root_fd, path, request);
	return fd;
}

int path_open(int root_fd, const char *path, int flags, enum path_rule rule)
{
	struct path_request request = {.flags = flags, .rule = rule};
	return lookup(root_fd, path, &request);
}

int path_open_no_follow(int root_fd, const char *path, enum path_rule rule)
{
	struct path_request request = {.flags = O_PATH, .rule = rule, .no_follow = true};
	return lookup(root_fd, path, &request);
}

// Opens the directory that holds the last component. Plain names only: -1 with EINVAL for the rest.
static int open_holder(int root_fd, const char *path, const struct path_request *how,
		       char name[NAME_MAX + 1])
{
	const char *slash = strrchr(path, '/');
	const char *last = slash ? slash + 1 : path;
	size_t length = strlen(last);
	char holder[PATH_MAX];
	size_t before = (size_t)(last - path);
	if (length > NAME_MAX || before >= sizeof holder) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (length == 0 || strcmp(last, ".") == 0 || strcmp(last, "..") == 0) {
		errno = EINVAL;
		return -1;
	}
	memcpy(name, last, length + 1);
	memcpy(holder, path, before);
	holder[before] = '\0';
	int fd = lookup(root_fd, holder, how);
	if (fd < 0 && errno == ENOENT && how->make == path_make_directories)
		return path_walk(root_fd, holder, how);
	return fd;
}

// The usual case, where only the last component is missing. EINVAL, EEXIST or ENOENT: it was not.
static int make_last(int root_fd, const char *path, const struct path_request *request)
{
	char name[NAME_MAX + 1];
	struct path_request holder = {.flags = O_PATH | O_DIRECTORY, .rule = request->rule};
	auto_close int fd = open_holder(root_fd, path, &holder, name);
	if (fd < 0)
		return -1;
	int made = request->make == path_make_directories
			   ? mkdirat(fd, name, request->mode)
			   : mknodat(fd, name, S_IFREG | request->mode, 0);
	if (made < 0)
		return -1;
	path_made_note(request->made, fd, name);
	return openat(fd, name, request->flags | O_NOFOLLOW | O_CLOEXEC);
}

static int open_or_make(int root_fd, const char *path, const struct path_request *request)
{
	int fd = lookup(root_fd, path, request);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	fd = make_last(root_fd, path, request);
	if (fd >= 0 || (errno != EINVAL && errno != EEXIST && errno != ENOENT))
		return fd;
	return path_walk(root_fd, path, request);
}

int path_make(int root_fd, const char *path, mode_t mode, enum path_rule rule,
	      struct path_made *made)
{
	bool directory = S_ISDIR(mode);
	struct path_request request = {
		.flags = O_PATH | (directory ? O_DIRECTORY : 0),
		.rule = rule,
		.make = directory ? path_make_directories : path_make_regular,
		.mode = mode & 07777,
		.made = made,
	};
	return open_or_make(root_fd, path, &request);
}

int path_make_directory(int root_fd, const char *path, mode_t mode, enum path_rule rule)
{
	return path_make(root_fd, path, S_IFDIR | mode, rule, NULL);
}

int path_make_file(int root_fd, const char *path, mode_t mode, enum path_rule rule)
{
	return path_make(root_fd, path, S_IFREG | mode, rule, NULL);
}

static int open_parent(int root_fd, const char *path, bool make, enum path_rule rule,
		       char name[256], struct path_made *made)
{
	_Static_assert(NAME_MAX + 1 == 256, "the header promises room for every name");
	struct path_request holder = {
		.flags = O_PATH | O_DIRECTORY,
		.rule = rule,
		.make = make ? path_make_directories : path_make_nothing,
		.mode = 0755,
		.made = made,
	};
	return open_holder(root_fd, path, &holder, name);
}

int path_open_parent(int root_fd, const char *path, bool make, enum path_rule rule, char name[256])
{
	return open_parent(root_fd, path, make, rule, name, NULL);
}

int path_make_parent(int root_fd, const char *path, enum path_rule rule, char name[256],
		     struct path_made *made)
{
	return open_parent(root_fd, path, true, rule, name, made);
}
