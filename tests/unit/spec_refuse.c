// SPDX-License-Identifier: Apache-2.0
// What is refused, with the path and the reason that the user reads: every wrong type, every missing
// required field, unknown words, numbers out of range, broken syntax of strings, contradictions.
#include "tests/unit/spec_case.h"

#include <inttypes.h>

// ---- types ----------------------------------------------------------------------------------------

// A field: where it is, how it is embedded (%s takes a value), its path and what it expects. The
// values that are not of the expected kind must all be refused.
struct field {
	const char *where, *format, *path, *expected;
	bool required;
};

#define TOP(key_, expected_, required_)                                                            \
	{                                                                                          \
		AT_TOP, "\"" key_ "\":%s", key_, expected_, required_                              \
	}
#define PROCESS(key_, expected_, required_)                                                        \
	{                                                                                          \
		AT_PROCESS, "\"" key_ "\":%s", "process." key_, expected_, required_               \
	}
#define LINUX(key_, expected_)                                                                     \
	{                                                                                          \
		AT_LINUX, "\"" key_ "\":%s", "linux." key_, expected_, false                       \
	}
#define RESOURCES(key_, expected_)                                                                 \
	{                                                                                          \
		AT_RESOURCES, "\"" key_ "\":%s", "linux.resources." key_, expected_, false         \
	}
#define SECCOMP(key_, expected_, required_)                                                        \
	{                                                                                          \
		AT_SECCOMP, "\"" key_ "\":%s", "linux.seccomp." key_, expected_, required_         \
	}
// A member of an object: the object's other members come first in the document.
#define IN(where_, prefix_, object_, key_, others_, expected_, required_)                          \
	{                                                                                          \
		where_, "\"" object_ "\":{" others_ "\"" key_ "\":%s}", prefix_ object_ "." key_,  \
			expected_, required_                                                       \
	}
// A member of the first element of an array.
#define OF(where_, prefix_, array_, key_, others_, expected_, required_)                           \
	{                                                                                          \
		where_, "\"" array_ "\":[{" others_ "\"" key_ "\":%s}]",                           \
			prefix_ array_ "[0]." key_, expected_, required_                           \
	}

#define STRING "a string"
#define NUMBER "a number"
#define BOOLEAN "a boolean"
#define ARRAY "an array"
#define OBJECT "an object"

