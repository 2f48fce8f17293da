// SPDX-License-Identifier: Apache-2.0
// The record as a file: one flat JSON object, written whole by rename. record_read.c reads it.
//
// Strings are paths and may hold any byte, JSON only UTF-8: bytes from 0x80 on and '%' are written as %XX, so that
// what is read is what was written and a resource is found again. Beside it lies the configuration, as it was.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "libcontainer/base/json.h"
#include "libcontainer/base/text.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/state/record.h"
#include "libcontainer/state/state.h"
#include "spec/spec.h"

#define CONFIG_NAME "config.json"

#define FIELD(member, kind, need)                                                                  \
	{                                                                                          \
#member, record_type_##kind, need, offsetof(struct state_record, member)           \
	}

const struct record_field record_fields[RECORD_FIELDS] = {
	FIELD(id, string, true),
	FIELD(boot_id, string, false),
	FIELD(bundle, string, false),
	FIELD(rootfs, string, false),
	FIELD(cgroup_path, string, false),
	FIELD(cgroup_made_from, string, false),
	FIELD(systemd_scope, string, false),
	FIELD(created, string, false),
	FIELD(pid, pid, true),
	FIELD(start_time, u64, true),
	FIELD(number, u64, false),
	FIELD(hierarchy, u64, false),
	FIELD(creator, pid, true),
	FIELD(creator_start_time, u64, true),
	FIELD(root_mount, u64, false),
	FIELD(owner, uid, true),
	FIELD(private_pid_namespace, bool, true),
	FIELD(rootless, bool, true),
	FIELD(plain_start, bool, false),
	FIELD(plain_end, bool, false),
	FIELD(callers_keyring, bool, false),
};

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

static void write_field(struct json *json, const struct record_field *field, const void *at)
{
	switch (field->type) {
	case record_type_string:
		if (*(char *const *)at)
			write_string(json, field->key, *(char *const *)at);
		return;
	case record_type_pid:
		json_signed(json, field->key, *(const pid_t *)at);
		return;
	case record_type_u64:
		json_unsigned(json, field->key, *(const uint64_t *)at);
		return;
	case record_type_uid:
		json_unsigned(json, field->key, *(const uid_t *)at);
		return;
	case record_type_bool:
		json_bool(json, field->key, *(const bool *)at);
		return;
	}
}

// (the signal that would come with it is ignored: runtime/main.c)
static int explain_write(int dir_fd, const char *what, struct error *err)
{
	int cause = errno;
	char where[512];
	ssize_t length = readlinkat(AT_FDCWD, fd_proc_path(dir_fd).text, where, sizeof where - 1);
	where[length > 0 ? length : 0] = '\0';
	return error_set(
		err, cause, "%s in the state directory %s: %s%s", what, where, error_text(cause),
		cause == EFBIG ? ": the limit of the size of files (ulimit -f) is too low" : "");
}

int state_write(int dir_fd, const struct state_record *record, struct error *err)
{
	auto_text struct text text = {0};
	struct json json = {.text = &text};
	json_begin_object(&json, NULL);
	json_unsigned(&json, "version", RECORD_VERSION);
	for (size_t i = 0; i < RECORD_FIELDS; i++)
		write_field(&json, &record_fields[i],
			    (const char *)record + record_fields[i].offset);
	json_end_object(&json);
	if (text_failed(&text))
		return error_set(err, ENOMEM, "state record: out of memory");
	if (text.length > RECORD_MAX_BYTES)
		return error_set(err, EFBIG, "state record: the container's paths are too long");
	if (fd_write_file(dir_fd, RECORD_NAME, text.data, text.length, 0600) < 0)
		return explain_write(dir_fd, "write the state record", err);
	return 0;
}

void state_record_done(struct state_record *record)
{
	for (size_t i = 0; i < RECORD_FIELDS; i++)
		if (record_fields[i].type == record_type_string)
			free(*(char **)((char *)record + record_fields[i].offset));
	*record = (struct state_record){0};
}

// ---- the configuration ---------------------------------------------------------------------------

int state_write_config(int dir_fd, const char *text, size_t length, struct error *err)
{
	if (fd_write_file(dir_fd, CONFIG_NAME, text, length, 0600) < 0)
		return explain_write(dir_fd, "keep a copy of the configuration", err);
	return 0;
}

int state_read_config(int dir_fd, char **text, size_t *length, struct error *err)
{
	if (fd_read_file(dir_fd, CONFIG_NAME, SPEC_MAX_BYTES, text, length) < 0)
		return error_errno(err, "read the container's copy of its configuration");
	return 0;
}
