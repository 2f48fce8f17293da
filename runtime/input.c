// SPDX-License-Identifier: Apache-2.0
// See input.h.
#include "runtime/input.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/fd.h"
#include "spec/spec.h"

static int read_all(int fd, struct text *text)
{
	char buffer[4096];
	for (;;) {
		ssize_t n = fd_read(fd, buffer, sizeof buffer);
		if (n <= 0)
			return (int)n;
		text_add_bytes(text, buffer, (size_t)n);
		if (text->length > SPEC_MAX_BYTES) {
			errno = EFBIG;
			return -1;
		}
	}
}

int input_read(const char *path, const char *what, struct text *text, struct error *err)
{
	bool is_input = text_equal(path, "-");
	auto_close int opened = is_input ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (!is_input && opened < 0)
		return error_errno(err, "%s: open %s", what, path);
	if (read_all(is_input ? STDIN_FILENO : opened, text) < 0)
		return error_errno(err, "%s: read %s", what, is_input ? "standard input" : path);
	if (text_failed(text))
		return error_set(err, ENOMEM, "%s: %s", what, error_text(ENOMEM));
	return 0;
}
