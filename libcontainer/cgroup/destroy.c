// SPDX-License-Identifier: Apache-2.0
// Removing a cgroup for good. The usual case, its last process has gone, is a single rmdir. Else: kill,
// thaw, wait for the kernel to say that it is empty, remove what the container made below it, and try
// again until the deadline, because a dying process may hold it a little longer. What stays is named.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/cgroup/events.h"
#include "libcontainer/cgroup/place.h"
#include "libcontainer/cgroup/tree.h"
#include "libcontainer/kernel/fd.h"

// So many pids are named; the rest is counted.
#define NAMED_PIDS 16

static bool is_gone(int code)
{
	return code == ENOENT || code == ENODEV;
}

static int thaw_one(int dir_fd, void *data)
{
	(void)data;
	char value[8];
	if (fd_read_value(dir_fd, "cgroup.freeze", value, sizeof value) <= 0 || value[0] != '1')
		return 0;
	return fd_write_value(dir_fd, "cgroup.freeze", "0") < 0 && !is_gone(errno) ? -1 : 0;
}

static int remove_directory(const struct cgroup *cgroup)
{
	if (unlinkat(cgroup->host->fd, cgroup_path_relative(cgroup->path), AT_REMOVEDIR) == 0 ||
	    is_gone(errno))
		return 0;
	return -1;
}

static int name_remaining(struct cgroup *cgroup, int timeout_ms, struct error *err)
{
	auto_free pid_t *pids = NULL;
	size_t count;
	if (cgroup_processes(cgroup, &pids, &count, err) < 0)
		return -1;
	auto_text struct text list = {0};
	for (size_t i = 0; i < count && i < NAMED_PIDS; i++) {
		text_add(&list, i ? " " : ": pid ");
		text_add_signed(&list, pids[i]);
	}
	if (count > NAMED_PIDS)
		text_add(&list, " ...");
	return error_set(err, EBUSY, "remove cgroup %s: %zu process(es) remain after %d ms%s",
			 cgroup->path, count, timeout_ms, text_string(&list));
}

// One round: kill, thaw, wait, remove. Returns 1 removed, 0 try again, -1.
static int destroy_once(struct cgroup *cgroup, int64_t deadline, struct error *err)
{
	if (cgroup_kill(cgroup, err) < 0)
		return -1;
	if (cgroup_tree_visit(cgroup->fd, thaw_one, NULL) < 0)
		return error_errno(err, "cgroup %s: thaw", cgroup->path);
	int empty = cgroup_events_wait_populated(cgroup->fd, false, deadline);
	if (empty < 0)
		return error_errno(err, "cgroup %s: wait until it is empty", cgroup->path);
	if (empty == 0)
		return 0;
	if (cgroup_tree_empty(cgroup->fd, deadline) < 0 && errno != EBUSY && errno != ETIMEDOUT)
		return error_errno(err, "cgroup %s: remove the cgroups below it", cgroup->path);
	if (remove_directory(cgroup) == 0)
		return 1;
	return errno == EBUSY ? 0 : error_errno(err, "remove cgroup %s", cgroup->path);
}

static int destroy(struct cgroup *cgroup, int timeout_ms, struct error *err)
{
	if (remove_directory(cgroup) == 0)
		return 0;
	if (errno != EBUSY && errno != ENOTEMPTY)
		return error_errno(err, "remove cgroup %s", cgroup->path);
	int64_t deadline = cgroup_deadline(timeout_ms);
	for (;;) {
		int result = destroy_once(cgroup, deadline, err);
		if (result != 0)
			return result < 0 ? -1 : 0;
		if (cgroup_deadline_left(deadline) == 0)
			return name_remaining(cgroup, timeout_ms, err);
		poll(NULL, 0, 1);  // empty and still busy: a process is on its last steps out
	}
}

int cgroup_remove_parents(const struct cgroup_host *host, const char *leaf, const char *made_from,
			  struct error *err)
{
	size_t length = strlen(made_from);
	if (strncmp(leaf, made_from, length) != 0 || length < 2 ||
	    (leaf[length] && leaf[length] != '/'))
		return error_set(err, EINVAL, "remove cgroup %s: '%s' is not above it", leaf,
				 made_from);
	auto_free char *path = strdup(leaf);
	if (!path)
		return error_set(err, ENOMEM, "remove cgroup %s: out of memory", leaf);
	for (char *slash; (slash = strrchr(path, '/')) && slash > path;) {
		*slash = '\0';
		// its maker may have marked it only after this container's creator had looked
		if ((size_t)(slash - path) < length && !cgroup_is_made_by_us(host, path))
			break;
		if (unlinkat(host->fd, cgroup_path_relative(path), AT_REMOVEDIR) == 0 ||
		    is_gone(errno))
			continue;
		// others use it by now: that is no failure
		if (errno == EBUSY || errno == ENOTEMPTY)
			break;
		return error_errno(err, "remove cgroup %s", path);
	}
	return 0;
}

int cgroup_destroy(struct cgroup *cgroup, const char *made_from, int timeout_ms, struct error *err)
{
	if (destroy(cgroup, timeout_ms, err) < 0)
		return -1;
	if (!made_from || !*made_from)
		return 0;
	return cgroup_remove_parents(cgroup->host, cgroup->path, made_from, err);
}
