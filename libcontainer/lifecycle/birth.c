// SPDX-License-Identifier: Apache-2.0
// From clone3 to "ready": the runtime's side of the conversation in init/sync.h.
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcontainer/base/json.h"
#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/oom.h"
#include "libcontainer/init/hook_state.h"
#include "libcontainer/init/sync.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/socket.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/lifecycle/attend.h"
#include "libcontainer/lifecycle/birth.h"
#include "libcontainer/lifecycle/creation.h"
#include "libcontainer/lifecycle/hook_calls.h"
#include "libcontainer/network/network.h"

// ---- clone --------------------------------------------------------------------------------------

// oom_score_adj is inherited; written here, where the privilege to lower it is, and taken back after the clone. The
// new process could not: it is in its user namespace from its first instruction.
int birth_set_oom_score(const struct spec_process *process, char before[16], struct error *err)
{
	before[0] = '\0';
	if (!process->set || !process->oom_score_adj.set)
		return 0;
	if (fd_read_value(AT_FDCWD, "/proc/self/oom_score_adj", before, 16) < 0)
		return error_errno(err, "read /proc/self/oom_score_adj");
	char value[24];
	snprintf(value, sizeof value, "%lld", (long long)process->oom_score_adj.value);
	if (fd_write_value(AT_FDCWD, "/proc/self/oom_score_adj", value) < 0)
		return error_errno(err, "process.oomScoreAdj: write %s to oom_score_adj", value);
	return 0;
}

void birth_restore_oom_score(const char before[16])
{
	if (before[0])
		(void)!fd_write_value(AT_FDCWD, "/proc/self/oom_score_adj", before);
}

// NOLINTNEXTLINE(readability-non-const-parameter): the kernel writes the pidfd
pid_t birth_clone(uint64_t flags, int cgroup_fd, const struct own_strings *strings, int *pidfd,
		  struct error *err)
{
	struct kernel_clone_args args = {
		.flags = flags | KERNEL_CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
	};
	if (cgroup_fd >= 0) {
		args.flags |= KERNEL_CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_fd;
	}
	own_strings_cover(strings);
	pid_t pid = sys_clone3(&args);
	if (pid == 0)
		return pid;
	own_strings_uncover(strings);
	if (pid > 0)
		return pid;
	if (errno == ENOSPC)
		return error_errno(err,
				   "clone: a limit of namespaces or of nested cgroups is reached "
				   "(see /proc/sys/user/max_*_namespaces)");
	if (errno == EPERM && (flags & KERNEL_CLONE_NEWUSER))
		return error_errno(err,
				   "clone: the host does not let this user make user namespaces "
				   "(see /proc/sys/user/max_user_namespaces, "
				   "kernel.unprivileged_userns_clone, AppArmor)");
	return error_errno(err, "clone the container's process");
}

