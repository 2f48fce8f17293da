// SPDX-License-Identifier: Apache-2.0
// The configuration that `husk spec` writes passes the parser and is as closed as it says.
#include "tests/unit/spec_case.h"

#include <sys/resource.h>

static const struct spec *parse_default(bool rootless)
{
	const struct spec *spec = NULL;
	struct spec_error error = {.reason = ""};
	char *text = spec_default_text(rootless, 1000, 1001);
	ck_assert_ptr_nonnull(text);
	int result = case_parse_bytes(text, strlen(text), &spec, &error);
	ck_assert_msg(result == 0, "%s: %s", error.path, error.reason);
	free(text);
	return spec;
}

static bool contains(const struct spec_strings *strings, const char *wanted)
{
	for (size_t i = 0; i < strings->count; i++)
		if (strcmp(strings->items[i], wanted) == 0)
			return true;
	return false;
}

static const struct spec_mount *find_mount(const struct spec *spec, const char *destination)
{
	for (size_t i = 0; i < spec->mounts_count; i++)
		if (strcmp(spec->mounts[i].destination, destination) == 0)
			return &spec->mounts[i];
	return NULL;
}

START_TEST(common)
{
	const struct spec *spec = parse_default(_i == 1);
	const struct spec_process *process = &spec->process;
	ck_assert_str_eq(spec->oci_version, SPEC_VERSION);
	ck_assert_str_eq(spec->root_path, "rootfs");
	ck_assert(spec->root_readonly);
	ck_assert_str_eq(spec->hostname, "husk");
	ck_assert(process->set && process->terminal && process->no_new_privileges);
	ck_assert_str_eq(process->cwd, "/");
	case_strings(&process->args, 1, "sh", "sh");
	ck_assert_uint_eq(process->env.count, 2);
	case_strings(&process->capabilities.bounding, 3, "CAP_AUDIT_WRITE", "CAP_NET_BIND_SERVICE");
	case_strings(&process->capabilities.effective, 3, "CAP_AUDIT_WRITE",
	             "CAP_NET_BIND_SERVICE");
	case_strings(&process->capabilities.permitted, 3, "CAP_AUDIT_WRITE",
	             "CAP_NET_BIND_SERVICE");
	ck_assert_uint_eq(process->capabilities.inheritable.count, 0);
	ck_assert_uint_eq(process->capabilities.ambient.count, 0);
	ck_assert_uint_eq(process->rlimits_count, 1);
	ck_assert_int_eq(process->rlimits[0].resource, RLIMIT_NOFILE);
	ck_assert(process->rlimits[0].soft == 1024 && process->rlimits[0].hard == 1024);
	ck_assert(spec->linux_.seccomp.set);
	ck_assert_int_eq(spec->linux_.seccomp.default_action, spec_seccomp_action_errno);
	ck_assert_uint_gt(spec->linux_.seccomp.rules_count, 0);
	spec_free(spec);
}
END_TEST

START_TEST(paths)
{
	static const char *const masked[] = {
		"/proc/acpi",        "/proc/asound",  "/proc/interrupts",
		"/proc/kcore",       "/proc/keys",    "/proc/latency_stats",
		"/proc/sched_debug", "/proc/scsi",    "/proc/timer_list",
		"/proc/timer_stats", "/sys/firmware", "/sys/devices/virtual/powercap",
	};
	static const char *const readonly[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
	                                       "/proc/sysrq-trigger"};
	const struct spec *spec = parse_default(_i == 1);
	for (size_t i = 0; i < sizeof(masked) / sizeof(masked[0]); i++)
		ck_assert_msg(contains(&spec->linux_.masked_paths, masked[i]), "%s", masked[i]);
	for (size_t i = 0; i < sizeof(readonly) / sizeof(readonly[0]); i++)
		ck_assert_msg(contains(&spec->linux_.readonly_paths, readonly[i]), "%s",
		              readonly[i]);
	spec_free(spec);
}
END_TEST

START_TEST(root)
{
	const struct spec *spec = parse_default(false);
	const struct spec_linux *config = &spec->linux_;
	ck_assert_uint_eq(spec->mounts_count, 7);
	ck_assert_str_eq(find_mount(spec, "/sys")->type, "sysfs");
	ck_assert_str_eq(find_mount(spec, "/sys/fs/cgroup")->type, "cgroup");
	ck_assert(contains(&find_mount(spec, "/sys/fs/cgroup")->options, "ro"));
	ck_assert(contains(&find_mount(spec, "/dev/pts")->options, "gid=5"));
	ck_assert_uint_eq(config->resources.devices_count, 1);
	ck_assert(!config->resources.devices[0].allow);
	ck_assert_int_eq(config->resources.devices[0].type, 'a');
	for (int i = 0; i < spec_namespace_type_count; i++)
		ck_assert(config->namespaces[i].listed ==
		          (i != spec_namespace_type_user && i != spec_namespace_type_time));
	ck_assert_uint_eq(config->uid_mappings.count, 0);
	spec_free(spec);
}
END_TEST

START_TEST(rootless)
{
	const struct spec *spec = parse_default(true);
	const struct spec_linux *config = &spec->linux_;
	const struct spec_mount *sys = find_mount(spec, "/sys");
	ck_assert_str_eq(sys->source, "/sys");
	ck_assert(contains(&sys->options, "rbind") && contains(&sys->options, "rro"));
	ck_assert_ptr_null(find_mount(spec, "/sys/fs/cgroup"));
	ck_assert(!contains(&find_mount(spec, "/dev/pts")->options, "gid=5"));
	ck_assert(!config->resources.set);
	ck_assert(config->namespaces[spec_namespace_type_user].listed);
	ck_assert(!config->namespaces[spec_namespace_type_network].listed);
	ck_assert_uint_eq(config->uid_mappings.count, 1);
	ck_assert_uint_eq(config->uid_mappings.items[0].container_id, 0);
	ck_assert_uint_eq(config->uid_mappings.items[0].host_id, 1000);
	ck_assert_uint_eq(config->uid_mappings.items[0].size, 1);
	ck_assert_uint_eq(config->gid_mappings.items[0].host_id, 1001);
	spec_free(spec);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spec: default");
	TCase *tcase = tcase_create("default");
	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, common, 0, 2);
	tcase_add_loop_test(tcase, paths, 0, 2);
	tcase_add_test(tcase, root);
	tcase_add_test(tcase, rootless);
	return case_run(suite);
}
