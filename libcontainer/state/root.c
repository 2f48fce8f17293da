// SPDX-License-Identifier: Apache-2.0
// The state root: where it is, and that it is nobody else's.
//
// Whoever can write there can name any process as a container of ours, so a root that belongs to another user or that
// others may write is refused. Only host paths that the caller chose are used here.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/state/state.h"

// The inode number that the kernel gives the first user namespace (PROC_USER_INIT_INO). An identity map proves
// nothing: service managers give such maps to nested namespaces, too.
#define INITIAL_USER_NAMESPACE 0xEFFFFFFDUL

static bool is_file_system_root(const struct stat *st)
{
	struct stat top;
	return fstatat(AT_FDCWD, "/", &top, 0) == 0 && top.st_dev == st->st_dev &&
	       top.st_ino == st->st_ino;
}

static int check_ours(const char *path, int fd, struct error *err)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return error_errno(err, "state root %s", path);
	if (is_file_system_root(&st))
		return error_set(err, EINVAL, "state root %s: the root directory is refused", path);
	if (st.st_uid != geteuid())
		return error_set(err, EPERM, "state root %s: belongs to uid %u, not to uid %u",
				 path, st.st_uid, geteuid());
	if (st.st_mode & 0022)
		return error_set(err, EPERM, "state root %s: mode %04o lets others write", path,
				 st.st_mode & 07777U);
	return 0;
}

static int explain_open(const char *path, const char *plain, struct error *err)
{
	int cause = errno;
	struct stat st;
	if (fstatat(AT_FDCWD, plain, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
		return error_set(err, cause,
				 "state root %s: is a symbolic link: name the directory itself",
				 path);
	errno = cause;
	return error_errno(err, "state root %s", path);
}

int state_root_open(const char *path, bool create, int *root_fd, struct error *err)
{
	char plain[PATH_MAX];
	size_t length = strlen(path);
	if (!length)
		return error_set(err, EINVAL, "state root: the path is empty");
	if (length >= sizeof plain)
		return error_set(err, ENAMETOOLONG, "state root: the path is too long");
	memcpy(plain, path, length + 1);
	// behind a slash O_NOFOLLOW would follow the link after all
	while (length > 1 && plain[length - 1] == '/')
		plain[--length] = '\0';

	auto_close int fd = fd_open_directory(plain, create);
	if (fd < 0)
		return explain_open(path, plain, err);
	if (check_ours(path, fd, err) < 0)
		return -1;
	*root_fd = take_fd(&fd);
	return 0;
}

static bool in_initial_user_namespace(void)
{
	struct stat st;
	return fstatat(AT_FDCWD, "/proc/self/ns/user", &st, 0) < 0 ||
	       st.st_ino == INITIAL_USER_NAMESPACE;
}

int state_root_default(char **path, struct error *err)
{
	auto_text struct text text = {0};
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
	unsigned uid = geteuid();
	char user_dir[40];
	struct stat st;
	snprintf(user_dir, sizeof user_dir, "/run/user/%u", uid);

	if (uid == 0 && in_initial_user_namespace())
		text_add(&text, "/run/husk");
	else if (runtime_dir && runtime_dir[0] == '/')
		text_printf(&text, "%s/husk", runtime_dir);
	else if (fstatat(AT_FDCWD, user_dir, &st, 0) == 0 && S_ISDIR(st.st_mode) &&
		 st.st_uid == uid)
		text_printf(&text, "%s/husk", user_dir);
	else
		text_printf(&text, "/tmp/husk-%u", uid);
	*path = text_take(&text);
	return *path ? 0 : error_set(err, ENOMEM, "state root: out of memory");
}
