// SPDX-License-Identifier: Apache-2.0
// Where a container's cgroup goes. A relative path, and no path at all, start at the parent of the
// caller's own cgroup: the own one holds processes, so that no controller could be enabled below it.
// Must not touch the cgroup tree: it only reads /proc/self/cgroup.
#include "libcontainer/cgroup/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"
#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/kernel/fd.h"

// Of a cgroup that was removed while a process was in it, /proc/self/cgroup shows this behind the name.
#define DELETED " (deleted)"

static int add_component(const char *what, const char *name, size_t length, struct text *clean,
			 struct error *err)
{
	if (length == 0 || (length == 1 && name[0] == '.'))
		return 0;
	if (length == 2 && name[0] == '.' && name[1] == '.')
		return error_set(err, EINVAL, "%s: '..' is not allowed in a cgroup path", what);
	if (length > NAME_MAX)
		return error_set(err, ENAMETOOLONG, "%s: '%.32s...' is longer than %d bytes", what,
				 name, NAME_MAX);
	if (memchr(name, '\n', length))
		return error_set(err, EINVAL, "%s: a line break is not allowed in a cgroup path",
				 what);
	text_add(clean, "/");
	text_add_bytes(clean, name, length);
	return 0;
}

int cgroup_path_clean(const char *what, const char *path, char **clean, struct error *err)
{
	auto_text struct text text = {0};
	for (const char *name = path; *name;) {
		size_t length = strcspn(name, "/");
		if (add_component(what, name, length, &text, err) < 0)
			return -1;
		name += length;
		name += *name == '/';
	}
	if (text_failed(&text))
		return error_set(err, ENOMEM, "%s: out of memory", what);
	if (text.length == 0)
		return error_set(err, EINVAL, "%s: the root cgroup cannot be a container's", what);
	if (text.length >= PATH_MAX)
		return error_set(err, ENAMETOOLONG, "%s: longer than %d bytes", what, PATH_MAX - 1);
	*clean = text_take(&text);
	return *clean ? 0 : error_set(err, ENOMEM, "%s: out of memory", what);
}

const char *cgroup_path_relative(const char *path)
{
	return path[0] == '/' && path[1] ? path + 1 : ".";
}

// The cgroup2 path of the calling process, a borrowed part of data.
static const char *find_own(char *data)
{
	for (char *line = data, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (text_has_prefix(line, "0::/"))
			return line + 3;
	}
	return NULL;
}

static int add_own_parent(struct text *text, struct error *err)
{
	auto_free char *data = NULL;
	size_t length;
	if (fd_read_file(AT_FDCWD, "/proc/self/cgroup", 1 << 20, &data, &length) < 0)
		return error_errno(err, "read /proc/self/cgroup");
	const char *own = find_own(data);
	if (!own)
		return error_set(err, ENOENT,
				 "/proc/self/cgroup: no cgroup v2 entry: mount cgroup2 or "
				 "give an absolute linux.cgroupsPath");
	size_t size = strlen(own);
	if (size > strlen(DELETED) && text_equal(own + size - strlen(DELETED), DELETED))
		size -= strlen(DELETED);
	while (size > 0 && own[size - 1] != '/')
		size--;
	text_add_bytes(text, own, size);
	return 0;
}

int cgroup_place(const struct cgroup_host *host, const char *cgroups_path, const char *id,
		 char **path, struct error *err)
{
	if (host->kind == cgroup_host_kind_none)
		return error_set(err, ENOENT,
				 "cgroup: no cgroup2 is mounted on /sys/fs/cgroup or "
				 "/sys/fs/cgroup/unified");
	// an empty path is what some engines write for none
	bool given = cgroups_path && *cgroups_path;
	const char *what = given ? "linux.cgroupsPath" : "container id";
	if (given && cgroups_path[0] == '/')
		return cgroup_path_clean(what, cgroups_path, path, err);
	auto_free char *name = NULL;
	if (cgroup_path_clean(what, given ? cgroups_path : id, &name, err) < 0)
		return -1;
	auto_text struct text text = {0};
	if (add_own_parent(&text, err) < 0)
		return error_context(err, "%s", what);
	text_add(&text, name);
	if (text_failed(&text))
		return error_set(err, ENOMEM, "%s: out of memory", what);
	return cgroup_path_clean("the caller's own cgroup", text_string(&text), path, err);
}
