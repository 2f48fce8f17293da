// SPDX-License-Identifier: Apache-2.0
// See controllers.h. Controllers are handed down level by level, so each ancestor's list is read once and
// only what is missing is written: all in one write, and one at a time when the kernel refuses the set.
// Nothing is ever disabled.
#include "libcontainer/cgroup/controllers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/fd.h"

// A write may meet another runtime's change, or a process that is just leaving.
#define ENABLE_ATTEMPTS 10

static const char *const names[cgroup_controller_count] = {
	[cgroup_controller_cpuset] = "cpuset",   [cgroup_controller_cpu] = "cpu",
	[cgroup_controller_io] = "io",           [cgroup_controller_memory] = "memory",
	[cgroup_controller_hugetlb] = "hugetlb", [cgroup_controller_pids] = "pids",
	[cgroup_controller_rdma] = "rdma",       [cgroup_controller_misc] = "misc",
	[cgroup_controller_dmem] = "dmem",
};

const char *cgroup_controller_name(enum cgroup_controller controller)
{
	return controller < cgroup_controller_count ? names[controller] : "none";
}

static enum cgroup_controller find(const char *name, size_t length)
{
	for (unsigned i = 0; i < cgroup_controller_count; i++)
		if (strlen(names[i]) == length && strncmp(names[i], name, length) == 0)
			return (enum cgroup_controller)i;
	return cgroup_controller_count;
}

enum cgroup_controller cgroup_controller_of_file(const char *file)
{
	return find(file, strcspn(file, "."));
}

int cgroup_controllers_read(int dir_fd, const char *file, uint32_t *bits)
{
	char text[512];
	if (fd_read_value(dir_fd, file, text, sizeof text) < 0)
		return -1;
	*bits = 0;
	for (const char *name = text; *name;) {
		size_t length = strcspn(name, " ");
		*bits |= cgroup_controller_bit(find(name, length));
		name += length;
		name += *name == ' ';
	}
	return 0;
}

// What /proc/cgroups says about a controller of the v1 name: hierarchy (0: not of v1) and whether it is enabled.
static bool read_proc_cgroups(const char *name, unsigned long *hierarchy, unsigned long *enabled)
{
	auto_free char *data = NULL;
	size_t length;
	if (fd_read_file(AT_FDCWD, "/proc/cgroups", 1 << 16, &data, &length) < 0)
		return false;
	size_t name_length = strlen(name);
	for (char *line = data; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, name_length) != 0 || line[name_length] != '\t')
			continue;
		char *rest = line + name_length;
		*hierarchy = strtoul(rest, &rest, 10);
		strtoul(rest, &rest, 10);  // how many cgroups
		*enabled = strtoul(rest, NULL, 10);
		return true;
	}
	return false;
}

int cgroup_controller_check(const struct cgroup_host *host, uint32_t available,
			    enum cgroup_controller controller, struct error *err)
{
	uint32_t bit = cgroup_controller_bit(controller);
	if ((available & bit) == bit)
		return 0;
	const char *name = cgroup_controller_name(controller);
	if (host->kind == cgroup_host_kind_none)
		return error_set(err, ENOENT,
				 "controller %s is not available: no cgroup2 is mounted on "
				 "/sys/fs/cgroup or /sys/fs/cgroup/unified",
				 name);
	unsigned long hierarchy = 0, enabled = 1;
	bool listed = read_proc_cgroups(controller == cgroup_controller_io ? "blkio" : name,
					&hierarchy, &enabled);
	if (listed && hierarchy != 0 && host->kind == cgroup_host_kind_hybrid)
		return error_set(err, ENOENT,
				 "controller %s is not available: it is bound to cgroup v1 on this "
				 "host (see /proc/cgroups)",
				 name);
	if (listed && !enabled)
		return error_set(err, ENOENT,
				 "controller %s is not available: it is disabled on the kernel's "
				 "command line (see /proc/cgroups)",
				 name);
	return error_set(err, ENOENT,
			 "controller %s is not available: %s/cgroup.controllers does not list it: "
			 "this kernel lacks it, or it was not delegated",
			 name, host->mount);
}

