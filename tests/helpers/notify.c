// SPDX-License-Identifier: Apache-2.0
// A program that talks to its service manager: notify MESSAGE [barrier]. "\n" in MESSAGE is a line's end. barrier: sends BARRIER=1 with a
// descriptor afterwards, and waits until somebody has closed it (status 3 after 5 s).
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int tell(const char *path, const char *text, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {.bytes = {0}};
	char data[4096];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct iovec iov = {data, strlen(text)};
	struct msghdr m = {.msg_name = &address, .msg_iov = &iov, .msg_iovlen = 1};
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	m.msg_namelen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
	memcpy(data, text, iov.iov_len);
	if (fd >= 0) {
		m.msg_control = control.bytes;
		m.msg_controllen = sizeof(control.bytes);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.align), &fd, sizeof(int));
	}
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0 || sendmsg(s, &m, 0) < 0) {
		perror("notify");
		return -1;
	}
	return close(s);
}

int main(int argc, char **argv)
{
	const char *path = getenv("NOTIFY_SOCKET");
	char text[2048];
	size_t used = 0;
	if (argc < 2 || !path)
		return 2;
	for (const char *p = argv[1]; *p && used < sizeof(text) - 1; p++) {
		int end = p[0] == '\\' && p[1] == 'n';
		text[used++] = end ? '\n' : *p;
		p += end;
	}
	text[used] = 0;
	if (tell(path, text, -1) < 0)
		return 1;
	if (argc < 3)
		return 0;
	int ends[2];
	if (pipe(ends) < 0 || tell(path, "BARRIER=1", ends[1]) < 0)
		return 1;
	close(ends[1]);
	struct pollfd closed = {.fd = ends[0]};
	return poll(&closed, 1, 5000) == 1 ? 0 : 3;
}
