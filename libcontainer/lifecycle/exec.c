// SPDX-License-Identifier: Apache-2.0
// exec: one more process in a container that runs. It enters the namespaces of init (through a pidfd that is proven to be
// init's) and walks the table in init/exec_init.c.
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/resctrl.h"
#include "libcontainer/init/init.h"
#include "libcontainer/init/sync.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/socket.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/lifecycle/attend.h"
#include "libcontainer/lifecycle/birth.h"
#include "libcontainer/lifecycle/exec_birth.h"
#include "libcontainer/lifecycle/exec_process.h"
#include "libcontainer/lifecycle/foreground.h"
#include "libcontainer/lifecycle/joined.h"
#include "libcontainer/lifecycle/opened.h"
#include "libcontainer/lifecycle/passed_on.h"
#include "libcontainer/lifecycle/profile.h"
#include "libcontainer/lifecycle/systemd.h"

// How long init may take to end after the processes of its pid namespace were killed.
#define INIT_END_MS 1000

struct execution {
	const struct container_context *context;
	const struct container_exec_options *options;
	struct opened opened;
	const struct spec *spec;  // owned: the container's configuration
	struct exec_process process;
	struct namespace_plan namespaces;  // empty: everything is joined through the pidfd
	struct capabilities capabilities;
	char *config;  // owned: its text
	struct profile profile;
	struct syscall_filter filter;
	struct limits_saved files;
	struct passed_on passed_on;
	struct init init;
	pid_t *born;  // owned: shared with the stage, and with what that clones
	int init_pidfd, target_root, sync, pidfd, master;  // owned
	int interrupts;                                    // owned: signals_open_interrupts
	int flags;                                         // CLONE_NEW* to join
	int close_later;                                   // owned: of own_binary_protect
	bool has_terminal, has_listener;                   // it has sent them
	bool let_go;                                       // it has been told to proceed
	bool pid_file_made;
	pid_t stage, pid;
};

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

// ---- prepare ---------------------------------------------------------------------------------------

static int protect(struct execution *e, struct error *err)
{
	return own_binary_protect(e->context->argv, &e->close_later, err);
}

static int open_container(struct execution *e, struct error *err)
{
	const char *id = e->options->id;
	if (opened_open(e->context, id, false, &e->opened, err) < 0 || check_status(e, err) < 0)
		return -1;
	// outside of it no limit and no device rule would hold
	if (e->opened.record.cgroup_path && e->opened.cgroup.fd < 0)
		return error_set(err, ENOENT,
				 "exec in container `%s`: its cgroup %s cannot be found", id,
				 e->opened.record.cgroup_path);
	return 0;
}

static int parse_configuration(struct execution *e, struct error *err)
{
	size_t length;
	struct spec_error why;
	if (state_read_config(e->opened.dir_fd, &e->config, &length, err) < 0)
		return -1;
	if (profile_parse(&e->profile, e->context->log, e->config, length, &e->spec, &why) < 0)
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
	return profile_compile(&e->profile, e->spec, e->context->log, &e->filter, err);
}

static int find_namespaces(struct execution *e, struct error *err)
{
	if (state_open_init(&e->opened.record, &e->init_pidfd, err) < 0)
		return err->code == ESRCH ? opened_not_running(&e->opened, "exec in", err) : -1;
	return joined_find(&e->opened, e->spec, e->init_pidfd, "exec in", &e->flags,
			   &e->target_root, err);
}

static int plan(struct execution *e, struct error *err)
{
	const struct container_exec_options *options = e->options;
	const struct spec_capabilities *wanted = &e->process.process.capabilities;
	const struct log *log = e->context->log;
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
	const char *initial = e->process.process.exec_cpu_affinity.initial;
	if (initial && scheduling_apply_affinity(initial, err) < 0)
		return error_context(err, "process.execCPUAffinity.initial");
	return 0;
}

