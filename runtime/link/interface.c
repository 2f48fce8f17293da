// SPDX-License-Identifier: Apache-2.0
// See interface.h. Everything is told by the kernel's answers; no name is looked up twice.
#include "runtime/link/interface.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <string.h>

#include "libcontainer/base/attributes.h"

struct found {
	int index;
	bool up;
};

static int on_link(const struct nlmsghdr *message, void *data)
{
	struct found *found = data;
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
	found->index = link->ifi_index;
	found->up = link->ifi_flags & IFF_UP;
	return MNL_CB_OK;
}

int interface_find(struct netlink *netlink, const char *wanted, int index, bool *up)
{
	char buffer[NETLINK_MESSAGE_BYTES];
	struct ifinfomsg *link;
	struct found found = {.index = 0};
	struct nlmsghdr *message =
		netlink_begin(buffer, RTM_GETLINK, NLM_F_ACK, sizeof *link, &link);
	link->ifi_index = wanted ? 0 : index;
	if (wanted)
		mnl_attr_put_strz(message, IFLA_IFNAME, wanted);
	if (netlink_talk(netlink, message, on_link, &found) < 0)
		return -1;
	if (found.index <= 0) {
		errno = ENODEV;
		return -1;
	}
	if (up)
		*up = found.up;
	return found.index;
}

struct indices {
	int largest, wanted;
	bool used;
};

static int on_index(const struct nlmsghdr *message, void *data)
{
	struct indices *indices = data;
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
	if (link->ifi_index > indices->largest)
		indices->largest = link->ifi_index;
	if (link->ifi_index == indices->wanted)
		indices->used = true;
	return MNL_CB_OK;
}

int interface_largest_index(struct netlink *netlink, int index, bool *used)
{
	char buffer[NETLINK_MESSAGE_BYTES];
	struct ifinfomsg *link;
	struct indices indices = {.wanted = index};
	struct nlmsghdr *message =
		netlink_begin(buffer, RTM_GETLINK, NLM_F_DUMP, sizeof *link, &link);
	if (netlink_talk(netlink, message, on_index, &indices) < 0)
		return -1;
	*used = indices.used;
	return indices.largest;
}

int interface_move(struct netlink *netlink, int index, int netns_fd, int new_index,
		   const char *name)
{
	char buffer[NETLINK_MESSAGE_BYTES];
	struct ifinfomsg *link;
	struct nlmsghdr *message =
		netlink_begin(buffer, RTM_NEWLINK, NLM_F_ACK, sizeof *link, &link);
	link->ifi_index = index;
	mnl_attr_put_u32(message, IFLA_NET_NS_FD, (uint32_t)netns_fd);
	mnl_attr_put_u32(message, IFLA_NEW_IFINDEX, (uint32_t)new_index);
	mnl_attr_put_strz(message, IFLA_IFNAME, name);
	return netlink_talk(netlink, message, NULL, NULL);
}

int interface_up(struct netlink *netlink, int index)
{
	char buffer[NETLINK_MESSAGE_BYTES];
	struct ifinfomsg *link;
	struct nlmsghdr *message =
		netlink_begin(buffer, RTM_NEWLINK, NLM_F_ACK, sizeof *link, &link);
	link->ifi_index = index;
	link->ifi_flags = link->ifi_change = IFF_UP;
	return netlink_talk(netlink, message, NULL, NULL);
}
