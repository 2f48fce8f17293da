// SPDX-License-Identifier: Apache-2.0
// The other end of the sockets that husk is given: receive INFO SOCKET [dgram|agent].
//
// stream: takes one connection and one message with its descriptor, appends {"data","fds","target"} to INFO (a file), and then serves the
// descriptor: a pseudo terminal is copied from and to standard output and input until it hangs up; of a seccomp notification
// descriptor every call is answered with ENOANO. dgram: each datagram goes to INFO as a line, until the program is ended.
// agent: serves any number of seccomp descriptors at once until it is ended; acct is answered with ENOANO, all others go on.
// The socket exists once the line {"listening":1} is in INFO.
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static void quoted(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', out);
		if ((unsigned char)*s >= 0x20)
			fputc(*s, out);
	}
	fputc('"', out);
}

static int receive(int connection, char *data, size_t size, int *count)
{
	union {
		char bytes[CMSG_SPACE(16 * sizeof(int))];
		struct cmsghdr align;
	} control = {.bytes = {0}};
	struct iovec iov = {data, size - 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes)};
	int fd = -1;
	ssize_t n = recvmsg(connection, &m, MSG_CMSG_CLOEXEC);
	data[n > 0 ? n : 0] = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); n >= 0 && c; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_type != SCM_RIGHTS)
			continue;
		*count += (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(&fd, CMSG_DATA(c), sizeof(int));
	}
	return fd;
}

static void serve_terminal(int fd)
{
	struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
	char buffer[4096];
	for (;;) {
		if (poll(fds, 2, -1) < 0)
			return;
		if (fds[0].revents) {
			ssize_t n = read(fd, buffer, sizeof(buffer));
			if (n <= 0 || write(1, buffer, (size_t)n) != n)
				return;
		}
		if (fds[1].fd >= 0 && fds[1].revents) {
			ssize_t n = read(0, buffer, sizeof(buffer));
			if (n <= 0)
				fds[1].fd = -1;
			else if (write(fd, buffer, (size_t)n) != n)
				return;
		}
	}
}

static void serve_seccomp(int fd, FILE *info, int agent)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	while (poll(&p, 1, -1) > 0 && !(p.revents & POLLHUP)) {
		struct seccomp_notif request = {0};
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
			continue;
		struct seccomp_notif_resp answer = {.id = request.id, .error = -ENOANO};
		if (agent && request.data.nr != SYS_acct) {
			answer.error = 0;
			answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		}
		fprintf(info, "{\"notification\":%d}\n", request.data.nr);
		fflush(info);
		ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
}

int main(int argc, char **argv)
{
	static char data[65536];
	char path[64], target[512] = "";
	int count = 0;
	if (argc < 3)
		return 2;
	int agent = argc > 3 && strcmp(argv[3], "agent") == 0;
	int datagram = argc > 3 && strcmp(argv[3], "dgram") == 0;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	FILE *info = fopen(argv[1], "we");
	int s = socket(AF_UNIX, (datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", argv[2]);
	if (!info || s < 0 || bind(s, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    (!datagram && listen(s, 8) < 0)) {
		perror("receive");
		return 2;
	}
	fputs("{\"listening\":1}\n", info);
	fflush(info);
	for (;;) {
		int connection = datagram ? s : accept(s, NULL, NULL);
		int fd = receive(connection, data, sizeof(data), &count);
		if (fd >= 0) {
			snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
			ssize_t n = readlink(path, target, sizeof(target) - 1);
			target[n > 0 ? n : 0] = 0;
		}
		fputs("{\"data\":", info);
		quoted(info, data);
		fprintf(info, ",\"fds\":%d,\"target\":", count);
		quoted(info, target);
		fputs("}\n", info);
		fflush(info);
		if (datagram) {
			if (fd >= 0)
				close(fd);  // what a barrier waits for
			count = 0;
			continue;
		}
		close(connection);
		if (agent) {
			count = 0;
			if (fd >= 0 && fork() == 0) {
				serve_seccomp(fd, info, 1);
				_exit(0);
			}
			close(fd);
			continue;
		}
		if (fd >= 0 && strstr(target, "seccomp"))
			serve_seccomp(fd, info, 0);
		else if (fd >= 0 && isatty(fd))
			serve_terminal(fd);
		return 0;
	}
}