static const struct field fields[] = {
	TOP("ociVersion", STRING, true),
	TOP("root", OBJECT, true),
	TOP("hostname", STRING, false),
	TOP("domainname", STRING, false),
	TOP("process", OBJECT, false),
	TOP("mounts", ARRAY, false),
	TOP("hooks", OBJECT, false),
	TOP("annotations", OBJECT, false),
	TOP("linux", OBJECT, false),
	IN(AT_TOP, "", "root", "path", "", STRING, true),
	IN(AT_TOP, "", "root", "readonly", "\"path\":\"r\",", BOOLEAN, false),
	OF(AT_TOP, "", "mounts", "destination", "", STRING, true),
	OF(AT_TOP, "", "mounts", "type", "\"destination\":\"/\",", STRING, false),
	OF(AT_TOP, "", "mounts", "source", "\"destination\":\"/\",", STRING, false),
	OF(AT_TOP, "", "mounts", "options", "\"destination\":\"/\",", ARRAY, false),
	OF(AT_TOP, "", "mounts", "uidMappings", "\"destination\":\"/\",", ARRAY, false),
	OF(AT_TOP, "", "mounts", "gidMappings", "\"destination\":\"/\",", ARRAY, false),
	IN(AT_TOP, "", "hooks", "prestart", "", ARRAY, false),
	IN(AT_TOP, "", "hooks", "createRuntime", "", ARRAY, false),
	IN(AT_TOP, "", "hooks", "createContainer", "", ARRAY, false),
	IN(AT_TOP, "", "hooks", "startContainer", "", ARRAY, false),
	IN(AT_TOP, "", "hooks", "poststart", "", ARRAY, false),
	IN(AT_TOP, "", "hooks", "poststop", "", ARRAY, false),
	{AT_TOP, "\"hooks\":{\"poststop\":[{\"path\":%s}]}", "hooks.poststop[0].path", STRING,
         true},
	{AT_TOP, "\"hooks\":{\"poststop\":[{\"path\":\"/\",\"args\":%s}]}",
         "hooks.poststop[0].args", ARRAY, false},
	{AT_TOP, "\"hooks\":{\"poststop\":[{\"path\":\"/\",\"env\":%s}]}", "hooks.poststop[0].env",
         ARRAY, false},
	{AT_TOP, "\"hooks\":{\"poststop\":[{\"path\":\"/\",\"timeout\":%s}]}",
         "hooks.poststop[0].timeout", NUMBER, false},
	PROCESS("terminal", BOOLEAN, false),
	PROCESS("consoleSize", OBJECT, false),
	PROCESS("cwd", STRING, true),
	PROCESS("env", ARRAY, false),
	PROCESS("args", ARRAY, true),
	PROCESS("user", OBJECT, false),
	PROCESS("capabilities", OBJECT, false),
	PROCESS("rlimits", ARRAY, false),
	PROCESS("noNewPrivileges", BOOLEAN, false),
	PROCESS("apparmorProfile", STRING, false),
	PROCESS("selinuxLabel", STRING, false),
	PROCESS("oomScoreAdj", NUMBER, false),
	PROCESS("scheduler", OBJECT, false),
	PROCESS("ioPriority", OBJECT, false),
	PROCESS("execCPUAffinity", OBJECT, false),
	IN(AT_PROCESS, "process.", "consoleSize", "height", "\"width\":1,", NUMBER, true),
	IN(AT_PROCESS, "process.", "consoleSize", "width", "\"height\":1,", NUMBER, true),
	IN(AT_PROCESS, "process.", "user", "uid", "\"gid\":1,", NUMBER, true),
	IN(AT_PROCESS, "process.", "user", "gid", "\"uid\":1,", NUMBER, true),
	IN(AT_PROCESS, "process.", "user", "umask", "\"uid\":1,\"gid\":1,", NUMBER, false),
	IN(AT_PROCESS, "process.", "user", "additionalGids", "\"uid\":1,\"gid\":1,", ARRAY, false),
	IN(AT_PROCESS, "process.", "capabilities", "bounding", "", ARRAY, false),
	IN(AT_PROCESS, "process.", "capabilities", "effective", "", ARRAY, false),
	IN(AT_PROCESS, "process.", "capabilities", "inheritable", "", ARRAY, false),
	IN(AT_PROCESS, "process.", "capabilities", "permitted", "", ARRAY, false),
	IN(AT_PROCESS, "process.", "capabilities", "ambient", "", ARRAY, false),
	OF(AT_PROCESS, "process.", "rlimits", "type", "\"soft\":1,\"hard\":1,", STRING, true),
	OF(AT_PROCESS, "process.", "rlimits", "soft", "\"type\":\"RLIMIT_AS\",\"hard\":1,", NUMBER,
           true),
	OF(AT_PROCESS, "process.", "rlimits", "hard", "\"type\":\"RLIMIT_AS\",\"soft\":1,", NUMBER,
           true),
#define SCHEDULER(key_, expected_)                                                                 \
	IN(AT_PROCESS, "process.", "scheduler", key_, "\"policy\":\"SCHED_DEADLINE\",", expected_, \
	   false)
	IN(AT_PROCESS, "process.", "scheduler", "policy", "", STRING, true),
	SCHEDULER("nice", NUMBER),
	SCHEDULER("priority", NUMBER),
	SCHEDULER("flags", ARRAY),
	SCHEDULER("runtime", NUMBER),
	SCHEDULER("deadline", NUMBER),
	SCHEDULER("period", NUMBER),
	IN(AT_PROCESS, "process.", "ioPriority", "class", "\"priority\":1,", STRING, true),
	IN(AT_PROCESS, "process.", "ioPriority", "priority", "\"class\":\"IOPRIO_CLASS_BE\",",
           NUMBER, true),
	IN(AT_PROCESS, "process.", "execCPUAffinity", "initial", "", STRING, false),
	IN(AT_PROCESS, "process.", "execCPUAffinity", "final", "", STRING, false),
	LINUX("namespaces", ARRAY),
	LINUX("uidMappings", ARRAY),
	LINUX("gidMappings", ARRAY),
	LINUX("timeOffsets", OBJECT),
	LINUX("devices", ARRAY),
	LINUX("netDevices", OBJECT),
	LINUX("cgroupsPath", STRING),
	LINUX("resources", OBJECT),
	LINUX("rootfsPropagation", STRING),
	LINUX("seccomp", OBJECT),
	LINUX("sysctl", OBJECT),
	LINUX("maskedPaths", ARRAY),
	LINUX("readonlyPaths", ARRAY),
	LINUX("mountLabel", STRING),
	LINUX("intelRdt", OBJECT),
	LINUX("memoryPolicy", OBJECT),
	LINUX("personality", OBJECT),
	OF(AT_LINUX, "linux.", "namespaces", "type", "", STRING, true),
	OF(AT_LINUX, "linux.", "namespaces", "path", "\"type\":\"pid\",", STRING, false),
#define MAPPING(key_, others_) OF(AT_LINUX, "linux.", "uidMappings", key_, others_, NUMBER, true)
	MAPPING("containerID", "\"hostID\":1,\"size\":1,"),
	MAPPING("hostID", "\"containerID\":1,\"size\":1,"),
	MAPPING("size", "\"containerID\":1,\"hostID\":1,"),
#define TIME "\"namespaces\":[{\"type\":\"time\"}],\"timeOffsets\":"
	{AT_LINUX, TIME "{\"monotonic\":%s}", "linux.timeOffsets.monotonic", OBJECT, false},
	{AT_LINUX, TIME "{\"boottime\":%s}", "linux.timeOffsets.boottime", OBJECT, false},
	{AT_LINUX, TIME "{\"boottime\":{\"secs\":%s}}", "linux.timeOffsets.boottime.secs", NUMBER,
         false},
	{AT_LINUX, TIME "{\"boottime\":{\"nanosecs\":%s}}", "linux.timeOffsets.boottime.nanosecs",
         NUMBER, false},
#define DEVICE(key_, others_, expected_, required_)                                                \
	OF(AT_LINUX, "linux.", "devices", key_, others_, expected_, required_)
#define TTY "\"type\":\"c\",\"path\":\"/t\",\"major\":5,\"minor\":0,"
	DEVICE("type", "\"path\":\"/t\",\"major\":5,\"minor\":0,", STRING, true),
	DEVICE("path", "\"type\":\"c\",\"major\":5,\"minor\":0,", STRING, true),
	DEVICE("major", "\"type\":\"c\",\"path\":\"/t\",\"minor\":0,", NUMBER, true),
	DEVICE("minor", "\"type\":\"c\",\"path\":\"/t\",\"major\":0,", NUMBER, true),
	DEVICE("fileMode", TTY, NUMBER, false),
	DEVICE("uid", TTY, NUMBER, false),
	DEVICE("gid", TTY, NUMBER, false),
	{AT_LINUX, "\"namespaces\":[{\"type\":\"network\"}],\"netDevices\":{\"e\":{\"name\":%s}}",
         "linux.netDevices[\"e\"].name", STRING, false},
	IN(AT_LINUX, "linux.", "intelRdt", "closID", "", STRING, false),
	IN(AT_LINUX, "linux.", "intelRdt", "l3CacheSchema", "", STRING, false),
	IN(AT_LINUX, "linux.", "intelRdt", "memBwSchema", "", STRING, false),
	IN(AT_LINUX, "linux.", "intelRdt", "schemata", "", ARRAY, false),
	IN(AT_LINUX, "linux.", "intelRdt", "enableMonitoring", "", BOOLEAN, false),
	IN(AT_LINUX, "linux.", "memoryPolicy", "mode", "", STRING, true),
	IN(AT_LINUX, "linux.", "memoryPolicy", "nodes", "\"mode\":\"MPOL_PREFERRED\",", STRING,
           false),
	IN(AT_LINUX, "linux.", "memoryPolicy", "flags", "\"mode\":\"MPOL_PREFERRED\",", ARRAY,
           false),
	IN(AT_LINUX, "linux.", "personality", "domain", "", STRING, true),
	IN(AT_LINUX, "linux.", "personality", "flags", "\"domain\":\"LINUX\",", ARRAY, false),
	RESOURCES("devices", ARRAY),
	RESOURCES("memory", OBJECT),
	RESOURCES("cpu", OBJECT),
	RESOURCES("pids", OBJECT),
	RESOURCES("blockIO", OBJECT),
	RESOURCES("hugepageLimits", ARRAY),
	RESOURCES("rdma", OBJECT),
	RESOURCES("network", OBJECT),
	RESOURCES("unified", OBJECT),
#define R_IN(object_, key_, expected_)                                                             \
	IN(AT_RESOURCES, "linux.resources.", object_, key_, "", expected_, false)
#define R_OF(array_, key_, others_, expected_, required_)                                          \
	OF(AT_RESOURCES, "linux.resources.", array_, key_, others_, expected_, required_)
	R_OF("devices", "allow", "", BOOLEAN, true),
	R_OF("devices", "type", "\"allow\":true,", STRING, false),
	R_OF("devices", "major", "\"allow\":true,", NUMBER, false),
	R_OF("devices", "minor", "\"allow\":true,", NUMBER, false),
	R_OF("devices", "access", "\"allow\":true,", STRING, false),
	R_IN("memory", "limit", NUMBER),
	R_IN("memory", "reservation", NUMBER),
	R_IN("memory", "swap", NUMBER),
	R_IN("memory", "kernel", NUMBER),
	R_IN("memory", "kernelTCP", NUMBER),
	R_IN("memory", "swappiness", NUMBER),
	R_IN("memory", "disableOOMKiller", BOOLEAN),
	R_IN("memory", "useHierarchy", BOOLEAN),
	R_IN("memory", "checkBeforeUpdate", BOOLEAN),
	R_IN("cpu", "shares", NUMBER),
	R_IN("cpu", "quota", NUMBER),
	R_IN("cpu", "burst", NUMBER),
	R_IN("cpu", "period", NUMBER),
	R_IN("cpu", "realtimeRuntime", NUMBER),
	R_IN("cpu", "realtimePeriod", NUMBER),
	R_IN("cpu", "idle", NUMBER),
	R_IN("cpu", "cpus", STRING),
	R_IN("cpu", "mems", STRING),
	R_IN("pids", "limit", NUMBER),
	R_IN("blockIO", "weight", NUMBER),
	R_IN("blockIO", "leafWeight", NUMBER),
	R_IN("blockIO", "weightDevice", ARRAY),
	R_IN("blockIO", "throttleReadBpsDevice", ARRAY),
	R_IN("blockIO", "throttleWriteBpsDevice", ARRAY),
	R_IN("blockIO", "throttleReadIOPSDevice", ARRAY),
	R_IN("blockIO", "throttleWriteIOPSDevice", ARRAY),
#define BLOCK(array_, key_, others_, required_)                                                    \
	{                                                                                          \
		AT_RESOURCES, "\"blockIO\":{\"" array_ "\":[{" others_ "\"" key_ "\":%s}]}",       \
			"linux.resources.blockIO." array_ "[0]." key_, NUMBER, required_           \
	}
	BLOCK("weightDevice", "major", "\"minor\":1,\"weight\":10,", true),
	BLOCK("weightDevice", "minor", "\"major\":1,\"weight\":10,", true),
	BLOCK("weightDevice", "weight", "\"major\":1,\"minor\":1,\"leafWeight\":10,", false),
	BLOCK("weightDevice", "leafWeight", "\"major\":1,\"minor\":1,\"weight\":10,", false),
	BLOCK("throttleReadBpsDevice", "major", "\"minor\":1,\"rate\":1,", true),
	BLOCK("throttleReadBpsDevice", "minor", "\"major\":1,\"rate\":1,", true),
	BLOCK("throttleReadBpsDevice", "rate", "\"major\":1,\"minor\":1,", true),
	R_OF("hugepageLimits", "pageSize", "\"limit\":1,", STRING, true),
	R_OF("hugepageLimits", "limit", "\"pageSize\":\"2MB\",", NUMBER, true),
	{AT_RESOURCES, "\"rdma\":{\"m\":{\"hcaObjects\":1,\"hcaHandles\":%s}}",
         "linux.resources.rdma[\"m\"].hcaHandles", NUMBER, false},
	{AT_RESOURCES, "\"rdma\":{\"m\":{\"hcaHandles\":1,\"hcaObjects\":%s}}",
         "linux.resources.rdma[\"m\"].hcaObjects", NUMBER, false},
	R_IN("network", "classID", NUMBER),
	R_IN("network", "priorities", ARRAY),
	{AT_RESOURCES, "\"network\":{\"priorities\":[{\"priority\":1,\"name\":%s}]}",
         "linux.resources.network.priorities[0].name", STRING, true},
	{AT_RESOURCES, "\"network\":{\"priorities\":[{\"name\":\"e\",\"priority\":%s}]}",
         "linux.resources.network.priorities[0].priority", NUMBER, true},
	SECCOMP("defaultAction", STRING, true),
	SECCOMP("defaultErrnoRet", NUMBER, false),
	SECCOMP("architectures", ARRAY, false),
	SECCOMP("flags", ARRAY, false),
	SECCOMP("listenerPath", STRING, false),
	SECCOMP("listenerMetadata", STRING, false),
	SECCOMP("syscalls", ARRAY, false),
#define RULE(key_, others_, expected_, required_)                                                  \
	OF(AT_SECCOMP, "linux.seccomp.", "syscalls", key_, others_, expected_, required_)
	RULE("names", "\"action\":\"SCMP_ACT_ERRNO\",", ARRAY, true),
	RULE("action", "\"names\":[\"a\"],", STRING, true),
	RULE("errnoRet", "\"action\":\"SCMP_ACT_ERRNO\",\"names\":[\"a\"],", NUMBER, false),
	RULE("args", "\"action\":\"SCMP_ACT_ERRNO\",\"names\":[\"a\"],", ARRAY, false),
#define ARGUMENT(key_, others_, expected_, required_)                                              \
	{                                                                                          \
		AT_SECCOMP,                                                                        \
			"\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\",\"args\":["  \
		        "{" others_ "\"" key_ "\":%s}]}]",                                         \
			"linux.seccomp.syscalls[0].args[0]." key_, expected_, required_            \
	}
	ARGUMENT("index", "\"value\":1,\"op\":\"SCMP_CMP_EQ\",", NUMBER, true),
	ARGUMENT("value", "\"index\":1,\"op\":\"SCMP_CMP_EQ\",", NUMBER, true),
	ARGUMENT("valueTwo", "\"index\":1,\"value\":1,\"op\":\"SCMP_CMP_EQ\",", NUMBER, false),
	ARGUMENT("op", "\"index\":1,\"value\":1,", STRING, true),
};

