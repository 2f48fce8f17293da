// SPDX-License-Identifier: Apache-2.0
// exec: one more process in a container that runs. It enters the namespaces of init (through a pidfd that is proven to be
// init's) and walks the table in init/exec_init.c.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/lifecycle/birth.h"
#include "libcontainer/lifecycle/execution.h"
#include "libcontainer/lifecycle/foreground.h"
#include "libcontainer/lifecycle/joined.h"
#include "libcontainer/lifecycle/late_birth.h"
#include "libcontainer/lifecycle/systemd.h"

static int check_status(const struct execution *e, struct error *err)
{
	const char *id = e->options->id;
	switch (e->opened.status) {
	case state_status_created:
	case state_status_running:
		return 0;
	case state_status_paused:
		if (e->options->ignore_paused)
			return 0;
		return error_set(
			err, EBUSY,
			"cannot exec in a paused container (use --ignore-paused to override)");
	case state_status_creating:
	case state_status_stopped:
		break;
	}
	return error_set(err, ESRCH,
			 "cannot exec in a stopped container: container not running: the container "
			 "`%s` is not running",
			 id);
}

static int check_terminal(const struct execution *e, struct error *err)
{
	const struct container_exec_options *options = e->options;
	bool terminal = e->process.process.terminal;
	if (terminal && options->detach && !options->console_socket)
		return error_set(
			err, EINVAL,
			"cannot allocate tty if husk will detach without setting console socket");
	if (options->console_socket && !(terminal && options->detach))
		return error_set(
			err, EINVAL,
			"cannot use console socket if husk will not detach or allocate tty");
	return 0;
}

// ---- where to --------------------------------------------------------------------------------------

// "[CONTROLLERS:]PATH": one tree in cgroup v2, so the controllers say nothing.
static int open_sub_cgroup(struct execution *e, const char *wanted, struct error *err)
{
	const char *colon = strchr(wanted, ':');
	const char *sub = colon ? colon + 1 : wanted;
	for (const char *p = sub; (p = strstr(p, "..")) != NULL; p += 2)
		if ((p == sub || p[-1] == '/') && (p[2] == '\0' || p[2] == '/'))
			return error_set(err, EINVAL,
					 "--cgroup %s: it may not leave the container's cgroup",
					 wanted);
	if (e->opened.cgroup.fd < 0)
		return error_set(err, ENOTSUP, "--cgroup %s: the container has no cgroup", wanted);
	auto_text struct text path = {0};
	text_add(&path, e->opened.record.cgroup_path);
	text_add(&path, "/");
	text_add(&path, sub + strspn(sub, "/"));
	struct cgroup cgroup = {.fd = -1};
	if (text_failed(&path))
		return error_set(err, ENOMEM, "out of memory");
	if (cgroup_open(&e->opened.host, text_string(&path), &cgroup, err) < 0)
		return error_context(err, "--cgroup %s", wanted);
	cgroup_close(&e->opened.cgroup);
	e->opened.cgroup = cgroup;
	return 0;
}

// ---- prepare ---------------------------------------------------------------------------------------

static int protect(struct execution *e, struct error *err)
{
	return own_binary_protect(e->context->argv, &e->close_later, err);
}

// How long a container may take to get ready.
#define READY_MS 2000
#define LOOK_AGAIN_MS 2

static bool is_being_made(const struct execution *e)
{
	const struct state_record *record = &e->opened.record;
	if (e->opened.status == state_status_created)
		return state_creator_is_there(record);
	return e->opened.status == state_status_running &&
	       state_is_being_made(e->opened.dir_fd, record);
}

static int await_ready(const struct execution *e, struct error *err)
{
	const struct timespec pause = {.tv_nsec = LOOK_AGAIN_MS * 1000000L};
	for (int waited = 0; waited < READY_MS; waited += LOOK_AGAIN_MS) {
		if (!is_being_made(e))
			return 0;
		nanosleep(&pause, NULL);
	}
	return error_set(err, EAGAIN, "exec in container `%s`: its program does not run yet",
			 e->options->id);
}

static int open_container(struct execution *e, struct error *err)
{
	const char *id = e->options->id;
	if (opened_open(e->context, id, false, &e->opened, err) < 0 || check_status(e, err) < 0 ||
	    await_ready(e, err) < 0)
		return -1;
	// outside of it no limit and no device rule would hold
	if (e->opened.record.cgroup_path && e->opened.cgroup.fd < 0)
		return error_set(err, ENOENT,
				 "exec in container `%s`: its cgroup %s cannot be found", id,
				 e->opened.record.cgroup_path);
	return 0;
}

// (who asks for remarks at level debug gets those about the profile)
static bool recall(struct execution *e)
{
	struct spec_error ignored;
	const struct log *log = e->context->log;
	if ((log && log->level >= log_level_debug) ||
	    exec_memo_find(e->opened.dir_fd, &e->memo) < 0)
		return false;
	if (spec_parse(e->memo.text, e->memo.length, &e->spec, &ignored) == 0)
		return true;
	exec_memo_done(&e->memo);
	return false;
}

static int parse_configuration(struct execution *e, struct error *err)
{
	struct spec_error why;
	if (recall(e))
		return 0;
	if (state_read_config(e->opened.dir_fd, &e->config, &e->config_length, err) < 0)
		return -1;
	if (profile_parse(&e->profile, e->context->log, e->config, e->config_length, &e->spec,
			  &why) < 0)
		return opened_bad_config(&e->opened, &why, err);
	return 0;
}

