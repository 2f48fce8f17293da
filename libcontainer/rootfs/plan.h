// SPDX-License-Identifier: Apache-2.0
// Private to rootfs/: the plan as its files see it, and what each of them does for rootfs.c.
//
// The calling process and the new one each have their own copy (fork) or share it; descriptors that the plan
// owns are opened at the times that the comments say.
#ifndef HUSK_ROOTFS_PLAN_H
#define HUSK_ROOTFS_PLAN_H

#include <sys/stat.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/path.h"
#include "libcontainer/rootfs/mount_options.h"
#include "libcontainer/rootfs/rootfs.h"

enum mount_kind {
	mount_kind_bind,
	mount_kind_remount,
	mount_kind_cgroup,
	mount_kind_proc,
	mount_kind_sysfs,
	mount_kind_tmpfs,
	mount_kind_other,  // any other file system
};

// Where a destination stands towards /proc.
enum proc_place {
	proc_place_outside,
	proc_place_top,      // /proc itself
	proc_place_allowed,  // below it, and harmless
};

enum idmap_source {
	idmap_source_none,
	idmap_source_own,        // mappings of the mount: a helper user namespace
	idmap_source_container,  // the container's user namespace
};

struct mount_entry {
	const struct spec_mount *spec;
	size_t index;             // of mounts[]
	const char *destination;  // clean: no leading "/", no "." or "..", "" is the root
	const char *type;
	const char *source;   // binds: absolute on the host
	const char *inside;   // binds: relative to the root when the source lies below root.path
	const char *symlink;  // copy-symlink: what the source says
	struct mount_options options;
	enum mount_kind kind;
	enum proc_place proc_place;
	enum idmap_source idmap;
	const struct spec_id_mappings *uid_mappings, *gid_mappings;  // for idmap_source_own
	int tree_fd;  // owned: detached, the copy of the source or the caller's new file system, once it is there
	int idmap_fd;  // owned: helper user namespace, until it is applied
	bool idmapped;
	int late_fd;      // owned: attached, becomes read-only at the end
	int attached_fd;  // owned: of a live plan, to undo it
};

struct rootfs_device {
	const char *path;   // clean, relative to the root
	const char *shown;  // for messages
	mode_t mode;        // type and permissions
	dev_t number;
	uid_t uid;
	gid_t gid;
};

#define OVERLAY_UPPER "upper"
#define OVERLAY_WORK "work"

// Which of the two husk made just now.
struct overlay_made {
	bool upper, work;
};

struct rootfs_overlay {
	bool wanted;
	const char *directory;  // or NULL: a tmpfs
	struct overlay_made made;
	struct mount_parameter parameters[3];
	size_t parameters_count;
};

struct rootfs {
	const struct spec *spec;               // borrowed
	const struct rootfs_options *options;  // borrowed
	const struct log *log;                 // borrowed
	struct arena arena;
	const char *root_path;  // absolute, on the host
	struct mount_entry *mounts;
	size_t mounts_count;
	size_t mounted;  // that many of them are done
	struct rootfs_device *devices;
	size_t devices_count;
	struct rootfs_overlay overlay;
	bool dev_is_bound;         // the configuration binds a /dev: leave it alone
	bool caller_cannot_clone;  // an unprivileged caller: every source at its turn
	bool mknod_refused;
	struct path_made made;  // mount points in a container that runs, for when it fails
	int host_fd;            // owned: root.path, O_PATH, until rootfs_attach in the new process
	int tree_fd;            // owned: detached copy of root.path made by the caller, or -1
	int upper_fd;           // owned: detached copy of the overlay's directory, or -1
	int root_fd;            // owned: the container's root, from rootfs_attach on
	int proc_context;  // owned: of fsopen(2), when a procfs is not that of this process; or -1
	int null_fd;       // owned: copy of the host's /dev/null for masks, from rootfs_enter on
};

// ---- plan ---------------------------------------------------------------------------------------

// path without "//", ".", ".." (which stop at the top) and leading "/". NULL: no memory.
const char *plan_clean_path(struct arena *arena, const char *path);
int plan_mounts(struct rootfs *rootfs, struct error *err) must_check;
int plan_devices(struct rootfs *rootfs, struct error *err) must_check;
int plan_overlay(struct rootfs *rootfs, struct error *err) must_check;
// What can be added to a container that runs.
int live_check(const struct mount_entry *entry, struct error *err) must_check;
int plan_no_memory(struct error *err);
static inline const char *plan_label_option(const struct rootfs *rootfs)
{
	const char *option = rootfs->options->mount_label_option;
	return option ? option : "context";
}
// What is made at the start stays, like everything that the start leaves in the root.
static inline struct path_made *plan_notes(struct rootfs *rootfs)
{
	return rootfs->options->live ? &rootfs->made : NULL;
}
// Puts "mounts[3] /dev/shm: " in front of the message. Returns -1.
int plan_blame_mount(const struct mount_entry *entry, struct error *err);
// True when path is `top` or below it. Both clean.
bool plan_is_below(const char *path, const char *top);

