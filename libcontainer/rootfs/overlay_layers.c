// SPDX-License-Identifier: Apache-2.0
// The two directories of a writable layer that is kept (--overlay DIR): made, and taken back when there is no container after all.
// Works on the host, with the caller's rights, before anything is mounted.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/rootfs/plan.h"

#define PARENTS_MAX 4096

static int open_layer(int parent_fd, const char *name)
{
	return openat(parent_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int overlay_open_directory(const struct rootfs *rootfs, struct error *err)
{
	int fd = open(rootfs->overlay.directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_errno(err, "overlay %s", rootfs->overlay.directory) : fd;
}

// The merged root shows the upper directory's owner and mode: a new one takes them from the lower root. Who may
// not give files away (a user namespace without that owner) keeps what it made.
static int make_layer(int parent_fd, const char *name, const struct stat *lower, bool *made,
		      struct error *err)
{
	*made = mkdirat(parent_fd, name, 0700) == 0;
	if (!*made && errno != EEXIST)
		return error_errno(err, "overlay: make %s", name);
	if (!*made) {
		auto_close int fd = open_layer(parent_fd, name);
		return fd < 0 ? error_errno(err, "overlay: %s", name) : 0;
	}
	if (fchownat(parent_fd, name, lower->st_uid, lower->st_gid, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno != EPERM && errno != EINVAL)
		return error_errno(err, "overlay: chown %s", name);
	if (fchmodat(parent_fd, name, lower->st_mode & 07777, 0) < 0)
		return error_errno(err, "overlay: chmod %s", name);
	return 0;
}

static void remove_made(int parent_fd, const struct overlay_made *made)
{
	if (made->upper)
		unlinkat(parent_fd, OVERLAY_UPPER, AT_REMOVEDIR);
	if (!made->work)
		return;
	auto_close int work = open_layer(parent_fd, OVERLAY_WORK);
	if (work >= 0)
		unlinkat(work, "work", AT_REMOVEDIR);  // overlayfs' own
	unlinkat(parent_fd, OVERLAY_WORK, AT_REMOVEDIR);
}

int overlay_make_layers(int parent_fd, const struct stat *lower, struct overlay_made *made,
			struct error *err)
{
	*made = (struct overlay_made){false, false};
	if (make_layer(parent_fd, OVERLAY_UPPER, lower, &made->upper, err) == 0 &&
	    make_layer(parent_fd, OVERLAY_WORK, lower, &made->work, err) == 0)
		return 0;
	remove_made(parent_fd, made);
	*made = (struct overlay_made){false, false};
	return -1;
}

void overlay_take_back(struct rootfs *rootfs)
{
	struct error ignored;
	if (!rootfs->overlay.made.upper && !rootfs->overlay.made.work)
		return;
	auto_close int fd = overlay_open_directory(rootfs, &ignored);
	if (fd >= 0)
		remove_made(fd, &rootfs->overlay.made);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

// 1: top is the directory or above it; 0: it is not; -1.
static int is_below(int fd, const struct stat *top)
{
	auto_close int at = openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < PARENTS_MAX; i++) {
		struct stat here, above;
		if (at < 0 || fstat(at, &here) < 0)
			return -1;
		if (is_same(&here, top))
			return 1;
		int up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		memory_close(at);
		at = up;
		if (up < 0 || fstat(up, &above) < 0)
			return -1;
		if (is_same(&here, &above))
			return 0;
	}
	errno = ELOOP;
	return -1;
}

// The first name in a directory, other than known (NULL-terminated), that does not begin with mark. 1: *found has it; 0: none; -1.
static int find_other(int parent_fd, const char *name, const char *const *known, char mark,
		      char found[NAME_MAX + 1])
{
	int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		memory_close(fd);
		return -1;
	}
	found[0] = '\0';
	for (const struct dirent *entry; !found[0] && (entry = readdir(dir));) {
		bool expected = text_equal(entry->d_name, ".") || text_equal(entry->d_name, "..") ||
				entry->d_name[0] == mark;
		for (size_t i = 0; known[i]; i++)
			expected = expected || text_equal(entry->d_name, known[i]);
		if (!expected)
			(void)stpcpy(found, entry->d_name);
	}
	closedir(dir);
	return found[0] != '\0';
}

// overlayfs removes what it finds in its work directory. It may find there what an earlier overlay left, and nothing of anybody's.
static int check_work(const struct rootfs *rootfs, int fd, struct error *err)
{
	static const char *const kernels[] = {"work", "index", NULL}, *const none[] = {NULL};
	static const char inner[] = OVERLAY_WORK "/work";
	char found[NAME_MAX + 1];
	struct stat st;
	const char *where = OVERLAY_WORK;
	// what is no directory is refused where it would be made
	int other = find_other(fd, where, kernels, '\0', found);
	if (other == 0) {
		where = inner;
		other = find_other(fd, where, none, '#', found);
	}
	// the kernel's own has no permissions: for a plain user that is the answer
	if (other < 0 && errno == EACCES &&
	    (fstatat(fd, where, &st, AT_SYMLINK_NOFOLLOW) < 0 || (st.st_mode & 0777)))
		return error_set(err, EACCES, "overlay %s: read %s: %s", rootfs->overlay.directory,
				 where, error_text(EACCES));
	if (other > 0)
		return error_set(err, ENOTEMPTY,
				 "overlay %s: %s holds `%s`, which no overlay has made, and which "
				 "would be removed: choose another directory",
				 rootfs->overlay.directory, where, found);
	return 0;
}

static int refuse_top(const struct rootfs *rootfs, int fd, struct error *err)
{
	struct stat top, here;
	if (fstat(fd, &here) < 0 || stat("/", &top) < 0)
		return error_errno(err, "overlay %s", rootfs->overlay.directory);
	if (is_same(&here, &top))
		return error_set(err, EINVAL, "overlay %s: the root directory is refused",
				 rootfs->overlay.directory);
	return 0;
}

// What is written to one layer must not be seen through the other.
int overlay_check_apart(const struct rootfs *rootfs, int fd, const struct stat *lower,
			struct error *err)
{
	static const char *const names[] = {OVERLAY_UPPER, OVERLAY_WORK};
	const char *directory = rootfs->overlay.directory;
	if (refuse_top(rootfs, fd, err) < 0)
		return -1;
	int below = is_below(fd, lower);
	if (below < 0)
		return error_errno(err, "overlay %s: look for root.path above it", directory);
	if (below)
		return error_set(
			err, EINVAL,
			"overlay %s: lies in root.path %s: choose a directory outside of it",
			directory, rootfs->root_path);
	for (size_t i = 0; i < array_size(names); i++) {
		struct stat layer;
		if (fstatat(fd, names[i], &layer, AT_SYMLINK_NOFOLLOW) < 0)
			continue;  // to be made, and then nothing is in it
		below = is_below(rootfs->host_fd, &layer);
		if (below < 0)
			return error_errno(err, "overlay %s: look for it above root.path",
					   directory);
		if (below)
			return error_set(err, EINVAL, "overlay %s: root.path %s lies in its %s",
					 directory, rootfs->root_path, names[i]);
	}
	return check_work(rootfs, fd, err);
}
