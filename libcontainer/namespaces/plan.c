// SPDX-License-Identifier: Apache-2.0
// Decides how the namespaces of the configuration come about. See namespaces.h for the picture.
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/namespaces/namespaces.h"

#define NSFS_MAGIC_NUMBER 0x6e736673

uint64_t namespaces_clone_flag(enum spec_namespace_type type)
{
	static const uint64_t flags[spec_namespace_type_count] = {
		[spec_namespace_type_user] = KERNEL_CLONE_NEWUSER,
		[spec_namespace_type_pid] = KERNEL_CLONE_NEWPID,
		[spec_namespace_type_network] = KERNEL_CLONE_NEWNET,
		[spec_namespace_type_mount] = KERNEL_CLONE_NEWNS,
		[spec_namespace_type_ipc] = KERNEL_CLONE_NEWIPC,
		[spec_namespace_type_uts] = KERNEL_CLONE_NEWUTS,
		[spec_namespace_type_cgroup] = KERNEL_CLONE_NEWCGROUP,
		[spec_namespace_type_time] = KERNEL_CLONE_NEWTIME,
	};
	return flags[type];
}

bool namespaces_caller_is_rootless(void)
{
	// an identity uid_map proves nothing: a nested namespace may have one too
	return geteuid() != 0 || process_in_first_user_namespace(PROCESS_SELF) == 0;
}

bool namespaces_is_new(const struct namespace_plan *plan, enum spec_namespace_type type)
{
	return (plan->create & namespaces_clone_flag(type)) != 0;
}

uint64_t namespaces_clone_flags(const struct namespace_plan *plan)
{
	uint64_t flags = plan->create & ~KERNEL_CLONE_NEWCGROUP;
	if (plan->time_offsets)
		flags &= ~KERNEL_CLONE_NEWTIME;
	if (plan->staged)
		flags &= ~KERNEL_CLONE_NEWUSER;
	if (plan->network_beside)
		flags &= ~KERNEL_CLONE_NEWNET;
	return flags;
}

bool namespaces_has(const struct namespace_plan *plan, enum spec_namespace_type type)
{
	return plan->listed[type];
}

// A plain user can make no namespace at all but a user namespace: root inside is then the user outside.
static void add_user_namespace(struct namespace_plan *plan)
{
	plan->user_added = true;
	plan->listed[spec_namespace_type_user] = true;
	plan->create |= KERNEL_CLONE_NEWUSER;
	plan->own_uid = (struct spec_id_mapping){0, geteuid(), 1};
	plan->own_gid = (struct spec_id_mapping){0, getegid(), 1};
	plan->uid_mappings = (struct spec_id_mappings){&plan->own_uid, 1};
	plan->gid_mappings = (struct spec_id_mappings){&plan->own_gid, 1};
}

// A network namespace takes the kernel as long as half of what init does before it needs one. Who makes it for init has to come back
// to its own, which only the host's root may.
static bool can_make_network_beside(const struct namespace_plan *plan, bool rootless)
{
	const struct spec_linux *linux_ = &plan->spec->linux_;
	return namespaces_is_new(plan, spec_namespace_type_network) && !rootless && !plan->joins &&
	       !plan->listed[spec_namespace_type_user] &&
	       (!plan->listed[spec_namespace_type_pid] ||
		namespaces_is_new(plan, spec_namespace_type_pid)) &&
	       linux_->sysctl.count == 0 && linux_->net_devices_count == 0;
}

