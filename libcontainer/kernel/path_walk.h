// SPDX-License-Identifier: Apache-2.0
// Private to kernel/ and its test: the look-up of kernel/path.h done by hand, component by component.
//
// It is used where openat2 is missing or refused, and where missing parts of a path are to be made.
#ifndef HUSK_KERNEL_PATH_WALK_H
#define HUSK_KERNEL_PATH_WALK_H

#include <stdbool.h>
#include <sys/types.h>

#include "libcontainer/kernel/path.h"

enum path_make { path_make_nothing, path_make_directories, path_make_regular };

struct path_request {
	int flags;  // of open(2), for the last component
	enum path_rule rule;
	bool no_follow;  // a last component that is a symbolic link is the result
	enum path_make
		make;  // what a missing last component becomes; missing directories before it
	mode_t mode;   // ... and its permissions
	struct path_made *made;  // notes what was made; NULL: nobody wants to know
};

// Resolves path below root_fd as openat2 with RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS would. Returns
// a descriptor, or -1 and errno as openat2 sets it.
int path_walk(int root_fd, const char *path, const struct path_request *request) must_check;

#endif
