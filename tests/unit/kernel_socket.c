// SPDX-License-Identifier: Apache-2.0
// Named sockets at the end of long paths, what refuses a connection, and descriptors that travel.
#include <limits.h>
#include <sys/socket.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/socket.h"
#include "state_scratch.h"

static struct error err;

// A directory whose path is far longer than an address can hold.
static int deep_directory(char path[PATH_MAX])
{
	strcpy(path, scratch_path);
	for (int i = 0; i < 10; i++) {
		strcat(path, "/a-directory-with-a-rather-long-name-to-get-beyond-the-limit");
		ck_assert_int_eq(mkdir(path, 0700), 0);
	}
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

START_TEST(long_paths)
{
	char path[PATH_MAX], byte = 0;
	struct stat st;
	auto_close int directory = deep_directory(path);
	umask(0);
	auto_close int listener = socket_listen(directory, "s", SOCK_STREAM);
	assert_ok(listener);
	ck_assert_int_eq(fstatat(directory, "s", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(fcntl(listener, F_GETFD), FD_CLOEXEC);
	auto_close int one = socket_connect(directory, "s", SOCK_STREAM);
	assert_ok(one);
	ck_assert_int_eq(fcntl(one, F_GETFD), FD_CLOEXEC);
	strcat(path, "/s");
	ck_assert_uint_gt(strlen(path), 400);
	auto_close int two = socket_connect_path(path, SOCK_STREAM);
	assert_ok(two);
	auto_close int served = accept(listener, NULL, NULL);
	ck_assert_int_eq(write(one, "x", 1), 1);
	ck_assert_int_eq(read(served, &byte, 1), 1);
	ck_assert_int_eq(byte, 'x');
}
END_TEST

START_TEST(refusals)
{
	int listener = socket_listen(scratch_fd, "s", SOCK_SEQPACKET);
	assert_ok(listener);
	ck_assert_int_eq(socket_listen(scratch_fd, "s", SOCK_SEQPACKET), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
	close(listener);
	ck_assert_int_eq(socket_connect(scratch_fd, "s", SOCK_SEQPACKET), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
	ck_assert_int_eq(socket_connect(scratch_fd, "t", SOCK_SEQPACKET), -1);
	ck_assert_int_eq(errno, ENOENT);
	scratch_write("file", "", 0, 0600);
	ck_assert_int_eq(socket_connect(scratch_fd, "file", SOCK_SEQPACKET), -1);
	ck_assert_int_eq(errno, ENOTSOCK);
	ck_assert_int_eq(symlinkat("s", scratch_fd, "link"), 0);
	ck_assert_int_eq(socket_connect(scratch_fd, "link", SOCK_SEQPACKET), -1);
	ck_assert_int_eq(errno, ENOTSOCK);
	ck_assert_int_eq(socket_listen(scratch_fd, "a/b", SOCK_SEQPACKET), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(socket_listen(scratch_fd, "", SOCK_SEQPACKET), -1);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(descriptors_travel)
{
	int fds[2], got = -2;
	char data[16];
	ck_assert_int_eq(socket_pair(fds), 0);
	auto_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_ok(socket_send_fd(fds[0], "hello", 5, null));
	ck_assert_int_eq(socket_receive_fd(fds[1], data, sizeof data, &got), 5);
	ck_assert_int_ge(got, 0);
	ck_assert_int_eq(fcntl(got, F_GETFD), FD_CLOEXEC);
	struct stat a, b;
	fstat(null, &a), fstat(got, &b);
	ck_assert_uint_eq(a.st_rdev, b.st_rdev);
	close(got);
	assert_ok(socket_send_fd(fds[0], "hello", 5, -1));
	ck_assert_int_eq(socket_receive_fd(fds[1], data, sizeof data, &got), 5);
	ck_assert_int_eq(got, -1);
	// a message that is longer than the buffer, with a descriptor that must not stay
	assert_ok(socket_send_fd(fds[0], "hello, hello, hello", 19, null));
	int next = dup(0);
	close(next);
	ck_assert_int_eq(socket_receive_fd(fds[1], data, sizeof data, &got), -1);
	ck_assert_int_eq(errno, EMSGSIZE);
	ck_assert_int_eq(got, -1);
	int after = dup(0);
	ck_assert_int_eq(after, next);
	close(after);
	close(fds[0]);
	ck_assert_int_eq(socket_receive_fd(fds[1], data, sizeof data, &got), 0);
	ck_assert_int_eq(socket_send_fd(fds[1], "x", 1, -1), -1);
	ck_assert_int_eq(errno, EPIPE);
	close(fds[1]);
}
END_TEST

// More descriptors than asked for are closed, not kept.
START_TEST(surplus_descriptors_are_closed)
{
	int fds[2], got = -2, two[2] = {0, 1};
	char byte = 'x';
	struct iovec part = {&byte, 1};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof two)];
	} control = {.header = {CMSG_LEN(sizeof two), SOL_SOCKET, SCM_RIGHTS}};
	memcpy(CMSG_DATA(&control.header), two, sizeof two);
	ck_assert_int_eq(socket_pair(fds), 0);
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof control};
	ck_assert_int_eq(sendmsg(fds[0], &message, 0), 1);
	int next = dup(0);
	close(next);
	ck_assert_int_eq(socket_receive_fd(fds[1], &byte, 1, &got), -1);
	ck_assert_int_eq(errno, EPROTO);
	int after = dup(0);
	ck_assert_int_eq(after, next);
}
END_TEST

// A stream takes what it has room for: everything arrives, the descriptor once.
START_TEST(partial_writes)
{
	enum { SIZE = 1 << 20 };
	char *data = malloc(SIZE);
	int fds[2], fd = -1, descriptors = 0;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	pid_t pid = fork();
	if (pid == 0) {
		memset(data, 'a', SIZE);
		_exit(socket_send_fd(fds[0], data, SIZE, 0) < 0);
	}
	size_t total = 0;
	close(fds[0]);
	for (;;) {
		ssize_t n = socket_receive_fd(fds[1], data, 60000, &fd);
		ck_assert_int_ge(n, 0);
		if (fd >= 0) {
			descriptors++;
			close(fd);
		}
		if (!n)
			break;
		total += (size_t)n;
	}
	ck_assert_uint_eq(total, SIZE);
	ck_assert_int_eq(descriptors, 1);
	int status = 1;
	ck_assert_int_eq(process_reap(pid, &status), 0);
	ck_assert_int_eq(status, 0);
	free(data);
}
END_TEST

// More wait already than its owner wants to accept.
START_TEST(full_listener)
{
	char path[PATH_MAX];
	sigset_t before;
	auto_close int listener = socket_listen(scratch_fd, "s", SOCK_STREAM);
	assert_ok(listener);
	ck_assert_int_eq(listen(listener, 0), 0);
	snprintf(path, sizeof path, "%s/s", scratch_path);
	auto_close int first = socket_connect_path(path, SOCK_STREAM);
	assert_ok(first);
	ck_assert_int_eq(signals_block_interrupts(&before), 0);
	auto_close int interrupts = signals_open_interrupts();
	int told[2];
	ck_assert_int_eq(pipe(told), 0);
	pid_t parent = getpid(), child = fork();
	if (child == 0) {
		char byte;
		close(told[1]);
		usleep(300000);
		kill(parent, SIGTERM);
		// (no room before the first has been interrupted)
		while (read(told[0], &byte, 1) > 0)
			;
		usleep(300000);
		close(accept(listener, NULL, NULL));
		_exit(0);
	}
	close(told[0]);
	ck_assert_int_eq(socket_connect_path_unless(path, SOCK_STREAM, interrupts), -1);
	ck_assert_int_eq(errno, EINTR);
	close(told[1]);
	// (the control: it does come through when there is room)
	auto_close int second = socket_connect_path_unless(path, SOCK_STREAM, interrupts);
	assert_ok(second);
	struct timeval patience;
	socklen_t size = sizeof patience;
	ck_assert_int_eq(getsockopt(second, SOL_SOCKET, SO_SNDTIMEO, &patience, &size), 0);
	ck_assert_int_eq(patience.tv_sec, 0);
	ck_assert_int_eq(patience.tv_usec, 0);
	int status = 1;
	ck_assert_int_eq(process_reap(child, &status), 0);
	sigprocmask(SIG_SETMASK, &before, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("socket");
	TCase *all = tcase_create("socket");
	tcase_add_checked_fixture(all, scratch_make, scratch_remove);
	tcase_add_test(all, long_paths);
	tcase_add_test(all, refusals);
	tcase_add_test(all, descriptors_travel);
	tcase_add_test(all, surplus_descriptors_are_closed);
	tcase_add_test(all, partial_writes);
	tcase_add_test(all, full_listener);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
