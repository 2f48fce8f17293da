// SPDX-License-Identifier: Apache-2.0
// See hooks_child.h. A hook gets what its configuration says and nothing of ours: no variables, descriptors, signal mask
// or umask.
#include "libcontainer/process/hooks_child.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/syscalls.h"

// Runs in the child and only ends by execve or _exit. Nothing here allocates.
static _Noreturn void execute(const struct hooks_child *child)
{
	int code = 0;
	// It ends with us, however we end. (The kernel means the thread that cloned it; there is one. It forgets the wish when the hook
	// changes its user or executes a set-user-id program.) Who was orphaned before the wish was heard has missed it.
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() != child->parent)
		_exit(127);
	// a session of its own: the whole group can be killed, and no terminal of ours can be touched
	if (setsid() < 0 || signals_reset() < 0)
		code = errno;
	umask(022);
	// a directory that is closed to this user (user namespaces) is no reason not to run the hook
	if (!code && child->cwd_fd >= 0 && fchdir(child->cwd_fd) < 0 && errno != EACCES)
		code = errno;
	int out = child->files[0] >= 0 ? child->files[0] : child->output;
	int err = child->files[1] >= 0 ? child->files[1] : child->output;
	if (!code && (dup2(child->input, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 ||
		      fd_cloexec_from(3) < 0))
		code = errno;
	if (!code) {
		execve(child->path, child->argv, child->envp);
		code = errno;
	}
	(void)!write(child->failure, &code, sizeof code);
	_exit(127);
}

pid_t hooks_child_start(const struct hooks_child *child, int *pidfd)
{
	struct kernel_clone_args args = {
		.flags = KERNEL_CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = sys_clone3(&args);
	if (pid == 0)
		execute(child);
	// an old outer filter may know no clone3
	if (pid >= 0 || (errno != ENOSYS && errno != EPERM))
		return pid;
	pid = fork();
	if (pid == 0)
		execute(child);
	if (pid > 0 && (*pidfd = sys_pidfd_open(pid)) < 0) {
		int saved = errno, status;
		kill(pid, SIGKILL);
		(void)!process_reap(pid, &status);
		errno = saved;
		return -1;
	}
	return pid;
}

// A NULL-terminated copy of the pointers; execve writes to none of the strings.
static char **copy_pointers(const struct spec_strings *strings)
{
	char **copy = calloc(strings->count + 1, sizeof *copy);
	if (copy && strings->count)
		memcpy(copy, strings->items, strings->count * sizeof *copy);
	return copy;
}

int hooks_child_prepare(struct hooks_child *child, const struct spec_hook *hook,
			char *const *default_env)
{
	child->path = hook->path;
	const struct spec_strings path_alone = {.items = &hook->path, .count = 1};
	child->argv = copy_pointers(hook->args.count ? &hook->args : &path_alone);
	struct spec_strings env = hook->env;
	if (!hook->env_set)
		env = (struct spec_strings){(const char *const *)default_env,
					    text_count((const char *const *)default_env)};
	child->envp = copy_pointers(&env);
	return child->argv && child->envp ? 0 : -1;
}

void hooks_child_done(struct hooks_child *child)
{
	free(child->argv);
	free(child->envp);
	child->argv = child->envp = NULL;
	memory_close(take_fd(&child->input));
	memory_close(take_fd(&child->output));
	memory_close(take_fd(&child->failure));
}
