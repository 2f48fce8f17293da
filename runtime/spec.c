// SPDX-License-Identifier: Apache-2.0
// husk spec: writes a config.json to start from. Never over an existing file.
#include "spec/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/fd.h"
#include "runtime/command.h"

struct spec_options {
	const char *bundle, *file;
	bool rootless;
};

static int spec_run(const struct command_call *call, int *status, struct error *err);

static const struct options_row rows[] = {
	{"bundle", "DIR", "the directory to write to (default: the current one)",
	 offsetof(struct spec_options, bundle), options_kind_string, 'b'},
	{"file", "FILE", "another name than config.json, below DIR",
	 offsetof(struct spec_options, file), options_kind_string, 'f'},
	{"rootless", NULL, "for a user without privileges", offsetof(struct spec_options, rootless),
	 options_kind_flag, 0},
	{0},
};

const struct command command_spec = {
	.name = "spec",
	.words = "",
	.missing = "",
	.summary = "write a default config.json",
	.options = rows,
	.options_size = sizeof(struct spec_options),
	.order = options_order_any,
	.failure = 1,
	.run = spec_run,
};

static int write_new(int dir_fd, const char *name, const char *text, struct error *err)
{
	auto_close int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		return error_set(err, EEXIST, "File %s exists. Remove it first", name);
	if (fd < 0)
		return error_errno(err, "%s", name);
	if (fd_write(fd, text, strlen(text)) < 0) {
		error_errno(err, "%s", name);
		unlinkat(dir_fd, name, 0);
		return -1;
	}
	return 0;
}

static int spec_run(const struct command_call *call, int *status unused_result, struct error *err)
{
	const struct spec_options *options = call->options;
	const char *bundle = options->bundle ? options->bundle : ".";
	auto_close int dir_fd = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return error_errno(err, "bundle %s", bundle);
	auto_free char *text = spec_default_text(options->rootless, geteuid(), getegid());
	if (!text)
		return error_set(err, ENOMEM, "default configuration: %s", error_text(ENOMEM));
	return write_new(dir_fd, options->file ? options->file : "config.json", text, err);
}
