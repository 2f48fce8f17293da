// SPDX-License-Identifier: Apache-2.0
// How a process gets into a pid namespace that is there already.
//
// No process can enter one, it has to be cloned there; and whoever has CAP_SYS_PTRACE in it can take over what is
// cloned there, whatever that has done to hide. So the stage, which nobody in the namespace sees, walks all steps that need or hold
// more than the program will have, and clones the process when that is given up. Where a filter does not let that pass, or
// something is not handed down by clone, it is cloned at the beginning (lifecycle/late_birth.h decides).
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/init/steps.h"
#include "libcontainer/kernel/syscalls.h"

bool wants_birth_early(const struct init *init)
{
	return init->birth == init_birth_early;
}

bool wants_birth_late(const struct init *init)
{
	return init->birth == init_birth_late;
}

bool is_born(const struct init *init)
{
	return init->birth == init_birth_done;
}

// The stage ends here, the process goes on with the table. It is a child of the command.
int step_be_born(struct init *init, struct error *err)
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

// Neither clone nor a change of the user leaves that wish, and a path of the container may make the process wait for ever.
int step_die_with_runtime(struct init *init unused_result, struct error *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return error_errno(err, "prctl PR_SET_PDEATHSIG");
	return 0;
}

// While CAP_SYS_RESOURCE is there; after everything that opens many descriptors or maps memory. A clone counts against the limit of processes, execve does not: the process sets it itself.
int step_limits(struct init *init, struct error *err)
{
	const struct spec_process *process = init->process;
	limits_restore_files(init->files);
	if (is_born(init))
		return limits_apply(process->rlimits, process->rlimits_count, err);
	init->limits_processes = true;
	return limits_apply_but_processes(process->rlimits, process->rlimits_count, err);
}

bool wants_own_session(const struct init *init)
{
	return is_born(init) && !init->in_session;
}

// The process' own, with what comes with it: a limit of processes, a terminal, and its number.
int step_begin_session(struct init *init, struct error *err)
{
	if (step_new_session(init, err) < 0)
		return -1;
	if (init->limits_processes &&
	    limits_apply_processes(init->process->rlimits, init->process->rlimits_count, err) < 0)
		return -1;
	if (wants_terminal(init) && step_control_terminal(init, err) < 0)
		return -1;
	return wants_listen_pid(init) ? step_listen_pid(init, err) : 0;
}
