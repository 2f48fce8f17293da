// SPDX-License-Identifier: Apache-2.0
// Counts the instructions that a command and all its descendants execute in user mode:  count SECONDS COMMAND...
//
// With the processor's counter where the machine has one (perf_event_open, inherited), else by stepping through every single
// instruction with ptrace, which is exact and slow. Prints "COUNT counter", "COUNT steps", or "- REASON" when SECONDS were too few or the
// command failed. Nothing is to be timed here.
#include <errno.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int open_counter(pid_t pid)
{
	struct perf_event_attr a = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(a),
		.config = PERF_COUNT_HW_INSTRUCTIONS,
		.disabled = 1,
		.inherit = 1,
		.enable_on_exec = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};
	return (int)syscall(SYS_perf_event_open, &a, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

// stops before its exec, traced
static pid_t launch(char **argv)
{
	pid_t pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execv(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, NULL, 0) != pid) {
		puts("- cannot start");
		exit(0);
	}
	return pid;
}

static void explain(int status)
{
	if (status)
		printf("- ended with status %d\n",
		       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static int by_counter(char **argv)
{
	int status = 0;
	unsigned long long n = 0;
	pid_t pid = launch(argv);
	int fd = open_counter(pid);
	if (fd < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		return -1;
	}
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	waitpid(pid, &status, 0);
	explain(status);
	if (!status && read(fd, &n, sizeof(n)) == (ssize_t)sizeof(n))
		printf("%llu counter\n", n);
	return 0;
}

static void by_steps(double limit, char **argv)
{
	const long options = PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	unsigned long long n = 0;
	int status, first_status = 0, started = 0;
	double end = seconds() + limit;
	cpu_set_t one;
	// on one processor: nobody has to be woken on another at each step
	CPU_ZERO(&one);
	CPU_SET((unsigned)sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	pid_t first = launch(argv), pid;
	ptrace(PTRACE_SETOPTIONS, first, NULL, (void *)options);
	ptrace(PTRACE_CONT, first, NULL, NULL);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		long deliver = 0;
		if (!WIFSTOPPED(status)) {
			if (pid == first)
				first_status = status;
			continue;
		}
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8))
			started = 1;
		else if (WSTOPSIG(status) == SIGTRAP && status >> 16 == 0)
			n += (unsigned)started;
		else if (status >> 16 == 0 && WSTOPSIG(status) != SIGSTOP)
			deliver = WSTOPSIG(status);
		if (n % 4096 == 0 && seconds() > end) {
			printf("- more than %llu in %.0f s of stepping\n", n, limit);
			return;  // EXITKILL ends them
		}
		ptrace(PTRACE_SINGLESTEP, pid, NULL, (void *)deliver);
	}
	explain(first_status);
	if (!first_status)
		printf("%llu steps\n", n);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	if (by_counter(argv + 2) < 0)
		by_steps(atof(argv[1]), argv + 2);
	return 0;
}
