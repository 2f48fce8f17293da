// SPDX-License-Identifier: Apache-2.0
// husk mounts: mounts into a container that runs, and out of it again.
#include "runtime/command.h"
#include "runtime/input.h"

static int mounts_run(const struct command_call *call, int *status, struct error *err);

const struct command command_mounts = {
	.name = "mounts",
	.words = "add|remove ID FILE",
	.missing = "add or remove, the container's ID and a file with mounts",
	.summary = "mount into a running container, or unmount",
	.notes = "FILE: mounts as in config.json, a list or an object with \"mounts\"; - is "
		 "standard "
		 "input.\n",
	.options = command_options_none,
	.order = options_order_any,
	.words_min = 3,
	.words_max = 3,
	.failure = 1,
	.run = mounts_run,
};

static int mounts_run(const struct command_call *call, int *status unused_result, struct error *err)
{
	const char *verb = call->words[0], *id = call->words[1];
	bool add = text_equal(verb, "add");
	struct text auto_text text = {0};
	if (!add && !text_equal(verb, "remove"))
		return error_set(err, 0, "husk: \"mounts\" takes add or remove, not \"%s\"", verb);
	if (input_read(call->words[2], "mounts", &text, err) < 0)
		return -1;
	return container_change_mounts(call->context, id, add, text_string(&text), text.length,
				       err);
}
