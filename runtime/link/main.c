// SPDX-License-Identifier: Apache-2.0
// husk-link NETNS-FD DEVICE NAME [DEVICE NAME...]: moves network devices of the caller's network namespace into the one of
// the descriptor, gives them their names, their permanent global addresses and sets them up. For husk alone, which executes it
// when a configuration has linux.netDevices; a program of its own, because libmnl comes as a shared library only.
//
// All or nothing: what can be known to fail is looked for before the first device moves, and when one fails all the same,
// those that went before it come back. Says what is wrong in one line on standard error; or that all have moved, and waits at
// standard input to be told that they stay. An end of the input without that word (the container was not completed, or husk was
// killed) has them come back as well, from wherever the namespace is by then: it lives as long as this process is in it.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/error.h"
#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"
#include "runtime/link/addresses.h"
#include "runtime/link/interface.h"

// What the two say to each other (libcontainer/network/net_devices.c).
#define NETWORK_MOVED '+'
#define NETWORK_KEEP 'k'

struct move {
	const char *from, *to;  // names; to may be a template ("eth%d")
	int index;              // on the host
	int new_index;          // in the container
	bool was_up, moved;
	struct addresses *addresses;  // owned
};

struct links {
	int host_fd, netns_fd;  // owned: the two network namespaces
	struct netlink host, inside;
	struct move *moves;  // owned
	size_t count;
};

// ---- what can be known before ----------------------------------------------------------------------

static bool is_template(const char *name)
{
	return strstr(name, "%d") != NULL;
}

static int check_name(struct links *links, size_t at, struct error *err)
{
	const struct move *move = &links->moves[at];
	if (is_template(move->to))
		return 0;
	if (interface_find(&links->inside, move->to, 0, NULL) > 0)
		return error_set(err, EEXIST,
				 "the name %s is taken in the container's network namespace",
				 move->to);
	if (errno != ENODEV)
		return error_errno(err, "look for %s in the container's network namespace",
				   move->to);
	for (size_t i = 0; i < at; i++)
		if (text_equal(links->moves[i].to, move->to))
			return error_set(err, EEXIST, "the name %s is also given to %s", move->to,
					 links->moves[i].from);
	return 0;
}

static int check(struct links *links, size_t at, struct error *err)
{
	struct move *move = &links->moves[at];
	move->index = interface_find(&links->host, move->from, 0, &move->was_up);
	if (move->index < 0)
		return errno == ENODEV
			       ? error_set(err, ENODEV, "there is no such device on the host")
			       : error_errno(err, "look for it");
	return check_name(links, at, err);
}

// Its own index when that is free, so that the kernel need not choose: how else would it be found again?
static int choose_index(struct links *links, struct move *move, struct error *err)
{
	bool used;
	int largest = interface_largest_index(&links->inside, move->index, &used);
	if (largest < 0)
		return error_errno(err, "list the devices of the container's network namespace");
	move->new_index = used ? largest + 1 : move->index;
	return 0;
}

// ---- moving ----------------------------------------------------------------------------------------

static int move_one(struct links *links, struct move *move, struct error *err)
{
	if (choose_index(links, move, err) < 0)
		return -1;
	move->addresses = addresses_save(&links->host, move->index);
	if (!move->addresses)
		return error_errno(err, "read its addresses");
	int moved = interface_move(&links->host, move->index, links->netns_fd, move->new_index,
				   move->to);
	int why = errno;
	move->moved = moved == 0 || interface_find(&links->inside, NULL, move->new_index, NULL) > 0;
	errno = why;
	if (moved < 0)
		return error_errno(err, "move it into the container as %s", move->to);
	if (addresses_restore(&links->inside, move->new_index, move->addresses) < 0)
		return error_errno(err, "give it its addresses again");
	if (interface_up(&links->inside, move->new_index) < 0)
		return error_errno(err, "set it up");
	return 0;
}

// Under another name when its own is taken by now (the kernel moves first and renames then): a device that is there is better
// than none. Returns 1 then.
static int move_home(struct links *links, const struct move *move)
{
	if (interface_move(&links->inside, move->new_index, links->host_fd, move->index,
			   move->from) == 0)
		return 0;
	int why = errno;
	bool home = interface_find(&links->host, NULL, move->index, NULL) > 0 ||
		    interface_move(&links->inside, move->new_index, links->host_fd, move->index,
				   "dev%d") == 0;
	errno = why;
	return home ? 1 : -1;
}

