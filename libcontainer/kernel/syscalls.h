// SPDX-License-Identifier: Apache-2.0
// System calls that the C library lacks or declares differently by version. Each behaves as its man
// page says: -1 and errno.
//
// This header brings its own constants for the mount API, because <sys/mount.h> and <linux/mount.h> of
// different versions of glibc and the kernel's headers cannot be included together. Include this one,
// and none of them, outside kernel/.
#ifndef HUSK_KERNEL_SYSCALLS_H
#define HUSK_KERNEL_SYSCALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libcontainer/base/attributes.h"

// clone3(2); struct as in <linux/sched.h>, written out because its size is part of the call.
struct kernel_clone_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size, cgroup;
};

#define KERNEL_CLONE_NEWTIME 0x00000080ULL
#define KERNEL_CLONE_VM 0x00000100ULL
#define KERNEL_CLONE_PIDFD 0x00001000ULL
#define KERNEL_CLONE_PARENT 0x00008000ULL
#define KERNEL_CLONE_NEWNS 0x00020000ULL
#define KERNEL_CLONE_NEWCGROUP 0x02000000ULL
#define KERNEL_CLONE_NEWUTS 0x04000000ULL
#define KERNEL_CLONE_NEWIPC 0x08000000ULL
#define KERNEL_CLONE_NEWUSER 0x10000000ULL
#define KERNEL_CLONE_NEWPID 0x20000000ULL
#define KERNEL_CLONE_NEWNET 0x40000000ULL
#define KERNEL_CLONE_INTO_CGROUP 0x200000000ULL

// fork-style only: returns twice. Returns the child's pid, 0 in the child.
pid_t sys_clone3(struct kernel_clone_args *args) must_check;

// With KERNEL_CLONE_VM: the child goes on with run(argument), which does not return, on args' stack (16 bytes aligned, like its size). It has
// the caller's thread block, too, errno and what malloc keeps there: until it has ended, the caller makes only calls that
// succeed.
extern const bool
	sys_clone3_can_share;  // this is written for the processor, and no instrumented program watches over stacks
pid_t sys_clone3_sharing(struct kernel_clone_args *args, void (*run)(void *argument),
			 void *argument) must_check;

// clone(2), whose flags a filter can see: fork-style, a child of the caller's parent. The kernel writes its number, as the caller's pid
// namespace has it, to *number before it runs for the first time. 0 in the child.
pid_t sys_clone_sibling(pid_t *number) must_check;
extern const uint64_t sys_clone_sibling_flags;  // CLONE_* and the signal

struct kernel_open_how {
	uint64_t flags, mode, resolve;
};

#define KERNEL_RESOLVE_NO_XDEV 0x01
#define KERNEL_RESOLVE_NO_MAGICLINKS 0x02
#define KERNEL_RESOLVE_NO_SYMLINKS 0x04
#define KERNEL_RESOLVE_BENEATH 0x08
#define KERNEL_RESOLVE_IN_ROOT 0x10

int sys_openat2(int dir_fd, const char *path, const struct kernel_open_how *how) must_check;

// mount(2) flags
#define KERNEL_MS_RDONLY 0x1UL
#define KERNEL_MS_NOSUID 0x2UL
#define KERNEL_MS_NODEV 0x4UL
#define KERNEL_MS_NOEXEC 0x8UL
#define KERNEL_MS_SYNCHRONOUS 0x10UL
#define KERNEL_MS_REMOUNT 0x20UL
#define KERNEL_MS_DIRSYNC 0x80UL
#define KERNEL_MS_NOSYMFOLLOW 0x100UL
#define KERNEL_MS_NOATIME 0x400UL
#define KERNEL_MS_NODIRATIME 0x800UL
#define KERNEL_MS_BIND 0x1000UL
#define KERNEL_MS_MOVE 0x2000UL
#define KERNEL_MS_REC 0x4000UL
#define KERNEL_MS_SILENT 0x8000UL
#define KERNEL_MS_UNBINDABLE 0x20000UL
#define KERNEL_MS_PRIVATE 0x40000UL
#define KERNEL_MS_SLAVE 0x80000UL
#define KERNEL_MS_SHARED 0x100000UL
#define KERNEL_MS_RELATIME 0x200000UL
#define KERNEL_MS_I_VERSION 0x800000UL
#define KERNEL_MS_STRICTATIME 0x1000000UL
#define KERNEL_MS_LAZYTIME 0x2000000UL