static int decide_birth(struct execution *e, struct error *err)
{
	const char *why = NULL;
	const struct spec *spec = e->spec;
	if (!(e->flags & CLONE_NEWPID))
		return 0;
	e->born = mmap(NULL, sizeof *e->born, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (e->born == MAP_FAILED) {
		e->born = NULL;
		return error_errno(err, "memory to share with the process");
	}
	e->init.born = e->born;
	e->init.birth = exec_birth_decide(&e->init, &why);
	if (why && !(e->flags & CLONE_NEWUSER) && exec_birth_is_watched(spec))
		log_warning(
			e->context->log,
			"processes of container `%s` with CAP_SYS_PTRACE can take over the new one "
			"until its program runs: %s",
			e->options->id, why);
	return 0;
}

static int fill_init(struct execution *e, int sync, struct error *err)
{
	struct init *init = &e->init;
	const char *keep = spec_annotation(e->spec, "run.oci.keep_original_groups");
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
	init->new_keyring = !e->opened.record.callers_keyring;
	init->keep_groups = keep && strcmp(keep, "1") == 0;
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
	return decide_birth(e, err);
}

static int clone_into(struct execution *e, struct error *err)
{
	pid_t pid = birth_clone(0, e->opened.cgroup.fd, e->context->strings, &e->pidfd, err);
	if (pid < 0 && errno == EBUSY && e->opened.cgroup.fd >= 0 && !e->options->cgroups) {
		if (follow_init(e, err) < 0)
			return -1;
		pid = birth_clone(0, e->opened.cgroup.fd, e->context->strings, &e->pidfd, err);
	}
	if (pid < 0 && (errno == ENODEV || errno == ENOENT))
		return opened_not_running(&e->opened, "exec in", err);
	if (pid == 0)
		init_walk(&e->init, exec_init_steps);
	return pid;
}

static int clone_process(struct execution *e, struct error *err)
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
	pid_t pid = clone_into(e, err);
	birth_restore_oom_score(oom_score);
	if (pid < 0)
		return -1;
	*(e->born ? &e->stage : &e->pid) = pid;
	return 0;
}

// ---- conversation ------------------------------------------------------------------------------------

