// SPDX-License-Identifier: Apache-2.0
// Entering namespaces, by descriptor. What is joined is closed at once, so that a second pass sees what is left.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/namespaces/namespaces.h"

// mount last: after it, the host's paths mean something else
static const enum spec_namespace_type join_order[] = {
	spec_namespace_type_network, spec_namespace_type_ipc,  spec_namespace_type_uts,
	spec_namespace_type_cgroup,  spec_namespace_type_time, spec_namespace_type_mount,
};

static int join_one(struct namespace_plan *plan, enum spec_namespace_type type, struct error *err)
{
	if (setns(plan->join[type], (int)namespaces_clone_flag(type)) < 0)
		return error_errno(err, "join %s namespace %s", spec_namespace_name(type),
				   plan->spec->linux_.namespaces[type].path);
	memory_close(plan->join[type]);
	plan->join[type] = -1;
	return 0;
}

int namespaces_join(struct namespace_plan *plan, bool tolerate_denied, bool *left,
		    struct error *err)
{
	*left = false;
	for (size_t i = 0; i < array_size(join_order); i++) {
		enum spec_namespace_type type = join_order[i];
		if (plan->join[type] < 0 || join_one(plan, type, err) == 0)
			continue;
		if (!tolerate_denied || errno != EPERM)
			return -1;
		*left = true;
	}
	return 0;
}

int namespaces_join_pid(struct namespace_plan *plan, struct error *err)
{
	return join_one(plan, spec_namespace_type_pid, err);
}

int namespaces_join_user(const struct namespace_plan *plan, struct error *err)
{
	struct error ignored;
	bool own = false;
	// the kernel refuses to join what one is in already
	if (namespaces_joins_own(plan, spec_namespace_type_user, &own, &ignored) == 0 && own)
		return 0;
	if (setns(plan->join[spec_namespace_type_user], CLONE_NEWUSER) < 0)
		return error_errno(err, "join user namespace %s",
				   plan->spec->linux_.namespaces[spec_namespace_type_user].path);
	return 0;
}

static int add_offset(struct text *text, const char *clock, const struct spec_time_offset *offset)
{
	if (offset->set) {
		text_printf(text, "%s ", clock);
		text_add_signed(text, offset->secs);
		text_printf(text, " %u\n", offset->nanosecs);
	}
	return text_failed(text) ? -1 : 0;
}

// The kernel takes offsets only as long as nobody is in the namespace, and puts only children into it.
static int make_time_namespace(const struct spec *spec, struct error *err)
{
	auto_text struct text offsets = {0};
	if (add_offset(&offsets, "monotonic", &spec->linux_.monotonic) < 0 ||
	    add_offset(&offsets, "boottime", &spec->linux_.boottime) < 0)
		return error_set(err, ENOMEM, "linux.timeOffsets: out of memory");
	if (unshare((int)KERNEL_CLONE_NEWTIME) < 0)
		return error_errno(err, "make a time namespace");
	if (fd_write_value(AT_FDCWD, "/proc/self/timens_offsets", text_string(&offsets)) < 0)
		return error_errno(err, "linux.timeOffsets: write /proc/self/timens_offsets");
	return 0;
}

static int open_own(const char *name, struct error *err)
{
	char path[32];
	snprintf(path, sizeof path, "/proc/self/ns/%s", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? error_errno(err, "open %s", path) : fd;
}

int namespaces_for_children(struct namespace_plan *plan, struct namespace_restore *restore,
			    struct error *err)
{
	if (restore)
		*restore = (struct namespace_restore){-1, -1};
	if (plan->join[spec_namespace_type_pid] >= 0) {
		if (restore && (restore->pid = open_own("pid", err)) < 0)
			return -1;
		if (join_one(plan, spec_namespace_type_pid, err) < 0)
			return -1;
	}
	if (plan->time_offsets) {
		if (restore && (restore->time = open_own("time", err)) < 0)
			return -1;
		if (make_time_namespace(plan->spec, err) < 0)
			return -1;
	}
	return 0;
}

int namespaces_restore(struct namespace_restore *restore, struct error *err)
{
	auto_close int pid = take_fd(&restore->pid);
	auto_close int time = take_fd(&restore->time);
	if (pid >= 0 && setns(pid, CLONE_NEWPID) < 0)
		return error_errno(err, "return to the caller's pid namespace");
	if (time >= 0 && setns(time, (int)KERNEL_CLONE_NEWTIME) < 0)
		return error_errno(err, "return to the caller's time namespace");
	return 0;
}

int namespaces_make_cgroup(struct error *err)
{
	if (unshare(CLONE_NEWCGROUP) < 0)
		return error_errno(err, "make a cgroup namespace");
	return 0;
}

int namespaces_enter_network(int netns, struct error *err)
{
	if (setns(netns, CLONE_NEWNET) < 0)
		return error_errno(err, "join the new network namespace");
	return 0;
}

bool namespaces_may_set_groups(void)
{
	char allowed[16];
	return fd_read_value(AT_FDCWD, "/proc/self/setgroups", allowed, sizeof allowed) < 0 ||
	       strcmp(allowed, "allow") == 0;
}

int namespaces_become_root(int proc_fd, bool *may_set_groups, struct error *err)
{
	char allowed[16];
	if (fd_read_value(proc_fd, "self/setgroups", allowed, sizeof allowed) < 0)
		return error_errno(err, "read /proc/self/setgroups");
	*may_set_groups = strcmp(allowed, "allow") == 0;
	if (*may_set_groups && syscall(SYS_setgroups, (size_t)0, NULL) < 0)
		return error_errno(err, "setgroups in the user namespace");
	// raw calls: the library's wrappers exist to keep threads alike, and there are none
	if (syscall(SYS_setresgid, 0, 0, 0) < 0)
		return error_errno(err, "setresgid to 0 in the user namespace (is gid 0 mapped?)");
	if (syscall(SYS_setresuid, 0, 0, 0) < 0)
		return error_errno(err, "setresuid to 0 in the user namespace (is uid 0 mapped?)");
	return 0;
}
