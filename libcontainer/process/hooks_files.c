// SPDX-License-Identifier: Apache-2.0
// Where hooks print to, when the configuration names files. They are the host's, for whoever runs the container: opened by
// the runtime, with its caller's rights, and only ever appended to.
#include <errno.h>
#include <fcntl.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/process/process.h"

int hooks_files_open(const struct spec *spec, struct hooks_files *files, struct error *err)
{
	static const char *const names[] = {"run.oci.hooks.stdout", "run.oci.hooks.stderr"};
	*files = (struct hooks_files)HOOKS_FILES_NONE;
	for (size_t i = 0; i < array_size(names); i++) {
		const char *path = spec_annotation(spec, names[i]);
		if (!path)
			continue;
		if (path[0] != '/')
			return error_set(err, EINVAL, "annotation %s: not an absolute path: %s",
					 names[i], path);
		// a fifo without a reader must not stop us
		files->fds[i] = open(
			path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
			0600);
		if (files->fds[i] < 0)
			return error_errno(err, "annotation %s: open %s", names[i], path);
	}
	return 0;
}

void hooks_files_close(struct hooks_files *files)
{
	for (size_t i = 0; i < array_size(files->fds); i++)
		memory_close(take_fd(&files->fds[i]));
}
