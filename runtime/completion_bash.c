// SPDX-License-Identifier: Apache-2.0
// husk completion bash: see completion.h.
#include "runtime/completion.h"
#include "runtime/global_options.h"

enum bash_rows { bash_rows_all, bash_rows_files, bash_rows_values };

static void bash_add_names(struct text *text, const struct options_row *rows, enum bash_rows which,
			   const char *between)
{
	const char *separator = "";
	for (; rows->name; rows++) {
		if (which == bash_rows_files && !completion_takes_file(rows))
			continue;
		if (which == bash_rows_values &&
		    (!completion_takes_value(rows) || completion_takes_file(rows)))
			continue;
		text_printf(text, "%s--%s", separator, rows->name);
		separator = between;
		if (rows->letter)
			text_printf(text, "%s-%c", between, rows->letter);
	}
}

// The options whose value is one of a few words, each with these.
static void bash_add_choices(struct text *text, const struct options_row *rows)
{
	char choices[COMPLETION_CHOICES];
	text_add(text, "\t\tchoices=(");
	for (const char *between = ""; rows->name; rows++) {
		if (!completion_takes_choice(rows, choices))
			continue;
		text_printf(text, "%s'--%s %s'", between, rows->name, choices);
		between = " ";
		if (rows->letter)
			text_printf(text, " '-%c %s'", rows->letter, choices);
	}
	text_add(text, ")\n");
}

// The array of what may stand at each place: words to choose from, or @ and a kind.
static void bash_add_places(struct text *text, const struct command *command)
{
	static const char *const marks[] = {
		[completion_kind_other] = "",
		[completion_kind_ids] = "@ids",
		[completion_kind_choices] = "",
		[completion_kind_files] = "@files",
		[completion_kind_commands] = "$commands",
		[completion_kind_signals] = COMPLETION_SIGNALS,
		[completion_kind_program] = "@files",
	};
	struct completion_word words[COMPLETION_WORDS];
	size_t count = completion_read_words(command, words);
	text_add(text, "\t\tplaces=(");
	for (size_t i = 0; i < count; i++)
		text_printf(text, "%s\"%s%s\"", i ? " " : "", marks[words[i].kind],
			    words[i].choices);
	text_printf(text, ")\n\t\tfirst=%s\n", command->order == options_order_first ? "yes" : "");
}

// command: NULL for husk itself.
static void bash_add_case(struct text *text, const struct command *command)
{
	const struct options_row *rows = command ? command->options : global_options_rows;
	text_printf(text, "\t%s)\n\t\toptions='", command ? command->name : "''");
	bash_add_names(text, rows, bash_rows_all, " ");
	text_printf(text, "%s'\n\t\tfiles='", rows->name ? " --help -h" : "--help -h");
	bash_add_names(text, rows, bash_rows_files, " ");
	text_add(text, "'\n\t\tvalues='");
	bash_add_names(text, rows, bash_rows_values, " ");
	text_add(text, "'\n");
	bash_add_choices(text, rows);
	if (command)
		bash_add_places(text, command);
	else
		text_add(text, "\t\tplaces=(\"$commands\")\n");
	text_add(text, "\t\t;;\n");
}

void completion_add_bash(struct text *text)
{
	text_add(text, "# bash completion for husk\n"
		       "_husk_command() {\n"
		       "\tcase $1 in\n");
	bash_add_case(text, NULL);
	for (const struct command *const *c = command_list_all; *c; c++)
		bash_add_case(text, *c);
	text_add(text, "\tesac\n}\n");
	text_add(text,
		 "_husk() {\n"
		 "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
		 "\tlocal options files values choices places first='' root=() command='' n=0 i "
		 "word what\n"
		 "\tlocal commands='");
	completion_add_commands(text);
	// --name=value is three words here
	text_add(text, "'\n"
		       "\t_husk_command ''\n"
		       "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
		       "\t\tword=${COMP_WORDS[i]}\n"
		       "\t\tif [[ $word = -* && ( $n = 0 || -z $first ) ]]; then\n"
		       "\t\t\t[[ \" $files $values \" = *\" $word \"* ]] || continue\n"
		       "\t\t\t((i += 1))\n"
		       "\t\t\t[[ ${COMP_WORDS[i]} != = ]] || ((i += 1))\n"
		       "\t\t\t[[ $command || $word != --root ]] || root=(--root "
		       "\"${COMP_WORDS[i]}\")\n"
		       "\t\telif [[ -z $command ]]; then\n"
		       "\t\t\tcommand=$word first=''\n"
		       "\t\t\t_husk_command \"$command\"\n"
		       "\t\telse\n"
		       "\t\t\t((n += 1))\n"
		       "\t\tfi\n"
		       "\tdone\n"
		       "\t[[ $prev != = ]] || prev=${COMP_WORDS[COMP_CWORD-2]}\n"
		       "\t[[ $cur != = ]] || cur=''\n"
		       "\tCOMPREPLY=()\n"
		       "\twhat=${places[n]:-}\n"
		       "\tif [[ -n $first && $n -gt 0 ]]; then\n"
		       "\t\tcompopt -o default 2>/dev/null\n"
		       "\telif [[ \" $files \" = *\" $prev \"* ]]; then\n"
		       "\t\tcompopt -o default 2>/dev/null\n"
		       "\telif [[ \" $values \" = *\" $prev \"* ]]; then\n"
		       "\t\tfor word in \"${choices[@]}\"; do\n"
		       "\t\t\t[[ $word != \"$prev \"* ]] || mapfile -t COMPREPLY < <(compgen -W "
		       "\"${word#* }\" -- \"$cur\")\n"
		       "\t\tdone\n"
		       "\telif [[ $cur = -* ]]; then\n"
		       "\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
		       "\telif [[ $what = @files ]]; then\n"
		       "\t\tcompopt -o default 2>/dev/null\n"
		       "\telif [[ $what = @ids ]]; then\n"
		       "\t\tmapfile -t COMPREPLY < <(compgen -W \"$(\"${COMP_WORDS[0]}\" "
		       "\"${root[@]}\" list -q 2>/dev/null)\" -- \"$cur\")\n"
		       "\telse\n"
		       "\t\tmapfile -t COMPREPLY < <(compgen -W \"$what\" -- \"$cur\")\n"
		       "\tfi\n"
		       "}\n"
		       "complete -F _husk husk\n");
}
