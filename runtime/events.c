// SPDX-License-Identifier: Apache-2.0
// husk events: what a container uses, once (--stats) or again and again until it ends; a line of JSON each.
#include <errno.h>
#include <unistd.h>

#include "runtime/command.h"
#include "runtime/output.h"
#include "runtime/quantity.h"

struct events_options {
	bool stats;
	const char *interval;
};

static const struct options_row events_rows[] = {
	{"stats", NULL, "print the statistics once and exit",
	 offsetof(struct events_options, stats), options_kind_flag, 0},
	{"interval", "DURATION", "time between two statistics: 100ms, 5s (default), 1m30s",
	 offsetof(struct events_options, interval), options_kind_string, 0},
	{0},
};

static int events_run(const struct command_call *call, int *status, struct error *err);

const struct command command_events = {
	.name = "events",
	.words = "ID",
	.missing = "the container's ID is missing",
	.summary = "print what a container uses, and when it runs out of memory",
	.options = events_rows,
	.options_size = sizeof(struct events_options),
	.order = options_order_any,
	.words_min = 1,
	.words_max = 1,
	.failure = 1,
	.run = events_run,
};

static int print_stats(const struct command_call *call, struct error *err)
{
	struct text auto_text data = {0};
	struct text auto_text line = {0};
	struct json json = {.text = &line};
	if (container_stats(call->context, call->words[0], &data, err) < 0)
		return -1;
	json_begin_object(&json, NULL);
	json_string(&json, "type", "stats");
	json_string(&json, "id", call->words[0]);
	json_raw(&json, "data", text_string(&data));
	json_end_object(&json);
	text_add(&line, "\n");
	if (text_failed(&data))
		return output_write(&data, err);
	return output_write(&line, err);
}

static int take_event(void *data unused_result, const struct text *event, struct error *err)
{
	return output_write(event, err);
}

// *milliseconds: at least 1, so that the shortest is no busy loop.
static int read_interval(const char *text, int64_t *milliseconds, struct error *err)
{
	int64_t nanoseconds;
	if (quantity_duration(text, &nanoseconds) < 0)
		return error_set(
			err, errno,
			"option --interval: invalid value \"%s\", must be a duration such as "
			"100ms, 5s or 1m30s",
			text);
	if (nanoseconds <= 0)
		return error_set(err, EINVAL, "option --interval: \"%s\" must be greater than 0",
				 text);
	*milliseconds = nanoseconds < 1000000 ? 1 : nanoseconds / 1000000;
	return 0;
}

static int events_run(const struct command_call *call, int *status unused_result, struct error *err)
{
	const struct events_options *options = call->options;
	struct container_events_options stream = {
		.id = call->words[0],
		.reader_fd = STDOUT_FILENO,
		.take = take_event,
	};
	if (read_interval(options->interval ? options->interval : "5s", &stream.interval_ms, err) <
	    0)
		return -1;
	return options->stats ? print_stats(call, err)
			      : container_events(call->context, &stream, err);
}
