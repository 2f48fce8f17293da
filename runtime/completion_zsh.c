// SPDX-License-Identifier: Apache-2.0
// husk completion zsh: see completion.h.
#include <string.h>

#include "runtime/completion.h"
#include "runtime/global_options.h"

static void zsh_add_option(struct text *text, const struct options_row *row, const char *name)
{
	char choices[COMPLETION_CHOICES];
	text_printf(text, " \\\n\t\t\t'%s%s[", row->kind == options_kind_list ? "*" : "", name);
	completion_add_quoted(text, row->help, true);
	text_add(text, "]");
	if (completion_takes_choice(row, choices)) {
		text_printf(text, ":word:(%s)", choices);
	} else if (completion_takes_value(row)) {
		text_add(text, ":");
		completion_add_quoted(text, row->value, true);
		text_add(text, completion_takes_file(row) ? ":_files" : ": ");
	}
	text_add(text, "'");
}

static void zsh_add_options(struct text *text, const struct options_row *rows)
{
	for (; rows->name; rows++) {
		char name[64] = "--";
		strncat(name, rows->name, sizeof name - 4);
		// with = the value may stand behind it, or as a word of its own
		if (completion_takes_value(rows))
			strncat(name, "=", 2);
		zsh_add_option(text, rows, name);
		const char letter[] = {'-', rows->letter, '\0'};
		if (rows->letter)
			zsh_add_option(text, rows, letter);
	}
	text_add(text, " \\\n\t\t\t'(- *)--help[explain]'");
}

static void zsh_add_places(struct text *text, const struct command *command)
{
	struct completion_word words[COMPLETION_WORDS];
	size_t count = completion_read_words(command, words);
	for (size_t i = 0; i < count; i++) {
		const struct completion_word *word = &words[i];
		if (word->kind == completion_kind_program) {
			text_add(text, " \\\n\t\t\t'*::command:_normal'");
			continue;
		}
		text_printf(text, " \\\n\t\t\t'%zu:", i + 1);
		if (word->kind == completion_kind_ids)
			text_add(text, "ID:_husk_ids'");
		else if (word->kind == completion_kind_files)
			text_add(text, "file:_files'");
		else if (word->kind == completion_kind_choices)
			text_printf(text, "word:(%s)'", word->choices);
		else if (word->kind == completion_kind_signals)
			text_printf(text, "signal:(%s)'", COMPLETION_SIGNALS);
		else if (word->kind == completion_kind_commands)
			text_add(text, "command:{_describe command commands}'");
		else
			text_add(text, "argument: '");
	}
}

void completion_add_zsh(struct text *text)
{
	text_add(text, "#compdef husk\n"
		       "_husk_ids() {\n"
		       "\tlocal -a ids\n"
		       "\tids=(${(f)\"$(_call_program ids $husk $root list -q 2>/dev/null)\"})\n"
		       "\t(( $#ids )) && compadd -a ids\n"
		       "}\n"
		       "_husk() {\n"
		       "\tlocal -a commands root\n"
		       "\tlocal curcontext=$curcontext state line husk=$words[1]\n"
		       "\ttypeset -A opt_args\n"
		       "\tcommands=(\n");
	for (const struct command *const *c = command_list_all; *c; c++) {
		text_printf(text, "\t\t'%s:", (*c)->name);
		completion_add_quoted(text, (*c)->summary, false);
		text_add(text, "'\n");
	}
	text_add(text, "\t)\n\t_arguments -C");
	zsh_add_options(text, global_options_rows);
	text_add(text, " \\\n\t\t\t'1:command:->command' '*::argument:->argument' && return\n"
		       "\t[[ -z $opt_args[--root] ]] || root=(--root $opt_args[--root])\n"
		       "\tcase $state in\n"
		       "\tcommand) _describe command commands ;;\n"
		       "\targument)\n"
		       "\t\tcase $words[1] in\n");
	for (const struct command *const *c = command_list_all; *c; c++) {
		text_printf(text, "\t\t%s)\n\t\t\t_arguments%s", (*c)->name,
			    (*c)->order == options_order_first ? " -A '-*'" : "");
		zsh_add_options(text, (*c)->options);
		zsh_add_places(text, *c);
		text_add(text, "\n\t\t\t;;\n");
	}
	// as a file of $fpath it is the body of the function; a file that is sourced only says what there is
	text_add(text, "\t\tesac\n\t\t;;\n\tesac\n}\n"
		       "if [[ $funcstack[1] = _husk ]]; then\n"
		       "\t_husk \"$@\"\n"
		       "else\n"
		       "\t(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }\n"
		       "\tcompdef _husk husk\n"
		       "fi\n");
}
