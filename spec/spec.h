// SPDX-License-Identifier: Apache-2.0
// The OCI runtime configuration (runtime-spec 1.3.0, Linux) as one struct, and how to get it.
//
// text -> tree -> const struct spec. The struct is complete and typed: enumerations are enums, 64-bit
// numbers are exact, absent and null are the same and told apart from zero where the specification
// does. After spec_parse nothing writes to it. Strings borrow from memory that spec_free releases.
//
// This folder knows JSON and the rules of the specification; it knows nothing of the kernel. It
// includes nothing from libcontainer/.
#ifndef HUSK_SPEC_SPEC_H
#define HUSK_SPEC_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPEC_VERSION "1.3.0"
#define SPEC_VERSION_MIN "1.0.0"
// A larger configuration is refused before it is read.
#define SPEC_MAX_BYTES ((size_t)16 * 1024 * 1024)
#define SPEC_MAX_DEPTH 128

// Where in the document, and what is wrong there: path "linux.namespaces[2].type", reason
// "unknown value 'pidd'". path is "" for the document as a whole.
struct spec_error {
	char path[256];
	char reason[512];
};

// items[count] is NULL, so that a list can go to execve as it is. Of a list that is not in the document
// items itself is NULL.
struct spec_strings {
	const char *const *items;
	size_t count;
};

struct spec_optional_i64 {
	bool set;
	int64_t value;
};

struct spec_optional_u64 {
	bool set;
	uint64_t value;
};

struct spec_optional_bool {
	bool set;
	bool value;
};

// ---- process ------------------------------------------------------------------------------------

struct spec_user {
	uint32_t uid, gid;
	struct spec_optional_u64 umask;  // 0..0777
	const uint32_t *additional_gids;
	size_t additional_gids_count;
};

struct spec_capabilities {
	bool set;  // the object is there
	struct spec_strings bounding, effective, inheritable, permitted, ambient;
};

struct spec_rlimit {
	int resource;  // RLIMIT_* of <sys/resource.h>
	const char *type;
	uint64_t soft, hard;
};

struct spec_scheduler {
	bool set;
	int policy;  // SCHED_* of <linux/sched.h>
	struct spec_optional_i64 nice;
	struct spec_optional_i64 priority;
	uint64_t flags;                                      // SCHED_FLAG_* of <linux/sched.h>
	struct spec_optional_u64 runtime, deadline, period;  // ns
};

struct spec_io_priority {
	bool set;
	int class;     // IOPRIO_CLASS_* of <linux/ioprio.h>
	int priority;  // 0..7
};

struct spec_cpu_affinity {
	const char *initial, *final;  // cpu lists "0-3,7", or NULL; syntax is checked
};

struct spec_process {
	bool set;
	bool terminal;
	uint64_t console_height, console_width;  // 0 = not given
	const char *cwd;
	struct spec_strings env, args;
	struct spec_user user;
	struct spec_capabilities capabilities;
	const struct spec_rlimit *rlimits;
	size_t rlimits_count;
	bool no_new_privileges;
	const char *apparmor_profile, *selinux_label;  // or NULL
	struct spec_optional_i64 oom_score_adj;
	struct spec_scheduler scheduler;
	struct spec_io_priority io_priority;
	struct spec_cpu_affinity exec_cpu_affinity;
};

// ---- root, mounts, hooks ------------------------------------------------------------------------

struct spec_id_mapping {
	uint32_t container_id, host_id, size;
};

struct spec_id_mappings {
	const struct spec_id_mapping *items;
	size_t count;
};

struct spec_mount {
	const char *destination;
	const char *type, *source;  // or NULL
	struct spec_strings options;
	struct spec_id_mappings uid_mappings, gid_mappings;
};

struct spec_hook {
	const char *path;  // absolute
	struct spec_strings args, env;
	bool env_set;  // an absent env and an empty one differ for startContainer
	struct spec_optional_i64 timeout;  // seconds, > 0
};

enum spec_hook_kind {
	spec_hook_kind_prestart,
	spec_hook_kind_create_runtime,
	spec_hook_kind_create_container,
	spec_hook_kind_start_container,
	spec_hook_kind_poststart,
	spec_hook_kind_poststop,
	spec_hook_kind_count,
};

struct spec_hook_list {
	const struct spec_hook *items;
	size_t count;
};

// ---- linux --------------------------------------------------------------------------------------

enum spec_namespace_type {
	spec_namespace_type_user,
	spec_namespace_type_pid,
	spec_namespace_type_network,
	spec_namespace_type_mount,
	spec_namespace_type_ipc,
	spec_namespace_type_uts,
	spec_namespace_type_cgroup,
	spec_namespace_type_time,
	spec_namespace_type_count,
};

struct spec_namespace {
	bool listed;       // false: the caller's namespace is kept
	const char *path;  // join this one; NULL: a new one
};

