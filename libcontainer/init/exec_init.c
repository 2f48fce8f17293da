// SPDX-License-Identifier: Apache-2.0
// A further process in a running container. The same steps confine it that confined init; see steps.h.
//
// No process can enter a pid namespace, it has to be cloned there; and whoever has CAP_SYS_PTRACE in it can take over what is
// cloned there, whatever that has done to hide. So the stage, which nobody in the container sees, walks all steps that need or hold
// more than the program will have, and clones the process when that is given up. What is left to it is its session, its
// signals and execve. Where a filter does not let that pass, or something is not handed down by clone, it is cloned at the beginning.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/init/steps.h"
#include "libcontainer/init/sync.h"
#include "libcontainer/kernel/syscalls.h"

static int guard(struct init *init unused_result, struct error *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return error_errno(err, "prctl PR_SET_PDEATHSIG");
	// processes of the container see this one as soon as it is in their pid namespace: they may neither
	// trace it nor take its descriptors (CVE-2016-9962)
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_errno(err, "prctl PR_SET_DUMPABLE");
	return 0;
}

static bool wants_enter(const struct init *init)
{
	return init->target_namespaces != 0;
}

static int enter(struct init *init, struct error *err)
{
	if (setns(init->target_pidfd, init->target_namespaces) < 0)
		return errno == ESRCH ? error_set(err, ESRCH,
						  "container not running: its init ended while its "
						  "namespaces were joined")
				      : error_errno(err, "join the namespaces of the container");
	return 0;
}

static bool wants_early_birth(const struct init *init)
{
	return init->birth == init_birth_early;
}

static bool wants_late_birth(const struct init *init)
{
	return init->birth == init_birth_late;
}

// The stage ends here, the process goes on with the table. It is a child of the command.
static int be_born(struct init *init, struct error *err)
{
	pid_t pid = sys_clone_sibling(init->born);
	if (pid > 0)
		init_end(0);
	if (pid < 0)
		return errno == ENOMEM
			       ? error_set(err, ESRCH,
					   "container not running: its pid namespace has "
					   "ended")
			       : error_errno(err, "clone into the container's pid namespace%s",
					     errno == EAGAIN ? " (it takes two processes "
							       "for a moment)"
							     : "");
	init->birth = init_birth_done;
	return 0;
}

// A clone counts against the limit of processes, execve does not: the process sets it itself.
static int limits(struct init *init, struct error *err)
{
	if (init->birth == init_birth_done)
		return step_limits(init, err);
	init->limits_processes = true;
	limits_restore_files(init->files);
	return limits_apply_but_processes(init->process->rlimits, init->process->rlimits_count,
					  err);
}

static bool wants_session(const struct init *init)
{
	return init->birth == init_birth_done && !init->in_session;
}

// The process' own, with what comes with it: a limit of processes, a terminal, and its number.
static int begin_session(struct init *init, struct error *err)
{
	init->in_session = true;
	if (step_new_session(init, err) < 0)
		return -1;
	if (init->limits_processes &&
	    limits_apply_processes(init->process->rlimits, init->process->rlimits_count, err) < 0)
		return -1;
	if (wants_terminal(init) && step_control_terminal(init, err) < 0)
		return -1;
	return wants_listen_pid(init) ? step_listen_pid(init, err) : 0;
}

static bool wants_chroot(const struct init *init)
{
	return init->target_root >= 0;
}

static int change_root(struct init *init, struct error *err)
{
	if (fchdir(init->target_root) < 0 || chroot(".") < 0)
		return error_errno(err, "enter the root of the container");
	return 0;
}

static bool wants_root(const struct init *init)
{
	return init->become_root;
}

static int become_root(struct init *init, struct error *err)
{
	return namespaces_become_root(init->proc_fd, &init->may_set_groups, err);
}

static int open_terminal(struct init *init, struct error *err)
{
	auto_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int master = -1;
	if (root < 0)
		return error_errno(err, "open the container's root");
	if (terminal_open(root, &master, &init->pty_peer, err) < 0)
		return -1;
	const struct spec_process *process = init->process;
	if (process->console_height || process->console_width)
		if (terminal_set_size(master, (unsigned)process->console_height,
				      (unsigned)process->console_width, err) < 0)
			return -1;
	struct sync_record record = {.step = sync_step_terminal};
	return sync_send(init->sync, &record, master, err);
}

// From here on the process lives as long as it likes, also when the command that made it ends; until it is let go, the end of
// the conversation tells that the command is gone.
static int ready(struct init *init, struct error *err)
{
	if (prctl(PR_SET_PDEATHSIG, 0) < 0)
		return error_errno(err, "prctl PR_SET_PDEATHSIG");
	if (sync_send_step(init->sync, sync_step_ready, err) < 0)
		return -1;
	return sync_wait_proceed(init->sync, err);
}

const struct init_step exec_init_steps[] = {
	{"die with the runtime", guard, NULL},
	// labels are written through the host's /proc
	{"open /proc", step_open_proc, wants_proc},
	{"join the container's namespaces", enter, wants_enter},
	{"enter the container's root", change_root, wants_chroot},
	{"become root of the user namespace", become_root, wants_root},
	{"clone into the pid namespace", be_born, wants_early_birth},
	{"join a session keyring", step_keyring, wants_keyring},
	{"open the terminal", open_terminal, wants_terminal},
	{"use the terminal", step_use_terminal, wants_terminal},
	{"give stdio to the user", step_own_stdio, NULL},
	{"prepare the environment", step_environment, NULL},
	{"start a session", begin_session, wants_session},
	{"set scheduling", step_scheduling, NULL},
	{"set limits", limits, NULL},
	{"set labels", step_labels, NULL},
	// before any path of the container's choosing is followed
	{"close descriptors", step_close_descriptors, NULL},
	{"set no_new_privs", step_no_new_privileges, NULL},
	// a filter may refuse what the proof needs
	{"prove the working directory", step_prove_directory, wants_filter_early},
	{"load the system call filter", step_filter_early, wants_filter_early},
	{"take the user's identity", step_identity, NULL},
	// (the container's /proc/self, which a path may lead through, is there for its own processes only)
	{"clone into the pid namespace", be_born, wants_late_birth},
	{"start a session", begin_session, wants_session},
	{"change to the working directory", step_working_directory, NULL},
	{"find the program", step_find_program, NULL},
	{"load the system call filter with its listener", step_filter_listener,
	 wants_filter_listener},
	{"report ready", ready, NULL},
	{"reset signals", step_signals, NULL},
	{"say the last word", step_say_last, NULL},
	{"load the system call filter", step_filter_late, wants_filter_late},
	{"execute the program", step_execute, NULL},
	{NULL, NULL, NULL},
};
