// SPDX-License-Identifier: Apache-2.0
// See birth.h.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "libcontainer/base/json.h"
#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/oom.h"
#include "libcontainer/init/hook_state.h"
#include "libcontainer/init/sync.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/lifecycle/attend.h"
#include "libcontainer/lifecycle/birth.h"

// (runtime/layout.ld puts it behind all other variables)
// Without a page that nobody may touch at its end: what runs on it has no recursion and no buffer above PATH_MAX, and was seen to use 10 KiB.
static char stage_stack[256U * 1024] __attribute__((aligned(4096)));

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

static struct kernel_clone_args clone_arguments(uint64_t flags, int cgroup_fd, int *pidfd)
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
	return args;
}

static int clone_failed(uint64_t flags, struct error *err)
{
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

pid_t birth_clone(uint64_t flags, int cgroup_fd, const struct own_strings *strings, int *pidfd,
		  struct error *err)
{
	struct kernel_clone_args args = clone_arguments(flags, cgroup_fd, pidfd);
	own_strings_cover(strings);
	pid_t pid = sys_clone3(&args);
	if (pid == 0)
		return pid;
	own_strings_uncover(strings);
	return pid > 0 ? pid : clone_failed(flags, err);
}

pid_t birth_clone_sharing(int cgroup_fd, int *pidfd, void (*run)(void *argument), void *argument,
			  struct error *err)
{
	struct kernel_clone_args args = clone_arguments(KERNEL_CLONE_VM, cgroup_fd, pidfd);
	args.stack = (uint64_t)(uintptr_t)stage_stack;
	args.stack_size = sizeof stage_stack;
	pid_t pid = sys_clone3_sharing(&args, run, argument);
	return pid > 0 ? pid : clone_failed(0, err);
}

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

int birth_write_pid_file(const char *path, pid_t pid, bool *made, struct error *err)
{
	char digits[16];
	if (!path)
		return 0;
	int length = snprintf(digits, sizeof digits, "%d", (int)pid);
	if (fd_write_file(AT_FDCWD, path, digits, (size_t)length, 0644) < 0)
		return error_errno(err, "--pid-file %s", path);
	*made = true;
	return 0;
}

// Linux closes in the middle of execve, and newer kernels (seen: 6.1.192) before the process counts as one that has executed.
#define MIDDLE_OF_EXECVE_MS 1
// Who could take the process over may have closed that for it, and keep it.
#define EXECVE_LIMIT_MS 5000

int birth_await_execution(pid_t pid, uint64_t start_time, int pidfd, int interrupts, int *executed,
			  struct error *err)
{
	bool ended = false;
	for (int waited = 0; waited < EXECVE_LIMIT_MS; waited += MIDDLE_OF_EXECVE_MS) {
		*executed = process_has_executed(pid, start_time);
		if (*executed != 0 || ended)
			return 0;
		if (attend_interrupted(interrupts, err))
			return -1;
		ended = process_wait_pidfd(pidfd, MIDDLE_OF_EXECVE_MS) == 1;
	}
	return error_set(err, ETIMEDOUT,
			 "the process has ended the conversation, and neither executes its program "
			 "nor ends");
}

int birth_await_program(int sync, pid_t pid, int pidfd, bool last, bool *unproven, int interrupts,
			struct error *err)
{
	bool failed = false;
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
		} else if (record.step == sync_step_end && last && !failed && unproven) {
			*unproven = true;
			return 0;
		} else if (record.step != sync_step_last) {
			int executed;
			if (failed || !last)
				return failed ? -1 : 1;
			return birth_await_execution(pid, 0, pidfd, interrupts, &executed, err) < 0
				       ? -1
				       : executed == 0;
		}
	}
}
