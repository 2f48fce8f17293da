// SPDX-License-Identifier: Apache-2.0
// husk features: what this program can do, as JSON (runtime-spec, features.md and features-linux.md).
//
// Compiled abilities, not the host's, but for seccomp.supportedFlags. Lists come from the parsers themselves. Only what works is
// said: an engine decides by this what it asks for.
#include "libcontainer/rootfs/rootfs.h"
#include "libcontainer/security/security.h"
#include "runtime/command.h"
#include "runtime/output.h"
#include "runtime/version.h"
#include "spec/spec.h"

static int features_run(const struct command_call *call, int *status, struct error *err);

const struct command command_features = {
	.name = "features",
	.words = "",
	.missing = "",
	.summary = "print what husk can do, as JSON",
	.options = command_options_none,
	.order = options_order_any,
	.failure = 1,
	.run = features_run,
};

static void add_words(struct json *json, const char *key, const char *const *words)
{
	json_begin_array(json, key);
	for (; *words; words++)
		json_string(json, NULL, *words);
	json_end_array(json);
}

static void add_enabled(struct json *json, const char *key, bool enabled)
{
	json_begin_object(json, key);
	json_bool(json, "enabled", enabled);
	json_end_object(json);
}

static void add_cgroup(struct json *json)
{
	json_begin_object(json, "cgroup");
	json_bool(json, "v1", false);
	json_bool(json, "v2", true);
	json_bool(json, "systemd", container_can_use_systemd());
	json_bool(json, "systemdUser", container_can_use_systemd());
	json_bool(json, "rdma", true);
	json_end_object(json);
}

static void add_seccomp(struct json *json)
{
	const char *supported[8] = {NULL};
	syscall_filter_supported_flags(supported);
	json_begin_object(json, "seccomp");
	json_bool(json, "enabled", true);
	add_words(json, "actions", spec_words_seccomp_actions());
	add_words(json, "operators", spec_words_seccomp_operators());
	add_words(json, "archs", spec_words_seccomp_architectures());
	add_words(json, "knownFlags", spec_words_seccomp_flags());
	add_words(json, "supportedFlags", supported);
	json_end_object(json);
}

static void add_linux(struct json *json)
{
	json_begin_object(json, "linux");
	add_words(json, "namespaces", spec_words_namespaces());
	add_words(json, "capabilities", capabilities_words());
	add_cgroup(json);
	add_seccomp(json);
	add_enabled(json, "apparmor", true);
	add_enabled(json, "selinux", true);
	json_begin_object(json, "intelRdt");
	json_bool(json, "enabled", true);
	json_bool(json, "schemata", true);
	json_bool(json, "monitoring", true);
	json_end_object(json);
	json_begin_object(json, "memoryPolicy");
	add_words(json, "modes", spec_words_memory_policy_modes());
	add_words(json, "flags", spec_words_memory_policy_flags());
	json_end_object(json);
	json_begin_object(json, "mountExtensions");
	add_enabled(json, "idmap", true);
	json_end_object(json);
	add_enabled(json, "netDevices", true);
	json_end_object(json);
}

static void add_annotations(struct json *json)
{
	struct text auto_text libseccomp = {0};
	version_add_libseccomp(&libseccomp);
	json_begin_object(json, "annotations");
	json_string(json, "io.github.seccomp.libseccomp.version", text_string(&libseccomp));
	json_string(json, "org.husk.commit", version_commit());
	json_string(json, "org.husk.version", version_number());
	json_string(json, "org.opencontainers.runc.checkpoint.enabled", "false");
	json_end_object(json);
}

static int features_run(const struct command_call *call unused_result, int *status unused_result,
			struct error *err)
{
	// annotations of a configuration that change what husk does; a dot at the end: all that begin so
	static const char *const unsafe[] = {"org.husk.", "org.systemd.property.", "run.oci.",
					     NULL};
	struct text auto_text text = {0};
	struct json json = {.text = &text, .indent = 2};
	json_begin_object(&json, NULL);
	json_string(&json, "ociVersionMin", SPEC_VERSION_MIN);
	json_string(&json, "ociVersionMax", SPEC_VERSION);
	add_words(&json, "hooks", spec_words_hooks());
	add_words(&json, "mountOptions", rootfs_words_mount_options());
	add_linux(&json);
	add_annotations(&json);
	add_words(&json, "potentiallyUnsafeConfigAnnotations", unsafe);
	json_end_object(&json);
	text_add(&text, "\n");
	return output_write(&text, err);
}
