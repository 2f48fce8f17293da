// SPDX-License-Identifier: Apache-2.0
// One cgroup v2 directory for one container: found, made, limited, frozen, killed, removed.
//
// On a hybrid host (controllers bound to cgroup v1, a cgroup2 beside them) the cgroup2 tree still does
// what needs no controller: membership, kill, freeze, device rules. A limit whose controller is not
// there is an error that names it; nothing is dropped silently.
//
// All access is by descriptor below the cgroup2 mount; paths are never re-resolved from strings.
#ifndef HUSK_CGROUP_CGROUP_H
#define HUSK_CGROUP_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/text.h"
#include "spec/spec.h"

enum cgroup_host_kind {
	cgroup_host_kind_none,     // no cgroup2 mounted
	cgroup_host_kind_unified,  // cgroup2 on /sys/fs/cgroup
	cgroup_host_kind_hybrid,   // cgroup2 on /sys/fs/cgroup/unified
};

struct cgroup_host {
	enum cgroup_host_kind kind;
	int fd;          // owned: the mount's root, O_PATH | O_DIRECTORY; -1 when none
	char mount[64];  // "/sys/fs/cgroup"
	uint64_t
		number;  // of the hierarchy: another one after each boot; 0: this kernel does not tell
};

// Finds the host's cgroup2. None is no error. No scan of mountinfo: the two well-known places only.
int cgroup_host_open(struct cgroup_host *host, struct error *err) must_check;
void cgroup_host_close(struct cgroup_host *host);

// Where the container's cgroup goes, as a path below the mount that starts with "/": cgroups_path absolute -> itself,
// relative -> below the parent of the caller's own cgroup, NULL -> id there. Refuses "..". malloc'ed into *path.
int cgroup_place(const struct cgroup_host *host, const char *cgroups_path, const char *id,
		 char **path, struct error *err) must_check;

struct cgroup {
	int fd;  // owned: the directory, O_RDONLY | O_DIRECTORY: good for CLONE_INTO_CGROUP and openat
	char *path;  // owned: below the mount, "/a/b"
	char *made_from;  // owned: the first component-path that cgroup_create itself made, "/a" or "/a/b"; NULL: none
	const struct cgroup_host *host;  // borrowed
};

// Checks resources as far as this can be done before anything is made: ranges, contradictions, and that the host has the
// controllers (on this host at all). path: as from cgroup_place.
int cgroup_check(const struct cgroup_host *host, const struct spec_resources *resources,
		 struct error *err) must_check;

// Makes the directory and its parents, enables the controllers along the way that resources need (and all available ones
// when permitted). A cgroup that exists and has processes, or is frozen, is refused.
int cgroup_create(const struct cgroup_host *host, const char *path,
		  const struct spec_resources *resources, struct cgroup *cgroup,
		  const struct log *log, struct error *err) must_check;

// Whether cgroup_create will be denied path, as far as this can be known before: EACCES, EPERM, EROFS, explained like its own, or 0.
int cgroup_foresee_denial(const struct cgroup_host *host, const char *path,
			  const struct spec_resources *resources, struct error *err) must_check;

// What cgroup_create would make of path, to be noted before it does: the part of it up to the first component that is missing, or
// that an earlier create made. malloc'ed into *made_from.
int cgroup_foresee_made(const struct cgroup_host *host, const char *path, char **made_from,
			struct error *err) must_check;

// Opens an existing one, for later commands. ENOENT in err->code when it is gone.
int cgroup_open(const struct cgroup_host *host, const char *path, struct cgroup *cgroup,
		struct error *err) must_check;

// Writes every limit, in the order of settings.c (unified last). Errors name the config.json path, the file, the value and the cause.
int cgroup_set_resources(struct cgroup *cgroup, const struct spec_resources *resources,
			 const struct log *log, struct error *err) must_check;

// What must succeed, too, once the limits are written; when it fails, they are put back.
struct cgroup_sequel {
	int (*run)(void *data, struct error *err);
	void *data;
};
int cgroup_set_resources_then(struct cgroup *cgroup, const struct spec_resources *resources,
			      const struct cgroup_sequel *sequel, const struct log *log,
			      struct error *err) must_check;

