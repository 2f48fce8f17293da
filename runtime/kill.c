// SPDX-License-Identifier: Apache-2.0
// husk kill: sends a signal. Options may stand on both sides of the words, because engines write both.
#include "libcontainer/kernel/process.h"
#include "runtime/command.h"
#include "runtime/matching.h"

struct kill_options {
	bool all;
	bool regex;
};

static int kill_run(const struct command_call *call, int *status, struct error *err);

static const struct options_row rows[] = {
	{"all", NULL, "signal every process of the container, not only its first",
	 offsetof(struct kill_options, all), options_kind_flag, 'a'},
	{"regex", NULL, "ID is a regular expression: signal all that match and have not stopped",
	 offsetof(struct kill_options, regex), options_kind_flag, 'r'},
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

struct wanted {
	int signal;
	bool all;
};

static int kill_matching(const struct container_context *context,
			 const struct container_state *state, void *data, struct error *err)
{
	const struct wanted *wanted = data;
	if (text_equal(state->status, "stopped") || text_equal(state->status, "creating"))
		return 0;
	return container_kill(context, state->id, wanted->signal, wanted->all, err);
}

static int kill_run(const struct command_call *call, int *status unused_result, struct error *err)
{
	const struct kill_options *options = call->options;
	const char *name = call->words_count > 1 ? call->words[1] : "TERM";
	int signal = signals_from_name(name);
	if (signal < 0)
		return error_set(err, 0, "unknown signal \"%s\"", name);
	struct wanted wanted = {signal, options->all};
	if (options->regex)
		return matching_each(call->context, call->words[0], kill_matching, &wanted, err);
	return container_kill(call->context, call->words[0], signal, options->all, err);
}
