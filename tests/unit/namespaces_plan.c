// SPDX-License-Identifier: Apache-2.0
// namespaces/plan and id_map: what is cloned at once, what needs a stage, how ids map.
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/namespaces/namespaces.h"

static struct spec make_spec(const enum spec_namespace_type *types, size_t count)
{
	struct spec spec = {.oci_version = "1.3.0", .root_path = "rootfs"};
	for (size_t i = 0; i < count; i++)
		spec.linux_.namespaces[types[i]].listed = true;
	return spec;
}

START_TEST(one_clone_makes_new_namespaces)
{
	const enum spec_namespace_type types[] = {spec_namespace_type_pid, spec_namespace_type_mount,
						  spec_namespace_type_cgroup};
	struct spec spec = make_spec(types, 3);
	struct namespace_plan plan;
	struct error err = {0};
	ck_assert_int_eq(namespaces_plan(&spec, false, &plan, &err), 0);
	ck_assert(!plan.staged);
	// a cgroup namespace is made from inside the final cgroup, never by the clone
	ck_assert(namespaces_clone_flags(&plan) == (KERNEL_CLONE_NEWPID | KERNEL_CLONE_NEWNS));
	ck_assert(namespaces_is_new(&plan, spec_namespace_type_cgroup));
	ck_assert(!namespaces_has(&plan, spec_namespace_type_network));
	namespaces_done(&plan);
}
END_TEST

START_TEST(stage_only_where_the_user_namespace_needs_it)
{
	const enum spec_namespace_type types[] = {spec_namespace_type_user, spec_namespace_type_network};
	static const struct spec_id_mapping map = {0, 1000, 1};
	struct spec spec = make_spec(types, 2);
	spec.linux_.uid_mappings = spec.linux_.gid_mappings = (struct spec_id_mappings){&map, 1};
	struct namespace_plan plan;
	struct error err = {0};
	ck_assert_int_eq(namespaces_plan(&spec, false, &plan, &err), 0);
	ck_assert(!plan.staged);
	spec.linux_.namespaces[spec_namespace_type_network].path = "/proc/self/ns/net";
	ck_assert_int_eq(namespaces_plan(&spec, false, &plan, &err), 0);
	ck_assert(plan.staged);
	ck_assert(!(namespaces_clone_flags(&plan) & KERNEL_CLONE_NEWUSER));
	spec.linux_.namespaces[spec_namespace_type_network].path = NULL;
	spec.linux_.namespaces[spec_namespace_type_user].path = "/proc/self/ns/user";
	ck_assert_int_eq(namespaces_plan(&spec, false, &plan, &err), 0);
	ck_assert(plan.staged);
	namespaces_done(&plan);
}
END_TEST

// made by the caller while init works only where it can come back to its own, and init needs it no sooner
START_TEST(network_beside_init)
{
	const enum spec_namespace_type types[] = {spec_namespace_type_pid, spec_namespace_type_mount, spec_namespace_type_network};
	struct namespace_plan plan;
	struct error err = {0};
	for (int variant = 0; variant < 9; variant++) {
		struct spec spec = make_spec(types, 3);
		struct spec_namespace *namespaces = spec.linux_.namespaces;
		namespaces[spec_namespace_type_user].listed = variant == 1;
		namespaces[spec_namespace_type_network].listed = variant != 2;
		namespaces[spec_namespace_type_network].path = variant == 3 ? "/proc/1/ns/net" : NULL;
		namespaces[spec_namespace_type_pid].path = variant == 4 ? "/proc/1/ns/pid" : NULL;
		namespaces[spec_namespace_type_mount].path = variant == 5 ? "/proc/1/ns/mnt" : NULL;
		spec.linux_.sysctl.count = variant == 6;
		spec.linux_.net_devices_count = variant == 7;
		ck_assert_int_eq(namespaces_plan(&spec, variant == 8, &plan, &err), 0);
		ck_assert_msg(plan.network_beside == (variant == 0), "variant %d", variant);
		// one or the other makes it
		bool cloned = namespaces_clone_flags(&plan) & KERNEL_CLONE_NEWNET;
		ck_assert_msg(cloned == (variant != 0 && variant != 2 && variant != 3), "variant %d", variant);
		namespaces_done(&plan);
	}
}
END_TEST

