// SPDX-License-Identifier: Apache-2.0
// See events.h. The kernel raises POLLPRI on cgroup.events when a value changed since the descriptor was
// last read, so reading before each poll loses nothing.
#include "libcontainer/cgroup/events.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"

int64_t cgroup_deadline(int timeout_ms)
{
	if (timeout_ms < 0)
		return INT64_MAX;
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + timeout_ms;
}

int cgroup_deadline_left(int64_t deadline)
{
	if (deadline == INT64_MAX)
		return -1;
	int64_t left = deadline - cgroup_deadline(0);
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

static bool has_line(const char *text, const char *line)
{
	size_t length = strlen(line);
	for (const char *p = text; (p = strstr(p, line)); p += length)
		if ((p == text || p[-1] == '\n') && (p[length] == '\n' || !p[length]))
			return true;
	return false;
}

static int read_events(int fd, struct cgroup_events *events)
{
	char text[256];
	*events = (struct cgroup_events){0};
	ssize_t n;
	do
		n = pread(fd, text, sizeof text - 1, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ENODEV ? 0 : -1;
	text[n] = '\0';
	events->populated = has_line(text, "populated 1");
	events->frozen = has_line(text, "frozen 1");
	return 0;
}

static int open_events(int dir_fd)
{
	return openat(dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
}

int cgroup_events_read(int dir_fd, struct cgroup_events *events)
{
	*events = (struct cgroup_events){0};
	auto_close int fd = open_events(dir_fd);
	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -1;
	return read_events(fd, events);
}

static int wait_for(int dir_fd, bool frozen, bool value, int64_t deadline)
{
	auto_close int fd = open_events(dir_fd);
	if (fd < 0 && (errno == ENOENT || errno == ENODEV) && !value)
		return 1;
	if (fd < 0) {
		errno = errno == ENOENT || errno == ENODEV ? ESRCH : errno;
		return -1;
	}
	for (;;) {
		struct cgroup_events events;
		if (read_events(fd, &events) < 0)
			return -1;
		if ((frozen ? events.frozen : events.populated) == value)
			return 1;
		// an empty cgroup that shall freeze is frozen at once: this one was thawed again, and its processes have ended
		if (frozen && value && !events.populated) {
			errno = ESRCH;
			return -1;
		}
		int left = cgroup_deadline_left(deadline);
		if (left == 0)
			return 0;
		struct pollfd poll_fd = {.fd = fd, .events = POLLPRI};
		if (poll(&poll_fd, 1, left) < 0 && errno != EINTR)
			return -1;
	}
}

int cgroup_events_wait_populated(int dir_fd, bool value, int64_t deadline)
{
	return wait_for(dir_fd, false, value, deadline);
}

int cgroup_events_wait_frozen(int dir_fd, bool value, int64_t deadline)
{
	return wait_for(dir_fd, true, value, deadline);
}