struct spec_device {
	const char *path;
	char type;  // 'c' (also for u), 'b', 'p'
	int64_t major, minor;
	struct spec_optional_u64 file_mode;  // permission bits only
	struct spec_optional_u64 uid, gid;
};

struct spec_time_offset {
	bool set;
	int64_t secs;
	uint32_t nanosecs;
};

struct spec_net_device {
	const char *host_name;
	const char *name;  // in the container; NULL: as on the host
};

struct spec_string_pair {
	const char *key, *value;
};

struct spec_string_map {
	const struct spec_string_pair *items;
	size_t count;
};

// linux.resources.devices[]: type 'a' = all; major/minor unset or -1 = any.
struct spec_device_rule {
	bool allow;
	char type;  // 'a' 'c' 'b'
	struct spec_optional_i64 major, minor;
	const char *access;  // of "rwm", or NULL = all three
};

struct spec_memory {
	struct spec_optional_i64 limit, reservation, swap, kernel, kernel_tcp;  // bytes
	struct spec_optional_u64 swappiness;
	struct spec_optional_bool disable_oom_killer, use_hierarchy, check_before_update;
};

struct spec_cpu {
	struct spec_optional_u64 shares, period, burst, realtime_period;  // us
	struct spec_optional_i64 quota, realtime_runtime, idle;
	const char *cpus, *mems;  // or NULL
};

struct spec_device_weight {
	int64_t major, minor;
	struct spec_optional_u64 weight, leaf_weight;
};

struct spec_device_rate {
	int64_t major, minor;
	uint64_t rate;  // bytes or operations a second
};

struct spec_device_rates {
	const struct spec_device_rate *items;
	size_t count;
};

struct spec_block_io {
	struct spec_optional_u64 weight, leaf_weight;
	const struct spec_device_weight *weight_devices;
	size_t weight_devices_count;
	struct spec_device_rates read_bps, write_bps, read_iops, write_iops;
};

struct spec_hugepage_limit {
	const char *page_size;  // "2MB", syntax checked
	uint64_t limit;
};

struct spec_rdma_limit {
	const char *device;
	struct spec_optional_u64 hca_handles, hca_objects;
};

struct spec_network_priority {
	const char *name;
	uint32_t priority;
};

struct spec_resources {
	bool set;
	bool devices_set;
	const struct spec_device_rule *devices;
	size_t devices_count;
	struct spec_memory memory;
	struct spec_cpu cpu;
	struct spec_optional_i64 pids_limit;
	struct spec_block_io block_io;
	const struct spec_hugepage_limit *hugepages;
	size_t hugepages_count;
	const struct spec_rdma_limit *rdma;
	size_t rdma_count;
	struct spec_optional_u64 network_class_id;
	const struct spec_network_priority *network_priorities;
	size_t network_priorities_count;
	struct spec_string_map unified;  // file name -> value
};

enum spec_seccomp_action {
	spec_seccomp_action_kill_thread,  // also SCMP_ACT_KILL
	spec_seccomp_action_kill_process,
	spec_seccomp_action_trap,
	spec_seccomp_action_errno,
	spec_seccomp_action_trace,
	spec_seccomp_action_allow,
	spec_seccomp_action_log,
	spec_seccomp_action_notify,
};

enum spec_seccomp_operator {
	spec_seccomp_operator_ne,
	spec_seccomp_operator_lt,
	spec_seccomp_operator_le,
	spec_seccomp_operator_eq,
	spec_seccomp_operator_ge,
	spec_seccomp_operator_gt,
	spec_seccomp_operator_masked_eq,  // (argument & value) == value_two
};

struct spec_seccomp_argument {
	uint32_t index;  // 0..5
	uint64_t value, value_two;
	enum spec_seccomp_operator operator;
};

struct spec_seccomp_rule {
	struct spec_strings names;
	enum spec_seccomp_action action;
	struct spec_optional_u64 errno_ret;
	const struct spec_seccomp_argument *args;
	size_t args_count;
};

struct spec_seccomp {
	bool set;
	enum spec_seccomp_action default_action;
	struct spec_optional_u64 default_errno_ret;
	struct spec_strings architectures;  // "SCMP_ARCH_X86_64"; names of the specification only
	bool flags_set;
	struct spec_strings flags;  // "SECCOMP_FILTER_FLAG_LOG"; names of the specification only
	const char *listener_path, *listener_metadata;  // or NULL
	bool unknown_names_fail;  // a system call that nobody knows is an error (by an annotation)
	const struct spec_seccomp_rule *rules;
	size_t rules_count;
};

enum spec_propagation {
	spec_propagation_unset,
	spec_propagation_private,
	spec_propagation_rprivate,
	spec_propagation_shared,
	spec_propagation_rshared,
	spec_propagation_slave,
	spec_propagation_rslave,
	spec_propagation_unbindable,
	spec_propagation_runbindable,
};

