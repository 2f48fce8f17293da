// SPDX-License-Identifier: Apache-2.0
// See mount.h.
#include "libcontainer/kernel/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/fd.h"

// The context gives one message a read, "e text" for an error. The last error is the cause.
static void collect_message(int context, struct mount_message *message)
{
	int saved = errno;
	char line[sizeof message->text + 2];
	if (!message)
		return;
	message->text[0] = '\0';
	for (;;) {
		ssize_t n = read(context, line, sizeof line - 1);
		if (n <= 0)
			break;
		while (n > 0 && line[n - 1] == '\n')
			n--;
		line[n] = '\0';
		if (n > 2 && line[0] == 'e') {
			size_t length = (size_t)n - 2;
			if (length >= sizeof message->text)
				length = sizeof message->text - 1;
			memcpy(message->text, line + 2, length);
			message->text[length] = '\0';
		}
	}
	errno = saved;
}

static int set_parameter(int context, const char *key, const char *value)
{
	return sys_fsconfig(context, value ? KERNEL_FSCONFIG_SET_STRING : KERNEL_FSCONFIG_SET_FLAG,
			    key, value, 0);
}

static int set_parameters(int context, const struct mount_parameter *parameters, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (set_parameter(context, parameters[i].key, parameters[i].value) < 0)
			return -1;
	return 0;
}

int mount_new(const char *type, const char *source, const struct mount_parameter *parameters,
	      size_t count, uint64_t attr, bool read_only_superblock, struct mount_message *message)
{
	if (message)
		message->text[0] = '\0';
	auto_close int context = sys_fsopen(type);
	if (context < 0)
		return -1;
	return mount_new_in(context, source, parameters, count, attr, read_only_superblock,
			    message);
}

int mount_new_in(int context, const char *source, const struct mount_parameter *parameters,
		 size_t count, uint64_t attr, bool read_only_superblock,
		 struct mount_message *message)
{
	int fd = -1;
	if (message)
		message->text[0] = '\0';
	if ((!source || set_parameter(context, "source", source) == 0) &&
	    set_parameters(context, parameters, count) == 0 &&
	    (!read_only_superblock || set_parameter(context, "ro", NULL) == 0) &&
	    sys_fsconfig(context, KERNEL_FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		fd = sys_fsmount(context, (unsigned)attr);
	if (fd < 0)
		collect_message(context, message);
	return fd;
}

int mount_reconfigure(int fd, const struct mount_parameter *parameters, size_t count,
		      struct mount_message *message)
{
	if (message)
		message->text[0] = '\0';
	auto_close int context = sys_fspick(fd, "");
	if (context < 0)
		return -1;
	if (set_parameters(context, parameters, count) == 0 &&
	    sys_fsconfig(context, KERNEL_FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) == 0)
		return 0;
	collect_message(context, message);
	return -1;
}

int mount_classic(const char *type, const char *source, int target_fd, unsigned long flags,
		  const char *data)
{
	return sys_mount(source, fd_proc_path(target_fd).text, type, flags, data);
}

int mount_clone(int dir_fd, const char *path, bool recursive, bool no_follow)
{
	unsigned flags = KERNEL_OPEN_TREE_CLONE;
	if (recursive)
		flags |= KERNEL_AT_RECURSIVE;
	if (no_follow)
		flags |= AT_SYMLINK_NOFOLLOW;
	if (!*path)
		flags |= AT_EMPTY_PATH;
	return sys_open_tree(dir_fd, path, flags);
}

static int set_attributes(int fd, const struct kernel_mount_attr *attr, bool recursive)
{
	return sys_mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? KERNEL_AT_RECURSIVE : 0),
				 attr);
}

int mount_set_attributes(int fd, uint64_t set, uint64_t clear, bool recursive)
{
	// the kernel wants the whole field cleared before any of its values is set
	if ((set | clear) & KERNEL_MOUNT_ATTR_ATIME)
		clear |= KERNEL_MOUNT_ATTR_ATIME;
	struct kernel_mount_attr attr = {.attr_set = set, .attr_clr = clear};
	return set_attributes(fd, &attr, recursive);
}

int mount_set_propagation(int fd, unsigned long propagation, bool recursive)
{
	struct kernel_mount_attr attr = {.propagation = propagation};
	return set_attributes(fd, &attr, recursive);
}

int mount_set_idmap(int fd, int userns_fd, bool recursive)
{
	struct kernel_mount_attr attr = {
		.attr_set = KERNEL_MOUNT_ATTR_IDMAP,
		.userns_fd = (uint64_t)(unsigned)userns_fd,
	};
	return set_attributes(fd, &attr, recursive);
}

int mount_attach(int fd, int target_fd)
{
	return sys_move_mount(fd, "", target_fd, "",
			      KERNEL_MOVE_MOUNT_F_EMPTY_PATH | KERNEL_MOVE_MOUNT_T_EMPTY_PATH);
}

int mount_detach(int fd)
{
	return sys_umount2(fd_proc_path(fd).text, KERNEL_MNT_DETACH);
}
