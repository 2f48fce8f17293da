// SPDX-License-Identifier: Apache-2.0
// The steps that turn a process of husk into a process of the container. Shared by init and exec; see steps.h.
// Each comment says what the step needs and what it must come before.
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/init/listener.h"
#include "libcontainer/init/steps.h"
#include "libcontainer/init/sync.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/state/state.h"

bool wants_process(const struct init *init)
{
	return init->process && init->process->set;
}

bool wants_terminal(const struct init *init)
{
	return wants_process(init) && init->process->terminal;
}

// Without no_new_privs only CAP_SYS_ADMIN may load a filter: it has to happen before capabilities are dropped.
bool wants_filter_early(const struct init *init)
{
	return wants_process(init) && init->filter->instructions &&
	       !init->process->no_new_privileges;
}

static bool filter_has_listener(const struct init *init)
{
	return (init->filter->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0;
}

bool wants_filter_listener(const struct init *init)
{
	return wants_process(init) && init->filter->instructions &&
	       init->process->no_new_privileges && filter_has_listener(init);
}

bool wants_filter_late(const struct init *init)
{
	return wants_process(init) && init->filter->instructions &&
	       init->process->no_new_privileges && !filter_has_listener(init);
}

// A stage has opened the host's before it joined anything; later it could be the container's.
bool wants_proc(const struct init *init)
{
	return init->proc_fd < 0;
}

bool wants_keyring(const struct init *init)
{
	return init->new_keyring;
}

// A session of its own, also without a terminal: TIOCSTI into the caller's terminal needs its session. EPERM: it may lead one.
int step_new_session(struct init *init, struct error *err)
{
	init->in_session = true;
	if (setsid() < 0 && (errno != EPERM || getsid(0) != getpid()))
		return error_errno(err, "setsid");
	return 0;
}

// While the host's /proc is the one that is seen: later steps write to it through this descriptor only.
int step_open_proc(struct init *init, struct error *err)
{
	return namespaces_open_proc(&init->proc_fd, err);
}

// Before the change of user: the keyring belongs to the user, and the quota is his.
int step_keyring(struct init *init, struct error *err)
{
	return keyring_join(init->id, init->labels.selinux, init->proc_fd, NULL, err);
}

// On the container's own devpts: below the root that is being made, which gets /dev/console with it, or (exec) where the process is.
int step_open_terminal(struct init *init, struct error *err)
{
	const struct spec_process *process = init->process;
	auto_close int own = init->rootfs ? -1 : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int master = -1;
	int root = init->rootfs ? rootfs_fd(init->rootfs) : own;
	if (root < 0)
		return error_errno(err, "open the container's root");
	if (terminal_open(root, &master, &init->pty_peer, err) < 0)
		return -1;
	if (terminal_set_size(master, (unsigned)process->console_height,
			      (unsigned)process->console_width, err) < 0)
		return -1;
	if (init->rootfs && rootfs_bind_console(init->rootfs, init->pty_peer, err) < 0)
		return -1;
	struct sync_record record = {.step = sync_step_terminal};
	return sync_send(init->sync, &record, master, err);
}

int step_use_terminal(struct init *init, struct error *err)
{
	auto_close int peer = take_fd(&init->pty_peer);
	return terminal_use(peer, &init->process->user, err);
}

int step_control_terminal(struct init *init unused_result, struct error *err)
{
	return terminal_control(err);
}

int step_own_stdio(struct init *init, struct error *err)
{
	return identity_own_stdio(&init->process->user, err);
}

// While CAP_SYS_NICE is there.
int step_scheduling(struct init *init, struct error *err)
{
	if (scheduling_apply_affinity(init->cpu_affinity, err) < 0)
		return -1;
	if (scheduling_apply_memory_policy(&init->spec->linux_.memory_policy, err) < 0)
		return -1;
	if (scheduling_apply_personality(init->spec->linux_.personality, err) < 0)
		return -1;
	if (scheduling_apply_io(&init->process->io_priority, err) < 0)
		return -1;
	return scheduling_apply(&init->process->scheduler, err);
}

// Through the descriptor of the host's own /proc (closed thereafter): nothing that is mounted in the container can redirect it.
int step_labels(struct init *init, struct error *err)
{
	return labels_apply(&init->labels, init->proc_fd, err);
}

int step_environment(struct init *init, struct error *err)
{
	auto_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_errno(err, "open the container's root");
	if (init->environment.room)
		return environment_fill(init->process, root, init->extra_env, &init->environment,
					err);
	return environment_make(init->process, root, init->extra_env, &init->environment, err);
}

bool wants_listen_pid(const struct init *init)
{
	return init->listen_pid;
}

// As its own pid namespace has it.
int step_listen_pid(struct init *init, struct error *err unused_result)
{
	char *room = environment_value(&init->environment, "LISTEN_PID");
	if (room)
		snprintf(room, sizeof INIT_LISTEN_PID - strlen("LISTEN_PID="), "%d", (int)getpid());
	return 0;
}

// At create, so that a missing program is an error of create; relative to the working directory.
int step_find_program(struct init *init, struct error *err)
{
	return environment_find_program(&init->environment, init->process->args.items[0],
					&init->program, err);
}

int step_no_new_privileges(struct init *init, struct error *err)
{
	if (!init->process->no_new_privileges)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(err, "process.noNewPrivileges");
	return 0;
}

static int load_filter(struct init *init, struct error *err)
{
	int none;
	if (filter_has_listener(init))
		return listener_load_filter(init, err);
	return syscall_filter_load(init->filter, &none, err);
}

int step_filter_early(struct init *init, struct error *err)
{
	return load_filter(init, err);
}

// While CAP_SETPCAP is there.
int step_bounding(struct init *init, struct error *err)
{
	return capabilities_limit(init->capabilities, err);
}

// Ids with the capabilities kept, then the wanted sets, read back.
int step_identity(struct init *init, struct error *err)
{
	if (identity_apply(&init->process->user, init->keep_groups, init->may_set_groups, err) < 0)
		return -1;
	if (capabilities_apply(init->capabilities, err) < 0)
		return -1;
	identity_apply_umask(&init->process->user);
	// a change of user made the process dumpable by rule of fs.suid_dumpable at most; it must not be until execve
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_errno(err, "prctl PR_SET_DUMPABLE");
	return 0;
}

// A descriptor of the host that leaked could have been named as /proc/self/fd/N (CVE-2024-21626).
static int prove_inside(const char *cwd, struct error *err)
{
	char where[4096];
	where[0] = '\0';  // a filter can answer in the kernel's place, and writes nothing
	long length = syscall(SYS_getcwd, where, sizeof where);
	// (also where the path is too long to be told: nothing is proven then)
	if (length < 0)
		return error_errno(err, "process.cwd `%s`: see that it is inside of the container",
				   cwd);
	if (where[0] != '/')
		return error_set(err, EPERM, "process.cwd `%s`: it is outside of the container",
				 cwd);
	return 0;
}

// Where getcwd can still be asked. A directory that is closed to root is left to step_working_directory.
int step_prove_directory(struct init *init, struct error *err)
{
	const char *cwd = init->process->cwd;
	if (chdir(cwd) < 0)
		return 0;
	if (prove_inside(cwd, err) < 0)
		return -1;
	init->cwd_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (init->cwd_fd < 0)
		return error_errno(err, "process.cwd `%s`", cwd);
	init->cwd_proven = true;
	return 0;
}

// As the user, so that his permissions count. Then proves that the directory lies inside, or, where a filter refuses to tell,
// goes to the one of which that is known.
int step_working_directory(struct init *init, struct error *err)
{
	const char *cwd = init->process->cwd;
	auto_close int proven = init->cwd_proven ? take_fd(&init->cwd_fd) : -1;
	if (chdir(cwd) < 0)
		return error_errno(err, "chdir to `%s`", cwd);
	if (prove_inside(cwd, err) < 0)
		return proven >= 0 && fchdir(proven) == 0 ? 0 : -1;
	return 0;
}

// husk has not that many of its own.
#define HOLES_MAX 1024U

static int explain_move(unsigned up_to, struct error *err)
{
	int code = errno;
	struct rlimit limit = {0, 0};
	if ((code != EINVAL && code != EMFILE && code != EBADF) ||
	    getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > up_to)
		return error_set(err, code, "move descriptors: %s", error_text(code));
	return error_set(
		err, EMFILE,
		"the limit of open files (RLIMIT_NOFILE, process.rlimits) is %llu, and until "
		"the program is executed %u are needed: raise it, or preserve fewer "
		"descriptors",
		(unsigned long long)limit.rlim_cur, up_to + 1);
}

static int move_down(int **fds, size_t count, unsigned lowest, struct error *err)
{
	// above all targets first, for a target may be occupied by one that has still to move
	for (size_t i = 0; i < count; i++) {
		int high = fcntl(*fds[i], F_DUPFD_CLOEXEC, (int)(lowest + count));
		if (high < 0)
			return explain_move(lowest + 2 * (unsigned)count, err);
		memory_close(*fds[i]);
		*fds[i] = high;
	}
	for (size_t i = 0; i < count; i++) {
		int target = (int)(lowest + i);
		if (dup3(*fds[i], target, O_CLOEXEC) < 0)
			return explain_move(lowest + 2 * (unsigned)count, err);
		*fds[i] = target;
	}
	return 0;
}

static bool is_among(int fd, int *const *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (*fds[i] == fd)
			return true;
	return false;
}

// What husk itself opened is close-on-exec from birth, and what the caller passed on cannot be, or it would not have come here.
static void close_own_below(unsigned end, int *const *kept, size_t count)
{
	unsigned holes = 0;
	for (int fd = 3; (unsigned)fd < end && holes < HOLES_MAX; fd++) {
		int flags = fcntl(fd, F_GETFD);
		holes = flags < 0 ? holes + 1 : 0;
		if (flags > 0 && (flags & FD_CLOEXEC) && !is_among(fd, kept, count))
			memory_close(fd);
	}
}

// Closes everything from 3+N on but the conversation, which is moved down, and what came to lie in the holes below: not only at execve,
// because until then the program's path could lead through what is open (/proc/self/fd/N/...), and the wait for start may be long.
int step_close_descriptors(struct init *init, struct error *err)
{
	unsigned lowest = 3 + init->preserve_fds;
	bool outcome_is_sync = init->outcome == init->sync;
	int *const all[] = {&init->sync, &init->hooks_files.fds[0], &init->hooks_files.fds[1]};
	int *kept[array_size(all)];
	size_t count = 0;
	for (size_t i = 0; i < array_size(all); i++)
		if (*all[i] >= 0)
			kept[count++] = all[i];
	close_own_below(lowest, kept, count);
	if (move_down(kept, count, lowest, err) < 0)
		return -1;
	if (outcome_is_sync)
		init->outcome = init->sync;
	init->proc_fd = -1;
	if (sys_close_range(lowest + (unsigned)count, ~0U, 0) < 0)
		return error_errno(err, "close_range");
	return 0;
}

int step_signals(struct init *init unused_result, struct error *err)
{
	if (signals_reset() < 0)
		return error_errno(err, "reset signals");
	return 0;
}

int step_filter_listener(struct init *init, struct error *err)
{
	return load_filter(init, err);
}

int step_filter_late(struct init *init, struct error *err)
{
	return load_filter(init, err);
}

// From here on only execve is left: an end of the conversation after this word is success, before it death.
int step_say_last(struct init *init, struct error *err)
{
	if (init->outcome == init->sync)
		return sync_send_step(init->sync, sync_step_last, err);
	start_gate_say_last(init->outcome);
	return 0;
}

int step_execute(struct init *init, struct error *err)
{
	// execve takes char *const[] for history's sake and writes to none of it
	union {
		const char *const *constant;
		char *const *plain;
	} args = {.constant = init->process->args.items};
	execve(init->program, args.plain, init->environment.variables);
	int code = errno;
	// The filter may kill for any further call. First what is known without one, then the better words for it.
	struct error plain;
	error_set(&plain, code, "exec %s: %s", init->program, error_text(code));
	init_report(init, &plain);
	return environment_explain_exec(init->program, code, err);
}
