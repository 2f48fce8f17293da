// SPDX-License-Identifier: Apache-2.0
// Every look-up inside a root file system goes through here.
//
// A root file system belongs to somebody who may be hostile, and its content may change under our hands.
// So: a path is always (directory descriptor of the root, path inside it); it is resolved by openat2
// once, to a descriptor, and the descriptor is used from then on. Where the kernel or a filter has no
// openat2, components are walked one by one with O_NOFOLLOW, and symbolic links are followed by hand
// inside the root: slower, never weaker. Rename storms (EAGAIN) are retried.
//
// "scoped" look-ups follow symbolic links as if the root were "/". "strict" look-ups refuse any
// symbolic link (ELOOP): they are for /proc, /sys and /dev, where a link means that somebody wants us
// elsewhere.
#ifndef HUSK_KERNEL_PATH_H
#define HUSK_KERNEL_PATH_H

#include <stdbool.h>
#include <sys/types.h>

#include "libcontainer/base/attributes.h"

enum path_rule { path_rule_scoped, path_rule_strict };

// Opens path inside root_fd. flags as of open(2), e.g. O_PATH; O_CLOEXEC is added. "" and "/" are the
// root itself. Magic links are never followed.
int path_open(int root_fd, const char *path, int flags, enum path_rule rule) must_check;

// The same, but a last component that is a symbolic link is opened itself (O_PATH | O_NOFOLLOW).
int path_open_no_follow(int root_fd, const char *path, enum path_rule rule) must_check;

// Opens (O_PATH) the directory path, making what is missing of it with mode. Dangling links on the way
// are followed inside the root.
int path_make_directory(int root_fd, const char *path, mode_t mode, enum path_rule rule) must_check;

// Opens (O_PATH) whatever is at path, making an empty regular file (mknodat, never opened for
// writing) when nothing is there, and its directories (0755).
int path_make_file(int root_fd, const char *path, mode_t mode, enum path_rule rule) must_check;

// Splits path into its directory, which is opened (made with 0755 if make), and the last component, which is copied
// into name. For mknodat, symlinkat, unlinkat relative to the result. EINVAL when the
// last component is "." or ".." or nothing.
int path_open_parent(int root_fd, const char *path, bool make, enum path_rule rule,
		     char name[256]) must_check;

#endif
