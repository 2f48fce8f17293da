// SPDX-License-Identifier: Apache-2.0
// The kernel makes a procfs for the pid namespace of the process that calls fsopen(2), and only a process that is cloned
// there is in it. Processes there may take it over (birth.c). So it is made from one that has given up beforehand all that they
// could want: it has CAP_SYS_ADMIN, without which there is no fsopen, but a filter that allows it four calls, in which no path
// and no other process can be named; and its root, which /proc/PID/root shows, is an empty file system that hangs nowhere, so
// that no ".." leads out of it. (The container's own could be written there, also where its configuration makes it read-only.)
// Left to them: to make the creation fail, which a deadline sees to where they stop it, and to hand over another file system, which
// is noticed.
#include "libcontainer/init/proc_context.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/init/sync.h"
#include "libcontainer/kernel/mount.h"
#include "libcontainer/kernel/socket.h"
#include "libcontainer/kernel/syscalls.h"

// How long the answer may take, which ordinarily comes within a millisecond: who has stopped the process could keep it for ever.
#define ANSWER_SECONDS 5
// How long is waited for those that were killed. One that is traced cannot be reaped before its tracer has done that.
#define END_SECONDS 1

// the only descriptors of the process
enum { socket_number, namespace_number, first_closed };

static _Noreturn void end(void)
{
	syscall(SYS_exit_group, 0);
	__builtin_trap();
}

static int compile(struct syscall_filter *filter, struct error *err)
{
	static const char *const names[] = {"clone", "fsopen", "sendmsg", "exit_group"};
	const struct spec_seccomp_rule rule = {
		.names = {.items = names, .count = array_size(names)},
		.action = spec_seccomp_action_allow,
	};
	const struct spec_seccomp seccomp = {
		.set = true,
		.default_action = spec_seccomp_action_kill_process,
		.rules = &rule,
		.rules_count = 1,
	};
	return syscall_filter_compile(&seccomp, NULL, filter, err);
}

static int change_root(struct error *err)
{
	const uint64_t nothing = KERNEL_MOUNT_ATTR_RDONLY | KERNEL_MOUNT_ATTR_NOSUID |
				 KERNEL_MOUNT_ATTR_NODEV | KERNEL_MOUNT_ATTR_NOEXEC;
	auto_close int root = mount_new("tmpfs", "tmpfs", NULL, 0, nothing, false, NULL);
	if (root < 0 || fchdir(root) < 0 || chroot(".") < 0)
		return error_errno(err, "enter an empty root");
	return 0;
}

static int keep_descriptors(int socket, int pid_namespace, struct error *err)
{
	if (dup2(pid_namespace, first_closed) < 0 || dup2(socket, socket_number) < 0 ||
	    dup2(first_closed, namespace_number) < 0 || sys_close_range(first_closed, ~0U, 0) < 0)
		return error_errno(err, "close descriptors");
	return 0;
}

// The process that is not there yet: gives up all that the one which will be there must not have.
static int give_up(const struct init *init, int socket, const struct syscall_filter *filter,
		   struct error *err)
{
	const uint64_t mounting = UINT64_C(1) << CAP_SYS_ADMIN;
	const struct capabilities only = {.effective = mounting, .permitted = mounting};
	int pid_namespace = init->namespaces->join[spec_namespace_type_pid], none;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_errno(err, "prctl");
	// a group that nothing which is cloned from it can leave (the filter): so all of it can be killed
	if (setpgid(0, 0) < 0)
		return error_errno(err, "setpgid");
	if (change_root(err) < 0 || keep_descriptors(socket, pid_namespace, err) < 0 ||
	    capabilities_apply(&only, err) < 0)
		return -1;
	if (setns(namespace_number, CLONE_NEWPID) < 0)
		return error_errno(err, "join the pid namespace");
	close(namespace_number);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(err, "prctl PR_SET_NO_NEW_PRIVS");
	return syscall_filter_load(filter, &none, err);
}

static _Noreturn void ask(const struct init *init, int socket, const struct syscall_filter *filter)
{
	struct sync_record record = {.step = sync_step_failed};
	pid_t number;
	if (give_up(init, socket, filter, &record.error) < 0) {
		(void)!sync_send(socket_number, &record, -1, NULL);
		end();
	}
	pid_t pid = sys_clone_sibling(&number);
	if (pid > 0)
		end();
	int context = pid < 0 ? -1 : sys_fsopen("proc");
	if (context < 0)
		error_errno(&record.error, pid < 0 ? "clone" : "fsopen");
	else
		record.step = sync_step_ready;
	(void)!sync_send(socket_number, &record, context, NULL);
	end();
}

static int receive(int socket, int *context, struct error *err)
{
	const struct timeval limit = {.tv_sec = ANSWER_SECONDS};
	struct sync_record record;
	auto_close int fd = -1;
	if (setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0)
		return error_errno(err, "setsockopt SO_RCVTIMEO");
	if (sync_receive(socket, &record, &fd, err) < 0)
		return err->code != EAGAIN
			       ? -1
			       : error_set(err, ETIMEDOUT,
					   "the process that opens it was killed: it has not "
					   "answered for %d s (a process of that namespace which "
					   "has CAP_SYS_PTRACE can stop it)",
					   ANSWER_SECONDS);
	if (record.step == sync_step_ready && fd >= 0) {
		*context = take_fd(&fd);
		return 0;
	}
	if (record.step != sync_step_failed)
		return error_set(err, EPROTO, "the process that opens it has ended");
	*err = record.error;
	return -1;
}

// None of them is needed any more, and who was taken over could go on for ever.
static void end_all(pid_t group)
{
	const struct timespec limit = {.tv_sec = END_SECONDS};
	sigset_t child, before;
	pid_t reaped;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &before);
	kill(-group, SIGKILL);
	while ((reaped = waitpid(-1, NULL, WNOHANG)) >= 0)
		if (reaped == 0 && sigtimedwait(&child, NULL, &limit) < 0 && errno == EAGAIN)
			break;
	sigprocmask(SIG_SETMASK, &before, NULL);
}

int proc_context_open(const struct init *init, int *context, struct error *err)
{
	struct kernel_clone_args args = {.exit_signal = SIGCHLD};
	struct syscall_filter filter = {0};
	int sockets[2];
	*context = -1;
	if (compile(&filter, err) < 0)
		return error_context(err, "open a procfs of the joined pid namespace");
	if (socket_pair(sockets) < 0) {
		syscall_filter_done(&filter);
		return error_errno(err, "socketpair");
	}
	auto_close int mine = sockets[0], theirs = sockets[1];
	pid_t pid = sys_clone3(&args);
	if (pid == 0)
		ask(init, theirs, &filter);
	memory_close(take_fd(&theirs));
	syscall_filter_done(&filter);
	int result = pid < 0 ? error_errno(err, "clone") : receive(mine, context, err);
	if (pid > 0)
		end_all(pid);
	return result < 0 ? error_context(err, "open a procfs of the joined pid namespace") : 0;
}
