// SPDX-License-Identifier: Apache-2.0
// See netlink.h.
#include "runtime/link/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

// Answers of a dump come in pieces of up to 32 KiB.
#define ANSWER_BYTES 32768

int netlink_open(struct netlink *netlink)
{
	*netlink = (struct netlink){.socket = mnl_socket_open2(NETLINK_ROUTE, O_CLOEXEC)};
	if (!netlink->socket)
		return -1;
	return mnl_socket_bind(netlink->socket, 0, MNL_SOCKET_AUTOPID);
}

void netlink_close(struct netlink *netlink)
{
	if (netlink->socket)
		mnl_socket_close(netlink->socket);
	netlink->socket = NULL;
}

struct nlmsghdr *netlink_begin(char *buffer, int type, int flags, size_t extra_size,
			       void *extra_header)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	message->nlmsg_type = (uint16_t)type;
	message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	void *extra = mnl_nlmsg_put_extra_header(message, extra_size);
	memcpy(extra_header, &extra, sizeof extra);
	return message;
}

int netlink_talk(struct netlink *netlink, struct nlmsghdr *message, mnl_cb_t each, void *data)
{
	static char answer[ANSWER_BYTES];
	unsigned sequence = ++netlink->sequence;
	unsigned port = mnl_socket_get_portid(netlink->socket);
	message->nlmsg_seq = sequence;
	if (mnl_socket_sendto(netlink->socket, message, message->nlmsg_len) < 0)
		return -1;
	for (;;) {
		ssize_t size = mnl_socket_recvfrom(netlink->socket, answer, sizeof answer);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return -1;
		int result = mnl_cb_run(answer, (size_t)size, sequence, port, each, data);
		if (result <= MNL_CB_STOP)
			return result < 0 ? -1 : 0;
	}
}
