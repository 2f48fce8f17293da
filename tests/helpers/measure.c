// SPDX-License-Identifier: Apache-2.0
// Runs a command and tells what it took: measure FILE COMMAND... writes {"status","peak_kb","tree_peak_kb","faults","ms"}.
//
// peak_kb is the command's own peak of resident memory: VmHWM of its address space, read while it stands still at its exit (ptrace), so
// that neither this program's memory before execve nor its children count. tree_peak_kb is what wait4 says: the largest of these.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long peak(pid_t pid)
{
	char path[64], line[256];
	long kb = -1;
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "VmHWM:", 6) == 0)
			kb = atol(line + 6);
	if (f)
		fclose(f);
	return kb;
}

int main(int argc, char **argv)
{
	struct timespec begin, end;
	struct rusage usage;
	int status;
	long kb = -1;
	if (argc < 3)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	pid_t child = fork();
	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 2;
	ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)(PTRACE_O_TRACEEXIT | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL));
	ptrace(PTRACE_CONT, child, NULL, NULL);
	while (wait4(child, &status, 0, &usage) == child && WIFSTOPPED(status)) {
		int event = status >> 16;
		if (event == PTRACE_EVENT_EXIT)
			kb = peak(child);
		ptrace(PTRACE_CONT, child, NULL, event ? NULL : (void *)(long)WSTOPSIG(status));
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	FILE *out = fopen(argv[1], "we");
	if (!out)
		return 2;
	fprintf(out, "{\"status\":%d,\"peak_kb\":%ld,\"tree_peak_kb\":%ld,\"faults\":%ld,\"ms\":%.2f}\n",
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), kb, usage.ru_maxrss,
		usage.ru_minflt,
		(double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6);
	return fclose(out) ? 2 : 0;
}
