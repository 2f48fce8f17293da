// SPDX-License-Identifier: Apache-2.0
// husk create: everything but the program.
#include "runtime/activation.h"
#include "runtime/create_options.h"

static int create_run(const struct command_call *call, int *status, struct error *err);

static const struct options_row rows[] = {
	CREATE_OPTIONS_ROWS,
	{"no-subreaper", NULL, "accepted, without meaning for create",
	 CREATE_OPTION(run.no_subreaper), options_kind_flag, 0},
	{0},
};

const struct command command_create = {
	.name = "create",
	.words = "ID",
	.missing = "the container's ID is missing",
	.summary = "make a container; its program waits for start",
	.options = rows,
	.options_size = sizeof(struct create_options),
	.order = options_order_any,
	.words_min = 1,
	.words_max = 1,
	.failure = 1,
	.run = create_run,
};

static int create_run(const struct command_call *call, int *status unused_result, struct error *err)
{
	struct create_options *options = call->options;
	options->run.create.id = call->words[0];
	if (options->dry_run)
		return create_options_plan(call, err);
	struct container_context context = *call->context;
	if (activation_read(&context, err) < 0)
		return -1;
	return container_create(&context, &options->run.create, err);
}