int namespaces_plan(const struct spec *spec, bool rootless, struct namespace_plan *plan,
		    struct error *err)
{
	*plan = (struct namespace_plan){.spec = spec};
	for (int i = 0; i < spec_namespace_type_count; i++)
		plan->join[i] = -1;
	bool others = false;
	for (int i = 0; i < spec_namespace_type_count; i++) {
		const struct spec_namespace *ns = &spec->linux_.namespaces[i];
		plan->listed[i] = ns->listed;
		if (!ns->listed)
			continue;
		if (!ns->path)
			plan->create |= namespaces_clone_flag((enum spec_namespace_type)i);
		else if (i != spec_namespace_type_pid)
			plan->joins = true;
		if (ns->path && i != spec_namespace_type_user)
			others = true;
	}
	if (namespaces_is_new(plan, spec_namespace_type_user)) {
		plan->uid_mappings = spec->linux_.uid_mappings;
		plan->gid_mappings = spec->linux_.gid_mappings;
	}
	if (rootless && geteuid() != 0 && !plan->listed[spec_namespace_type_user])
		add_user_namespace(plan);
	plan->time_offsets = spec->linux_.monotonic.set || spec->linux_.boottime.set;
	bool user_new = namespaces_is_new(plan, spec_namespace_type_user);
	bool user_joined = plan->listed[spec_namespace_type_user] && !user_new;
	bool for_children =
		plan->time_offsets || (plan->listed[spec_namespace_type_pid] &&
				       !namespaces_is_new(plan, spec_namespace_type_pid));
	plan->staged = user_joined || (user_new && (others || plan->time_offsets)) ||
		       (rootless && for_children);
	plan->network_beside = can_make_network_beside(plan, rootless);
	if (plan->time_offsets && !namespaces_is_new(plan, spec_namespace_type_time))
		return error_set(
			err, EINVAL,
			"linux.timeOffsets: needs a new time namespace in linux.namespaces");
	return 0;
}

static int check_type(int fd, enum spec_namespace_type type, const char *path, struct error *err)
{
	struct statfs fs;
	if (fstatfs(fd, &fs) < 0)
		return error_errno(err, "statfs of %s", path);
	int found = fs.f_type == NSFS_MAGIC_NUMBER ? ioctl(fd, NS_GET_NSTYPE) : 0;
	if (found < 0)
		return error_errno(err, "type of %s", path);
	if ((uint64_t)(unsigned)found == namespaces_clone_flag(type))
		return 0;
	return error_set(err, EINVAL, "linux.namespaces: %s is no %s namespace", path,
			 spec_namespace_name(type));
}

int namespaces_open(struct namespace_plan *plan, struct error *err)
{
	for (int i = 0; i < spec_namespace_type_count; i++) {
		enum spec_namespace_type type = (enum spec_namespace_type)i;
		const char *path = plan->spec->linux_.namespaces[i].path;
		if (!plan->listed[i] || !path)
			continue;
		// O_NONBLOCK: a fifo given as a namespace must not make us wait
		plan->join[i] = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (plan->join[i] < 0)
			return error_errno(err, "linux.namespaces: open %s namespace %s",
					   spec_namespace_name(type), path);
		if (check_type(plan->join[i], type, path, err) < 0)
			return -1;
	}
	return 0;
}

void namespaces_describe(const struct namespace_plan *plan, const char *prefix, struct text *text)
{
	for (int i = 0; i < spec_namespace_type_count; i++) {
		enum spec_namespace_type type = (enum spec_namespace_type)i;
		const char *path = plan->spec->linux_.namespaces[i].path;
		if (!plan->listed[i])
			text_printf(text, "%s%s: the caller's\n", prefix,
				    spec_namespace_name(type));
		else if (path)
			text_printf(text, "%s%s: join %s\n", prefix, spec_namespace_name(type),
				    path);
		else
			text_printf(text, "%s%s: new%s\n", prefix, spec_namespace_name(type),
				    type == spec_namespace_type_user && plan->user_added
					    ? " (added: the caller is not root)"
					    : "");
	}
	for (size_t i = 0; i < plan->uid_mappings.count; i++) {
		const struct spec_id_mapping *map = &plan->uid_mappings.items[i];
		text_printf(text, "%suids %u..%u are the host's %u..%u\n", prefix,
			    map->container_id, map->container_id + map->size - 1, map->host_id,
			    map->host_id + map->size - 1);
	}
}

void namespaces_done(struct namespace_plan *plan)
{
	for (int i = 0; i < spec_namespace_type_count; i++) {
		memory_close(plan->join[i]);
		plan->join[i] = -1;
	}
}
