// SPDX-License-Identifier: Apache-2.0
// What create and run have in common: the struct that both fill, its rows, and --dry-run.
#ifndef HUSK_RUNTIME_CREATE_OPTIONS_H
#define HUSK_RUNTIME_CREATE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/command.h"

struct create_options {
	struct container_run_options run;  // create uses run.create alone
	bool dry_run;
};

#define CREATE_OPTION(member) offsetof(struct create_options, member)

// Rows for both; one line each, as help shows them.
// clang-format off
#define CREATE_OPTIONS_ROWS \
	{"bundle", "DIR", "the bundle directory (default: the current one)", \
	 CREATE_OPTION(run.create.bundle), options_kind_string, 'b'}, \
	{"config", "FILE", "read this instead of config.json of the bundle", \
	 CREATE_OPTION(run.create.config), options_kind_string, 'f'}, \
	{"console-socket", "PATH", "send the terminal's master side to this socket", \
	 CREATE_OPTION(run.create.console_socket), options_kind_string, 'c'}, \
	{"pidfd-socket", "PATH", "send a pidfd of the container's process to this socket", \
	 CREATE_OPTION(run.create.pidfd_socket), options_kind_string, 0}, \
	{"pid-file", "FILE", "write the process id to this file", \
	 CREATE_OPTION(run.create.pid_file), options_kind_string, 'p'}, \
	{"overlay", "WHERE", "keep writes off the root: tmpfs[:size=N], or a directory for them", \
	 CREATE_OPTION(run.create.overlay), options_kind_string, 0}, \
	{"no-pivot", NULL, "move the root instead of pivot_root (for roots on a ramdisk)", \
	 CREATE_OPTION(run.create.no_pivot), options_kind_flag, 0}, \
	{"no-new-keyring", NULL, "keep the caller's session keyring", \
	 CREATE_OPTION(run.create.no_new_keyring), options_kind_flag, 0}, \
	{"preserve-fds", "N", "pass N more descriptors on, from 3", \
	 CREATE_OPTION(run.create.preserve_fds), options_kind_unsigned, 0}, \
	{"dry-run", NULL, "print what would be done, and do nothing", \
	 CREATE_OPTION(dry_run), options_kind_flag, 0}
// clang-format on

// Prints the plan for --dry-run.
int create_options_plan(const struct command_call *call, struct error *err) must_check;

#endif
