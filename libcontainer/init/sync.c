// SPDX-License-Identifier: Apache-2.0
// See sync.h.
#include "libcontainer/init/sync.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/socket.h"

int sync_send(int socket, const struct sync_record *record, int fd, struct error *err)
{
	size_t size = offsetof(struct sync_record, error);
	if (record->step == sync_step_failed)
		size += offsetof(struct error, message) + strlen(record->error.message) + 1;
	if (socket_send_fd(socket, record, size, fd) < 0)
		return error_errno(err, "tell the other process");
	return 0;
}

int sync_send_step(int socket, enum sync_step step, struct error *err)
{
	struct sync_record record = {.step = step};
	return sync_send(socket, &record, -1, err);
}

int sync_receive(int socket, struct sync_record *record, int *fd, struct error *err)
{
	record->step = sync_step_end;
	record->error.code = 0;
	record->error.message[0] = '\0';
	ssize_t size = socket_receive_fd(socket, record, sizeof *record, fd);
	// a peer that died with unread records in its queue resets the connection: that is its end, too, but first
	// comes what it said before
	if (size < 0 && errno == ECONNRESET)
		size = socket_receive_fd(socket, record, sizeof *record, fd);
	if (size < 0 && errno == ECONNRESET)
		size = 0;
	if (size < 0)
		return error_errno(err, "listen to the other process");
	if (size == 0)
		record->step = sync_step_end;
	record->error.message[sizeof record->error.message - 1] = '\0';
	return 0;
}

int sync_wait_for(int socket, enum sync_step step, int *fd, struct error *err)
{
	struct sync_record record;
	*fd = -1;
	if (sync_receive(socket, &record, fd, err) < 0)
		return -1;
	if (record.step != step)
		return error_set(err, ECANCELED, "the runtime is gone");
	return 0;
}

int sync_wait_proceed(int socket, struct error *err)
{
	auto_close int none = -1;
	return sync_wait_for(socket, sync_step_proceed, &none, err);
}
