// SPDX-License-Identifier: Apache-2.0
// Hands the notify descriptor of a filter to the agent that listens on linux.seccomp.listenerPath.
//
// One message: the container process state as JSON, and the descriptor with its first bytes. Agents read a stream
// up to its end, so the connection is closed right after.
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/socket.h"
#include "libcontainer/security/security.h"

// What certainly fits into the buffer of a socket with the descriptor; the rest follows as plain bytes.
#define FIRST_BYTES 4096

int filter_listener_send(const char *path, const char *state_json, int listener, struct error *err)
{
	auto_close int socket = socket_connect_path(path, SOCK_STREAM);
	if (socket < 0)
		return error_errno(err, "linux.seccomp.listenerPath: connect to %s", path);
	size_t length = strlen(state_json);
	size_t first = length < FIRST_BYTES ? length : FIRST_BYTES;
	if (socket_send_fd(socket, state_json, first, listener) < 0 ||
	    fd_write(socket, state_json + first, length - first) < 0)
		return error_errno(err, "linux.seccomp.listenerPath: send to %s", path);
	return 0;
}
