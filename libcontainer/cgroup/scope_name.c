// SPDX-License-Identifier: Apache-2.0
// See scope_name.h. systemd's own rules for unit names are checked here, so that a bad one is refused before anything is made.
#include "libcontainer/cgroup/scope_name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/memory.h"

#define UNIT_NAME_MAX 255
#define SLICE ".slice"
#define CHARACTERS "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:-_.\\"

static bool ends_in(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);
	return length > tail && text_equal(text + length - tail, end);
}

bool scope_name_is_triple(const char *cgroups_path)
{
	const char *colon =
		cgroups_path && !strchr(cgroups_path, '/') ? strchr(cgroups_path, ':') : NULL;
	colon = colon ? strchr(colon + 1, ':') : NULL;
	return colon && !strchr(colon + 1, ':');
}

// ---- slices ----------------------------------------------------------------------------------------

// Each dash is one level deeper.
int scope_slice_path(const char *slice, struct text *path, struct error *err)
{
	size_t length = strlen(slice) - (ends_in(slice, SLICE) ? strlen(SLICE) : 0);
	if (text_equal(slice, "-" SLICE))
		return 0;
	if (!ends_in(slice, SLICE) || slice[0] == '-' || slice[length - 1] == '-' ||
	    strstr(slice, "--") || strspn(slice, CHARACTERS) != strlen(slice) ||
	    strlen(slice) > UNIT_NAME_MAX)
		return error_set(err, EINVAL,
				 "linux.cgroupsPath: \"%.64s\" is no name of a systemd slice",
				 slice);
	for (size_t end = 1; end <= length; end++) {
		if (end < length && slice[end] != '-')
			continue;
		text_add(path, "/");
		text_add_bytes(path, slice, end);
		text_add(path, SLICE);
	}
	return text_failed(path) ? error_set(err, ENOMEM, "out of memory") : 0;
}

static int check_slice(const char *slice, struct error *err)
{
	auto_text struct text path = {0};
	return scope_slice_path(slice, &path, err);
}

// ---- units -----------------------------------------------------------------------------------------

// What an id may have and a unit's name may not.
static void add_escaped(struct text *unit, const char *id)
{
	for (; *id; id++) {
		if (*id == '+')
			text_add(unit, "\\x2b");
		else
			text_add_bytes(unit, id, 1);
	}
}

static int check_unit(const char *unit, struct error *err)
{
	if (strlen(unit) > UNIT_NAME_MAX)
		return error_set(err, ENAMETOOLONG,
				 "systemd unit %.64s...: the name is longer than %d bytes", unit,
				 UNIT_NAME_MAX);
	if (strspn(unit, CHARACTERS) != strlen(unit))
		return error_set(err, EINVAL,
				 "linux.cgroupsPath: \"%s\" is no name of a systemd unit", unit);
	return ends_in(unit, SLICE) ? check_slice(unit, err) : 0;
}

static int finish(struct text *unit, struct scope_name *name, struct error *err)
{
	name->unit = text_take(unit);
	if (!name->slice || !name->unit)
		return error_set(err, ENOMEM, "out of memory");
	return check_slice(name->slice, err) < 0 ? -1 : check_unit(name->unit, err);
}

static int parse_triple(const char *path, const char *default_slice, struct scope_name *name,
			struct error *err)
{
	auto_text struct text unit = {0};
	if (!scope_name_is_triple(path))
		return error_set(err, EINVAL,
				 "linux.cgroupsPath: with the systemd cgroup manager it must be "
				 "\"slice:prefix:name\", not \"%s\"",
				 path);
	const char *prefix = strchr(path, ':') + 1;
	const char *last = strchr(prefix, ':') + 1;
	size_t slice_length = (size_t)(prefix - path) - 1,
	       prefix_length = (size_t)(last - prefix) - 1;
	if (!*last)
		return error_set(err, EINVAL,
				 "linux.cgroupsPath: \"%s\" has no name behind its last colon",
				 path);
	name->slice = slice_length ? strndup(path, slice_length) : strdup(default_slice);
	if (prefix_length && !ends_in(last, SLICE)) {
		text_add_bytes(&unit, prefix, prefix_length);
		text_add(&unit, "-");
	}
	text_add(&unit, last);
	if (!ends_in(last, SLICE))
		text_add(&unit, ".scope");
	return finish(&unit, name, err);
}

int scope_name_parse(const char *cgroups_path, const char *id, bool user, struct scope_name *name,
		     struct error *err)
{
	auto_text struct text unit = {0};
	const char *default_slice = user ? "user.slice" : "system.slice";
	*name = (struct scope_name){0};
	int result;
	if (cgroups_path && *cgroups_path) {
		result = parse_triple(cgroups_path, default_slice, name, err);
	} else {
		name->slice = strdup(default_slice);
		text_add(&unit, "husk-");
		add_escaped(&unit, id);
		text_add(&unit, ".scope");
		result = finish(&unit, name, err);
	}
	if (result < 0)
		scope_name_done(name);
	return result;
}

void scope_name_done(struct scope_name *name)
{
	free(take_ptr(&name->slice));
	free(take_ptr(&name->unit));
}
