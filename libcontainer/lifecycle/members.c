// SPDX-License-Identifier: Apache-2.0
// See members.h.
#include "libcontainer/lifecycle/members.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "libcontainer/base/text.h"

static int add(pid_t **pids, size_t *count, pid_t pid, struct error *err)
{
	// doubled whenever the number of members is a power of two
	if ((*count & (*count - 1)) == 0) {
		pid_t *larger = reallocarray(*pids, *count ? *count * 2 : 1, sizeof **pids);
		if (!larger)
			return error_set(err, ENOMEM, "out of memory");
		*pids = larger;
	}
	(*pids)[(*count)++] = pid;
	return 0;
}

static int collect(DIR *proc, ino_t wanted, pid_t **pids, size_t *count, struct error *err)
{
	const struct dirent *entry;
	while ((entry = readdir(proc)) != NULL) {
		uint64_t pid;
		char path[280];
		struct stat st;
		if (text_to_unsigned(entry->d_name, &pid) < 0)
			continue;
		snprintf(path, sizeof path, "%s/ns/pid", entry->d_name);
		// those that ended meanwhile, and those of others that may not be looked at, are no members
		if (fstatat(dirfd(proc), path, &st, 0) == 0 && st.st_ino == wanted &&
		    add(pids, count, (pid_t)pid, err) < 0)
			return -1;
	}
	return 0;
}

static int look_at(pid_t pid, struct stat *st)
{
	char path[48];
	snprintf(path, sizeof path, "/proc/%d/ns/pid", (int)pid);
	return stat(path, st);
}

bool members_has(pid_t init, pid_t pid)
{
	struct stat wanted, found;
	return look_at(pid, &found) == 0 && look_at(init, &wanted) == 0 &&
	       found.st_ino == wanted.st_ino;
}

int members_of_pid_namespace(pid_t init, pid_t **pids, size_t *count, struct error *err)
{
	struct stat st;
	*pids = NULL;
	*count = 0;
	if (look_at(init, &st) < 0)
		return error_errno(err, "stat /proc/%d/ns/pid", (int)init);
	DIR *proc = opendir("/proc");
	if (!proc)
		return error_errno(err, "open /proc");
	int result = collect(proc, st.st_ino, pids, count, err);
	closedir(proc);
	if (result < 0) {
		free(*pids);
		*pids = NULL;
	}
	return result;
}
