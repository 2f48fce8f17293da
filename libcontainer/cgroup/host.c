// SPDX-License-Identifier: Apache-2.0
// Which cgroup2 this host has. Two well-known places are tried and nothing is scanned: mountinfo of a
// host with thousands of mounts costs more than everything else that is done with cgroups.
#include "libcontainer/cgroup/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>

#include "libcontainer/base/memory.h"

static const struct {
	const char *path;
	enum cgroup_host_kind kind;
} places[] = {
	{"/sys/fs/cgroup", cgroup_host_kind_unified},
	{"/sys/fs/cgroup/unified", cgroup_host_kind_hybrid},
};

// An id that the kernel makes up with the hierarchy, since 6.6. Before, it is the number of a device: any boot may have that one, and its
// upper half is 0.
static uint64_t number_of(const struct statfs *fs)
{
	uint64_t low = (uint32_t)fs->f_fsid.__val[0], high = (uint32_t)fs->f_fsid.__val[1];
	return high ? high << 32 | low : 0;
}

int cgroup_host_open(struct cgroup_host *host, struct error *err)
{
	*host = (struct cgroup_host){.kind = cgroup_host_kind_none, .fd = -1};
	for (size_t i = 0; i < array_size(places); i++) {
		auto_close int fd = open(places[i].path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
			continue;
		if (fd < 0)
			return error_errno(err, "open %s", places[i].path);
		struct statfs fs;
		if (fstatfs(fd, &fs) < 0)
			return error_errno(err, "statfs %s", places[i].path);
		if (fs.f_type != CGROUP2_SUPER_MAGIC)
			continue;
		host->kind = places[i].kind;
		host->fd = take_fd(&fd);
		host->number = number_of(&fs);
		snprintf(host->mount, sizeof host->mount, "%s", places[i].path);
		return 0;
	}
	return 0;
}

void cgroup_host_close(struct cgroup_host *host)
{
	memory_close(take_fd(&host->fd));
	host->kind = cgroup_host_kind_none;
}
