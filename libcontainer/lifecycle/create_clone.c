// SPDX-License-Identifier: Apache-2.0
// The container's process (or its stage): what it is given, its clone, and its end when creation fails.
#include <errno.h>
#include <signal.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/socket.h"
#include "libcontainer/lifecycle/birth.h"
#include "libcontainer/lifecycle/creation.h"

int creation_fill_init(struct creation *creation, int sync, struct error *err)
{
	struct init *init = &creation->init;
	const struct namespace_plan *ns = &creation->namespaces;
	const struct spec *spec = creation->spec;
	*init = (struct init){.labels = init->labels, .close_first = INIT_NO_DESCRIPTORS};
	init->spec = spec;
	init->process = &spec->process;
	init->namespaces = &creation->namespaces;
	init->rootfs = creation->rootfs;
	init->capabilities = &creation->capabilities;
	init->filter = &creation->filter;
	init->unneeded = creation->config_text;
	init->id = creation->options->id;
	init->bundle = creation->bundle;
	init->rootfs_path = creation->rootfs_path;
	init->own_binary = creation->own_binary.path[0] ? &creation->own_binary : NULL;
	init->trace = creation->context->trace;
	init->files = &creation->files;
	if (passed_on_make(creation->context, creation->context->notify_socket != NULL,
			   creation->options->preserve_fds, &creation->passed_on, init, err) < 0)
		return -1;
	init->sync = sync;
	init->hooks_files = creation->hooks_files;
	init->wait_for_start = creation->kind == creation_kind_create;
	init->close_first[0] = creation->sync;
	init->close_first[1] = creation->dir_fd;
	init->close_first[2] = creation->root_fd;
	init->close_first[3] = creation->host.fd;
	init->close_first[4] = creation->cgroup.fd;
	init->close_first[5] = creation->notify;
	init->close_first[6] = creation->scope_holder.socket;
	init->close_first[7] = creation->delegated.fd;
	init->target_pidfd = init->target_root = init->proc_fd = init->pty_peer = init->own_file =
		init->gate = -1;
	init->rootless = creation->rootless;
	init->keep_groups = spec_annotation_is_on(spec, "run.oci.keep_original_groups");
	init->new_keyring = !creation->options->no_new_keyring;
	bool user_new = namespaces_is_new(ns, spec_namespace_type_user);
	init->delegated = creation_delegated_name(creation) != NULL;
	init->wait_for_maps = user_new && !ns->staged;
	init->become_root = user_new && !ns->staged;
	init->runtime_hooks = spec->hooks[spec_hook_kind_prestart].count ||
			      spec->hooks[spec_hook_kind_create_runtime].count;
	// (in a user namespace of the container's own it is found out there)
	init->may_set_groups = !creation->rootless || namespaces_may_set_groups();
	init->clone_flags = namespaces_clone_flags(ns);
	// in a pid namespace that is not new, others see the process from its first moment
	init->hidden = !namespaces_is_new(ns, spec_namespace_type_pid) && !init->wait_for_maps;
	return creation_decide_birth(creation, err);
}

static int clone_child(struct creation *creation, int child_sync, struct error *err)
{
	const struct namespace_plan *ns = &creation->namespaces;
	uint64_t flags = ns->staged ? 0 : namespaces_clone_flags(ns);
	pid_t pid = birth_clone(flags, creation->cgroup.fd, creation->context->strings,
				&creation->pidfd, err);
	if (pid < 0)
		return -1;
	if (pid == 0) {
		// who waits for `start` can be killed meanwhile, by any signal
		if (creation->kind != creation_kind_foreground)
			sigprocmask(SIG_SETMASK, &creation->before, NULL);
		if (ns->staged)
			stage_run(&creation->init, container_init_steps);
		init_walk(&creation->init, container_init_steps);
	}
	if (ns->staged || creation->born)
		creation->stage = pid;
	else
		creation->pid = pid;
	memory_close(child_sync);
	return 0;
}

int creation_clone(struct creation *creation, struct error *err)
{
	struct namespace_restore restore = {-1, -1};
	struct error ignored;
	char oom_score[16];
	int sync[2];
	if (socket_pair(sync) < 0)
		return error_errno(err, "socketpair");
	creation->sync = sync[0];
	limits_raise_files(&creation->files);
	int result = creation_fill_init(creation, sync[1], err);
	oom_score[0] = '\0';
	if (result == 0)
		result = birth_set_oom_score(&creation->spec->process, oom_score, err);
	if (result == 0 && !creation->namespaces.staged && !creation->born)
		result = namespaces_for_children(&creation->namespaces, &restore, err);
	if (result == 0)
		result = clone_child(creation, sync[1], err);
	else
		memory_close(sync[1]);
	birth_restore_oom_score(oom_score);
	if (namespaces_restore(&restore, result == 0 ? err : &ignored) < 0)
		result = -1;
	return result;
}

void creation_kill(struct creation *creation)
{
	int status;
	struct error ignored;
	// a process tree without a pid namespace of its own does not end with init
	if (creation->cgroup.fd >= 0)
		(void)!cgroup_kill(&creation->cgroup, &ignored);
	if (creation->stage > 0) {
		kill(creation->stage, SIGKILL);
		(void)!process_reap(creation->stage, &status);
		creation->stage = 0;
	}
	// (then it is certain whether there is one)
	(void)!creation_know_process(creation, &ignored);
	if (creation->pid > 0) {
		kill(creation->pid, SIGKILL);
		(void)!process_reap(creation->pid, &status);
	}
	creation->pid = 0;
}
