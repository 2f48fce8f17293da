// SPDX-License-Identifier: Apache-2.0
// The command's side of the conversation in init/sync.h with the stage of an exec, and with the process that this clones.
#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/resctrl.h"
#include "libcontainer/init/sync.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/socket.h"
#include "libcontainer/lifecycle/attend.h"
#include "libcontainer/lifecycle/birth.h"
#include "libcontainer/lifecycle/execution.h"
#include "libcontainer/lifecycle/late_birth.h"

// How long init may take to end after the processes of its pid namespace were killed.
#define INIT_END_MS 1000

static int know_process(struct execution *e, struct error *err)
{
	if (e->pid > 0 || !e->born)
		return 0;
	return late_birth_know(e->born, e->stage, &e->pid, &e->pidfd, err);
}

// Who could take the conversation from the process might say anything.
static int unasked(const char *what, struct error *err)
{
	return error_set(err, EPROTO, "the process sends %s that it was not asked for", what);
}

static int on_terminal(struct execution *e, int *master, struct error *err)
{
	// (the stage has sent the one that was asked for before there is anybody to take over)
	if (!e->process.process.terminal || e->has_terminal)
		return unasked("a terminal", err);
	e->has_terminal = true;
	if (e->options->console_socket)
		return terminal_send(e->options->console_socket, *master, e->interrupts, err);
	terminal_session_copy_size(*master);
	e->master = take_fd(master);
	return 0;
}

static int on_listener(struct execution *e, int listener, struct error *err)
{
	if (!e->spec->linux_.seccomp.listener_path || e->has_listener ||
	    !(e->filter.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
		return unasked("a listener", err);
	e->has_listener = true;
	if (know_process(e, err) < 0)
		return -1;
	return birth_send_listener(e->spec, e->options->id, e->opened.record.bundle,
				   e->opened.record.rootfs, state_status_name(e->opened.status),
				   e->opened.record.pid, e->pid, listener, err);
}

static int join_resctrl(const struct execution *e, struct error *err)
{
	const struct spec_intel_rdt *rdt = &e->spec->linux_.intel_rdt;
	auto_close int root = -1;
	if (!rdt->set)
		return 0;
	if (resctrl_open(&root, err) < 0)
		return -1;
	return resctrl_join(root, rdt, e->options->id, e->pid, err);
}

static int on_ready(struct execution *e, struct error *err)
{
	const struct container_exec_options *options = e->options;
	if (know_process(e, err) < 0)
		return -1;
	if (e->init.let_go)
		return 0;
	if (join_resctrl(e, err) < 0)
		return -1;
	if (options->pidfd_socket) {
		auto_close int socket = socket_connect_path_unless(options->pidfd_socket,
								   SOCK_STREAM, e->interrupts);
		if (socket < 0 || socket_send_fd(socket, "setns", strlen("setns"), e->pidfd) < 0)
			return error_errno(err, "--pidfd-socket %s", options->pidfd_socket);
	}
	if (birth_write_pid_file(options->pid_file, e->pid, &e->pid_file_made, err) < 0)
		return -1;
	return sync_send_step(e->sync, sync_step_proceed, err);
}

static void kill_one(pid_t *pid)
{
	int status;
	if (*pid <= 0)
		return;
	kill(*pid, SIGKILL);
	(void)!process_reap(*pid, &status);
	*pid = 0;
}

void execution_reap_stage(struct execution *e)
{
	int end;
	if (e->stage > 0 && process_reap(e->stage, &end) == 0)
		e->stage = 0;
}

// The stage first: then it is certain whether there is a process.
void execution_kill(struct execution *e)
{
	struct error ignored;
	kill_one(&e->stage);
	(void)!know_process(e, &ignored);
	kill_one(&e->pid);
	if (e->pid_file_made)
		unlink(e->options->pid_file);
}

int execution_died(struct execution *e, struct error *err)
{
	int status = 0;
	struct error ignored;
	if (process_wait_pidfd(e->init_pidfd, 0) == 1) {
		execution_kill(e);
		return opened_not_running(&e->opened, "exec in", err);
	}
	(void)!know_process(e, &ignored);
	pid_t *pid = e->pid > 0 ? &e->pid : &e->stage;
	if (*pid > 0 && process_reap(*pid, &status) == 0)
		*pid = 0;
	// the end of a pid namespace kills its processes first, and then init itself ends
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
	    process_wait_pidfd(e->init_pidfd, INIT_END_MS) == 1)
		return opened_not_running(&e->opened, "exec in", err);
	if (WIFSIGNALED(status))
		return error_set(err, 0,
				 "the process was killed by signal %d before its program ran%s%s",
				 WTERMSIG(status), birth_kill_hint(status, &e->opened.cgroup),
				 birth_filter_hint(status, &e->filter));
	return error_set(err, 0, "the process ended before its program ran%s",
			 birth_filter_hint(status, &e->filter));
}

// last: it has said its last word.
static int await_program(struct execution *e, bool last, struct error *err)
{
	bool *unproven = e->options->detach ? NULL : &e->unproven;
	int result =
		birth_await_program(e->sync, e->pid, e->pidfd, last, unproven, e->interrupts, err);
	return result == 1 ? execution_died(e, err) : result;
}

// Until the program runs.
int execution_converse(struct execution *e, struct error *err)
{
	if (e->init.silent && e->number > 0) {
		if (on_ready(e, err) < 0)
			return -1;
		// (when the program runs it is on its way out soon, and the kernel ends one process at a time)
		execution_reap_stage(e);
		return await_program(e, true, err);
	}
	for (;;) {
		struct sync_record record;
		auto_close int fd = -1;
		int result = 0;
		// the stage does not die with init: it may be frozen, or wait for a file system
		const struct attention to = {e->sync, e->init_pidfd, e->interrupts, -1};
		if (attend_receive(&to, &record, &fd, err) < 0)
			return -1;
		switch (record.step) {
		case sync_step_terminal:
			result = on_terminal(e, &fd, err);
			break;
		case sync_step_listener:
			result = on_listener(e, fd, err);
			break;
		case sync_step_ready:
		case sync_step_last:
			if ((record.step == sync_step_last) != e->init.let_go)
				return unasked("a word out of order", err);
			if (on_ready(e, err) == 0)
				return await_program(e, e->init.let_go, err);
			return err->code == EPIPE || err->code == ECONNRESET
				       ? execution_died(e, err)
				       : -1;
		case sync_step_failed:
			*err = record.error;
			return -1;
		case sync_step_end:
		case sync_step_need_maps:
		case sync_step_pid:
		case sync_step_delegate:
		case sync_step_network:
		case sync_step_net_devices:
		case sync_step_hooks:
		case sync_step_proceed:
			return execution_died(e, err);
		}
		if (result < 0)
			return -1;
	}
}
