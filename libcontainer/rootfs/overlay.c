// SPDX-License-Identifier: Apache-2.0
// A writable layer over root.path that is no part of it: a tmpfs that ends with the container, or DIR/upper and
// DIR/work. All of it is mounted in the container's mount namespace, stacked on root.path.
//
// Layers are named to overlayfs as /proc/self/fd/N, so that no path needs quoting and none is too long.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "libcontainer/kernel/fd.h"
#include "libcontainer/rootfs/plan.h"

// How long the mount of a container that has just ended may take to go.
#define IN_USE_TRIES 200
#define IN_USE_WAIT_MS 10

// A number that the kernel does not cut off, and not 0, which is no limit to it: "64m", "50%".
static bool is_quantity(const char *value)
{
	static const char suffixes[] = "kmgtpe";
	char *end;
	errno = 0;
	unsigned long long number = strtoull(value, &end, 10);
	if (errno || number == 0 || value[0] < '0' || value[0] > '9')
		return false;
	if (!*end || text_equal(end, "%"))
		return true;
	const char *suffix = strchr(suffixes, *end | ('a' ^ 'A'));
	return suffix && !end[1] && number <= ULLONG_MAX >> 10 * (suffix - suffixes + 1);
}

static int plan_tmpfs(struct rootfs *rootfs, const char *options, struct error *err)
{
	static const char *const known[] = {"size", "nr_blocks", "nr_inodes"};
	struct rootfs_overlay *overlay = &rootfs->overlay;
	while (*options) {
		size_t length = strcspn(options, ",");
		char *key = arena_copy(&rootfs->arena, options, length);
		if (!key)
			return plan_no_memory(err);
		char *value = strchr(key, '=');
		if (value)
			*value++ = '\0';
		bool good = false;
		for (size_t i = 0; i < array_size(known); i++)
			good = good || (value && *value && text_equal(key, known[i]));
		if (!good || overlay->parameters_count == array_size(overlay->parameters))
			return error_set(
				err, EINVAL,
				"overlay: tmpfs takes size=, nr_blocks= and nr_inodes=, not '%s'",
				key);
		if (!is_quantity(value))
			return error_set(err, EINVAL,
					 "overlay: tmpfs: %s=%s: wants a number from 1 up, with k, "
					 "m, g, t, p, e or %% behind it",
					 key, value);
		overlay->parameters[overlay->parameters_count++] =
			(struct mount_parameter){key, value};
		options += length;
		options += *options == ',';
	}
	return 0;
}

int plan_overlay(struct rootfs *rootfs, struct error *err)
{
	const char *wanted = rootfs->options->overlay;
	struct rootfs_overlay *overlay = &rootfs->overlay;
	if (!wanted)
		return 0;
	overlay->wanted = true;
	if (text_equal(wanted, "tmpfs"))
		return 0;
	if (text_has_prefix(wanted, "tmpfs:"))
		return plan_tmpfs(rootfs, wanted + strlen("tmpfs:"), err);
	if (!*wanted)
		return error_set(err, EINVAL, "overlay: wants tmpfs, tmpfs:size=N or a directory");
	auto_text struct text directory = {0};
	char current[PATH_MAX];
	const bool of_caller = rootfs->options->overlay_of_caller;
	if (wanted[0] != '/' && of_caller && !getcwd(current, sizeof current))
		return error_errno(err, "overlay %s: the current directory", wanted);
	if (wanted[0] != '/')
		text_printf(&directory, "%s/", of_caller ? current : rootfs->options->bundle);
	text_add(&directory, wanted);
	overlay->directory = arena_copy(&rootfs->arena, text_string(&directory), directory.length);
	return overlay->directory && !text_failed(&directory) ? 0 : plan_no_memory(err);
}

int overlay_open(struct rootfs *rootfs, struct error *err)
{
	struct stat lower;
	if (!rootfs->overlay.directory)
		return 0;
	auto_close int fd = overlay_open_directory(rootfs, err);
	if (fd < 0)
		return -1;
	if (fstat(rootfs->host_fd, &lower) < 0)
		return error_errno(err, "root.path %s: stat", rootfs->root_path);
	if (overlay_check_apart(rootfs, fd, &lower, err) < 0 ||
	    overlay_make_layers(fd, &lower, &rootfs->overlay.made, err) < 0)
		return -1;
	if (rootfs->tree_fd < 0)
		return 0;
	// the caller opens for a new process that may not be able to
	rootfs->upper_fd = mount_clone(fd, "", false, false);
	if (rootfs->upper_fd < 0)
		return error_errno(err, "overlay %s: bind", rootfs->overlay.directory);
	if (mount_set_propagation(rootfs->upper_fd, KERNEL_MS_PRIVATE, false) < 0)
		return error_errno(err, "overlay %s: set propagation", rootfs->overlay.directory);
	return 0;
}

