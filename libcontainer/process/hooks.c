// SPDX-License-Identifier: Apache-2.0
// Hooks: programs of the host's administrator, run at fixed moments with the container's state on standard input.
//
// One loop serves all of a hook at once: its standard input (which it need not read), its output (of which the tail is
// kept for the message), its end and its deadline. So no hook can make us hang, whatever it does with its ends of the
// pipes. What the hook itself starts with is hooks_child.c's.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/process/hooks_child.h"
#include "libcontainer/process/process.h"

#define TAIL_BYTES 400

struct run {
	pid_t pid;
	int pidfd;    // owned
	int input;    // owned: our end of its standard input, or -1
	int output;   // owned: our end of its standard output and error, or -1
	int failure;  // owned: says why it could not be executed
	const char *state;
	size_t state_left;
	int interrupts;    // borrowed: a signalfd, or -1
	int64_t deadline;  // CLOCK_MONOTONIC in ms; -1: none
	bool timed_out;
	int interrupted;  // by this signal
	char tail[TAIL_BYTES];
	size_t tail_length;
};

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// ---- serving -------------------------------------------------------------------------------------

static void close_fd(int *fd)
{
	memory_close(take_fd(fd));
}

static void tail_add(struct run *run, const char *data, size_t length)
{
	if (length >= TAIL_BYTES) {
		memcpy(run->tail, data + length - TAIL_BYTES, TAIL_BYTES);
		run->tail_length = TAIL_BYTES;
		return;
	}
	size_t keep =
		TAIL_BYTES - length < run->tail_length ? TAIL_BYTES - length : run->tail_length;
	memmove(run->tail, run->tail + run->tail_length - keep, keep);
	memcpy(run->tail + keep, data, length);
	run->tail_length = keep + length;
}

