// SPDX-License-Identifier: Apache-2.0
// Runs a command and all that it starts one system call at a time, and makes one of these calls go wrong:
//
//	inject FILE list - - COMMAND...             FILE: a line "PROCESS N CALL" for each system call until execve
//	inject FILE errno:E PROCESS N COMMAND...    the N-th call of PROCESS is not made and fails with errno E
//	inject FILE errno:E PROCESS N/CALL COMMAND...   of the calls of that number the N-th: how many others there are can depend on time
//	inject FILE kill PROCESS N COMMAND...       PROCESS is killed when it makes its N-th call; the others go on
//	inject FILE kill-first PROCESS N COMMAND... at that moment process 0 is killed, and PROCESS goes on
//	inject FILE delay:MS PROCESS CALL COMMAND...    each system call of that number (0: every one) waits for MS milliseconds
//
// Processes are numbered in the order of their appearance; the command is 0. Process 0 may execute itself anew; any other is
// let go at its execve: the container's program and hooks are not what is tested. FILE has "fired CALL" when the call was come to,
// and the last line "end". Status: that of the command (128 and the signal), 125: this program's own failure, 77: not possible here.
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __x86_64__

enum { most = 256 };
static struct process {
	pid_t pid;  // -1: gone, or let go
	long calls;
	bool inside;      // a system call
	bool replace;     // its result, at the end of the call
	long long until;  // ms; when it goes on; 0: it is not held up
} processes[most];
static int count;

enum mode { mode_list, mode_errno, mode_kill, mode_kill_first, mode_delay };
static enum mode mode;
static long value, wanted_process, wanted_call, wanted_number = -1;
static bool fired;
static FILE *out;

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(125);
}

static long long now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct process *find(pid_t pid)
{
	for (int i = 0; i < count; i++)
		if (processes[i].pid == pid)
			return &processes[i];
	if (count == most)
		die("too many processes");
	processes[count] = (struct process){.pid = pid};
	return &processes[count++];
}

static void go_on(struct process *p, int signal)
{
	bool let_all_go = fired && (mode == mode_kill || mode == mode_kill_first);
	(void)ptrace(let_all_go ? PTRACE_DETACH : PTRACE_SYSCALL, p->pid, 0, (long)signal);
	if (let_all_go && p != &processes[0])
		p->pid = -1;
}

// ---- the call ------------------------------------------------------------------------------------

static void enter(struct process *p, long long call)
{
	struct user_regs_struct registers;
	long index = p - processes;
	if (wanted_number < 0 || call == wanted_number)
		p->calls++;
	else
		return;
	if (mode == mode_list)
		fprintf(out, "%ld %ld %lld\n", index, p->calls, call);
	if (mode == mode_delay && index == wanted_process &&
	    (!wanted_call || call == wanted_call)) {
		if (!fired)
			fprintf(out, "fired %lld\n", call);
		fired = true;
		fflush(out);
		p->until = now_ms() + value;
	}
	if (mode == mode_list || mode == mode_delay || fired || index != wanted_process ||
	    p->calls != wanted_call)
		return;
	fired = true;
	fprintf(out, "fired %lld\n", call);
	if (mode == mode_errno) {
		if (ptrace(PTRACE_GETREGS, p->pid, 0, &registers) < 0)
			die("PTRACE_GETREGS");
		registers.orig_rax = (unsigned long long)-1;
		if (ptrace(PTRACE_SETREGS, p->pid, 0, &registers) < 0)
			die("PTRACE_SETREGS");
		p->replace = true;
	} else {
		kill(mode == mode_kill ? p->pid : processes[0].pid, SIGKILL);
	}
}

static void leave(struct process *p)
{
	struct user_regs_struct registers;
	if (!p->replace)
		return;
	p->replace = false;
	if (ptrace(PTRACE_GETREGS, p->pid, 0, &registers) < 0)
		return;
	registers.rax = (unsigned long long)-value;
	(void)ptrace(PTRACE_SETREGS, p->pid, 0, &registers);
}

static void at_call(struct process *p)
{
	struct user_regs_struct registers;
	p->inside = !p->inside;
	if (!p->inside) {
		leave(p);
		return;
	}
	if (ptrace(PTRACE_GETREGS, p->pid, 0, &registers) == 0)
		enter(p, (long long)registers.orig_rax);
}

// ---- the loop ------------------------------------------------------------------------------------

static void stopped(struct process *p, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;
	if (event == PTRACE_EVENT_EXEC && p != &processes[0]) {
		(void)ptrace(PTRACE_DETACH, p->pid, 0, 0);
		p->pid = -1;
		return;
	}
	if (signal == (SIGTRAP | 0x80)) {
		at_call(p);
		signal = 0;
	} else if (event || (signal == SIGSTOP && p->calls == 0)) {
		signal = 0;  // one of ptrace's own
	}
	if (!p->until)
		go_on(p, signal);
}

static bool continue_delayed(void)
{
	bool delayed = false;
	for (int i = 0; i < count; i++) {
		if (processes[i].pid <= 0 || !processes[i].until)
			continue;
		if (now_ms() < processes[i].until) {
			delayed = true;
			continue;
		}
		processes[i].until = 0;
		go_on(&processes[i], 0);
	}
	return delayed;
}

static int serve(void)
{
	int result = 125, status;
	for (;;) {
		bool delayed = continue_delayed();
		pid_t pid = waitpid(-1, &status, __WALL | (delayed ? WNOHANG : 0));
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return result;
		if (pid == 0) {
			const struct timespec pause = {.tv_nsec = 1000000};
			nanosleep(&pause, NULL);
			continue;
		}
		struct process *p = find(pid);
		if (WIFSTOPPED(status)) {
			stopped(p, status);
			continue;
		}
		if (p == &processes[0])
			result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		p->pid = -1;
	}
}

static void parse(char **argv)
{
	const char *name = argv[2], *colon = strchr(name, ':');
	value = colon ? atol(colon + 1) : 0;
	mode = strncmp(name, "errno:", 6) == 0   ? mode_errno
	       : strncmp(name, "delay:", 6) == 0 ? mode_delay
	       : strcmp(name, "kill") == 0       ? mode_kill
	       : strcmp(name, "kill-first") == 0 ? mode_kill_first
						 : mode_list;
	wanted_process = atol(argv[3]);
	wanted_call = atol(argv[4]);
	const char *number = strchr(argv[4], '/');
	if (number)
		wanted_number = atol(number + 1);
}

int main(int argc, char **argv)
{
	int status;
	if (argc < 6)
		return 125;
	parse(argv);
	out = fopen(argv[1], "we");
	if (!out)
		die(argv[1]);
	pid_t pid = fork();
	if (pid == 0) {
		(void)ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		execvp(argv[5], argv + 5);
		_exit(126);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status))
		die("start");
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
		       PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	if (ptrace(PTRACE_SETOPTIONS, pid, 0, options) < 0)
		die("PTRACE_SETOPTIONS");
	// what is let go lives on without us, and so does what is killed: only an end of ours by mistake kills
	find(pid);
	go_on(&processes[0], 0);
	int result = serve();
	fprintf(out, "end\n");
	fclose(out);
	return result;
}

#else

int main(void)
{
	fprintf(stderr, "inject: not written for this architecture\n");
	return 77;
}

#endif
