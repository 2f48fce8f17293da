// SPDX-License-Identifier: Apache-2.0
// husk completion: what bash, zsh and fish need to complete husk's command lines, written from the tables that the parser reads.
#include <string.h>

#include "runtime/command.h"
#include "runtime/global_options.h"
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

static bool takes_value(const struct options_row *row)
{
	return row->kind != options_kind_flag && row->kind != options_kind_switch;
}

static bool takes_file(const struct options_row *row)
{
	return row->value && (strstr(row->value, "FILE") || strstr(row->value, "PATH") ||
			      strstr(row->value, "DIR") || strstr(row->value, "WHERE"));
}

static bool takes_id(const struct command *command)
{
	return strncmp(command->words, "ID", 2) == 0 && !text_equal(command->name, "create") &&
	       !text_equal(command->name, "run");
}

// Within single quotes of a shell. brackets: those of zsh's _arguments as well.
static void add_quoted(struct text *text, const char *string, bool brackets)
{
	for (; *string; string++) {
		if (*string == '\'')
			text_add(text, "'\\'");
		else if (brackets && strchr("[]:\\", *string))
			text_add(text, "\\");
		text_add_bytes(text, string, 1);
	}
}

static void add_commands(struct text *text)
{
	for (const struct command *const *c = command_list_all; *c; c++)
		text_printf(text, "%s%s", c == command_list_all ? "" : " ", (*c)->name);
}

// ---- bash ------------------------------------------------------------------------------------------

enum bash_rows { bash_rows_all, bash_rows_files, bash_rows_values };

static void bash_add_names(struct text *text, const struct options_row *rows, enum bash_rows which,
			   const char *between)
{
	const char *separator = "";
	for (; rows->name; rows++) {
		if (which == bash_rows_files && !takes_file(rows))
			continue;
		if (which == bash_rows_values && (!takes_value(rows) || takes_file(rows)))
			continue;
		text_printf(text, "%s--%s", separator, rows->name);
		separator = between;
		if (rows->letter)
			text_printf(text, "%s-%c", between, rows->letter);
	}
}

static void bash_add_case(struct text *text, const char *name, const struct options_row *rows,
			  bool ids)
{
	text_printf(text, "\t%s)\n\t\toptions='", name);
	bash_add_names(text, rows, bash_rows_all, " ");
	text_printf(text, "%s'\n\t\tfiles='", rows->name ? " --help -h" : "--help -h");
	bash_add_names(text, rows, bash_rows_files, " ");
	text_add(text, "'\n\t\tvalues='");
	bash_add_names(text, rows, bash_rows_values, " ");
	text_printf(text, "'\n\t\tids=%s\n\t\t;;\n", ids ? "yes" : "");
}

static void add_bash(struct text *text)
{
	text_add(text, "# bash completion for husk\n"
		       "_husk() {\n"
		       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} "
		       "command='' root=() i\n"
		       "\tlocal options files values ids words='");
	add_commands(text);
	text_add(text, "'\n"
		       "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
		       "\t\tif [[ ${COMP_WORDS[i]} = --root ]]; then root=(--root "
		       "\"${COMP_WORDS[i+1]}\"); fi\n"
		       "\t\tif [[ \" $words \" = *\" ${COMP_WORDS[i]} \"* ]]; then "
		       "command=${COMP_WORDS[i]}; break; fi\n"
		       "\tdone\n"
		       "\tcase $command in\n");
	bash_add_case(text, "''", global_options_rows, false);
	for (const struct command *const *c = command_list_all; *c; c++)
		bash_add_case(text, (*c)->name, (*c)->options, takes_id(*c));
	text_add(text, "\tesac\n"
		       "\tCOMPREPLY=()\n"
		       "\tif [[ \" $files \" = *\" $prev \"* ]]; then\n"
		       "\t\tcompopt -o default 2>/dev/null\n"
		       "\telif [[ \" $values \" = *\" $prev \"* ]]; then\n"
		       "\t\t:\n"
		       "\telif [[ $cur = -* ]]; then\n"
		       "\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
		       "\telif [[ -z $command || $command = help ]]; then\n"
		       "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
		       "\telif [[ -n $ids ]]; then\n"
		       "\t\tmapfile -t COMPREPLY < <(compgen -W \"$(\"${COMP_WORDS[0]}\" "
		       "\"${root[@]}\" list -q 2>/dev/null)\" -- \"$cur\")\n"
		       "\telif [[ $command = completion ]]; then\n"
		       "\t\tmapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- \"$cur\")\n"
		       "\tfi\n"
		       "}\n"
		       "complete -F _husk husk\n");
}

