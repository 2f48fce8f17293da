// SPDX-License-Identifier: Apache-2.0
// The gate between create and start: a socket in the state directory on which the waiting init listens.
//
//	start                      init
//	connect, "go"   ------>    the first one who says "go" is served: the listener is closed
//	                <------    struct error: a hook, or execve, failed
//	                <------    "last": nothing is left but execve
//	end of conversation        execve closed the connection, or init is gone
//
// Others who are connected at that moment lose their connection with their "go" unread: ECONNRESET, never a clean end.
// Those who connect later get ECONNREFUSED. So a clean end always belongs to the one start that was served.
//
// Who may connect is decided by the directory (0700) and the socket (0600) and by nothing else. SO_PEERCRED
// would add no proof: in a user namespace every user who is not mapped appears as the same overflow id.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/socket.h"
#include "libcontainer/state/state.h"

// Connected callers that have not said anything yet. When more come, the oldest goes.
#define SILENT_MAX 16U

static const char go_word[] = "go";
static const char last_word[] = "last";

int start_gate_listen(int dir_fd, int *listener, struct error *err)
{
	int fd = socket_listen(dir_fd, START_GATE_NAME, SOCK_SEQPACKET);
	if (fd < 0)
		return error_errno(err, "make the start socket");
	*listener = fd;
	return 0;
}

// ---- init ----------------------------------------------------------------------------------------

struct callers {
	struct pollfd fds[1 + SILENT_MAX];  // the listener first; the callers are owned
	nfds_t count;
};

static void callers_remove(struct callers *callers, nfds_t i)
{
	memory_close(callers->fds[i].fd);
	callers->count--;
	for (; i < callers->count; i++)
		callers->fds[i] = callers->fds[i + 1];
}

static int callers_accept(struct callers *callers)
{
	// cppcheck-suppress nullPointer  // who calls does not matter
	int fd = accept4(callers->fds[0].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		// the caller went away, or somebody else's mistake: both are no reason to stop waiting
		bool passing = errno == EINTR || errno == EAGAIN || errno == ECONNABORTED ||
			       errno == EPERM;
		return passing ? 0 : -1;
	}
	if (callers->count == 1 + SILENT_MAX)
		callers_remove(callers, 1);
	callers->fds[callers->count++] = (struct pollfd){.fd = fd, .events = POLLIN};
	return 0;
}

// The word of one caller: 1 = "go", 0 = nothing yet, -1 = it left or talks nonsense.
static int hear(int fd)
{
	char word[sizeof go_word];
	ssize_t n = recv(fd, word, sizeof word, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return n == sizeof word && memcmp(word, go_word, sizeof word) == 0 ? 1 : -1;
}

// The caller who said go, taken out of the list; -1 when nobody did.
static int callers_serve(struct callers *callers)
{
	for (nfds_t i = callers->count - 1; i > 0; i--) {
		if (!callers->fds[i].revents)
			continue;
		int heard = hear(callers->fds[i].fd);
		if (heard > 0) {
			int fd = take_fd(&callers->fds[i].fd);
			callers_remove(callers, i);
			return fd;
		}
		if (heard < 0)
			callers_remove(callers, i);
	}
	return -1;
}

static int wait_for_go(struct callers *callers)
{
	for (;;) {
		if (poll(callers->fds, callers->count, -1) < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		short listener = callers->fds[0].revents;
		int fd = callers_serve(callers);
		if (fd >= 0)
			return fd;
		if (listener & POLLNVAL) {
			errno = EBADF;
			return -1;
		}
		if (listener && callers_accept(callers) < 0)
			return -1;
	}
}

int start_gate_wait(int listener, int *connection, struct error *err)
{
	struct callers callers = {.fds = {{.fd = listener, .events = POLLIN}}, .count = 1};
	// a caller that goes away between poll and accept must not make us wait in accept
	int flags = fcntl(listener, F_GETFL);
	if (flags < 0 || fcntl(listener, F_SETFL, flags | O_NONBLOCK) < 0)
		return error_errno(err, "start socket");
	auto_close int fd = wait_for_go(&callers);
	int saved = errno;
	// the listener first: who is not connected by now is refused, not cut off
	memory_close(listener);
	while (callers.count > 1)
		callers_remove(&callers, callers.count - 1);
	errno = saved;
	if (fd < 0 || fcntl(fd, F_SETFL, 0) < 0)
		return error_errno(err, "wait for start");
	*connection = take_fd(&fd);
	return 0;
}

void start_gate_fail(int connection, const struct error *failure)
{
	// when the caller is gone nobody can be told
	ssize_t n = send(connection, failure, sizeof *failure, MSG_NOSIGNAL);
	(void)n;
}

void start_gate_say_last(int connection)
{
	ssize_t n = send(connection, last_word, sizeof last_word, MSG_NOSIGNAL);
	(void)n;
}

// ---- start ---------------------------------------------------------------------------------------

static int say_go(int fd)
{
	ssize_t n;
	do
		n = send(fd, go_word, sizeof go_word, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

int start_gate_open(int dir_fd, int *connection, struct error *err)
{
	// (of many who are silent, init lets go of some)
	if (*connection >= 0 && fcntl(*connection, F_SETFL, 0) == 0 && say_go(*connection) == 0)
		return 0;
	memory_close(take_fd(connection));
	auto_close int fd = socket_connect(dir_fd, START_GATE_NAME, SOCK_SEQPACKET);
	if (fd < 0 && errno == ENOENT)
		errno = ECONNREFUSED;
	if (fd < 0)
		return error_errno(err, "start socket");
	if (say_go(fd) < 0) {
		// init served another one since we connected
		if (errno == EPIPE || errno == ECONNRESET)
			errno = ECONNREFUSED;
		return error_errno(err, "start socket");
	}
	*connection = take_fd(&fd);
	return 0;
}

static int refused(struct error *err)
{
	return error_set(err, ECONNREFUSED, "start socket: init does not wait: %s",
			 error_text(ECONNREFUSED));
}

// Of a connection that init never took the kernel first marks the end, then sets the error that tells it from one that init took, and
// a reader may come in between. shutdown(2) takes the lock under which both are done.
static int ended_without_a_word(int connection, struct error *err)
{
	int cause = 0;
	socklen_t size = sizeof cause;
	(void)shutdown(connection, SHUT_RDWR);
	if (getsockopt(connection, SOL_SOCKET, SO_ERROR, &cause, &size) == 0 && cause == ECONNRESET)
		return refused(err);
	return 1;
}

int start_gate_outcome(int connection, bool *last, struct error *err)
{
	bool failed = false;
	*last = false;
	for (;;) {
		struct error heard;
		ssize_t n = recv(connection, &heard, sizeof heard, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 && failed)
			return -1;
		if (n < 0 && errno == ECONNRESET)
			return refused(err);
		if (n < 0)
			return error_errno(err, "start socket");
		if (n == 0)
			return *last ? 0 : ended_without_a_word(connection, err);
		if (n == sizeof heard) {
			heard.message[sizeof heard.message - 1] = '\0';
			// a refusal that init met (a listener of the configuration) is none of ours
			if (heard.code == ECONNREFUSED)
				heard.code = 0;
			error_set(err, heard.code, "%s", heard.message);
			failed = true;  // the same may follow, in better words
			continue;
		}
		if (n != sizeof last_word || memcmp(&heard, last_word, sizeof last_word) != 0)
			return error_set(err, EPROTO,
					 "start socket: init sent %zd bytes of nonsense", n);
		*last = true;
	}
}
