// SPDX-License-Identifier: Apache-2.0
// See tree.h. A cgroup can be neither renamed nor moved, so going down by name and up by ".." as often
// never leaves the subtree.
#include "libcontainer/cgroup/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/events.h"

static int open_directory(int dir_fd, const char *name)
{
	return openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void replace_fd(int *fd, int with)
{
	memory_close(*fd);
	*fd = with;
}

// The next sub-directory's name behind the position of fd. Returns 1, 0 at the end, -1. *position is where to go on.
static int next_directory(int fd, char name[256], off_t *position)
{
	_Alignas(struct dirent64) char buffer[2048];
	for (;;) {
		ssize_t n = getdents64(fd, buffer, sizeof buffer);
		if (n <= 0)
			return n < 0 && errno != ENOENT ? -1 : 0;
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *entry = (const void *)(buffer + at);
			at += entry->d_reclen;
			if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
			    strcmp(entry->d_name, "..") == 0)
				continue;
			memcpy(name, entry->d_name, strnlen(entry->d_name, 255) + 1);
			name[255] = '\0';
			*position = entry->d_off;
			return lseek(fd, *position, SEEK_SET) < 0 ? -1 : 1;
		}
	}
}

struct walk {
	int fd;            // owned: where we are
	off_t *positions;  // owned: where to go on in each directory above
	size_t depth, size;
};

static int walk_down(struct walk *walk, const char *name, off_t position)
{
	if (walk->depth == walk->size) {
		size_t size = walk->size ? walk->size * 2 : 16;
		off_t *positions = reallocarray(walk->positions, size, sizeof *positions);
		if (!positions)
			return -1;
		walk->positions = positions;
		walk->size = size;
	}
	int fd = open_directory(walk->fd, name);
	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -1;
	walk->positions[walk->depth++] = position;
	replace_fd(&walk->fd, fd);
	return 1;
}

static int walk_up(struct walk *walk)
{
	int fd = open_directory(walk->fd, "..");
	if (fd < 0)
		return -1;
	replace_fd(&walk->fd, fd);
	walk->depth--;
	return lseek(fd, walk->positions[walk->depth], SEEK_SET) < 0 ? -1 : 0;
}

static int walk_all(struct walk *walk, int (*visit)(int, void *), void *data)
{
	if (visit(walk->fd, data) < 0)
		return -1;
	for (;;) {
		char name[256];
		off_t position;
		int found = next_directory(walk->fd, name, &position);
		if (found < 0)
			return -1;
		if (found == 0 && walk->depth == 0)
			return 0;
		if (found == 0) {
			if (walk_up(walk) < 0)
				return -1;
			continue;
		}
		int down = walk_down(walk, name, position);
		if (down < 0 || (down > 0 && visit(walk->fd, data) < 0))
			return -1;
	}
}

int cgroup_tree_visit(int root_fd, int (*visit)(int dir_fd, void *data), void *data)
{
	struct walk walk = {.fd = open_directory(root_fd, ".")};
	if (walk.fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -1;
	int result = walk_all(&walk, visit, data);
	memory_close(walk.fd);
	free(walk.positions);
	return result;
}

// Removes the empty sub-directories of fd and counts them. Returns 1 with the name of one that is not empty, 0 when
// none is left, -1.
static int remove_children(int fd, char name[256], size_t *removed)
{
	*removed = 0;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	for (;;) {
		off_t position;
		int found = next_directory(fd, name, &position);
		if (found <= 0)
			return found;
		if (unlinkat(fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT && errno != ENODEV)
			return errno == EBUSY || errno == ENOTEMPTY ? 1 : -1;
		++*removed;
	}
}

int cgroup_tree_empty(int root_fd, int64_t deadline)
{
	auto_close int fd = open_directory(root_fd, ".");
	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -1;
	size_t depth = 0;
	bool went_down = false;
	for (;;) {
		char name[256];
		size_t removed;
		int found = remove_children(fd, name, &removed);
		if (found < 0)
			return -1;
		if (found == 0 && depth == 0)
			return 0;
		if (found == 0 && went_down && removed == 0) {
			// nothing is below it and still it could not go: processes are in it
			errno = EBUSY;
			return -1;
		}
		if (cgroup_deadline_left(deadline) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		int next = open_directory(fd, found ? name : "..");
		if (next < 0 && found && (errno == ENOENT || errno == ENODEV))
			continue;
		if (next < 0)
			return -1;
		went_down = found;
		depth = found ? depth + 1 : depth - 1;
		replace_fd(&fd, next);
	}
}
