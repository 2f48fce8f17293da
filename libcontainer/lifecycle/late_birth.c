// SPDX-License-Identifier: Apache-2.0
// See late_birth.h.
#include "libcontainer/lifecycle/late_birth.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/process/process.h"

// The calls that the late order makes behind a filter which the early one makes before it.
static const char *refused_call(const struct init *init)
{
	bool limits_processes = false;
	for (size_t i = 0; i < init->process->rlimits_count; i++)
		limits_processes |= init->process->rlimits[i].resource == (int)RLIMIT_NPROC;
	const struct {
		const char *why;
		long number;
		uint64_t arguments[6];
		bool made;
	} calls[] = {
		{"linux.seccomp refuses clone",
		 SYS_clone,
#if defined __s390x__ || defined __s390__
		 {0, sys_clone_sibling_flags, (uint64_t)(uintptr_t)init->born},
#else
		 {sys_clone_sibling_flags, 0, (uint64_t)(uintptr_t)init->born},
#endif
		 true},
		{"linux.seccomp refuses exit_group", SYS_exit_group, {0}, true},
		{"linux.seccomp refuses setsid", SYS_setsid, {0}, true},
		{"linux.seccomp refuses ioctl TIOCSCTTY",
		 SYS_ioctl,
		 {0, TIOCSCTTY},
		 init->process->terminal},
		{"linux.seccomp refuses getpid", SYS_getpid, {0}, init->listen_pid},
		{"linux.seccomp refuses prlimit64",
		 SYS_prlimit64,
		 {0, RLIMIT_NPROC},
		 limits_processes},
	};
	for (size_t i = 0; i < array_size(calls); i++)
		if (calls[i].made &&
		    !syscall_filter_lets_pass(init->filter, calls[i].number, calls[i].arguments))
			return calls[i].why;
	return NULL;
}

enum init_birth late_birth_decide(const struct init *init, const char **why)
{
	const struct spec_process *process = init->process;
	const struct syscall_filter *filter = init->filter;
	*why = NULL;
	if (!scheduling_is_inherited(&process->scheduler))
		*why = "process.scheduler is nothing that a clone inherits";
	else if (filter->instructions && !process->no_new_privileges)
		*why = filter->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER
			       ? "the agent of linux.seccomp.listenerPath has to be told of it"
			       : refused_call(init);
	return *why ? init_birth_early : init_birth_late;
}

bool late_birth_is_watched(const struct spec *spec)
{
	const struct spec_strings *bounding = &spec->process.capabilities.bounding;
	if (spec->linux_.namespaces[spec_namespace_type_pid].path)
		return true;
	for (size_t i = 0; i < bounding->count; i++)
		if (strcmp(bounding->items[i], "CAP_SYS_PTRACE") == 0)
			return true;
	return false;
}

int late_birth_share(pid_t **born, struct error *err)
{
	void *page = mmap(NULL, sizeof **born, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0);
	if (page == MAP_FAILED)
		return error_errno(err, "memory to share with the process");
	*born = page;
	return 0;
}

void late_birth_unshare(pid_t *born)
{
	if (born)
		munmap(born, sizeof *born);
}

// The stage has cloned the process before that says a word. Who can take the process over could write another number where its own
// stands.
int late_birth_know(const pid_t *born, pid_t stage, pid_t *pid, int *pidfd, struct error *err)
{
	pid_t number = *(const volatile pid_t *)born;
	siginfo_t info;
	auto_close int fd = number > 0 && number != stage ? sys_pidfd_open(number) : -1;
	if (fd < 0 || waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return error_set(err, ESRCH, "the process was not cloned");
	memory_close(take_fd(pidfd));
	*pidfd = take_fd(&fd);
	*pid = number;
	return 0;
}
