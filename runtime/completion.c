// SPDX-License-Identifier: Apache-2.0
// husk completion: what bash, zsh and fish need to complete husk's command lines, written from the tables that the parser reads.
#include <string.h>

#include "runtime/completion.h"
#include "runtime/output.h"

static int completion_run(const struct command_call *call, int *status, struct error *err);

const struct command command_completion = {
	.name = "completion",
	.words = "bash|zsh|fish",
	.missing = "the shell's name is missing",
	.summary = "print a completion script for a shell",
	.options = command_options_none,
	.order = options_order_any,
	.words_min = 1,
	.words_max = 1,
	.failure = 1,
	.run = completion_run,
};

bool completion_takes_value(const struct options_row *row)
{
	return row->kind != options_kind_flag && row->kind != options_kind_switch;
}

bool completion_takes_file(const struct options_row *row)
{
	return row->value && (strstr(row->value, "FILE") || strstr(row->value, "PATH") ||
			      strstr(row->value, "DIR") || strstr(row->value, "WHERE"));
}

// Of "add|remove", length bytes of it. false when it is no such thing.
static bool read_choices(const char *words, size_t length, char choices[COMPLETION_CHOICES])
{
	if (!memchr(words, '|', length) || length >= COMPLETION_CHOICES)
		return false;
	memcpy(choices, words, length);
	choices[length] = '\0';
	for (char *bar = choices; (bar = strchr(bar, '|'));)
		*bar = ' ';
	return true;
}

bool completion_takes_choice(const struct options_row *row, char choices[COMPLETION_CHOICES])
{
	return completion_takes_value(row) && read_choices(row->value, strlen(row->value), choices);
}

// ---- what stands behind a command ------------------------------------------------------------------

// A container's id is known to nobody before it is made.
static bool is_new(const struct command *command)
{
	return text_equal(command->name, "create") || text_equal(command->name, "run");
}

static void read_word(const struct command *command, const char *name, size_t length,
		      struct completion_word *word)
{
	static const struct {
		const char *name;
		enum completion_kind kind;
	} kinds[] = {{"ID", completion_kind_ids},
		     {"FILE", completion_kind_files},
		     {"[SIGNAL]", completion_kind_signals},
		     {"[COMMAND]", completion_kind_commands},
		     {"[COMMAND", completion_kind_program}};
	*word = (struct completion_word){.kind = completion_kind_other};
	for (size_t i = 0; i < array_size(kinds); i++)
		if (strlen(kinds[i].name) == length && strncmp(kinds[i].name, name, length) == 0)
			word->kind = kinds[i].kind;
	if (word->kind == completion_kind_ids && is_new(command))
		word->kind = completion_kind_other;
	if (read_choices(name, length, word->choices))
		word->kind = completion_kind_choices;
}

size_t completion_read_words(const struct command *command,
			     struct completion_word words[COMPLETION_WORDS])
{
	size_t count = 0;
	for (const char *at = command->words; *at && count < COMPLETION_WORDS;) {
		size_t length = strcspn(at, " ");
		read_word(command, at, length, &words[count]);
		if (words[count++].kind == completion_kind_program)
			break;
		at += length + (at[length] == ' ');
	}
	return count;
}

void completion_add_quoted(struct text *text, const char *string, bool brackets)
{
	for (; *string; string++) {
		if (*string == '\'')
			text_add(text, "'\\'");
		else if (brackets && strchr("[]:\\", *string))
			text_add(text, "\\");
		text_add_bytes(text, string, 1);
	}
}

void completion_add_commands(struct text *text)
{
	for (const struct command *const *c = command_list_all; *c; c++)
		text_printf(text, "%s%s", c == command_list_all ? "" : " ", (*c)->name);
}

void completion_add_values(struct text *text, const struct options_row *rows)
{
	for (; rows->name; rows++) {
		if (!completion_takes_value(rows))
			continue;
		text_printf(text, " --%s", rows->name);
		if (rows->letter)
			text_printf(text, " -%c", rows->letter);
	}
}

// ---- command ---------------------------------------------------------------------------------------

static int completion_run(const struct command_call *call, int *status unused_result,
			  struct error *err)
{
	static const struct {
		const char *shell;
		void (*add)(struct text *);
	} shells[] = {{"bash", completion_add_bash},
		      {"zsh", completion_add_zsh},
		      {"fish", completion_add_fish}};
	struct text auto_text text = {0};
	for (size_t i = 0; i < array_size(shells); i++) {
		if (!text_equal(shells[i].shell, call->words[0]))
			continue;
		shells[i].add(&text);
		return output_write(&text, err);
	}
	return error_set(err, 0, "husk: \"completion\" knows bash, zsh and fish, not \"%s\"",
			 call->words[0]);
}
