// SPDX-License-Identifier: Apache-2.0
// husk start: lets the program of a created container run.
#include "runtime/activation.h"
#include "runtime/command.h"

static int start_run(const struct command_call *call, int *status, struct error *err);

const struct command command_start = {
	.name = "start",
	.words = "ID",
	.missing = "the container's ID is missing",
	.summary = "run the program of a created container",
	.options = command_options_none,
	.order = options_order_any,
	.words_min = 1,
	.words_max = 1,
	.failure = 1,
	.run = start_run,
};

static int start_run(const struct command_call *call, int *status unused_result, struct error *err)
{
	struct container_context context = *call->context;
	if (activation_read(&context, err) < 0)
		return -1;
	return container_start(&context, call->words[0], err);
}
