// SPDX-License-Identifier: Apache-2.0
// delete: success means that nothing of the container is left. Works on every state that a killed command may have left.
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/scope_name.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/lifecycle/opened.h"
#include "libcontainer/lifecycle/remove.h"
#include "libcontainer/namespaces/namespaces.h"

#define KILL_MS 10000
// How long a creation or a start may go on that is about to be deleted: nearly all end within it.
#define HOLDER_MS 1000
// How long a creator may take to undo what it has done, hooks included, before it is killed.
#define UNDO_MS 5000

static int refuse_alive(const struct opened *opened, struct error *err)
{
	return error_set(
		err, EBUSY,
		"cannot delete container %s that is not stopped: %s (the container `%s` is not in "
		"`stopped` state; kill it first, or use --force)",
		opened->record.id, state_status_name(opened->status), opened->record.id);
}

static int kill_init(struct opened *opened, struct error *err)
{
	if (opened->cgroup.fd >= 0 && cgroup_is_frozen(&opened->cgroup) &&
	    cgroup_freeze(&opened->cgroup, false, KILL_MS, err) < 0)
		return -1;
	if (opened->record.pid == 0)
		return 0;
	int pidfd = opened_init(opened, err);
	if (pidfd < 0)
		return err->code == ESRCH ? 0 : -1;
	if (sys_pidfd_send_signal(pidfd, SIGKILL) < 0 && errno != ESRCH)
		return error_errno(err, "kill container `%s`", opened->record.id);
	int ended = process_wait_pidfd(pidfd, KILL_MS);
	if (ended < 0)
		return error_errno(err, "wait for container `%s`", opened->record.id);
	if (ended == 0)
		return error_set(
			err, EBUSY,
			"container init still running: pid %d of container `%s` does not end",
			(int)opened->record.pid, opened->record.id);
	return 0;
}

static int find_torn_unit(struct opened *opened, const struct spec *spec, const char *id,
			  struct error *err)
{
	struct scope_name name;
	opened->record.rootless = namespaces_caller_is_rootless();
	if (scope_name_parse(spec->linux_.cgroups_path, id, opened->record.rootless, &name, err) <
	    0)
		return -1;
	free(opened->record.systemd_scope);
	opened->record.systemd_scope = take_ptr(&name.unit);
	scope_name_done(&name);
	return 0;
}

// Records are written whole or not at all, so a torn one was damaged from outside. The configuration beside it still says where
// the processes are; of a container without a cgroup there is a note.
static int find_torn(const struct container_context *context, struct opened *opened, const char *id,
		     struct error *err)
{
	const struct spec *spec = NULL;
	auto_free char *path = NULL;
	struct error unreadable;
	if (!opened->record.id && !(opened->record.id = strdup(id)))
		return error_set(err, ENOMEM, "out of memory");
	if (state_recall_init(opened->dir_fd, &opened->record) == 0)
		return kill_init(opened, err);
	if (opened_config(opened, &spec, &unreadable) < 0) {
		// that there is none, or no good one, must be known and not only feared
		if (unreadable.code == ENOENT || unreadable.code == EINVAL)
			return 0;
		*err = unreadable;
		return -1;
	}
	int result = cgroup_host_open(&opened->host, err);
	if (result == 0 && (context->cgroup_manager == container_cgroup_manager_systemd ||
			    scope_name_is_triple(spec->linux_.cgroups_path)))
		result = find_torn_unit(opened, spec, id, err);
	else if (result == 0 && opened->host.kind != cgroup_host_kind_none) {
		result = cgroup_place(&opened->host, spec->linux_.cgroups_path, id, &path, err);
		if (result == 0 &&
		    cgroup_open(&opened->host, path, &opened->cgroup, &unreadable) < 0)
			opened->cgroup.fd = -1;  // gone: nothing to end
	}
	spec_free(spec);
	return result;
}

// Where no cgroup2 can be seen, nobody can say that nothing is left in the container's.
static int check_cgroup_in_sight(const struct opened *opened, struct error *err)
{
	if (!opened->record.cgroup_path || opened->host.kind != cgroup_host_kind_none ||
	    !state_is_of_this_boot(&opened->record))
		return 0;
	return error_set(err, ENOENT,
			 "container `%s`: cannot remove its cgroup %s: no cgroup2 is mounted here",
			 opened->record.id, opened->record.cgroup_path);
}

// Whether the other command ends by itself.
static bool may_lock(const struct opened *opened)
{
	struct error ignored;
	if (state_lock(opened->dir_fd, true, HOLDER_MS, &ignored) < 0)
		return false;
	state_unlock(opened->dir_fd);
	return true;
}

// A creator undoes everything when it is asked to end.
static void end_creator(const struct opened *opened)
{
	auto_close int pidfd = -1;
	struct error ignored;
	if (may_lock(opened))
		return;
	if (state_open_creator(&opened->record, &pidfd, &ignored) < 0 ||
	    sys_pidfd_send_signal(pidfd, SIGTERM) < 0 || process_wait_pidfd(pidfd, UNDO_MS) != 0)
		return;
	if (sys_pidfd_send_signal(pidfd, SIGKILL) == 0)
		(void)!process_wait_pidfd(pidfd, KILL_MS);
}

// A poststart hook does not end with init. What its `start` would do when it fails, `delete` does.
static void end_starter(const struct opened *opened)
{
	auto_close int pidfd = -1;
	struct error ignored;
	if (state_open_holder(opened->dir_fd, &pidfd, &ignored) < 0 || may_lock(opened))
		return;
	if (sys_pidfd_send_signal(pidfd, SIGKILL) == 0)
		(void)!process_wait_pidfd(pidfd, KILL_MS);
}

// What holds the lock may be a `start` that waits for a hook of init for ever: it lets go when init ends. Or one that waits for
// a poststart hook. Or a `create` or `run` that waits for a hook, and lets go when it ends.
static void end_holder(const struct container_context *context, const char *id)
{
	auto_opened struct opened opened = OPENED_NONE;
	struct error ignored;
	if (opened_open(context, id, false, &opened, &ignored) < 0)
		return;
	if (opened.status == state_status_creating) {
		end_creator(&opened);
		return;
	}
	if (opened.status != state_status_stopped)
		(void)!kill_init(&opened, &ignored);
	end_starter(&opened);
}

static int open_locked(const struct container_context *context, const char *id, bool force,
		       struct opened *opened, struct error *err)
{
	int result = opened_open_within(context, id, force ? 0 : OPENED_LOCK_MS, opened, err);
	if (result == 0 || !force || err->code != EAGAIN)
		return result;
	end_holder(context, id);
	opened_done(opened);
	*opened = (struct opened)OPENED_NONE;
	return opened_open(context, id, true, opened, err);
}

int container_delete(const struct container_context *context, const char *id, bool force,
		     struct error *err)
{
	auto_opened struct opened opened = OPENED_NONE;
	struct error failure = {0};
	if (open_locked(context, id, force, &opened, &failure) < 0) {
		if (force && failure.code == ENOENT && !opened.torn)
			return 0;
		if (!force || !opened.torn) {
			if (err)
				*err = failure;
			return -1;
		}
	}
	if (opened.torn && find_torn(context, &opened, id, err) < 0)
		return -1;
	if (!opened.torn) {
		bool alive = opened.status != state_status_stopped;
		if (alive && !force)
			return refuse_alive(&opened, err);
		if (alive && kill_init(&opened, err) < 0)
			return -1;
	}
	if (!opened.torn && check_cgroup_in_sight(&opened, err) < 0)
		return -1;
	return remove_opened(context, &opened, id, err);
}
