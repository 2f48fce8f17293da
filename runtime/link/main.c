// SPDX-License-Identifier: Apache-2.0
// husk-link NETNS-FD DEVICE NAME [DEVICE NAME...]: moves network devices of the caller's network namespace into the one of
// the descriptor, gives them their names, their permanent global addresses and sets them up. For husk alone, which executes it
// when a configuration has linux.netDevices; a program of its own, because libmnl comes as a shared library only.
//
// All or nothing: what can be known to fail is looked for before the first device moves, and when one fails all the same,
// those that went before it come back. Says what is wrong in one line on standard error.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/error.h"
#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"
#include "runtime/link/addresses.h"
#include "runtime/link/interface.h"

struct move {
	const char *from, *to;  // names; to may be a template ("eth%d")
	int index;              // on the host
	int new_index;          // in the container
	bool moved;
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
	move->index = interface_find(&links->host, move->from, 0, NULL);
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

// As far as it goes: the failure that led here is what is reported.
static void move_back(struct links *links, const struct move *move)
{
	if (move->moved && interface_move(&links->inside, move->new_index, links->host_fd,
					  move->index, move->from) == 0)
		(void)!addresses_restore(&links->host, move->index, move->addresses);
}

static int blame(const struct move *move, struct error *err)
{
	return error_context(err, "linux.netDevices[\"%s\"]", move->from);
}

static int move_all(struct links *links, struct error *err)
{
	for (size_t i = 0; i < links->count; i++)
		if (check(links, i, err) < 0)
			return blame(&links->moves[i], err);
	for (size_t i = 0; i < links->count; i++) {
		if (move_one(links, &links->moves[i], err) == 0)
			continue;
		for (size_t back = i + 1; back-- > 0;)
			move_back(links, &links->moves[back]);
		return blame(&links->moves[i], err);
	}
	return 0;
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
	struct links links = {.host_fd = -1, .netns_fd = -1};
	struct error err = {0};
	int result = argc < 1 ? -1 : read_arguments(&links, argv, &err);
	if (result == 0)
		result = open_links(&links, &err);
	if (result == 0)
		result = move_all(&links, &err);
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
