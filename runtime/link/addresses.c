// SPDX-License-Identifier: Apache-2.0
// See addresses.h. An address is kept as the kernel described it: the attributes that make it are copied as they are.
#include "runtime/link/addresses.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/attributes.h"

#ifndef IFA_RT_PRIORITY
#define IFA_RT_PRIORITY 9
#endif

// What was asked for when the address was made; the others say what became of it.
#define KEPT_FLAGS                                                                                 \
	(IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE |            \
	 IFA_F_MCAUTOJOIN)
// An address has few and small attributes: two of 16 bytes, a broadcast, flags and a priority.
#define ADDRESS_BYTES 256

struct address {
	struct ifaddrmsg header;
	size_t length;
	char attributes[ADDRESS_BYTES];
};

struct addresses {
	int index;
	size_t count, size;
	struct address *items;
	int failure;
};

struct parsed {
	struct address *address;
	uint32_t flags;
};

static int on_attribute(const struct nlattr *attribute, void *data)
{
	static const uint16_t kept[] = {IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST, IFA_RT_PRIORITY};
	struct parsed *parsed = data;
	struct address *address = parsed->address;
	uint16_t type = mnl_attr_get_type(attribute);
	if (type == IFA_FLAGS && mnl_attr_validate(attribute, MNL_TYPE_U32) >= 0)
		parsed->flags = mnl_attr_get_u32(attribute);
	for (size_t i = 0; i < array_size(kept); i++) {
		size_t size = MNL_ALIGN(mnl_attr_get_len(attribute));
		if (type != kept[i] || size > sizeof address->attributes - address->length)
			continue;
		memcpy(address->attributes + address->length, attribute,
		       mnl_attr_get_len(attribute));
		address->length += size;
	}
	return MNL_CB_OK;
}

static struct address *add(struct addresses *addresses)
{
	if (addresses->count == addresses->size) {
		size_t size = addresses->size ? addresses->size * 2 : 8;
		struct address *items = realloc(addresses->items, size * sizeof *items);
		if (!items)
			return NULL;
		addresses->items = items;
		addresses->size = size;
	}
	struct address *added = &addresses->items[addresses->count++];
	memset(added, 0, sizeof *added);
	return added;
}

static int on_address(const struct nlmsghdr *message, void *data)
{
	struct addresses *addresses = data;
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	if ((int)header->ifa_index != addresses->index || header->ifa_scope != RT_SCOPE_UNIVERSE)
		return MNL_CB_OK;
	struct address *address = add(addresses);
	if (!address) {
		addresses->failure = ENOMEM;
		return MNL_CB_OK;
	}
	struct parsed parsed = {address, header->ifa_flags};
	address->header = *header;
	if (mnl_attr_parse(message, sizeof *header, on_attribute, &parsed) < 0)
		return MNL_CB_ERROR;
	if (!(parsed.flags & IFA_F_PERMANENT)) {
		addresses->count--;
		return MNL_CB_OK;
	}
	uint32_t flags = parsed.flags & KEPT_FLAGS;
	struct nlattr attribute = {.nla_len = sizeof attribute + sizeof flags,
				   .nla_type = IFA_FLAGS};
	address->header.ifa_flags = (uint8_t)flags;
	memcpy(address->attributes + address->length, &attribute, sizeof attribute);
	memcpy(address->attributes + address->length + sizeof attribute, &flags, sizeof flags);
	address->length += attribute.nla_len;
	return MNL_CB_OK;
}

struct addresses *addresses_save(struct netlink *netlink, int index)
{
	char buffer[NETLINK_MESSAGE_BYTES];
	struct ifaddrmsg *header;
	struct addresses *addresses = calloc(1, sizeof *addresses);
	if (!addresses)
		return NULL;
	addresses->index = index;
	struct nlmsghdr *message =
		netlink_begin(buffer, RTM_GETADDR, NLM_F_DUMP, sizeof *header, &header);
	int result = netlink_talk(netlink, message, on_address, addresses);
	if (result == 0 && !addresses->failure)
		return addresses;
	int saved = addresses->failure ? addresses->failure : errno;
	addresses_free(addresses);
	errno = saved;
	return NULL;
}

int addresses_restore(struct netlink *netlink, int index, const struct addresses *addresses)
{
	for (size_t i = 0; i < addresses->count; i++) {
		const struct address *address = &addresses->items[i];
		char buffer[NETLINK_MESSAGE_BYTES];
		struct ifaddrmsg *header;
		struct nlmsghdr *message =
			netlink_begin(buffer, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE,
				      sizeof *header, &header);
		*header = address->header;
		header->ifa_index = (uint32_t)index;
		memcpy(mnl_nlmsg_get_payload_tail(message), address->attributes, address->length);
		message->nlmsg_len += (uint32_t)address->length;
		if (netlink_talk(netlink, message, NULL, NULL) < 0)
			return -1;
	}
	return 0;
}

void addresses_free(struct addresses *addresses)
{
	if (addresses)
		free(addresses->items);
	free(addresses);
}