static const struct {
	const char *text, *kind;
} values[] = {
	{"true", BOOLEAN}, {"1", NUMBER}, {"\"x\"", STRING}, {"[]", ARRAY}, {"{}", OBJECT},
};

static void refuse_field(const struct field *field, const char *value, const char *reason)
{
	char *members = case_text(field->format, value);
	case_refuse(field->where, members, field->path, reason);
	free(members);
}

START_TEST(wrong_types)
{
	const struct field *field = &fields[_i];
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char reason[80];
		(void)snprintf(reason, sizeof(reason), "expected %s, found %s", field->expected,
		               values[i].kind);
		if (strcmp(values[i].kind, field->expected) != 0)
			refuse_field(field, values[i].text, reason);
	}
	if (strcmp(field->expected, NUMBER) == 0) {
		refuse_field(field, "1.0", "expected an integer, found '1.0'");
		refuse_field(field, "1e2", "expected an integer");
		refuse_field(field, "18446744073709551616", "out of range");
		refuse_field(field, "-9223372036854775809", "out of range");
	}
}
END_TEST

// null is absent: an error where the field is required, and nothing elsewhere.
START_TEST(nulls)
{
	const struct field *field = &fields[_i];
	if (field->required) {
		refuse_field(field, "null", "is required");
		return;
	}
	char *members = case_text(field->format, "null");
	spec_free(case_accept(field->where, members));
	free(members);
}
END_TEST

// ---- everything else ------------------------------------------------------------------------------

struct refusal {
	const char *where, *members, *path, *reason;
};

