// SPDX-License-Identifier: Apache-2.0
// See remove.h.
#include "libcontainer/lifecycle/remove.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/resctrl.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/lifecycle/hook_calls.h"
#include "libcontainer/lifecycle/systemd.h"
#include "libcontainer/state/state.h"

// How long processes may take to die after SIGKILL (a process in uninterruptible sleep takes as long as it likes).
#define DESTROY_MS 10000

int remove_find_root_mount(const char *rootfs, uint64_t *id, struct error *err)
{
	struct statx found;
	auto_close int fd = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &found) < 0)
		return error_errno(err, "root.path %s", rootfs);
	*id = found.stx_mnt_id;
	return 0;
}

// Without a mount namespace of its own the container's mounts were made below root.path, in the caller's. One mount holds them all,
// but it may not have come to it; then what is there is the caller's own.
int remove_root_mounts(const char *rootfs, uint64_t root_mount, struct error *err)
{
	const int detach = KERNEL_MNT_DETACH | UMOUNT_NOFOLLOW;
	uint64_t now = 0;
	if (root_mount == 0)
		return 0;
	if (remove_find_root_mount(rootfs, &now, err) < 0)
		return err->code == ENOENT ? 0 : -1;
	// EINVAL: no mount of this mount namespace
	if (now != root_mount && sys_umount2(rootfs, detach) < 0 && errno != EINVAL)
		return error_errno(err, "root.path %s: unmount", rootfs);
	return 0;
}

static int remove_cgroup(const struct removal *removal, struct error *err)
{
	if (removal->cgroup->fd >= 0)
		return cgroup_destroy(removal->cgroup, removal->cgroup_made_from, DESTROY_MS, err);
	// a command that was killed may have come as far as the parents
	if (removal->cgroup_host->fd < 0 || !removal->cgroup_path || !removal->cgroup_made_from)
		return 0;
	return cgroup_remove_parents(removal->cgroup_host, removal->cgroup_path,
				     removal->cgroup_made_from, err);
}

static int leave_resctrl(const struct removal *removal, struct error *err)
{
	auto_close int root = -1;
	struct error unmounted;
	if (!removal->spec || !removal->spec->linux_.intel_rdt.set)
		return 0;
	// with the file system its groups are gone
	if (resctrl_open(&root, &unmounted) < 0)
		return 0;
	return resctrl_remove(root, &removal->spec->linux_.intel_rdt, removal->id, err);
}

// A unit whose processes have ended goes by itself; systemd is asked all the same, so that it is gone when delete says so.
static int stop_unit(const struct removal *removal, struct error *err)
{
	if (!removal->record->systemd_scope)
		return 0;
	if (removal->cgroup->fd >= 0 && cgroup_kill(removal->cgroup, err) < 0)
		return -1;
	return systemd_stop(removal->context, removal->record, err);
}

int remove_container(const struct removal *removal, struct error *err)
{
	if (stop_unit(removal, err) < 0)
		return -1;
	if (remove_cgroup(removal, err) < 0 ||
	    remove_root_mounts(removal->rootfs, removal->root_mount, err) < 0)
		return -1;
	if (leave_resctrl(removal, err) < 0 || state_remove(removal->root_fd, removal->id, err) < 0)
		return -1;
	if (removal->spec)
		hook_calls_poststop(removal->spec, removal->id, removal->bundle, removal->rootfs,
				    removal->interrupts, removal->log);
	return 0;
}

int remove_opened(const struct container_context *context, struct opened *opened, const char *id,
		  struct error *err)
{
	const struct spec *spec = NULL;
	struct error unreadable;
	if (!opened->torn && !opened->record.plain_end &&
	    opened_config(opened, &spec, &unreadable) < 0)
		log_warning(context->log, "%s: poststop hooks are not run", unreadable.message);
	const struct removal removal = {
		.root_fd = opened->root_fd,
		.id = id,
		.cgroup = &opened->cgroup,
		.cgroup_host = &opened->host,
		.cgroup_path = opened->record.cgroup_path,
		.cgroup_made_from = opened->record.cgroup_made_from,
		.spec = spec,
		.root_mount =
			state_is_of_this_boot(&opened->record) ? opened->record.root_mount : 0,
		.bundle = opened->record.bundle,
		.rootfs = opened->record.rootfs,
		.log = context->log,
		.interrupts = -1,
		.context = context,
		.record = &opened->record,
	};
	int result = remove_container(&removal, err);
	spec_free(spec);
	return result;
}
