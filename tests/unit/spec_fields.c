// SPDX-License-Identifier: Apache-2.0
// Every field of the configuration: a good value lands in the struct, exactly.
#include "tests/unit/spec_case.h"

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <sys/resource.h>

#define ALL_NAMESPACES                                                                             \
	"\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"mount\"},"          \
	"{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"user\"},{\"type\":\"cgroup\"},"         \
	"{\"type\":\"time\"}],"                                                                    \
	"\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":1}],"                        \
	"\"gidMappings\":[{\"containerID\":0,\"hostID\":1001,\"size\":65536},"                     \
	"{\"containerID\":65536,\"hostID\":4294901759,\"size\":1}]"

START_TEST(minimal)
{
	const struct spec *spec = case_accept(AT_TOP, "\"x\":1");
	ck_assert_str_eq(spec->oci_version, "1.3.0");
	ck_assert_str_eq(spec->root_path, "rootfs");
	ck_assert(!spec->root_readonly);
	ck_assert(!spec->process.set);
	ck_assert_ptr_null(spec->hostname);
	ck_assert_ptr_null(spec->domainname);
	ck_assert_uint_eq(spec->mounts_count, 0);
	ck_assert(!spec->linux_.seccomp.set && !spec->linux_.resources.set);
	spec_free(spec);
	spec_free(NULL);
}
END_TEST

START_TEST(versions)
{
	static const char *const good[] = {"1.0.0",         "1.0.2-dev",       "1.1.0-rc.3",
	                                   "1.3.0+build.7", "1.2.0-a-b.1+001", "1.99.0"};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char members[64];
		(void)snprintf(members, sizeof(members), "\"ociVersion\":\"%s\"", good[i]);
		const struct spec *spec = case_accept(AT_TOP, members);
		ck_assert_str_eq(spec->oci_version, good[i]);
		spec_free(spec);
	}
}
END_TEST

START_TEST(top)
{
	const struct spec *spec =
		case_accept(AT_TOP, "\"root\":{\"path\":\"/x y,z\",\"readonly\":true},"
	                            "\"hostname\":\"h\",\"domainname\":\"d\","
	                            "\"annotations\":{\"a.b\":\"1\",\"c\":\"\"},"
	                            "\"linux\":{\"namespaces\":[{\"type\":\"uts\"}]}");
	ck_assert_str_eq(spec->root_path, "/x y,z");
	ck_assert(spec->root_readonly);
	ck_assert_str_eq(spec->hostname, "h");
	ck_assert_str_eq(spec->domainname, "d");
	ck_assert_uint_eq(spec->annotations.count, 2);
	ck_assert_str_eq(spec_annotation(spec, "a.b"), "1");
	ck_assert_str_eq(spec_annotation(spec, "c"), "");
	ck_assert_ptr_null(spec_annotation(spec, "d"));
	spec_free(spec);
}
END_TEST

START_TEST(mounts)
{
	const struct spec *spec = case_accept(
		AT_TOP, "\"mounts\":[{\"destination\":\"relative\"},"
			"{\"destination\":\"/m\",\"type\":\"bind\",\"source\":\"/s\","
			"\"options\":[\"ridmap\",\"ro\"],"
			"\"uidMappings\":[{\"containerID\":1,\"hostID\":2,\"size\":3}],"
			"\"gidMappings\":[{\"containerID\":4,\"hostID\":5,\"size\":6}]},"
			"{\"destination\":\"/m\",\"type\":\"\",\"source\":\"\",\"options\":[]}]");
	ck_assert_uint_eq(spec->mounts_count, 3);
	ck_assert_str_eq(spec->mounts[0].destination, "relative");
	ck_assert_ptr_null(spec->mounts[0].type);
	const struct spec_mount *mount = &spec->mounts[1];
	ck_assert_str_eq(mount->destination, "/m");
	ck_assert_str_eq(mount->type, "bind");
	ck_assert_str_eq(mount->source, "/s");
	case_strings(&mount->options, 2, "ridmap", "ro");
	ck_assert_uint_eq(mount->uid_mappings.count, 1);
	ck_assert_uint_eq(mount->uid_mappings.items[0].container_id, 1);
	ck_assert_uint_eq(mount->uid_mappings.items[0].host_id, 2);
	ck_assert_uint_eq(mount->uid_mappings.items[0].size, 3);
	ck_assert_uint_eq(mount->gid_mappings.items[0].size, 6);
	ck_assert_ptr_null(spec->mounts[2].type);
	ck_assert_ptr_null(spec->mounts[2].source);
	spec_free(spec);
}
END_TEST

START_TEST(hooks)
{
	for (int kind = 0; kind < spec_hook_kind_count; kind++) {
		char members[256];
		(void)snprintf(members, sizeof(members),
		               "\"hooks\":{\"%s\":[{\"path\":\"/h\"},{\"path\":\"/i\","
		               "\"args\":[\"i\",\"x\"],\"env\":[\"A=1\"],\"timeout\":7},"
		               "{\"path\":\"/j\",\"env\":[]}]}",
		               spec_hook_kind_name((enum spec_hook_kind)kind));
		const struct spec *spec = case_accept(AT_TOP, members);
		for (int other = 0; other < spec_hook_kind_count; other++)
			ck_assert_uint_eq(spec->hooks[other].count, other == kind ? 3 : 0);
		const struct spec_hook *hook = spec->hooks[kind].items;
		ck_assert_str_eq(hook[0].path, "/h");
		ck_assert(!hook[0].env_set && !hook[0].timeout.set);
		ck_assert_uint_eq(hook[0].args.count, 0);
		case_strings(&hook[1].args, 2, "i", "x");
		case_strings(&hook[1].env, 1, "A=1", "A=1");
		ck_assert(hook[1].env_set && hook[1].timeout.set);
		ck_assert_int_eq(hook[1].timeout.value, 7);
		ck_assert(hook[2].env_set);
		ck_assert_uint_eq(hook[2].env.count, 0);
		spec_free(spec);
	}
}
END_TEST