int creation_fill_init(struct creation *creation, int sync, struct error *err)
{
	struct init *init = &creation->init;
	const struct namespace_plan *ns = &creation->namespaces;
	const struct spec *spec = creation->spec;
	*init = (struct init){.labels = init->labels, .close_first = INIT_NO_DESCRIPTORS};
	init->spec = spec;
	init->process = &spec->process;
	init->namespaces = &creation->namespaces;
	init->rootfs = creation->rootfs;
	init->capabilities = &creation->capabilities;
	init->filter = &creation->filter;
	init->unneeded = creation->config_text;
	init->id = creation->options->id;
	init->bundle = creation->bundle;
	init->rootfs_path = creation->rootfs_path;
	init->own_binary = creation->own_binary.path[0] ? &creation->own_binary : NULL;
	init->trace = creation->context->trace;
	init->files = &creation->files;
	if (passed_on_make(creation->context, creation->context->notify_socket != NULL,
			   creation->options->preserve_fds, &creation->passed_on, init, err) < 0)
		return -1;
	init->sync = sync;
	init->hooks_files = creation->hooks_files;
	init->gate = creation->gate;
	init->close_first[0] = creation->sync;
	init->close_first[1] = creation->dir_fd;
	init->close_first[2] = creation->root_fd;
	init->close_first[3] = creation->host.fd;
	init->close_first[4] = creation->cgroup.fd;
	init->close_first[5] = creation->notify;
	init->close_first[6] = creation->scope_holder.socket;
	init->close_first[7] = creation->delegated.fd;
	init->target_pidfd = init->target_root = init->proc_fd = init->pty_peer = init->own_file =
		-1;
	init->rootless = creation->rootless;
	const char *keep = spec_annotation(spec, "run.oci.keep_original_groups");
	init->keep_groups = keep && strcmp(keep, "1") == 0;
	init->new_keyring = !creation->options->no_new_keyring;
	bool user_new = namespaces_is_new(ns, spec_namespace_type_user);
	init->delegated = creation_delegated_name(creation) != NULL;
	init->wait_for_maps = user_new && !ns->staged;
	init->become_root = user_new && !ns->staged;
	init->runtime_hooks = spec->hooks[spec_hook_kind_prestart].count ||
			      spec->hooks[spec_hook_kind_create_runtime].count;
	// (in a user namespace of the container's own it is found out there)
	init->may_set_groups = !creation->rootless || namespaces_may_set_groups();
	init->clone_flags = namespaces_clone_flags(ns);
	// in a pid namespace that is not new, others see the process from its first moment
	init->hidden = !namespaces_is_new(ns, spec_namespace_type_pid) && !init->wait_for_maps;
	return 0;
}

static int clone_child(struct creation *creation, int child_sync, struct error *err)
{
	const struct namespace_plan *ns = &creation->namespaces;
	uint64_t flags = ns->staged ? 0 : namespaces_clone_flags(ns);
	pid_t pid = birth_clone(flags, creation->cgroup.fd, creation->context->strings,
				&creation->pidfd, err);
	if (pid < 0)
		return -1;
	if (pid == 0) {
		// who waits for `start` can be killed meanwhile, by any signal
		if (creation->kind != creation_kind_foreground)
			sigprocmask(SIG_SETMASK, &creation->before, NULL);
		if (ns->staged)
			stage_run(&creation->init, container_init_steps);
		init_walk(&creation->init, container_init_steps);
	}
	if (ns->staged)
		creation->stage = pid;
	else
		creation->pid = pid;
	memory_close(child_sync);
	return 0;
}

int creation_clone(struct creation *creation, struct error *err)
{
	struct namespace_restore restore = {-1, -1};
	struct error ignored;
	char oom_score[16];
	int sync[2];
	if (socket_pair(sync) < 0)
		return error_errno(err, "socketpair");
	creation->sync = sync[0];
	limits_raise_files(&creation->files);
	int result = creation_fill_init(creation, sync[1], err);
	oom_score[0] = '\0';
	if (result == 0)
		result = birth_set_oom_score(&creation->spec->process, oom_score, err);
	if (result == 0 && !creation->namespaces.staged)
		result = namespaces_for_children(&creation->namespaces, &restore, err);
	if (result == 0)
		result = clone_child(creation, sync[1], err);
	else
		memory_close(sync[1]);
	birth_restore_oom_score(oom_score);
	if (namespaces_restore(&restore, result == 0 ? err : &ignored) < 0)
		result = -1;
	memory_close(take_fd(&creation->gate));  // init has it now
	return result;
}

void creation_kill(struct creation *creation)
{
	int status;
	struct error ignored;
	// a process tree without a pid namespace of its own does not end with init
	if (creation->cgroup.fd >= 0)
		(void)!cgroup_kill(&creation->cgroup, &ignored);
	if (creation->stage > 0) {
		kill(creation->stage, SIGKILL);
		(void)!process_reap(creation->stage, &status);
	}
	if (creation->pid > 0) {
		kill(creation->pid, SIGKILL);
		(void)!process_reap(creation->pid, &status);
	}
	creation->stage = creation->pid = 0;
}

// ---- conversation -------------------------------------------------------------------------------

// execve closes the conversation; but who could take a descriptor from the process may keep it open.
#define LOOK_AGAIN_MS 100

// Killed, or not even allowed to end itself (walk.c traps then).
bool birth_ended_by_filter(int status)
{
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	return signal == SIGSYS || signal == SIGILL || signal == SIGTRAP;
}

