// SPDX-License-Identifier: Apache-2.0
// The processes of a cgroup and of those below it: listing, signals, killing, freezing.
// Must not freeze anything that it does not thaw again on every way out.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/cgroup/events.h"
#include "libcontainer/cgroup/tree.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/process.h"

// How long the way without cgroup.kill waits for the freezer before it signals all the same.
#define FREEZE_MS 1000

struct pids {
	pid_t *items;  // owned
	size_t count, size;
	bool begun,
		threaded;  // the cgroup itself is in a threaded subtree, and so all below it are
};

static int add_pid(struct pids *pids, pid_t pid)
{
	if (pids->count == pids->size) {
		size_t size = pids->size ? pids->size * 2 : 32;
		pid_t *items = reallocarray(pids->items, size, sizeof *items);
		if (!items)
			return -1;
		pids->items = items;
		pids->size = size;
	}
	pids->items[pids->count++] = pid;
	return 0;
}

// A number may be cut by the end of the buffer, so it is carried over to the next read.
static int read_pids(int fd, struct pids *pids)
{
	char buffer[2048];
	pid_t pid = 0;
	for (;;) {
		ssize_t n = read(fd, buffer, sizeof buffer);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 && errno != ENODEV ? -1 : 0;
		for (ssize_t i = 0; i < n; i++) {
			if (buffer[i] >= '0' && buffer[i] <= '9') {
				pid = pid * 10 + (buffer[i] - '0');
				continue;
			}
			// 0: a process that our pid namespace does not show
			if (pid > 0 && add_pid(pids, pid) < 0)
				return -1;
			pid = 0;
		}
	}
}

static int collect_from(int dir_fd, const char *file, struct pids *pids)
{
	auto_close int fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -1;
	return read_pids(fd, pids);
}

// A threaded cgroup does not list processes: the domain above it does, and when that is none of ours, its threads have to tell.
static int collect(int dir_fd, void *data)
{
	struct pids *pids = data;
	bool first = !pids->begun;
	pids->begun = true;
	if (!pids->threaded) {
		if (collect_from(dir_fd, "cgroup.procs", pids) == 0)
			return 0;
		if (errno != EOPNOTSUPP)
			return -1;
		pids->threaded = first;
	}
	if (pids->threaded && collect_from(dir_fd, "cgroup.threads", pids) < 0 &&
	    errno != EOPNOTSUPP)
		return -1;
	return 0;
}

