// SPDX-License-Identifier: Apache-2.0
// husk completion fish: see completion.h.
#include "runtime/completion.h"
#include "runtime/global_options.h"

static void fish_add_options(struct text *text, const char *condition,
			     const struct options_row *rows)
{
	char choices[COMPLETION_CHOICES];
	for (; rows->name; rows++) {
		text_printf(text, "complete -c husk -n '%s' -l %s", condition, rows->name);
		if (rows->letter)
			text_printf(text, " -s %c", rows->letter);
		if (completion_takes_value(rows))
			text_add(text, completion_takes_file(rows) ? " -r -F" : " -x");
		if (completion_takes_choice(rows, choices))
			text_printf(text, " -a '%s'", choices);
		text_add(text, " -d '");
		completion_add_quoted(text, rows->help, false);
		text_add(text, "'\n");
	}
}

static void add_places(struct text *text, const struct command *command)
{
	struct completion_word words[COMPLETION_WORDS];
	size_t count = completion_read_words(command, words);
	for (size_t i = 0; i < count; i++) {
		if (words[i].kind == completion_kind_other)
			continue;
		text_printf(text, "complete -c husk -n '__husk_at %s %s%zu'", command->name,
			    words[i].kind == completion_kind_program ? "+" : "", i);
		if (words[i].kind == completion_kind_ids)
			text_add(text, " -a '(__husk_ids)'");
		else if (words[i].kind == completion_kind_files ||
			 words[i].kind == completion_kind_program)
			text_add(text, " -F");
		else if (words[i].kind == completion_kind_commands)
			text_add(text, " -a '$__husk_commands'");
		else
			text_printf(text, " -a '%s'",
				    words[i].kind == completion_kind_signals ? COMPLETION_SIGNALS
									     : words[i].choices);
		text_add(text, "\n");
	}
}

// The options of a command, or of husk itself, that take a value, so that it is not taken for a word.
static void add_values(struct text *text, const char *name, const struct options_row *rows)
{
	text_printf(text, "\tcase '%s'\n\t\tprintf '%%s\\n'", name);
	completion_add_values(text, rows);
	text_add(text, "\n");
}

void completion_add_fish(struct text *text)
{
	struct text auto_text condition = {0};
	text_add(text, "# fish completion for husk\ncomplete -c husk -f\nset -g __husk_commands ");
	completion_add_commands(text);
	text_add(text, "\n");
	text_add(text, "function __husk_values\n\tswitch \"$argv[1]\"\n");
	add_values(text, "", global_options_rows);
	for (const struct command *const *c = command_list_all; *c; c++)
		add_values(text, (*c)->name, (*c)->options);
	text_add(text, "\tend\nend\n");
	text_add(text,
		 // the words that are no options, without husk itself
		 "function __husk_words\n"
		 "\tset -l words (commandline -opc)\n"
		 "\tset -l value 0\n"
		 "\tset -l values (__husk_values)\n"
		 "\tset -l command\n"
		 "\tfor word in $words[2..-1]\n"
		 "\t\tif test $value = 1\n"
		 "\t\t\tset value 0\n"
		 "\t\telse if contains -- $word $values\n"
		 "\t\t\tset value 1\n"
		 "\t\telse if not string match -q -- '-*' $word\n"
		 "\t\t\techo $word\n"
		 "\t\t\tif test -z \"$command\"\n"
		 "\t\t\t\tset command $word\n"
		 "\t\t\t\tset values (__husk_values $word)\n"
		 "\t\t\tend\n"
		 "\t\tend\n"
		 "\tend\n"
		 "end\n"
		 // COMMAND N: N words stand behind it; +N: or more
		 "function __husk_at\n"
		 "\tset -l words (__husk_words)\n"
		 "\ttest \"$words[1]\" = $argv[1]; or return 1\n"
		 "\ttest (count $argv) = 1; and return 0\n"
		 "\tset -l n (math (count $words) - 1)\n"
		 "\tif string match -q '+*' $argv[2]\n"
		 "\t\ttest $n -ge (string sub -s 2 $argv[2])\n"
		 "\telse\n"
		 "\t\ttest $n -eq $argv[2]\n"
		 "\tend\n"
		 "end\n"
		 "function __husk_ids\n"
		 "\tset -l words (commandline -opc)\n"
		 "\tset -l root (string match -- '--root=*' $words)\n"
		 "\tset -l i (contains -i -- --root $words)\n"
		 "\tand set root --root $words[(math $i + 1)]\n"
		 "\t$words[1] $root list -q 2>/dev/null\n"
		 "end\n");
	for (const struct command *const *c = command_list_all; *c; c++) {
		text_printf(
			text,
			"complete -c husk -n 'test -z (__husk_words | string collect)' -a %s -d '",
			(*c)->name);
		completion_add_quoted(text, (*c)->summary, false);
		text_add(text, "'\n");
	}
	fish_add_options(text, "test -z (__husk_words | string collect)", global_options_rows);
	for (const struct command *const *c = command_list_all; *c; c++) {
		text_done(&condition);
		condition = (struct text){0};
		text_printf(&condition, "__husk_at %s%s", (*c)->name,
			    (*c)->order == options_order_first ? " 0" : "");
		fish_add_options(text, text_string(&condition), (*c)->options);
		add_places(text, *c);
	}
}
