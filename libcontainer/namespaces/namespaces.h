// SPDX-License-Identifier: Apache-2.0
// The eight namespaces: which are made, which are joined, by whom, and what is written into them.
//
// One clone3 makes every new namespace and puts the child into its cgroup. Only when the user namespace is joined, or a new
// one must be combined with joined ones or with time offsets, an intermediate process (the stage) is needed, because
// what belongs to a user namespace can only be made from inside it. The plan says which.
#ifndef HUSK_NAMESPACES_NAMESPACES_H
#define HUSK_NAMESPACES_NAMESPACES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"
#include "libcontainer/base/text.h"
#include "spec/spec.h"

struct namespace_plan {
	const struct spec *spec;  // borrowed
	bool listed[spec_namespace_type_count];
	uint64_t create;                      // KERNEL_CLONE_NEW* of the new ones
	int join[spec_namespace_type_count];  // owned descriptors, -1: not joined
	bool joins;                           // any but pid
	bool staged;                          // by way of a process of its own: init/stage.c
	bool time_offsets;
	bool network_beside;  // the new network namespace is made by the caller while init works, and joined by init
	bool user_added;  // the configuration has none, but a plain user cannot do without
	struct spec_id_mappings uid_mappings,
		gid_mappings;  // effective ones; empty without a new user namespace
	struct spec_id_mapping own_uid, own_gid;  // what user_added maps
};

// ---- plan.c ----

// Pure: decides from the specification and from who calls. rootless: the caller is not the host's root.
int namespaces_plan(const struct spec *spec, bool rootless, struct namespace_plan *plan,
		    struct error *err) must_check;
// Opens what is joined, and checks that each file is a namespace of the named type.
int namespaces_open(struct namespace_plan *plan, struct error *err) must_check;
// What clone3 is asked for: the new namespaces without those that have to be made another way (cgroup; time with offsets; user, with a stage;
// network, when it is made beside).
uint64_t namespaces_clone_flags(const struct namespace_plan *plan);
bool namespaces_is_new(const struct namespace_plan *plan, enum spec_namespace_type type);
bool namespaces_has(const struct namespace_plan *plan, enum spec_namespace_type type);
void namespaces_describe(const struct namespace_plan *plan, const char *prefix, struct text *text);
void namespaces_done(struct namespace_plan *plan);
// True unless the caller is root of the initial user namespace.
bool namespaces_caller_is_rootless(void);
uint64_t namespaces_clone_flag(enum spec_namespace_type type);

// ---- join.c: these act on the calling process ----

// Joins all but user and pid. tolerate_denied: what the kernel refuses (EPERM) is left for a later pass; *left tells.
int namespaces_join(struct namespace_plan *plan, bool tolerate_denied, bool *left,
		    struct error *err) must_check;
// Children of the caller live in the joined pid namespace from here on.
int namespaces_join_pid(struct namespace_plan *plan, struct error *err) must_check;
int namespaces_join_user(const struct namespace_plan *plan, struct error *err) must_check;
// Makes children of the caller live in the joined pid namespace / a new time namespace with offsets.
// *restore: descriptors of the caller's own, to go back to with namespaces_restore. NULL: it does not go back; in a mount namespace
// that was joined /proc may show no such process as the caller.
struct namespace_restore {
	int pid, time;  // owned, -1
};
int namespaces_for_children(struct namespace_plan *plan, struct namespace_restore *restore,
			    struct error *err) must_check;
int namespaces_restore(struct namespace_restore *restore, struct error *err) must_check;
// A cgroup namespace shows as its root the cgroup its maker is in: made by init itself, in its final cgroup.
int namespaces_make_cgroup(struct error *err) must_check;
// Joins the network namespace that the caller of husk made for it (network_beside).
int namespaces_enter_network(int netns, struct error *err) must_check;
// Whether setgroups is allowed in the user namespace that the process is in.
bool namespaces_may_set_groups(void);
// uid 0 and gid 0 of the user namespace the process is in now. proc_fd: the host's /proc. may_set_groups: setgroups is allowed there.
int namespaces_become_root(int proc_fd, bool *may_set_groups, struct error *err) must_check;

// ---- id_map.c ----

// Writes uid_map, gid_map and, when needed, setgroups of the process pid: directly, or with newuidmap and newgidmap.
int id_map_write(const struct namespace_plan *plan, pid_t pid, bool rootless,
		 struct error *err) must_check;
// Refuses mappings of the configuration that are not those of the user namespace that is joined and that pid is in by now.
// In the namespaces of the caller of husk; the namespaces are still open.
int id_map_check_joined(const struct namespace_plan *plan, pid_t pid, struct error *err) must_check;
// Whether lines, as in uid_map, map what the mappings do, in whatever pieces and order.
bool id_map_is_same(const struct spec_id_mappings *mappings, const char *lines);
// The host id that container id 0 (or id) stands for; -1 when it is not mapped. Without a user namespace: id itself.
int64_t id_map_to_host(const struct spec_id_mappings *mappings, uint32_t id);

// ---- settings.c: what is written into new namespaces, by a process inside them ----

// Whether the namespace of that type (user, network, ipc or uts) is joined and is the calling process's own.
int namespaces_joins_own(const struct namespace_plan *plan, enum spec_namespace_type type,
			 bool *own, struct error *err) must_check;
// Refuses host name, domain name and sysctls for a namespace that is joined and is the caller's own: they would change the host.
// After namespaces_open, by a process that has joined nothing yet.
int namespaces_check_settings(const struct namespace_plan *plan, struct error *err) must_check;
int namespaces_set_names(const struct spec *spec, struct error *err) must_check;
// linux.sysctl; proc_fd: a verified procfs root. Before the first mount of the container is made.
int namespaces_set_sysctls(const struct spec *spec, int proc_fd, struct error *err) must_check;
// The host's /proc, O_PATH, proven to be the root of a procfs.
int namespaces_open_proc(int *proc_fd, struct error *err) must_check;

#endif
