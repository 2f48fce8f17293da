// SPDX-License-Identifier: Apache-2.0
// One netlink socket in one network namespace: a request and its acknowledgement, or a request and its many answers.
#ifndef HUSK_LINK_NETLINK_H
#define HUSK_LINK_NETLINK_H

#include <libmnl/libmnl.h>
#include <stddef.h>

#include "libcontainer/base/attributes.h"

// Large enough for every message that is built here.
#define NETLINK_MESSAGE_BYTES 4096

struct netlink {
	struct mnl_socket *socket;  // owned
	unsigned sequence;
};

// In the network namespace that the caller is in now; the socket stays there. -1 and errno.
int netlink_open(struct netlink *netlink) must_check;
void netlink_close(struct netlink *netlink);

// An empty message in buffer of NETLINK_MESSAGE_BYTES, with a zeroed header of extra bytes behind it (*extra_header).
struct nlmsghdr *netlink_begin(char *buffer, int type, int flags, size_t extra_size,
			       void *extra_header);

// Sends the message and hands every answer to each (may be NULL; it returns MNL_CB_OK to go on); ends with the kernel's
// acknowledgement or the end of the dump. The kernel's refusal is -1 with its errno.
int netlink_talk(struct netlink *netlink, struct nlmsghdr *message, mnl_cb_t each,
		 void *data) must_check;

#endif
