// SPDX-License-Identifier: Apache-2.0
// New file systems of mounts[]: proc, sysfs, tmpfs and whatever else the kernel knows. Made detached by
// fsopen(2) and complete before anybody sees them; by mount(2) only where a context cannot say what is wanted.
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "libcontainer/rootfs/plan.h"

// room for what is added to the options of a configuration
#define EXTRA_PARAMETERS 3

// Types of the kernel's own, whose superblock may be shared with others: there only the mount is read-only.
static bool is_pseudo(const struct mount_entry *entry)
{
	return entry->kind != mount_kind_other || text_equal(entry->type, "devpts") ||
	       text_equal(entry->type, "mqueue") || text_equal(entry->type, "bpf") ||
	       text_equal(entry->type, "devtmpfs") || text_equal(entry->type, "cgroup") ||
	       text_equal(entry->type, "securityfs") || text_equal(entry->type, "tracefs") ||
	       text_equal(entry->type, "debugfs");
}

static bool takes_context(const struct mount_entry *entry)
{
	return entry->kind == mount_kind_tmpfs ||
	       (entry->kind == mount_kind_other && !text_equal(entry->type, "mqueue") &&
		!text_equal(entry->type, "cgroup"));
}

static bool has_context(const struct mount_options *options)
{
	return mount_options_data(options, "context") || mount_options_data(options, "fscontext") ||
	       mount_options_data(options, "rootcontext") ||
	       mount_options_data(options, "defcontext");
}

// target_fd: a tmpfs looks like the directory that it covers, unless a mode is asked for. -1: that is not known yet.
int file_system_parameters(struct rootfs *rootfs, const struct mount_entry *entry, int target_fd,
			   struct mount_parameters *to, struct error *err)
{
	const struct mount_options *options = &entry->options;
	size_t size = options->superblock_count + options->data_count + EXTRA_PARAMETERS;
	to->items = arena_array(&rootfs->arena, size, sizeof *to->items);
	if (!to->items)
		return plan_no_memory(err);
	to->count = 0;
	for (size_t i = 0; i < options->superblock_count; i++)
		to->items[to->count++] = options->superblock[i];
	for (size_t i = 0; i < options->data_count; i++)
		to->items[to->count++] = options->data[i];
	if (entry->kind == mount_kind_tmpfs && target_fd >= 0 &&
	    !mount_options_data(options, "mode")) {
		struct stat st;
		if (fstat(target_fd, &st) < 0)
			return error_errno(err, "stat mount point");
		snprintf(to->mode, sizeof to->mode, "%o", (unsigned)(st.st_mode & 07777));
		to->items[to->count++] = (struct mount_parameter){"mode", to->mode};
	}
	const char *label = rootfs->options->mount_label;
	if (label && *label && takes_context(entry) && !has_context(options))
		to->items[to->count++] = (struct mount_parameter){plan_label_option(rootfs), label};
	return 0;
}

static bool needs_classic(const struct mount_entry *entry,
			  const struct mount_parameters *parameters)
{
	if (entry->options.i_version)
		return true;
	for (size_t i = 0; i < parameters->count; i++)
		if (parameters->items[i].value &&
		    strlen(parameters->items[i].value) > MOUNT_VALUE_MAX)
			return true;
	return false;
}

static unsigned long classic_flags(const struct mount_entry *entry)
{
	static const struct {
		uint64_t attribute;
		unsigned long flag;
	} attributes[] = {
		{KERNEL_MOUNT_ATTR_RDONLY, KERNEL_MS_RDONLY},
		{KERNEL_MOUNT_ATTR_NOSUID, KERNEL_MS_NOSUID},
		{KERNEL_MOUNT_ATTR_NODEV, KERNEL_MS_NODEV},
		{KERNEL_MOUNT_ATTR_NOEXEC, KERNEL_MS_NOEXEC},
		{KERNEL_MOUNT_ATTR_NOATIME, KERNEL_MS_NOATIME},
		{KERNEL_MOUNT_ATTR_STRICTATIME, KERNEL_MS_STRICTATIME},
		{KERNEL_MOUNT_ATTR_NODIRATIME, KERNEL_MS_NODIRATIME},
		{KERNEL_MOUNT_ATTR_NOSYMFOLLOW, KERNEL_MS_NOSYMFOLLOW},
	};
	const struct mount_options *options = &entry->options;
	unsigned long flags = options->i_version ? KERNEL_MS_I_VERSION : 0;
	for (size_t i = 0; i < array_size(attributes); i++)
		if (options->set & attributes[i].attribute)
			flags |= attributes[i].flag;
	if (entry->kind == mount_kind_tmpfs)
		flags &= ~KERNEL_MS_RDONLY;
	for (size_t i = 0; i < options->superblock_count; i++) {
		const char *word = options->superblock[i].key;
		if (text_equal(word, "sync"))
			flags |= KERNEL_MS_SYNCHRONOUS;
		else if (text_equal(word, "async"))
			flags &= ~KERNEL_MS_SYNCHRONOUS;
		else if (text_equal(word, "dirsync"))
			flags |= KERNEL_MS_DIRSYNC;
		else if (text_equal(word, "lazytime"))
			flags |= KERNEL_MS_LAZYTIME;
		else
			flags &= ~KERNEL_MS_LAZYTIME;
	}
	return flags;
}

