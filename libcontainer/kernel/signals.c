// SPDX-License-Identifier: Apache-2.0
// The signals_* part of process.h.
//
// The C library keeps signals 32 and 33 to itself and refuses to touch them; a caller may have blocked or
// ignored them all the same, so the reset for a new program speaks to the kernel.
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/text.h"
#include "libcontainer/kernel/process.h"

#define SIGNAL_LAST (_NSIG - 1)
#define KERNEL_SET_BYTES ((size_t)SIGNAL_LAST / 8)

int signals_block_all(sigset_t *before)
{
	sigset_t all;
	sigfillset(&all);
	return sigprocmask(SIG_SETMASK, &all, before);
}

static const int interrupts[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

static void interrupts_set(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < array_size(interrupts); i++)
		sigaddset(set, interrupts[i]);
}

int signals_block_interrupts(sigset_t *before)
{
	sigset_t set;
	interrupts_set(&set);
	return sigprocmask(SIG_BLOCK, &set, before);
}

int signals_open_interrupts(void)
{
	sigset_t set;
	interrupts_set(&set);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void signals_drop_interrupts(int fd)
{
	for (size_t i = 0; i < array_size(interrupts); i++)
		(void)signals_take_interrupt(fd);
}

int signals_take_interrupt(int fd)
{
	struct signalfd_siginfo info;
	struct sigaction action;
	if (read(fd, &info, sizeof info) != (ssize_t)sizeof info)
		return 0;
	// (the kernel keeps a signal that is blocked, ignored or not)
	int signal = (int)info.ssi_signo;
	bool ignored = sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
	return ignored ? 0 : signal;
}

// Which do not end a process, or are not sent by anybody.
static bool is_no_ending(int signal)
{
	static const int others[] = {SIGKILL, SIGSTOP, SIGTSTP,  SIGTTIN, SIGTTOU, SIGCHLD,
				     SIGCONT, SIGURG,  SIGWINCH, SIGPIPE, SIGILL,  SIGTRAP,
				     SIGBUS,  SIGFPE,  SIGSEGV,  SIGSYS};
	for (size_t i = 0; i < array_size(others); i++)
		if (others[i] == signal)
			return true;
	return false;
}

void signals_catch_endings(void (*end)(int signal), const sigset_t *before)
{
	const struct sigaction caught = {.sa_handler = end};
	sigset_t set = *before;
	for (int signal = 1; signal <= SIGNAL_LAST; signal++) {
		struct sigaction old;
		// (the C library keeps two of them to itself)
		if (is_no_ending(signal) || sigaction(signal, &caught, &old) < 0)
			continue;
		if (old.sa_handler == SIG_IGN)
			(void)sigaction(signal, &old, NULL);
		else
			sigdelset(&set, signal);
	}
	sigprocmask(SIG_SETMASK, &set, NULL);
}

int signals_reset(void)
{
	// all zero is SIG_DFL, no flags, empty mask, whatever order an architecture has them in
	static const unsigned char zero[64];
	for (int signal = 1; signal <= SIGNAL_LAST; signal++) {
		if (signal == SIGKILL || signal == SIGSTOP)
			continue;
		if (syscall(SYS_rt_sigaction, signal, zero, NULL, KERNEL_SET_BYTES) < 0)
			return -1;
	}
	return (int)syscall(SYS_rt_sigprocmask, SIG_SETMASK, zero, NULL, KERNEL_SET_BYTES);
}

void signals_hold_pipe(struct signals_pipe *held)
{
	sigset_t pipe_only, before, pending;
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	sigemptyset(&pending);
	sigpending(&pending);
	held->was_pending = sigismember(&pending, SIGPIPE) == 1;
	sigemptyset(&before);
	sigprocmask(SIG_BLOCK, &pipe_only, &before);
	held->was_blocked = sigismember(&before, SIGPIPE) == 1;
}

void signals_release_pipe(const struct signals_pipe *held)
{
	int saved = errno;
	sigset_t pipe_only;
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	if (!held->was_pending) {
		const struct timespec at_once = {0};
		while (sigtimedwait(&pipe_only, NULL, &at_once) < 0 && errno == EINTR)
			;
	}
	if (!held->was_blocked)
		sigprocmask(SIG_UNBLOCK, &pipe_only, NULL);
	errno = saved;
}

static int invalid(void)
{
	errno = EINVAL;
	return -1;
}

// "RTMIN", "RTMIN+3", "RTMAX", "RTMAX-1" as the shell numbers them.
static int real_time(const char *name)
{
	bool from_min = strncasecmp(name, "RTMIN", 5) == 0;
	if (!from_min && strncasecmp(name, "RTMAX", 5) != 0)
		return -1;
	int base = from_min ? SIGRTMIN : SIGRTMAX;
	if (!name[5])
		return base;
	uint64_t offset;
	if (name[5] != (from_min ? '+' : '-') || text_to_unsigned(name + 6, &offset) < 0)
		return -1;
	if (offset > (uint64_t)(SIGRTMAX - SIGRTMIN))
		return -1;
	return from_min ? base + (int)offset : base - (int)offset;
}

int signals_from_name(const char *name)
{
	static const struct {
		char name[8];
		int signal;
	} aliases[] = {{"IOT", SIGIOT}, {"CLD", SIGCHLD}, {"IO", SIGIO}, {"POLL", SIGPOLL}};

	uint64_t number;
	if (text_to_unsigned(name, &number) == 0)
		return number <= SIGNAL_LAST ? (int)number : invalid();
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (int signal = 1; signal < 32; signal++) {
		const char *known = sigabbrev_np(signal);
		if (known && strcasecmp(known, name) == 0)
			return signal;
	}
	for (size_t i = 0; i < array_size(aliases); i++)
		if (strcasecmp(aliases[i].name, name) == 0)
			return aliases[i].signal;
	int signal = real_time(name);
	return signal < 0 ? invalid() : signal;
}
