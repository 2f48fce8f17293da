// SPDX-License-Identifier: Apache-2.0
// See attend.h.
#include "libcontainer/lifecycle/attend.h"

#include <errno.h>
#include <poll.h>

#include "libcontainer/kernel/process.h"

enum { at_sync, at_watched, at_interrupts, at_count };

bool attend_interrupted(int interrupts, struct error *err)
{
	int signal = signals_take_interrupt(interrupts);
	if (signal)
		error_set(err, EINTR, "interrupted by signal %d", signal);
	return signal != 0;
}

enum outcome { outcome_failed = -1, outcome_ended, outcome_said, outcome_time_over };

// Until there is something to receive, the watched process has ended without a word left, or the time is over.
static enum outcome attend(const struct attention *to, struct error *err)
{
	struct pollfd fds[at_count] = {
		[at_sync] = {.fd = to->sync, .events = POLLIN},
		[at_watched] = {.fd = to->watched, .events = POLLIN},
		[at_interrupts] = {.fd = to->interrupts, .events = POLLIN},
	};
	bool ended = false;
	for (;;) {
		// what it said before it ended is there by now
		int ready = poll(fds, at_count, ended ? 0 : to->timeout_ms);
		if (ready < 0) {
			if (errno == EINTR)
				continue;
			error_errno(err, "wait for the other process");
			return outcome_failed;
		}
		// what was said before the conversation was closed comes first: a program that runs by now is not interrupted, the signal is
		// for it
		if (fds[at_sync].revents & POLLHUP)
			return outcome_said;
		if (fds[at_interrupts].revents && attend_interrupted(to->interrupts, err))
			return outcome_failed;
		if (fds[at_sync].revents)
			return outcome_said;
		if (ended)
			return outcome_ended;
		if (ready == 0)
			return outcome_time_over;
		ended = fds[at_watched].revents != 0;
	}
}

int attend_receive(const struct attention *to, struct sync_record *record, int *fd,
		   struct error *err)
{
	*record = (struct sync_record){.step = sync_step_end};
	*fd = -1;
	if (to->watched >= 0 || to->interrupts >= 0 || to->timeout_ms >= 0)
		switch (attend(to, err)) {
		case outcome_failed:
			return -1;
		case outcome_ended:
			return 0;
		case outcome_time_over:
			return 1;
		case outcome_said:
			break;
		}
	return sync_receive(to->sync, record, fd, err);
}
