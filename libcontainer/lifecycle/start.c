// SPDX-License-Identifier: Apache-2.0
// start: opens the gate, and waits for what really happens: init's own error, or the program executed.
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/lifecycle/birth.h"
#include "libcontainer/lifecycle/hook_calls.h"
#include "libcontainer/lifecycle/notify.h"
#include "libcontainer/lifecycle/opened.h"
#include "libcontainer/lifecycle/remove.h"

// How long the end of a failed or refused init may take.
#define END_MS 10000

static int refuse(const struct opened *opened, struct error *err)
{
	switch (opened->status) {
	case state_status_created:
		return 0;
	case state_status_stopped:
		return error_set(err, EINVAL, "cannot start a container that has stopped");
	case state_status_creating:
		return error_set(err, EINVAL,
				 "cannot start a container that is still being created");
	case state_status_running:
		return error_set(err, EINVAL, "cannot start an already running container");
	case state_status_paused:
		return error_set(err, EINVAL, "cannot start a paused container: resume it first");
	}
	return error_set(err, EINVAL, "cannot start the container");
}

// Returns whether it has ended.
static bool stop(struct opened *opened)
{
	struct error failure;
	int pidfd = opened_init(opened, &failure);
	if (pidfd < 0)
		return failure.code == ESRCH;
	if (opened->cgroup.fd >= 0)
		(void)!cgroup_kill(&opened->cgroup, &failure);
	(void)!sys_pidfd_send_signal(pidfd, SIGKILL);
	return process_wait_pidfd(pidfd, END_MS) == 1;
}

// A hook has failed. runtime.md, Lifecycle 7 and 9: "generate an error, stop the container, and continue the lifecycle at step 12",
// which is to destroy it and to run its poststop hooks. What is left when that fails is for `delete`.
static void stop_and_remove(const struct container_context *context, struct opened *opened)
{
	struct error failure;
	if (stop(opened) && remove_opened(context, opened, opened->record.id, &failure) < 0)
		log_warning(context->log, "%s", failure.message);
}

// Between the look and the call somebody else started it, or it died: then there is nothing here to stop.
static int refuse_late(struct opened *opened, struct error *err)
{
	opened_refresh(opened);
	return opened->status == state_status_created ? -1 : refuse(opened, err);
}

// init's last word was heard. Its filter may have killed it on the way to execve; the kernel knows, until somebody has reaped it.
// After that nobody but its end tells: one by the filter is no success, whichever instruction it was.
static bool was_executed(const struct opened *opened, int pidfd)
{
	const struct state_record *record = &opened->record;
	struct error ignored;
	int executed, status;
	if (birth_await_execution(record->pid, record->start_time, pidfd, -1, &executed, &ignored) <
		    0 ||
	    executed >= 0)
		return executed == 1;
	return process_exit_status(pidfd, &status) < 0 || !birth_ended_by_filter(status);
}

// Whoever has reaped it leaves its status only in newer kernels.
static int explain_death(const struct opened *opened, int pidfd, struct error *err)
{
	int status = 0;
	bool known = process_exit_status(pidfd, &status) == 0;
	if (known && WIFSIGNALED(status) && !birth_ended_by_filter(status))
		return error_set(
			err, ESRCH,
			"container not running: init of `%s` was killed by signal %d before "
			"its program ran",
			opened->record.id, WTERMSIG(status));
	return error_set(
		err, 0,
		"init of `%s` died before its program ran (%sdoes linux.seccomp allow what "
		"executing the program takes?)",
		opened->record.id, known ? "" : "was it killed? or ");
}

static int open_gate(const struct container_context *context, struct opened *opened,
		     struct error *err)
{
	auto_close int connection = take_fd(&opened->look.gate);
	int pidfd = opened_init(opened, err);
	if (pidfd < 0 || start_gate_open(opened->dir_fd, &connection, err) < 0)
		return refuse_late(opened, err);
	struct error failure = {0};
	bool last;
	int outcome = start_gate_outcome(connection, &last, &failure);
	if (outcome == 0 && was_executed(opened, pidfd))
		return 0;
	if (outcome == 0) {
		(void)stop(opened);
		return explain_death(opened, pidfd, err);
	}
	if (outcome < 0 && failure.code == ECONNREFUSED)
		return refuse_late(opened, err);
	// before its last word there are only the startContainer hooks to fail
	if (outcome < 0 && !last)
		stop_and_remove(context, opened);
	else
		(void)stop(opened);
	if (outcome < 0 && err)
		*err = failure;
	if (outcome < 0)
		return -1;
	return error_set(err, ESRCH,
			 "container not running: init of `%s` was killed before its program ran",
			 opened->record.id);
}

// A container that was created without NOTIFY_SOCKET has nothing to relay.
static int listen_to_notify(const struct container_context *context, struct opened *opened,
			    struct notify *notify, struct error *err)
{
	struct error failure;
	if (!context->notify_socket)
		return 0;
	if (notify_listen(opened->dir_fd, &notify->socket, &failure) < 0) {
		if (failure.code == ENOENT)
			return 0;
		*err = failure;
		return -1;
	}
	notify->manager = context->notify_socket;
	notify->pid = opened->record.pid;
	notify->log = context->log;
	notify->pidfd = opened_init(opened, err);
	return notify->pidfd < 0 ? -1 : 0;
}

// spec: NULL when the record says that it would be of no use.
static int start(const struct container_context *context, struct opened *opened,
		 const struct spec *spec, struct error *err)
{
	if (spec && !spec->process.set)
		return error_set(err, EINVAL, "the configuration has no process to start");
	if (open_gate(context, opened, err) < 0)
		return -1;
	if (!spec)
		return 0;
	const struct state_record *r = &opened->record;
	// `delete --force` must not wait for them for ever
	state_note_holder(opened->dir_fd);
	int result = hook_calls_run(spec, spec_hook_kind_poststart, r->id, r->bundle, r->rootfs,
				    "running", r->pid, -1, err);
	state_forget_holder(opened->dir_fd);
	if (result < 0)
		stop_and_remove(context, opened);
	return result;
}

int container_start(const struct container_context *context, const char *id, struct error *err)
{
	auto_opened struct opened opened = OPENED_NONE;
	const struct spec *spec = NULL;
	opened.look.wants_gate = true;
	if (opened_open(context, id, true, &opened, err) < 0 || refuse(&opened, err) < 0)
		return -1;
	if (!opened.record.plain_start && opened_config(&opened, &spec, err) < 0)
		return -1;
	struct notify notify = {.socket = -1, .pidfd = -1};
	int result = listen_to_notify(context, &opened, &notify, err);
	if (result == 0)
		result = start(context, &opened, spec, err);
	spec_free(spec);
	// the container is complete: from now on other commands may act on it
	state_unlock(opened.dir_fd);
	if (result == 0 && notify.socket >= 0)
		notify_relay_until_ready(&notify);
	memory_close(notify.socket);
	return result;
}
