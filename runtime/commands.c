// SPDX-License-Identifier: Apache-2.0
// The list of commands, and what is said to somebody who calls one wrongly.
#include <stdint.h>
#include <string.h>

#include "runtime/command.h"
#include "runtime/nearest.h"

const struct options_row command_options_none[] = {{0}};

const struct command *const command_list_all[] = {
	&command_create,   &command_run,    &command_start,
	&command_exec,     &command_kill,   &command_delete,
	&command_state,    &command_list,   &command_spec,
	&command_pause,    &command_resume, &command_ps,
	&command_update,   &command_mounts, &command_events,
	&command_features, &command_info,   &command_completion,
	&command_version,  &command_help,   NULL,
};

const struct command *command_find(const char *name)
{
	for (const struct command *const *c = command_list_all; *c; c++)
		if (text_equal((*c)->name, name))
			return *c;
	return NULL;
}

const struct command *command_nearest(const char *name)
{
	const struct command *best = NULL;
	unsigned least = NEAREST_LIMIT + 1;
	for (const struct command *const *c = command_list_all; *c; c++) {
		unsigned distance = nearest_distance((*c)->name, name);
		// a distance of half the word is no resemblance
		if (distance < least && distance * 2 < strlen((*c)->name)) {
			best = *c;
			least = distance;
		}
	}
	return best;
}

int command_find_or_explain(const char *name, const struct command **command, struct error *err)
{
	*command = command_find(name);
	if (*command)
		return 0;
	const struct command *nearest = command_nearest(name);
	if (nearest)
		return error_set(err, 0, "husk: unknown command \"%s\"; did you mean \"%s\"?", name,
				 nearest->name);
	return error_set(err, 0, "husk: unknown command \"%s\"; \"husk help\" lists them", name);
}

static int too_few(const struct command *command, struct error *err)
{
	const char *amount = command->words_min == command->words_max ? "exactly" : "a minimum of";
	return error_set(err, 0, "husk: \"%s\" requires %s %u argument(s): %s; usage: husk %s %s",
			 command->name, amount, command->words_min, command->missing, command->name,
			 command->words);
}

static int too_many(const struct command *command, const struct options_words *words,
		    struct error *err)
{
	const char *amount = command->words_min == command->words_max ? "exactly" : "a maximum of";
	return error_set(err, 0, "husk: \"%s\" requires %s %u argument(s): \"%s\" is too much",
			 command->name, amount, command->words_max,
			 words->items[command->words_max]);
}

int command_check_words(const struct command *command, const struct options_words *words,
			struct error *err)
{
	if (words->count < command->words_min)
		return too_few(command, err);
	if (words->count > command->words_max)
		return too_many(command, words, err);
	return 0;
}
