// SPDX-License-Identifier: Apache-2.0
// The intermediate process for namespaces that one clone3 cannot make: those that belong to a user namespace which is joined, and
// those that are joined beside a new user namespace. And for those that only children enter (pid, time with offsets) when the
// caller could not return to his own: below a rootless engine that one belongs to the host, and he is in the engine's user namespace.
//
// What belongs to the host is joined first, while the privileges of the host are still there; what the kernel refuses then
// belongs to the user namespace and is joined from inside. init is cloned as a sibling (CLONE_PARENT), so that
// the runtime is its parent and the stage can go.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/init/init.h"
#include "libcontainer/init/sync.h"
#include "libcontainer/kernel/syscalls.h"

static int enter_user_namespace(struct init *init, struct error *err)
{
	struct namespace_plan *plan = init->namespaces;
	if (plan->join[spec_namespace_type_user] >= 0)
		return namespaces_join_user(plan, err);
	if (unshare(CLONE_NEWUSER) < 0)
		return error_errno(err, "make a user namespace");
	if (sync_send_step(init->sync, sync_step_need_maps, err) < 0)
		return -1;
	return sync_wait_proceed(init->sync, err);
}

static int enter_namespaces(struct init *init, struct error *err)
{
	struct namespace_plan *plan = init->namespaces;
	bool left = false;
	if (namespaces_open_proc(&init->proc_fd, err) < 0)
		return -1;
	bool user = namespaces_has(plan, spec_namespace_type_user);
	if (namespaces_join(plan, user, &left, err) < 0 ||
	    (user && enter_user_namespace(init, err) < 0))
		return -1;
	if (left && namespaces_join(plan, false, &left, err) < 0)
		return -1;
	// before the change of the user: after it our files in /proc belong to the host's root, and the offsets of a time namespace
	// are written to one of them
	if (namespaces_for_children(plan, NULL, err) < 0)
		return -1;
	return user ? namespaces_become_root(init->proc_fd, &init->may_set_groups, err) : 0;
}

static int clone_init(struct init *init, const struct init_step *steps, struct error *err)
{
	// from here on processes of a joined pid namespace may look at us
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_errno(err, "prctl PR_SET_DUMPABLE");
	struct kernel_clone_args args = {.flags = init->clone_flags | KERNEL_CLONE_PARENT};
	pid_t pid = sys_clone3(&args);
	if (pid < 0)
		return error_errno(err, "clone the container's process");
	if (pid == 0) {
		// Two now write to one socket: what init says must not arrive before its pid does.
		if (sync_wait_proceed(init->sync, err) < 0)
			return -1;
		init->wait_for_maps = false;
		init_walk(init, steps);
	}
	struct sync_record record = {.step = sync_step_pid, .value = pid};
	return sync_send(init->sync, &record, -1, err);
}

_Noreturn void stage_run(struct init *init, const struct init_step *steps)
{
	struct error failure = {0};
	init_close_first(init);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		error_errno(&failure, "prctl PR_SET_PDEATHSIG");
	else if (enter_namespaces(init, &failure) == 0 && clone_init(init, steps, &failure) == 0)
		_exit(0);
	struct sync_record record = {.step = sync_step_failed, .error = failure};
	(void)!sync_send(init->sync, &record, -1, NULL);
	_exit(1);
}
