// SPDX-License-Identifier: Apache-2.0
// Which instructions of a static program a command executes: it and its children are single-stepped until the program ends or
// executes another.   touched OUT LOW HIGH CMD...
//
// OUT gets the addresses from LOW to HIGH (hexadecimal), one a line, in the order of their first execution; "child" behind those
// that a child of the command executes, with a line of its own.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/reg.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned long low, high;
static unsigned char *seen;
static FILE *out;

enum { in_command = 1, in_child = 2 };

static void note(pid_t pid, bool child)
{
	unsigned char where = child ? in_child : in_command;
	unsigned long at = (unsigned long)ptrace(PTRACE_PEEKUSER, pid, RIP * sizeof(long), 0);
	if (at < low || at >= high || (seen[at - low] & where))
		return;
	seen[at - low] |= where;
	fprintf(out, "%lx%s\n", at, child ? " child" : "");
}

static pid_t begin(char **argv)
{
	pid_t pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		execv(argv[0], argv);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
	ptrace(PTRACE_SETOPTIONS, pid, 0,
	       PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC);
	ptrace(PTRACE_SINGLESTEP, pid, 0, 0);
	return pid;
}

// What a stop was about: the signal that the process gets.
static int attend(pid_t pid, int status, bool child)
{
	int signal = WSTOPSIG(status), event = status >> 16;
	if (signal == SIGTRAP && event == 0)
		note(pid, child);
	return signal == SIGTRAP || signal == SIGSTOP ? 0 : signal;
}

int main(int argc, char **argv)
{
	if (argc < 5)
		return 2;
	low = strtoul(argv[2], NULL, 16);
	high = strtoul(argv[3], NULL, 16);
	seen = calloc(high - low, 1);
	out = fopen(argv[1], "we");
	if (!seen || !out)
		return 1;
	pid_t first = begin(argv + 4);
	for (int status;;) {
		pid_t pid = waitpid(-1, &status, __WALL);
		if (pid < 0 || (pid == first && !WIFSTOPPED(status)))
			break;
		if (!WIFSTOPPED(status))
			continue;
		if (status >> 16 == PTRACE_EVENT_EXEC)
			ptrace(PTRACE_DETACH, pid, 0, 0);
		else
			ptrace(PTRACE_SINGLESTEP, pid, 0, attend(pid, status, pid != first));
	}
	return fclose(out) == 0 ? 0 : 1;
}
