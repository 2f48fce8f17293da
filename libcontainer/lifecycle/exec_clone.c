// SPDX-License-Identifier: Apache-2.0
// The clone of an exec: what the new process is told, and the stage that clones it (init/birth.c).
//
// That stage lives for a fraction of a millisecond, outside of the container's pid namespace, where nobody of the container sees it: it works in the
// command's own memory, while the command does nothing but wait for its end. What it clones has a copy, as every process
// in the container must. None of its steps uses the heap: whoever may write to cgroup.kill, the container for example, kills it at any
// instruction, and the command goes on with what it leaves.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/socket.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/lifecycle/attend.h"
#include "libcontainer/lifecycle/birth.h"
#include "libcontainer/lifecycle/execution.h"
#include "libcontainer/lifecycle/late_birth.h"

// How long a stage may still work that nobody wants any more.
#define STAGE_END_MS 100

// A container may have moved its own processes deeper, so that its cgroup itself takes none any more.
static int follow_init(struct execution *e, struct error *err)
{
	char file[48], line[4096];
	const char *base = e->opened.record.cgroup_path;
	snprintf(file, sizeof file, "/proc/%d/cgroup", (int)e->opened.record.pid);
	if (fd_read_value(AT_FDCWD, file, line, sizeof line) < 0)
		return error_errno(err, "read %s", file);
	char *unified = text_has_prefix(line, "0::") ? line : strstr(line, "\n0::");
	if (!unified)
		return error_set(err, ENOENT, "%s names no cgroup2", file);
	unified = strchr(unified, '/');
	if (!unified)
		return error_set(err, ENOENT, "%s names no cgroup2", file);
	unified[strcspn(unified, "\n")] = '\0';
	size_t length = strlen(base);
	if (strncmp(unified, base, length) != 0 ||
	    (unified[length] != '/' && unified[length] != '\0'))
		return error_set(err, EPERM, "the container's init has left its cgroup %s for %s",
				 base, unified);
	struct cgroup cgroup = {.fd = -1};
	if (cgroup_open(&e->opened.host, unified, &cgroup, err) < 0)
		return -1;
	cgroup_close(&e->opened.cgroup);
	e->opened.cgroup = cgroup;
	return 0;
}

// Where the number of the process goes.
static int make_room(struct execution *e, bool share, struct error *err)
{
	e->shares = share;
	if (share)
		e->born = &e->number;
	else if (late_birth_share(&e->born, err) < 0)
		return -1;
	e->init.born = e->born;
	return 0;
}

static int decide_birth(struct execution *e, struct error *err)
{
	const char *why = NULL;
	if (!(e->flags & CLONE_NEWPID))
		return 0;
	// (who shares memory cannot join a time namespace)
	bool share = sys_clone3_can_share && !(e->flags & (int)KERNEL_CLONE_NEWTIME);
	if (make_room(e, share, err) < 0)
		return -1;
	e->init.birth = late_birth_decide(&e->init, &why);
	if (share && e->init.birth != init_birth_late && make_room(e, false, err) < 0)
		return -1;
	// the end of the stage tells that there is a process, and the end of the conversation that it runs or has died
	e->init.silent = e->shares && e->init.let_go;
	if (why && !(e->flags & CLONE_NEWUSER) && late_birth_is_watched(e->spec))
		log_warning(
			e->context->log,
			"processes of container `%s` with CAP_SYS_PTRACE can take over the new one "
			"until its program runs: %s",
			e->options->id, why);
	return 0;
}

// Whether nothing is left to do here once the process is ready: then it neither says so nor waits for an answer.
static bool nothing_follows(const struct execution *e)
{
	const struct container_exec_options *options = e->options;
	return !e->process.process.terminal && !options->pid_file && !options->pidfd_socket &&
	       !e->spec->linux_.seccomp.listener_path && !e->spec->linux_.intel_rdt.set;
}