// ---- zsh -------------------------------------------------------------------------------------------

static void zsh_add_option(struct text *text, const struct options_row *row, const char *name)
{
	text_printf(text, " \\\n\t\t\t'%s%s[", row->kind == options_kind_list ? "*" : "", name);
	add_quoted(text, row->help, true);
	text_add(text, "]");
	if (takes_value(row)) {
		text_add(text, ":");
		add_quoted(text, row->value, true);
		text_add(text, takes_file(row) ? ":_files" : ": ");
	}
	text_add(text, "'");
}

static void zsh_add_options(struct text *text, const struct options_row *rows)
{
	for (; rows->name; rows++) {
		char name[64] = "--";
		strncat(name, rows->name, sizeof name - 3);
		zsh_add_option(text, rows, name);
		const char letter[] = {'-', rows->letter, '\0'};
		if (rows->letter)
			zsh_add_option(text, rows, letter);
	}
	text_add(text, " \\\n\t\t\t'(- *)--help[explain]'");
}

static void add_zsh(struct text *text)
{
	text_add(text, "#compdef husk\n"
		       "_husk_ids() {\n"
		       "\tlocal -a ids\n"
		       "\tids=(${(f)\"$(_call_program ids $words[1] list -q 2>/dev/null)\"})\n"
		       "\tcompadd -a ids\n"
		       "}\n"
		       "_husk() {\n"
		       "\tlocal -a commands\n"
		       "\tlocal curcontext=$curcontext state line\n"
		       "\tcommands=(\n");
	for (const struct command *const *c = command_list_all; *c; c++) {
		text_printf(text, "\t\t'%s:", (*c)->name);
		add_quoted(text, (*c)->summary, false);
		text_add(text, "'\n");
	}
	text_add(text, "\t)\n\t_arguments -C");
	zsh_add_options(text, global_options_rows);
	text_add(text, " \\\n\t\t\t'1:command:->command' '*::argument:->argument' && return\n"
		       "\tcase $state in\n"
		       "\tcommand) _describe command commands ;;\n"
		       "\targument)\n"
		       "\t\tcase $words[1] in\n");
	for (const struct command *const *c = command_list_all; *c; c++) {
		text_printf(text, "\t\t%s)\n\t\t\t_arguments", (*c)->name);
		zsh_add_options(text, (*c)->options);
		if (takes_id(*c))
			text_add(text, " \\\n\t\t\t'1:ID:_husk_ids'");
		text_add(text, " \\\n\t\t\t'*:argument:_default'\n\t\t\t;;\n");
	}
	text_add(text, "\t\tesac\n\t\t;;\n\tesac\n}\n_husk \"$@\"\n");
}

// ---- fish ------------------------------------------------------------------------------------------

static void fish_add_options(struct text *text, const char *condition,
			     const struct options_row *rows)
{
	for (; rows->name; rows++) {
		text_printf(text, "complete -c husk -n '%s' -l %s", condition, rows->name);
		if (rows->letter)
			text_printf(text, " -s %c", rows->letter);
		if (takes_value(rows))
			text_add(text, takes_file(rows) ? " -r -F" : " -x");
		text_add(text, " -d '");
		add_quoted(text, rows->help, false);
		text_add(text, "'\n");
	}
}

static void add_fish(struct text *text)
{
	struct text auto_text condition = {0};
	text_add(text, "# fish completion for husk\ncomplete -c husk -f\nset -l commands ");
	add_commands(text);
	text_add(text, "\n");
	for (const struct command *const *c = command_list_all; *c; c++) {
		text_printf(text,
			    "complete -c husk -n \"not __fish_seen_subcommand_from $commands\" -a "
			    "%s -d '",
			    (*c)->name);
		add_quoted(text, (*c)->summary, false);
		text_add(text, "'\n");
	}
	fish_add_options(text, "__fish_use_subcommand", global_options_rows);
	for (const struct command *const *c = command_list_all; *c; c++) {
		text_done(&condition);
		condition = (struct text){0};
		text_printf(&condition, "__fish_seen_subcommand_from %s", (*c)->name);
		fish_add_options(text, text_string(&condition), (*c)->options);
		if (takes_id(*c))
			text_printf(text,
				    "complete -c husk -n '%s' -a '(husk list -q 2>/dev/null)'\n",
				    text_string(&condition));
	}
}

// ---- command ---------------------------------------------------------------------------------------

static int completion_run(const struct command_call *call, int *status unused_result,
			  struct error *err)
{
	static const struct {
		const char *shell;
		void (*add)(struct text *);
	} shells[] = {{"bash", add_bash}, {"zsh", add_zsh}, {"fish", add_fish}};
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
