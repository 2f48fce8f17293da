// SPDX-License-Identifier: Apache-2.0
// From clone3 to "ready": the runtime's side of the conversation in init/sync.h.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/init/sync.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/lifecycle/attend.h"
#include "libcontainer/lifecycle/birth.h"
#include "libcontainer/lifecycle/creation.h"
#include "libcontainer/lifecycle/hook_calls.h"
#include "libcontainer/network/network.h"

int creation_died(struct creation *creation, struct error *err)
{
	int status = 0;
	struct error ignored;
	(void)!creation_know_process(creation, &ignored);
	pid_t *pid = creation->pid > 0 ? &creation->pid : &creation->stage;
	if (*pid > 0 && process_reap(*pid, &status) == 0)
		*pid = 0;
	if (WIFSIGNALED(status))
		return error_set(err, 0,
				 "read from the init process: it was killed by signal %d%s%s",
				 WTERMSIG(status), birth_kill_hint(status, &creation->cgroup),
				 birth_filter_hint(status, &creation->filter));
	return error_set(err, 0, "read from the init process: it ended too early%s",
			 birth_filter_hint(status, &creation->filter));
}

static int give_idmaps(struct creation *creation, pid_t pid, struct error *err)
{
	if (!rootfs_needs_user_namespace_fd(creation->rootfs))
		return 0;
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "open %s", path);
	return rootfs_prepare_idmaps(creation->rootfs, fd, err);
}

static int on_need_maps(struct creation *creation, struct error *err)
{
	pid_t pid = creation->stage ? creation->stage : creation->pid;
	if (id_map_write(&creation->namespaces, pid, creation->rootless, err) < 0 ||
	    give_idmaps(creation, pid, err) < 0)
		return -1;
	return sync_send_step(creation->sync, sync_step_proceed, err);
}

static int on_pid(struct creation *creation, pid_t pid, struct error *err)
{
	int status;
	creation->pid = pid;
	memory_close(take_fd(&creation->pidfd));
	creation->pidfd = sys_pidfd_open(pid);
	if (creation->pidfd < 0)
		return error_errno(err, "pidfd_open of the container's process");
	if (id_map_check_joined(&creation->namespaces, pid, err) < 0)
		return -1;
	if (sync_send_step(creation->sync, sync_step_proceed, err) < 0)
		return -1;
	if (process_reap(creation->stage, &status) < 0)
		return error_errno(err, "wait for the stage");
	creation->stage = 0;
	return 0;
}

static int on_net_devices(struct creation *creation, int netns, struct error *err)
{
	const struct spec_linux *linux_ = &creation->spec->linux_;
	if (network_move_devices(creation->net_mover, netns, linux_->net_devices,
				 linux_->net_devices_count, &creation->net_moved, err) < 0)
		return -1;
	return sync_send_step(creation->sync, sync_step_proceed, err);
}

static int on_hooks(struct creation *creation, struct error *err)
{
	// prestart hooks are older than the operation create: they were made to run in start, and are told what is so then
	static const struct {
		enum spec_hook_kind kind;
		const char *status;
	} hooks[] = {
		{spec_hook_kind_prestart, "created"},
		{spec_hook_kind_create_runtime, "creating"},
	};
	creation->hooks_begun = true;
	for (size_t i = 0; i < array_size(hooks); i++)
		if (hook_calls_run(creation->spec, hooks[i].kind, creation->options->id,
				   creation->bundle, creation->rootfs_path, hooks[i].status,
				   creation->pid, creation->interrupts, err) < 0)
			return -1;
	return sync_send_step(creation->sync, sync_step_proceed, err);
}

static int on_terminal(struct creation *creation, int *master, struct error *err)
{
	if (creation->kind == creation_kind_foreground) {
		terminal_session_copy_size(*master);
		creation->master = take_fd(master);
		return 0;
	}
	return terminal_send(creation->options->console_socket, *master, creation->interrupts, err);
}

static int on_listener(struct creation *creation, int listener, struct error *err)
{
	if (creation_know_process(creation, err) < 0)
		return -1;
	return birth_send_listener(creation->spec, creation->options->id, creation->bundle,
				   creation->rootfs_path, "creating", creation->pid, creation->pid,
				   listener, err);
}

// Returns 1 when init is ready, 0 to go on.
static int answer(struct creation *creation, struct sync_record *record, int *fd, struct error *err)
{
	switch (record->step) {
	case sync_step_need_maps:
		return on_need_maps(creation, err);
	case sync_step_pid:
		return on_pid(creation, record->value, err);
	case sync_step_delegate:
		return creation_enter_delegated(creation, err);
	case sync_step_net_devices:
		return on_net_devices(creation, *fd, err);
	case sync_step_hooks:
		return on_hooks(creation, err);
	case sync_step_terminal:
		return on_terminal(creation, fd, err);
	case sync_step_listener:
		return on_listener(creation, *fd, err);
	case sync_step_ready:
		return creation_know_process(creation, err) < 0 ? -1 : 1;
	case sync_step_failed:
		*err = record->error;
		return -1;
	case sync_step_end:
	case sync_step_last:
	case sync_step_proceed:
	case sync_step_network:
		break;
	}
	return creation_died(creation, err);
}

// What was asked for could not be done because the process that asked is dead: then that is what there is to say.
static bool explained_by_death(const struct creation *creation, enum sync_step step,
			       const struct error *err)
{
	bool about_process = err->code == EPIPE || err->code == ECONNRESET;
	switch (step) {
	case sync_step_need_maps:
	case sync_step_pid:
	case sync_step_delegate:
	case sync_step_net_devices:
		about_process = true;
		break;
	case sync_step_hooks:
	case sync_step_terminal:
	case sync_step_listener:
	case sync_step_ready:
	case sync_step_proceed:
	case sync_step_last:
	case sync_step_end:
	case sync_step_failed:
	case sync_step_network:
		break;
	}
	return about_process && (creation->pid > 0 || creation->stage > 0) &&
	       process_wait_pidfd(creation->pidfd, 0) == 1;
}

// What init waits for first: the other things are done while it works.
int creation_map_ids(struct creation *creation, struct error *err)
{
	if (!creation->init.wait_for_maps || on_need_maps(creation, err) == 0)
		return 0;
	return explained_by_death(creation, sync_step_need_maps, err) ? creation_died(creation, err)
								      : -1;
}

int creation_converse(struct creation *creation, struct error *err)
{
	// createContainer hooks begin without asking: whatever fails from here on, they may have run; and so do startContainer hooks of an init
	// that was let go
	creation->hooks_begun = creation->spec->hooks[spec_hook_kind_create_container].count > 0 ||
				(creation->let_go &&
				 creation->spec->hooks[spec_hook_kind_start_container].count > 0);
	for (;;) {
		struct sync_record record;
		auto_close int fd = -1;
		const struct attention to = {
			.sync = creation->sync,
			// (one that clones init last ends then)
			.watched = creation->stage > 0 && !creation->born ? creation->pidfd : -1,
			.interrupts = creation->interrupts,
			.timeout_ms = -1,
		};
		if (attend_receive(&to, &record, &fd, err) < 0)
			return -1;
		int result = answer(creation, &record, &fd, err);
		if (result < 0 && explained_by_death(creation, record.step, err))
			return creation_died(creation, err);
		if (result != 0)
			return result < 0 ? -1 : 0;
	}
}

int creation_await_program(struct creation *creation, struct error *err)
{
	int result = birth_await_program(creation->sync, creation->pid, creation->pidfd, false,
					 NULL, creation->interrupts, err);
	return result == 1 ? creation_died(creation, err) : result;
}
