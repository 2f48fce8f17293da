// SPDX-License-Identifier: Apache-2.0
// Prints the path of every key that the parser knows, from its own tables, a line each:
//
//   linux.resources.devices[].allow
//
// [] stands for an element of a list, {} for a value of a map. Reads nothing.
#include <stdio.h>
#include <string.h>

#include "spec/config.h"

static const char *suffix(const struct decode_row *row)
{
	if (!row->nested || row->read == decode_read_object)
		return "";
	return row->read == decode_read_object_map ? "{}" : "[]";
}

static void print_keys(const struct decode_object *object, const char *prefix, int depth)
{
	char path[256];
	if (depth > DECODE_MAX_STEPS)
		return;
	for (size_t i = 0; i < object->rows_count; i++) {
		const struct decode_row *row = &object->rows[i];
		snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "." : "", row->key);
		puts(path);
		if (!row->nested)
			continue;
		strncat(path, suffix(row), sizeof path - strlen(path) - 1);
		print_keys(row->object, path, depth + 1);
	}
}

int main(void)
{
	print_keys(&config_document, "", 0);
	return 0;
}
