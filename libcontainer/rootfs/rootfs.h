// SPDX-License-Identifier: Apache-2.0
// The container's view of files: root, mounts, devices, masks.
//
// Two halves. The plan is made by the calling process, before anything exists: options are parsed,
// contradictions refused, and sources that only the host may open are opened. The steps run in the
// new process, in its own mount namespace, in the order in which they stand here; before rootfs_enter
// they still see the host's tree and use it only for sources.
//
// Every path inside the root goes through kernel/path.h. A target is resolved once.
#ifndef HUSK_ROOTFS_ROOTFS_H
#define HUSK_ROOTFS_ROOTFS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/text.h"
#include "spec/spec.h"

// How `--overlay` and the annotation org.husk.overlay read: "tmpfs", "tmpfs:size=64m", or a directory
// that holds (or gets) upper/ and work/.
struct rootfs_options {
	const char *bundle;        // absolute path
	const char *overlay;       // or NULL
	bool overlay_of_caller;    // not of the configuration: what it says has the last word
	bool no_pivot;             // MS_MOVE and chroot instead of pivot_root
	bool new_mount_namespace;  // a mount namespace of its own is made or joined
	bool user_namespace;       // the container has its own user namespace (made or joined)
	bool user_namespace_new;   // ... and it is made for it
	bool user_namespace_added;  // ... though the configuration has none: the caller is a plain user
	bool rootless;              // the caller is not privileged on the host
	bool cgroup_namespace;      // the container has one of its own (made or joined)
	bool cgroup_namespace_new;  // ... and it is made for it
	bool network_namespace_new;
	bool live;  // mounts[] alone, for a container that runs already
	const char
		*cgroup_path;  // absolute host path of the container's cgroup2 directory, or NULL
	const char *mount_label;  // SELinux context for mounts, or NULL
	const char *
		mount_label_option;  // "context", "fscontext", "defcontext" or "rootcontext"; NULL: "context"
};

struct rootfs;

// Parses and checks everything that can be known without touching the host. Borrows spec, options and their strings
// until rootfs_free. Warnings go to log.
int rootfs_plan(const struct spec *spec, const struct rootfs_options *options,
		const struct log *log, struct rootfs **result, struct error *err) must_check;

// The plan in words for --dry-run, a line a mount/device/mask, each with the given prefix.
void rootfs_describe(const struct rootfs *rootfs, const char *prefix, struct text *text);

// In the calling process: opens the root directory and those sources which the new process could not open
// (sources for a user namespace, opened with the caller's rights). Fails when root.path is no directory.
int rootfs_open(struct rootfs *rootfs, struct error *err) must_check;

// Gives the plan the user namespace of the container for idmapped mounts (a descriptor it borrows), needed only
// when rootfs_needs_user_namespace_fd says so. Called in the calling process: of a new one after its maps are written, of
// one that is joined after rootfs_open, before the new process is cloned.
bool rootfs_needs_user_namespace_fd(const struct rootfs *rootfs);
int rootfs_prepare_idmaps(struct rootfs *rootfs, int user_namespace_fd,
			  struct error *err) must_check;

// ---- steps, in this order, in the new process --------------------------------------------------

// rootfsPropagation (default: recursive slave) on the whole tree, and the mount that holds the root made private.
int rootfs_isolate(struct rootfs *rootfs, struct error *err) must_check;
// Attaches the root: a bind of root.path, or the overlay. From here on rootfs_fd is valid.
int rootfs_attach(struct rootfs *rootfs, struct error *err) must_check;
int rootfs_fd(const struct rootfs *rootfs);
// A procfs shows the pid namespace of the process that calls fsopen(2) for it. Where that is not the process of these steps: whether
// one context is what they need (can: no more than one, and none that can only be mounted by mount(2)), and that context (taken).
bool rootfs_can_use_proc_context(const struct rootfs *rootfs);
bool rootfs_wants_proc_context(const struct rootfs *rootfs);
void rootfs_give_proc_context(struct rootfs *rootfs, int context);
// mounts[], in order. ahead: those before the first that could show something of the caller's network namespace (a sysfs does, a bind
// could, and nobody knows of file systems that husk does not); rootfs_mount goes on there.
int rootfs_mount_ahead(struct rootfs *rootfs, struct error *err) must_check;
int rootfs_mount(struct rootfs *rootfs, struct error *err) must_check;
// Whether the devices can be made when rootfs_mount_ahead has done its part: what is mounted after it lies below /sys, and they do not.
// And whether that rest can even be mounted when the root was entered: it is of the kernel's making, and no path of the host is used.
bool rootfs_devices_are_apart(const struct rootfs *rootfs);
bool rootfs_rest_needs_no_host(const struct rootfs *rootfs);
// Default devices, linux.devices, /dev links.
int rootfs_make_devices(struct rootfs *rootfs, struct error *err) must_check;
// Puts the pty peer on /dev/console (terminal only).
int rootfs_bind_console(struct rootfs *rootfs, int pty_peer_fd, struct error *err) must_check;
// Makes a missing working directory (best effort, like the engines expect; EROFS is no error).
int rootfs_make_cwd(struct rootfs *rootfs, const char *cwd, struct error *err) must_check;
// pivot_root (or move and chroot), the old root detached; after it nothing of the host's tree is reachable.
int rootfs_enter(struct rootfs *rootfs, struct error *err) must_check;
// readonlyPaths, maskedPaths, mounts that become read-only late (/dev), rootfsPropagation of the root, root.readonly.
int rootfs_finish(struct rootfs *rootfs, struct error *err) must_check;

// ---- a container that runs (live.c) --------------------------------------------------------------

// A plan with options.live is for mounts[] of spec alone; the rest of spec is the container's configuration. It goes
// through rootfs_open, which opens the sources of binds on the host, and then into a process that has joined the
// container's namespaces but keeps the host's root directory: nothing of the container's /proc is used.
//
// A plain user may not copy mounts of the host: then the process makes itself a copy of the host's mount namespace, inside the
// container's user namespace, and opens the sources that are left there.
bool rootfs_live_has_sources_left(const struct rootfs *rootfs);
int rootfs_live_open_left(struct rootfs *rootfs, struct error *err) must_check;
// Attaches everything below root_fd (taken), or nothing. Whoever runs in the container may work against it.
int rootfs_live_add(struct rootfs *rootfs, int root_fd, struct error *err) must_check;
// Takes away what is mounted on each destination, the last one first. Paths lead through no symbolic link, so that the container
// cannot turn them elsewhere; what the configuration masks or makes read-only stays so.
int rootfs_live_remove(const struct spec *container, const struct spec_mount *mounts, size_t count,
		       int root_fd, struct error *err) must_check;

// There is no container after all: removes what rootfs_open made on the host, if nothing is in it.
void rootfs_take_back(struct rootfs *rootfs);
void rootfs_free(struct rootfs *rootfs);

// Mount options that the parser knows, NULL-terminated, for `features`.
const char *const *rootfs_words_mount_options(void);

#endif
