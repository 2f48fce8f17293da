// SPDX-License-Identifier: Apache-2.0
// husk pause: freezes a container.
#include "runtime/command.h"

static int pause_run(const struct command_call *call, int *status, struct error *err);

const struct command command_pause = {
	.name = "pause",
	.words = "ID",
	.missing = "the container's ID is missing",
	.summary = "freeze every process of a container",
	.options = command_options_none,
	.order = options_order_any,
	.words_min = 1,
	.words_max = 1,
	.failure = 1,
	.run = pause_run,
};

static int pause_run(const struct command_call *call, int *status unused_result, struct error *err)
{
	return container_pause(call->context, call->words[0], err);
}
