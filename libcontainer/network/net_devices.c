// SPDX-License-Identifier: Apache-2.0
// linux.netDevices, by way of a program of its own: netlink needs a shared library, and who moves no devices shall not pay for
// it. The program does the work and says in one line what went wrong; here it is found, started and listened to.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"
#include "libcontainer/kernel/companion.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/network/network.h"

#define MOVER "husk-link"
// What the mover finds its network namespace as.
#define MOVER_NETNS 3

// ---- finding ---------------------------------------------------------------------------------------

int network_find_mover(char **path, struct error *err)
{
	if (companion_find(MOVER, path) == 0)
		return 0;
	return error_errno(err,
			   "linux.netDevices: the program " MOVER " is neither beside husk nor %s",
			   *path ? *path : "found");
}

// ---- running ---------------------------------------------------------------------------------------

// NETNS-FD, and pairs of names; the strings are the configuration's.
static const char **make_arguments(const struct spec_net_device *devices, size_t count)
{
	static const char fd[] = {'0' + MOVER_NETNS, '\0'};
	const char **words = calloc(2 * count + 3, sizeof *words);
	if (!words)
		return NULL;
	words[0] = MOVER;
	words[1] = fd;
	for (size_t i = 0; i < count; i++) {
		words[2 + 2 * i] = devices[i].host_name;
		words[3 + 2 * i] = devices[i].name ? devices[i].name : devices[i].host_name;
	}
	return words;
}

static _Noreturn void execute(const char *mover, const char **argv, int netns_fd, int output)
{
	static char *const environment[] = {NULL};
	// execve takes char *const[] for history's sake and writes to none of it
	union {
		const char **constant;
		char **plain;
	} args = {.constant = argv};
	// above the places where they go
	int netns = fcntl(netns_fd, F_DUPFD_CLOEXEC, MOVER_NETNS + 1);
	int out = fcntl(output, F_DUPFD_CLOEXEC, MOVER_NETNS + 1);
	if (netns >= 0 && out >= 0 && dup2(out, 2) >= 0 && dup2(netns, MOVER_NETNS) >= 0 &&
	    fd_cloexec_from(MOVER_NETNS + 1) == 0 && signals_reset() == 0) {
		execve(mover, args.plain, environment);
		dprintf(2, "linux.netDevices: execute %s: %s", mover, error_text(errno));
	}
	_exit(127);
}

static int judge(int status, const char *said, struct error *err)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (said[0])
		return error_set(err, 0, "%s", said);
	return error_set(err, 0, "linux.netDevices: " MOVER " ended with status %d",
			 process_exit_code(status));
}

static int run(const char *mover, const char **argv, int netns_fd, struct error *err)
{
	char said[sizeof err->message] = "";
	int ends[2], status = 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "linux.netDevices: make a pipe");
	auto_close int reader = ends[0];
	auto_close int writer = ends[1];
	pid_t pid = fork();
	if (pid < 0)
		return error_errno(err, "linux.netDevices: fork");
	if (pid == 0)
		execute(mover, argv, netns_fd, writer);
	memory_close(take_fd(&writer));
	ssize_t length = fd_read(reader, said, sizeof said - 1);
	said[length > 0 ? length : 0] = '\0';
	if (process_reap(pid, &status) < 0)
		return error_errno(err, "linux.netDevices: wait for " MOVER);
	return judge(status, said, err);
}

// ---- checks ----------------------------------------------------------------------------------------

static int refuse_own(int netns_fd, struct error *err)
{
	struct stat own, wanted;
	if (stat("/proc/self/ns/net", &own) < 0 || fstat(netns_fd, &wanted) < 0)
		return error_errno(err, "linux.netDevices: stat the network namespace");
	if (own.st_dev == wanted.st_dev && own.st_ino == wanted.st_ino)
		return error_set(
			err, EINVAL,
			"linux.netDevices: the container has the host's network namespace");
	return 0;
}

int network_move_devices(const char *mover, int netns_fd, const struct spec_net_device *devices,
			 size_t count, struct error *err)
{
	if (refuse_own(netns_fd, err) < 0)
		return -1;
	auto_free const char **argv = make_arguments(devices, count);
	if (!argv)
		return error_set(err, ENOMEM, "out of memory");
	return run(mover, argv, netns_fd, err);
}
