// SPDX-License-Identifier: Apache-2.0
// What the completion scripts of all shells are made of: the tables that the parser reads, and the words of each command's usage.
#ifndef HUSK_RUNTIME_COMPLETION_H
#define HUSK_RUNTIME_COMPLETION_H

#include "runtime/command.h"

enum completion_kind {
	completion_kind_other,
	completion_kind_ids,
	completion_kind_choices,
	completion_kind_files,
	completion_kind_commands,
	completion_kind_signals,
	completion_kind_program,  // from here on the command line is another program's
};

enum { COMPLETION_WORDS = 4, COMPLETION_CHOICES = 64 };

struct completion_word {
	enum completion_kind kind;
	char choices[COMPLETION_CHOICES];  // "add remove"
};

#define COMPLETION_SIGNALS "TERM KILL HUP INT QUIT USR1 USR2 STOP CONT WINCH"

// What stands behind a command, from the text of its usage. Returns how many.
size_t completion_read_words(const struct command *command,
			     struct completion_word words[COMPLETION_WORDS]);
bool completion_takes_value(const struct options_row *row);
// "text json" for --log-format text|json; false when its value is not one of a few words.
bool completion_takes_choice(const struct options_row *row,
			     char choices[COMPLETION_CHOICES]) must_check;
bool completion_takes_file(const struct options_row *row);
// The names of all commands, with blanks between.
void completion_add_commands(struct text *text);
// " --name -n" of each option that takes a value.
void completion_add_values(struct text *text, const struct options_row *rows);
// Within single quotes of a shell. brackets: those of zsh's _arguments as well.
void completion_add_quoted(struct text *text, const char *string, bool brackets);

void completion_add_bash(struct text *text);
void completion_add_zsh(struct text *text);
void completion_add_fish(struct text *text);

#endif
