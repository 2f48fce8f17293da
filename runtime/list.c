// SPDX-License-Identifier: Apache-2.0
// husk list: every container of the state root, as table, JSON, or ids alone.
#include <stdlib.h>

#include "libcontainer/base/memory.h"
#include "runtime/command.h"
#include "runtime/output.h"
#include "runtime/owner.h"
#include "runtime/table.h"

struct list_options {
	const char *format;
	bool quiet;
};

static int list_run(const struct command_call *call, int *status, struct error *err);

static const struct options_row rows[] = {
	{"format", "table|json", "how it is printed; table by default",
	 offsetof(struct list_options, format), options_kind_string, 'f'},
	{"quiet", NULL, "ids only, one a line", offsetof(struct list_options, quiet),
	 options_kind_flag, 'q'},
	{0},
};

const struct command command_list = {
	.name = "list",
	.words = "",
	.missing = "",
	.summary = "list the containers",
	.options = rows,
	.options_size = sizeof(struct list_options),
	.order = options_order_any,
	.failure = 1,
	.warns = true,
	.run = list_run,
};

// What is computed for a row; owned.
struct label {
	char *owner, *pid;
};

struct listing {
	struct container_state *states;
	struct label *labels;  // one for each
	size_t count;
};

static void add_ids(struct text *text, const struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++) {
		text_add(text, listing->states[i].id);
		text_add(text, "\n");
	}
}

static void add_json(struct text *text, const struct listing *listing)
{
	struct json json = {.text = text};
	json_begin_array(&json, NULL);
	for (size_t i = 0; i < listing->count; i++)
		output_add_state(&json, &listing->states[i], listing->labels[i].owner);
	json_end_array(&json);
	text_add(text, "\n");
}

static int add_table(struct text *text, const struct listing *listing, struct error *err)
{
	enum { columns = 6 };
	static const char *const head[columns] = {"ID",     "PID",     "STATUS",
						  "BUNDLE", "CREATED", "OWNER"};
	auto_free const char **cells = calloc(listing->count + 1, sizeof head);
	if (!cells)
		return error_errno(err, "list");
	for (size_t i = 0; i < columns; i++)
		cells[i] = head[i];
	for (size_t i = 0; i < listing->count; i++) {
		const struct container_state *state = &listing->states[i];
		const struct label *label = &listing->labels[i];
		const char *row[columns] = {state->id,     label->pid,     state->status,
					    state->bundle, state->created, label->owner};
		for (size_t j = 0; j < columns; j++)
			cells[(i + 1) * columns + j] = row[j];
	}
	table_add(text, cells, listing->count + 1, columns);
	return 0;
}

static int make_labels(struct listing *listing, struct error *err)
{
	listing->labels = calloc(listing->count + 1, sizeof *listing->labels);
	if (!listing->labels)
		return error_errno(err, "list");
	struct owner_names names;
	owner_read(&names, "/etc/passwd");
	int result = 0;
	for (size_t i = 0; i < listing->count && result == 0; i++) {
		struct text owner = {0}, pid = {0};
		owner_add_name(&owner, &names, listing->states[i].owner);
		text_add_signed(&pid, listing->states[i].pid);
		listing->labels[i] = (struct label){text_take(&owner), text_take(&pid)};
		if (!listing->labels[i].owner || !listing->labels[i].pid)
			result = error_errno(err, "list");
	}
	owner_done(&names);
	return result;
}

static void listing_done(struct listing *listing)
{
	for (size_t i = 0; listing->labels && i < listing->count; i++) {
		free(listing->labels[i].owner);
		free(listing->labels[i].pid);
	}
	free(listing->labels);
	container_list_free(listing->states, listing->count);
}

static int show(const struct listing *listing, const struct list_options *options, int is_json,
		struct error *err)
{
	struct text auto_text text = {0};
	if (options->quiet)
		add_ids(&text, listing);
	else if (is_json)
		add_json(&text, listing);
	else if (add_table(&text, listing, err) < 0)
		return -1;
	return output_write(&text, err);
}

static int list_run(const struct command_call *call, int *status unused_result, struct error *err)
{
	const struct list_options *options = call->options;
	struct listing listing = {0};
	int is_json = output_is_json(options->format, err);
	if (is_json < 0 || container_list(call->context, &listing.states, &listing.count, err) < 0)
		return -1;
	int result = make_labels(&listing, err);
	if (result == 0)
		result = show(&listing, options, is_json, err);
	listing_done(&listing);
	return result;
}