static void feed_input(struct run *run)
{
	ssize_t n = write(run->input, run->state, run->state_left);
	if (n > 0) {
		run->state += n;
		run->state_left -= (size_t)n;
	}
	// EPIPE: the hook does not want to know
	if (!run->state_left || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_fd(&run->input);
}

// Reads what is there; at the end of the output closes it. At most rounds times, so that an endless writer does not keep
// us from looking at the clock.
static void take_output(struct run *run, int rounds)
{
	char buffer[4096];
	while (rounds-- > 0) {
		ssize_t n = read(run->output, buffer, sizeof buffer);
		if (n > 0) {
			tail_add(run, buffer, (size_t)n);
			continue;
		}
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		close_fd(&run->output);
		return;
	}
}

static int time_left(const struct run *run)
{
	if (run->deadline < 0)
		return -1;
	int64_t left = run->deadline - now_ms();
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

static void kill_group(struct run *run)
{
	// it leads its group from its first steps on; before that there is only itself
	kill(-run->pid, SIGKILL);
	(void)!sys_pidfd_send_signal(run->pidfd, SIGKILL);
}

// Until the hook has ended. A process that it left behind may hold the output open: nobody waits for that.
static int serve(struct run *run)
{
	for (;;) {
		struct pollfd fds[4] = {
			{.fd = run->pidfd, .events = POLLIN},
			{.fd = run->input, .events = POLLOUT},
			{.fd = run->output, .events = POLLIN},
			{.fd = run->interrupted ? -1 : run->interrupts, .events = POLLIN},
		};
		int timeout = time_left(run);
		if (timeout == 0) {
			run->timed_out = true;
			kill_group(run);
			run->deadline = -1;
			continue;
		}
		if (poll(fds, array_size(fds), timeout) < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		if (fds[3].revents) {
			run->interrupted = signals_take_interrupt(run->interrupts);
			if (run->interrupted)
				kill_group(run);
		}
		if (fds[1].revents)
			feed_input(run);
		if (fds[2].revents)
			take_output(run, 1);
		if (fds[0].revents) {
			if (run->output >= 0)
				take_output(run, 64);
			return 0;
		}
	}
}

// ---- message -------------------------------------------------------------------------------------

// The tail as one line of printable text, "" or ": text".
static void tail_text(const struct run *run, char text[TAIL_BYTES + 3])
{
	size_t first = 0, last = run->tail_length, used = 0;
	// a tail that was cut begins in the middle of a character
	while (first < last && ((unsigned char)run->tail[first] & 0xc0) == 0x80)
		first++;
	while (first < last && (unsigned char)run->tail[first] <= ' ')
		first++;
	while (last > first && (unsigned char)run->tail[last - 1] <= ' ')
		last--;
	if (first < last) {
		text[used++] = ':';
		text[used++] = ' ';
	}
	for (size_t i = first; i < last; i++) {
		unsigned char c = (unsigned char)run->tail[i];
		text[used++] = c < ' ' || c == 0x7f ? ' ' : (char)c;
	}
	text[used] = '\0';
}

static int judge(const struct run *run, const struct spec_hook *hook, int status, struct error *err)
{
	char text[TAIL_BYTES + 3];
	int code = 0;
	if (read(run->failure, &code, sizeof code) == sizeof code)
		return error_set(err, code, "exec: %s", error_text(code));
	tail_text(run, text);
	if (run->timed_out)
		return error_set(err, ETIMEDOUT,
				 "hook ran past specified timeout of %" PRId64 ".0s%s",
				 hook->timeout.value, text);
	if (run->interrupted)
		return error_set(err, EINTR, "interrupted by signal %d%s", run->interrupted, text);
	if (WIFSIGNALED(status))
		return error_set(err, 0, "killed by signal %d%s", WTERMSIG(status), text);
	if (WEXITSTATUS(status))
		return error_set(err, 0, "exit status %d%s", WEXITSTATUS(status), text);
	return 0;
}

// ---- one hook ------------------------------------------------------------------------------------

static int make_pipe(int *reader, int *writer, bool our_end_is_reader)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	*reader = ends[0];
	*writer = ends[1];
	return fcntl(ends[our_end_is_reader ? 0 : 1], F_SETFL, O_NONBLOCK);
}

static int make_pipes(struct run *run, struct hooks_child *child)
{
	if (make_pipe(&child->input, &run->input, false) < 0 ||
	    make_pipe(&run->output, &child->output, true) < 0 ||
	    make_pipe(&run->failure, &child->failure, true) < 0)
		return -1;
	return 0;
}

static void set_deadline(struct run *run, const struct spec_hook *hook)
{
	run->deadline = -1;
	int64_t ms;
	if (hook->timeout.set && hook->timeout.value > 0 &&
	    !__builtin_mul_overflow(hook->timeout.value, (int64_t)1000, &ms) &&
	    !__builtin_add_overflow(ms, now_ms(), &run->deadline))
		return;
	run->deadline = -1;
}

static int execute(struct run *run, struct hooks_child *child, const struct spec_hook *hook,
		   struct error *err)
{
	if (make_pipes(run, child) < 0)
		return error_errno(err, "make pipes");
	set_deadline(run, hook);
	run->pid = hooks_child_start(child, &run->pidfd);
	if (run->pid < 0)
		return error_errno(err, "start a process");
	close_fd(&child->input);
	close_fd(&child->output);
	close_fd(&child->failure);

	struct signals_pipe held;
	int status = 0;
	signals_hold_pipe(&held);
	int served = serve(run);
	signals_release_pipe(&held);
	if (served < 0) {
		error_errno(err, "wait");
		kill_group(run);
	}
	if (process_reap(run->pid, &status) < 0)
		return error_errno(err, "take the exit status");
	return served < 0 ? -1 : judge(run, hook, status, err);
}

static int run_hook(const struct spec_hook *hook, const struct hooks_files *files, int interrupts,
		    const char *state_json, int cwd_fd, char *const *default_env, struct error *err)
{
	struct run run = {.pidfd = -1,
			  .input = -1,
			  .output = -1,
			  .failure = -1,
			  .interrupts = interrupts,
			  .state = state_json,
			  .state_left = strlen(state_json)};
	struct hooks_child child = {.cwd_fd = cwd_fd,
				    .parent = getpid(),
				    .files = {-1, -1},
				    .input = -1,
				    .output = -1,
				    .failure = -1};
	if (files)
		memcpy(child.files, files->fds, sizeof child.files);
	int rc;
	if (hooks_child_prepare(&child, hook, default_env) < 0)
		rc = error_set(err, ENOMEM, "out of memory");
	else
		rc = execute(&run, &child, hook, err);
	hooks_child_done(&child);
	close_fd(&run.input);
	close_fd(&run.output);
	close_fd(&run.failure);
	close_fd(&run.pidfd);
	return rc;
}

static int run_numbered(const struct spec_hook_list *hooks, enum spec_hook_kind kind, size_t i,
			const struct hooks_files *files, int interrupts, const char *state_json,
			int cwd_fd, char *const *default_env, struct error *err)
{
	if (run_hook(&hooks->items[i], files, interrupts, state_json, cwd_fd, default_env, err) ==
	    0)
		return 0;
	return error_context(err, "hooks.%s[%zu] %.256s", spec_hook_kind_name(kind), i,
			     hooks->items[i].path);
}

int hooks_run(const struct hooks_files *files, int interrupts, const struct spec_hook_list *hooks,
	      enum spec_hook_kind kind, const char *state_json, int cwd_fd,
	      char *const *default_env, struct error *err)
{
	for (size_t i = 0; i < hooks->count; i++)
		if (run_numbered(hooks, kind, i, files, interrupts, state_json, cwd_fd, default_env,
				 err) < 0)
			return -1;
	return 0;
}

void hooks_run_all(const struct hooks_files *files, int interrupts,
		   const struct spec_hook_list *hooks, enum spec_hook_kind kind,
		   const char *state_json, int cwd_fd, const struct log *log)
{
	for (size_t i = 0; i < hooks->count; i++) {
		struct error failure = {0};
		if (run_numbered(hooks, kind, i, files, interrupts, state_json, cwd_fd, NULL,
				 &failure) < 0)
			log_warning(log, "%s", failure.message);
	}
}