static const struct refusal refusals[] = {
	// elements
	{AT_TOP, "\"mounts\":[1]", "mounts[0]", "expected an object, found a number"},
	{AT_TOP, "\"mounts\":[null]", "mounts[0]", "expected an object, found null"},
	{AT_TOP, "\"mounts\":[{\"destination\":\"/\",\"options\":[\"a\",1]}]",
         "mounts[0].options[1]", "expected a string, found a number"},
	{AT_PROCESS, "\"env\":[null]", "process.env[0]", "expected a string, found null"},
	{AT_PROCESS, "\"args\":[]", "process.args", "must have at least one element"},
	{AT_PROCESS, "\"user\":{\"uid\":1,\"gid\":1,\"additionalGids\":[1,-1]}",
         "process.user.additionalGids[1]", "-1 is out of range 0..4294967294"},
	{AT_PROCESS, "\"user\":{\"uid\":1}", "process.user.gid", "is required"},
	{AT_TOP, "\"annotations\":{\"a\":1}", "annotations[\"a\"]",
         "expected a string, found a number"},
	{AT_TOP, "\"annotations\":{\"\":\"x\"}", "annotations[\"\"]", "must not be empty"},
	{AT_LINUX, "\"sysctl\":{\"net.x\":null}", "linux.sysctl[\"net.x\"]",
         "expected a string, found null"},
	{AT_RESOURCES, "\"rdma\":{\"m\":1}", "linux.resources.rdma[\"m\"]", "expected an object"},
	{AT_RESOURCES, "\"rdma\":{\"m\":{}}", "linux.resources.rdma[\"m\"]", "must have"},
	{AT_RESOURCES, "\"rdma\":{\"a b\":{\"hcaHandles\":1}}", "linux.resources.rdma[\"a b\"]",
         "one word"},
	{AT_LINUX, "\"uidMappings\":[{}]", "linux.uidMappings[0].containerID", "is required"},
	// versions
	{AT_TOP, "\"ociVersion\":\"\"", "ociVersion", "must be a version like 1.3.0"},
	{AT_TOP, "\"ociVersion\":\"invalid\"", "ociVersion", "found 'invalid'"},
	{AT_TOP, "\"ociVersion\":\"1\"", "ociVersion", "must be a version"},
	{AT_TOP, "\"ociVersion\":\"1.0\"", "ociVersion", "must be a version"},
	{AT_TOP, "\"ociVersion\":\"1.0.0.0\"", "ociVersion", "must be a version"},
	{AT_TOP, "\"ociVersion\":\"01.0.0\"", "ociVersion", "must be a version"},
	{AT_TOP, "\"ociVersion\":\"1.00.0\"", "ociVersion", "must be a version"},
	{AT_TOP, "\"ociVersion\":\"1.0.0-\"", "ociVersion", "must be a version"},
	{AT_TOP, "\"ociVersion\":\"1.0.0-01\"", "ociVersion", "must be a version"},
	{AT_TOP, "\"ociVersion\":\"1.0.0-a..b\"", "ociVersion", "must be a version"},
	{AT_TOP, "\"ociVersion\":\"1.0.0+\"", "ociVersion", "must be a version"},
	{AT_TOP, "\"ociVersion\":\" 1.0.0\"", "ociVersion", "must be a version"},
	{AT_TOP, "\"ociVersion\":\"0.9.0\"", "ociVersion", "must be a version 1.x.y"},
	{AT_TOP, "\"ociVersion\":\"2.0.0\"", "ociVersion", "must be a version 1.x.y"},
	{AT_TOP, "\"ociVersion\":\"10.0.0\"", "ociVersion", "must be a version 1.x.y"},
	// strings
	{AT_TOP, "\"root\":{\"path\":\"\"}", "root.path", "must not be empty"},
	{AT_TOP, "\"mounts\":[{\"destination\":\"\"}]", "mounts[0].destination",
         "must not be empty"},
	{AT_TOP, "\"hooks\":{\"prestart\":[{\"path\":\"bin/x\"}]}", "hooks.prestart[0].path",
         "must be an absolute path, found 'bin/x'"},
	{AT_PROCESS, "\"cwd\":\"\"", "process.cwd", "must be an absolute path"},
	{AT_PROCESS, "\"cwd\":\"w\"", "process.cwd", "must be an absolute path"},
	{AT_PROCESS, "\"execCPUAffinity\":{\"initial\":\"x\"}", "process.execCPUAffinity.initial",
         "must be a list of numbers"},
	{AT_PROCESS, "\"execCPUAffinity\":{\"final\":\"3-1\"}", "process.execCPUAffinity.final",
         "must be a list of numbers"},
	{AT_RESOURCES, "\"cpu\":{\"cpus\":\"0-\"}", "linux.resources.cpu.cpus", "list of numbers"},
	{AT_RESOURCES, "\"cpu\":{\"cpus\":\",1\"}", "linux.resources.cpu.cpus", "list of numbers"},
	{AT_RESOURCES, "\"cpu\":{\"cpus\":\"1,\"}", "linux.resources.cpu.cpus", "list of numbers"},
	{AT_RESOURCES, "\"cpu\":{\"cpus\":\"-1\"}", "linux.resources.cpu.cpus", "list of numbers"},
	{AT_RESOURCES, "\"cpu\":{\"mems\":\"1\\n2\"}", "linux.resources.cpu.mems", "found '1?2'"},
	{AT_RESOURCES, "\"cpu\":{\"mems\":\"99999999999\"}", "linux.resources.cpu.mems",
         "list of numbers"},
#define PAGE(size_)                                                                                \
	{                                                                                          \
		AT_RESOURCES, "\"hugepageLimits\":[{\"pageSize\":\"" size_ "\",\"limit\":1}]",     \
			"linux.resources.hugepageLimits[0].pageSize",                              \
			"must be a page size like 2MB"                                             \
	}
	PAGE(""),
	PAGE("2"),
	PAGE("2M"),
	PAGE("02MB"),
	PAGE("MB"),
	PAGE("2mb"),
	PAGE("2TB"),
	PAGE("2MBs"),
	PAGE("../../x"),
	{AT_RESOURCES, "\"unified\":{\"a/b\":\"1\"}", "linux.resources.unified[\"a/b\"]", "file"},
	{AT_RESOURCES, "\"unified\":{\"..\":\"1\"}", "linux.resources.unified[\"..\"]", "file"},
	{AT_RESOURCES, "\"unified\":{\"\":\"1\"}", "linux.resources.unified[\"\"]", "file"},
	{AT_RESOURCES, "\"devices\":[{\"allow\":true,\"access\":\"\"}]",
         "linux.resources.devices[0].access", "must be a choice of r, w and m"},
	{AT_RESOURCES, "\"devices\":[{\"allow\":true,\"access\":\"rx\"}]",
         "linux.resources.devices[0].access", "must be a choice of r, w and m"},
	{AT_LINUX, "\"intelRdt\":{\"closID\":\"..\"}", "linux.intelRdt.closID", "directory"},
	{AT_LINUX, "\"intelRdt\":{\"closID\":\".\"}", "linux.intelRdt.closID", "directory"},
	{AT_LINUX, "\"intelRdt\":{\"closID\":\"a/b\"}", "linux.intelRdt.closID", "directory"},
	{AT_LINUX, "\"intelRdt\":{\"memBwSchema\":\"L3:0=1\"}", "linux.intelRdt.memBwSchema",
         "MB:"},
	{AT_LINUX, "\"intelRdt\":{\"memBwSchema\":\"MB:0=1\\nMB:1=1\"}",
         "linux.intelRdt.memBwSchema", "one line"},
	{AT_LINUX, "\"maskedPaths\":[\"/a\",\"b\"]", "linux.maskedPaths[1]", "absolute path"},
	{AT_LINUX, "\"readonlyPaths\":[\"\"]", "linux.readonlyPaths[0]", "absolute path"},
	{AT_LINUX, "\"namespaces\":[{\"type\":\"pid\",\"path\":\"x\"}]", "linux.namespaces[0].path",
         "absolute path"},
	{AT_LINUX, "\"devices\":[{\"type\":\"p\",\"path\":\"x\"}]", "linux.devices[0].path",
         "absolute path"},
#define NET_DEVICE(name_, reason_)                                                                 \
	{                                                                                          \
		AT_LINUX, "\"netDevices\":{\"e\":{\"name\":\"" name_ "\"}}",                       \
			"linux.netDevices[\"e\"].name", reason_                                    \
	}
	NET_DEVICE("sixteen_letters_", "longer than 15"),
	NET_DEVICE("a b", "name of a network interface"),
	NET_DEVICE("a/b", "name of a network interface"),
	NET_DEVICE("a:b", "name of a network interface"),
	NET_DEVICE("..", "name of a network interface"),
	{AT_LINUX, "\"netDevices\":{\"\":{}}", "linux.netDevices[\"\"]", "network interface"},
	{AT_LINUX, "\"netDevices\":{\"sixteen_letters_\":{}}",
         "linux.netDevices[\"sixteen_letters_\"]", "longer than 15"},
	{AT_SECCOMP, "\"syscalls\":[{\"names\":[],\"action\":\"SCMP_ACT_LOG\"}]",
         "linux.seccomp.syscalls[0].names", "at least one"},
	{AT_SECCOMP, "\"syscalls\":[{\"names\":[\"\"],\"action\":\"SCMP_ACT_LOG\"}]",
         "linux.seccomp.syscalls[0].names[0]", "must not be empty"},
	// words
	{AT_LINUX, "\"namespaces\":[{\"type\":\"uts\"},{\"type\":\"ipc\"},{\"type\":\"pidd\"}]",
         "linux.namespaces[2].type", "unknown value 'pidd'"},
	{AT_LINUX, "\"namespaces\":[{\"type\":\"\"}]", "linux.namespaces[0].type",
         "unknown value ''"},
	{AT_LINUX, "\"namespaces\":[{\"type\":\"pi\"}]", "linux.namespaces[0].type",
         "unknown value"},
	{AT_LINUX, "\"rootfsPropagation\":\"Private\"", "linux.rootfsPropagation", "unknown value"},
	{AT_LINUX, "\"personality\":{\"domain\":\"BSD\"}", "linux.personality.domain",
         "unknown value 'BSD'"},
	{AT_LINUX, "\"personality\":{\"domain\":\"\"}", "linux.personality.domain",
         "unknown value"},
	{AT_LINUX, "\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"F\"]}",
         "linux.personality.flags", "no flags are defined"},
	{AT_LINUX, "\"memoryPolicy\":{\"mode\":\"MPOL_MAX\"}", "linux.memoryPolicy.mode",
         "unknown value"},
	{AT_LINUX, "\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\",\"flags\":[\"MPOL_F_X\"]}",
         "linux.memoryPolicy.flags[0]", "unknown value 'MPOL_F_X'"},
	{AT_LINUX, "\"devices\":[{\"type\":\"x\",\"path\":\"/x\",\"major\":1,\"minor\":1}]",
         "linux.devices[0].type", "unknown value 'x'"},
	{AT_LINUX, "\"devices\":[{\"type\":\"cc\",\"path\":\"/x\",\"major\":1,\"minor\":1}]",
         "linux.devices[0].type", "unknown value 'cc'"},
	{AT_LINUX, "\"devices\":[{\"type\":\"\",\"path\":\"/x\",\"major\":1,\"minor\":1}]",
         "linux.devices[0].type", "unknown value ''"},
	{AT_RESOURCES, "\"devices\":[{\"allow\":true,\"type\":\"p\"}]",
         "linux.resources.devices[0].type", "unknown value 'p'"},
	{AT_PROCESS, "\"rlimits\":[{\"type\":\"RLIMIT_NO\",\"soft\":1,\"hard\":1}]",
         "process.rlimits[0].type", "unknown value 'RLIMIT_NO'"},
	{AT_PROCESS, "\"scheduler\":{\"policy\":\"SCHED_EXT\"}", "process.scheduler.policy",
         "unknown value"},
	{AT_PROCESS, "\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"flags\":[\"X\"]}",
         "process.scheduler.flags[0]", "unknown value 'X'"},
	{AT_PROCESS, "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_NONE\",\"priority\":0}",
         "process.ioPriority.class", "unknown value"},
	{AT_SECCOMP, "\"defaultAction\":\"SCMP_ACT_ALLOW_ALL\"", "linux.seccomp.defaultAction",
         "unknown value"},
	{AT_SECCOMP, "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_NATIVE\"]",
         "linux.seccomp.architectures[1]", "unknown value"},
	{AT_SECCOMP, "\"flags\":[\"SECCOMP_FILTER_FLAG_NEW_LISTENER\"]", "linux.seccomp.flags[0]",
         "unknown value"},
	{AT_SECCOMP, "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"ALLOW\"}]",
         "linux.seccomp.syscalls[0].action", "unknown value 'ALLOW'"},
	{AT_SECCOMP,
         "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\",\"args\":[{\"index\":0,"
         "\"value\":0,\"op\":\"EQ\"}]}]",
         "linux.seccomp.syscalls[0].args[0].op", "unknown value 'EQ'"},
	// twice
	{AT_LINUX, "\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\",\"path\":\"/p\"}]",
         "linux.namespaces[1].type", "duplicate 'pid'"},
	{AT_PROCESS,
         "\"rlimits\":[{\"type\":\"RLIMIT_AS\",\"soft\":1,\"hard\":1},"
         "{\"type\":\"RLIMIT_AS\",\"soft\":1,\"hard\":1}]",
         "process.rlimits[1].type", "is there already"},
	// contradictions
	{AT_PROCESS, "\"rlimits\":[{\"type\":\"RLIMIT_AS\",\"soft\":2,\"hard\":1}]",
         "process.rlimits[0].soft", "must not be above the hard limit"},
	{AT_PROCESS, "\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"nice\":1}",
         "process.scheduler.nice", "SCHED_OTHER"},
	{AT_PROCESS, "\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"priority\":1}",
         "process.scheduler.priority", "SCHED_FIFO"},
	{AT_PROCESS, "\"scheduler\":{\"policy\":\"SCHED_RR\",\"priority\":1,\"runtime\":1}",
         "process.scheduler", "SCHED_DEADLINE"},
	{AT_TOP, "\"hostname\":\"h\"", "hostname", "needs a uts namespace"},
	{AT_TOP, "\"domainname\":\"h\"", "domainname", "needs a uts namespace"},
	{AT_LINUX, "\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]",
         "linux.uidMappings", "needs a user namespace"},
	{AT_LINUX, "\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]",
         "linux.gidMappings", "needs a user namespace"},
	{AT_LINUX, "\"namespaces\":[{\"type\":\"user\"}]", "linux.uidMappings", "is required"},
	{AT_LINUX,
         "\"namespaces\":[{\"type\":\"user\"}],"
         "\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]",
         "linux.gidMappings", "is required"},
	{AT_LINUX, "\"namespaces\":[{\"type\":\"time\"}],\"timeOffsets\":{\"foo\":{}}", "linux.timeOffsets",
         "has no member \"foo\""},
	{AT_PROCESS, "\"env\":[\"A=1\",\"B\"]", "process.env[1]", "must be NAME=VALUE"},
	{AT_PROCESS, "\"env\":[\"\"]", "process.env[0]", "must be NAME=VALUE"},
	{AT_PROCESS, "\"env\":[\"=1\"]", "process.env[0]", "must be NAME=VALUE"},
	{AT_LINUX, "\"timeOffsets\":{\"boottime\":{}}", "linux.timeOffsets",
         "needs a time namespace"},
	{AT_LINUX,
         "\"namespaces\":[{\"type\":\"time\",\"path\":\"/t\"}],\"timeOffsets\":{\"monotonic\":{}}",
         "linux.timeOffsets", "joined"},
	{AT_LINUX, "\"maskedPaths\":[\"/a\"]", "linux.maskedPaths", "needs a mount namespace"},
	{AT_LINUX, "\"readonlyPaths\":[\"/a\"]", "linux.readonlyPaths", "needs a mount namespace"},
	{AT_LINUX, "\"netDevices\":{\"e\":{}}", "linux.netDevices", "needs a network namespace"},
#define MAP "[{\"containerID\":0,\"hostID\":0,\"size\":1}]"
	{AT_TOP, "\"mounts\":[{\"destination\":\"/\",\"uidMappings\":" MAP "}]",
         "mounts[0].gidMappings", "is required beside uidMappings"},
	{AT_TOP, "\"mounts\":[{\"destination\":\"/\",\"gidMappings\":" MAP "}]",
         "mounts[0].uidMappings", "is required beside gidMappings"},
	{AT_TOP, "\"mounts\":[{\"destination\":\"/\",\"options\":[\"ro\",\"idmap\"]}]",
         "mounts[0].options", "idmap needs"},
	{AT_RESOURCES, "\"memory\":{\"swap\":1}", "linux.resources.memory.swap",
         "needs a memory limit"},
	{AT_RESOURCES, "\"memory\":{\"swap\":1,\"limit\":2}", "linux.resources.memory.swap",
         "must not be below"},
	{AT_RESOURCES, "\"cpu\":{\"quota\":1,\"burst\":2}", "linux.resources.cpu.burst",
         "must not be above the quota"},
	{AT_RESOURCES, "\"blockIO\":{\"weightDevice\":[{\"major\":1,\"minor\":1}]}",
         "linux.resources.blockIO.weightDevice[0]", "must have a weight"},
	{AT_LINUX, "\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\",\"nodes\":\"0\"}",
         "linux.memoryPolicy.nodes", "is not for"},
	{AT_LINUX, "\"memoryPolicy\":{\"mode\":\"MPOL_DEFAULT\",\"nodes\":\"0\"}",
         "linux.memoryPolicy.nodes", "is not for"},
	{AT_LINUX, "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\"}", "linux.memoryPolicy.nodes",
         "is required"},
	{AT_LINUX, "\"memoryPolicy\":{\"mode\":\"MPOL_WEIGHTED_INTERLEAVE\",\"nodes\":\"\"}",
         "linux.memoryPolicy.nodes", "is required"},
	{AT_LINUX, "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0,a\"}",
         "linux.memoryPolicy.nodes", "list of numbers"},
	{AT_LINUX,
         "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\","
         "\"flags\":[\"MPOL_F_STATIC_NODES\",\"MPOL_F_RELATIVE_NODES\"]}",
         "linux.memoryPolicy.flags", "exclude each other"},
	// seccomp
	{AT_SECCOMP, "\"defaultAction\":\"SCMP_ACT_NOTIFY\",\"listenerPath\":\"/l\"",
         "linux.seccomp.defaultAction", "cannot be the default"},
	{AT_SECCOMP, "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":1",
         "linux.seccomp.defaultErrnoRet", "SCMP_ACT_ERRNO and SCMP_ACT_TRACE"},
	{AT_SECCOMP, "\"defaultErrnoRet\":4096", "linux.seccomp.defaultErrnoRet", "4095"},
	{AT_SECCOMP,
         "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_KILL\",\"errnoRet\":1}]",
         "linux.seccomp.syscalls[0].errnoRet", "SCMP_ACT_ERRNO and SCMP_ACT_TRACE"},
	{AT_SECCOMP, "\"listenerMetadata\":\"m\"", "linux.seccomp.listenerMetadata",
         "needs a listenerPath"},
	{AT_SECCOMP, "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_NOTIFY\"}]",
         "linux.seccomp.syscalls[0].action", "needs a listenerPath"},
	{AT_SECCOMP,
         "\"listenerPath\":\"/l\",\"syscalls\":[{\"names\":[\"a\",\"write\"],"
         "\"action\":\"SCMP_ACT_NOTIFY\"}]",
         "linux.seccomp.syscalls[0].action", "cannot be used for write"},
};

