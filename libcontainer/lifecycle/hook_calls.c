// SPDX-License-Identifier: Apache-2.0
// See hook_calls.h.
#include "libcontainer/lifecycle/hook_calls.h"

#include <errno.h>
#include <fcntl.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/init/hook_state.h"

static int state_text(const struct hook_state *state, struct text *text, struct error *err)
{
	struct json json = {.text = text};
	hook_state_write(state, &json, NULL);
	return text_failed(text) ? error_set(err, ENOMEM, "hooks: out of memory") : 0;
}

int hook_calls_run(const struct spec *spec, enum spec_hook_kind kind, const char *id,
		   const char *bundle, const char *rootfs, const char *status, pid_t pid,
		   int interrupts, struct error *err)
{
	if (spec->hooks[kind].count == 0)
		return 0;
	const struct hook_state state = {spec, id, bundle, rootfs, status, pid};
	auto_text struct text text = {0};
	if (state_text(&state, &text, err) < 0)
		return -1;
	auto_hooks_files struct hooks_files files = HOOKS_FILES_NONE;
	if (hooks_files_open(spec, &files, err) < 0)
		return -1;
	auto_close int cwd = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (cwd < 0)
		return error_errno(err, "hooks.%s: open the bundle %s", spec_hook_kind_name(kind),
				   bundle);
	return hooks_run(&files, interrupts, &spec->hooks[kind], kind, text_string(&text), cwd,
			 NULL, err);
}

void hook_calls_poststop(const struct spec *spec, const char *id, const char *bundle,
			 const char *rootfs, int interrupts, const struct log *log)
{
	struct error failure;
	const struct spec_hook_list *hooks = &spec->hooks[spec_hook_kind_poststop];
	if (hooks->count == 0)
		return;
	const struct hook_state state = {spec, id, bundle, rootfs, "stopped", 0};
	auto_text struct text text = {0};
	if (state_text(&state, &text, &failure) < 0) {
		log_warning(log, "%s", failure.message);
		return;
	}
	auto_hooks_files struct hooks_files files = HOOKS_FILES_NONE;
	if (hooks_files_open(spec, &files, &failure) < 0)
		log_warning(log, "%s", failure.message);
	// the bundle may be gone by now; "/" always is there
	auto_close int cwd = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (cwd < 0)
		cwd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	hooks_run_all(&files, interrupts, hooks, spec_hook_kind_poststop, text_string(&text), cwd,
		      log);
}

bool hook_calls_in_create(const struct spec *spec)
{
	return spec->hooks[spec_hook_kind_prestart].count > 0 ||
	       spec->hooks[spec_hook_kind_create_runtime].count > 0 ||
	       spec->hooks[spec_hook_kind_create_container].count > 0;
}
