// SPDX-License-Identifier: Apache-2.0
// See own_strings.h. The variables are erased at once, not before a clone: a copy that is put back later would be in the memory
// of what is cloned. The arguments are put back, and in that memory: they are what the new process works with.
#include "libcontainer/kernel/own_strings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COVER "husk init"

// The end of the strings of list when they lie one behind the other from place on, else NULL.
static char *end_of(char *const *list, char *place)
{
	for (; *list; list++) {
		if (*list != place)
			return NULL;
		place += strlen(place) + 1;
	}
	return place;
}

// (every command asks this of every variable of its caller: most differ in the first character)
static int is_kept(const char *variable, const char *const *kept)
{
	for (; *kept; kept++)
		if (variable[0] == (*kept)[0] && strncmp(variable, *kept, strlen(*kept)) == 0)
			return 1;
	return 0;
}

static int keep_environment(const char *const *kept, struct own_strings *own)
{
	size_t count = 0, bytes = 0;
	for (char **variable = environ; *variable; variable++)
		if (is_kept(*variable, kept)) {
			count++;
			bytes += strlen(*variable) + 1;
		}
	own->environment = malloc((count + 1) * sizeof *own->environment + bytes);
	if (!own->environment)
		return -1;
	char **pointer = own->environment, *string = (char *)(own->environment + count + 1);
	for (char **variable = environ; *variable; variable++)
		if (is_kept(*variable, kept)) {
			*pointer++ = string;
			string = stpcpy(string, *variable) + 1;
		}
	*pointer = NULL;
	return 0;
}

static int copy_arguments(char **argv, struct own_strings *own)
{
	size_t count = 0;
	while (argv[count])
		count++;
	own->argv = calloc(count + 1, sizeof *own->argv);
	own->copy = malloc(own->size);
	if (!own->argv || !own->copy)
		return -1;
	memcpy(own->copy, own->place, own->size);
	for (size_t i = 0; i < count; i++)
		own->argv[i] = own->copy + (argv[i] - own->place);
	return 0;
}

int own_strings_take(char **argv, const char *const *kept, struct own_strings *own)
{
	*own = (struct own_strings){.argv = argv};
	char *const first = argv[0];
	char *end = first ? end_of(argv, first) : NULL;
	char *environment_end = end && environ ? end_of(environ, end) : NULL;
	if (!environment_end)
		return 0;
	own->argv = NULL;
	own->place = first;
	own->size = (size_t)(end - first);
	if (copy_arguments(argv, own) < 0 || keep_environment(kept, own) < 0)
		return -1;
	environ = own->environment;
	explicit_bzero(end, (size_t)(environment_end - end));
	return 0;
}

void own_strings_cover(const struct own_strings *own)
{
	if (!own || !own->place)
		return;
	memset(own->place, 0, own->size);
	memcpy(own->place, COVER, own->size < sizeof COVER ? own->size - 1 : sizeof COVER);
}

void own_strings_uncover(const struct own_strings *own)
{
	if (own && own->place)
		memcpy(own->place, own->copy, own->size);
}

void own_strings_done(struct own_strings *own)
{
	if (!own->place)
		return;
	free(own->copy);
	free(own->argv);
	environ = NULL;
	free(own->environment);
}