START_TEST(process)
{
	const struct spec *spec = case_accept(
		AT_PROCESS,
		"\"terminal\":true,\"consoleSize\":{\"height\":25,\"width\":80},"
		"\"cwd\":\"/w\",\"env\":[\"A=1\",\"A=2\",\"A==\",\"B=\"],"
		"\"args\":[\"\",\"b\\u00e9\\n\"],\"noNewPrivileges\":true,"
		"\"apparmorProfile\":\"p\",\"selinuxLabel\":\"l\",\"oomScoreAdj\":-1000,"
		"\"user\":{\"uid\":1,\"gid\":4294967294,\"umask\":18,\"username\":\"ignored\","
		"\"additionalGids\":[5,6,7]}");
	const struct spec_process *p = &spec->process;
	ck_assert(p->set && p->terminal && p->no_new_privileges);
	ck_assert_uint_eq(p->console_height, 25);
	ck_assert_uint_eq(p->console_width, 80);
	ck_assert_str_eq(p->cwd, "/w");
	case_strings(&p->env, 4, "A=1", "B=");
	ck_assert_str_eq(p->env.items[2], "A==");
	case_strings(&p->args, 2, "", "b\xc3\xa9\n");
	ck_assert_str_eq(p->apparmor_profile, "p");
	ck_assert_str_eq(p->selinux_label, "l");
	ck_assert(p->oom_score_adj.set && p->oom_score_adj.value == -1000);
	ck_assert_uint_eq(p->user.uid, 1);
	ck_assert_uint_eq(p->user.gid, 4294967294u);
	ck_assert(p->user.umask.set && p->user.umask.value == 022);
	ck_assert_uint_eq(p->user.additional_gids_count, 3);
	ck_assert_uint_eq(p->user.additional_gids[2], 7);
	spec_free(spec);
}
END_TEST

START_TEST(process_defaults)
{
	const struct spec *spec = case_accept(
		AT_PROCESS, "\"apparmorProfile\":\"\",\"selinuxLabel\":\"\",\"user\":null,"
			    "\"env\":null,\"execCPUAffinity\":{\"initial\":\"\"}");
	const struct spec_process *p = &spec->process;
	ck_assert(!p->terminal && !p->no_new_privileges);
	ck_assert(!p->user.umask.set && !p->oom_score_adj.set);
	ck_assert(!p->capabilities.set && !p->scheduler.set && !p->io_priority.set);
	ck_assert_ptr_null(p->apparmor_profile);
	ck_assert_ptr_null(p->selinux_label);
	ck_assert_ptr_null(p->exec_cpu_affinity.initial);
	ck_assert_uint_eq(p->user.uid + p->user.gid, 0);
	spec_free(spec);
}
END_TEST

START_TEST(capabilities)
{
	const struct spec *spec = case_accept(
		AT_PROCESS, "\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_OF_NEXT_YEAR\"],"
			    "\"effective\":[\"E\"],\"inheritable\":[\"I\"],\"permitted\":[\"P\"],"
			    "\"ambient\":[\"A\"]}");
	const struct spec_capabilities *caps = &spec->process.capabilities;
	ck_assert(caps->set);
	case_strings(&caps->bounding, 2, "CAP_KILL", "CAP_OF_NEXT_YEAR");
	case_strings(&caps->effective, 1, "E", "E");
	case_strings(&caps->inheritable, 1, "I", "I");
	case_strings(&caps->permitted, 1, "P", "P");
	case_strings(&caps->ambient, 1, "A", "A");
	spec_free(spec);
	spec = case_accept(AT_PROCESS, "\"capabilities\":{}");
	ck_assert(spec->process.capabilities.set);
	spec_free(spec);
}
END_TEST