// Changes the limits that change mentions, all of them or none: when one cannot be had, those that were written get their
// old values back. Devices are never touched. stored: the limits so far, for what the cgroup itself cannot tell. sequel: or NULL.
int cgroup_update(struct cgroup *cgroup, const struct spec_resources *change,
		  const struct spec_resources *stored, const struct cgroup_sequel *sequel,
		  const struct log *log, struct error *err) must_check;

// Compiles device rules to an eBPF program and attaches it. Nothing is allowed but what the rules allow,
// extra[] (for linux.devices), and the devices that every container may use (device_rules.c), which are added last.
// in_user_namespace: no device can be made inside. EPERM is then tolerated, with a warning, where that does what the rules want
// (see cgroup_devices_need).
int cgroup_set_devices(struct cgroup *cgroup, const struct spec_resources *resources,
		       const struct spec_device *extra, size_t extra_count, bool in_user_namespace,
		       const struct log *log, struct error *err) must_check;
// What is lost where the rules cannot be put in force.
enum cgroup_devices_need {
	cgroup_devices_need_none,  // nothing: they allow everything, or there are none
	cgroup_devices_need_no_mknod,  // nothing but for nodes that are mounted, if no others can be made inside
	cgroup_devices_need_cgroup,  // a denial that only a cgroup can bring about: of one device, or of a part of the access
};
enum cgroup_devices_need cgroup_devices_need(const struct spec_resources *resources);
// Whether the kernel takes a device program from the caller. It is loaded and forgotten; for --dry-run.
bool cgroup_devices_loadable(const struct spec_resources *resources);

// Gives the directory and the files named by /sys/kernel/cgroup/delegate to uid:gid (host ids).
int cgroup_delegate(struct cgroup *cgroup, uid_t uid, gid_t gid, struct error *err) must_check;

// Makes the cgroup name (a path without "..") below path, which exists, and opens it. Its files are the maker's.
int cgroup_make_below(const struct cgroup_host *host, const char *path, const char *name,
		      struct cgroup *below, struct error *err) must_check;
// Has the cgroups above one of cgroup_make_below hand it every controller that they can, at least those of resources. No process may be
// in them any more.
int cgroup_hand_down(const struct cgroup *below, const struct spec_resources *resources,
		     struct error *err) must_check;

// The limits in words, for --dry-run.
void cgroup_describe(const struct spec_resources *resources, const char *prefix, struct text *text);
void cgroup_describe_devices(const struct spec_resources *resources, const char *prefix,
			     struct text *text);

int cgroup_add_process(struct cgroup *cgroup, pid_t pid, struct error *err) must_check;
// Every process in it and below. *pids malloc'ed.
int cgroup_processes(struct cgroup *cgroup, pid_t **pids, size_t *count,
		     struct error *err) must_check;
// cgroup.kill where the kernel has it, else freeze, signal each, thaw.
int cgroup_kill(struct cgroup *cgroup, struct error *err) must_check;
// Sends signal to every process in it and below. Returns how many, or -1.
int cgroup_signal(struct cgroup *cgroup, int signal, struct error *err) must_check;
// Freezes or thaws and waits for it, at most timeout_ms. ESRCH: no process is left in it, or it is gone.
int cgroup_freeze(struct cgroup *cgroup, bool freeze, int timeout_ms, struct error *err) must_check;
// Whether it is frozen, by its own wish (cgroup.freeze). Gone: false.
bool cgroup_is_frozen(const struct cgroup *cgroup);
// Whether its processes run only when nobody else wants to (cpu.idle): it has no weight then. No such file: false.
bool cgroup_is_idle(const struct cgroup *cgroup);

// Thaws, kills what is left, waits, and removes the directory bottom-up; parents that cgroup_create made are removed when
// they are empty (made_from: as stored; NULL removes only the directory). Bounded by timeout_ms; when something stays, -1 and
// an error that names the pids. A cgroup that is gone is success.
int cgroup_destroy(struct cgroup *cgroup, const char *made_from, int timeout_ms,
		   struct error *err) must_check;
// Whether a create made this directory, as a parent.
bool cgroup_is_made_by_us(const struct cgroup_host *host, const char *path) must_check;
// The parents of leaf (which is gone) up to made_from, and such that a create made, as long as they are empty.
int cgroup_remove_parents(const struct cgroup_host *host, const char *leaf, const char *made_from,
			  struct error *err) must_check;

void cgroup_close(struct cgroup *cgroup);

#endif
