// SPDX-License-Identifier: Apache-2.0
// The loopback device. One socket and one ioctl: netlink would need three messages for the same.
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/network/network.h"

int network_loopback_up(struct error *err)
{
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_errno(err, "socket");
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return error_errno(err, "bring the loopback device up");
	return 0;
}
