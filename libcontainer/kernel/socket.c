// SPDX-License-Identifier: Apache-2.0
// See socket.h.
//
// An address holds 107 bytes and paths are longer, so it always names a descriptor: "/proc/self/fd/N" of an O_PATH
// handle of the socket itself, or of its directory. Abstract addresses have no mode:
// husk makes none.
#include "libcontainer/kernel/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/process.h"

// Status queries connect and close; those that a busy listener has not yet accepted wait here.
#define BACKLOG 64
// A connect that waits for its listener looks up this often, and gives up after this many times.
#define LOOK_UP_MS 100
#define LOOK_UPS 100

int socket_network_namespace(int socket)
{
	return ioctl(socket, SIOCGSKNS);
}

int socket_pair(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds);
}

// The mode of the socket is what its file gets, so there is no moment at which it is wider.
static int bind_below(int dir_fd, const char *name, int type, mode_t mode)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (!*name || strchr(name, '/')) {
		errno = EINVAL;
		return -1;
	}
	int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/%s",
			      fd_proc_path(dir_fd).text, name);
	if (length < 0 || (size_t)length >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	auto_close int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (fchmod(fd, mode) < 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return -1;
	return take_fd(&fd);
}

int socket_listen(int dir_fd, const char *name, int type)
{
	auto_close int fd = bind_below(dir_fd, name, type, 0600);
	if (fd < 0 || listen(fd, BACKLOG) < 0)
		return -1;
	return take_fd(&fd);
}

int socket_bind_datagram(int dir_fd, const char *name, mode_t mode)
{
	mode_t mask = umask(0);
	int fd = bind_below(dir_fd, name, SOCK_DGRAM, mode);
	(void)umask(mask);
	return fd;
}

static int set_patience(int fd, long ms)
{
	const struct timeval time = {.tv_usec = ms * 1000};
	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

static int connect_once(int fd, const struct sockaddr_un *address)
{
	int rc;
	do
		rc = connect(fd, (const struct sockaddr *)address, sizeof *address);
	while (rc < 0 && errno == EINTR);
	return rc;
}

// Nothing else wakes up from connect when there is room.
static int connect_patiently(int fd, const struct sockaddr_un *address, int interrupts)
{
	if (set_patience(fd, LOOK_UP_MS) < 0)
		return -1;
	for (int i = 0; i < LOOK_UPS; i++) {
		if (connect_once(fd, address) == 0)
			return set_patience(fd, 0);
		if (errno != EAGAIN)
			return -1;
		if (interrupts >= 0 && signals_take_interrupt(interrupts)) {
			errno = EINTR;
			return -1;
		}
	}
	errno = ETIMEDOUT;
	return -1;
}

// path_fd: an O_PATH handle of the socket's file.
static int make_for(int path_fd, int type, struct sockaddr_un *address)
{
	struct stat st;
	if (fstat(path_fd, &st) < 0)
		return -1;
	if (!S_ISSOCK(st.st_mode)) {
		errno = ENOTSOCK;
		return -1;
	}
	struct fd_path path = fd_proc_path(path_fd);
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(address->sun_path, path.text, sizeof path.text);
	return socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
}

int socket_connect(int dir_fd, const char *name, int type)
{
	struct sockaddr_un address;
	auto_close int path_fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (path_fd < 0)
		return -1;
	auto_close int fd = make_for(path_fd, type, &address);
	return fd < 0 || connect_once(fd, &address) < 0 ? -1 : take_fd(&fd);
}

int socket_connect_path_unless(const char *path, int type, int interrupts)
{
	struct sockaddr_un address;
	auto_close int path_fd = openat(AT_FDCWD, path, O_PATH | O_CLOEXEC);
	if (path_fd < 0)
		return -1;
	auto_close int fd = make_for(path_fd, type, &address);
	return fd < 0 || connect_patiently(fd, &address, interrupts) < 0 ? -1 : take_fd(&fd);
}

int socket_connect_path(const char *path, int type)
{
	return socket_connect_path_unless(path, type, -1);
}

int socket_connect_abstract(const char *name, int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(name);
	if (length == 0 || length > sizeof address.sun_path - 1) {
		errno = EINVAL;
		return -1;
	}
	memcpy(address.sun_path + 1, name, length);
	auto_close int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, size) < 0)
		return -1;
	return take_fd(&fd);
}

static ssize_t send_message(int socket, const struct msghdr *message)
{
	ssize_t n;
	do
		n = sendmsg(socket, message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n;
}

int socket_send_fd(int socket, const void *data, size_t size, int fd)
{
	// an iovec serves both directions and knows no const
	const union {
		const void *constant;
		void *plain;
	} source = {.constant = data};
	struct iovec part = {.iov_base = source.plain, .iov_len = size};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	if (fd >= 0) {
		memset(&control, 0, sizeof control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
		message.msg_control = &control;
		message.msg_controllen = sizeof control.space;
	}
	for (;;) {
		ssize_t n = send_message(socket, &message);
		if (n < 0)
			return -1;
		if ((size_t)n >= part.iov_len)
			return 0;
		// a stream took a part, and the descriptor with it
		part.iov_base = (char *)part.iov_base + n;
		part.iov_len -= (size_t)n;
		message.msg_control = NULL;
		message.msg_controllen = 0;
	}
}

// Takes the first descriptor out of the message and closes all others that came with it. Returns their number.
static size_t take_descriptors(struct msghdr *message, int *first)
{
	size_t count = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t here = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < here; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (count++ == 0)
				*first = fd;
			else
				memory_close(fd);
		}
	}
	return count;
}

ssize_t socket_receive_fd(int socket, void *data, size_t size, int *fd)
{
	struct iovec part = {.iov_base = data, .iov_len = size};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	memset(&control, 0, sizeof control);
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof control.space};
	*fd = -1;
	ssize_t n;
	do
		n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	auto_close int received = -1;
	size_t count = take_descriptors(&message, &received);
	if (count > 1 || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		errno = message.msg_flags & MSG_TRUNC ? EMSGSIZE : EPROTO;
		return -1;
	}
	*fd = take_fd(&received);
	return n;
}
