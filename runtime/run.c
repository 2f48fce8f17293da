// SPDX-License-Identifier: Apache-2.0
// husk run: create, start, wait for the end, delete.
#include "runtime/activation.h"
#include "runtime/create_options.h"

static int run_run(const struct command_call *call, int *status, struct error *err);

static const struct options_row rows[] = {
	CREATE_OPTIONS_ROWS,
	{"detach", NULL, "return when the program runs, and leave it running",
	 CREATE_OPTION(run.detach), options_kind_flag, 'd'},
	{"keep", NULL, "do not delete the container when it has ended", CREATE_OPTION(run.keep),
	 options_kind_flag, 0},
	{"no-subreaper", NULL, "do not adopt what the container's processes leave behind",
	 CREATE_OPTION(run.no_subreaper), options_kind_flag, 0},
	{0},
};

const struct command command_run = {
	.name = "run",
	.words = "ID",
	.missing = "the container's ID is missing (any new name)",
	.summary = "make a container, run it to its end and delete it",
	.notes = "The exit code is the program's, or 128 and the number of the signal that ended "
		 "it.\n",
	.options = rows,
	.options_size = sizeof(struct create_options),
	.order = options_order_any,
	.words_min = 1,
	.words_max = 1,
	.failure = 1,
	.run = run_run,
};

static int run_run(const struct command_call *call, int *status, struct error *err)
{
	struct create_options *options = call->options;
	options->run.create.id = call->words[0];
	if (options->dry_run)
		return create_options_plan(call, err);
	struct container_context context = *call->context;
	if (activation_read(&context, err) < 0)
		return -1;
	return container_run(&context, &options->run, status, err);
}