const char *birth_filter_hint(int status, const struct syscall_filter *filter)
{
	return filter->instructions && (WIFEXITED(status) || birth_ended_by_filter(status))
		       ? " (does linux.seccomp allow what executing the program takes?)"
		       : "";
}

// Whom SIGKILL comes from nobody is told; the kernel counts its own.
const char *birth_kill_hint(int status, const struct cgroup *cgroup)
{
	struct cgroup_oom oom = {.fd = -1};
	struct error ignored;
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL || cgroup->fd < 0)
		return "";
	if (cgroup_oom_open(cgroup, &oom, &ignored) < 0 || oom.fd < 0)
		return "";
	bool out_of_memory = oom.kills > 0;
	cgroup_oom_close(&oom);
	return out_of_memory ? " (out of memory: memory.events of its cgroup counts an oom_kill; "
			       "linux.resources.memory.limit could be too low)"
			     : "";
}

int creation_died(struct creation *creation, struct error *err)
{
	int status = 0;
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
		creation->master = take_fd(master);
		return 0;
	}
	return terminal_send(creation->options->console_socket, *master, creation->interrupts, err);
}

int birth_send_listener(const struct spec *spec, const char *id, const char *bundle,
			const char *rootfs, const char *status, pid_t init, pid_t pid, int listener,
			struct error *err)
{
	const struct spec_seccomp *seccomp = &spec->linux_.seccomp;
	const struct hook_state state = {spec, id, bundle, rootfs, status, init};
	auto_text struct text text = {0};
	struct json json = {.text = &text};
	json_begin_object(&json, NULL);
	json_string(&json, "ociVersion", SPEC_VERSION);
	json_begin_array(&json, "fds");
	json_string(&json, NULL, "seccompFd");
	json_end_array(&json);
	json_signed(&json, "pid", pid);
	if (seccomp->listener_metadata)
		json_string(&json, "metadata", seccomp->listener_metadata);
	hook_state_write(&state, &json, "state");
	json_end_object(&json);
	if (text_failed(&text))
		return error_set(err, ENOMEM, "linux.seccomp.listenerPath: out of memory");
	return filter_listener_send(seccomp->listener_path, text_string(&text), listener, err);
}

static int on_listener(struct creation *creation, int listener, struct error *err)
{
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
		return 1;
	case sync_step_failed:
		*err = record->error;
		return -1;
	case sync_step_end:
	case sync_step_last:
	case sync_step_proceed:
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
		break;
	}
	return about_process && (creation->pid > 0 || creation->stage > 0) &&
	       process_wait_pidfd(creation->pidfd, 0) == 1;
}

int creation_converse(struct creation *creation, struct error *err)
{
	// createContainer hooks begin without asking: whatever fails from here on, they may have run
	creation->hooks_begun = creation->spec->hooks[spec_hook_kind_create_container].count > 0;
	for (;;) {
		struct sync_record record;
		auto_close int fd = -1;
		const struct attention to = {
			.sync = creation->sync,
			.watched = creation->stage > 0 ? creation->pidfd : -1,
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

int birth_await_program(int sync, pid_t pid, int pidfd, int interrupts, struct error *err)
{
	bool last = false, failed = false;
	for (;;) {
		struct sync_record record;
		auto_close int fd = -1;
		const struct attention to = {sync, pidfd, interrupts, last ? LOOK_AGAIN_MS : -1};
		int result = attend_receive(&to, &record, &fd, err);
		if (result < 0)
			return -1;
		if (result == 1 && process_has_executed(pid, 0) != 1)
			continue;
		last |= record.step == sync_step_last;
		if (record.step == sync_step_failed) {
			*err = record.error;
			failed = true;
		} else if (record.step != sync_step_last) {
			return failed ? -1 : last && process_has_executed(pid, 0) != 0 ? 0 : 1;
		}
	}
}

int creation_await_program(struct creation *creation, struct error *err)
{
	int result = birth_await_program(creation->sync, creation->pid, creation->pidfd,
					 creation->interrupts, err);
	return result == 1 ? creation_died(creation, err) : result;
}
