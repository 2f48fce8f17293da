// SPDX-License-Identifier: Apache-2.0
// The path_made part of path.h: what look-ups have made, and its removal.
//
// The tree may be somebody else's, who changes it meanwhile. An object is known by the directory that it was made in, held open,
// and its name; what is there by then is removed only when nothing is lost with it.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/path.h"

struct path_made_item {
	int dir_fd;  // owned
	char *name;  // owned
};

static bool has_room(struct path_made *made)
{
	if (made->count < made->size)
		return true;
	size_t size = made->size ? 2 * made->size : 8;
	struct path_made_item *items = realloc(made->items, size * sizeof *items);
	if (!items)
		return false;
	made->items = items;
	made->size = size;
	return true;
}

void path_made_note(struct path_made *made, int dir_fd, const char *name)
{
	int saved = errno;
	if (!made)
		return;
	auto_close int dir = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);
	auto_free char *copy = strdup(name);
	if (dir >= 0 && copy && has_room(made))
		made->items[made->count++] =
			(struct path_made_item){take_fd(&dir), take_ptr(&copy)};
	errno = saved;
}

static void remove_item(const struct path_made_item *item)
{
	struct stat st;
	if (fstatat(item->dir_fd, item->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (S_ISDIR(st.st_mode))
		(void)!unlinkat(item->dir_fd, item->name, AT_REMOVEDIR);
	else if (S_ISLNK(st.st_mode) || (S_ISREG(st.st_mode) && st.st_size == 0))
		(void)!unlinkat(item->dir_fd, item->name, 0);
}

void path_unmake(struct path_made *made)
{
	for (size_t i = made->count; i-- > 0;)
		remove_item(&made->items[i]);
}

void path_made_done(struct path_made *made)
{
	for (size_t i = 0; i < made->count; i++) {
		memory_close(made->items[i].dir_fd);
		free(made->items[i].name);
	}
	free(made->items);
	*made = (struct path_made){0};
}
