// SPDX-License-Identifier: Apache-2.0
// linux.netDevices, by way of a program of its own: netlink needs a shared library, and who moves no devices shall not pay for
// it. The program does the work and says in one line what went wrong; here it is found, started and listened to. It stays until
// the container is complete, because it alone knows how the devices were: then it is told that they stay, or has them come back.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
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
// What the two say to each other (runtime/link/main.c).
#define NETWORK_MOVED '+'
#define NETWORK_KEEP 'k'

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

struct ends {
	int word, said;  // of the mover: what it reads, what it writes
};

static _Noreturn void execute(const char *mover, const char **argv, int netns_fd,
			      const struct ends *ends)
{
	static char *const environment[] = {NULL};
	// execve takes char *const[] for history's sake and writes to none of it
	union {
		const char **constant;
		char **plain;
	} args = {.constant = argv};
	// above the places where they go
	int netns = fcntl(netns_fd, F_DUPFD_CLOEXEC, MOVER_NETNS + 1);
	int word = fcntl(ends->word, F_DUPFD_CLOEXEC, MOVER_NETNS + 1);
	int said = fcntl(ends->said, F_DUPFD_CLOEXEC, MOVER_NETNS + 1);
	if (netns >= 0 && word >= 0 && said >= 0 && dup2(said, 2) >= 0 && dup2(word, 0) >= 0 &&
	    dup2(netns, MOVER_NETNS) >= 0 && fd_cloexec_from(MOVER_NETNS + 1) == 0 &&
	    signals_reset() == 0) {
		execve(mover, args.plain, environment);
		dprintf(2, "linux.netDevices: execute %s: %s", mover, error_text(errno));
	}
	_exit(127);
}

static int judge(int status, const char *said, struct error *err)
{
	if (said[0])
		return error_set(err, 0, "%s", said);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return error_set(err, 0, "linux.netDevices: " MOVER " ended with status %d",
			 process_exit_code(status));
}

// begun: what of its last words has been read already.
static int end(struct network_moved *moved, const char *begun, struct error *err)
{
	char said[sizeof err->message];
	int status = 0;
	auto_close int reader = take_fd(&moved->said);
	memory_close(take_fd(&moved->word));
	size_t have = strlen(begun);
	memcpy(said, begun, have);
	ssize_t length = fd_read(reader, said + have, sizeof said - 1 - have);
	said[have + (size_t)(length > 0 ? length : 0)] = '\0';
	if (process_reap(moved->pid, &status) < 0)
		return error_errno(err, "linux.netDevices: wait for " MOVER);
	moved->pid = 0;
	return judge(status, said, err);
}

static int begin(const char *mover, const char **argv, int netns_fd, struct network_moved *moved,
		 struct error *err)
{
	int word[2], said[2];
	if (pipe2(word, O_CLOEXEC) < 0)
		return error_errno(err, "linux.netDevices: make a pipe");
	auto_close int word_reader = word[0];
	moved->word = word[1];
	if (pipe2(said, O_CLOEXEC) < 0)
		return error_errno(err, "linux.netDevices: make a pipe");
	auto_close int said_writer = said[1];
	moved->said = said[0];
	const struct ends ends = {.word = word_reader, .said = said_writer};
	moved->pid = fork();
	if (moved->pid == 0)
		execute(mover, argv, netns_fd, &ends);
	if (moved->pid < 0) {
		moved->pid = 0;
		return error_errno(err, "linux.netDevices: fork");
	}
	return 0;
}

static void close_ends(struct network_moved *moved)
{
	memory_close(take_fd(&moved->word));
	memory_close(take_fd(&moved->said));
}

static int run(const char *mover, const char **argv, int netns_fd, struct network_moved *moved,
	       struct error *err)
{
	char said[sizeof err->message] = "";
	ssize_t length;
	if (begin(mover, argv, netns_fd, moved, err) < 0) {
		close_ends(moved);
		return -1;
	}
	do
		length = read(moved->said, said, sizeof said - 1);
	while (length < 0 && errno == EINTR);
	if (length == 1 && said[0] == NETWORK_MOVED)
		return 0;
	if (end(moved, said, err) < 0)
		return -1;
	return error_set(err, 0, "linux.netDevices: " MOVER " did not do its work");
}

// ---- checks ----------------------------------------------------------------------------------------

static int refuse_own(int netns_fd, struct error *err)
{
	int own = fd_is_file(netns_fd, AT_FDCWD, "/proc/self/ns/net");
	if (own < 0)
		return error_errno(err, "linux.netDevices: stat the network namespace");
	if (own)
		return error_set(
			err, EINVAL,
			"linux.netDevices: the container has the host's network namespace");
	return 0;
}

int network_move_devices(const char *mover, int netns_fd, const struct spec_net_device *devices,
			 size_t count, struct network_moved *moved, struct error *err)
{
	if (refuse_own(netns_fd, err) < 0)
		return -1;
	auto_free const char **argv = make_arguments(devices, count);
	if (!argv)
		return error_set(err, ENOMEM, "out of memory");
	return run(mover, argv, netns_fd, moved, err);
}

void network_keep_devices(struct network_moved *moved)
{
	static const char word = NETWORK_KEEP;
	struct signals_pipe pipe;
	struct error ignored;
	if (moved->pid == 0)
		return;
	signals_hold_pipe(&pipe);
	(void)!fd_write(moved->word, &word, 1);
	signals_release_pipe(&pipe);
	(void)!end(moved, "", &ignored);
}

int network_return_devices(struct network_moved *moved, struct error *err)
{
	return moved->pid == 0 ? 0 : end(moved, "", err);
}