#define KERNEL_MNT_DETACH 2

// mount_setattr(2)
#define KERNEL_MOUNT_ATTR_RDONLY 0x1ULL
#define KERNEL_MOUNT_ATTR_NOSUID 0x2ULL
#define KERNEL_MOUNT_ATTR_NODEV 0x4ULL
#define KERNEL_MOUNT_ATTR_NOEXEC 0x8ULL
#define KERNEL_MOUNT_ATTR_ATIME 0x70ULL
#define KERNEL_MOUNT_ATTR_RELATIME 0x0ULL
#define KERNEL_MOUNT_ATTR_NOATIME 0x10ULL
#define KERNEL_MOUNT_ATTR_STRICTATIME 0x20ULL
#define KERNEL_MOUNT_ATTR_NODIRATIME 0x80ULL
#define KERNEL_MOUNT_ATTR_IDMAP 0x100000ULL
#define KERNEL_MOUNT_ATTR_NOSYMFOLLOW 0x200000ULL

struct kernel_mount_attr {
	uint64_t attr_set, attr_clr, propagation, userns_fd;
};

#define KERNEL_OPEN_TREE_CLONE 1U
#define KERNEL_OPEN_TREE_CLOEXEC 02000000U
#define KERNEL_MOVE_MOUNT_F_EMPTY_PATH 0x4U
#define KERNEL_MOVE_MOUNT_T_EMPTY_PATH 0x40U
#define KERNEL_AT_RECURSIVE 0x8000U

#define KERNEL_FSCONFIG_SET_FLAG 0
#define KERNEL_FSCONFIG_SET_STRING 1
#define KERNEL_FSCONFIG_SET_BINARY 2
#define KERNEL_FSCONFIG_SET_PATH 3
#define KERNEL_FSCONFIG_SET_PATH_EMPTY 4
#define KERNEL_FSCONFIG_SET_FD 5
#define KERNEL_FSCONFIG_CMD_CREATE 6
#define KERNEL_FSCONFIG_CMD_RECONFIGURE 7

int sys_open_tree(int dir_fd, const char *path, unsigned flags) must_check;
int sys_move_mount(int from_fd, const char *from, int to_fd, const char *to,
		   unsigned flags) must_check;
int sys_mount_setattr(int dir_fd, const char *path, unsigned flags,
		      const struct kernel_mount_attr *attr) must_check;
int sys_fsopen(const char *type) must_check;  // FSOPEN_CLOEXEC
int sys_fsconfig(int fd, unsigned command, const char *key, const void *value, int aux) must_check;
int sys_fsmount(int fd, unsigned attr_flags) must_check;  // FSMOUNT_CLOEXEC
int sys_fspick(int dir_fd, const char *path) must_check;  // FSPICK_CLOEXEC | FSPICK_EMPTY_PATH
int sys_pivot_root(const char *new_root, const char *put_old) must_check;
int sys_mount(const char *source, const char *target, const char *type, unsigned long flags,
	      const char *data) must_check;
int sys_umount2(const char *target, int flags) must_check;

int sys_close_range(unsigned first, unsigned last, unsigned flags) must_check;
#define KERNEL_CLOSE_RANGE_CLOEXEC 4U

int sys_pidfd_open(pid_t pid) must_check;
int sys_pidfd_send_signal(int pidfd, int signal) must_check;

int sys_seccomp(unsigned operation, unsigned flags, void *args) must_check;
int sys_bpf(int command, void *attr, unsigned size) must_check;
long sys_keyctl(int operation, unsigned long a, unsigned long b, unsigned long c, unsigned long d);

#endif
