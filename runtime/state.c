// SPDX-License-Identifier: Apache-2.0
// husk state: one container as JSON (runtime-spec, "State"; created, rootfs and owner are ours).
#include "runtime/command.h"
#include "runtime/output.h"

static int state_run(const struct command_call *call, int *status, struct error *err);

const struct command command_state = {
	.name = "state",
	.words = "ID",
	.missing = "the container's ID is missing",
	.summary = "print the state of a container as JSON",
	.options = command_options_none,
	.order = options_order_any,
	.words_min = 1,
	.words_max = 1,
	.failure = 1,
	.run = state_run,
};

static int state_run(const struct command_call *call, int *status unused_result, struct error *err)
{
	struct container_state state = {0};
	if (container_state(call->context, call->words[0], &state, err) < 0)
		return -1;
	struct text auto_text text = {0};
	struct json json = {.text = &text, .indent = 2};
	// the owner's name would cost reading /etc/passwd in a command that engines call all the time
	output_add_state(&json, &state, "");
	text_add(&text, "\n");
	container_state_done(&state);
	return output_write(&text, err);
}
