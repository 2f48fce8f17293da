// SPDX-License-Identifier: Apache-2.0
// The option parser, by a table that has every kind of option; and the tables of all commands.
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/command.h"
#include "runtime/global_options.h"

struct sample {
	bool all;
	struct options_switch tty;
	const char *file;
	const char *const *env;
	unsigned number;
};

static const struct options_row rows[] = {
	{"all", NULL, "", offsetof(struct sample, all), options_kind_flag, 'a'},
	{"tty", NULL, "", offsetof(struct sample, tty), options_kind_switch, 't'},
	{"file", "FILE", "", offsetof(struct sample, file), options_kind_string, 'f'},
	{"env", "K=V", "", offsetof(struct sample, env), options_kind_list, 'e'},
	{"preserve-fds", "N", "", offsetof(struct sample, number), options_kind_unsigned, 0},
	{0},
};

static struct sample sample;
static struct options_words words;
static struct error err;

static int parse_ordered(enum options_order order, const char *const *argv)
{
	options_done(rows, &sample, &words);
	memset(&sample, 0, sizeof sample);
	memset(&err, 0, sizeof err);
	return options_parse(rows, order, argv, &sample, &words, &err);
}

#define parse(...) parse_ordered(options_order_any, (const char *const[]){__VA_ARGS__, NULL})
#define parse_first(...)                                                                           \
	parse_ordered(options_order_first, (const char *const[]){__VA_ARGS__, NULL})

static void release(void)
{
	options_done(rows, &sample, &words);
}

static void assert_error(int result, const char *part)
{
	ck_assert_int_eq(result, -1);
	ck_assert_msg(strstr(err.message, part) != NULL, "\"%s\" lacks \"%s\"", err.message, part);
}

START_TEST(value_forms)
{
	static const char *const forms[][3] = {
		{"--file", "x", NULL},   {"--file=x", NULL, NULL}, {"-file", "x", NULL},
		{"-file=x", NULL, NULL}, {"-f", "x", NULL},        {"-fx", NULL, NULL},
		{"-f=x", NULL, NULL},    {"-af", "x", NULL},       {"-afx", NULL, NULL},
	};
	for (size_t i = 0; i < array_size(forms); i++) {
		ck_assert_int_eq(parse_ordered(options_order_any, forms[i]), 0);
		ck_assert_str_eq(sample.file, "x");
		ck_assert_uint_eq(words.count, 0);
		ck_assert(sample.all == (strncmp(forms[i][0], "-a", 2) == 0));
	}
}
END_TEST

START_TEST(values_that_look_odd)
{
	ck_assert_int_eq(parse("--file", "-"), 0);
	ck_assert_str_eq(sample.file, "-");
	ck_assert_int_eq(parse("--file", "--all"), 0);
	ck_assert_str_eq(sample.file, "--all");
	ck_assert(!sample.all);
	ck_assert_int_eq(parse("--file=a=b"), 0);
	ck_assert_str_eq(sample.file, "a=b");
	ck_assert_int_eq(parse("-f", "1", "--file=2"), 0);
	ck_assert_str_eq(sample.file, "2");
}
END_TEST

START_TEST(flags)
{
	ck_assert_int_eq(parse("--all"), 0);
	ck_assert(sample.all && !sample.tty.set);
	ck_assert_int_eq(parse("-a", "--all=false"), 0);
	ck_assert(!sample.all);
	ck_assert_int_eq(parse("-all=true", "-t=false"), 0);
	ck_assert(sample.all && sample.tty.set && !sample.tty.value);
	ck_assert_int_eq(parse("-at"), 0);
	ck_assert(sample.all && sample.tty.set && sample.tty.value);
	// a flag does not take the next argument
	ck_assert_int_eq(parse("--all", "false"), 0);
	ck_assert(sample.all && words.count == 1);
	assert_error(parse("--all=maybe"), "--all: invalid value \"maybe\"");
}
END_TEST

