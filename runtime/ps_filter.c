// SPDX-License-Identifier: Apache-2.0
// See ps_filter.h. Fields are what blanks separate; the PID column is counted, not measured, so a field in front of it
// must not hold blanks (ps puts such columns last).
#include "runtime/ps_filter.h"

#include <stdbool.h>
#include <string.h>

static const char blanks[] = " \t";

// The start of field number index (from 0) of a line that ends at end, or NULL; *length bytes long.
static const char *find_field(const char *line, const char *end, int index, size_t *length)
{
	for (;; index--) {
		line += strspn(line, blanks);
		size_t size = strcspn(line, " \t\n");
		if (line >= end || size == 0)
			return NULL;
		if (index == 0) {
			*length = size;
			return line;
		}
		line += size;
	}
}

static int pid_column(const char *head, const char *end)
{
	size_t length;
	const char *field;
	for (int index = 0; (field = find_field(head, end, index, &length)); index++)
		if (length == 3 && memcmp(field, "PID", 3) == 0)
			return index;
	return -1;
}

static bool has_pid(const pid_t *pids, size_t count, uint64_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (pids[i] > 0 && (uint64_t)pids[i] == pid)
			return true;
	return false;
}

static int read_pid(const char *line, const char *end, int column, uint64_t *pid, struct error *err)
{
	char number[24];
	size_t length = 0;
	const char *field = find_field(line, end, column, &length);
	if (field && length < sizeof number) {
		memcpy(number, field, length);
		number[length] = '\0';
		if (text_to_unsigned(number, pid) == 0)
			return 0;
	}
	return error_set(err, 0, "unable to find a process id in ps output: \"%.*s\"",
			 (int)(end - line < 200 ? end - line : 200), line);
}

int ps_filter(const char *output, const pid_t *pids, size_t count, struct text *text,
	      struct error *err)
{
	const char *end = output + strcspn(output, "\n");
	int column = pid_column(output, end);
	if (column < 0)
		return error_set(err, 0, "couldn't find PID field in ps output");
	text_add_bytes(text, output, (size_t)(end - output));
	text_add(text, "\n");
	while (*end) {
		const char *line = end + 1;
		end = line + strcspn(line, "\n");
		uint64_t pid = 0;
		if (line == end)
			continue;
		if (read_pid(line, end, column, &pid, err) < 0)
			return -1;
		if (!has_pid(pids, count, pid))
			continue;
		text_add_bytes(text, line, (size_t)(end - line));
		text_add(text, "\n");
	}
	return 0;
}
