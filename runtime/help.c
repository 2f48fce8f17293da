// SPDX-License-Identifier: Apache-2.0
// husk help, and every command's --help.
#include "runtime/help.h"

#include "runtime/global_options.h"
#include "runtime/output.h"

static int help_run(const struct command_call *call, int *status, struct error *err);

const struct command command_help = {
	.name = "help",
	.words = "[COMMAND]",
	.missing = "",
	.summary = "explain husk or a command",
	.options = command_options_none,
	.order = options_order_any,
	.words_max = 1,
	.failure = 1,
	.run = help_run,
};

// The column in which explanations begin.
enum { command_column = 14, option_column = 36 };

static void fill(struct text *text, size_t line_start, size_t column)
{
	if (text->length - line_start + 2 > column) {
		text_add(text, "\n");
		line_start = text->length;
	}
	do
		text_add_bytes(text, " ", 1);
	while (!text_failed(text) && text->length - line_start < column);
}

static void add_row(struct text *text, char letter, const char *name, const char *value,
		    const char *explanation)
{
	size_t start = text->length;
	char short_name[] = {' ', ' ', '-', letter, ',', ' '};
	if (letter)
		text_add_bytes(text, short_name, sizeof short_name);
	else
		text_add(text, "      ");
	text_add(text, "--");
	text_add(text, name);
	if (value) {
		text_add(text, " ");
		text_add(text, value);
	}
	fill(text, start, option_column);
	text_add(text, explanation);
	text_add(text, "\n");
}

static void add_rows(struct text *text, const char *title, const struct options_row *rows)
{
	text_add(text, title);
	for (; rows->name; rows++)
		add_row(text, rows->letter, rows->name, rows->value, rows->help);
}

static void add_overview(struct text *text)
{
	text_add(text,
		 "usage: husk [GLOBAL-OPTION...] COMMAND [OPTION...] [ARGUMENT...]\n\nCommands:\n");
	for (const struct command *const *c = command_list_all; *c; c++) {
		size_t start = text->length;
		text_add(text, "  ");
		text_add(text, (*c)->name);
		fill(text, start, command_column);
		text_add(text, (*c)->summary);
		text_add(text, "\n");
	}
	add_rows(text, "\nGlobal options:\n", global_options_rows);
	add_row(text, 'h', "help", NULL, "explain husk; behind a command: explain that");
}

static void add_command(struct text *text, const struct command *command)
{
	text_add(text, "usage: husk ");
	text_add(text, command->name);
	if (command->options->name)
		text_add(text, " [OPTION...]");
	text_add(text, *command->words ? " " : "");
	text_add(text, command->words);
	text_add(text, "\n\n");
	text_add(text, command->name);
	text_add(text, ": ");
	text_add(text, command->summary);
	text_add(text, "\n");
	if (command->notes)
		text_add(text, command->notes);
	if (command->options->name)
		add_rows(text, "\nOptions:\n", command->options);
}

void help_add(struct text *text, const struct command *command)
{
	if (command)
		add_command(text, command);
	else
		add_overview(text);
}

static int help_run(const struct command_call *call, int *status unused_result, struct error *err)
{
	const struct command *command = NULL;
	if (call->words_count && command_find_or_explain(call->words[0], &command, err) < 0)
		return -1;
	struct text auto_text text = {0};
	help_add(&text, command);
	return output_write(&text, err);
}
