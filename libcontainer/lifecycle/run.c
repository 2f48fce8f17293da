// SPDX-License-Identifier: Apache-2.0
// run: create and start in one, without a gate in between, and in the foreground the wait and the delete as well.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/lifecycle/attend.h"
#include "libcontainer/lifecycle/creation.h"
#include "libcontainer/lifecycle/foreground.h"
#include "libcontainer/lifecycle/hook_calls.h"
#include "libcontainer/lifecycle/notify.h"
#include "libcontainer/lifecycle/remove.h"

// How long the end of the foreground waits for another command on the container, `delete --force` for example.
#define LOCK_MS 30000

// The program could not be executed, or a poststart hook refused: the container is stopped and nothing is left.
static int undo(struct creation *creation)
{
	creation_undo(creation);
	return -1;
}

static int start(struct creation *creation, struct error *err)
{
	if (!creation->spec->process.set) {
		error_set(err, EINVAL, "process is required to run a container");
		return undo(creation);
	}
	if (creation_await_program(creation, err) < 0)
		return undo(creation);
	if (hook_calls_run(creation->spec, spec_hook_kind_poststart, creation->options->id,
			   creation->bundle, creation->rootfs_path, "running", creation->pid,
			   creation->interrupts, err) < 0)
		return undo(creation);
	return 0;
}

static struct notify relayed(const struct creation *creation)
{
	return (struct notify){.manager = creation->context->notify_socket,
			       .socket = creation->notify,
			       .pid = creation->pid,
			       .pidfd = creation->pidfd,
			       .log = creation->context->log};
}

// Its own relay is part of a foreground run; it ends with the container.
static int wait_with_relay(struct creation *creation, int *status, struct error *err)
{
	int ignored;
	pid_t relay = 0;
	if (creation->notify >= 0) {
		const struct notify notify = relayed(creation);
		relay = notify_relay_in_child(&notify);
		memory_close(take_fd(&creation->notify));
	}
	int result = foreground_wait(creation->pid, creation->pidfd, take_fd(&creation->master),
				     false, status, err);
	// it may have been taken with the orphans already
	if (relay > 0)
		(void)!process_reap(relay, &ignored);
	return result;
}

static int stay(struct creation *creation, bool keep, int *status, struct error *err)
{
	int result = wait_with_relay(creation, status, err);
	creation->pid = 0;
	if (keep)
		return result;
	struct error failure = {0};
	if (state_lock(creation->dir_fd, true, LOCK_MS, &failure) < 0) {
		// somebody else has deleted it meanwhile: that is what was to be done here
		if (failure.code == ENOENT)
			return result;
		*err = failure;
		return -1;
	}
	const struct removal removal = {
		.root_fd = creation->root_fd,
		.id = creation->options->id,
		.cgroup = &creation->cgroup,
		.cgroup_host = &creation->host,
		.cgroup_path = creation->record.cgroup_path,
		.cgroup_made_from = creation->record.cgroup_made_from,
		.root_mount = creation->record.root_mount,
		.spec = creation->spec,
		.bundle = creation->bundle,
		.rootfs = creation->rootfs_path,
		.log = creation->context->log,
		.interrupts = creation->interrupts,
		.context = creation->context,
		.record = &creation->record,
	};
	if (remove_container(&removal, &failure) < 0 && result == 0) {
		*err = failure;
		return -1;
	}
	return result;
}

static int run(struct creation *creation, const struct container_run_options *options, int *status,
	       struct error *err)
{
	if (creation_run(creation, err) < 0 || start(creation, err) < 0)
		return -1;
	*status = 0;
	// (the foreground forwards it to the program)
	if (options->detach && attend_interrupted(creation->interrupts, err))
		return undo(creation);
	network_keep_devices(&creation->net_moved);
	// the container is complete: from now on other commands may act on it
	state_unlock(creation->dir_fd);
	if (!options->detach)
		return stay(creation, options->keep, status, err);
	if (creation->notify >= 0) {
		const struct notify notify = relayed(creation);
		creation_release_signals(creation);
		notify_relay_until_ready(&notify);
	}
	creation->kept_to_the_end = true;
	return 0;
}

int container_run(const struct container_context *context,
		  const struct container_run_options *options, int *status, struct error *err)
{
	struct creation creation;
	if (!options->detach && !options->no_subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return error_errno(err, "prctl PR_SET_CHILD_SUBREAPER");
	creation_begin(&creation, context, &options->create,
		       options->detach ? creation_kind_detached : creation_kind_foreground);
	int result = creation_hold_signals(&creation, err);
	if (result == 0)
		result = run(&creation, options, status, err);
	creation_done(&creation);
	return result;
}
