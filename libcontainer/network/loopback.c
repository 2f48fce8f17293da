// SPDX-License-Identifier: Apache-2.0
// A network namespace, and its loopback device: one socket and one ioctl, where netlink would need three messages.
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/socket.h"
#include "libcontainer/network/network.h"

static int open_socket(struct error *err)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd < 0 ? error_errno(err, "socket") : fd;
}

int network_loopback_up(int socket, struct error *err)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	auto_close int own = socket < 0 ? open_socket(err) : -1;
	if (socket < 0 && own < 0)
		return -1;
	if (ioctl(socket < 0 ? own : socket, SIOCSIFFLAGS, &request) < 0)
		return error_errno(err, "bring the loopback device up");
	return 0;
}

static int open_inside(int *netns, int *socket, struct error *err)
{
	*socket = open_socket(err);
	if (*socket < 0)
		return -1;
	*netns = socket_network_namespace(*socket);
	return *netns < 0 ? error_errno(err, "open the new network namespace") : 0;
}

int network_make(int own, int *netns, int *socket, struct error *err)
{
	*netns = *socket = -1;
	auto_close int home = socket_network_namespace(own);
	if (home < 0)
		return error_errno(err, "open the caller's network namespace%s",
				   errno == EPERM ? " (it takes CAP_NET_ADMIN)" : "");
	if (unshare(CLONE_NEWNET) < 0)
		return error_errno(err, "make a network namespace%s",
				   errno == ENOSPC ? " (a limit is reached: see "
						     "/proc/sys/user/max_net_namespaces)"
						   : "");
	int result = open_inside(netns, socket, err);
	if (setns(home, CLONE_NEWNET) < 0)
		return error_errno(err, "return to the caller's network namespace");
	return result;
}
