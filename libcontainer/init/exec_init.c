// SPDX-License-Identifier: Apache-2.0
// A further process in a running container. The same steps confine it that confined init; see steps.h.
//
// What is left to the process itself, when it is cloned last (birth.c), is its session, its signals and execve.
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

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

// From here on the process lives as long as it likes, also when the command that made it ends; until it is let go, the end of
// the conversation tells that the command is gone.
static int ready(struct init *init, struct error *err)
{
	if (prctl(PR_SET_PDEATHSIG, 0) < 0)
		return error_errno(err, "prctl PR_SET_PDEATHSIG");
	if (init->let_go)
		return 0;
	if (sync_send_step(init->sync, sync_step_ready, err) < 0)
		return -1;
	return sync_wait_proceed(init->sync, err);
}

static bool wants_last_word(const struct init *init)
{
	return !init->silent;
}

const struct init_step exec_init_steps[] = {
	{"die with the runtime", guard, NULL},
	// labels are written through the host's /proc
	{"open /proc", step_open_proc, wants_proc},
	{"join the container's namespaces", enter, wants_enter},
	{"enter the container's root", change_root, wants_chroot},
	{"become root of the user namespace", become_root, wants_root},
	{"clone into the pid namespace", step_be_born, wants_birth_early},
	{"die with the runtime", step_die_with_runtime, is_born},
	{"join a session keyring", step_keyring, wants_keyring},
	{"open the terminal", step_open_terminal, wants_terminal},
	{"use the terminal", step_use_terminal, wants_terminal},
	{"give stdio to the user", step_own_stdio, NULL},
	{"prepare the environment", step_environment, NULL},
	{"start a session", step_begin_session, wants_own_session},
	{"set scheduling", step_scheduling, NULL},
	{"set limits", step_limits, NULL},
	{"set labels", step_labels, NULL},
	// before any path of the container's choosing is followed
	{"close descriptors", step_close_descriptors, NULL},
	// the kernel's answers count, not those of a filter; and each call would have to pass it
	{"limit capabilities", step_bounding, NULL},
	{"set no_new_privs", step_no_new_privileges, NULL},
	// a filter may refuse what the proof needs
	{"prove the working directory", step_prove_directory, wants_filter_early},
	{"load the system call filter", step_filter_early, wants_filter_early},
	{"take the user's identity", step_identity, NULL},
	// (the container's /proc/self, which a path may lead through, is there for its own processes only)
	{"clone into the pid namespace", step_be_born, wants_birth_late},
	{"die with the runtime", step_die_with_runtime, NULL},
	{"start a session", step_begin_session, wants_own_session},
	{"change to the working directory", step_working_directory, NULL},
	{"find the program", step_find_program, NULL},
	{"load the system call filter with its listener", step_filter_listener,
	 wants_filter_listener},
	{"report ready", ready, NULL},
	{"reset signals", step_signals, NULL},
	{"say the last word", step_say_last, wants_last_word},
	{"load the system call filter", step_filter_late, wants_filter_late},
	{"execute the program", step_execute, NULL},
	{NULL, NULL, NULL},
};
