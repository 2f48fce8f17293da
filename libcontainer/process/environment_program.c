// SPDX-License-Identifier: Apache-2.0
// Finding the program, as execvpe would, before it is too late to refuse the container.
//
// Called inside the container's root and working directory, not yet as its user: only what is wrong for every user is
// refused here, the rest is execve's to say. Engines tell "not found" (127) from "cannot execute" (126) by the words.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/process/process.h"

// Where the environment has no PATH at all.
#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// 0 when path may be executed by somebody; else the errno that execve would give.
static int examine(const char *path, mode_t *type)
{
	struct stat st;
	*type = 0;
	if (fstatat(AT_FDCWD, path, &st, 0) < 0)
		return errno;
	*type = st.st_mode & S_IFMT;
	if (*type != S_IFREG || !(st.st_mode & 0111))
		return EACCES;
	return 0;
}

static int not_executable(const char *name, const char *path, mode_t type, struct error *err)
{
	if (type == S_IFDIR)
		return error_set(err, EACCES,
				 "open executable: the path `%s` is not a regular file: "
				 "Operation not permitted: is a directory",
				 path);
	if (type && type != S_IFREG)
		return error_set(err, EACCES,
				 "open executable: the path `%s` is not a regular file: "
				 "Permission denied",
				 path);
	return error_set(err, EACCES,
			 "exec: \"%s\": permission denied: open executable: Permission denied",
			 name);
}

static int find_as_it_is(const char *name, char **path, struct error *err)
{
	mode_t type;
	int code = examine(name, &type);
	switch (code) {
	case 0:
		*path = strdup(name);
		return *path ? 0 : error_set(err, ENOMEM, "exec: \"%s\": out of memory", name);
	case EACCES:
		return not_executable(name, name, type, err);
	case ENOENT:
		return error_set(
			err, ENOENT,
			"exec: \"%s\": stat %s: no such file or directory: executable file "
			"`%s` not found: No such file or directory",
			name, name, name);
	case ENOTDIR:
		return error_set(
			err, ENOTDIR,
			"exec: \"%s\": stat %s: not a directory: open executable: Not a directory",
			name, name);
	default:
		return error_set(err, code, "exec: \"%s\": stat %s: %s", name, name,
				 error_text(code));
	}
}

// "DIR/NAME" for the part of PATH of length bytes; an empty part is the working directory.
static char *join(const char *part, size_t length, const char *name)
{
	struct text text = {0};
	if (length)
		text_add_bytes(&text, part, length);
	else
		text_add(&text, ".");
	text_add(&text, "/");
	text_add(&text, name);
	return text_take(&text);
}

static int find_along(const char *search, const char *name, char **path, struct error *err)
{
	bool denied = false;
	for (const char *part = search;;) {
		size_t length = strcspn(part, ":");
		mode_t type;
		auto_free char *candidate = join(part, length, name);
		if (!candidate)
			return error_set(err, ENOMEM, "exec: \"%s\": out of memory", name);
		int code = examine(candidate, &type);
		if (!code) {
			*path = take_ptr(&candidate);
			return 0;
		}
		// a directory of that name does not hide a program further on, nor does it count as one
		denied |= code == EACCES && type != S_IFDIR;
		if (!part[length])
			break;
		part += length + 1;
	}
	if (denied)
		return not_executable(name, name, 0, err);
	return error_set(
		err, ENOENT,
		"exec: \"%s\": executable file not found in $PATH: executable file `%s` not found "
		"in $PATH: No such file or directory",
		name, name);
}

int environment_find_program(const struct environment *environment, const char *name, char **path,
			     struct error *err)
{
	if (!*name)
		return error_set(
			err, ENOENT,
			"exec: \"\": executable file not found in $PATH: cannot find `` in "
			"$PATH: No such file or directory");
	if (strchr(name, '/'))
		return find_as_it_is(name, path, err);
	const char *search = environment_get(environment, "PATH");
	return find_along(search ? search : PATH_DEFAULT, name, path, err);
}
