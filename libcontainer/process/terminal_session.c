// SPDX-License-Identifier: Apache-2.0
// The caller's own terminal while a container runs in the foreground: raw mode and copying, in one poll loop.
//
// Each direction has one buffer; a side is only read while its buffer is empty and only written while it is not, so a reader
// that stops stops the writer at the other end and nothing else: signals and the end of the program are still seen. A side
// that has hung up is no longer asked, for poll would answer at once for ever.
//
// Our own descriptors are often shared with the caller's shell, so they are never made non-blocking; a terminal or pipe
// is opened once more for that.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/process/process.h"

// Writing so much to a pipe that poll calls writable does not block.
#define CHUNK_BYTES 4096
// How often a terminal that every program has closed is looked at again: one of them may open it once more.
#define HUNG_UP_MS 100
// How often the end of our input is said anew, at first and at last.
#define END_SOON_MS 50
#define END_LATE_MS 1000

struct buffer {
	size_t begin, end;
	char data[CHUNK_BYTES];
};

struct terminal_session {
	int master;        // borrowed
	int master_flags;  // as they were
	int own;           // the caller's terminal: 0, 1 or 2; -1 when none is one
	struct termios saved, raw;
	int input, output;  // what is copied from and to: 0 and 1, or owned copies
	bool input_open;    // worth asking
	bool input_paused;  // a background job may not read its terminal until it is continued
	bool input_ended;   // the program's has to end as well
	int64_t end_due;    // CLOCK_MONOTONIC in ms: when to say so again
	int end_pause;      // what lies between, in ms
	bool end_edited;    // it was said last to one who edits lines
	bool output_open;
	bool output_socket;
	bool master_hung_up;
	bool ended;    // the program has
	bool drained;  // and all it wrote was read
	struct signals_pipe held;
	struct buffer to_master, to_output;
};

// ---- begin, end ----------------------------------------------------------------------------------

static int find_own_terminal(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (isatty(fd))
			return fd;
	return -1;
}