static int compare_pids(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

// Threads become their processes, each once. Those that have ended meanwhile go.
static void threads_to_processes(struct pids *pids)
{
	size_t found = 0, count = 0;
	for (size_t i = 0; i < pids->count; i++) {
		pid_t process = process_of_thread(pids->items[i]);
		if (process > 0)
			pids->items[found++] = process;
	}
	if (found > 0)
		qsort(pids->items, found, sizeof *pids->items, compare_pids);
	for (size_t i = 0; i < found; i++)
		if (count == 0 || pids->items[i] != pids->items[count - 1])
			pids->items[count++] = pids->items[i];
	pids->count = count;
}

int cgroup_processes(struct cgroup *cgroup, pid_t **pids, size_t *count, struct error *err)
{
	struct pids found = {0};
	*pids = NULL;
	*count = 0;
	if (cgroup_tree_visit(cgroup->fd, collect, &found) < 0) {
		error_errno(err, "cgroup %s: list its processes", cgroup->path);
		free(found.items);
		return -1;
	}
	if (found.threaded)
		threads_to_processes(&found);
	*pids = found.items;
	*count = found.count;
	return 0;
}

int cgroup_add_process(struct cgroup *cgroup, pid_t pid, struct error *err)
{
	auto_text struct text text = {0};
	text_add_signed(&text, pid);
	if (fd_write_value(cgroup->fd, "cgroup.procs", text_string(&text)) == 0)
		return 0;
	if (errno == EBUSY)
		return error_set(
			err, EBUSY,
			"cgroup %s: add process %d: it hands controllers down to cgroups below "
			"it, so no process can live in it",
			cgroup->path, (int)pid);
	return error_errno(err, "cgroup %s: add process %d", cgroup->path, (int)pid);
}

int cgroup_signal(struct cgroup *cgroup, int signal, struct error *err)
{
	auto_free pid_t *pids = NULL;
	size_t count;
	if (cgroup_processes(cgroup, &pids, &count, err) < 0)
		return -1;
	int sent = 0;
	for (size_t i = 0; i < count; i++) {
		if (pids[i] == getpid())
			continue;
		if (kill(pids[i], signal) == 0)
			sent++;
		else if (errno != ESRCH)
			return error_errno(err, "cgroup %s: signal process %d", cgroup->path,
					   (int)pids[i]);
	}
	return sent;
}

static bool is_gone(int code)
{
	return code == ENOENT || code == ENODEV;
}

static int write_freeze(int dir_fd, bool freeze)
{
	return fd_write_value(dir_fd, "cgroup.freeze", freeze ? "1" : "0");
}

// Without cgroup.kill (kernels before 5.14, threaded cgroups): frozen processes cannot fork while the list is read.
static int kill_slowly(struct cgroup *cgroup, struct error *err)
{
	bool frozen = write_freeze(cgroup->fd, true) == 0;
	if (frozen && cgroup_events_wait_frozen(cgroup->fd, true, cgroup_deadline(FREEZE_MS)) < 0)
		frozen =
			true;  // it is tried all the same; what forks meanwhile is seen by the next kill
	int sent = cgroup_signal(cgroup, SIGKILL, err);
	if (frozen && write_freeze(cgroup->fd, false) < 0 && !is_gone(errno))
		return error_errno(err, "cgroup %s: thaw", cgroup->path);
	return sent < 0 ? -1 : 0;
}

int cgroup_kill(struct cgroup *cgroup, struct error *err)
{
	if (fd_write_value(cgroup->fd, "cgroup.kill", "1") == 0 || errno == ENODEV)
		return 0;
	if (errno == ENOENT && faccessat(cgroup->fd, "cgroup.procs", F_OK, 0) < 0)
		return 0;
	if (errno == ENOENT || errno == EOPNOTSUPP)
		return kill_slowly(cgroup, err);
	return error_errno(err, "cgroup %s: write cgroup.kill", cgroup->path);
}

int cgroup_freeze(struct cgroup *cgroup, bool freeze, int timeout_ms, struct error *err)
{
	const char *what = freeze ? "freeze" : "thaw";
	if (write_freeze(cgroup->fd, freeze) < 0) {
		bool gone = is_gone(errno);
		if (gone && !freeze)
			return 0;
		errno = gone ? ESRCH : errno;
		return error_errno(err, "cgroup %s: %s", cgroup->path, what);
	}
	int result = cgroup_events_wait_frozen(cgroup->fd, freeze, cgroup_deadline(timeout_ms));
	if (result > 0)
		return 0;
	int code = result < 0 ? errno : ETIMEDOUT;
	// half frozen would be lost: nobody would thaw it
	if (freeze && write_freeze(cgroup->fd, false) < 0 && !is_gone(errno))
		return error_errno(err, "cgroup %s: thaw after a failed freeze", cgroup->path);
	if (result < 0)
		return error_set(err, code, "cgroup %s: %s: %s", cgroup->path, what,
				 error_text(code));
	return error_set(err, code, "cgroup %s: %s: not done after %d ms%s", cgroup->path, what,
			 timeout_ms, freeze ? "" : ": a parent cgroup may be frozen");
}

bool cgroup_is_frozen(const struct cgroup *cgroup)
{
	char value[8];
	return fd_read_value(cgroup->fd, "cgroup.freeze", value, sizeof value) > 0 &&
	       text_equal(value, "1");
}