START_TEST(refused)
{
	const struct refusal *refusal = &refusals[_i];
	case_refuse(refusal->where, refusal->members, refusal->path, refusal->reason);
}
END_TEST

// ---- ranges ---------------------------------------------------------------------------------------

// The last good value on each side and, for members that are shorter than 64 bits, the first bad one.
struct range {
	const char *where, *format, *path;
	int64_t min;
	uint64_t max;
};

static const struct range ranges[] =
	{{AT_PROCESS, "\"oomScoreAdj\":%s", "process.oomScoreAdj", -1000, 1000},
         {AT_PROCESS, "\"consoleSize\":{\"height\":%s,\"width\":0}", "process.consoleSize.height",
          0, 65535},
         {AT_PROCESS, "\"consoleSize\":{\"width\":%s,\"height\":0}", "process.consoleSize.width", 0,
          65535},
         {AT_PROCESS, "\"user\":{\"uid\":%s,\"gid\":0}", "process.user.uid", 0, 4294967294},
         {AT_PROCESS, "\"user\":{\"gid\":%s,\"uid\":0}", "process.user.gid", 0, 4294967294},
         {AT_PROCESS, "\"user\":{\"uid\":0,\"gid\":0,\"umask\":%s}", "process.user.umask", 0, 0777},
         {AT_PROCESS, "\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[%s]}",
          "process.user.additionalGids[0]", 0, 4294967294},
         {AT_PROCESS, "\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":%s}",
          "process.scheduler.nice", -20, 19},
         {AT_PROCESS, "\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"priority\":%s}",
          "process.scheduler.priority", 0, 99},
         {AT_PROCESS, "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_RT\",\"priority\":%s}",
          "process.ioPriority.priority", 0, 7},
         {AT_TOP, "\"hooks\":{\"poststop\":[{\"path\":\"/\",\"timeout\":%s}]}",
          "hooks.poststop[0].timeout", 1, INT32_MAX},