// The same file with a description of its own, non-blocking; fd itself where that cannot be had or is not wanted:
// a regular file would lose its offset, and never blocks anyway.
static int open_again(int fd, int flags)
{
	struct stat st;
	if (fstat(fd, &st) < 0 || !(S_ISFIFO(st.st_mode) || isatty(fd)))
		return fd;
	int copy =
		openat(AT_FDCWD, fd_proc_path(fd).text, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return copy < 0 ? fd : copy;
}

static bool is_socket(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

static void copy_size(int own, int master)
{
	struct winsize size;
	if (own >= 0 && ioctl(own, TIOCGWINSZ, &size) == 0 && (size.ws_row || size.ws_col))
		ioctl(master, TIOCSWINSZ, &size);
}

void terminal_session_copy_size(int master)
{
	copy_size(find_own_terminal(), master);
}

static int make_raw(struct terminal_session *session)
{
	if (session->own < 0)
		return 0;
	if (tcgetattr(session->own, &session->saved) < 0)
		return -1;
	session->raw = session->saved;
	cfmakeraw(&session->raw);
	// the container's terminal does not turn a newline into two bytes, so ours has to
	session->raw.c_oflag |= OPOST;
	return tcsetattr(session->own, TCSANOW, &session->raw);
}

static int set_up(struct terminal_session *s, int master, struct error *err)
{
	s->master = master;
	s->master_flags = fcntl(master, F_GETFL);
	if (s->master_flags < 0 || fcntl(master, F_SETFL, s->master_flags | O_NONBLOCK) < 0)
		return error_errno(err, "terminal of the container");
	s->own = find_own_terminal();
	if (make_raw(s) < 0) {
		error_errno(err, "raw mode of the terminal");
		(void)fcntl(master, F_SETFL, s->master_flags);
		return -1;
	}
	s->input = open_again(0, O_RDONLY);
	s->output = open_again(1, O_WRONLY);
	s->output_socket = is_socket(1);
	s->input_open = s->output_open = true;
	signals_hold_pipe(&s->held);
	return 0;
}

int terminal_session_begin(int master, struct terminal_session **session, struct error *err)
{
	struct terminal_session *s = calloc(1, sizeof *s);
	if (!s)
		return error_set(err, ENOMEM, "terminal: out of memory");
	if (set_up(s, master, err) < 0) {
		free(s);
		return -1;
	}
	*session = s;
	return 0;
}

void terminal_session_end(struct terminal_session *session)
{
	if (!session)
		return;
	// TCSANOW: waiting for output that a stopped terminal holds back could take for ever
	if (session->own >= 0)
		tcsetattr(session->own, TCSANOW, &session->saved);
	(void)fcntl(session->master, F_SETFL, session->master_flags);
	if (session->input != 0)
		memory_close(session->input);
	if (session->output != 1)
		memory_close(session->output);
	signals_release_pipe(&session->held);
	free(session);
}

// ---- copying -------------------------------------------------------------------------------------

static bool buffer_empty(const struct buffer *buffer)
{
	return buffer->begin == buffer->end;
}

static void buffer_fill(struct buffer *buffer, ssize_t n)
{
	buffer->begin = 0;
	buffer->end = (size_t)n;
}

static bool again(void)
{
	return errno == EAGAIN || errno == EINTR;
}

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// What stands for the end of input on a terminal is a character; a program that reads lines understands it, or one that edits them
// (no ICANON, but still OPOST). One that reads it takes it away, and it is lost when a shell changes from one to the other: so it
// is said again, for each who reads lines, and to an editor when it begins to be one.
static void say_end(struct terminal_session *s)
{
	struct termios settings;
	s->end_due = now_ms() + s->end_pause;
	s->end_pause = s->end_pause * 2 < END_LATE_MS ? s->end_pause * 2 : END_LATE_MS;
	if (tcgetattr(s->master, &settings) < 0)
		return;
	bool lines = settings.c_lflag & ICANON, edits = !lines && settings.c_oflag & OPOST;
	if (!lines && (!edits || s->end_edited))
		return;
	s->end_edited = edits;
	s->to_master.data[0] = (char)settings.c_cc[VEOF];
	buffer_fill(&s->to_master, 1);
}

static void end_input(struct terminal_session *s)
{
	s->input_open = false;
	if (s->own == 0)
		return;
	s->input_ended = true;
	s->end_pause = END_SOON_MS;
	say_end(s);
}

static bool end_is_due(const struct terminal_session *s)
{
	return s->input_ended && !s->ended && buffer_empty(&s->to_master);
}

static int until_end_is_due(const struct terminal_session *s)
{
	int64_t left = s->end_due - now_ms();
	return left < 0 ? 0 : left > END_LATE_MS ? END_LATE_MS : (int)left;
}

static void read_input(struct terminal_session *s)
{
	ssize_t n = read(s->input, s->to_master.data, sizeof s->to_master.data);
	if (n > 0)
		buffer_fill(&s->to_master, n);
	else if (n == 0)
		end_input(s);
	else if (errno == EIO && s->own == 0)
		s->input_paused = true;
	else if (!again())
		s->input_open = false;
}

static void write_master(struct terminal_session *s)
{
	struct buffer *b = &s->to_master;
	ssize_t n = write(s->master, b->data + b->begin, b->end - b->begin);
	if (n > 0)
		b->begin += (size_t)n;
	else if (n < 0 && !again())
		b->begin = b->end;  // nobody is there to read it
}

static void read_master(struct terminal_session *s)
{
	ssize_t n = read(s->master, s->to_output.data, sizeof s->to_output.data);
	if (n > 0) {
		s->master_hung_up = false;
		s->end_pause = END_SOON_MS;  // it goes on
		// whom nobody listens to shall still be able to go on
		if (s->output_open)
			buffer_fill(&s->to_output, n);
		return;
	}
	if (n < 0 && errno == EINTR)
		return;
	// Reading also fetches what the kernel still has in flight. So "nothing there" after the end of the program
	// is the end of what it wrote, even if another process keeps the terminal open.
	if (s->ended)
		s->drained = true;
	if (n == 0 || errno != EAGAIN)
		s->master_hung_up = true;
}

static void write_output(struct terminal_session *s)
{
	struct buffer *b = &s->to_output;
	size_t left = b->end - b->begin;
	ssize_t n = s->output_socket
			    ? send(s->output, b->data + b->begin, left, MSG_NOSIGNAL | MSG_DONTWAIT)
			    : write(s->output, b->data + b->begin, left);
	if (n >= 0)
		b->begin += (size_t)n;
	else if (!again())
		s->output_open = false;
}

// ---- the loop ------------------------------------------------------------------------------------

struct sources {
	int pidfd, signal_fd;
	bool (*forward)(void *data, int signal);
	void *data;
};

enum { at_pidfd, at_signals, at_input, at_master, at_output, at_count };

static void take_signal(struct terminal_session *s, const struct sources *sources)
{
	struct signalfd_siginfo info;
	if (read(sources->signal_fd, &info, sizeof info) != sizeof info)
		return;
	int signal = (int)info.ssi_signo;
	if (signal == SIGWINCH) {
		copy_size(s->own, s->master);
		return;
	}
	if (signal == SIGCONT) {
		// while we were stopped the shell had the terminal, and gave it back as it likes it
		if (s->own >= 0)
			tcsetattr(s->own, TCSANOW, &s->raw);
		copy_size(s->own, s->master);
		s->input_paused = false;
	}
	// the program is gone and cannot be told: then it is us who are to end
	if (s->ended &&
	    (signal == SIGTERM || signal == SIGINT || signal == SIGHUP || signal == SIGQUIT))
		s->output_open = false;
	if (sources->forward && sources->forward(sources->data, signal))
		s->ended = true;
}

static int choose(const struct terminal_session *s, const struct sources *sources,
		  struct pollfd fds[at_count])
{
	bool want_input =
		s->input_open && !s->input_paused && !s->ended && buffer_empty(&s->to_master);
	bool can_read_master = buffer_empty(&s->to_output);
	short master = 0;
	if (can_read_master)
		master |= POLLIN;
	if (!buffer_empty(&s->to_master))
		master |= POLLOUT;
	fds[at_pidfd] = (struct pollfd){.fd = s->ended ? -1 : sources->pidfd, .events = POLLIN};
	fds[at_signals] = (struct pollfd){.fd = sources->signal_fd, .events = POLLIN};
	fds[at_input] = (struct pollfd){.fd = want_input ? s->input : -1, .events = POLLIN};
	fds[at_master] = (struct pollfd){.fd = master && !s->master_hung_up ? s->master : -1,
					 .events = master};
	fds[at_output] = (struct pollfd){.fd = buffer_empty(&s->to_output) ? -1 : s->output,
					 .events = POLLOUT};
	if (s->ended && can_read_master)
		return 0;
	if (end_is_due(s) && !s->master_hung_up)
		return until_end_is_due(s);
	return s->master_hung_up ? HUNG_UP_MS : -1;
}

static void serve(struct terminal_session *s, const struct sources *sources,
		  const struct pollfd fds[at_count])
{
	if (fds[at_signals].revents)
		take_signal(s, sources);
	if (fds[at_pidfd].revents)
		s->ended = true;
	if (fds[at_input].revents)
		read_input(s);
	else if (end_is_due(s) && until_end_is_due(s) == 0)
		say_end(s);
	if (fds[at_master].revents & (POLLOUT | POLLERR | POLLHUP) && !buffer_empty(&s->to_master))
		write_master(s);
	if (fds[at_output].revents)
		write_output(s);
	if (!s->output_open)
		s->to_output.begin = s->to_output.end;
	// a hung up terminal is read when its time has come; after the end everything is read until nothing is left
	bool look = fds[at_master].revents & (POLLIN | POLLERR | POLLHUP) || s->master_hung_up ||
		    s->ended;
	if (look && buffer_empty(&s->to_output))
		read_master(s);
}

int terminal_session_run(struct terminal_session *session, int pidfd, int signal_fd,
			 bool (*forward)(void *data, int signal), void *data, struct error *err)
{
	const struct sources sources = {pidfd, signal_fd, forward, data};
	while (!session->drained || !buffer_empty(&session->to_output)) {
		struct pollfd fds[at_count];
		int timeout = choose(session, &sources, fds);
		if (poll(fds, at_count, timeout) < 0) {
			if (errno == EINTR)
				continue;
			return error_errno(err, "terminal: poll");
		}
		serve(session, &sources, fds);
	}
	return 0;
}
