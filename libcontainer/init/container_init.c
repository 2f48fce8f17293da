// SPDX-License-Identifier: Apache-2.0
// The container's first process, from clone3 to execve. The table at the end is the order; each row's comment there says
// why it stands where it stands.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/init/hook_state.h"
#include "libcontainer/init/proc_context.h"
#include "libcontainer/init/steps.h"
#include "libcontainer/init/sync.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/network/network.h"
#include "libcontainer/state/state.h"

// The runtime may be killed at any moment; nothing of a half-made container may live on.
static int guard(struct init *init, struct error *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return error_errno(err, "prctl PR_SET_PDEATHSIG");
	if (init->hidden && prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_errno(err, "prctl PR_SET_DUMPABLE");
	return 0;
}

static bool wants_maps(const struct init *init)
{
	return init->wait_for_maps;
}

static int wait_for_maps(struct init *init, struct error *err)
{
	return sync_wait_proceed(init->sync, err);
}

static bool wants_root(const struct init *init)
{
	return init->become_root;
}

static int become_root(struct init *init, struct error *err)
{
	if (namespaces_become_root(init->proc_fd, &init->may_set_groups, err) < 0)
		return -1;
	// setresuid cleared it
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return error_errno(err, "prctl PR_SET_PDEATHSIG");
	return 0;
}

static bool wants_leave(const struct init *init)
{
	return init->own_binary != NULL;
}

static int leave(struct init *init, struct error *err)
{
	return own_binary_leave(init->own_binary, &init->own_file, err);
}

// In a user namespace of its own nobody has capabilities over the host.
static bool wants_seal(const struct init *init)
{
	return init->own_binary && !namespaces_is_new(init->namespaces, spec_namespace_type_user);
}

static int seal(struct init *init, struct error *err)
{
	auto_close int file = take_fd(&init->own_file);
	return file < 0 ? 0 : own_binary_seal(init->own_binary, file, err);
}

static bool wants_join(const struct init *init)
{
	return init->namespaces->joins && !init->namespaces->staged;
}

static int hide(struct init *init unused_result, struct error *err)
{
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_errno(err, "prctl PR_SET_DUMPABLE");
	return 0;
}

static int join(struct init *init, struct error *err)
{
	bool left;
	return namespaces_join(init->namespaces, false, &left, err);
}

// A procfs shows the pid namespace of who asked the kernel for it, and this process is not there yet.
static bool wants_proc_context(const struct init *init)
{
	return wants_birth_late(init) && rootfs_wants_proc_context(init->rootfs);
}

static int open_proc_context(struct init *init, struct error *err)
{
	int context;
	if (proc_context_open(init, &context, err) < 0)
		return -1;
	rootfs_give_proc_context(init->rootfs, context);
	return 0;
}

static int join_pid(struct init *init, struct error *err)
{
	return namespaces_join_pid(init->namespaces, err);
}

static bool wants_cgroup_namespace(const struct init *init)
{
	return namespaces_is_new(init->namespaces, spec_namespace_type_cgroup);
}

static int cgroup_namespace(struct init *init unused_result, struct error *err)
{
	return namespaces_make_cgroup(err);
}

static bool wants_delegated_cgroup(const struct init *init)
{
	return init->delegated;
}

static int delegated_cgroup(struct init *init, struct error *err)
{
	if (sync_send_step(init->sync, sync_step_delegate, err) < 0)
		return -1;
	return sync_wait_proceed(init->sync, err);
}

static bool wants_names(const struct init *init)
{
	return init->spec->hostname || init->spec->domainname;
}

static int names(struct init *init, struct error *err)
{
	return namespaces_set_names(init->spec, err);
}

static bool wants_network_beside(const struct init *init)
{
	return init->namespaces->network_beside;
}

static bool wants_runtime_hooks(const struct init *init)
{
	return init->runtime_hooks;
}

static bool wants_devices_ahead(const struct init *init)
{
	return wants_network_beside(init) && rootfs_devices_are_apart(init->rootfs);
}

// (createContainer hooks see the network, too: with them it is not made beside)
static bool wants_network_late(const struct init *init)
{
	return wants_devices_ahead(init) && rootfs_rest_needs_no_host(init->rootfs) &&
	       !wants_runtime_hooks(init);
}

static bool wants_network_before(const struct init *init)
{
	return wants_network_beside(init) && !wants_network_late(init);
}

static bool wants_mounts_before(const struct init *init)
{
	return !wants_network_late(init);
}

static int enter_network(struct init *init, struct error *err)
{
	auto_close int netns = -1;
	if (sync_wait_for(init->sync, sync_step_network, &netns, err) < 0)
		return -1;
	return namespaces_enter_network(netns, err);
}

static bool wants_loopback(const struct init *init)
{
	return namespaces_is_new(init->namespaces, spec_namespace_type_network) &&
	       !wants_network_beside(init);
}

static int loopback(struct init *init unused_result, struct error *err)
{
	return network_loopback_up(-1, err);
}

static bool wants_net_devices(const struct init *init)
{
	return init->spec->linux_.net_devices_count > 0;
}

static int net_devices(struct init *init, struct error *err)
{
	auto_close int netns = openat(init->proc_fd, "self/ns/net", O_RDONLY | O_CLOEXEC);
	if (netns < 0)
		return error_errno(err, "open /proc/self/ns/net");
	struct sync_record record = {.step = sync_step_net_devices};
	if (sync_send(init->sync, &record, netns, err) < 0)
		return -1;
	return sync_wait_proceed(init->sync, err);
}

static bool wants_sysctls(const struct init *init)
{
	return init->spec->linux_.sysctl.count > 0;
}

static int sysctls(struct init *init, struct error *err)
{
	return namespaces_set_sysctls(init->spec, init->proc_fd, err);
}

static int isolate(struct init *init, struct error *err)
{
	return rootfs_isolate(init->rootfs, err);
}

static int attach(struct init *init, struct error *err)
{
	return rootfs_attach(init->rootfs, err);
}

static int mounts_ahead(struct init *init, struct error *err)
{
	return rootfs_mount_ahead(init->rootfs, err);
}

static int mounts(struct init *init, struct error *err)
{
	return rootfs_mount(init->rootfs, err);
}

static bool wants_devices(const struct init *init)
{
	return !wants_devices_ahead(init);
}

static int devices(struct init *init, struct error *err)
{
	return rootfs_make_devices(init->rootfs, err);
}

static int runtime_hooks(struct init *init, struct error *err)
{
	if (sync_send_step(init->sync, sync_step_hooks, err) < 0)
		return -1;
	return sync_wait_proceed(init->sync, err);
}

// What belongs to the session is done when the process has its own, which one that is not born yet cannot have.
static bool wants_terminal_now(const struct init *init)
{
	return wants_terminal(init) && is_born(init);
}

static bool wants_listen_pid_now(const struct init *init)
{
	return wants_listen_pid(init) && is_born(init);
}

static bool wants_container_hooks(const struct init *init)
{
	return init->spec->hooks[spec_hook_kind_create_container].count > 0;
}

static int run_hooks(struct init *init, enum spec_hook_kind kind, const char *status, int cwd,
		     struct error *err)
{
	auto_text struct text state = {0};
	struct json json = {.text = &state};
	const struct hook_state values = {
		.spec = init->spec,
		.id = init->id,
		.bundle = init->bundle,
		.rootfs = init->rootfs_path,
		.status = status,
		.pid = getpid(),
	};
	hook_state_write(&values, &json, NULL);
	if (text_failed(&state))
		return error_set(err, ENOMEM, "hooks.%s: out of memory", spec_hook_kind_name(kind));
	char *const *environment =
		kind == spec_hook_kind_start_container ? init->environment.variables : NULL;
	return hooks_run(&init->hooks_files, -1, &init->spec->hooks[kind], kind,
			 text_string(&state), cwd, environment, err);
}

static int container_hooks(struct init *init, struct error *err)
{
	auto_close int cwd = open(init->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (cwd < 0)
		return error_errno(err, "hooks.createContainer: open the bundle %s", init->bundle);
	return run_hooks(init, spec_hook_kind_create_container, "creating", cwd, err);
}

static int make_cwd(struct init *init, struct error *err)
{
	return rootfs_make_cwd(init->rootfs, init->process->cwd, err);
}

static int enter(struct init *init, struct error *err)
{
	return rootfs_enter(init->rootfs, err);
}

static int finish(struct init *init, struct error *err)
{
	return rootfs_finish(init->rootfs, err);
}

// The program is looked up relative to the working directory, as it is.
static int look_up(struct init *init, struct error *err)
{
	if (step_working_directory(init, err) < 0)
		return -1;
	return step_find_program(init, err);
}

static bool wants_gate(const struct init *init)
{
	return init->wait_for_start;
}

// The first process of a pid namespace gets no signal that it does not catch.
static bool ends_by_signals(const struct init *init)
{
	return wants_gate(init) && getpid() == 1;
}

// From here on the end of the conversation tells that the creator is gone: it is read in the wait below. The signal could also
// come late, from a creator that committed and ended before this process ran again.
static int ready(struct init *init, struct error *err)
{
	// one that comes before they are caught (gate) has to wait, or the kernel drops it
	if (ends_by_signals(init) && signals_block_all(&init->signals) < 0)
		return error_errno(err, "block signals");
	if (prctl(PR_SET_PDEATHSIG, 0) < 0)
		return error_errno(err, "prctl PR_SET_PDEATHSIG");
	if (sync_send_step(init->sync, sync_step_ready, err) < 0 ||
	    sync_wait_for(init->sync, sync_step_proceed, &init->gate, err) < 0)
		return -1;
	if (wants_gate(init) && init->gate < 0)
		return error_set(err, EPROTO, "there is no socket to wait for start at");
	return 0;
}

static void end_by_signal(int signal)
{
	init_end(128 + signal);
}

static int gate(struct init *init, struct error *err)
{
	memory_close(take_fd(&init->sync));  // nobody listens there any more
	// it may be a long wait
	free(init->unneeded);
	init->unneeded = NULL;
	memory_give_back();
	if (ends_by_signals(init))
		signals_catch_endings(end_by_signal, &init->signals);
	int connection = -1;
	int failed = start_gate_wait(init->gate, &connection, err);
	init->outcome = connection;
	init->gate = -1;
	if (failed < 0)
		return -1;
	if (!wants_process(init))
		return error_set(err, EINVAL, "the configuration has no process to start");
	return 0;
}

static bool wants_start_hooks(const struct init *init)
{
	return init->spec->hooks[spec_hook_kind_start_container].count > 0;
}

static int start_hooks(struct init *init, struct error *err)
{
	auto_close int cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (cwd < 0)
		return error_errno(err, "hooks.startContainer: open the working directory");
	return run_hooks(init, spec_hook_kind_start_container, "created", cwd, err);
}

const struct init_step container_init_steps[] = {
	{"die with the runtime", guard, NULL},
	// nothing can be done in a user namespace before its ids are mapped
	{"wait for the id maps", wait_for_maps, wants_maps},
	// the host's, while it is the one that is seen
	{"open /proc", step_open_proc, wants_proc},
	{"become root of the user namespace", become_root, wants_root},
	// while the mounts are still copies of the host's; what follows may let others see this process
	{"leave husk's own binary", leave, wants_leave},
	// a joined namespace has processes in it that could look at this one
	{"hide from debuggers", hide, NULL},
	{"join namespaces", join, wants_join},
	{"make the cgroup namespace", cgroup_namespace, wants_cgroup_namespace},
	// afterwards: the namespace begins where the limits are
	{"wait to be moved to the delegated cgroup", delegated_cgroup, wants_delegated_cgroup},
	{"start a session", step_new_session, is_born},
	{"set host and domain name", names, wants_names},
	{"bring loopback up", loopback, wants_loopback},
	// before what may be about them: sysctls, hooks
	{"wait for network devices", net_devices, wants_net_devices},
	{"write sysctls", sysctls, wants_sysctls},
	{"join a session keyring", step_keyring, wants_keyring},
	{"isolate the mount tree", isolate, NULL},
	{"attach the root", attach, NULL},
	{"open a procfs of the pid namespace", open_proc_context, wants_proc_context},
	// so that the runtime has the time to make the network namespace
	{"mount what shows nothing of the network", mounts_ahead, wants_network_beside},
	{"make devices", devices, wants_devices_ahead},
	// before anything that is about it: /sys, hooks
	{"join the new network namespace", enter_network, wants_network_before},
	{"mount", mounts, wants_mounts_before},
	{"make devices", devices, wants_devices},
	// hooks see the finished mounts and still the host's root
	{"wait for prestart and createRuntime hooks", runtime_hooks, wants_runtime_hooks},
	{"run createContainer hooks", container_hooks, wants_container_hooks},
	// needs the container's devpts; its node must be there before /dev may become read-only
	{"open the terminal", step_open_terminal, wants_terminal},
	// hooks may have written to the host's tree until here
	{"seal husk's own binary", seal, wants_seal},
	{"enter the root", enter, NULL},
	// where only /sys has waited for it, it has had the more time
	{"join the new network namespace", enter_network, wants_network_late},
	{"mount", mounts, wants_network_late},
	{"make the working directory", make_cwd, wants_process},
	// masks after pivot, when no host path can be meant any more
	{"mask and make read-only", finish, NULL},
	{"use the terminal", step_use_terminal, wants_terminal},
	{"take control of the terminal", step_control_terminal, wants_terminal_now},
	{"give stdio to the user", step_own_stdio, wants_process},
	{"prepare the environment", step_environment, wants_process},
	{"name the process to its program", step_listen_pid, wants_listen_pid_now},
	{"set scheduling", step_scheduling, wants_process},
	{"set limits", step_limits, wants_process},
	{"set labels", step_labels, wants_process},
	{"join the pid namespace", join_pid, wants_birth_late},
	// before any path of the container's choosing is followed
	{"close descriptors", step_close_descriptors, NULL},
	// the kernel's answers count, not those of a filter; and each call would have to pass it
	{"limit capabilities", step_bounding, wants_process},
	{"set no_new_privs", step_no_new_privileges, wants_process},
	// a filter may refuse what the proof needs
	{"prove the working directory", step_prove_directory, wants_filter_early},
	{"load the system call filter", step_filter_early, wants_filter_early},
	{"take the user's identity", step_identity, wants_process},
	{"clone into the pid namespace", step_be_born, wants_birth_late},
	{"die with the runtime", step_die_with_runtime, wants_process},
	{"start a session", step_begin_session, wants_own_session},
	// as the user; a missing program is an error of create
	{"find the program", look_up, wants_process},
	// a listener has to reach its agent while the runtime is there to hand it over
	{"load the system call filter with its listener", step_filter_listener,
	 wants_filter_listener},
	{"report ready", ready, NULL},
	{"wait for start", gate, wants_gate},
	{"run startContainer hooks", start_hooks, wants_start_hooks},
	{"reset signals", step_signals, NULL},
	{"say the last word", step_say_last, NULL},
	// last, so that a profile need allow no more than execve
	{"load the system call filter", step_filter_late, wants_filter_late},
	{"execute the program", step_execute, NULL},
	{NULL, NULL, NULL},
};
