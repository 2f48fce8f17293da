// SPDX-License-Identifier: Apache-2.0
// husk delete: removes what a container holds.
#include "runtime/command.h"
#include "runtime/matching.h"

struct delete_options {
	bool force;
	bool regex;
};

static int delete_run(const struct command_call *call, int *status, struct error *err);

static const struct options_row rows[] = {
	{"force", NULL, "kill it first; no error when there is no such container",
	 offsetof(struct delete_options, force), options_kind_flag, 'f'},
	{"regex", NULL, "ID is a regular expression: delete all that match",
	 offsetof(struct delete_options, regex), options_kind_flag, 'r'},
	{0},
};

const struct command command_delete = {
	.name = "delete",
	.words = "ID",
	.missing = "the container's ID is missing",
	.summary = "remove a container that is not running",
	.options = rows,
	.options_size = sizeof(struct delete_options),
	.order = options_order_any,
	.words_min = 1,
	.words_max = 1,
	.failure = 1,
	.run = delete_run,
};

static int delete_matching(const struct container_context *context,
			   const struct container_state *state, void *data, struct error *err)
{
	const struct delete_options *options = data;
	return container_delete(context, state->id, options->force, err);
}

static int delete_run(const struct command_call *call, int *status unused_result, struct error *err)
{
	struct delete_options *options = call->options;
	if (options->regex)
		return matching_each(call->context, call->words[0], delete_matching, options, err);
	return container_delete(call->context, call->words[0], options->force, err);
}
