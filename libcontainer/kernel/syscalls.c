// SPDX-License-Identifier: Apache-2.0
// See syscalls.h.
#include "libcontainer/kernel/syscalls.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

pid_t sys_clone3(struct kernel_clone_args *args)
{
	return (pid_t)syscall(SYS_clone3, args, sizeof *args);
}

#if defined __x86_64__ && !defined __SANITIZE_ADDRESS__ && !__has_feature(address_sanitizer)
const bool sys_clone3_can_share = true;

pid_t sys_clone3_sharing(struct kernel_clone_args *args, void (*run)(void *argument),
			 void *argument)
{
	long result;
	register void *kept_run __asm__("r8") = (void *)(uintptr_t)run;
	register void *kept_argument __asm__("r9") = argument;
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"  // the last frame
			 "mov %%r9, %%rdi\n\t"
			 "call *%%r8\n\t"
			 "ud2\n"
			 "1:"
			 : "=a"(result)
			 : "a"(SYS_clone3), "D"(args), "S"(sizeof *args), "r"(kept_run),
			   "r"(kept_argument)
			 : "rcx", "r11", "memory");
	if (result > 0)
		return (pid_t)result;
	errno = (int)-result;
	return -1;
}
#else
const bool sys_clone3_can_share = false;

pid_t sys_clone3_sharing(struct kernel_clone_args *args unused_result,
			 void (*run)(void *argument) unused_result, void *argument unused_result)
{
	errno = ENOSYS;
	return -1;
}
#endif

const uint64_t sys_clone_sibling_flags = CLONE_PARENT | CLONE_PARENT_SETTID | SIGCHLD;

pid_t sys_clone_sibling(pid_t *number)
{
#if defined __s390x__ || defined __s390__
	return (pid_t)syscall(SYS_clone, 0UL, sys_clone_sibling_flags, number, NULL, 0UL);
#else
	return (pid_t)syscall(SYS_clone, sys_clone_sibling_flags, 0UL, number, NULL, 0UL);
#endif
}

int sys_openat2(int dir_fd, const char *path, const struct kernel_open_how *how)
{
	return (int)syscall(SYS_openat2, dir_fd, path, how, sizeof *how);
}

int sys_open_tree(int dir_fd, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dir_fd, path, flags | KERNEL_OPEN_TREE_CLOEXEC);
}

int sys_move_mount(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	return (int)syscall(SYS_move_mount, from_fd, from, to_fd, to, flags);
}

int sys_mount_setattr(int dir_fd, const char *path, unsigned flags,
		      const struct kernel_mount_attr *attr)
{
	return (int)syscall(SYS_mount_setattr, dir_fd, path, flags, attr, sizeof *attr);
}

int sys_fsopen(const char *type)
{
	return (int)syscall(SYS_fsopen, type, 1U);
}

int sys_fsconfig(int fd, unsigned command, const char *key, const void *value, int aux)
{
	return (int)syscall(SYS_fsconfig, fd, command, key, value, aux);
}

int sys_fsmount(int fd, unsigned attr_flags)
{
	return (int)syscall(SYS_fsmount, fd, 1U, attr_flags);
}

int sys_fspick(int dir_fd, const char *path)
{
	return (int)syscall(SYS_fspick, dir_fd, path, 1U | 8U);
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

int sys_mount(const char *source, const char *target, const char *type, unsigned long flags,
	      const char *data)
{
	return (int)syscall(SYS_mount, source, target, type, flags, data);
}

int sys_umount2(const char *target, int flags)
{
	return (int)syscall(SYS_umount2, target, flags);
}

int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

int sys_pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0U);
}

int sys_pidfd_send_signal(int pidfd, int signal)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0U);
}

int sys_seccomp(unsigned operation, unsigned flags, void *args)
{
	return (int)syscall(SYS_seccomp, operation, flags, args);
}

int sys_bpf(int command, void *attr, unsigned size)
{
	return (int)syscall(SYS_bpf, command, attr, size);
}

long sys_keyctl(int operation, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	return syscall(SYS_keyctl, operation, a, b, c, d);
}