static const struct {
	const char *word;
	int value;
} rlimit_words[] = {
	{"RLIMIT_CPU", RLIMIT_CPU},           {"RLIMIT_FSIZE", RLIMIT_FSIZE},
	{"RLIMIT_DATA", RLIMIT_DATA},         {"RLIMIT_STACK", RLIMIT_STACK},
	{"RLIMIT_CORE", RLIMIT_CORE},         {"RLIMIT_RSS", RLIMIT_RSS},
	{"RLIMIT_NPROC", RLIMIT_NPROC},       {"RLIMIT_NOFILE", RLIMIT_NOFILE},
	{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},   {"RLIMIT_AS", RLIMIT_AS},
	{"RLIMIT_LOCKS", RLIMIT_LOCKS},       {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
	{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE}, {"RLIMIT_NICE", RLIMIT_NICE},
	{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},     {"RLIMIT_RTTIME", RLIMIT_RTTIME},
};

START_TEST(rlimits)
{
	for (size_t i = 0; i < sizeof(rlimit_words) / sizeof(rlimit_words[0]); i++) {
		char members[160];
		(void)snprintf(members, sizeof(members),
		               "\"rlimits\":[{\"type\":\"%s\",\"soft\":9007199254740993,"
		               "\"hard\":18446744073709551615}]",
		               rlimit_words[i].word);
		const struct spec *spec = case_accept(AT_PROCESS, members);
		ck_assert_uint_eq(spec->process.rlimits_count, 1);
		ck_assert_int_eq(spec->process.rlimits[0].resource, rlimit_words[i].value);
		ck_assert_str_eq(spec->process.rlimits[0].type, rlimit_words[i].word);
		ck_assert_uint_eq(spec->process.rlimits[0].soft, 9007199254740993u);
		ck_assert_uint_eq(spec->process.rlimits[0].hard, UINT64_MAX);
		spec_free(spec);
	}
}
END_TEST

START_TEST(scheduler)
{
	const struct spec *spec = case_accept(
		AT_PROCESS, "\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":1,"
			    "\"deadline\":2,\"period\":18446744073709551615,\"flags\":["
			    "\"SCHED_FLAG_RESET_ON_FORK\",\"SCHED_FLAG_UTIL_CLAMP_MAX\"]}");
	const struct spec_scheduler *s = &spec->process.scheduler;
	ck_assert(s->set);
	ck_assert_int_eq(s->policy, SCHED_DEADLINE);
	ck_assert_uint_eq(s->flags, SCHED_FLAG_RESET_ON_FORK | SCHED_FLAG_UTIL_CLAMP_MAX);
	ck_assert(s->runtime.value == 1 && s->deadline.value == 2);
	ck_assert(s->period.set && s->period.value == UINT64_MAX);
	ck_assert(!s->nice.set && !s->priority.set);
	spec_free(spec);
	spec = case_accept(AT_PROCESS, "\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"nice\":-20}");
	ck_assert_int_eq(spec->process.scheduler.nice.value, -20);
	ck_assert_int_eq(spec->process.scheduler.policy, SCHED_BATCH);
	spec_free(spec);
	spec = case_accept(AT_PROCESS, "\"scheduler\":{\"policy\":\"SCHED_RR\",\"priority\":99,"
	                               "\"nice\":0,\"runtime\":0}");
	ck_assert_int_eq(spec->process.scheduler.priority.value, 99);
	spec_free(spec);
}
END_TEST

static const struct {
	const char *where, *format, *word;
	int value;
	size_t offset;
} int_words[] = {
#define POLICY(word_, value_)                                                                      \
	{                                                                                          \
		AT_PROCESS, "\"scheduler\":{\"policy\":\"%s\"}", word_, value_,                    \
			offsetof(struct spec, process.scheduler.policy)                            \
	}
	POLICY("SCHED_OTHER", SCHED_NORMAL),
	POLICY("SCHED_FIFO", SCHED_FIFO),
	POLICY("SCHED_RR", SCHED_RR),
	POLICY("SCHED_BATCH", SCHED_BATCH),
	POLICY("SCHED_ISO", 4),
	POLICY("SCHED_IDLE", SCHED_IDLE),
	POLICY("SCHED_DEADLINE", SCHED_DEADLINE),
#define IO_CLASS(word_, value_)                                                                    \
	{                                                                                          \
		AT_PROCESS, "\"ioPriority\":{\"class\":\"%s\",\"priority\":7}", word_, value_,     \
			offsetof(struct spec, process.io_priority.class)                           \
	}
	IO_CLASS("IOPRIO_CLASS_RT", IOPRIO_CLASS_RT),
	IO_CLASS("IOPRIO_CLASS_BE", IOPRIO_CLASS_BE),
	IO_CLASS("IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE),
#define PROPAGATION(word_, value_)                                                                 \
	{                                                                                          \
		AT_LINUX, "\"rootfsPropagation\":\"%s\"", word_, value_,                           \
			offsetof(struct spec, linux_.rootfs_propagation)                           \
	}
	PROPAGATION("", spec_propagation_unset),
	PROPAGATION("private", spec_propagation_private),
	PROPAGATION("rprivate", spec_propagation_rprivate),
	PROPAGATION("shared", spec_propagation_shared),
	PROPAGATION("rshared", spec_propagation_rshared),
	PROPAGATION("slave", spec_propagation_slave),
	PROPAGATION("rslave", spec_propagation_rslave),
	PROPAGATION("unbindable", spec_propagation_unbindable),
	PROPAGATION("runbindable", spec_propagation_runbindable),
#define PERSONALITY(word_, value_)                                                                 \
	{                                                                                          \
		AT_LINUX, "\"personality\":{\"domain\":\"%s\",\"flags\":[]}", word_, value_,       \
			offsetof(struct spec, linux_.personality)                                  \
	}
	PERSONALITY("LINUX", spec_personality_linux),
	PERSONALITY("LINUX32", spec_personality_linux32),
#define MODE(word_, rest_, value_)                                                                 \
	{                                                                                          \
		AT_LINUX, "\"memoryPolicy\":{\"mode\":\"%s\"" rest_ "}", word_, value_,            \
			offsetof(struct spec, linux_.memory_policy.mode)                           \
	}
	MODE("MPOL_DEFAULT", "", MPOL_DEFAULT),
	MODE("MPOL_LOCAL", "", MPOL_LOCAL),
	MODE("MPOL_PREFERRED", "", MPOL_PREFERRED),
	MODE("MPOL_BIND", ",\"nodes\":\"0\"", MPOL_BIND),
	MODE("MPOL_INTERLEAVE", ",\"nodes\":\"0-3,7\"", MPOL_INTERLEAVE),
	MODE("MPOL_PREFERRED_MANY", ",\"nodes\":\"0\"", MPOL_PREFERRED_MANY),
	MODE("MPOL_WEIGHTED_INTERLEAVE", ",\"nodes\":\"0\"", 6),
#define DEFAULT_ACTION(word_, value_)                                                              \
	{                                                                                          \
		AT_LINUX, "\"seccomp\":{\"defaultAction\":\"%s\"}", word_, value_,                 \
			offsetof(struct spec, linux_.seccomp.default_action)                       \
	}
	DEFAULT_ACTION("SCMP_ACT_KILL", spec_seccomp_action_kill_thread),
	DEFAULT_ACTION("SCMP_ACT_KILL_THREAD", spec_seccomp_action_kill_thread),
	DEFAULT_ACTION("SCMP_ACT_KILL_PROCESS", spec_seccomp_action_kill_process),
	DEFAULT_ACTION("SCMP_ACT_TRAP", spec_seccomp_action_trap),
	DEFAULT_ACTION("SCMP_ACT_ERRNO", spec_seccomp_action_errno),
	DEFAULT_ACTION("SCMP_ACT_TRACE", spec_seccomp_action_trace),
	DEFAULT_ACTION("SCMP_ACT_ALLOW", spec_seccomp_action_allow),
	DEFAULT_ACTION("SCMP_ACT_LOG", spec_seccomp_action_log),
};

START_TEST(enumerations)
{
	for (size_t i = 0; i < sizeof(int_words) / sizeof(int_words[0]); i++) {
		char *members = case_text(int_words[i].format, int_words[i].word);
		const struct spec *spec = case_accept(int_words[i].where, members);
		int value;
		memcpy(&value, (const char *)spec + int_words[i].offset, sizeof(value));
		ck_assert_msg(value == int_words[i].value, "%s: %d", members, value);
		spec_free(spec);
		free(members);
	}
}
END_TEST

START_TEST(priorities_and_affinity)
{
	const struct spec *spec = case_accept(
		AT_PROCESS, "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":0},"
			    "\"execCPUAffinity\":{\"initial\":\"0-3,7\",\"final\":\"5\"}");
	ck_assert(spec->process.io_priority.set);
	ck_assert_int_eq(spec->process.io_priority.priority, 0);
	ck_assert_str_eq(spec->process.exec_cpu_affinity.initial, "0-3,7");
	ck_assert_str_eq(spec->process.exec_cpu_affinity.final, "5");
	spec_free(spec);
}
END_TEST

START_TEST(namespaces)
{
	const struct spec *spec = case_accept(AT_LINUX, ALL_NAMESPACES);
	for (int i = 0; i < spec_namespace_type_count; i++) {
		ck_assert(spec->linux_.namespaces[i].listed);
		ck_assert_ptr_null(spec->linux_.namespaces[i].path);
	}
	ck_assert_uint_eq(spec->linux_.uid_mappings.count, 1);
	ck_assert_uint_eq(spec->linux_.gid_mappings.count, 2);
	ck_assert_uint_eq(spec->linux_.gid_mappings.items[0].host_id, 1001);
	ck_assert_uint_eq(spec->linux_.gid_mappings.items[1].container_id, 65536);
	spec_free(spec);
	for (int i = 0; i < spec_namespace_type_count; i++) {
		char members[128];
		(void)snprintf(members, sizeof(members),
		               "\"namespaces\":[{\"type\":\"%s\",\"path\":\"/proc/1/ns/x\"}]",
		               spec_namespace_name((enum spec_namespace_type)i));
		spec = case_accept(AT_LINUX, members);
		for (int other = 0; other < spec_namespace_type_count; other++)
			ck_assert(spec->linux_.namespaces[other].listed == (other == i));
		ck_assert_str_eq(spec->linux_.namespaces[i].path, "/proc/1/ns/x");
		spec_free(spec);
	}
	spec = case_accept(AT_LINUX, "\"namespaces\":[{\"type\":\"pid\",\"path\":\"\"}]");
	ck_assert_ptr_null(spec->linux_.namespaces[spec_namespace_type_pid].path);
	spec_free(spec);
}
END_TEST

START_TEST(time_offsets)
{
	const struct spec *spec = case_accept(
		AT_LINUX, "\"namespaces\":[{\"type\":\"time\"}],\"timeOffsets\":{"
			  "\"monotonic\":{\"secs\":-9223372036854775808,\"nanosecs\":999999999},"
			  "\"boottime\":{\"secs\":5}}");
	ck_assert(spec->linux_.monotonic.set && spec->linux_.boottime.set);
	ck_assert_int_eq(spec->linux_.monotonic.secs, INT64_MIN);
	ck_assert_uint_eq(spec->linux_.monotonic.nanosecs, 999999999);
	ck_assert_int_eq(spec->linux_.boottime.secs, 5);
	ck_assert_uint_eq(spec->linux_.boottime.nanosecs, 0);
	spec_free(spec);
}
END_TEST

START_TEST(devices)
{
	const struct spec *spec = case_accept(
		AT_LINUX,
		"\"devices\":[{\"type\":\"c\",\"path\":\"/dev/a\",\"major\":4095,\"minor\":1048575,"
		"\"fileMode\":438,\"uid\":1,\"gid\":2},"
		"{\"type\":\"u\",\"path\":\"/dev/b\",\"major\":1,\"minor\":3,\"fileMode\":8630},"
		"{\"type\":\"b\",\"path\":\"/dev/c\",\"major\":8,\"minor\":0},"
		"{\"type\":\"p\",\"path\":\"/dev/d\"}],"
		"\"namespaces\":[{\"type\":\"network\"}],"
		"\"netDevices\":{\"eth0\":{\"name\":\"in0\"},\"eth1\":{}}");
	const struct spec_device *device = spec->linux_.devices;
	ck_assert_uint_eq(spec->linux_.devices_count, 4);
	ck_assert_str_eq(device[0].path, "/dev/a");
	ck_assert_int_eq(device[0].type, 'c');
	ck_assert(device[0].major == 4095 && device[0].minor == 1048575);
	ck_assert(device[0].file_mode.set && device[0].file_mode.value == 0666);
	ck_assert(device[0].uid.value == 1 && device[0].gid.value == 2);
	ck_assert_int_eq(device[1].type, 'c');
	ck_assert_uint_eq(device[1].file_mode.value, 0666);
	ck_assert(!device[1].uid.set && !device[1].gid.set);
	ck_assert(device[2].type == 'b' && !device[2].file_mode.set);
	ck_assert(device[3].type == 'p' && device[3].major == 0 && device[3].minor == 0);
	ck_assert_uint_eq(spec->linux_.net_devices_count, 2);
	ck_assert_str_eq(spec->linux_.net_devices[0].host_name, "eth0");
	ck_assert_str_eq(spec->linux_.net_devices[0].name, "in0");
	ck_assert_str_eq(spec->linux_.net_devices[1].host_name, "eth1");
	ck_assert_ptr_null(spec->linux_.net_devices[1].name);
	spec_free(spec);
}
END_TEST

START_TEST(linux_strings)
{
	const struct spec *spec = case_accept(
		AT_LINUX,
		"\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"ipc\"},{\"type\":\"network\"}],"
		"\"cgroupsPath\":\"system.slice:husk:x\",\"mountLabel\":\"m\","
		"\"maskedPaths\":[\"/a\",\"/b\"],\"readonlyPaths\":[\"/c\"],"
		"\"sysctl\":{\"net.ipv4.conf.eth0/1.forwarding\":\"1\",\"kernel/msgmax\":\"2\"}");
	ck_assert_str_eq(spec->linux_.cgroups_path, "system.slice:husk:x");
	ck_assert_str_eq(spec->linux_.mount_label, "m");
	case_strings(&spec->linux_.masked_paths, 2, "/a", "/b");
	case_strings(&spec->linux_.readonly_paths, 1, "/c", "/c");
	ck_assert_uint_eq(spec->linux_.sysctl.count, 2);
	ck_assert_str_eq(spec->linux_.sysctl.items[0].key, "net.ipv4.conf.eth0/1.forwarding");
	ck_assert_str_eq(spec->linux_.sysctl.items[0].value, "1");
	ck_assert_str_eq(spec->linux_.sysctl.items[1].key, "kernel/msgmax");
	spec_free(spec);
	spec = case_accept(AT_LINUX, "\"cgroupsPath\":\"\",\"mountLabel\":\"\"");
	ck_assert_ptr_null(spec->linux_.cgroups_path);
	ck_assert_ptr_null(spec->linux_.mount_label);
	spec_free(spec);
}
END_TEST

START_TEST(intel_rdt_and_memory_policy)
{
	const struct spec *spec = case_accept(
		AT_LINUX, "\"intelRdt\":{\"closID\":\"guaranteed\",\"l3CacheSchema\":\"L3:0=f\","
			  "\"memBwSchema\":\"MB:0=70\",\"schemata\":[\"L2:0=1\",\"L2:1=1\"],"
			  "\"enableMonitoring\":true,\"enableCMT\":true},"
			  "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0-1\",\"flags\":["
			  "\"MPOL_F_NUMA_BALANCING\",\"MPOL_F_STATIC_NODES\"]}");
	const struct spec_intel_rdt *rdt = &spec->linux_.intel_rdt;
	ck_assert(rdt->set && rdt->enable_monitoring);
	ck_assert_str_eq(rdt->clos_id, "guaranteed");
	ck_assert_str_eq(rdt->l3_cache_schema, "L3:0=f");
	ck_assert_str_eq(rdt->mem_bw_schema, "MB:0=70");
	case_strings(&rdt->schemata, 2, "L2:0=1", "L2:1=1");
	ck_assert(spec->linux_.memory_policy.set);
	ck_assert_str_eq(spec->linux_.memory_policy.nodes, "0-1");
	ck_assert_uint_eq(spec->linux_.memory_policy.flags,
	                  MPOL_F_NUMA_BALANCING | MPOL_F_STATIC_NODES);
	spec_free(spec);
	spec = case_accept(AT_LINUX, "\"intelRdt\":{\"closID\":\"/\"},\"memoryPolicy\":{\"mode\":"
	                             "\"MPOL_PREFERRED\",\"flags\":[\"MPOL_F_RELATIVE_NODES\"]}");
	ck_assert_str_eq(spec->linux_.intel_rdt.clos_id, "/");
	ck_assert_uint_eq(spec->linux_.memory_policy.flags, MPOL_F_RELATIVE_NODES);
	spec_free(spec);
}
END_TEST

START_TEST(device_rules)
{
	const struct spec *spec = case_accept(
		AT_RESOURCES,
		"\"devices\":[{\"allow\":false,\"access\":\"rwm\"},"
		"{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":-1,\"access\":\"r\"},"
		"{\"allow\":true,\"type\":\"b\"},{\"allow\":true,\"type\":\"\"}]");
	const struct spec_resources *resources = &spec->linux_.resources;
	ck_assert(resources->set && resources->devices_set);
	ck_assert_uint_eq(resources->devices_count, 4);
	ck_assert(!resources->devices[0].allow && resources->devices[0].type == 'a');
	ck_assert(!resources->devices[0].major.set && !resources->devices[0].minor.set);
	ck_assert_str_eq(resources->devices[0].access, "rwm");
	ck_assert(resources->devices[1].allow && resources->devices[1].type == 'c');
	ck_assert(resources->devices[1].major.set && resources->devices[1].major.value == 10);
	ck_assert(resources->devices[1].minor.set && resources->devices[1].minor.value == -1);
	ck_assert_int_eq(resources->devices[2].type, 'b');
	ck_assert_ptr_null(resources->devices[2].access);
	ck_assert_int_eq(resources->devices[3].type, 'a');
	spec_free(spec);
	spec = case_accept(AT_RESOURCES, "\"devices\":[]");
	ck_assert(spec->linux_.resources.devices_set);
	spec_free(spec);
	spec = case_accept(AT_RESOURCES, "\"devices\":null");
	ck_assert(spec->linux_.resources.set && !spec->linux_.resources.devices_set);
	spec_free(spec);
}
END_TEST

START_TEST(memory_and_cpu)
{
	const struct spec *spec = case_accept(
		AT_RESOURCES,
		"\"memory\":{\"limit\":9007199254740993,\"reservation\":2,"
		"\"swap\":9223372036854775807,\"kernel\":-1,\"kernelTCP\":-1,\"swappiness\":100,"
		"\"disableOOMKiller\":false,\"useHierarchy\":true,\"checkBeforeUpdate\":true},"
		"\"cpu\":{\"shares\":1024,\"quota\":-1,\"burst\":3,\"period\":4,"
		"\"realtimeRuntime\":5,\"realtimePeriod\":6,\"idle\":1,\"cpus\":\"0-2\","
		"\"mems\":\"1\"},\"pids\":{\"limit\":0}");
	const struct spec_memory *memory = &spec->linux_.resources.memory;
	const struct spec_cpu *cpu = &spec->linux_.resources.cpu;
	ck_assert(memory->limit.set && memory->limit.value == 9007199254740993);
	ck_assert(memory->reservation.set && memory->reservation.value == 2);
	ck_assert(memory->swap.set && memory->swap.value == INT64_MAX);
	ck_assert(memory->kernel.value == -1 && memory->kernel_tcp.value == -1);
	ck_assert(memory->swappiness.set && memory->swappiness.value == 100);
	ck_assert(memory->disable_oom_killer.set && !memory->disable_oom_killer.value);
	ck_assert(memory->use_hierarchy.set && memory->use_hierarchy.value);
	ck_assert(memory->check_before_update.set && memory->check_before_update.value);
	ck_assert(cpu->shares.value == 1024 && cpu->quota.value == -1 && cpu->burst.value == 3);
	ck_assert(cpu->period.value == 4 && cpu->realtime_runtime.value == 5);
	ck_assert(cpu->realtime_period.value == 6 && cpu->idle.value == 1);
	ck_assert_str_eq(cpu->cpus, "0-2");
	ck_assert_str_eq(cpu->mems, "1");
	ck_assert(spec->linux_.resources.pids_limit.set);
	ck_assert_int_eq(spec->linux_.resources.pids_limit.value, 0);
	spec_free(spec);
	spec = case_accept(AT_RESOURCES, "\"cpu\":{\"cpus\":\"\",\"mems\":\"\"},\"pids\":{}");
	ck_assert_ptr_null(spec->linux_.resources.cpu.cpus);
	ck_assert(!spec->linux_.resources.cpu.shares.set);
	ck_assert(!spec->linux_.resources.memory.limit.set);
	ck_assert(!spec->linux_.resources.pids_limit.set);
	spec_free(spec);
}
END_TEST

static void assert_rate(const struct spec_device_rates *rates, uint64_t rate)
{
	ck_assert_uint_eq(rates->count, 1);
	ck_assert(rates->items[0].major == 8 && rates->items[0].minor == 16);
	ck_assert_uint_eq(rates->items[0].rate, rate);
}

START_TEST(block_io)
{
#define RATE(rate_) "[{\"major\":8,\"minor\":16,\"rate\":" #rate_ "}]"
	const struct spec *spec = case_accept(
		AT_RESOURCES,
		"\"blockIO\":{\"weight\":10,\"leafWeight\":1000,"
		"\"weightDevice\":[{\"major\":1,\"minor\":2,\"weight\":500,\"leafWeight\":0}],"
		"\"throttleReadBpsDevice\":" RATE(1) ",\"throttleWriteBpsDevice\":" RATE(
			2) ",\"throttleReadIOPSDevice\":" RATE(3) ",\"throttleWriteIOPSDevice\""
	                                                          ":" RATE(18446744073709551615) "}");
	const struct spec_block_io *io = &spec->linux_.resources.block_io;
	ck_assert(io->weight.value == 10 && io->leaf_weight.value == 1000);
	ck_assert_uint_eq(io->weight_devices_count, 1);
	ck_assert(io->weight_devices[0].major == 1 && io->weight_devices[0].minor == 2);
	ck_assert(io->weight_devices[0].weight.value == 500);
	ck_assert(io->weight_devices[0].leaf_weight.set);
	assert_rate(&io->read_bps, 1);
	assert_rate(&io->write_bps, 2);
	assert_rate(&io->read_iops, 3);
	assert_rate(&io->write_iops, UINT64_MAX);
	spec_free(spec);
}
END_TEST

START_TEST(other_resources)
{
	const struct spec *spec = case_accept(
		AT_RESOURCES,
		"\"hugepageLimits\":[{\"pageSize\":\"64KB\",\"limit\":0},"
		"{\"pageSize\":\"2MB\",\"limit\":5},{\"pageSize\":\"16GB\",\"limit\":6}],"
		"\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":10000},"
		"\"mlx4_0\":{\"hcaObjects\":4294967295}},"
		"\"network\":{\"classID\":1048577,\"priorities\":[{\"name\":\"eth0\",\"priority\":"
	        "500}]},"
		"\"unified\":{\"memory.high\":\"1\\n2\",\"hugetlb.1GB.max\":\"\"}");
	const struct spec_resources *r = &spec->linux_.resources;
	ck_assert_uint_eq(r->hugepages_count, 3);
	ck_assert_str_eq(r->hugepages[0].page_size, "64KB");
	ck_assert_uint_eq(r->hugepages[1].limit, 5);
	ck_assert_uint_eq(r->rdma_count, 2);
	ck_assert_str_eq(r->rdma[0].device, "mlx5_1");
	ck_assert(r->rdma[0].hca_handles.value == 3 && r->rdma[0].hca_objects.value == 10000);
	ck_assert(!r->rdma[1].hca_handles.set && r->rdma[1].hca_objects.value == 4294967295u);
	ck_assert(r->network_class_id.set && r->network_class_id.value == 1048577);
	ck_assert_uint_eq(r->network_priorities_count, 1);
	ck_assert_str_eq(r->network_priorities[0].name, "eth0");
	ck_assert_uint_eq(r->network_priorities[0].priority, 500);
	ck_assert_uint_eq(r->unified.count, 2);
	ck_assert_str_eq(r->unified.items[0].key, "memory.high");
	ck_assert_str_eq(r->unified.items[0].value, "1\n2");
	spec_free(spec);
}
END_TEST

