// SPDX-License-Identifier: Apache-2.0
// See activation.h.
#include "runtime/activation.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

// More descriptors than a process can have.
#define LISTEN_FDS_MAX 1048576

static const char *variable(const char *name)
{
	const char *value = getenv(name);
	return value && *value ? value : NULL;
}

int activation_read(struct container_context *context, struct error *err)
{
	uint64_t number, pid;
	const char *fds = variable("LISTEN_FDS");
	const char *for_pid = variable("LISTEN_PID");
	context->notify_socket = variable("NOTIFY_SOCKET");
	if (context->notify_socket && context->notify_socket[0] != '/' &&
	    context->notify_socket[0] != '@')
		context->notify_socket = NULL;  // of another family than husk speaks
	context->seccomp_receiver = variable("RUN_OCI_SECCOMP_RECEIVER");
	// inherited from somebody else's start
	if (!fds || (for_pid && (text_to_unsigned(for_pid, &pid) < 0 || pid != (uint64_t)getpid())))
		return 0;
	if (text_to_unsigned(fds, &number) < 0 || number > LISTEN_FDS_MAX)
		return error_set(
			err, EINVAL,
			"the variable LISTEN_FDS is \"%s\", which is no number of descriptors",
			fds);
	context->listen_fds = (unsigned)number;
	context->listen_names = variable("LISTEN_FDNAMES");
	return 0;
}
