// SPDX-License-Identifier: Apache-2.0
// What a command listens to while a process that it has cloned prepares itself: to what that says, to its end, and in the
// foreground to a signal that asks to stop. Whatever hangs there, a hook for example, the command does not hang with it.
#ifndef HUSK_LIFECYCLE_ATTEND_H
#define HUSK_LIFECYCLE_ATTEND_H

#include <stdbool.h>

#include "libcontainer/base/error.h"
#include "libcontainer/init/sync.h"

struct attention {
	int sync;
	int watched;  // a pidfd, or -1; its end is the end of the conversation even if another process holds the socket
	int interrupts;  // of signals_open_interrupts, or -1; such a signal is a failure with EINTR
	int timeout_ms;  // -1: none
};

// As sync_receive. 1: the time is over.
int attend_receive(const struct attention *to, struct sync_record *record, int *fd,
		   struct error *err) must_check;

// Whether such a signal has come; it is taken then, and err says so.
bool attend_interrupted(int interrupts, struct error *err) must_check;

#endif
