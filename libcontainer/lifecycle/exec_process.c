// SPDX-License-Identifier: Apache-2.0
// See exec_process.h.
#include "libcontainer/lifecycle/exec_process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "libcontainer/base/text.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/security/security.h"

static int from_file(const char *file, struct exec_process *made, struct error *err)
{
	auto_free char *text = NULL;
	size_t length;
	struct spec_error why = {0};
	if (fd_read_file(AT_FDCWD, file, SPEC_MAX_BYTES, &text, &length) < 0)
		// (what fd_read_file says of a fifo or a device)
		return errno == EINVAL
			       ? error_set(err, EINVAL, "--process %s: no regular file", file)
			       : error_errno(err, "--process %s", file);
	if (spec_parse_process(text, length, &made->document, &why) < 0)
		return error_set(err, EINVAL, "--process %s: %s%s%s", file, why.path,
				 why.path[0] ? ": " : "", why.reason);
	made->process = made->document->process;
	return 0;
}

// list = old with more behind it, NULL-terminated like every list of the specification.
static int append(struct exec_process *made, struct spec_strings *list, const char *const *more,
		  struct error *err)
{
	size_t added = text_count(more);
	const char **items = arena_array(&made->arena, list->count + added + 1, sizeof *items);
	if (!items)
		return error_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < list->count; i++)
		items[i] = list->items[i];
	for (size_t i = 0; i < added; i++)
		items[list->count + i] = more[i];
	*list = (struct spec_strings){items, list->count + added};
	return 0;
}

// One id: digits only, the whole string, never (uid_t)-1, which means "leave as it is" to the kernel (CVE-2026-30892).
static int parse_id(const char *text, uint32_t *id)
{
	uint64_t value;
	if (text_to_unsigned(text, &value) < 0 || value >= UINT32_MAX)
		return -1;
	*id = (uint32_t)value;
	return 0;
}

static int parse_user(const char *text, struct spec_user *user, struct error *err)
{
	char uid[32];
	const char *colon = strchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : strlen(text);
	bool good = length < sizeof uid;
	if (good) {
		memcpy(uid, text, length);
		uid[length] = '\0';
		good = parse_id(uid, &user->uid) == 0 &&
		       (!colon || parse_id(colon + 1, &user->gid) == 0);
	}
	if (!good)
		return error_set(err, EINVAL,
				 "--user %s: expected UID[:GID] as decimal numbers (names are for "
				 "engines to look up)",
				 text);
	return 0;
}

static int add_capabilities(struct exec_process *made, const char *const *names, struct error *err)
{
	struct spec_capabilities *set = &made->process.capabilities;
	set->set = true;
	for (size_t i = 0; names[i]; i++)
		if (capabilities_from_name(names[i]) < 0)
			return error_set(err, EINVAL, "--cap %s: unknown capability", names[i]);
	// never inheritable: it would give capabilities to programs with file capabilities (CVE-2022-29162)
	if (append(made, &set->bounding, names, err) < 0 ||
	    append(made, &set->effective, names, err) < 0)
		return -1;
	return append(made, &set->permitted, names, err);
}

static int from_options(const struct container_exec_options *options, const struct spec *config,
			struct exec_process *made, struct error *err)
{
	struct spec_process *process = &made->process;
	if (text_count(options->args) == 0)
		return error_set(err, EINVAL, "exec needs a command, or --process FILE");
	*process = config->process;
	process->set = true;
	process->terminal = false;
	process->args = (struct spec_strings){options->args, text_count(options->args)};
	if (!process->cwd)
		process->cwd = "/";
	return 0;
}

static int apply_options(const struct container_exec_options *options, struct exec_process *made,
			 struct error *err)
{
	struct spec_process *process = &made->process;
	if (options->tty >= 0)
		process->terminal = options->tty == 1;
	if (options->cwd)
		process->cwd = options->cwd;
	if (process->cwd[0] != '/')
		return error_set(err, EINVAL, "--cwd %s: not an absolute path", process->cwd);
	for (size_t i = 0; options->env && options->env[i]; i++)
		if (options->env[i][0] == '=' || !strchr(options->env[i], '='))
			return error_set(err, EINVAL, "--env %s: must be NAME=VALUE",
					 options->env[i]);
	if (options->env && append(made, &process->env, options->env, err) < 0)
		return -1;
	if (options->user && parse_user(options->user, &process->user, err) < 0)
		return -1;
	if (options->additional_gids_count) {
		process->user.additional_gids = options->additional_gids;
		process->user.additional_gids_count = options->additional_gids_count;
	}
	if (options->capabilities && add_capabilities(made, options->capabilities, err) < 0)
		return -1;
	if (options->no_new_privs)
		process->no_new_privileges = true;
	if (options->process_label)
		process->selinux_label = options->process_label;
	if (options->apparmor)
		process->apparmor_profile = options->apparmor;
	return 0;
}

int exec_process_make(const struct container_exec_options *options, const struct spec *config,
		      struct exec_process *made, struct error *err)
{
	*made = (struct exec_process){0};
	int result = options->process_file ? from_file(options->process_file, made, err)
					   : from_options(options, config, made, err);
	if (result == 0)
		result = apply_options(options, made, err);
	// a process object may bring its own; otherwise the container's counts
	if (!made->process.exec_cpu_affinity.initial && !made->process.exec_cpu_affinity.final)
		made->process.exec_cpu_affinity = config->process.exec_cpu_affinity;
	if (result < 0)
		exec_process_done(made);
	return result;
}

void exec_process_done(struct exec_process *made)
{
	spec_free(made->document);
	made->document = NULL;
	arena_free(&made->arena);
}
