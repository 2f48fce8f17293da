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

// What was made on the way of one or several of these, so that it can be taken away again. Zeroed to begin with.
struct path_made {
	struct path_made_item *items;  // owned
	size_t count, size;
};
// The two above in one: mode has S_IFDIR or S_IFREG in it. made (may be NULL) notes what was missing.
int path_make(int root_fd, const char *path, mode_t mode, enum path_rule rule,
	      struct path_made *made) must_check;
// Notes an object that the caller has made in the directory dir_fd. Without memory or descriptors it goes unnoted.
void path_made_note(struct path_made *made, int dir_fd, const char *name);
// Takes away what is noted and still is as it was made: empty directories, empty files, symbolic links. The last first.
void path_unmake(struct path_made *made);
void path_made_done(struct path_made *made);

// Splits path into its directory, which is opened (made with 0755 if make), and the last component, which is copied
// into name. For mknodat, symlinkat, unlinkat relative to the result. EINVAL when the
// last component is "." or ".." or nothing.
int path_open_parent(int root_fd, const char *path, bool make, enum path_rule rule,
		     char name[256]) must_check;
// ... making it, and noting what was made.
int path_make_parent(int root_fd, const char *path, enum path_rule rule, char name[256],
		     struct path_made *made) must_check;

#endif