struct spec_intel_rdt {
	bool set;
	const char *clos_id, *l3_cache_schema, *mem_bw_schema;  // or NULL
	struct spec_strings schemata;
	bool enable_monitoring;
};

struct spec_memory_policy {
	bool set;
	int mode;           // MPOL_* of <linux/mempolicy.h>
	const char *nodes;  // list "0-3,7", or NULL; syntax is checked
	unsigned flags;     // MPOL_F_* mode flags
};

enum spec_personality { spec_personality_unset, spec_personality_linux, spec_personality_linux32 };

struct spec_linux {
	struct spec_namespace namespaces[spec_namespace_type_count];
	struct spec_id_mappings uid_mappings, gid_mappings;
	struct spec_time_offset monotonic, boottime;
	const struct spec_device *devices;
	size_t devices_count;
	const struct spec_net_device *net_devices;
	size_t net_devices_count;
	const char *cgroups_path;  // or NULL
	struct spec_resources resources;
	enum spec_propagation rootfs_propagation;
	struct spec_seccomp seccomp;
	struct spec_string_map sysctl;
	struct spec_strings masked_paths, readonly_paths;
	const char *mount_label;  // or NULL
	struct spec_intel_rdt intel_rdt;
	struct spec_memory_policy memory_policy;
	enum spec_personality personality;
};

struct spec {
	const char *oci_version;
	const char *root_path;  // as written: absolute or relative to the bundle
	bool root_readonly;
	const char *hostname, *domainname;  // or NULL
	struct spec_process process;        // .set false: create works, start does not
	const struct spec_mount *mounts;
	size_t mounts_count;
	struct spec_hook_list hooks[spec_hook_kind_count];
	struct spec_string_map annotations;
	struct spec_linux linux_;         // "linux" alone is a macro of old compilers
	struct spec_memory_owner *owner;  // private to spec/
};

// Parses and validates a config.json of length bytes (no NUL needed behind). On success *spec is
// owned by the caller (spec_free); on failure error says where and why, and -1 is returned.
int spec_parse(const char *text, size_t length, const struct spec **spec, struct spec_error *error)
	__attribute__((warn_unused_result));

// The rules between fields alone (spec_parse calls it): namespaces and mappings, time offsets,
// hostname without a UTS namespace, sysctls and their namespaces, seccomp, memory and swap ...
int spec_validate(const struct spec *spec, struct spec_error *error)
	__attribute__((warn_unused_result));

// A process object alone, as `exec --process FILE` gives it. Only spec->process is filled.
int spec_parse_process(const char *text, size_t length, const struct spec **spec,
		       struct spec_error *error) __attribute__((warn_unused_result));

// A LinuxResources object alone, as `update --resources` gives it. Only
// spec->linux_.resources is filled.
int spec_parse_resources(const char *text, size_t length, const struct spec **spec,
			 struct spec_error *error) __attribute__((warn_unused_result));

// Mounts alone, as `mounts add` gets them: a list as that of the configuration, or an object with such a list as its
// "mounts". Only spec->mounts is filled.
int spec_parse_mounts(const char *text, size_t length, const struct spec **spec,
		      struct spec_error *error) __attribute__((warn_unused_result));

void spec_free(const struct spec *spec);

// The value of an annotation, or NULL.
const char *spec_annotation(const struct spec *spec, const char *key);

// Whether an annotation that is a switch is on: it is there, with any value but "0".
bool spec_annotation_is_on(const struct spec *spec, const char *key);

// Whether the mappings are 0:0:1 alone, which engines give beside the path of a user namespace because something has to be there:
// it says nothing of that namespace.
bool spec_id_mappings_is_placeholder(const struct spec_id_mappings *mappings);

// The namespace that the kernel parameter of this name, however it is spelt, belongs to. false: the host.
bool spec_sysctl_namespace(const char *name, enum spec_namespace_type *type);

// The word of the configuration for an enum value: "network", "createRuntime".
const char *spec_namespace_name(enum spec_namespace_type type);
const char *spec_hook_kind_name(enum spec_hook_kind kind);

// Every word that the parser knows for a list of the specification, NULL-terminated; for
// `features` and for completion. Borrowed, static.
const char *const *spec_words_namespaces(void);
const char *const *spec_words_hooks(void);
const char *const *spec_words_seccomp_actions(void);
const char *const *spec_words_seccomp_operators(void);
const char *const *spec_words_seccomp_architectures(void);
const char *const *spec_words_seccomp_flags(void);
const char *const *spec_words_memory_policy_modes(void);
const char *const *spec_words_memory_policy_flags(void);

// The default configuration of `husk spec`, as JSON text (NUL-terminated, malloc'ed, owned by the
// caller; NULL when memory ran out). rootless: no network namespace, a user namespace that maps
// uid and gid to 0, /sys bound from the host, no resources. It passes spec_parse.
char *spec_default_text(bool rootless, uint32_t uid, uint32_t gid);

#endif
