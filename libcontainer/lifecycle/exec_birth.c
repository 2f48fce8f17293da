// SPDX-License-Identifier: Apache-2.0
// See exec_birth.h.
#include "libcontainer/lifecycle/exec_birth.h"

#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

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

enum init_birth exec_birth_decide(const struct init *init, const char **why)
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

bool exec_birth_is_watched(const struct spec *spec)
{
	const struct spec_strings *bounding = &spec->process.capabilities.bounding;
	if (spec->linux_.namespaces[spec_namespace_type_pid].path)
		return true;
	for (size_t i = 0; i < bounding->count; i++)
		if (strcmp(bounding->items[i], "CAP_SYS_PTRACE") == 0)
			return true;
	return false;
}
