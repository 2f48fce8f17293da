// SPDX-License-Identifier: Apache-2.0
// Device nodes: the six that every container has, linux.devices, and the links of /dev.
//
// A node that is there and is the same is kept, one that differs is an error (runtime-spec, Devices). Where the
// kernel refuses mknod(2) (user namespaces) the host's node is bound instead. A /dev that the configuration binds
// is left as it is.
#include "libcontainer/rootfs/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const struct {
	const char *path;
	unsigned major, minor;
} defaults[] = {
	{"dev/null", 1, 3},   {"dev/zero", 1, 5},    {"dev/full", 1, 7},
	{"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0},
};

static int plan_listed(struct rootfs *rootfs, const struct spec_device *from,
		       struct rootfs_device *to, struct error *err)
{
	if (from->path[0] != '/')
		return error_set(err, EINVAL, "path is not absolute");
	to->path = plan_clean_path(&rootfs->arena, from->path);
	if (!to->path)
		return plan_no_memory(err);
	if (!*to->path)
		return error_set(err, EINVAL, "path is the root");
	to->shown = from->path;
	mode_t type = from->type == 'c' ? S_IFCHR : from->type == 'b' ? S_IFBLK : S_IFIFO;
	to->mode = type | (mode_t)(from->file_mode.set ? from->file_mode.value & 07777 : 0666);
	if (type != S_IFIFO) {
		if (from->major < 0 || from->minor < 0 || from->major > UINT32_MAX ||
		    from->minor > UINT32_MAX)
			return error_set(err, EINVAL, "bad device number %lld:%lld",
					 (long long)from->major, (long long)from->minor);
		to->number = makedev((unsigned)from->major, (unsigned)from->minor);
	}
	to->uid = (uid_t)from->uid.value;
	to->gid = (gid_t)from->gid.value;
	return 0;
}

int plan_devices(struct rootfs *rootfs, struct error *err)
{
	const struct spec_linux *from = &rootfs->spec->linux_;
	size_t most = array_size(defaults) + from->devices_count;
	rootfs->devices = arena_array(&rootfs->arena, most, sizeof *rootfs->devices);
	if (!rootfs->devices)
		return plan_no_memory(err);
	for (size_t i = 0; i < from->devices_count; i++)
		if (plan_listed(rootfs, &from->devices[i],
				&rootfs->devices[rootfs->devices_count++], err) < 0)
			return error_context(err, "linux.devices[%zu] %s", i,
					     from->devices[i].path);
	for (size_t i = 0; i < array_size(defaults); i++) {
		bool listed = false;
		for (size_t j = 0; j < from->devices_count && !listed; j++)
			listed = text_equal(rootfs->devices[j].path, defaults[i].path);
		if (!listed)
			rootfs->devices[rootfs->devices_count++] = (struct rootfs_device){
				.path = defaults[i].path,
				.shown = defaults[i].path,
				.mode = S_IFCHR | 0666,
				.number = makedev(defaults[i].major, defaults[i].minor),
			};
	}
	return 0;
}

static bool is_same(const struct rootfs_device *device, const struct stat *st)
{
	return (st->st_mode & S_IFMT) == (device->mode & S_IFMT) &&
	       (S_ISFIFO(device->mode) || st->st_rdev == device->number);
}

static int check_existing(const struct rootfs_device *device, int parent_fd, const char *name,
			  struct error *err)
{
	struct stat st;
	if (fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "stat");
	if (is_same(device, &st))
		return 0;
	return error_set(err, EEXIST, "something else is there already");
}

// An empty file takes the host's node. What was there before (an image's /dev) may be the same
// node, or a plain file to be covered.
static int bind_host_node(const struct rootfs_device *device, int parent_fd, const char *name,
			  struct error *err)
{
	struct stat st;
	auto_text struct text host = {0};
	if (mknodat(parent_fd, name, S_IFREG | 0666, 0) < 0 && errno != EEXIST)
		return error_errno(err, "make mount point");
	auto_close int target = openat(parent_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0 || fstat(target, &st) < 0)
		return error_errno(err, "open mount point");
	if (is_same(device, &st))
		return 0;
	if (!S_ISREG(st.st_mode))
		return error_set(err, EEXIST, "something else is there already");
	text_printf(&host, "/%s", device->path);
	if (text_failed(&host))
		return plan_no_memory(err);
	auto_close int fd = mount_clone(AT_FDCWD, text_string(&host), false, true);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, "bind the host's %s", text_string(&host));
	if (!is_same(device, &st))
		return error_set(err, EINVAL, "the host's %s is another device",
				 text_string(&host));
	return mount_attach(fd, target) < 0 ? error_errno(err, "attach") : 0;
}

