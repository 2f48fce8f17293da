// SPDX-License-Identifier: Apache-2.0
// Runs a test and sees to it that nothing of it survives: guard SECONDS COMMAND...
//
// It is the subreaper of everything the test starts, so whatever is left when the test has ended, detached or in
// a namespace of its own, is a descendant. Stragglers get a moment to end; then they are named on standard error, killed,
// and the status is 99. A test that runs out of time: status 98. Else the test's own status.
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { most = 65536 };
static struct process {
	pid_t pid, parent;
	char state, name[20];
	bool ours;
} processes[most];
static size_t count;

static void read_process(pid_t pid)
{
	char path[64], line[512], *end;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return;
	struct process *p = &processes[count];
	if (fgets(line, sizeof(line), f) && (end = strrchr(line, ')')) && count < most) {
		int parent = 0;
		char *begin = strchr(line, '(');
		*end = 0;
		snprintf(p->name, sizeof(p->name), "%.16s", begin ? begin + 1 : "?");
		if (sscanf(end + 2, "%c %d", &p->state, &parent) == 2) {
			p->pid = pid;
			p->parent = parent;
			p->ours = parent == getpid();
			count++;
		}
	}
	fclose(f);
}

// Marks every living descendant; returns how many there are.
static size_t find_descendants(void)
{
	DIR *dir = opendir("/proc");
	size_t found = 0;
	bool more = true;
	count = 0;
	for (struct dirent *e; dir && (e = readdir(dir));)
		if (isdigit((unsigned char)e->d_name[0]) && count < most)
			read_process(atoi(e->d_name));
	if (dir)
		closedir(dir);
	while (more) {
		more = false;
		for (size_t i = 0; i < count; i++)
			for (size_t k = 0; k < count && !processes[i].ours; k++)
				if (processes[k].pid == processes[i].parent && processes[k].ours)
					processes[i].ours = more = true;
	}
	for (size_t i = 0; i < count; i++)
		found += processes[i].ours && processes[i].state != 'Z';
	return found;
}

static void kill_descendants(bool tell)
{
	for (int round = 0; round < 50 && find_descendants(); round++) {
		for (size_t i = 0; i < count; i++) {
			if (!processes[i].ours || processes[i].state == 'Z')
				continue;
			if (tell && round == 0)
				fprintf(stderr, "left behind: process %d (%s)\n", processes[i].pid, processes[i].name);
			kill(processes[i].pid, SIGKILL);
		}
		usleep(20000);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static volatile sig_atomic_t asked_to_end;
static void on_signal(int number)
{
	asked_to_end = number;
}

int main(int argc, char **argv)
{
	int status = 0, result = 0;
	if (argc < 3)
		return 2;
	double end = now() + atof(argv[1]);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	pid_t test = fork();
	if (test == 0) {
		setpgid(0, 0);
		// whatever the caller ignores (nohup, a job of a shell script)
		for (int number = 1; number <= SIGRTMAX; number++)
			signal(number, SIG_DFL);
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	for (;;) {
		pid_t pid = waitpid(-1, &status, WNOHANG);
		if (pid == test)
			break;
		if (pid > 0)
			continue;
		if (now() > end || asked_to_end) {
			fprintf(stderr, "not finished after %s s\n", argv[1]);
			kill_descendants(false);
			return 98;
		}
		poll(NULL, 0, 5);
	}
	result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	end = now() + 2;
	while (find_descendants()) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (now() > end) {
			kill_descendants(true);
			return 99;
		}
		poll(NULL, 0, 10);
	}
	return result;
}
