// SPDX-License-Identifier: Apache-2.0
// See path_walk.h.
//
// Invariant: `done` names, from the root and without any symbolic link, the directory that `at` stands
// for. ".." is therefore a walk of `done` from the root once more, never a lookup of "..": whoever
// renames directories meanwhile cannot make us climb past the root.
#include "libcontainer/kernel/path_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"

#define PROC_MAGIC 0x9fa0
#define LINKS_MAX 40
#define MAKE_TRIES 8

struct walk {
	int root_fd;  // borrowed
	int at;       // owned; -1: the root
	int links;    // symbolic links followed so far
	size_t done_length;
	char name[NAME_MAX + 1];
	char done[PATH_MAX];
	char rest[2 * PATH_MAX];
};

static int fail(int code)
{
	errno = code;
	return -1;
}

static int here(const struct walk *walk)
{
	return walk->at >= 0 ? walk->at : walk->root_fd;
}

static void go_to(struct walk *walk, int fd)
{
	memory_close(walk->at);
	walk->at = fd;
}

static int go_up(struct walk *walk)
{
	while (walk->done_length > 0 && walk->done[walk->done_length - 1] != '/')
		walk->done_length--;
	if (walk->done_length > 0)
		walk->done_length--;
	walk->done[walk->done_length] = '\0';
	go_to(walk, -1);
	for (const char *part = walk->done; *part;) {
		size_t length = strcspn(part, "/");
		char name[NAME_MAX + 1];
		memcpy(name, part, length);
		name[length] = '\0';
		int fd = openat(here(walk), name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return -1;
		go_to(walk, fd);
		part += length;
		part += *part == '/';
	}
	return 0;
}

static int go_down(struct walk *walk, int fd)
{
	size_t length = strlen(walk->name);
	if (walk->done_length + length + 2 > sizeof walk->done)
		return fail(ENAMETOOLONG);
	if (walk->done_length > 0)
		walk->done[walk->done_length++] = '/';
	memcpy(walk->done + walk->done_length, walk->name, length + 1);
	walk->done_length += length;
	go_to(walk, fd);
	return 0;
}

// Takes the next component off rest. Returns 0 when there is none.
static int next_name(struct walk *walk, const char **rest)
{
	const char *start = *rest + strspn(*rest, "/");
	size_t length = strcspn(start, "/");
	if (length > NAME_MAX)
		return fail(ENAMETOOLONG);
	memcpy(walk->name, start, length);
	walk->name[length] = '\0';
	*rest = start + length;
	return length > 0;
}

// A link of procfs that the kernel would jump through shows a text that is no path from here: absolute,
// or with a colon as in "pipe:[7]". "self", "thread-self", "mounts" and "net" are plain links.
static bool is_magic(int fd, const char *text)
{
	struct statfs fs;
	if (fstatfs(fd, &fs) < 0)
		return true;
	return fs.f_type == PROC_MAGIC && (text[0] == '/' || text[0] == '(' || strchr(text, ':'));
}

// Puts the text of the link in front of what remains.
static int follow(struct walk *walk, int link_fd, const char **rest)
{
	char text[PATH_MAX];
	if (++walk->links > LINKS_MAX)
		return fail(ELOOP);
	ssize_t n = readlinkat(link_fd, "", text, sizeof text);
	if (n < 0)
		return -1;
	if (n == 0)
		return fail(ENOENT);
	if ((size_t)n >= sizeof text)
		return fail(ENAMETOOLONG);
	text[n] = '\0';
	if (is_magic(link_fd, text))
		return fail(ELOOP);
	size_t length = (size_t)n;
	size_t remaining = strlen(*rest);
	if (length + remaining + 1 > sizeof walk->rest)
		return fail(ENAMETOOLONG);
	memmove(walk->rest + length, *rest, remaining + 1);
	memcpy(walk->rest, text, length);
	*rest = walk->rest;
	if (text[0] == '/') {
		go_to(walk, -1);
		walk->done_length = 0;
		walk->done[0] = '\0';
	}
	return 0;
}

// Opens the component `name` itself, making it when it is missing and wanted.
static int open_name(const struct walk *walk, const struct path_request *request, bool last,
		     bool directory)
{
	for (int try = 0; try < MAKE_TRIES; try++) {
		int fd = openat(here(walk), walk->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 || errno != ENOENT || request->make == path_make_nothing)
			return fd;
		int made;
		if (!last || request->make == path_make_directories) {
			mode_t mode = request->make == path_make_directories ? request->mode : 0755;
			made = mkdirat(here(walk), walk->name, mode);
		} else if (directory) {
			return fail(EISDIR);
		} else {
			made = mknodat(here(walk), walk->name, S_IFREG | request->mode, 0);
		}
		if (made < 0 && errno != EEXIST)
			return -1;
		if (made == 0)
			path_made_note(request->made, here(walk), walk->name);
	}
	return fail(EAGAIN);
}

// The last component is known and is no link to be followed: turns it into what the caller asked for.
static int deliver(const struct walk *walk, const struct path_request *request, int *fd,
		   mode_t type)
{
	if ((request->flags & O_DIRECTORY) && !S_ISDIR(type))
		return fail(ENOTDIR);
	if (request->flags & O_PATH)
		return take_fd(fd);
	return openat(here(walk), walk->name, request->flags | O_NOFOLLOW | O_CLOEXEC);
}

// The path ended at the directory where we are ("", ".", "..").
static int deliver_here(const struct walk *walk, const struct path_request *request)
{
	return openat(here(walk), ".", request->flags | O_CLOEXEC);
}

static int step(struct walk *walk, const struct path_request *request, const char **rest,
		bool *last)
{
	const char *behind = *rest + strspn(*rest, "/");
	bool slash = behind != *rest;
	*last = !*behind;
	auto_close int fd = open_name(walk, request, *last, slash);
	if (fd < 0)
		return -1;
	struct stat st;
	if (fstat(fd, &st) < 0)
		return -1;
	if (S_ISLNK(st.st_mode) && !(*last && request->no_follow && !slash)) {
		if (request->rule == path_rule_strict)
			return fail(ELOOP);
		*last = false;
		return follow(walk, fd, rest);
	}
	if (!S_ISDIR(st.st_mode) && (!*last || slash))
		return fail(ENOTDIR);
	if (*last)
		return deliver(walk, request, &fd, st.st_mode);
	int next = take_fd(&fd);
	if (go_down(walk, next) == 0)
		return 0;
	memory_close(walk->at == next ? -1 : next);
	return -1;
}

static int run(struct walk *walk, const struct path_request *request)
{
	const char *rest = walk->rest;
	for (;;) {
		int more = next_name(walk, &rest);
		if (more <= 0)
			return more < 0 ? -1 : deliver_here(walk, request);
		if (strcmp(walk->name, ".") == 0)
			continue;
		if (strcmp(walk->name, "..") == 0) {
			if (go_up(walk) < 0)
				return -1;
			continue;
		}
		bool last = false;
		int result = step(walk, request, &rest, &last);
		if (result < 0 || last)
			return result;
	}
}

int path_walk(int root_fd, const char *path, const struct path_request *request)
{
	size_t length = strlen(path);
	if (length >= PATH_MAX)
		return fail(ENAMETOOLONG);
	if (request->flags & (O_CREAT | O_TRUNC))
		return fail(EINVAL);
	struct walk walk;
	walk.root_fd = root_fd;
	walk.at = -1;
	walk.links = 0;
	walk.done_length = 0;
	walk.done[0] = '\0';
	memcpy(walk.rest, path, length + 1);
	int result = run(&walk, request);
	memory_close(walk.at);
	return result;
}