#define IN_USER(key_, others_)                                                                     \
	"\"namespaces\":[{\"type\":\"user\"}],\"gidMappings\":" MAP ",\"uidMappings\":[{" others_  \
	",\"" key_ "\":%s}]"
         {AT_LINUX, IN_USER("containerID", "\"hostID\":0,\"size\":1"),
          "linux.uidMappings[0].containerID", 0, 4294967294},
         {AT_LINUX, IN_USER("hostID", "\"containerID\":0,\"size\":1"),
          "linux.uidMappings[0].hostID", 0, 4294967294},
         {AT_LINUX, IN_USER("size", "\"containerID\":0,\"hostID\":0"), "linux.uidMappings[0].size",
          1, 4294967295},
         {AT_LINUX, TIME "{\"boottime\":{\"nanosecs\":%s}}", "linux.timeOffsets.boottime.nanosecs",
          0, 999999999},
#define NODE(key_, others_)                                                                        \
	{                                                                                          \
		AT_LINUX,                                                                          \
			"\"devices\":[{\"type\":\"c\",\"path\":\"/x\"," others_ "\"" key_          \
			"\":%s}]",                                                                 \
			"linux.devices[0]." key_
         NODE("major", "\"minor\":0,"),
         0,
         4095},
			  NODE("minor", "\"major\":0,"), 0, 1048575
}
, NODE("uid", "\"major\":0,\"minor\":0,"), 0, 4294967294
}
, NODE("gid", "\"major\":0,\"minor\":0,"), 0, 4294967294
}
, NODE("fileMode", "\"major\":0,\"minor\":0,"), 0, 0177777
}
,
	{AT_RESOURCES, "\"devices\":[{\"allow\":true,\"major\":%s}]",
         "linux.resources.devices[0].major", -1, 4095},
	{AT_RESOURCES, "\"devices\":[{\"allow\":true,\"minor\":%s}]",
         "linux.resources.devices[0].minor", -1, 1048575},
	{AT_RESOURCES, "\"memory\":{\"limit\":%s}", "linux.resources.memory.limit", -1, INT64_MAX},
	{AT_RESOURCES, "\"memory\":{\"reservation\":%s}", "linux.resources.memory.reservation", -1,
         INT64_MAX},
	{AT_RESOURCES, "\"memory\":{\"limit\":1,\"swap\":%s}", "linux.resources.memory.swap", -1,
         INT64_MAX},
	{AT_RESOURCES, "\"memory\":{\"kernel\":%s}", "linux.resources.memory.kernel", -1,
         INT64_MAX},
	{AT_RESOURCES, "\"memory\":{\"kernelTCP\":%s}", "linux.resources.memory.kernelTCP", -1,
         INT64_MAX},
	{AT_RESOURCES, "\"memory\":{\"swappiness\":%s}", "linux.resources.memory.swappiness", 0,
         100},
	{AT_RESOURCES, "\"cpu\":{\"idle\":%s}", "linux.resources.cpu.idle", 0, 1},
	{AT_RESOURCES, "\"cpu\":{\"shares\":%s}", "linux.resources.cpu.shares", 0, UINT64_MAX},
	{AT_RESOURCES, "\"cpu\":{\"period\":%s}", "linux.resources.cpu.period", 0, UINT64_MAX},
	{AT_RESOURCES, "\"cpu\":{\"realtimePeriod\":%s}", "linux.resources.cpu.realtimePeriod", 0,
         UINT64_MAX},
	{AT_RESOURCES, "\"cpu\":{\"quota\":%s}", "linux.resources.cpu.quota", -1, INT64_MAX},
	{AT_RESOURCES, "\"cpu\":{\"realtimeRuntime\":%s}", "linux.resources.cpu.realtimeRuntime",
         -1, INT64_MAX},
	{AT_RESOURCES, "\"pids\":{\"limit\":%s}", "linux.resources.pids.limit", -1,
         INT64_MAX},
	{AT_RESOURCES, "\"blockIO\":{\"weight\":%s}", "linux.resources.blockIO.weight", 0, 1000},
	{AT_RESOURCES, "\"blockIO\":{\"leafWeight\":%s}", "linux.resources.blockIO.leafWeight", 0,
         1000},
	{AT_RESOURCES, "\"rdma\":{\"m\":{\"hcaHandles\":%s}}",
         "linux.resources.rdma[\"m\"].hcaHandles", 0, 4294967295},
	{AT_RESOURCES, "\"rdma\":{\"m\":{\"hcaObjects\":%s}}",
         "linux.resources.rdma[\"m\"].hcaObjects", 0, 4294967295},
	{AT_RESOURCES, "\"network\":{\"classID\":%s}", "linux.resources.network.classID", 0,
         4294967295},
	{AT_RESOURCES, "\"network\":{\"priorities\":[{\"name\":\"e\",\"priority\":%s}]}",
         "linux.resources.network.priorities[0].priority", 0, 4294967295},
	{AT_SECCOMP,
         "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":%s}]",
         "linux.seccomp.syscalls[0].errnoRet", 0, 65535},
	{AT_SECCOMP,
         "\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\",\"args\":[{\"value\":0,"
         "\"op\":\"SCMP_CMP_EQ\",\"index\":%s}]}]",
         "linux.seccomp.syscalls[0].args[0].index", 0, 5},
}
;