static int make_node(struct rootfs *rootfs, const struct rootfs_device *device, int parent_fd,
		     const char *name, struct error *err)
{
	if (rootfs->mknod_refused && !S_ISFIFO(device->mode))
		return bind_host_node(device, parent_fd, name, err);
	if (mknodat(parent_fd, name, device->mode, device->number) < 0) {
		if (errno == EEXIST && !rootfs->options->user_namespace)
			return check_existing(device, parent_fd, name, err);
		// in a user namespace a file may be left from an earlier start
		if ((errno != EPERM && errno != EEXIST) || S_ISFIFO(device->mode))
			return errno == EEXIST ? check_existing(device, parent_fd, name, err)
					       : error_errno(err, "mknod");
		rootfs->mknod_refused = true;
		return bind_host_node(device, parent_fd, name, err);
	}
	if ((device->uid || device->gid) &&
	    fchownat(parent_fd, name, device->uid, device->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "chown to %u:%u", device->uid, device->gid);
	return 0;
}

static int make_device(struct rootfs *rootfs, const struct rootfs_device *device, int dev_fd,
		       struct error *err)
{
	char name[256];
	// the usual case: directly below /dev, which is open
	if (plan_is_below(device->path, "dev") && device->path[3] && !strchr(device->path + 4, '/'))
		return make_node(rootfs, device, dev_fd, device->path + 4, err);
	enum path_rule rule =
		plan_is_below(device->path, "dev") ? path_rule_strict : path_rule_scoped;
	auto_close int parent = path_open_parent(rootfs->root_fd, device->path, true, rule, name);
	if (parent < 0)
		return error_errno(err, "open parent directory");
	return make_node(rootfs, device, parent, name, err);
}

static int make_link(int dev_fd, const char *name, const char *text, struct error *err)
{
	if (symlinkat(text, dev_fd, name) < 0 && errno != EEXIST)
		return error_errno(err, "/dev/%s: make symbolic link", name);
	return 0;
}

// Terminals must come from the container's own devpts, so a ptmx of the image has to go.
static int make_ptmx(int dev_fd, struct error *err)
{
	static const char text[] = "pts/ptmx";
	char found[sizeof text];
	if (symlinkat(text, dev_fd, "ptmx") == 0)
		return 0;
	if (errno != EEXIST)
		return error_errno(err, "/dev/ptmx: make symbolic link");
	ssize_t n = readlinkat(dev_fd, "ptmx", found, sizeof found);
	if (n == (ssize_t)sizeof text - 1 && memcmp(found, text, (size_t)n) == 0)
		return 0;
	if (unlinkat(dev_fd, "ptmx", 0) < 0 || symlinkat(text, dev_fd, "ptmx") < 0)
		return error_errno(err, "/dev/ptmx: replace by a symbolic link");
	return 0;
}

static int make_links(const struct rootfs *rootfs, int dev_fd, struct error *err)
{
	if (make_link(dev_fd, "fd", "/proc/self/fd", err) < 0 ||
	    make_link(dev_fd, "stdin", "/proc/self/fd/0", err) < 0 ||
	    make_link(dev_fd, "stdout", "/proc/self/fd/1", err) < 0 ||
	    make_link(dev_fd, "stderr", "/proc/self/fd/2", err) < 0 || make_ptmx(dev_fd, err) < 0)
		return -1;
	auto_close int kcore = path_open(rootfs->root_fd, "proc/kcore", O_PATH, path_rule_strict);
	return kcore < 0 ? 0 : make_link(dev_fd, "core", "/proc/kcore", err);
}

static int open_dev(const struct rootfs *rootfs, struct error *err)
{
	int fd = path_make_directory(rootfs->root_fd, "dev", 0755, path_rule_strict);
	if (fd < 0 && errno == ELOOP)
		return error_set(err, ELOOP, "/dev: is a symbolic link, refused");
	return fd < 0 ? error_errno(err, "/dev") : fd;
}

int rootfs_make_devices(struct rootfs *rootfs, struct error *err)
{
	auto_umask mode_t mask = umask(0);
	auto_close int dev_fd = rootfs->dev_is_bound ? -1 : open_dev(rootfs, err);
	if (dev_fd < 0 && !rootfs->dev_is_bound)
		return -1;
	for (size_t i = 0; i < rootfs->devices_count; i++) {
		const struct rootfs_device *device = &rootfs->devices[i];
		if (rootfs->dev_is_bound && plan_is_below(device->path, "dev"))
			continue;
		if (make_device(rootfs, device, dev_fd, err) < 0)
			return error_context(err, "device /%s", device->path);
	}
	return rootfs->dev_is_bound ? 0 : make_links(rootfs, dev_fd, err);
}

int rootfs_bind_console(struct rootfs *rootfs, int pty_peer_fd, struct error *err)
{
	auto_umask mode_t mask = umask(0);
	auto_close int target =
		path_make_file(rootfs->root_fd, "dev/console", 0620, path_rule_strict);
	if (target < 0 && errno == ELOOP)
		return error_set(err, ELOOP,
				 "/dev/console: a part of it is a symbolic link, refused");
	if (target < 0)
		return error_errno(err, "/dev/console");
	auto_close int fd = mount_clone(pty_peer_fd, "", false, false);
	if (fd < 0)
		return error_errno(err, "/dev/console: bind the terminal");
	return mount_attach(fd, target) < 0 ? error_errno(err, "/dev/console: attach") : 0;
}