START_TEST(seccomp)
{
	const struct spec *spec = case_accept(
		AT_SECCOMP,
		"\"defaultErrnoRet\":38,\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_SHEB\"]"
	        ","
		"\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_TSYNC\"],"
		"\"listenerPath\":\"/run/l\",\"listenerMetadata\":\"m\","
		"\"syscalls\":[{\"names\":[\"read\",\"call_of_next_year\"],"
		"\"action\":\"SCMP_ACT_ALLOW\"},"
		"{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":65535,\"args\":["
		"{\"index\":5,\"value\":18446744073709551615,\"valueTwo\":2,"
		"\"op\":\"SCMP_CMP_MASKED_EQ\"}]},"
		"{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_NOTIFY\"}]");
	const struct spec_seccomp *s = &spec->linux_.seccomp;
	ck_assert(s->set && s->flags_set);
	ck_assert_int_eq(s->default_action, spec_seccomp_action_errno);
	ck_assert(s->default_errno_ret.set && s->default_errno_ret.value == 38);
	case_strings(&s->architectures, 2, "SCMP_ARCH_X86_64", "SCMP_ARCH_SHEB");
	case_strings(&s->flags, 2, "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC");
	ck_assert_str_eq(s->listener_path, "/run/l");
	ck_assert_str_eq(s->listener_metadata, "m");
	ck_assert_uint_eq(s->rules_count, 3);
	case_strings(&s->rules[0].names, 2, "read", "call_of_next_year");
	ck_assert_int_eq(s->rules[0].action, spec_seccomp_action_allow);
	ck_assert(!s->rules[0].errno_ret.set);
	ck_assert_uint_eq(s->rules[1].errno_ret.value, 65535);
	ck_assert_uint_eq(s->rules[1].args_count, 1);
	ck_assert_uint_eq(s->rules[1].args[0].index, 5);
	ck_assert_uint_eq(s->rules[1].args[0].value, UINT64_MAX);
	ck_assert_uint_eq(s->rules[1].args[0].value_two, 2);
	ck_assert_int_eq(s->rules[1].args[0].operator, spec_seccomp_operator_masked_eq);
	ck_assert_int_eq(s->rules[2].action, spec_seccomp_action_notify);
	spec_free(spec);
	spec = case_accept(AT_SECCOMP, "\"flags\":[],\"listenerPath\":\"\"");
	ck_assert(spec->linux_.seccomp.flags_set);
	ck_assert_ptr_null(spec->linux_.seccomp.listener_path);
	spec_free(spec);
	spec = case_accept(AT_SECCOMP, "\"x\":0");
	ck_assert(!spec->linux_.seccomp.flags_set);
	spec_free(spec);
}
END_TEST

