// SPDX-License-Identifier: Apache-2.0
// See oom.h. memory.events counts the whole subtree; the kernel raises POLLPRI when it has changed since it was last
// read. When the cgroup is removed reading fails, and watching is over.
#include "libcontainer/cgroup/oom.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/stats.h"

int cgroup_oom_open(const struct cgroup *cgroup, struct cgroup_oom *oom, struct error *err)
{
	oom->kills = 0;
	oom->fd = openat(cgroup->fd, "memory.events", O_RDONLY | O_CLOEXEC);
	if (oom->fd < 0 && errno != ENOENT && errno != ENODEV)
		return error_errno(err, "cgroup %s: open memory.events", cgroup->path);
	(void)cgroup_oom_take(oom);
	return 0;
}

uint64_t cgroup_oom_take(struct cgroup_oom *oom)
{
	char text[512];
	if (oom->fd < 0)
		return 0;
	ssize_t n;
	do
		n = pread(oom->fd, text, sizeof text - 1, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		cgroup_oom_close(oom);
		return 0;
	}
	text[n] = '\0';
	uint64_t before = oom->kills;
	oom->kills = cgroup_stats_counter(text, "oom_kill");
	return oom->kills - before;
}

void cgroup_oom_close(struct cgroup_oom *oom)
{
	memory_close(take_fd(&oom->fd));
}