// A directory that holds upper and work, on a mount of this mount namespace: overlayfs takes no other before
// Linux 6.15. What comes detached is attached below the place of the overlay, which will cover it.
static int open_writable(struct rootfs *rootfs, const struct stat *lower, struct error *err)
{
	struct mount_message message;
	struct rootfs_overlay *overlay = &rootfs->overlay;
	if (overlay->directory && rootfs->upper_fd < 0)
		return overlay_open_directory(rootfs, err);
	auto_close int fd = overlay->directory
				    ? take_fd(&rootfs->upper_fd)
				    : mount_new("tmpfs", "overlay", overlay->parameters,
						overlay->parameters_count, 0, false, &message);
	if (fd < 0)
		return refusal_quote("tmpfs for the overlay", &message, err);
	if (mount_attach(fd, rootfs->root_fd) < 0)
		return error_errno(err, "overlay: attach the writable layer");
	struct overlay_made made;
	if (!overlay->directory && overlay_make_layers(fd, lower, &made, err) < 0)
		return -1;
	return take_fd(&fd);
}

// The detached overlay for lower_fd and the two directories.
static int make_overlay(const struct rootfs *rootfs, int lower_fd, int upper_fd, int work_fd,
			struct error *err)
{
	struct mount_message message;
	struct fd_path lower = fd_proc_path(lower_fd), upper = fd_proc_path(upper_fd);
	struct fd_path work = fd_proc_path(work_fd);
	const struct mount_parameter parameters[] = {
		{"lowerdir", lower.text},
		{"upperdir", upper.text},
		{"workdir", work.text},
		{"userxattr", NULL},
	};
	// trusted.* attributes need a right that no user namespace has
	size_t count = array_size(parameters) - !rootfs->options->user_namespace;
	auto_close int fd = mount_new("overlay", "overlay", parameters, count, 0, false, &message);
	if (fd < 0)
		return refusal_quote("overlay on the root", &message, err);
	// what overlayfs does, with a word in the kernel's log, when it cannot use its work directory
	struct statfs fs;
	if (fstatfs(fd, &fs) < 0)
		return error_errno(err, "overlay on the root");
	if (fs.f_flags & ST_RDONLY)
		return error_set(err, EROFS,
				 "overlay on the root: the kernel cannot use " OVERLAY_WORK
				 " and made it read-only");
	return take_fd(&fd);
}

// Two overlays that write to one directory are undefined, and the kernel says so in its log only, but with index=on, which wants
// more than husk can promise of the lower layer. So that is only asked for: in a mount that cannot come about (its work directory
// is the upper one), which is refused as EBUSY where the directory is in use, and as EINVAL where it is not.
static int check_unused(const struct rootfs *rootfs, int upper_fd, struct error *err)
{
	struct mount_message message;
	struct fd_path lower = fd_proc_path(rootfs->root_fd), upper = fd_proc_path(upper_fd);
	const struct mount_parameter parameters[] = {
		{"lowerdir", lower.text}, {"upperdir", upper.text}, {"workdir", upper.text},
		{"index", "on"},          {"userxattr", NULL},
	};
	size_t count = array_size(parameters) - !rootfs->options->user_namespace;
	for (int i = 0; i < IN_USE_TRIES; i++) {
		auto_close int fd =
			mount_new("overlay", "overlay", parameters, count, 0, false, &message);
		if (fd >= 0 || errno != EBUSY)
			return 0;
		poll(NULL, 0, IN_USE_WAIT_MS);
	}
	return error_set(err, EBUSY,
			 "overlay %s: in use: it is the writable layer of another container, or of "
			 "another mount",
			 rootfs->overlay.directory);
}

int overlay_attach(struct rootfs *rootfs, struct error *err)
{
	struct stat lower;
	if (!rootfs->overlay.wanted)
		return 0;
	if (fstat(rootfs->root_fd, &lower) < 0)
		return error_errno(err, "root.path %s: stat", rootfs->root_path);
	auto_close int writable = open_writable(rootfs, &lower, err);
	if (writable < 0)
		return -1;
	auto_close int upper =
		path_open(writable, OVERLAY_UPPER, O_PATH | O_DIRECTORY, path_rule_strict);
	auto_close int work =
		path_open(writable, OVERLAY_WORK, O_PATH | O_DIRECTORY, path_rule_strict);
	if (upper < 0 || work < 0)
		return error_errno(err, "overlay: open " OVERLAY_UPPER " and " OVERLAY_WORK);
	if (rootfs->overlay.directory && check_unused(rootfs, upper, err) < 0)
		return -1;
	auto_close int fd = make_overlay(rootfs, rootfs->root_fd, upper, work, err);
	if (fd < 0)
		return -1;
	if (mount_attach(fd, rootfs->root_fd) < 0)
		return error_errno(err, "overlay: attach");
	memory_close(rootfs->root_fd);
	rootfs->root_fd = take_fd(&fd);
	return 0;
}
