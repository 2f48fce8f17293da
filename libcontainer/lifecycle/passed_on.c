// SPDX-License-Identifier: Apache-2.0
// See passed_on.h.
#include "libcontainer/lifecycle/passed_on.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "libcontainer/lifecycle/notify.h"

// fs.nr_open cannot be larger
#define DESCRIPTORS_MAX (1U << 30)
// So far holes among them are looked past.
#define HOLES_MAX 1024

// Engines do it, and the program that gets one may be meant to; whoever did not mean it has to know.
static void warn_of_directories(unsigned count, const struct log *log)
{
	struct stat st;
	for (unsigned i = 0; i < count; i++) {
		int fd = (int)(3 + i);
		// (what is not open is no error, and neither are a million of these)
		if (fstat(fd, &st) < 0) {
			if (i >= HOLES_MAX)
				return;
			continue;
		}
		if (S_ISDIR(st.st_mode))
			log_warning(
				log,
				"descriptor %d that is passed on (--preserve-fds, LISTEN_FDS) is a "
				"directory outside of the container: through it the program can "
				"reach the host's files",
				fd);
	}
}

int passed_on_make(const struct container_context *context, bool notify, unsigned preserve_fds,
		   struct passed_on *passed, struct init *init, struct error *err)
{
	size_t count = 0;
	*passed = (struct passed_on){0};
	if (preserve_fds > DESCRIPTORS_MAX || context->listen_fds > DESCRIPTORS_MAX)
		return error_set(err, EINVAL, "preserve %u descriptors: more than there can be",
				 preserve_fds);
	init->preserve_fds = context->listen_fds + preserve_fds;
	warn_of_directories(init->preserve_fds, context->log);
	if (notify)
		passed->variables[count++] = NOTIFY_VARIABLE;
	if (context->listen_fds) {
		snprintf(passed->listen_fds, sizeof passed->listen_fds, "LISTEN_FDS=%u",
			 context->listen_fds);
		passed->variables[count++] = passed->listen_fds;
		passed->variables[count++] = INIT_LISTEN_PID;
		init->listen_pid = true;
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
