// SPDX-License-Identifier: Apache-2.0
// For tests that make cgroups on this machine: whether that is possible, and removing what failed tests
// left (libcheck runs no teardown for them).
#ifndef HUSK_TESTS_CGROUP_REAL_H
#define HUSK_TESTS_CGROUP_REAL_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/cgroup/events.h"

// Why such tests cannot run here, or NULL.
static inline const char *cgroup_real_missing(void)
{
	struct cgroup_host host;
	if (geteuid() != 0)
		return "needs root";
	if (cgroup_host_open(&host, NULL) < 0 || host.kind == cgroup_host_kind_none)
		return "needs a cgroup2";
	bool writable = faccessat(host.fd, "cgroup.procs", W_OK, 0) == 0;
	cgroup_host_close(&host);
	return writable ? NULL : "the cgroup2 is read-only";
}

// Removes every cgroup at the root whose name starts with prefix.
static inline void cgroup_real_sweep(const char *prefix)
{
	struct cgroup_host host;
	struct error err = {0};
	if (cgroup_host_open(&host, NULL) < 0 || host.kind == cgroup_host_kind_none)
		return;
	DIR *directory = opendir(host.mount);
	for (struct dirent *entry; directory && (entry = readdir(directory));) {
		struct cgroup cgroup;
		char path[300];
		snprintf(path, sizeof path, "/%s", entry->d_name);
		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 ||
		    cgroup_open(&host, path, &cgroup, NULL) < 0)
			continue;
		if (cgroup_destroy(&cgroup, NULL, 20000, &err) < 0)
			printf("%s\n", err.message);
		cgroup_close(&cgroup);
	}
	if (directory)
		closedir(directory);
	cgroup_host_close(&host);
}

// 1 when no process is left, 0 time out, -1.
static inline int cgroup_real_wait_empty(const struct cgroup *cgroup, int timeout_ms)
{
	return cgroup_events_wait_populated(cgroup->fd, false, cgroup_deadline(timeout_ms));
}

#endif