static int move_back(struct links *links, const struct move *move, struct error *err)
{
	if (!move->moved)
		return 0;
	int home = move_home(links, move);
	if (home < 0)
		return error_errno(err, "move it back to the host");
	if (home > 0)
		error_errno(err, "it is back on the host, but not under its name");
	if (addresses_restore(&links->host, move->index, move->addresses) < 0)
		return error_errno(err, "back on the host: give it its addresses again");
	if (move->was_up && interface_up(&links->host, move->index) < 0)
		return error_errno(err, "back on the host: set it up");
	return home > 0 ? -1 : 0;
}

static int blame(const struct move *move, struct error *err)
{
	return error_context(err, "linux.netDevices[\"%s\"]", move->from);
}

// The last first; what fails keeps none of the others from going.
static int move_all_back(struct links *links, size_t count, struct error *err)
{
	int result = 0;
	for (size_t i = count; i-- > 0;)
		if (move_back(links, &links->moves[i], err) < 0)
			result = blame(&links->moves[i], err);
	return result;
}

static int move_all(struct links *links, struct error *err)
{
	for (size_t i = 0; i < links->count; i++)
		if (check(links, i, err) < 0)
			return blame(&links->moves[i], err);
	for (size_t i = 0; i < links->count; i++) {
		if (move_one(links, &links->moves[i], err) == 0)
			continue;
		// as far as it goes: the failure that led here is what is reported
		struct error ignored = {0};
		(void)!move_all_back(links, i + 1, &ignored);
		return blame(&links->moves[i], err);
	}
	return 0;
}

// 0: they stay.
static int wait_for_word(void)
{
	static const char moved = NETWORK_MOVED;
	char word;
	ssize_t length;
	if (write(2, &moved, 1) != 1)
		return -1;
	do
		length = read(0, &word, 1);
	while (length < 0 && errno == EINTR);
	return length == 1 && word == NETWORK_KEEP ? 0 : -1;
}

// ---- beginning and end -----------------------------------------------------------------------------

static int read_arguments(struct links *links, char **argv, struct error *err)
{
	uint64_t fd;
	size_t words = 0;
	while (argv[words])
		words++;
	if (words < 4 || words % 2 || text_to_unsigned(argv[1], &fd) < 0 || fd > 0xffff)
		return error_set(err, EINVAL,
				 "usage: husk-link NETNS-FD DEVICE NAME [DEVICE NAME...]");
	links->netns_fd = (int)fd;
	links->count = words / 2 - 1;
	links->moves = calloc(links->count, sizeof *links->moves);
	if (!links->moves)
		return error_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < links->count; i++)
		links->moves[i] = (struct move){.from = argv[2 + 2 * i], .to = argv[3 + 2 * i]};
	return 0;
}

// A socket stays in the namespace in which it was made.
static int open_links(struct links *links, struct error *err)
{
	links->host_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (links->host_fd < 0)
		return error_errno(err, "open /proc/self/ns/net");
	if (netlink_open(&links->host) < 0)
		return error_errno(err, "netlink");
	if (setns(links->netns_fd, CLONE_NEWNET) < 0)
		return error_errno(err, "enter the container's network namespace");
	if (netlink_open(&links->inside) < 0)
		return error_errno(err, "netlink in the container's network namespace");
	return 0;
}

int main(int argc, char **argv)
{
	static const int asking[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE};
	struct links links = {.host_fd = -1, .netns_fd = -1};
	struct error err = {0};
	// (a terminal asks the whole group to end; husk does it in order)
	for (size_t i = 0; i < array_size(asking); i++)
		signal(asking[i], SIG_IGN);
	int result = argc < 1 ? -1 : read_arguments(&links, argv, &err);
	if (result == 0)
		result = open_links(&links, &err);
	if (result == 0)
		result = move_all(&links, &err);
	if (result == 0 && wait_for_word() < 0)
		result = move_all_back(&links, links.count, &err);
	if (result < 0)
		(void)!write(2, err.message, strlen(err.message));
	for (size_t i = 0; i < links.count; i++)
		addresses_free(links.moves[i].addresses);
	free(links.moves);
	netlink_close(&links.host);
	netlink_close(&links.inside);
	memory_close(links.host_fd);
	return result < 0;
}
