// SPDX-License-Identifier: Apache-2.0
// What a command is: an entry at the top of its own file, listed in commands.c.
//
// A command's function gets its options and words already parsed. It writes its result with output_write, and its failure
// into *err; it prints nothing itself.
#ifndef HUSK_RUNTIME_COMMAND_H
#define HUSK_RUNTIME_COMMAND_H

#include <stddef.h>

#include "libcontainer/container.h"
#include "runtime/options.h"

struct command_call {
	const struct container_context *context;
	void *options;             // the command's own struct, filled
	const char *const *words;  // NULL-terminated
	size_t words_count;
};

struct command {
	const char *name;
	const char *words;    // how usage shows the arguments: "ID [SIGNAL]"
	const char *missing;  // what to say about the first argument that is missing
	const char *summary;  // one line
	const char *notes;    // more lines for help, or NULL
	const struct options_row *options;
	size_t options_size;  // of the struct that they fill
	enum options_order order;
	unsigned words_min, words_max;
	int failure;  // exit code when run or the parsing before it fails
	bool warns;   // warnings go to standard error also when nobody asked for them
	// *status is 0 at first. Returns 0, or -1 with *err.
	int (*run)(const struct command_call *call, int *status, struct error *err);
};

extern const struct command command_create, command_run, command_start, command_exec, command_kill,
	command_delete, command_state, command_list, command_spec, command_pause, command_resume,
	command_ps, command_update, command_mounts, command_events, command_features, command_info,
	command_completion, command_version, command_help;

// A table without rows, for commands without options.
extern const struct options_row command_options_none[];

// Every command, in the order of help, NULL-terminated.
extern const struct command *const command_list_all[];

const struct command *command_find(const char *name);
// The command that name is most likely a typing error of, or NULL.
const struct command *command_nearest(const char *name);
// The command of this name, or an error that names the nearest.
int command_find_or_explain(const char *name, const struct command **command,
			    struct error *err) must_check;
// Whether the number of words is right; the error names the command and what is missing or too much.
int command_check_words(const struct command *command, const struct options_words *words,
			struct error *err) must_check;

#endif
