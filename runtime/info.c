// SPDX-License-Identifier: Apache-2.0
// husk info: what this machine has for containers, and what husk's caller may use of it. `features` is about the program, this is
// about the host.
#include <stdlib.h>

#include "libcontainer/base/memory.h"
#include "runtime/command.h"
#include "runtime/output.h"
#include "runtime/table.h"
#include "runtime/version.h"

struct info_options {
	const char *format;
};

static int info_run(const struct command_call *call, int *status, struct error *err);

static const struct options_row rows[] = {
	{"format", "table|json", "how it is printed; table by default",
	 offsetof(struct info_options, format), options_kind_string, 'f'},
	{0},
};

const struct command command_info = {
	.name = "info",
	.words = "",
	.missing = "",
	.summary = "show what this machine has for containers",
	.options = rows,
	.options_size = sizeof(struct info_options),
	.order = options_order_any,
	.failure = 1,
	.run = info_run,
};

static void add_json(struct text *text, const struct container_fact *facts, size_t count)
{
	struct json json = {.text = text, .indent = 2};
	json_begin_object(&json, NULL);
	json_string(&json, "husk", version_number());
	for (size_t i = 0; i < count; i++)
		json_string(&json, facts[i].name, facts[i].value);
	json_end_object(&json);
	text_add(text, "\n");
}

static int add_table(struct text *text, const struct container_fact *facts, size_t count,
		     struct error *err)
{
	auto_free const char **cells = calloc(count + 1, 2 * sizeof *cells);
	if (!cells)
		return error_errno(err, "info");
	cells[0] = "husk";
	cells[1] = version_number();
	for (size_t i = 0; i < count; i++) {
		cells[2 * i + 2] = facts[i].name;
		cells[2 * i + 3] = facts[i].value;
	}
	table_add(text, cells, count + 1, 2);
	return 0;
}

static int info_run(const struct command_call *call, int *status unused_result, struct error *err)
{
	const struct info_options *options = call->options;
	struct text auto_text text = {0};
	struct container_fact *facts = NULL;
	size_t count = 0;
	int is_json = output_is_json(options->format, err);
	if (is_json < 0 || container_info(call->context, &facts, &count, err) < 0)
		return -1;
	int result = 0;
	if (is_json)
		add_json(&text, facts, count);
	else
		result = add_table(&text, facts, count, err);
	container_info_free(facts, count);
	return result < 0 ? -1 : output_write(&text, err);
}