static void try_number(const struct range *range, const char *number, bool good)
{
	char *members = case_text(range->format, number);
	if (good)
		spec_free(case_accept(range->where, members));
	else
		case_refuse(range->where, members, range->path, "");
	free(members);
}

START_TEST(range_ends)
{
	const struct range *range = &ranges[_i];
	char number[32];
	(void)snprintf(number, sizeof(number), "%" PRId64, range->min);
	try_number(range, number, true);
	(void)snprintf(number, sizeof(number), "%" PRIu64, range->max);
	try_number(range, number, true);
	if (range->min == INT64_MIN)
		(void)snprintf(number, sizeof(number), "-9223372036854775809");
	else
		(void)snprintf(number, sizeof(number), "%" PRId64, range->min - 1);
	try_number(range, number, false);
	if (range->max == UINT64_MAX)
		(void)snprintf(number, sizeof(number), "18446744073709551616");
	else
		(void)snprintf(number, sizeof(number), "%" PRIu64, range->max + 1);
	try_number(range, number, false);
	try_number(range, "99999999999999999999999999999999", false);
}
END_TEST

START_TEST(mapping_overflow)
{
	case_refuse(AT_LINUX,
	            "\"uidMappings\":[{\"containerID\":1,\"hostID\":0,\"size\":4294967295}]",
	            "linux.uidMappings[0].size", "beyond the largest");
	case_refuse(AT_LINUX,
	            "\"uidMappings\":[{\"containerID\":0,\"hostID\":4294967290,\"size\":10}]",
	            "linux.uidMappings[0].size", "beyond the largest");
	case_refuse(AT_RESOURCES, "\"blockIO\":{\"weight\":9}", "linux.resources.blockIO.weight",
	            "0 or 10..1000");
	case_refuse(AT_LINUX,
	            "\"devices\":[{\"type\":\"c\",\"path\":\"/x\",\"major\":1,\"minor\":1,"
	            "\"fileMode\":4294967295}]",
	            "linux.devices[0].fileMode", "");
}
END_TEST