// Every word of these lists is accepted where it belongs.
START_TEST(seccomp_words)
{
	static const struct {
		const char *const *(*words)(void);
		const char *format;
	} lists[] = {
		{spec_words_seccomp_architectures, "\"architectures\":[\"%s\"]"},
		{spec_words_seccomp_flags, "\"flags\":[\"%s\"]"},
		{spec_words_seccomp_operators,
	         "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\",\"args\":["
	         "{\"index\":0,\"value\":1,\"op\":\"%s\"}]}]"},
		{spec_words_seccomp_actions,
	         "\"listenerPath\":\"/l\",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"%s\"}]"},
	};
	static const size_t counts[] = {23, 4, 7, 9};
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const char *const *words = lists[i].words();
		size_t count = 0;
		for (; words[count] != NULL; count++) {
			char *members = case_text(lists[i].format, words[count]);
			spec_free(case_accept(AT_SECCOMP, members));
			free(members);
		}
		ck_assert_uint_eq(count, counts[i]);
	}
}
END_TEST

START_TEST(names)
{
	ck_assert_str_eq(spec_words_namespaces()[spec_namespace_type_network], "network");
	ck_assert_str_eq(spec_namespace_name(spec_namespace_type_time), "time");
	ck_assert_str_eq(spec_hook_kind_name(spec_hook_kind_create_runtime), "createRuntime");
	ck_assert_str_eq(spec_words_hooks()[spec_hook_kind_poststop], "poststop");
	ck_assert_ptr_null(spec_words_hooks()[spec_hook_kind_count]);
	ck_assert_ptr_null(spec_words_namespaces()[spec_namespace_type_count]);
	ck_assert_str_eq(spec_words_seccomp_actions()[spec_seccomp_action_kill_thread],
	                 "SCMP_ACT_KILL_THREAD");
	ck_assert_str_eq(spec_words_memory_policy_modes()[MPOL_BIND], "MPOL_BIND");
	ck_assert_ptr_null(spec_words_memory_policy_modes()[7]);
	ck_assert_str_eq(spec_words_memory_policy_flags()[2], "MPOL_F_STATIC_NODES");
	ck_assert_ptr_null(spec_words_memory_policy_flags()[3]);
}
END_TEST

