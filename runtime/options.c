// SPDX-License-Identifier: Apache-2.0
// See options.h.
#include "runtime/options.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/text.h"

struct parser {
	const struct options_row *rows;
	const char *const *next;  // the first argument that is not looked at yet
	size_t limit;             // no list can become longer
	char *target;
	const char *unknown;
	struct error *err;
};

static const char help_name[] = "help";

int options_bool(const char *text)
{
	static const char *const yes[] = {"true", "1", "t", "T", "TRUE", "True"};
	static const char *const no[] = {"false", "0", "f", "F", "FALSE", "False"};
	for (size_t i = 0; i < array_size(yes); i++) {
		if (text_equal(text, yes[i]))
			return 1;
		if (text_equal(text, no[i]))
			return 0;
	}
	return -1;
}

const struct options_row *options_find(const struct options_row *rows, const char *name,
				       size_t length)
{
	for (; rows->name; rows++)
		if (strncmp(rows->name, name, length) == 0 && !rows->name[length])
			return rows;
	return NULL;
}

static const struct options_row *find_letter(const struct options_row *rows, char letter)
{
	for (; rows->name; rows++)
		if (rows->letter && rows->letter == letter)
			return rows;
	return NULL;
}

static bool takes_value(const struct options_row *row)
{
	return row->kind != options_kind_flag && row->kind != options_kind_switch;
}

static int set_bool(const struct parser *parser, const struct options_row *row, const char *value)
{
	int given = value ? options_bool(value) : 1;
	if (given < 0)
		return error_set(parser->err, 0,
				 "option --%s: invalid value \"%s\", must be true or false",
				 row->name, value);
	if (row->kind == options_kind_flag)
		*(bool *)(parser->target + row->offset) = given;
	else
		*(struct options_switch *)(void *)(parser->target + row->offset) =
			(struct options_switch){.set = true, .value = given};
	return 0;
}

static int set_unsigned(const struct parser *parser, const struct options_row *row,
			const char *value)
{
	uint64_t number;
	if (text_to_unsigned(value, &number) < 0 || number > INT_MAX)
		return error_set(parser->err, 0,
				 "option --%s: invalid value \"%s\", must be a number from 0 to %d",
				 row->name, value, INT_MAX);
	unsigned small = (unsigned)number;
	memcpy(parser->target + row->offset, &small, sizeof small);
	return 0;
}

static int add_to_list(const struct parser *parser, const struct options_row *row,
		       const char *value)
{
	const char **list;
	memcpy(&list, parser->target + row->offset, sizeof list);
	if (!list) {
		list = calloc(parser->limit + 1, sizeof *list);
		if (!list)
			return error_errno(parser->err, "option --%s", row->name);
		memcpy(parser->target + row->offset, &list, sizeof list);
	}
	while (*list)
		list++;
	*list = value;
	return 0;
}

// value NULL: none was given with the option itself.
static int set_value(struct parser *parser, const struct options_row *row, const char *value)
{
	if (!takes_value(row))
		return set_bool(parser, row, value);
	if (!value && *parser->next)
		value = *parser->next++;
	if (!value)
		return error_set(parser->err, 0, "option --%s requires an argument (%s)", row->name,
				 row->value);
	// an unset shell variable must not switch off what the option asks for
	if (!*value)
		return error_set(parser->err, 0, "option --%s: the value is empty", row->name);
	switch (row->kind) {
	case options_kind_unsigned:
		return set_unsigned(parser, row, value);
	case options_kind_list:
		return add_to_list(parser, row, value);
	case options_kind_string:
		memcpy(parser->target + row->offset, &value, sizeof value);
		return 0;
	case options_kind_flag:
	case options_kind_switch:
		break;
	}
	return error_set(parser->err, 0, "option --%s: unknown kind", row->name);
}

static int unknown(struct parser *parser, const char *argument)
{
	parser->unknown = argument;
	return error_set(parser->err, 0, "unknown option \"%s\"", argument);
}

// "-abVALUE": flags, then at most one option with a value.
static int parse_letters(struct parser *parser, const char *argument)
{
	for (const char *p = argument + 1; *p; p++) {
		const struct options_row *row = find_letter(parser->rows, *p);
		if (!row)
			return *p == 'h' ? 1 : unknown(parser, argument);
		if (p[1] == '=')
			return set_value(parser, row, p + 2);
		if (takes_value(row))
			return set_value(parser, row, p[1] ? p + 1 : NULL);
		if (set_bool(parser, row, NULL) < 0)
			return -1;
	}
	return 0;
}

static int parse_option(struct parser *parser, const char *argument)
{
	bool two_dashes = argument[1] == '-';
	const char *name = argument + 1 + two_dashes;
	size_t length = strcspn(name, "=");
	const char *value = name[length] ? name + length + 1 : NULL;

	const struct options_row *row = options_find(parser->rows, name, length);
	if (row)
		return set_value(parser, row, value);
	if (length == sizeof help_name - 1 && strncmp(name, help_name, length) == 0)
		return 1;
	return two_dashes ? unknown(parser, argument) : parse_letters(parser, argument);
}

static size_t count_arguments(const char *const *argv)
{
	size_t count = 0;
	while (argv[count])
		count++;
	return count;
}

int options_parse(const struct options_row *rows, enum options_order order, const char *const *argv,
		  void *target, struct options_words *words, struct error *err)
{
	struct parser parser = {
		.rows = rows,
		.next = argv,
		.limit = count_arguments(argv),
		.target = target,
		.err = err,
	};
	*words = (struct options_words){.items = calloc(parser.limit + 1, sizeof *words->items)};
	if (!words->items)
		return error_errno(err, "options");

	bool options = true;
	while (*parser.next) {
		const char *argument = *parser.next++;
		if (!options || argument[0] != '-' || !argument[1]) {
			words->items[words->count++] = argument;
			if (order == options_order_first)
				options = false;
		} else if (text_equal(argument, "--")) {
			options = false;
		} else {
			int result = parse_option(&parser, argument);
			words->unknown = parser.unknown;
			if (result)
				return result;
		}
	}
	return 0;
}

void options_done(const struct options_row *rows, void *target, struct options_words *words)
{
	for (; rows && rows->name; rows++) {
		if (rows->kind != options_kind_list)
			continue;
		void *list;
		char *member = (char *)target + rows->offset;
		memcpy(&list, member, sizeof list);
		free(list);
		memset(member, 0, sizeof list);
	}
	free(words->items);
	*words = (struct options_words){0};
}