// ---- sysctl ---------------------------------------------------------------------------------------

struct sysctl_case {
	const char *name, *namespace;  // the namespace that makes it right; NULL: nothing does
};

static const struct sysctl_case sysctls[] = {
	{"net.ipv4.ip_forward", "network"},
	{"net/ipv4/ip_forward", "network"},
	{"net.ipv4.conf.eth0/1.forwarding", "network"},
	{"kernel.msgmax", "ipc"},
	{"kernel.msgmnb", "ipc"},
	{"kernel.msgmni", "ipc"},
	{"kernel.sem", "ipc"},
	{"kernel.shmall", "ipc"},
	{"kernel.shmmax", "ipc"},
	{"kernel.shmmni", "ipc"},
	{"kernel/shm_rmid_forced", "ipc"},
	{"fs.mqueue.msg_max", "ipc"},
	{"kernel.domainname", "uts"},
	{"kernel.hostname", NULL},
	{"kernel.core_pattern", NULL},
	{"kernel.semx", NULL},
	{"vm.overcommit_memory", NULL},
	{"fs.file-max", NULL},
	{"net", NULL},
	{"network.x", NULL},
	{".net", NULL},
	{"net.", NULL},
	{"net..x", NULL},
	{"net/../kernel/core_pattern", NULL},
	{"net/./x", NULL},
	{"/net/x", NULL},
	{"net.//.kernel.core_pattern", NULL},
	{"net./.x", NULL},
};

START_TEST(sysctl)
{
	const struct sysctl_case *it = &sysctls[_i];
	static const char *const types[] = {"network", "ipc", "uts", "mount"};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		char members[256], path[128];
		(void)snprintf(members, sizeof(members),
		               "\"namespaces\":[{\"type\":\"%s\"}],\"sysctl\":{\"%s\":\"1\"}",
		               types[i], it->name);
		(void)snprintf(path, sizeof(path), "linux.sysctl[\"%s\"]", it->name);
		if (it->namespace != NULL && strcmp(it->namespace, types[i]) == 0)
			spec_free(case_accept(AT_LINUX, members));
		else
			case_refuse(AT_LINUX, members, path, "");
	}
}
END_TEST

START_TEST(sysctl_more)
{
	spec_free(case_accept(AT_LINUX, "\"namespaces\":[{\"type\":\"user\",\"path\":\"/u\"}],"
	                                "\"sysctl\":{\"user.max_ipc_namespaces\":\"1\"}"));
	case_refuse(AT_TOP,
	            "\"domainname\":\"d\",\"linux\":{\"namespaces\":[{\"type\":\"uts\"}],"
	            "\"sysctl\":{\"kernel.domainname\":\"e\"}}",
	            "linux.sysctl[\"kernel.domainname\"]", "conflicts with domainname");
}
END_TEST

// ---- what looks similar and is right --------------------------------------------------------------

START_TEST(accepted)
{
	static const struct {
		const char *where, *members;
	} good[] = {
		// engines send both
		{AT_LINUX, "\"namespaces\":[{\"type\":\"user\",\"path\":\"/u\"}],"
	                   "\"uidMappings\":" MAP ",\"gidMappings\":" MAP},
		{AT_TOP, "\"mounts\":[{\"destination\":\"/\",\"options\":[\"idmap\"],"
	                 "\"uidMappings\":" MAP ",\"gidMappings\":" MAP "}]"},
		{AT_TOP, "\"mounts\":[{\"destination\":\"/\",\"options\":[\"ridmap\"]}],"
	                 "\"linux\":{\"namespaces\":[{\"type\":\"user\",\"path\":\"/u\"}]}"},
		{AT_RESOURCES, "\"memory\":{\"swap\":-1,\"limit\":2}"},
		{AT_RESOURCES, "\"memory\":{\"swap\":5,\"limit\":-1}"},
		{AT_RESOURCES, "\"memory\":{\"swap\":2,\"limit\":2}"},
		{AT_RESOURCES, "\"memory\":{\"swap\":-1}"},
		{AT_RESOURCES, "\"cpu\":{\"quota\":-1,\"burst\":2}"},
		{AT_SECCOMP, "\"listenerPath\":\"/l\""},
		{AT_TOP, "\"unknown\":{\"deep\":[[[{\"a\":null}]]]},\"windows\":{},\"solaris\":1"},
		{AT_LINUX,
	         "\"maskedPaths\":[],\"readonlyPaths\":[],\"netDevices\":{},\"sysctl\":{}"},
		{AT_TOP, "\"hostname\":\"\",\"domainname\":\"\""},
		{AT_RESOURCES, "\"pids\":{\"limit\":-0}"},
	};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		spec_free(case_accept(good[i].where, good[i].members));
}
END_TEST

#define COUNT(array_) ((int)(sizeof(array_) / sizeof((array_)[0])))

int main(void)
{
	Suite *suite = suite_create("spec: refusals");
	TCase *tcase = tcase_create("refusals");
	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, wrong_types, 0, COUNT(fields));
	tcase_add_loop_test(tcase, nulls, 0, COUNT(fields));
	tcase_add_loop_test(tcase, refused, 0, COUNT(refusals));
	tcase_add_loop_test(tcase, range_ends, 0, COUNT(ranges));
	tcase_add_test(tcase, mapping_overflow);
	tcase_add_loop_test(tcase, sysctl, 0, COUNT(sysctls));
	tcase_add_test(tcase, sysctl_more);
	tcase_add_test(tcase, accepted);
	return case_run(suite);
}