// ---- the parts alone ------------------------------------------------------------------------------

START_TEST(process_alone)
{
	static const char good[] =
		"{\"cwd\":\"/\",\"args\":[\"a\"],\"user\":{\"uid\":7,\"gid\":8}}";
	static const char bad[] = "{\"cwd\":\"/\",\"args\":[\"a\"],\"rlimits\":["
				  "{\"type\":\"RLIMIT_CPU\",\"soft\":2,\"hard\":1}]}";
	const struct spec *spec;
	struct spec_error error;
	ck_assert_int_eq(spec_parse_process(good, strlen(good), &spec, &error), 0);
	ck_assert(spec->process.set);
	ck_assert_uint_eq(spec->process.user.uid, 7);
	ck_assert_ptr_null(spec->root_path);
	spec_free(spec);
	ck_assert_int_eq(spec_parse_process(bad, strlen(bad), &spec, &error), -1);
	ck_assert_str_eq(error.path, "rlimits[0].soft");
	ck_assert_int_eq(spec_parse_process("{}", 2, &spec, &error), -1);
	ck_assert_str_eq(error.path, "cwd");
	ck_assert_str_eq(error.reason, "is required");
	ck_assert_ptr_null(spec);
}
END_TEST

START_TEST(resources_alone)
{
	static const char good[] = "{\"memory\":{\"swap\":5},\"pids\":{\"limit\":3}}";
	static const char bad[] = "{\"memory\":{\"swap\":5,\"limit\":6}}";
	const struct spec *spec;
	struct spec_error error;
	ck_assert_int_eq(spec_parse_resources(good, strlen(good), &spec, &error), 0);
	ck_assert(spec->linux_.resources.set);
	ck_assert_int_eq(spec->linux_.resources.pids_limit.value, 3);
	ck_assert_int_eq(spec->linux_.resources.memory.swap.value, 5);
	spec_free(spec);
	ck_assert_int_eq(spec_parse_resources(bad, strlen(bad), &spec, &error), -1);
	ck_assert_str_eq(error.path, "memory.swap");
	ck_assert_int_eq(spec_parse_resources("[]", 2, &spec, &error), -1);
	ck_assert_str_eq(error.reason, "expected an object");
}
END_TEST