// below a rootless engine nobody comes back from what only children enter
START_TEST(stage_where_there_is_no_way_back)
{
	const enum spec_namespace_type types[] = {spec_namespace_type_pid, spec_namespace_type_time};
	struct spec spec = make_spec(types, 2);
	struct namespace_plan plan;
	struct error err = {0};
	ck_assert_int_eq(namespaces_plan(&spec, true, &plan, &err), 0);
	ck_assert(!plan.staged);
	spec.linux_.boottime.set = true;
	for (int rootless = 0; rootless < 2; rootless++) {
		ck_assert_int_eq(namespaces_plan(&spec, rootless, &plan, &err), 0);
		ck_assert_int_eq(plan.staged, rootless);
	}
	spec.linux_.boottime.set = false;
	spec.linux_.namespaces[spec_namespace_type_pid].path = "/proc/self/ns/pid";
	for (int rootless = 0; rootless < 2; rootless++) {
		ck_assert_int_eq(namespaces_plan(&spec, rootless, &plan, &err), 0);
		ck_assert_int_eq(plan.staged, rootless);
	}
	namespaces_done(&plan);
}
END_TEST

START_TEST(time_offsets_need_a_new_time_namespace)
{
	struct spec spec = make_spec(NULL, 0);
	spec.linux_.monotonic = (struct spec_time_offset){true, 5, 0};
	struct namespace_plan plan;
	struct error err = {0};
	ck_assert_int_eq(namespaces_plan(&spec, false, &plan, &err), -1);
	spec.linux_.namespaces[spec_namespace_type_time].listed = true;
	ck_assert_int_eq(namespaces_plan(&spec, false, &plan, &err), 0);
	ck_assert(namespaces_clone_flags(&plan) == 0);
	namespaces_done(&plan);
}
END_TEST

START_TEST(joined_files_are_checked)
{
	const enum spec_namespace_type types[] = {spec_namespace_type_network};
	struct spec spec = make_spec(types, 1);
	struct namespace_plan plan;
	struct error err = {0};
	spec.linux_.namespaces[spec_namespace_type_network].path = "/proc/self/ns/net";
	ck_assert_int_eq(namespaces_plan(&spec, false, &plan, &err), 0);
	ck_assert_int_eq(namespaces_open(&plan, &err), 0);
	namespaces_done(&plan);
	static const char *const wrong[] = {"/proc/self/ns/uts", "/dev/null", "/etc/passwd", "/nowhere"};
	for (size_t i = 0; i < array_size(wrong); i++) {
		spec.linux_.namespaces[spec_namespace_type_network].path = wrong[i];
		ck_assert_int_eq(namespaces_plan(&spec, false, &plan, &err), 0);
		ck_assert_int_eq(namespaces_open(&plan, &err), -1);
		ck_assert_ptr_nonnull(strstr(err.message, wrong[i]));
		namespaces_done(&plan);
	}
}
END_TEST

START_TEST(ids_map_to_the_host)
{
	static const struct spec_id_mapping maps[] = {{0, 1000, 1}, {1, 100000, 65536}};
	const struct spec_id_mappings mappings = {maps, 2}, none = {NULL, 0};
	ck_assert_int_eq(id_map_to_host(&mappings, 0), 1000);
	ck_assert_int_eq(id_map_to_host(&mappings, 1), 100000);
	ck_assert_int_eq(id_map_to_host(&mappings, 65536), 165535);
	ck_assert_int_eq(id_map_to_host(&mappings, 65537), -1);
	ck_assert_int_eq(id_map_to_host(&none, 7), 7);
}
END_TEST

START_TEST(maps_are_compared)
{
	static const struct spec_id_mapping two[] = {{0, 1000, 1}, {1, 100000, 65536}};
	const struct spec_id_mappings mappings = {two, 2};
	ck_assert(id_map_is_same(&mappings, "         0       1000          1\n         1     100000      65536\n"));
	ck_assert(id_map_is_same(&mappings, "1 100000 65536\n0 1000 1\n"));
	ck_assert(id_map_is_same(&mappings, "0 1000 1\n1 100000 36\n37 100036 65500\n"));
	ck_assert(!id_map_is_same(&mappings, "0 1000 1\n1 100000 65535\n"));
	ck_assert(!id_map_is_same(&mappings, "0 1000 1\n1 100001 65536\n"));
	ck_assert(!id_map_is_same(&mappings, "0 1000 1\n1 100000 65537\n"));
	ck_assert(!id_map_is_same(&mappings, ""));
	const struct spec_id_mappings none = {NULL, 0};
	ck_assert(id_map_is_same(&none, ""));
	ck_assert(!id_map_is_same(&none, "0 0 1\n"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("namespaces");
	TCase *tc = tcase_create("plan");
	tcase_add_test(tc, one_clone_makes_new_namespaces);
	tcase_add_test(tc, stage_only_where_the_user_namespace_needs_it);
	tcase_add_test(tc, network_beside_init);
	tcase_add_test(tc, stage_where_there_is_no_way_back);
	tcase_add_test(tc, time_offsets_need_a_new_time_namespace);
	tcase_add_test(tc, joined_files_are_checked);
	tcase_add_test(tc, ids_map_to_the_host);
	tcase_add_test(tc, maps_are_compared);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