START_TEST(lists_collect_and_keep_commas)
{
	ck_assert_int_eq(parse("-e", "A=1,2", "--env=B=", "word", "-eC"), 0);
	ck_assert_str_eq(sample.env[0], "A=1,2");
	ck_assert_str_eq(sample.env[1], "B=");
	ck_assert_str_eq(sample.env[2], "C");
	ck_assert_ptr_null(sample.env[3]);
	ck_assert_int_eq(parse("x"), 0);
	ck_assert_ptr_null(sample.env);
}
END_TEST

START_TEST(numbers)
{
	ck_assert_int_eq(parse("--preserve-fds", "2147483647"), 0);
	ck_assert_uint_eq(sample.number, 2147483647U);
	assert_error(parse("--preserve-fds", "2147483648"), "--preserve-fds: invalid value");
	assert_error(parse("--preserve-fds=-1"), "\"-1\"");
	assert_error(parse("--preserve-fds="), "--preserve-fds");
	assert_error(parse("--preserve-fds", "0x1"), "--preserve-fds");
	assert_error(parse("--preserve-fds", "99999999999999999999999"), "--preserve-fds");
}
END_TEST

START_TEST(words_between_options)
{
	ck_assert_int_eq(parse("id", "9", "--all"), 0);
	ck_assert_uint_eq(words.count, 2);
	ck_assert(sample.all);
	ck_assert_int_eq(parse("--all", "id", "-", "9"), 0);
	ck_assert_uint_eq(words.count, 3);
	ck_assert_str_eq(words.items[1], "-");
	ck_assert_ptr_null(words.items[3]);
	ck_assert_int_eq(parse("--", "--all"), 0);
	ck_assert_str_eq(words.items[0], "--all");
	ck_assert(!sample.all);
}
END_TEST

START_TEST(first_word_ends_options)
{
	ck_assert_int_eq(parse_first("-a", "id", "ls", "--all", "-x", "--", "--help"), 0);
	ck_assert(sample.all);
	ck_assert_uint_eq(words.count, 6);
	ck_assert_str_eq(words.items[2], "--all");
	ck_assert_str_eq(words.items[4], "--");
}
END_TEST

START_TEST(wrong_options_are_named)
{
	assert_error(parse("--bogus"), "unknown option \"--bogus\"");
	ck_assert_str_eq(words.unknown, "--bogus");
	assert_error(parse("--fil", "x"), "\"--fil\"");  // no abbreviations
	assert_error(parse("--bogus=1"), "--bogus");
	assert_error(parse("-x"), "\"-x\"");
	assert_error(parse("-ax"), "\"-ax\"");
	assert_error(parse("--a"), "\"--a\"");  // a letter takes one dash
	assert_error(parse("--=x"), "\"--=x\"");
	assert_error(parse("--file"), "requires an argument");
	ck_assert_ptr_null(words.unknown);
	assert_error(parse("-f"), "requires an argument");
	assert_error(parse("--file="), "empty");
	assert_error(parse("--file", ""), "empty");
	assert_error(parse("--env", ""), "empty");
}
END_TEST

START_TEST(help_is_asked_for)
{
	ck_assert_int_eq(parse("-h"), 1);
	ck_assert_int_eq(parse("--help"), 1);
	ck_assert_int_eq(parse("id", "-help", "--bogus"), 1);
	ck_assert_int_eq(parse_first("id", "--help"), 0);
	ck_assert_int_eq(parse("--", "-h"), 0);
	assert_error(parse("--helpless"), "--helpless");
}
END_TEST

