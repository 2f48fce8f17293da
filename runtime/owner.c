// SPDX-License-Identifier: Apache-2.0
// See owner.h. A line of passwd is name:password:uid:gid:...
#include "runtime/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/kernel/fd.h"

enum { most_bytes = 4 * 1024 * 1024 };

void owner_read(struct owner_names *names, const char *path)
{
	*names = (struct owner_names){0};
	if (fd_read_file(AT_FDCWD, path, most_bytes, &names->data, &names->length) < 0)
		*names = (struct owner_names){0};
}

// Whether the third field of the line is uid, in decimal.
static bool line_has_uid(const char *line, const char *end, const char *uid)
{
	const char *field = line;
	for (int i = 0; i < 2; i++) {
		field = memchr(field, ':', (size_t)(end - field));
		if (!field)
			return false;
		field++;
	}
	size_t length = strlen(uid);
	return (size_t)(end - field) > length && memcmp(field, uid, length) == 0 &&
	       field[length] == ':';
}

void owner_add_name(struct text *text, const struct owner_names *names, uid_t uid)
{
	struct text number = {0};
	text_add_unsigned(&number, uid);
	const char *line = names->data;
	const char *end = line ? line + names->length : NULL;
	while (line && line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		if (!stop)
			stop = end;
		const char *colon = memchr(line, ':', (size_t)(stop - line));
		if (colon && colon > line && line_has_uid(line, stop, text_string(&number))) {
			text_add_bytes(text, line, (size_t)(colon - line));
			break;
		}
		line = stop < end ? stop + 1 : NULL;
	}
	if (!line || line >= end) {
		text_add(text, "#");
		text_add(text, text_string(&number));
	}
	text_done(&number);
}

void owner_done(struct owner_names *names)
{
	free(names->data);
	*names = (struct owner_names){0};
}
