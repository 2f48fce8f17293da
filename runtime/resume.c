// SPDX-License-Identifier: Apache-2.0
// husk resume: the opposite of pause.
#include "runtime/command.h"

static int resume_run(const struct command_call *call, int *status, struct error *err);

const struct command command_resume = {
	.name = "resume",
	.words = "ID",
	.missing = "the container's ID is missing",
	.summary = "let a paused container go on",
	.options = command_options_none,
	.order = options_order_any,
	.words_min = 1,
	.words_max = 1,
	.failure = 1,
	.run = resume_run,
};

static int resume_run(const struct command_call *call, int *status unused_result, struct error *err)
{
	return container_resume(call->context, call->words[0], err);
}