// A table's rows must not shadow each other, fit their struct, and say what they take.
static void check_rows(const char *name, const struct options_row *table, size_t size)
{
	for (const struct options_row *row = table; row->name; row++) {
		bool flag = row->kind == options_kind_flag || row->kind == options_kind_switch;
		ck_assert_msg(flag == !row->value, "%s --%s: value or flag", name, row->name);
		ck_assert_msg(row->offset < size, "%s --%s: offset", name, row->name);
		ck_assert_msg(row->help && *row->help, "%s --%s: help", name, row->name);
		for (const struct options_row *other = table; other < row; other++) {
			ck_assert_msg(strcmp(row->name, other->name) != 0, "%s --%s twice", name,
				      row->name);
			ck_assert_msg(!row->letter || row->letter != other->letter, "%s -%c twice",
				      name, row->letter);
			// but for two spellings of one option
			bool alias = strcmp(row->help, "the same") == 0;
			ck_assert_msg(alias || row->offset != other->offset,
				      "%s --%s and --%s: same member", name, row->name,
				      other->name);
		}
	}
}

START_TEST(tables_are_sound)
{
	check_rows("husk", global_options_rows, sizeof(struct global_options));
	for (const struct command *const *c = command_list_all; *c; c++) {
		check_rows((*c)->name, (*c)->options, (*c)->options_size);
		ck_assert((*c)->words_min <= (*c)->words_max);
		ck_assert((*c)->run && (*c)->failure > 0);
		ck_assert_ptr_eq(command_find((*c)->name), *c);
	}
}
END_TEST

// The command lines that engines write: all must parse. NULL ends a line.
START_TEST(lines_of_engines)
{
	static const char *const lines[][16] = {
		{"create", "--bundle", "B", "--pid-file", "P", "--console-socket", "S",
		 "--no-pivot", "--no-new-keyring", "--preserve-fds", "2", "ID"},
		{"run", "--bundle", "B", "-no-subreaper", "--keep", "-d", "ID"},
		{"exec", "--process", "F", "--console-socket", "S", "--detach", "--pid-file", "P",
		 "ID"},
		{"exec", "--pid-file", "P", "--process", "F", "--detach", "--preserve-fds", "1",
		 "ID"},
		{"kill", "--all", "ID", "9"},
		{"kill", "ID", "9", "--all"},
		{"kill", "ID", "KILL"},
		{"delete", "--force", "ID"},
		{"list", "--format=json"},
		{"ps", "--format", "json", "ID"},
		{"ps", "--format", "table", "ID", "-o pid,cmd"},
		{"state", "ID"},
		{"start", "ID"},
		{"pause", "ID"},
		{"resume", "ID"},
		{"features"},
	};
	for (size_t i = 0; i < array_size(lines); i++) {
		const struct command *command = command_find(lines[i][0]);
		ck_assert_ptr_nonnull(command);
		void *target = calloc(1, command->options_size + 1);
		struct options_words rest;
		ck_assert_msg(options_parse(command->options, command->order, lines[i] + 1, target,
					    &rest, &err) == 0,
			      "%zu: %s", i, err.message);
		ck_assert_msg(command_check_words(command, &rest, &err) == 0, "%zu: %s", i,
			      err.message);
		options_done(command->options, target, &rest);
		free(target);
	}
}
END_TEST

START_TEST(global_options_of_engines)
{
	static const char *const line[] = {"--root",
					   "R",
					   "--debug",
					   "--log",
					   "L",
					   "--log-format",
					   "json",
					   "--rootless=true",
					   "--systemd-cgroup=false",
					   "state",
					   "--root",
					   NULL};
	struct global_options options = {0};
	struct container_context context = {0};
	struct options_words rest;
	ck_assert_int_eq(options_parse(global_options_rows, options_order_first, line, &options,
				       &rest, &err),
			 0);
	ck_assert_str_eq(options.root, "R");
	ck_assert_str_eq(options.report.format, "json");
	ck_assert(options.report.debug);
	ck_assert_uint_eq(rest.count, 2);
	ck_assert_int_eq(global_options_apply(&options, &context, &err), 0);
	ck_assert_str_eq(context.root, "R");
	ck_assert_int_eq(context.cgroup_manager, container_cgroup_manager_cgroupfs);
	options_done(global_options_rows, &options, &rest);
}
END_TEST