// ---- sources ------------------------------------------------------------------------------------

// Those that only the caller can open, and the root directory for a user namespace.
int sources_open_early(struct rootfs *rootfs, struct error *err) must_check;
// The source of a bind: fills entry->tree_fd or entry->symlink.
int source_open(struct rootfs *rootfs, struct mount_entry *entry, struct error *err) must_check;
// The same on the host, before the container's tree is in sight.
int source_open_early(struct rootfs *rootfs, struct mount_entry *entry,
		      struct error *err) must_check;
// The propagation that the container's copy of a host's mount has.
unsigned long source_propagation(const struct rootfs *rootfs);
// Whether the mounts of the host keep their peers (rootfsPropagation shared).
bool source_stays_shared(const struct rootfs *rootfs);

// ---- steps --------------------------------------------------------------------------------------

int overlay_open(struct rootfs *rootfs, struct error *err) must_check;
// overlay_layers.c
int overlay_open_directory(const struct rootfs *rootfs, struct error *err) must_check;
// Both, or none.
int overlay_make_layers(int parent_fd, const struct stat *lower, struct overlay_made *made,
			struct error *err) must_check;
// That neither the directory fd lies in root.path, nor that in one of its layers.
int overlay_check_apart(const struct rootfs *rootfs, int fd, const struct stat *lower,
			struct error *err) must_check;
void overlay_take_back(struct rootfs *rootfs);
int overlay_attach(struct rootfs *rootfs, struct error *err) must_check;
int mounts_attach(struct rootfs *rootfs, struct mount_entry *entry, struct error *err) must_check;
int tmpfs_copy(int from_fd, int to_fd, struct error *err) must_check;
// A detached mount for `type: cgroup`. May change the entry's options.
int cgroup_mount_make(const struct rootfs *rootfs, struct mount_entry *entry,
		      struct error *err) must_check;
int idmap_open_early(struct rootfs *rootfs, struct error *err) must_check;
int idmap_plan(struct rootfs *rootfs, struct mount_entry *entry, struct error *err) must_check;
// A new file system that the calling process has to make: in the container's user namespace it would belong to that, and
// the kernel maps none by the namespace that it belongs to.
bool idmap_is_of_caller(const struct rootfs *rootfs, const struct mount_entry *entry);
int idmap_apply(const struct rootfs *rootfs, struct mount_entry *entry, int mount_fd,
		struct error *err) must_check;
int masks_prepare(struct rootfs *rootfs, struct error *err) must_check;
int masks_apply(struct rootfs *rootfs, struct error *err) must_check;
int readonly_paths_apply(struct rootfs *rootfs, struct error *err) must_check;

// Parameters of a new file system or of a remount; owned by the plan's arena.
struct mount_parameters {
	struct mount_parameter *items;
	size_t count;
	char mode[16];  // a tmpfs looks like the directory target_fd, unless a mode is asked for
};
int file_system_parameters(struct rootfs *rootfs, const struct mount_entry *entry, int target_fd,
			   struct mount_parameters *to, struct error *err) must_check;
// A new file system, detached; or already attached to *target_fd, which then is closed and -1. With -1 there: detached, or an error.
int file_system_make(struct rootfs *rootfs, struct mount_entry *entry, int *target_fd,
		     struct error *err) must_check;
// Whether making it can use a path of the host, or a bind of something there.
bool file_system_needs_host(const struct rootfs *rootfs, const struct mount_entry *entry);
// Whether symbolic links may be followed on the way to the entry's destination.
enum path_rule mounts_target_rule(const struct rootfs *rootfs, const struct mount_entry *entry);

// Those tmpfs that had to take mount points first.
int mounts_make_late_read_only(struct rootfs *rootfs, struct error *err) must_check;

// refusal.c. Says why a new file system could not be made, from errno: in the kernel's own words when it gave some.
int refusal_quote(const char *what, const struct mount_message *message, struct error *err);
// The same of an entry of mounts[], and in ours where it gave none.
int refusal_explain(const struct rootfs *rootfs, const struct mount_entry *entry,
		    const struct mount_parameters *parameters, const struct mount_message *message,
		    struct error *err);

// umask of 0 for a scope, so that modes are as written.
static inline void plan_restore_umask(const mode_t *mask)
{
	(void)umask(*mask);
}
#define auto_umask __attribute__((cleanup(plan_restore_umask), unused))

#endif
