// SPDX-License-Identifier: Apache-2.0
// An exec on its way; private to the files exec*.c.
#ifndef HUSK_LIFECYCLE_EXECUTION_H
#define HUSK_LIFECYCLE_EXECUTION_H

#include "libcontainer/init/init.h"
#include "libcontainer/lifecycle/exec_memo.h"
#include "libcontainer/lifecycle/exec_process.h"
#include "libcontainer/lifecycle/opened.h"
#include "libcontainer/lifecycle/passed_on.h"
#include "libcontainer/lifecycle/profile.h"

struct execution {
	const struct container_context *context;
	const struct container_exec_options *options;
	struct opened opened;
	const struct spec *spec;  // owned: the container's configuration
	struct exec_process process;
	struct namespace_plan namespaces;  // empty: everything is joined through the pidfd
	struct capabilities capabilities;
	char *config;  // owned: its text
	size_t config_length;
	struct exec_memo memo;
	struct profile profile;
	struct syscall_filter filter;
	struct limits_saved files;
	struct passed_on passed_on;
	struct init init;
	pid_t *born;  // what the stage clones: number, or owned and shared with it (late_birth_share)
	pid_t number;
	bool shares;                           // the stage works in the command's memory
	int init_pidfd;                        // borrowed from opened
	int target_root, sync, pidfd, master;  // owned
	int interrupts;                        // owned: signals_open_interrupts
	int flags;                             // CLONE_NEW* to join
	int close_later;                       // owned: of own_binary_protect
	bool has_terminal, has_listener;       // it has sent them
	bool unproven;                         // that the program runs: birth.h
	bool pid_file_made;
	pid_t stage, pid;
};

// exec_clone.c. The stage, or the process when there is none, is there afterwards; a stage that shares the memory has ended.
int execution_clone(struct execution *e, struct error *err) must_check;
void execution_unshare(struct execution *e);

// exec_converse.c: from the clone until the program runs.
int execution_converse(struct execution *e, struct error *err) must_check;
// It ended before its program ran: reaps it and says what it died of. Always -1.
int execution_died(struct execution *e, struct error *err);
// Waits for the end of the stage, when there is one. What it cloned stays.
void execution_reap_stage(struct execution *e);
// Whatever of the two processes is there.
void execution_kill(struct execution *e);

#endif