START_TEST(cgroup_managers)
{
	struct container_context context = {0};
	struct global_options options = {.systemd_cgroup = true};
	ck_assert_int_eq(global_options_apply(&options, &context, &err), 0);
	ck_assert_int_eq(context.cgroup_manager, container_cgroup_manager_systemd);
	context = (struct container_context){0};
	options = (struct global_options){.cgroup_manager = "systemd"};
	ck_assert_int_eq(global_options_apply(&options, &context, &err), 0);
	ck_assert_int_eq(context.cgroup_manager, container_cgroup_manager_systemd);
	ck_assert_int_eq(context.systemd_timeout_ms, 0);
	setenv("HUSK_SYSTEMD_TIMEOUT", "2", 1);
	ck_assert_int_eq(global_options_apply(&options, &context, &err), 0);
	ck_assert_int_eq(context.systemd_timeout_ms, 2000);
	setenv("HUSK_SYSTEMD_TIMEOUT", "soon", 1);
	assert_error(global_options_apply(&options, &context, &err), "\"soon\"");
	unsetenv("HUSK_SYSTEMD_TIMEOUT");
	options = (struct global_options){.cgroup_manager = "docker"};
	assert_error(global_options_apply(&options, &context, &err), "\"docker\"");
	options = (struct global_options){.rootless = "often"};
	assert_error(global_options_apply(&options, &context, &err), "\"often\"");
	options = (struct global_options){.cgroup_manager = "disabled", .rootless = "auto"};
	ck_assert_int_eq(global_options_apply(&options, &context, &err), 0);
	ck_assert_int_eq(context.cgroup_manager, container_cgroup_manager_disabled);
}
END_TEST

START_TEST(number_of_words)
{
	const char *three[] = {"a", "b", "c", NULL};
	struct options_words none = {.items = three + 3}, all = {.items = three, .count = 3};
	assert_error(command_check_words(&command_create, &none, &err),
		     "husk: \"create\" requires exactly 1 argument(s)");
	assert_error(command_check_words(&command_create, &none, &err), "ID is missing");
	assert_error(command_check_words(&command_kill, &all, &err),
		     "a maximum of 2 argument(s): \"c\"");
	ck_assert_int_eq(command_check_words(&command_exec, &all, &err), 0);
}
END_TEST

START_TEST(nearest_commands)
{
	ck_assert_ptr_eq(command_nearest("creat"), &command_create);
	ck_assert_ptr_eq(command_nearest("craete"), &command_create);
	ck_assert_ptr_eq(command_nearest("strat"), &command_start);
	ck_assert_ptr_eq(command_nearest("lst"), &command_list);
	ck_assert_ptr_null(command_nearest("checkpoint"));
	ck_assert_ptr_null(command_nearest("x"));
	ck_assert_ptr_null(command_nearest(""));
	ck_assert_ptr_null(command_nearest("a-word-that-is-longer-than-any-command-could-be"));
	const struct command *command;
	assert_error(command_find_or_explain("rum", &command, &err), "did you mean \"run\"?");
	assert_error(command_find_or_explain("checkpoint", &command, &err), "\"checkpoint\"");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime_options");
	TCase *parser = tcase_create("parser");
	tcase_add_unchecked_fixture(parser, NULL, release);
	tcase_add_test(parser, value_forms);
	tcase_add_test(parser, values_that_look_odd);
	tcase_add_test(parser, flags);
	tcase_add_test(parser, lists_collect_and_keep_commas);
	tcase_add_test(parser, numbers);
	tcase_add_test(parser, words_between_options);
	tcase_add_test(parser, first_word_ends_options);
	tcase_add_test(parser, wrong_options_are_named);
	tcase_add_test(parser, help_is_asked_for);
	suite_add_tcase(suite, parser);
	TCase *tables = tcase_create("tables");
	tcase_add_test(tables, tables_are_sound);
	tcase_add_test(tables, lines_of_engines);
	tcase_add_test(tables, global_options_of_engines);
	tcase_add_test(tables, cgroup_managers);
	tcase_add_test(tables, number_of_words);
	tcase_add_test(tables, nearest_commands);
	suite_add_tcase(suite, tables);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
