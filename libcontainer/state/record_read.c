// SPDX-License-Identifier: Apache-2.0
// Reads the record with a small SAX reader. Whatever cannot be one, because it is empty, cut, too large or not ours, is one
// thing to the caller: ENODATA. Keys that a later husk added are passed over.
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/state/record.h"
#include "libcontainer/state/state.h"

struct reader {
	struct state_record *record;
	bool started;
	bool ended;
	bool versioned;
	bool skip;                         // the value of a key that a later version added
	bool version;                      // the value of "version"
	const struct record_field *field;  // of the value that comes next
	unsigned seen;                     // one bit a field
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Undoes the %XX. The result is never longer than value.
static bool unescape(const unsigned char *value, size_t length, char *result)
{
	for (size_t i = 0; i < length; i++) {
		char c = (char)value[i];
		if (c == '%') {
			if (length - i < 3)
				return false;
			int high = hex_digit((char)value[i + 1]),
			    low = hex_digit((char)value[i + 2]);
			if (high < 0 || low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (!c)
			return false;
		*result++ = c;
	}
	*result = '\0';
	return true;
}

// The place of the value, or NULL when it is none we expect here. A key twice is not ours.
static void *value_place(struct reader *reader, enum record_type type)
{
	const struct record_field *field = reader->field;
	if (!field || field->type != type)
		return NULL;
	unsigned bit = 1U << (field - record_fields);
	if (reader->seen & bit)
		return NULL;
	reader->seen |= bit;
	reader->field = NULL;
	return (char *)reader->record + field->offset;
}

static bool skipped(struct reader *reader)
{
	bool skip = reader->skip;
	reader->skip = false;
	return skip;
}

static int on_string(void *data, const unsigned char *value, size_t length)
{
	struct reader *reader = data;
	if (skipped(reader))
		return 1;
	char **place = value_place(reader, record_type_string);
	if (!place)
		return 0;
	*place = malloc(length + 1);
	return *place && unescape(value, length, *place);
}

static int on_bool(void *data, int value)
{
	struct reader *reader = data;
	if (skipped(reader))
		return 1;
	bool *place = value_place(reader, record_type_bool);
	if (place)
		*place = value != 0;
	return place != NULL;
}

static int take_number(struct reader *reader, uint64_t value)
{
	if (!reader->field)
		return 0;
	if (reader->field->type == record_type_u64) {
		uint64_t *place = value_place(reader, record_type_u64);
		if (place)
			*place = value;
		return place != NULL;
	}
	if (reader->field->type == record_type_pid) {
		pid_t *place = value_place(reader, record_type_pid);
		if (place && value <= INT_MAX)
			*place = (pid_t)value;
		return place && value <= INT_MAX;
	}
	uid_t *place = value_place(reader, record_type_uid);
	if (place && value <= UINT32_MAX)
		*place = (uid_t)value;
	return place && value <= UINT32_MAX;
}

static int on_number(void *data, const char *digits, size_t length)
{
	struct reader *reader = data;
	char text[24];
	uint64_t value;
	if (skipped(reader))
		return 1;
	if (length >= sizeof text)
		return 0;
	memcpy(text, digits, length);
	text[length] = '\0';
	if (text_to_unsigned(text, &value) < 0)
		return 0;
	if (!reader->version)
		return take_number(reader, value);
	reader->version = false;
	reader->versioned = value == RECORD_VERSION;
	return reader->versioned;
}

static int on_null(void *data)
{
	return skipped(data);
}

static int on_map(void *data)
{
	struct reader *reader = data;
	if (reader->started)
		return 0;
	reader->started = true;
	return 1;
}

static int on_map_end(void *data)
{
	struct reader *reader = data;
	reader->ended = true;
	return 1;
}

static int on_array(void *data)
{
	(void)data;
	return 0;
}

static int on_key(void *data, const unsigned char *key, size_t length)
{
	struct reader *reader = data;
	reader->field = NULL;
	reader->skip = false;
	reader->version = length == 7 && memcmp(key, "version", 7) == 0;
	if (reader->version)
		return 1;
	for (size_t i = 0; i < RECORD_FIELDS; i++)
		if (strlen(record_fields[i].key) == length &&
		    memcmp(record_fields[i].key, key, length) == 0)
			reader->field = &record_fields[i];
	reader->skip = !reader->field;
	return 1;
}

static bool complete(const struct reader *reader)
{
	if (!reader->ended || !reader->versioned)
		return false;
	for (size_t i = 0; i < RECORD_FIELDS; i++)
		if (record_fields[i].required && !(reader->seen & 1U << i))
			return false;
	return true;
}

static bool parse(const char *text, size_t length, struct state_record *record)
{
	static const yajl_callbacks callbacks = {
		.yajl_null = on_null,
		.yajl_boolean = on_bool,
		.yajl_number = on_number,
		.yajl_string = on_string,
		.yajl_start_map = on_map,
		.yajl_map_key = on_key,
		.yajl_end_map = on_map_end,
		.yajl_start_array = on_array,
		.yajl_end_array = on_array,
	};
	struct reader reader = {.record = record};
	yajl_handle handle = yajl_alloc(&callbacks, NULL, &reader);
	if (!handle)
		return false;
	bool ok = yajl_parse(handle, (const unsigned char *)text, length) == yajl_status_ok &&
		  yajl_complete_parse(handle) == yajl_status_ok && complete(&reader);
	yajl_free(handle);
	return ok;
}

int state_read(int dir_fd, struct state_record *record, struct error *err)
{
	auto_free char *text = NULL;
	size_t length = 0;
	*record = (struct state_record){0};
	if (fd_read_file(dir_fd, RECORD_NAME, RECORD_MAX_BYTES, &text, &length) < 0) {
		if (errno != ENOENT && errno != EFBIG && errno != EINVAL && errno != EISDIR &&
		    errno != ELOOP && errno != ENXIO)
			return error_errno(err, "read the state record");
		return error_set(err, ENODATA, "state record: %s", error_text(errno));
	}
	if (!parse(text, length, record)) {
		state_record_done(record);
		return error_set(err, ENODATA, "state record: torn or not a record of husk");
	}
	return 0;
}
