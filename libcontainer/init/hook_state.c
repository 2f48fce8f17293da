// SPDX-License-Identifier: Apache-2.0
// See hook_state.h. "root" is no member of the specification's state, but hooks of engines look for it.
#include "libcontainer/init/hook_state.h"

void hook_state_write(const struct hook_state *state, struct json *json, const char *key)
{
	json_begin_object(json, key);
	json_string(json, "ociVersion", SPEC_VERSION);
	json_string(json, "id", state->id);
	json_string(json, "status", state->status);
	if (state->pid)
		json_signed(json, "pid", state->pid);
	json_string(json, "bundle", state->bundle);
	json_string(json, "root", state->rootfs);
	if (state->spec->annotations.count) {
		json_begin_object(json, "annotations");
		for (size_t i = 0; i < state->spec->annotations.count; i++)
			json_string(json, state->spec->annotations.items[i].key,
				    state->spec->annotations.items[i].value);
		json_end_object(json);
	}
	json_end_object(json);
}
