// SPDX-License-Identifier: Apache-2.0
// The arguments and variables that this process was started with, where the kernel put them.
//
// A process that is cloned into a container shows them there (/proc/PID/cmdline to everybody, /proc/PID/environ to who may trace)
// until it executes the program: paths of the host, and whatever secrets the caller of husk has in its environment.
#ifndef HUSK_KERNEL_OWN_STRINGS_H
#define HUSK_KERNEL_OWN_STRINGS_H

#include <stddef.h>

#include "libcontainer/base/attributes.h"

struct own_strings {
	char *place;  // the arguments; where they are not found as the kernel lays them out: NULL, and nothing is ever covered
	size_t size;  // of the arguments
	char *copy;   // owned
	char **argv;  // owned: pointers into copy
	char **environment;  // owned, with its strings behind it: what was kept
};

// Copies the arguments, and those variables whose names begin with one of kept (NULL-terminated; "PATH=" is a whole name), to
// memory of its own, makes the latter the environment and erases all that the kernel wrote. -1: ENOMEM.
int own_strings_take(char **argv, const char *const *kept, struct own_strings *own) must_check;
// Puts "husk init" in the place of the arguments; what is cloned then says no more.
void own_strings_cover(const struct own_strings *own);
// For whoever looks at the list of processes.
void own_strings_uncover(const struct own_strings *own);
void own_strings_done(struct own_strings *own);

#endif
