// SPDX-License-Identifier: Apache-2.0
// mounts: what is mounted in a container while it runs. The calling process reads, checks and opens what the host has; a child
// goes into the container's namespaces and does the rest (init/live_mounts.h).
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/init/live_mounts.h"
#include "libcontainer/init/sync.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/socket.h"
#include "libcontainer/lifecycle/birth.h"
#include "libcontainer/lifecycle/joined.h"
#include "libcontainer/lifecycle/opened.h"

struct mounting {
	const struct container_context *context;
	bool add;
	struct opened opened;
	const struct spec *change;  // owned: only mounts[]
	const struct spec *spec;    // owned: the container's configuration
	struct spec planned;        // that, with the mounts of the change
	struct rootfs_options options;
	struct rootfs *rootfs;  // owned
	int init_pidfd;         // borrowed from opened
	int user_namespace;     // owned
	int root;               // owned; never opened
	int flags;              // CLONE_NEW* to join
	struct live_mounts live;
};

static int open_user_namespace(struct mounting *m, struct error *err)
{
	char path[32];
	snprintf(path, sizeof path, "/proc/%d/ns/user", (int)m->opened.record.pid);
	m->user_namespace = open(path, O_RDONLY | O_CLOEXEC);
	return m->user_namespace < 0 ? error_errno(err, "open %s", path) : 0;
}

static int open_container(struct mounting *m, const char *id, struct error *err)
{
	const char *what = m->add ? "mount in" : "unmount in";
	if (opened_open(m->context, id, true, &m->opened, err) < 0)
		return -1;
	if (m->opened.status == state_status_stopped || m->opened.status == state_status_creating)
		return opened_not_running(&m->opened, what, err);
	if (opened_config(&m->opened, &m->spec, err) < 0)
		return -1;
	m->init_pidfd = opened_init(&m->opened, err);
	if (m->init_pidfd < 0)
		return err->code == ESRCH ? opened_not_running(&m->opened, what, err) : -1;
	if (joined_find(&m->opened, m->spec, m->init_pidfd, what, &m->flags, &m->root, err) < 0)
		return -1;
	if (!(m->flags & CLONE_NEWNS))
		return error_set(err, ENOTSUP,
				 "container `%s` has no mount namespace of its own, and what is "
				 "mounted there is mounted on the host",
				 id);
	return 0;
}

static int plan(struct mounting *m, struct error *err)
{
	bool user = (m->flags & CLONE_NEWUSER) != 0;
	m->planned = *m->spec;
	m->planned.mounts = m->change->mounts;
	m->planned.mounts_count = m->change->mounts_count;
	m->options = (struct rootfs_options){
		.bundle = m->opened.record.bundle,
		.new_mount_namespace = true,
		.user_namespace = user,
		.user_namespace_added =
			user && !m->spec->linux_.namespaces[spec_namespace_type_user].listed,
		.rootless = m->opened.record.rootless,
		.live = true,
		.mount_label = m->spec->linux_.mount_label,
		.mount_label_option = spec_annotation(m->spec, "run.oci.mount_context_type"),
	};
	if (rootfs_plan(&m->planned, &m->options, m->context->log, &m->rootfs, err) < 0 ||
	    rootfs_open(m->rootfs, err) < 0)
		return -1;
	if (!rootfs_needs_user_namespace_fd(m->rootfs))
		return 0;
	// should init end before this and its number go to another process, the child cannot join it any more
	if (open_user_namespace(m, err) < 0)
		return -1;
	return rootfs_prepare_idmaps(m->rootfs, m->user_namespace, err);
}

static int await(int sync, struct error *err)
{
	struct sync_record record;
	auto_close int fd = -1;
	if (sync_receive(sync, &record, &fd, err) < 0)
		return -1;
	if (record.step == sync_step_ready)
		return 0;
	if (record.step != sync_step_failed)
		return error_set(err, 0, "the process that was to mount has died");
	*err = record.error;
	return -1;
}

static int send_child(struct mounting *m, struct error *err)
{
	int pair[2], status;
	if (socket_pair(pair) < 0)
		return error_errno(err, "socketpair");
	auto_close int sync = pair[0];
	auto_close int child_sync = pair[1];
	auto_close int pidfd = -1;
	m->live = (struct live_mounts){
		.rootfs = m->rootfs,
		.spec = m->spec,
		.removed = m->change,
		.target_pidfd = m->init_pidfd,
		.namespaces = m->flags,
		.sync = child_sync,
		.close_first = {sync, m->opened.dir_fd, m->opened.root_fd, m->opened.host.fd,
				m->opened.cgroup.fd},
	};
	pid_t pid = birth_clone(0, -1, m->context->strings, &pidfd, err);
	if (pid == 0)
		live_mounts_run(&m->live);
	if (pid < 0)
		return -1;
	memory_close(take_fd(&child_sync));
	int result = await(sync, err);
	if (process_reap(pid, &status) < 0 && result == 0)
		return error_errno(err, "wait for the process that mounts");
	return result;
}

static int change_mounts(struct mounting *m, const char *id, const char *text, size_t length,
			 struct error *err)
{
	struct spec_error why;
	if (spec_parse_mounts(text, length, &m->change, &why) < 0)
		return error_set(err, EINVAL, "%s: %s", *why.path ? why.path : "mounts",
				 why.reason);
	if (open_container(m, id, err) < 0 || (m->add && plan(m, err) < 0))
		return -1;
	return send_child(m, err);
}

int container_change_mounts(const struct container_context *context, const char *id, bool add,
			    const char *mounts, size_t length, struct error *err)
{
	struct mounting m = {
		.context = context,
		.add = add,
		.opened = OPENED_NONE,
		.init_pidfd = -1,
		.user_namespace = -1,
		.root = -1,
	};
	int result = change_mounts(&m, id, mounts, length, err);
	rootfs_free(m.rootfs);
	memory_close(m.user_namespace);
	memory_close(m.root);
	if (m.spec)
		spec_free(m.spec);
	if (m.change)
		spec_free(m.change);
	opened_done(&m.opened);
	return result;
}
