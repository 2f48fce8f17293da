// SPDX-License-Identifier: Apache-2.0
// The record as a file: one flat JSON object, written whole by rename, read by a small SAX reader.
//
// Strings are paths and may hold any byte, JSON only UTF-8: bytes from 0x80 on and '%' are written as %XX, so that
// what is read is what was written and a resource is found again. Whatever cannot be such a record, because it is
// empty, cut, too large or not ours, is one thing to the caller: ENODATA.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "libcontainer/base/json.h"
#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/state/state.h"
#include "spec/spec.h"

#define RECORD_NAME "state"
#define RECORD_VERSION 1
// Six paths of 4096 bytes, each byte written as three.
#define RECORD_MAX_BYTES ((size_t)128 * 1024)
#define CONFIG_NAME "config.json"

enum field_type { field_type_string, field_type_pid, field_type_u64, field_type_uid, field_type_bool };

struct field {
	const char *key;
	enum field_type type;
	bool required;
	size_t offset;
};

#define FIELD(member, kind, need)                                                                  \
	{#member, field_type_##kind, need, offsetof(struct state_record, member)}

static const struct field fields[] = {
	FIELD(id, string, true),
	FIELD(boot_id, string, true),
	FIELD(bundle, string, false),
	FIELD(rootfs, string, false),
	FIELD(cgroup_path, string, false),
	FIELD(cgroup_made_from, string, false),
	FIELD(systemd_scope, string, false),
	FIELD(created, string, false),
	FIELD(pid, pid, true),
	FIELD(start_time, u64, true),
	FIELD(creator, pid, true),
	FIELD(creator_start_time, u64, true),
	FIELD(owner, uid, true),
	FIELD(private_pid_namespace, bool, true),
	FIELD(rootless, bool, true),
};

// ---- writing -------------------------------------------------------------------------------------

static void write_string(struct json *json, const char *key, const char *value)
{
	static const char hex[] = "0123456789ABCDEF";
	auto_text struct text escaped = {0};
	for (const char *p = value; *p; p++) {
		unsigned char c = (unsigned char)*p;
		if (c < 0x80 && c != '%') {
			text_add_bytes(&escaped, p, 1);
		} else {
			const char code[3] = {'%', hex[c >> 4], hex[c & 15]};
			text_add_bytes(&escaped, code, sizeof code);
		}
	}
	if (text_failed(&escaped))
		json->text->failed = true;
	json_string(json, key, text_string(&escaped));
}

static void write_field(struct json *json, const struct field *field, const void *at)
{
	switch (field->type) {
	case field_type_string:
		if (*(char *const *)at)
			write_string(json, field->key, *(char *const *)at);
		return;
	case field_type_pid:
		json_signed(json, field->key, *(const pid_t *)at);
		return;
	case field_type_u64:
		json_unsigned(json, field->key, *(const uint64_t *)at);
		return;
	case field_type_uid:
		json_unsigned(json, field->key, *(const uid_t *)at);
		return;
	case field_type_bool:
		json_bool(json, field->key, *(const bool *)at);
		return;
	}
}

int state_write(int dir_fd, const struct state_record *record, struct error *err)
{
	auto_text struct text text = {0};
	struct json json = {.text = &text};
	json_begin_object(&json, NULL);
	json_unsigned(&json, "version", RECORD_VERSION);
	for (size_t i = 0; i < array_size(fields); i++)
		write_field(&json, &fields[i], (const char *)record + fields[i].offset);
	json_end_object(&json);
	if (text_failed(&text))
		return error_set(err, ENOMEM, "state record: out of memory");
	if (text.length > RECORD_MAX_BYTES)
		return error_set(err, EFBIG, "state record: the container's paths are too long");
	if (fd_write_file(dir_fd, RECORD_NAME, text.data, text.length, 0600) < 0)
		return error_errno(err, "write the state record");
	return 0;
}

// ---- reading -------------------------------------------------------------------------------------

struct reader {
	struct state_record *record;
	bool started;
	bool ended;
	bool versioned;
	bool skip;                  // the value of a key that a later version added
	bool version;               // the value of "version"
	const struct field *field;  // of the value that comes next
	unsigned seen;              // one bit a field
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// A malloc'ed copy with the %XX undone, or NULL.
static char *unescape(const unsigned char *value, size_t length)
{
	auto_free char *copy = malloc(length + 1);
	if (!copy)
		return NULL;
	size_t used = 0;
	for (size_t i = 0; i < length; i++) {
		char c = (char)value[i];
		if (c == '%') {
			if (length - i < 3)
				return NULL;
			int high = hex_digit((char)value[i + 1]), low = hex_digit((char)value[i + 2]);
			if (high < 0 || low < 0)
				return NULL;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (!c)
			return NULL;
		copy[used++] = c;
	}
	copy[used] = '\0';
	return take_ptr(&copy);
}

// The place of the value, or NULL when it is none we expect here. A key twice is not ours.
static void *value_place(struct reader *reader, enum field_type type)
{
	const struct field *field = reader->field;
	if (!field || field->type != type)
		return NULL;
	unsigned bit = 1U << (field - fields);
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
	char **place = value_place(reader, field_type_string);
	return place && (*place = unescape(value, length));
}

static int on_bool(void *data, int value)
{
	struct reader *reader = data;
	if (skipped(reader))
		return 1;
	bool *place = value_place(reader, field_type_bool);
	if (place)
		*place = value != 0;
	return place != NULL;
}

static int take_number(struct reader *reader, uint64_t value)
{
	if (!reader->field)
		return 0;
	if (reader->field->type == field_type_u64) {
		uint64_t *place = value_place(reader, field_type_u64);
		if (place)
			*place = value;
		return place != NULL;
	}
	if (reader->field->type == field_type_pid) {
		pid_t *place = value_place(reader, field_type_pid);
		if (place && value <= INT_MAX)
			*place = (pid_t)value;
		return place && value <= INT_MAX;
	}
	uid_t *place = value_place(reader, field_type_uid);
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
	for (size_t i = 0; i < array_size(fields); i++)
		if (strlen(fields[i].key) == length && memcmp(fields[i].key, key, length) == 0)
			reader->field = &fields[i];
	reader->skip = !reader->field;
	return 1;
}

static bool complete(const struct reader *reader)
{
	if (!reader->ended || !reader->versioned)
		return false;
	for (size_t i = 0; i < array_size(fields); i++)
		if (fields[i].required && !(reader->seen & 1U << i))
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

void state_record_done(struct state_record *record)
{
	for (size_t i = 0; i < array_size(fields); i++)
		if (fields[i].type == field_type_string)
			free(*(char **)((char *)record + fields[i].offset));
	*record = (struct state_record){0};
}

// ---- the configuration ---------------------------------------------------------------------------

int state_write_config(int dir_fd, const char *text, size_t length, struct error *err)
{
	if (fd_write_file(dir_fd, CONFIG_NAME, text, length, 0600) < 0)
		return error_errno(err, "keep a copy of the configuration");
	return 0;
}

int state_read_config(int dir_fd, char **text, size_t *length, struct error *err)
{
	if (fd_read_file(dir_fd, CONFIG_NAME, SPEC_MAX_BYTES, text, length) < 0)
		return error_errno(err, "read the container's copy of its configuration");
	return 0;
}
