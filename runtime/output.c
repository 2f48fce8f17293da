// SPDX-License-Identifier: Apache-2.0
// See output.h.
#include "runtime/output.h"

#include <errno.h>
#include <unistd.h>

#include "libcontainer/kernel/fd.h"
#include "spec/spec.h"

// To a terminal: what a configuration says is not for it to obey.
static int write_shown(const struct text *text, struct error *err)
{
	auto_text struct text shown = {0};
	text_add_shown(&shown, text->data, "\n\t");
	if (text_failed(&shown))
		return error_set(err, ENOMEM, "standard output: %s", error_text(ENOMEM));
	if (fd_write(STDOUT_FILENO, shown.data, shown.length) < 0)
		return error_errno(err, "standard output");
	return 0;
}

int output_write(const struct text *text, struct error *err)
{
	if (text_failed(text))
		return error_set(err, ENOMEM, "standard output: %s", error_text(ENOMEM));
	if (text->length && isatty(STDOUT_FILENO))
		return write_shown(text, err);
	if (text->length && fd_write(STDOUT_FILENO, text->data, text->length) < 0)
		return error_errno(err, "standard output");
	return 0;
}

int output_is_json(const char *format, struct error *err)
{
	if (!format || text_equal(format, "table"))
		return 0;
	if (text_equal(format, "json"))
		return 1;
	return error_set(err, 0, "invalid format option \"%s\", must be table or json", format);
}

void output_add_state(struct json *json, const struct container_state *state, const char *owner)
{
	json_begin_object(json, NULL);
	json_string(json, "ociVersion", SPEC_VERSION);
	json_string(json, "id", state->id);
	json_signed(json, "pid", state->pid);
	json_string(json, "status", state->status);
	json_string(json, "bundle", state->bundle);
	json_string(json, "rootfs", state->rootfs);
	json_string(json, "created", state->created);
	if (state->annotations_count) {
		json_begin_object(json, "annotations");
		for (size_t i = 0; i < state->annotations_count; i++)
			json_string(json, state->annotations[i].key, state->annotations[i].value);
		json_end_object(json);
	}
	if (state->systemd_scope)
		json_string(json, "systemd-scope", state->systemd_scope);
	json_string(json, "owner", owner);
	json_end_object(json);
}