// mount(2) gives no descriptor and attaches at once, with all its attributes. The only second look-up of a name:
// what it finds must be another file system than the one that was covered.
static int find_classic(const struct rootfs *rootfs, const struct mount_entry *entry,
			int covered_fd, struct error *err)
{
	struct stat covered, found;
	auto_close int fd = *entry->destination
				    ? path_open(rootfs->root_fd, entry->destination, O_PATH,
						mounts_target_rule(rootfs, entry))
				    : open(rootfs->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &found) < 0 || fstat(covered_fd, &covered) < 0)
		return error_errno(err, "find the new mount");
	if (found.st_dev == covered.st_dev)
		return error_set(err, EBUSY, "the mount point changed meanwhile");
	return take_fd(&fd);
}

static int make_classic(const struct rootfs *rootfs, const struct mount_entry *entry,
			const char *source, const struct mount_parameters *parameters,
			int *target_fd, struct error *err)
{
	auto_text struct text data = {0};
	for (size_t i = entry->options.superblock_count; i < parameters->count; i++) {
		const struct mount_parameter *parameter = &parameters->items[i];
		text_printf(&data, "%s%s%s%s", data.length ? "," : "", parameter->key,
			    parameter->value ? "=" : "", parameter->value ? parameter->value : "");
	}
	if (text_failed(&data))
		return plan_no_memory(err);
	if (mount_classic(entry->type, source, *target_fd, classic_flags(entry),
			  text_string(&data)) < 0)
		return refusal_explain(rootfs, entry, parameters, &(struct mount_message){""}, err);
	int fd = find_classic(rootfs, entry, *target_fd, err);
	memory_close(take_fd(target_fd));
	return fd;
}

// In a user namespace a new procfs or sysfs must be at least as closed as the one that the kernel sees here already,
// and touch access times in the same way. 0: nothing to add.
static uint64_t attributes_of_host(const struct mount_entry *entry)
{
	struct statvfs fs;
	if (statvfs(entry->kind == mount_kind_proc ? "/proc" : "/sys", &fs) < 0)
		return 0;
	uint64_t set = 0;
	if ((fs.f_flag & ST_RDONLY) && !entry->options.read_write)
		set |= KERNEL_MOUNT_ATTR_RDONLY;
	if (fs.f_flag & ST_NODIRATIME)
		set |= KERNEL_MOUNT_ATTR_NODIRATIME;
	if (fs.f_flag & ST_NOATIME)
		set |= KERNEL_MOUNT_ATTR_NOATIME;
	else if (!(fs.f_flag & ST_RELATIME))
		set |= KERNEL_MOUNT_ATTR_STRICTATIME;
	return set;
}

static int make_as_closed_as_host(struct mount_entry *entry, const char *source,
				  const struct mount_parameters *parameters,
				  struct mount_message *message)
{
	uint64_t wanted = entry->options.set;
	uint64_t more = attributes_of_host(entry);
	if (more & KERNEL_MOUNT_ATTR_ATIME)
		wanted &= ~KERNEL_MOUNT_ATTR_ATIME;
	if ((wanted | more) == entry->options.set) {
		errno = EPERM;
		return -1;
	}
	return mount_new(entry->type, source, parameters->items, parameters->count, wanted | more,
			 false, message);
}

// A copy of the host's /sys, for a user namespace whose network namespace is not its own: sysfs shows devices of
// that namespace, and only its owner may mount it. Read-only goes for all of it, cgroups included.
static int bind_host_sys(struct mount_entry *entry, struct error *err)
{
	int fd = mount_clone(AT_FDCWD, "/sys", true, false);
	if (fd < 0)
		return error_errno(err, "bind /sys");
	struct mount_options *options = &entry->options;
	if (!options->read_write || (options->set & KERNEL_MOUNT_ATTR_RDONLY))
		options->recursive_set |= KERNEL_MOUNT_ATTR_RDONLY;
	options->recursive_set |= options->set & ~KERNEL_MOUNT_ATTR_ATIME;
	return fd;
}

