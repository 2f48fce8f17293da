// SPDX-License-Identifier: Apache-2.0
// husk exec: one more process in a running container. The first word ends husk's options: what follows belongs to
// the program.
#include <stdlib.h>

#include "libcontainer/base/memory.h"
#include "runtime/activation.h"
#include "runtime/command.h"

struct exec_options {
	struct container_exec_options exec;
	struct options_switch tty;
	const char *const *additional_gids;
};

static int exec_run(const struct command_call *call, int *status, struct error *err);

#define EXEC_OPTION(member) offsetof(struct exec_options, member)

static const struct options_row rows[] = {
	{"process", "FILE", "read the process object (JSON) from this file; no COMMAND then",
	 EXEC_OPTION(exec.process_file), options_kind_string, 'p'},
	{"detach", NULL, "return when the program runs, and leave it running",
	 EXEC_OPTION(exec.detach), options_kind_flag, 'd'},
	{"tty", NULL, "give it a terminal", EXEC_OPTION(tty), options_kind_switch, 't'},
	{"cwd", "DIR", "working directory in the container", EXEC_OPTION(exec.cwd),
	 options_kind_string, 0},
	{"env", "NAME=VALUE", "set a variable (repeatable)", EXEC_OPTION(exec.env),
	 options_kind_list, 'e'},
	{"user", "UID[:GID]", "run as this user, in numbers", EXEC_OPTION(exec.user),
	 options_kind_string, 'u'},
	{"additional-gids", "GID", "one more group (repeatable)", EXEC_OPTION(additional_gids),
	 options_kind_list, 'g'},
	{"cap", "CAPABILITY", "add a capability (repeatable)", EXEC_OPTION(exec.capabilities),
	 options_kind_list, 'c'},
	{"no-new-privs", NULL, "no privileges by executing files", EXEC_OPTION(exec.no_new_privs),
	 options_kind_flag, 0},
	{"process-label", "LABEL", "SELinux label", EXEC_OPTION(exec.process_label),
	 options_kind_string, 0},
	{"apparmor", "PROFILE", "AppArmor profile", EXEC_OPTION(exec.apparmor), options_kind_string,
	 0},
	{"cgroup", "[CONTROLLER:]PATH",
	 "start it in this cgroup below the container's (repeatable)", EXEC_OPTION(exec.cgroups),
	 options_kind_list, 0},
	{"ignore-paused", NULL, "also in a paused container: it waits until resume",
	 EXEC_OPTION(exec.ignore_paused), options_kind_flag, 0},
	{"preserve-fds", "N", "pass N more descriptors on, from 3", EXEC_OPTION(exec.preserve_fds),
	 options_kind_unsigned, 0},
	{"console-socket", "PATH", "send the terminal's master side to this socket",
	 EXEC_OPTION(exec.console_socket), options_kind_string, 0},
	{"pidfd-socket", "PATH", "send a pidfd of the process to this socket",
	 EXEC_OPTION(exec.pidfd_socket), options_kind_string, 0},
	{"pid-file", "FILE", "write the process id to this file", EXEC_OPTION(exec.pid_file),
	 options_kind_string, 0},
	{0},
};

const struct command command_exec = {
	.name = "exec",
	.words = "ID [COMMAND [ARGUMENT...]]",
	.missing = "the container's ID is missing",
	.summary = "run one more program in a running container",
	.notes = "Options stand before ID. The exit code is the program's, 128 and the number of "
		 "the signal\n"
		 "that ended it, or 255 when it could not be run.\n",
	.options = rows,
	.options_size = sizeof(struct exec_options),
	.order = options_order_first,
	.words_min = 1,
	.words_max = ~0U,
	.failure = 255,
	.run = exec_run,
};

// A process file says all about the process: what would change it there is refused, not dropped.
static int check_process_file(const struct exec_options *options, const char *command,
			      struct error *err)
{
	const struct container_exec_options *exec = &options->exec;
	const struct {
		const char *name;
		bool given;
	} others[] = {
		{"--cwd", exec->cwd},
		{"--env", exec->env},
		{"--user", exec->user},
		{"--additional-gids", options->additional_gids},
		{"--cap", exec->capabilities},
		{"--no-new-privs", exec->no_new_privs},
		{"--process-label", exec->process_label},
		{"--apparmor", exec->apparmor},
	};
	if (command)
		return error_set(err, 0, "husk: \"exec\" with --process takes no command: \"%s\"",
				 command);
	for (size_t i = 0; i < array_size(others); i++)
		if (others[i].given)
			return error_set(err, 0, "option %s cannot be used with --process",
					 others[i].name);
	return 0;
}

static int read_gids(const char *const *list, uint32_t **gids, size_t *count, struct error *err)
{
	size_t size = 0;
	while (list && list[size])
		size++;
	*gids = calloc(size + 1, sizeof **gids);
	if (!*gids)
		return error_errno(err, "option --additional-gids");
	for (*count = 0; *count < size; (*count)++) {
		uint64_t gid;
		// the largest number means "no group" to the kernel
		if (text_to_unsigned(list[*count], &gid) < 0 || gid >= UINT32_MAX)
			return error_set(err, 0, "option --additional-gids: \"%s\" is no group id",
					 list[*count]);
		(*gids)[*count] = (uint32_t)gid;
	}
	return 0;
}

static int exec_run(const struct command_call *call, int *status, struct error *err)
{
	struct exec_options *options = call->options;
	struct container_exec_options *exec = &options->exec;
	const char *const *command = call->words + 1;
	if (*command && text_equal(*command, "--"))
		command++;
	if (exec->process_file) {
		if (check_process_file(options, *command, err) < 0)
			return -1;
	} else if (!*command) {
		return error_set(err, 0,
				 "husk: \"exec\" requires a minimum of 2 argument(s): "
				 "the command is missing (or --process FILE)");
	}
	auto_free uint32_t *gids = NULL;
	if (read_gids(options->additional_gids, &gids, &exec->additional_gids_count, err) < 0)
		return -1;
	exec->id = call->words[0];
	exec->args = command;
	exec->additional_gids = gids;
	exec->tty = options->tty.set ? options->tty.value : -1;
	struct container_context context = *call->context;
	if (activation_read(&context, err) < 0)
		return -1;
	return container_exec(&context, exec, status, err);
}
