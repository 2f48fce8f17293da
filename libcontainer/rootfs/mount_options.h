// SPDX-License-Identifier: Apache-2.0
// mounts[].options as bits: what each word of the specification and of mount(8) asks for.
//
// Words about the mount become attributes to set and to clear (a clear undoes what a bind inherits), words
// about the superblock and everything unknown become parameters of the file system. Nothing here
// touches the kernel.
#ifndef HUSK_ROOTFS_MOUNT_OPTIONS_H
#define HUSK_ROOTFS_MOUNT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"
#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/mount.h"
#include "spec/spec.h"

struct mount_propagation {
	unsigned long type;  // KERNEL_MS_SHARED, ...
	bool recursive;
};

struct mount_options {
	uint64_t set, clear;                      // MOUNT_ATTR_*, this mount alone
	uint64_t recursive_set, recursive_clear;  // ... and every mount below it
	bool bind, recursive_bind, remount;
	bool copy_up, copy_symlink, source_no_follow, target_no_follow;
	bool idmap, recursive_idmap;
	const char *idmap_inline;                // "uids=..;gids=..", or NULL. Borrowed.
	bool i_version;                          // MS_I_VERSION, which only mount(2) can carry
	bool read_write;                         // "rw" or "rrw" was written
	struct mount_propagation *propagations;  // in the order of the options
	size_t propagations_count;
	struct mount_parameter
		*superblock;  // "sync", "dirsync", ...: meaningless for a bind, not wrong
	size_t superblock_count;
	struct mount_parameter *data;  // for the file system
	size_t data_count;
};

// Reads words. Memory is the arena's. Fails on contradictions that no kernel could resolve.
int mount_options_parse(const struct spec_strings *words, struct arena *arena,
			struct mount_options *options, struct error *err) must_check;

// The value of a file system parameter: NULL when it is not given, "" when it has none.
const char *mount_options_data(const struct mount_options *options, const char *key);

#endif
