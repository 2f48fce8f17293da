// SPDX-License-Identifier: Apache-2.0
// One parser for every command: a table says which options there are and where their values go.
//
// Accepted: --name VALUE, --name=VALUE, -name VALUE, -name=VALUE, -x VALUE, -x=VALUE, -xVALUE, flags as --flag or
// --flag=true|false, several one-letter flags behind one dash, and "--" as the end of the options. An option
// given twice: the last one counts, lists collect. No abbreviations. The parser neither prints nor exits.
#ifndef HUSK_RUNTIME_OPTIONS_H
#define HUSK_RUNTIME_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"

// What the member at the row's offset is.
enum options_kind {
	options_kind_flag,      // bool
	options_kind_switch,    // struct options_switch: a flag that can tell "no" from "not said"
	options_kind_string,    // const char *, borrowed from argv; an empty value is refused
	options_kind_unsigned,  // unsigned
	options_kind_list,  // the same, const char *const *, NULL-terminated; the array is owned, see options_done
};

struct options_switch {
	bool set;
	bool value;
};

struct options_row {
	const char *name;   // long name without dashes; NULL ends a table
	const char *value;  // what help calls the value: "FILE"; NULL for flags and switches
	const char *help;   // one line
	size_t offset;      // of the member in the command's own struct
	enum options_kind kind;
	char letter;  // short name, or 0
};

enum options_order {
	options_order_any,    // options before, between and behind the words
	options_order_first,  // the first word ends the options
};

// What is no option: the command's arguments.
struct options_words {
	const char **items;  // owned: NULL-terminated; the strings are argv's
	size_t count;
	const char *
		unknown;  // when parsing failed because of an option that is in no row: that argument
};

// Parses argv (NULL-terminated, without the program's and the command's name) by rows into target, a zeroed struct.
// Returns 0; 1 when -h or --help was met (what stands behind it is not looked at); or -1. The caller releases words and
// target's lists in every case.
int options_parse(const struct options_row *rows, enum options_order order, const char *const *argv,
		  void *target, struct options_words *words, struct error *err) must_check;

// Releases the lists of target and the words.
void options_done(const struct options_row *rows, void *target, struct options_words *words);

// The row with this long name of length bytes, or NULL.
const struct options_row *options_find(const struct options_row *rows, const char *name,
				       size_t length);

// "true", "1", "t" ... as Go reads a bool: 1, 0, or -1 when it is none.
int options_bool(const char *text) must_check;

#endif
