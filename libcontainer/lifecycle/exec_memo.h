// SPDX-License-Identifier: Apache-2.0
// What the first exec in a container found out and every further one would again, in the container's directory: its system call
// filter, and its configuration without the profile that this was made of.
//
// The configuration there is never written again, and the file goes with the directory. It counts for the build of husk that made it.
#ifndef HUSK_LIFECYCLE_EXEC_MEMO_H
#define HUSK_LIFECYCLE_EXEC_MEMO_H

#include <stddef.h>

#include "libcontainer/lifecycle/profile.h"

struct exec_memo {
	char *data;                    // owned; NULL: there is none
	const char *text;              // the configuration with null for linux.seccomp; in data
	size_t length;                 // of it
	struct syscall_filter filter;  // owned
};

// 0; -1: there is none that counts.
int exec_memo_find(int dir_fd, struct exec_memo *memo) must_check;

// Keeps one, or does not. dir_fd: the container's; section: linux.seccomp in its configuration.
void exec_memo_keep(int dir_fd, const struct spec_section *section, const char *text, size_t length,
		    const struct syscall_filter *filter);

void exec_memo_done(struct exec_memo *memo);

#endif
