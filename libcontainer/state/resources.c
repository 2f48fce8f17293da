// SPDX-License-Identifier: Apache-2.0
// The limits that updates left behind, as a file of their own: the configuration of `create` stays what it was, and an
// update that is interrupted leaves either the old or the new ones.
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "libcontainer/kernel/fd.h"
#include "libcontainer/state/state.h"
#include "spec/spec.h"

#define RESOURCES_NAME "resources"
#define NEXT_NAME "resources.next"

int state_read_resources(int dir_fd, char **text, size_t *length, struct error *err)
{
	*text = NULL;
	*length = 0;
	if (fd_read_file(dir_fd, RESOURCES_NAME, SPEC_MAX_BYTES, text, length) == 0)
		return 0;
	*text = NULL;
	return errno == ENOENT ? 0 : error_errno(err, "read the container's updated limits");
}

int state_prepare_resources(int dir_fd, const char *text, size_t length, struct error *err)
{
	if (length > SPEC_MAX_BYTES)
		return error_set(err, EFBIG, "keep the updated limits: they are too long");
	if (fd_write_file(dir_fd, NEXT_NAME, text, length, 0600) < 0)
		return error_errno(err, "keep the updated limits");
	return 0;
}

int state_commit_resources(int dir_fd, struct error *err)
{
	if (renameat(dir_fd, NEXT_NAME, dir_fd, RESOURCES_NAME) < 0)
		return error_errno(err, "keep the updated limits");
	return 0;
}

void state_discard_resources(int dir_fd)
{
	unlinkat(dir_fd, NEXT_NAME, 0);
}
