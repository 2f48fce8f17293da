// SPDX-License-Identifier: Apache-2.0
// husk kill: sends a signal. Options may stand on both sides of the words, because engines write both.
#include "libcontainer/kernel/process.h"
#include "runtime/command.h"

struct kill_options {
	bool all;
};

static int kill_run(const struct command_call *call, int *status, struct error *err);

static const struct options_row rows[] = {
	{"all", NULL, "signal every process of the container, not only its first",
	 offsetof(struct kill_options, all), options_kind_flag, 'a'},
	{0},
};

const struct command command_kill = {
	.name = "kill",
	.words = "ID [SIGNAL]",
	.missing = "the container's ID is missing",
	.summary = "send a signal to a container (default: TERM)",
	.notes = "SIGNAL is a number or a name: 9, KILL, SIGKILL, RTMIN+3.\n",
	.options = rows,
	.options_size = sizeof(struct kill_options),
	.order = options_order_any,
	.words_min = 1,
	.words_max = 2,
	.failure = 1,
	.run = kill_run,
};

static int kill_run(const struct command_call *call, int *status unused_result, struct error *err)
{
	const struct kill_options *options = call->options;
	const char *name = call->words_count > 1 ? call->words[1] : "TERM";
	int signal = signals_from_name(name);
	if (signal < 0)
		return error_set(err, 0, "unknown signal \"%s\"", name);
	return container_kill(call->context, call->words[0], signal, options->all, err);
}
