// SPDX-License-Identifier: Apache-2.0
// See passed_on.h.
#include "libcontainer/lifecycle/passed_on.h"

#include <errno.h>
#include <stdio.h>

#include "libcontainer/lifecycle/notify.h"

// fs.nr_open cannot be larger
#define DESCRIPTORS_MAX (1U << 30)

int passed_on_make(const struct container_context *context, bool notify, unsigned preserve_fds,
		   struct passed_on *passed, struct init *init, struct error *err)
{
	size_t count = 0;
	*passed = (struct passed_on){0};
	if (preserve_fds > DESCRIPTORS_MAX || context->listen_fds > DESCRIPTORS_MAX)
		return error_set(err, EINVAL, "preserve %u descriptors: more than there can be",
				 preserve_fds);
	init->preserve_fds = context->listen_fds + preserve_fds;
	if (notify)
		passed->variables[count++] = NOTIFY_VARIABLE;
	if (context->listen_fds) {
		snprintf(passed->listen_fds, sizeof passed->listen_fds, "LISTEN_FDS=%u",
			 context->listen_fds);
		passed->variables[count++] = passed->listen_fds;
		// the new process writes what it is called in its own pid namespace
		passed->variables[count++] = passed->listen_pid.variable;
		init->listen_pid = &passed->listen_pid;
	}
	if (context->listen_fds && context->listen_names) {
		text_add(&passed->listen_names, "LISTEN_FDNAMES=");
		text_add(&passed->listen_names, context->listen_names);
		if (text_failed(&passed->listen_names))
			return error_set(err, ENOMEM, "out of memory");
		passed->variables[count++] = text_string(&passed->listen_names);
	}
	init->extra_env = passed->variables;
	return 0;
}

void passed_on_done(struct passed_on *passed)
{
	text_done(&passed->listen_names);
}