START_TEST(mounts_alone)
{
	static const char *const good[] = {
		"[{\"destination\":\"/a\",\"options\":[\"ro\"]},{\"destination\":\"/b\"}]",
		"{\"mounts\":[{\"destination\":\"/a\",\"options\":[\"ro\"]},{\"destination\":\"/b\"}]}",
	};
	static const struct {
		const char *text, *path, *reason;
	} bad[] = {
		{"{}", "mounts", "is required"},
		{"{\"mounts\":null}", "mounts", "is required"},
		{"[1]", "mounts[0]", "expected an object, found a number"},
		{"[{\"destination\":\"/a\"},{}]", "mounts[1].destination", "is required"},
		{"\"/a\"", "", "expected an object"},
	};
	const struct spec *spec;
	struct spec_error error;
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(spec_parse_mounts(good[i], strlen(good[i]), &spec, &error), 0);
		ck_assert_uint_eq(spec->mounts_count, 2);
		ck_assert_str_eq(spec->mounts[0].options.items[0], "ro");
		ck_assert_str_eq(spec->mounts[1].destination, "/b");
		spec_free(spec);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_int_eq(spec_parse_mounts(bad[i].text, strlen(bad[i].text), &spec, &error),
				 -1);
		ck_assert_str_eq(error.path, bad[i].path);
		ck_assert_str_eq(error.reason, bad[i].reason);
	}
	ck_assert_int_eq(spec_parse_mounts("[]", 2, &spec, &error), 0);
	ck_assert_uint_eq(spec->mounts_count, 0);
	spec_free(spec);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spec: fields");
	TCase *tcase = tcase_create("fields");
	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, minimal);
	tcase_add_test(tcase, versions);
	tcase_add_test(tcase, top);
	tcase_add_test(tcase, mounts);
	tcase_add_test(tcase, hooks);
	tcase_add_test(tcase, process);
	tcase_add_test(tcase, process_defaults);
	tcase_add_test(tcase, capabilities);
	tcase_add_test(tcase, rlimits);
	tcase_add_test(tcase, scheduler);
	tcase_add_test(tcase, enumerations);
	tcase_add_test(tcase, priorities_and_affinity);
	tcase_add_test(tcase, namespaces);
	tcase_add_test(tcase, time_offsets);
	tcase_add_test(tcase, devices);
	tcase_add_test(tcase, linux_strings);
	tcase_add_test(tcase, intel_rdt_and_memory_policy);
	tcase_add_test(tcase, device_rules);
	tcase_add_test(tcase, memory_and_cpu);
	tcase_add_test(tcase, block_io);
	tcase_add_test(tcase, other_resources);
	tcase_add_test(tcase, seccomp);
	tcase_add_test(tcase, seccomp_words);
	tcase_add_test(tcase, names);
	tcase_add_test(tcase, process_alone);
	tcase_add_test(tcase, resources_alone);
	tcase_add_test(tcase, mounts_alone);
	return case_run(suite);
}
