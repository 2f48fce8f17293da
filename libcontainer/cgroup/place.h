// SPDX-License-Identifier: Apache-2.0
// Paths below the cgroup2 mount: cleaned once, trusted afterwards.
#ifndef HUSK_CGROUP_PLACE_H
#define HUSK_CGROUP_PLACE_H

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"

// A clean copy of path (malloc'ed into *clean): starts with "/", single slashes, none at the end, no "." component.
// Refuses "..", a line break, a component of more than 255 bytes and the root itself. what: for the error.
int cgroup_path_clean(const char *what, const char *path, char **clean,
		      struct error *err) must_check;

// The path behind the leading "/", or "." for the root: what openat wants.
const char *cgroup_path_relative(const char *path);

#endif
