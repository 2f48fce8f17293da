// SPDX-License-Identifier: Apache-2.0
// What is in a state directory and in the state root: removed without following anything, and listed.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"
#include "libcontainer/state/state.h"

// The record goes last, so that a removal that is cut off still knows what it was removing.
#define LAST_NAME "state"
#define REMOVE_DEPTH_MAX 8

static const int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// Calls visit for each entry but "." and ".."; stops when it returns other than 0, and returns that.
static int each_entry(int dir_fd, int (*visit)(void *data, int dir_fd, const char *name),
		      void *data)
{
	_Alignas(struct dirent64) char buffer[4096];
	if (lseek(dir_fd, 0, SEEK_SET) < 0)
		return -1;
	for (;;) {
		ssize_t filled = getdents64(dir_fd, buffer, sizeof buffer);
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
	return state_open(root_fd, id, &fd, err) < 0 ? -1
						     : state_remove_opened(root_fd, id, fd, err);
}

int state_remove_opened(int root_fd, const char *id, int dir_fd, struct error *err)
{
	if (remove_entries(dir_fd, 0) < 0)
		return error_errno(err, "empty the state directory of container `%s`", id);
	// "state" itself is a file of ours, but garbage of any kind must be removable
	if (unlinkat(dir_fd, LAST_NAME, 0) < 0 && errno == EISDIR) {
		auto_close int odd = openat(dir_fd, LAST_NAME, directory_flags);
		if (odd < 0 || remove_entries(odd, 1) < 0 ||
		    unlinkat(dir_fd, LAST_NAME, AT_REMOVEDIR) < 0)
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
	if (state_check_id(name, NULL) < 0 || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
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
	// a description of our own: the offset of root_fd is shared with whoever else holds it
	auto_close int fd = openat(root_fd, ".", directory_flags);
	if (fd < 0 || each_entry(fd, list_entry, &list) < 0) {
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