static int fill_init(struct execution *e, int sync, struct error *err)
{
	struct init *init = &e->init;
	init->spec = e->spec;
	init->process = &e->process.process;
	init->namespaces = &e->namespaces;
	init->capabilities = &e->capabilities;
	init->filter = &e->filter;
	init->id = e->options->id;
	init->bundle = e->opened.record.bundle;
	init->rootfs_path = e->opened.record.rootfs;
	init->trace = e->context->trace;
	init->files = &e->files;
	init->cpu_affinity = e->process.process.exec_cpu_affinity.final;
	if (passed_on_make(e->context, false, e->options->preserve_fds, &e->passed_on, init, err) <
	    0)
		return -1;
	init->sync = sync;
	init->gate = -1;
	init->hooks_files = (struct hooks_files)HOOKS_FILES_NONE;
	init->target_pidfd = e->init_pidfd;
	init->target_namespaces = e->flags;
	init->become_root = (e->flags & CLONE_NEWUSER) != 0;
	init->target_root = e->target_root;
	init->proc_fd = init->pty_peer = init->own_file = -1;
	init->rootless = e->opened.record.rootless;
	init->let_go = nothing_follows(e);
	init->new_keyring = !e->opened.record.callers_keyring;
	init->keep_groups = spec_annotation_is_on(e->spec, "run.oci.keep_original_groups");
	init->may_set_groups = !init->rootless || namespaces_may_set_groups();
	const int keep_out[8] = {e->sync,
				 e->opened.dir_fd,
				 e->opened.root_fd,
				 e->opened.host.fd,
				 e->opened.cgroup.fd,
				 e->close_later,
				 -1,
				 -1};
	memcpy(init->close_first, keep_out, sizeof keep_out);
	if (decide_birth(e, err) < 0)
		return -1;
	// what the steps of the stage would take from the heap
	return e->shares ? environment_reserve(init->process, init->extra_env, &init->environment,
					       err)
			 : 0;
}

static _Noreturn void walk(void *execution)
{
	struct execution *e = execution;
	init_walk(&e->init, exec_init_steps);
}

// Until the stage has ended, and the memory is the command's alone again. Nothing before that may set errno.
static int await_stage(struct execution *e, struct error *err)
{
	enum { stage, init, interrupts, count };
	struct pollfd fds[count] = {
		[stage] = {.fd = e->pidfd, .events = POLLIN},
		[init] = {.fd = e->init_pidfd, .events = POLLIN},
		[interrupts] = {.fd = e->interrupts, .events = POLLIN},
	};
	// (a signal that its caller ignores is none)
	while (!fds[init].revents &&
	       !(fds[interrupts].revents && attend_interrupted(e->interrupts, err)))
		// what does not hang ends by itself, and the conversation sees the rest
		if ((poll(fds, count, -1) > 0 && fds[stage].revents) ||
		    poll(fds, 1, STAGE_END_MS) == 1)
			return 0;
	(void)!sys_pidfd_send_signal(e->pidfd, SIGKILL);
	(void)!poll(fds, 1, -1);
	return fds[init].revents ? opened_not_running(&e->opened, "exec in", err) : -1;
}

static pid_t clone_once(struct execution *e, struct error *err)
{
	const struct own_strings *strings = e->context->strings;
	if (!e->shares) {
		pid_t pid = birth_clone(0, e->opened.cgroup.fd, strings, &e->pidfd, err);
		if (pid == 0)
			walk(e);
		return pid;
	}
	// (what the stage clones shows them, too)
	own_strings_cover(strings);
	pid_t pid = birth_clone_sharing(e->opened.cgroup.fd, &e->pidfd, walk, e, err);
	if (pid < 0)
		own_strings_uncover(strings);
	return pid;
}

static pid_t clone_into(struct execution *e, struct error *err)
{
	pid_t pid = clone_once(e, err);
	if (pid < 0 && errno == EBUSY && e->opened.cgroup.fd >= 0 && !e->options->cgroups) {
		if (follow_init(e, err) < 0)
			return -1;
		pid = clone_once(e, err);
	}
	if (pid < 0 && (errno == ENODEV || errno == ENOENT))
		return opened_not_running(&e->opened, "exec in", err);
	return pid;
}

// A fork of the stage, a fault for each page that it or the command writes to, and the end of its memory would take a twentieth of an exec.
static int clone_and_share(struct execution *e, pid_t *pid, struct error *err)
{
	int dumpable = prctl(PR_GET_DUMPABLE);
	*pid = clone_into(e, err);
	if (*pid < 0 || !e->shares)
		return *pid < 0 ? -1 : 0;
	int result = await_stage(e, err);
	(void)!prctl(PR_SET_DUMPABLE, dumpable);
	own_strings_uncover(e->context->strings);
	return result;
}

int execution_clone(struct execution *e, struct error *err)
{
	char oom_score[16];
	int sync[2];
	if (socket_pair(sync) < 0)
		return error_errno(err, "socketpair");
	e->sync = sync[0];
	auto_close int child_sync = sync[1];
	limits_raise_files(&e->files);
	if (fill_init(e, child_sync, err) < 0 ||
	    birth_set_oom_score(&e->process.process, oom_score, err) < 0)
		return -1;
	int result = clone_and_share(e, e->born ? &e->stage : &e->pid, err);
	// (behind the end of a stage that shares memory: the kernel gives one value to all who do)
	birth_restore_oom_score(oom_score);
	return result;
}

void execution_unshare(struct execution *e)
{
	if (!e->shares)
		late_birth_unshare(e->born);
}
