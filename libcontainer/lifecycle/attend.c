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

// Until there is something to receive (1), the watched process has ended without a word left (0), or a signal came (-1).
static int attend(int sync, int watched, int interrupts, struct error *err)
{
	struct pollfd fds[at_count] = {
		[at_sync] = {.fd = sync, .events = POLLIN},
		[at_watched] = {.fd = watched, .events = POLLIN},
		[at_interrupts] = {.fd = interrupts, .events = POLLIN},
	};
	bool ended = false;
	for (;;) {
		// what it said before it ended is there by now
		if (poll(fds, at_count, ended ? 0 : -1) < 0) {
			if (errno == EINTR)
				continue;
			return error_errno(err, "wait for the other process");
		}
		if (fds[at_interrupts].revents && attend_interrupted(interrupts, err))
			return -1;
		if (fds[at_sync].revents)
			return 1;
		if (ended)
			return 0;
		ended = fds[at_watched].revents != 0;
	}
}

int attend_receive(int sync, int watched, int interrupts, struct sync_record *record, int *fd,
		   struct error *err)
{
	if (watched >= 0 || interrupts >= 0) {
		int result = attend(sync, watched, interrupts, err);
		if (result < 0)
			return -1;
		if (result == 0) {
			*record = (struct sync_record){.step = sync_step_end};
			*fd = -1;
			return 0;
		}
	}
	return sync_receive(sync, record, fd, err);
}
