// SPDX-License-Identifier: Apache-2.0
// See live_mounts.h.
#include "libcontainer/init/live_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/init/sync.h"
#include "libcontainer/namespaces/namespaces.h"

// New file systems take theirs from these: sysfs the network, mqueue the ipc namespace.
#define JOINED (CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWCGROUP)

static int join(const struct live_mounts *live, int namespaces, struct error *err)
{
	if (setns(live->target_pidfd, namespaces) < 0)
		return errno == ESRCH ? error_set(err, ESRCH, "container not running: %s",
						  error_text(ESRCH))
				      : error_errno(err, "join the namespaces of the container");
	return 0;
}

static int enter_user_namespace(const struct live_mounts *live, struct error *err)
{
	bool may_set_groups;
	auto_close int proc = -1;
	if (!(live->namespaces & CLONE_NEWUSER))
		return 0;
	if (namespaces_open_proc(&proc, err) < 0 || join(live, CLONE_NEWUSER, err) < 0)
		return -1;
	return namespaces_become_root(proc, &may_set_groups, err);
}

// A copy of the host's mounts belongs to the user namespace that the process is in.
static int open_sources(const struct live_mounts *live, struct error *err)
{
	if (!live->rootfs || !rootfs_live_has_sources_left(live->rootfs))
		return 0;
	if (unshare(CLONE_NEWNS) < 0)
		return error_errno(err, "copy the mounts of the host");
	return rootfs_live_open_left(live->rootfs, err);
}

// The root of the mount namespace is where its processes begin, wherever init itself has gone meanwhile.
static int enter_mounts(const struct live_mounts *live, int *root_fd, struct error *err)
{
	auto_close int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (host < 0)
		return error_errno(err, "open /");
	if (join(live, live->namespaces & JOINED, err) < 0)
		return -1;
	auto_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_errno(err, "open the root of the container");
	if (fchdir(host) < 0 || chroot(".") < 0)
		return error_errno(err, "return to the root of the host");
	*root_fd = take_fd(&root);
	return 0;
}

static int change(struct live_mounts *live, struct error *err)
{
	auto_close int root_fd = -1;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_errno(err, "prctl");
	if (enter_user_namespace(live, err) < 0 || open_sources(live, err) < 0 ||
	    enter_mounts(live, &root_fd, err) < 0)
		return -1;
	if (live->rootfs)
		return rootfs_live_add(live->rootfs, take_fd(&root_fd), err);
	return rootfs_live_remove(live->spec, live->removed->mounts, live->removed->mounts_count,
				  root_fd, err);
}

_Noreturn void live_mounts_run(struct live_mounts *live)
{
	struct sync_record record = {.step = sync_step_ready};
	for (size_t i = 0; i < array_size(live->close_first); i++)
		memory_close(take_fd(&live->close_first[i]));
	if (change(live, &record.error) < 0)
		record.step = sync_step_failed;
	(void)!sync_send(live->sync, &record, -1, NULL);
	_exit(record.step != sync_step_ready);
}