// Controllers that also work on threads are granted to a cgroup with processes, but at a price: it turns into the root of
// a threaded subtree, and no container can live below it. The true root is exempt from all this.
static bool has_own_processes(int dir_fd)
{
	char byte;
	auto_close int fd = openat(dir_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, &byte, 1) > 0 && faccessat(dir_fd, "cgroup.type", F_OK, 0) == 0;
}

static int write_enable(int dir_fd, uint32_t bits)
{
	char text[128];
	size_t used = 0;
	if (has_own_processes(dir_fd)) {
		errno = EBUSY;
		return -1;
	}
	for (unsigned i = 0; i < cgroup_controller_count; i++)
		if (bits & (1U << i))
			used += (size_t)snprintf(text + used, sizeof text - used, "%s+%s",
						 used ? " " : "", names[i]);
	return fd_write_value(dir_fd, "cgroup.subtree_control", text);
}

static int write_patiently(int dir_fd, uint32_t bit)
{
	for (int attempt = 0;; attempt++) {
		if (write_enable(dir_fd, bit) == 0)
			return 0;
		if (errno != EBUSY || attempt == ENABLE_ATTEMPTS)
			return -1;
		poll(NULL, 0, 1);
	}
}

static int explain(const struct cgroup_host *host, const char *path,
		   enum cgroup_controller controller, struct error *err)
{
	const char *name = cgroup_controller_name(controller);
	int code = errno;
	switch (code) {
	case EBUSY:
		return error_set(
			err, code,
			"controller %s cannot be enabled: the parent cgroup %s has processes "
			"of its own: move them into a cgroup below it, or choose another "
			"linux.cgroupsPath",
			name, path);
	case EOPNOTSUPP:
		return error_set(
			err, code,
			"controller %s cannot be enabled: the parent cgroup %s is threaded", name,
			path);
	default:
		return error_set(
			err, code,
			"controller %s cannot be enabled: write %s%s/cgroup.subtree_control: %s",
			name, host->mount, path, error_text(code));
	}
}

// Enables what is missing for the children of one cgroup.
static int enable_level(const struct cgroup_host *host, int dir_fd, const char *path,
			uint32_t needed, enum cgroup_controller *failed, struct error *err)
{
	uint32_t available, enabled;
	if (cgroup_controllers_read(dir_fd, "cgroup.controllers", &available) < 0 ||
	    cgroup_controllers_read(dir_fd, "cgroup.subtree_control", &enabled) < 0)
		return error_errno(err, "read the controllers of cgroup %s", path);
	uint32_t missing = available & ~enabled;
	if (missing && write_enable(dir_fd, missing) == 0)
		missing = 0;
	for (unsigned i = 0; i < cgroup_controller_count; i++) {
		uint32_t bit = 1U << i;
		bool need = needed & bit;
		*failed = (enum cgroup_controller)i;
		if (need && !(available & bit))
			return error_set(err, EPERM,
					 "controller %s is not available: it is not delegated: "
					 "%s%s/cgroup.controllers does not list it",
					 names[i], host->mount, path);
		if (need && (missing & bit) && write_patiently(dir_fd, bit) < 0)
			return explain(host, path, *failed, err);
		if (!need && (missing & bit) && write_enable(dir_fd, bit) < 0)
			continue;  // nobody asked for it
	}
	return 0;
}

int cgroup_controllers_enable(const struct cgroup_host *host, const char *parent, uint32_t needed,
			      enum cgroup_controller *failed, struct error *err)
{
	char path[256 + 1] = "/";
	auto_close int fd = openat(host->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*failed = cgroup_controller_count;
	if (fd < 0)
		return error_errno(err, "open %s", host->mount);
	for (const char *name = parent;;) {
		if (enable_level(host, fd, path, needed, failed, err) < 0)
			return -1;
		name += strspn(name, "/");
		if (!*name)
			return 0;
		*failed = cgroup_controller_count;
		char component[256];
		size_t length = strcspn(name, "/");
		snprintf(component, sizeof component, "%.*s", (int)length, name);
		name += length;
		snprintf(path, sizeof path, "%.*s", (int)(name - parent), parent);
		int next = openat(fd, component, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return error_errno(err, "open cgroup %s", path);
		memory_close(fd);
		fd = next;
	}
}