static struct mount_parameters own_data(const struct mount_entry *entry)
{
	return (struct mount_parameters){.items = entry->options.data,
					 .count = entry->options.data_count};
}

// (what is refused in a user namespace is bound instead, and mount(2) finds its target by way of /proc)
bool file_system_needs_host(const struct rootfs *rootfs, const struct mount_entry *entry)
{
	const struct rootfs_options *options = rootfs->options;
	const struct mount_parameters data = own_data(entry);
	bool makes_its_own = entry->kind == mount_kind_sysfs ||
			     (entry->kind == mount_kind_cgroup && options->cgroup_namespace);
	return !makes_its_own || options->user_namespace || needs_classic(entry, &data);
}

static size_t count_procfs(const struct rootfs *rootfs)
{
	size_t count = 0;
	for (size_t i = 0; i < rootfs->mounts_count; i++)
		count += rootfs->mounts[i].kind == mount_kind_proc;
	return count;
}

bool rootfs_wants_proc_context(const struct rootfs *rootfs)
{
	return count_procfs(rootfs) > 0;
}

bool rootfs_can_use_proc_context(const struct rootfs *rootfs)
{
	for (size_t i = 0; i < rootfs->mounts_count; i++) {
		const struct mount_parameters data = own_data(&rootfs->mounts[i]);
		if (rootfs->mounts[i].kind == mount_kind_proc &&
		    needs_classic(&rootfs->mounts[i], &data))
			return false;
	}
	return count_procfs(rootfs) <= 1;
}

void rootfs_give_proc_context(struct rootfs *rootfs, int context)
{
	rootfs->proc_context = context;
}

// In the context that came from another process. Who could take that over may have put another file system in its place.
static int make_given_proc(struct rootfs *rootfs, const struct mount_entry *entry,
			   const char *source, const struct mount_parameters *parameters,
			   struct error *err)
{
	struct mount_message message;
	struct statfs fs;
	auto_close int context = take_fd(&rootfs->proc_context);
	auto_close int fd = mount_new_in(context, source, parameters->items, parameters->count,
					 entry->options.set, false, &message);
	if (fd < 0)
		return refusal_quote(entry->type, &message, err);
	if (fstatfs(fd, &fs) < 0)
		return error_errno(err, "statfs of the new procfs");
	if (fs.f_type != PROC_SUPER_MAGIC)
		return error_set(err, EPERM,
				 "what was opened in the pid namespace is no procfs: a process "
				 "there has changed the one that opened it");
	return take_fd(&fd);
}

int file_system_make(struct rootfs *rootfs, struct mount_entry *entry, int *target_fd,
		     struct error *err)
{
	struct mount_parameters parameters = {0};
	struct mount_message message;
	const struct mount_options *options = &entry->options;
	const char *source =
		entry->spec->source && *entry->spec->source ? entry->spec->source : entry->type;
	if (file_system_parameters(rootfs, entry, *target_fd, &parameters, err) < 0)
		return -1;
	if (needs_classic(entry, &parameters) && *target_fd < 0)
		return error_set(err, EINVAL,
				 "in a user namespace an idmapped file system takes neither "
				 "iversion nor values of more than %d bytes",
				 MOUNT_VALUE_MAX);
	if (needs_classic(entry, &parameters))
		return make_classic(rootfs, entry, source, &parameters, target_fd, err);
	if (entry->kind == mount_kind_proc && rootfs->proc_context >= 0)
		return make_given_proc(rootfs, entry, source, &parameters, err);
	bool read_only = options->set & KERNEL_MOUNT_ATTR_RDONLY;
	uint64_t set = options->set;
	if (entry->kind == mount_kind_tmpfs)
		set &= ~KERNEL_MOUNT_ATTR_RDONLY;
	int fd = mount_new(entry->type, source, parameters.items, parameters.count, set,
			   read_only && !is_pseudo(entry), &message);
	bool kernel_tree = entry->kind == mount_kind_proc || entry->kind == mount_kind_sysfs;
	if (fd < 0 && errno == EPERM && kernel_tree && rootfs->options->user_namespace)
		fd = make_as_closed_as_host(entry, source, &parameters, &message);
	if (fd >= 0)
		return fd;
	if (errno == EPERM && entry->kind == mount_kind_sysfs && rootfs->options->user_namespace &&
	    !rootfs->options->network_namespace_new) {
		fd = bind_host_sys(entry, err);
		if (fd >= 0 && mount_set_attributes(fd, options->set, options->clear, false) < 0) {
			int result = error_errno(err, "set mount attributes");
			memory_close(fd);
			return result;
		}
		return fd;
	}
	return refusal_explain(rootfs, entry, &parameters, &message, err);
}