static int read_configuration(struct execution *e, struct error *err)
{
	if (parse_configuration(e, err) < 0 ||
	    exec_process_make(e->options, e->spec, &e->process, err) < 0 ||
	    check_terminal(e, err) < 0)
		return -1;
	const struct spec_process *process = &e->process.process;
	e->init.labels = (struct labels){process->apparmor_profile, process->selinux_label};
	return labels_check(&e->init.labels, err);
}

static int compile_filter(struct execution *e, struct error *err)
{
	if (e->memo.data) {
		e->filter = e->memo.filter;
		e->memo.filter = (struct syscall_filter){.instructions = NULL};
		return 0;
	}
	return profile_compile(&e->profile, e->spec, e->context->log, &e->filter, err);
}

static int find_namespaces(struct execution *e, struct error *err)
{
	e->init_pidfd = opened_init(&e->opened, err);
	if (e->init_pidfd < 0)
		return err->code == ESRCH ? opened_not_running(&e->opened, "exec in", err) : -1;
	return joined_find(&e->opened, e->spec, e->init_pidfd, "exec in", &e->flags,
			   &e->target_root, err);
}

static int plan(struct execution *e, struct error *err)
{
	const struct container_exec_options *options = e->options;
	const struct spec_capabilities *wanted = &e->process.process.capabilities;
	const struct log *log = e->context->log;
	const char *initial = e->process.process.exec_cpu_affinity.initial;
	int planned = e->flags & CLONE_NEWUSER
			      ? capabilities_plan_user_namespace(wanted, log, &e->capabilities, err)
			      : capabilities_plan(wanted, log, &e->capabilities, err);
	if (planned < 0)
		return -1;
	for (size_t i = 0; options->cgroups && options->cgroups[i]; i++)
		if (open_sub_cgroup(e, options->cgroups[i], err) < 0)
			return -1;
	if (systemd_come_near(e->context, &e->opened.record, &e->opened.host, err) < 0)
		return -1;
	if (initial && scheduling_apply_affinity(initial, err) < 0)
		return error_context(err, "process.execCPUAffinity.initial");
	return 0;
}

static const struct stage {
	const char *what;
	int (*run)(struct execution *, struct error *);
} stages[] = {
	{"protect husk's own binary", protect},
	{"open the container", open_container},
	{"read the configuration", read_configuration},
	{"compile the system call filter", compile_filter},
	{"find the namespaces of init", find_namespaces},
	{"plan", plan},
	{"clone the process", execution_clone},
	{"converse until the program runs", execution_converse},
};

static int execute(struct execution *e, int *status, struct error *err)
{
	for (size_t i = 0; i < array_size(stages); i++) {
		unsigned number = trace_begin(e->context->trace, stages[i].what);
		int result = stages[i].run(e, err);
		trace_end(e->context->trace, number);
		if (result < 0) {
			execution_kill(e);
			return -1;
		}
	}
	execution_reap_stage(e);
	profile_keep(&e->profile, e->config, &e->filter);
	if (e->profile.keep && !e->spec->linux_.seccomp.unknown_names_fail)
		exec_memo_keep(e->opened.dir_fd, &e->profile.section, e->config, e->config_length,
			       &e->filter);
	*status = 0;
	if (e->options->detach)
		return 0;
	// the kernel's wait takes a processor from whoever has one: before, the process would be made to wait, too
	memory_close(take_fd(&e->close_later));
	int result =
		foreground_wait(e->pid, e->pidfd, take_fd(&e->master), e->unproven, status, err);
	if (result == 1) {
		execution_died(e, err);
		execution_kill(e);
	}
	return result == 0 ? 0 : -1;
}

int container_exec(const struct container_context *context,
		   const struct container_exec_options *options, int *status, struct error *err)
{
	sigset_t before;
	struct execution e = {
		.context = context,
		.options = options,
		.opened = OPENED_NONE,
		.init_pidfd = -1,
		.target_root = -1,
		.sync = -1,
		.pidfd = -1,
		.interrupts = -1,
		.master = -1,
		.close_later = -1,
		.init = {.close_first = INIT_NO_DESCRIPTORS},
	};
	for (int i = 0; i < spec_namespace_type_count; i++)
		e.namespaces.join[i] = -1;
	// the foreground forwards all others to the process later
	if ((options->detach ? signals_block_interrupts(&before) : signals_block_all(&before)) < 0)
		return error_errno(err, "block signals");
	int result = 0;
	if ((e.interrupts = signals_open_interrupts()) < 0)
		result = error_errno(err, "signalfd");
	if (result == 0)
		result = execute(&e, status, err);
	// who was told that it runs must not hear of a signal thereafter
	if (!options->detach)
		sigprocmask(SIG_SETMASK, &before, NULL);
	if (context->ends)
		return result;
	memory_close(e.sync);
	memory_close(e.pidfd);
	memory_close(e.interrupts);
	memory_close(e.master);
	memory_close(e.close_later);
	memory_close(e.target_root);
	profile_done(&e.profile);
	exec_memo_done(&e.memo);
	syscall_filter_done(&e.filter);
	free(e.config);
	passed_on_done(&e.passed_on);
	execution_unshare(&e);
	environment_done(&e.init.environment);
	exec_process_done(&e.process);
	spec_free(e.spec);
	opened_done(&e.opened);
	return result;
}
