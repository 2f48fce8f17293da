// SPDX-License-Identifier: Apache-2.0
// Mounts as objects: made detached, configured through their descriptor, attached once.
#ifndef HUSK_KERNEL_MOUNT_H
#define HUSK_KERNEL_MOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/kernel/syscalls.h"

// The kernel's own words for the last failure of a file system context (read from it), or "".
struct mount_message {
	char text[256];
};

struct mount_parameter {
	const char *key;
	const char *value;  // NULL: a flag
};

// fsconfig + fsmount in a context of fsopen(2); see mount_new.
int mount_new_in(int context, const char *source, const struct mount_parameter *parameters,
		 size_t count, uint64_t attr, bool read_only_superblock,
		 struct mount_message *message) must_check;
// fsopen + fsconfig + fsmount: a detached mount of a new file system. source may be NULL.
// attr: MOUNT_ATTR_* flags of the mount. On failure message (may be NULL) has the kernel's explanation.
int mount_new(const char *type, const char *source, const struct mount_parameter *parameters,
	      size_t count, uint64_t attr, bool read_only_superblock,
	      struct mount_message *message) must_check;

// Changes the superblock that the mount fd shows (fspick). EINVAL when fd is no root of a mount.
int mount_reconfigure(int fd, const struct mount_parameter *parameters, size_t count,
		      struct mount_message *message) must_check;

// mount(2) on what target_fd stands for, through /proc/self/fd. For what fsconfig(2) cannot carry:
// MS_I_VERSION, and values longer than MOUNT_VALUE_MAX.
#define MOUNT_VALUE_MAX 255
int mount_classic(const char *type, const char *source, int target_fd, unsigned long flags,
		  const char *data) must_check;

// A detached copy of what path below dir_fd shows (open_tree OPEN_TREE_CLONE). path may be "" with dir_fd.
int mount_clone(int dir_fd, const char *path, bool recursive, bool no_follow) must_check;

// Sets and clears attributes of the mount fd, at once.
int mount_set_attributes(int fd, uint64_t set, uint64_t clear, bool recursive) must_check;

// Propagation of the mount fd: one of KERNEL_MS_SHARED, _SLAVE, _PRIVATE, _UNBINDABLE.
int mount_set_propagation(int fd, unsigned long propagation, bool recursive) must_check;

// Maps the owners of the detached mount fd through the user namespace userns_fd.
int mount_set_idmap(int fd, int userns_fd, bool recursive) must_check;

// Attaches a detached mount on what target_fd (O_PATH) stands for. Both ends are descriptors.
int mount_attach(int fd, int target_fd) must_check;

// Takes the mount away of which fd is the root, with all that is mounted in it, as soon as nobody uses it any more. It must be one
// of the caller's mount namespace, and the caller's /proc the host's (umount2 takes only a path: /proc/self/fd). EINVAL when
// fd is no root of such a mount.
int mount_detach(int fd) must_check;

#endif
