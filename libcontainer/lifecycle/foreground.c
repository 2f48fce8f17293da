// SPDX-License-Identifier: Apache-2.0
// See foreground.h. One poll loop over a signalfd and the pidfd; no handlers, so nothing interrupts anything.
#include "libcontainer/lifecycle/foreground.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/init/init.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/process/process.h"

struct watched {
	pid_t pid;
	int pidfd;
};

// A second witness beside the pidfd, asked at every SIGCHLD.
static bool has_ended(pid_t pid)
{
	siginfo_t info;
	info.si_pid = 0;
	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_pid == pid;
}

// As a subreaper husk inherits what the container leaves behind.
static void reap_orphans(pid_t keep)
{
	siginfo_t info;
	for (;;) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0 ||
		    info.si_pid == keep)
			return;
		waitpid(info.si_pid, NULL, WNOHANG);
	}
}

static bool forward(void *data, int signal)
{
	const struct watched *watched = data;
	if (signal == SIGCHLD) {
		reap_orphans(watched->pid);
		return has_ended(watched->pid);
	}
	if (signal == SIGPIPE || signal == SIGURG || signal == SIGWINCH)
		return false;  // meant for husk itself
	// gone already: its end is seen in a moment
	(void)!sys_pidfd_send_signal(watched->pidfd, signal);
	return false;
}

static int wait_without_terminal(struct watched *watched, int signal_fd, struct error *err)
{
	struct pollfd fds[2] = {{.fd = watched->pidfd, .events = POLLIN},
				{.fd = signal_fd, .events = POLLIN}};
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return error_errno(err, "wait for the container");
		if (fds[0].revents & POLLIN)
			return 0;
		struct signalfd_siginfo info;
		if ((fds[1].revents & POLLIN) &&
		    read(signal_fd, &info, sizeof info) == (ssize_t)sizeof info &&
		    forward(watched, (int)info.ssi_signo))
			return 0;
	}
}

static int serve(struct watched *watched, int master, struct error *err)
{
	sigset_t all;
	sigfillset(&all);
	auto_close int signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signal_fd < 0)
		return error_errno(err, "signalfd");
	if (master < 0)
		return wait_without_terminal(watched, signal_fd, err);
	struct terminal_session *session = NULL;
	if (terminal_session_begin(master, &session, err) < 0)
		return -1;
	int result =
		terminal_session_run(session, watched->pidfd, signal_fd, forward, watched, err);
	terminal_session_end(session);
	return result;
}

// The kernel's word about a file of husk that a limit of its size cut short: nothing for the program.
static void forget_own_signal(void)
{
	sigset_t own;
	const struct timespec now = {.tv_sec = 0};
	sigemptyset(&own);
	sigaddset(&own, SIGXFSZ);
	(void)!sigtimedwait(&own, NULL, &now);
}

// A process of husk that ends before its program ran is killed, or ends with the status of init_end in init/walk.c: of any other end
// the kernel need not be asked.
static bool has_executed(pid_t pid)
{
	siginfo_t info = {.si_code = 0};
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0 && info.si_code == CLD_EXITED &&
	    info.si_status != INIT_FAILED)
		return true;
	return process_has_executed(pid, 0) != 0;
}

int foreground_wait(pid_t pid, int pidfd, int master, bool unproven, int *status, struct error *err)
{
	struct watched watched = {pid, pidfd};
	int ended;
	forget_own_signal();
	if (serve(&watched, master, err) < 0) {
		(void)!sys_pidfd_send_signal(pidfd, SIGKILL);
		(void)!process_reap(pid, &ended);
		return -1;
	}
	if (unproven && !has_executed(pid))
		return 1;
	if (process_reap(pid, &ended) < 0)
		return error_errno(err, "wait for the container");
	*status = process_exit_code(ended);
	return 0;
}