// The stage has cloned the process before that says a word. Who can take the process over could write another number where its own
// stands: nobody but a child of this command is believed to be it.
static int know_process(struct execution *e, struct error *err)
{
	if (e->pid > 0 || !e->born)
		return 0;
	pid_t pid = *(volatile pid_t *)e->born;
	siginfo_t info;
	auto_close int pidfd = pid > 0 && pid != e->stage ? sys_pidfd_open(pid) : -1;
	if (pidfd < 0 || waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return error_set(err, ESRCH, "the process was not cloned");
	memory_close(take_fd(&e->pidfd));
	e->pidfd = take_fd(&pidfd);
	e->pid = pid;
	return 0;
}

// Who could take the conversation from the process might say anything.
static int unasked(const char *what, struct error *err)
{
	return error_set(err, EPROTO, "the process sends %s that it was not asked for", what);
}

static int on_terminal(struct execution *e, int *master, struct error *err)
{
	// (the stage has sent the one that was asked for before there is anybody to take over)
	if (!e->process.process.terminal || e->has_terminal)
		return unasked("a terminal", err);
	e->has_terminal = true;
	if (e->options->console_socket)
		return terminal_send(e->options->console_socket, *master, e->interrupts, err);
	e->master = take_fd(master);
	return 0;
}

static int on_listener(struct execution *e, int listener, struct error *err)
{
	if (!e->spec->linux_.seccomp.listener_path || e->has_listener ||
	    !(e->filter.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
		return unasked("a listener", err);
	e->has_listener = true;
	if (know_process(e, err) < 0)
		return -1;
	return birth_send_listener(e->spec, e->options->id, e->opened.record.bundle,
				   e->opened.record.rootfs, state_status_name(e->opened.status),
				   e->opened.record.pid, e->pid, listener, err);
}

static int join_resctrl(const struct execution *e, struct error *err)
{
	const struct spec_intel_rdt *rdt = &e->spec->linux_.intel_rdt;
	auto_close int root = -1;
	if (!rdt->set)
		return 0;
	if (resctrl_open(&root, err) < 0)
		return -1;
	return resctrl_join(root, rdt, e->options->id, e->pid, err);
}

static int on_ready(struct execution *e, struct error *err)
{
	const struct container_exec_options *options = e->options;
	// the process has closed its copy: now the kernel's wait costs nobody anything
	memory_close(take_fd(&e->close_later));
	if (know_process(e, err) < 0)
		return -1;
	if (e->let_go)
		return 0;
	if (join_resctrl(e, err) < 0)
		return -1;
	if (options->pidfd_socket) {
		auto_close int socket = socket_connect_path_unless(options->pidfd_socket,
								   SOCK_STREAM, e->interrupts);
		if (socket < 0 || socket_send_fd(socket, "setns", strlen("setns"), e->pidfd) < 0)
			return error_errno(err, "--pidfd-socket %s", options->pidfd_socket);
	}
	if (options->pid_file) {
		char digits[16];
		int length = snprintf(digits, sizeof digits, "%d", (int)e->pid);
		if (fd_write_file(AT_FDCWD, options->pid_file, digits, (size_t)length, 0644) < 0)
			return error_errno(err, "--pid-file %s", options->pid_file);
		e->pid_file_made = true;
	}
	return sync_send_step(e->sync, sync_step_proceed, err);
}

static void kill_one(pid_t *pid)
{
	int status;
	if (*pid <= 0)
		return;
	kill(*pid, SIGKILL);
	(void)!process_reap(*pid, &status);
	*pid = 0;
}

// The stage first: then it is certain whether there is a process.
static void kill_process(struct execution *e)
{
	struct error ignored;
	kill_one(&e->stage);
	(void)!know_process(e, &ignored);
	kill_one(&e->pid);
	if (e->pid_file_made)
		unlink(e->options->pid_file);
}

static int died(struct execution *e, struct error *err)
{
	int status = 0;
	struct error ignored;
	if (process_wait_pidfd(e->init_pidfd, 0) == 1) {
		kill_process(e);
		return opened_not_running(&e->opened, "exec in", err);
	}
	(void)!know_process(e, &ignored);
	pid_t *pid = e->pid > 0 ? &e->pid : &e->stage;
	if (*pid > 0 && process_reap(*pid, &status) == 0)
		*pid = 0;
	// the end of a pid namespace kills its processes first, and then init itself ends
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
	    process_wait_pidfd(e->init_pidfd, INIT_END_MS) == 1)
		return opened_not_running(&e->opened, "exec in", err);
	if (WIFSIGNALED(status))
		return error_set(err, 0,
				 "the process was killed by signal %d before its program ran%s%s",
				 WTERMSIG(status), birth_kill_hint(status, &e->opened.cgroup),
				 birth_filter_hint(status, &e->filter));
	return error_set(err, 0, "the process ended before its program ran%s",
			 birth_filter_hint(status, &e->filter));
}

static int await_program(struct execution *e, struct error *err)
{
	int result = birth_await_program(e->sync, e->pid, e->pidfd, e->interrupts, err);
	return result == 1 ? died(e, err) : result;
}

// Where nothing is left to do here once it is ready, the process need not wait for us to wake up: it finds the word there.
static void let_go_early(struct execution *e)
{
	const struct container_exec_options *options = e->options;
	if (e->process.process.terminal || options->pid_file || options->pidfd_socket ||
	    e->spec->linux_.seccomp.listener_path || e->spec->linux_.intel_rdt.set)
		return;
	// it may have failed already: it is asked for the reason next; and if it has not, it is told then
	e->let_go = sync_send_step(e->sync, sync_step_proceed, NULL) == 0;
}

// Until the program runs.
static int converse(struct execution *e, struct error *err)
{
	let_go_early(e);
	for (;;) {
		struct sync_record record;
		auto_close int fd = -1;
		int result = 0;
		// the stage does not die with init: it may be frozen, or wait for a file system
		const struct attention to = {e->sync, e->init_pidfd, e->interrupts, -1};
		if (attend_receive(&to, &record, &fd, err) < 0)
			return -1;
		switch (record.step) {
		case sync_step_terminal:
			result = on_terminal(e, &fd, err);
			break;
		case sync_step_listener:
			result = on_listener(e, fd, err);
			break;
		case sync_step_ready:
			if (on_ready(e, err) == 0)
				return await_program(e, err);
			return err->code == EPIPE || err->code == ECONNRESET ? died(e, err) : -1;
		case sync_step_failed:
			*err = record.error;
			return -1;
		case sync_step_end:
		case sync_step_last:
		case sync_step_need_maps:
		case sync_step_pid:
		case sync_step_delegate:
		case sync_step_net_devices:
		case sync_step_hooks:
		case sync_step_proceed:
			return died(e, err);
		}
		if (result < 0)
			return -1;
	}
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
	{"clone the process", clone_process},
	{"converse until the program runs", converse},
};

static int execute(struct execution *e, int *status, struct error *err)
{
	for (size_t i = 0; i < array_size(stages); i++) {
		unsigned number = trace_begin(e->context->trace, stages[i].what);
		int result = stages[i].run(e, err);
		trace_end(e->context->trace, number);
		if (result < 0) {
			kill_process(e);
			return -1;
		}
	}
	int end;
	if (e->stage > 0 && process_reap(e->stage, &end) == 0)
		e->stage = 0;
	profile_keep(&e->profile, e->config, &e->filter);
	*status = 0;
	if (e->options->detach)
		return 0;
	return foreground_wait(e->pid, e->pidfd, take_fd(&e->master), status, err);
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
	memory_close(e.sync);
	memory_close(e.pidfd);
	memory_close(e.interrupts);
	memory_close(e.master);
	memory_close(e.close_later);
	memory_close(e.init_pidfd);
	memory_close(e.target_root);
	profile_done(&e.profile);
	syscall_filter_done(&e.filter);
	free(e.config);
	passed_on_done(&e.passed_on);
	if (e.born)
		munmap(e.born, sizeof *e.born);
	exec_process_done(&e.process);
	spec_free(e.spec);
	opened_done(&e.opened);
	return result;
}
