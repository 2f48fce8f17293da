// SPDX-License-Identifier: Apache-2.0
// kill: a signal to init, or to every process of the container. Never to a process that is not proven to be ours.
#include <errno.h>
#include <signal.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/lifecycle/members.h"
#include "libcontainer/lifecycle/opened.h"

static int signal_init(struct opened *opened, int signal, struct error *err)
{
	int pidfd = opened_init(opened, err);
	if (pidfd < 0)
		return err->code == ESRCH ? opened_not_running(opened, "kill", err) : -1;
	if (sys_pidfd_send_signal(pidfd, signal) < 0)
		return errno == ESRCH ? opened_not_running(opened, "kill", err)
				      : error_errno(err, "send signal %d to container `%s`", signal,
						    opened->record.id);
	return 0;
}

// What /proc lists may be another process by the time it is signalled: it is held first, and looked at again.
static void signal_member(struct opened *opened, int init, pid_t member, int signal)
{
	auto_close int fd = sys_pidfd_open(member);
	if (fd >= 0 && members_has(opened->record.pid, member) && process_wait_pidfd(init, 0) == 0)
		(void)!sys_pidfd_send_signal(fd, signal);
}

static int signal_members(struct opened *opened, int signal, struct error *err)
{
	auto_free pid_t *members = NULL;
	size_t count = 0;
	int init = opened_init(opened, err);
	if (init < 0)
		return err->code == ESRCH ? 0 : -1;
	if (members_of_pid_namespace(opened->record.pid, &members, &count, err) < 0)
		return process_wait_pidfd(init, 0) != 0 ? 0 : -1;
	for (size_t i = 0; i < count; i++)
		signal_member(opened, init, members[i], signal);
	return 0;
}

static int signal_all(struct opened *opened, int signal, struct error *err)
{
	if (opened->cgroup.fd < 0 && opened->status == state_status_stopped)
		return 0;
	// (the kernel ends the others with init)
	if (opened->cgroup.fd < 0 && opened->record.private_pid_namespace && signal != SIGKILL)
		return signal_members(opened, signal, err);
	if (opened->cgroup.fd < 0)
		return signal_init(opened, signal, err);
	if (signal == SIGKILL)
		return cgroup_kill(&opened->cgroup, err);
	return cgroup_signal(&opened->cgroup, signal, err) < 0 ? -1 : 0;
}

int container_kill(const struct container_context *context, const char *id, int signal, bool all,
		   struct error *err)
{
	auto_opened struct opened opened = OPENED_NONE;
	if (opened_open(context, id, false, &opened, err) < 0)
		return -1;
	if (all)
		return signal_all(&opened, signal, err);
	if (opened.status == state_status_stopped || opened.status == state_status_creating)
		return opened_not_running(&opened, "kill", err);
	// without a pid namespace of its own, the end of init would leave the others running
	if (signal == SIGKILL && !opened.record.private_pid_namespace && opened.cgroup.fd >= 0)
		return cgroup_kill(&opened.cgroup, err);
	return signal_init(&opened, signal, err);
}
