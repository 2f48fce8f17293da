// SPDX-License-Identifier: Apache-2.0
// linux.intelRdt against a directory tree that looks like resctrl. (A group that is made there gets no files, as it would
// from the kernel; so groups whose files are written exist before.)
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/resctrl.h"
#include "libcontainer/cgroup/resctrl_stats.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/lifecycle/stats_text.h"

static char root_path[] = "/tmp/husk-resctrl.XXXXXX";
static int root;
static struct error err;
static struct resctrl_made made;

static void write_file(const char *name, const char *text)
{
	int fd = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write(fd, text, strlen(text)), 0);
	close(fd);
}

static void expect_file(const char *name, const char *text)
{
	auto_free char *found = NULL;
	size_t length;
	ck_assert_int_eq(fd_read_file(root, name, 4096, &found, &length), 0);
	ck_assert_str_eq(found, text);
}

static void make_group(const char *name, const char *schemata)
{
	char path[128];
	ck_assert_int_eq(mkdirat(root, name, 0700), 0);
	snprintf(path, sizeof path, "%s/schemata", name);
	write_file(path, schemata);
	snprintf(path, sizeof path, "%s/tasks", name);
	write_file(path, "");
	snprintf(path, sizeof path, "%s/mon_groups", name);
	ck_assert_int_eq(mkdirat(root, path, 0700), 0);
}

static bool is_there(const char *name)
{
	return faccessat(root, name, F_OK, 0) == 0;
}

static void set_up(void)
{
	memcpy(root_path + strlen(root_path) - 6, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(root_path));
	root = open(root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root, 0);
	err = (struct error){0};
}

static void tear_down(void)
{
	char command[64];
	close(root);
	snprintf(command, sizeof command, "rm -rf %s", root_path);
	ck_assert_int_eq(system(command), 0);
}

#define CREATES(...)                                                                               \
	do {                                                                                       \
		const struct spec_intel_rdt rdt_ = {.set = true, __VA_ARGS__};                     \
		ck_assert_msg(resctrl_create(root, &rdt_, "box", &made, &err) == 0, "%s",          \
			      err.message);                                                        \
	} while (0)
#define REFUSES(text, ...)                                                                         \
	do {                                                                                       \
		const struct spec_intel_rdt rdt_ = {.set = true, __VA_ARGS__};                     \
		ck_assert_int_eq(resctrl_create(root, &rdt_, "box", &made, &err), -1);             \
		ck_assert_msg(strstr(err.message, text) != NULL, "%s", err.message);               \
		resctrl_undo(root, &rdt_, "box", &made);                                           \
	} while (0)

START_TEST(limits_are_written_in_order)
{
	static const char *const more[] = {"L2:0=3", "MB:1=20\n"};
	make_group("box", "");
	CREATES(.l3_cache_schema = "L3:0=f;1=f0\nMB:0=99", .mem_bw_schema = "MB:0=70",
		.schemata = {more, 2});
	expect_file("box/schemata", "L3:0=f;1=f0\nMB:0=70\nL2:0=3\nMB:1=20\n");
	ck_assert(!made.group);
}
END_TEST

START_TEST(bandwidth_in_the_cache_schema_counts_alone)
{
	make_group("box", "");
	CREATES(.l3_cache_schema = "L3:0=f\nMB:0=99");
	expect_file("box/schemata", "L3:0=f\nMB:0=99\n");
}
END_TEST

START_TEST(group_without_limits_is_only_joined)
{
	make_group("shared", "L3:0=fff\n");
	CREATES(.clos_id = "shared");
	expect_file("shared/schemata", "L3:0=fff\n");
	REFUSES("group nosuch", .clos_id = "nosuch");
	ck_assert(!is_there("nosuch"));
}
END_TEST

START_TEST(root_group)
{
	write_file("tasks", "");
	const struct spec_intel_rdt rdt = {.set = true, .clos_id = "/"};
	CREATES(.clos_id = "/");
	ck_assert_int_eq(resctrl_join(root, &rdt, "box", 42, &err), 0);
	expect_file("tasks", "42\n");
	ck_assert_int_eq(resctrl_remove(root, &rdt, "box", &err), 0);
	ck_assert(is_there("tasks"));
}
END_TEST

START_TEST(limits_of_an_existing_group_are_compared)
{
	make_group("shared", "    MB:0=100;1=50\n    L3:0=00ff;1=0f\n");
	CREATES(.clos_id = "shared", .l3_cache_schema = "L3:0=ff;1=f");
	CREATES(.clos_id = "shared", .l3_cache_schema = "L3:1=00F;0=0FF",
		.mem_bw_schema = "MB:1=50");
	expect_file("shared/schemata", "    MB:0=100;1=50\n    L3:0=00ff;1=0f\n");
	REFUSES("other limits than L3:0=f", .clos_id = "shared", .l3_cache_schema = "L3:0=f");
	REFUSES("other limits than L3:2=f", .clos_id = "shared", .l3_cache_schema = "L3:2=f");
	REFUSES("other limits than L2:0=f", .clos_id = "shared", .l3_cache_schema = "L2:0=f");
	REFUSES("other limits than MB:0=10", .clos_id = "shared", .l3_cache_schema = "L3:0=ff",
		.mem_bw_schema = "MB:0=10");
	ck_assert(is_there("shared"));
}
END_TEST

// (a plain file keeps what stands behind the new text)
START_TEST(limits_are_changed_and_put_back)
{
	const struct spec_intel_rdt own = {.set = true, .l3_cache_schema = "L3:0=ff"};
	const struct spec_intel_rdt shared = {.set = true, .clos_id = "shared"};
	const struct spec_intel_rdt top = {.set = true, .clos_id = "/"};
	char *before = NULL;
	make_group("box", "L3:0=ff\nMB:0=90\n");
	make_group("shared", "L3:0=ff\n");
	ck_assert_int_eq(resctrl_update(root, &own, "box", "L3:0=0f", "MB:0=50", &before, &err), 0);
	ck_assert_str_eq(before, "L3:0=ff\nMB:0=90\n");
	expect_file("box/schemata", "L3:0=0f\nMB:0=50\n");
	ck_assert_int_eq(resctrl_restore(root, &own, "box", before, &err), 0);
	expect_file("box/schemata", "L3:0=ff\nMB:0=90\n");
	free(before);
	ck_assert_int_eq(resctrl_update(root, &own, "box", NULL, "MB:0=10", &before, &err), 0);
	expect_file("box/schemata", "MB:0=10\nMB:0=90\n");
	free(before);
	ck_assert_int_eq(resctrl_update(root, &shared, "box", "L3:0=01", NULL, &before, &err), 0);
	expect_file("shared/schemata", "L3:0=01\n");
	free(before);
	ck_assert_int_eq(resctrl_update(root, &top, "box", "L3:0=01", NULL, &before, &err), -1);
	ck_assert_msg(strstr(err.message, "everybody's") != NULL, "%s", err.message);
	ck_assert_int_eq(resctrl_update(root, &own, "other", "L3:0=01", NULL, &before, &err), -1);
	ck_assert_msg(strstr(err.message, "open the group other") != NULL, "%s", err.message);
}
END_TEST

START_TEST(failure_leaves_nothing)
{
	// here the directory is made, and has no file schemata
	REFUSES("schemata of the group box", .l3_cache_schema = "L3:0=f");
	ck_assert(!is_there("box"));
	REFUSES("schemata of the group fresh", .clos_id = "fresh", .l3_cache_schema = "L3:0=f");
	ck_assert(!is_there("fresh"));
	REFUSES("does not monitor", .enable_monitoring = true);
	ck_assert(!is_there("box"));
}
END_TEST

START_TEST(kernel_says_why)
{
	ck_assert_int_eq(mkdirat(root, "info", 0700), 0);
	write_file("info/last_cmd_status", "Mask out of range\n");
	REFUSES("Mask out of range", .l3_cache_schema = "L3:0=fffff");
}
END_TEST

START_TEST(monitoring)
{
	const struct spec_intel_rdt rdt = {
		.set = true, .clos_id = "shared", .enable_monitoring = true};
	make_group("shared", "");
	CREATES(.clos_id = "shared", .enable_monitoring = true);
	ck_assert(made.monitor && !made.group);
	write_file("shared/mon_groups/box/tasks", "");
	ck_assert_int_eq(resctrl_join(root, &rdt, "box", 7, &err), 0);
	expect_file("shared/tasks", "7\n");
	expect_file("shared/mon_groups/box/tasks", "7\n");
	// the kernel removes a group's files with it
	ck_assert_int_eq(unlinkat(root, "shared/mon_groups/box/tasks", 0), 0);
	ck_assert_int_eq(resctrl_remove(root, &rdt, "box", &err), 0);
	ck_assert(!is_there("shared/mon_groups/box"));
	ck_assert(is_there("shared"));
}
END_TEST

START_TEST(own_group_is_removed)
{
	const struct spec_intel_rdt rdt = {.set = true, .l3_cache_schema = "L3:0=f"};
	ck_assert_int_eq(mkdirat(root, "box", 0700), 0);
	ck_assert_int_eq(resctrl_remove(root, &rdt, "box", &err), 0);
	ck_assert(!is_there("box"));
	// and that it is gone already is no failure
	ck_assert_int_eq(resctrl_remove(root, &rdt, "box", &err), 0);
}
END_TEST

static void make_directory(const char *name)
{
	ck_assert_int_eq(mkdirat(root, name, 0700), 0);
}

static void make_domain(const char *group, const char *name, const char *total, const char *local,
			const char *occupancy)
{
	const struct {
		const char *file, *text;
	} files[] = {{"mbm_total_bytes", total}, {"mbm_local_bytes", local}, {"llc_occupancy", occupancy}};
	char path[128];
	snprintf(path, sizeof path, "%s/mon_data/%s", group, name);
	make_directory(path);
	for (size_t i = 0; i < array_size(files); i++) {
		snprintf(path, sizeof path, "%s/mon_data/%s/%s", group, name, files[i].file);
		if (files[i].text)
			write_file(path, files[i].text);
	}
}

// What `events` prints as intel_rdt.
static void expect_stats(const struct spec_intel_rdt *rdt, const char *wanted)
{
	struct resctrl_stats stats;
	auto_text struct text text = {0};
	struct json json = {.text = &text};
	ck_assert_msg(resctrl_stats_read(root, rdt, "box", &stats, &err) == 0, "%s", err.message);
	stats_text_add(&json, NULL, &(struct cgroup_stats){0}, &stats);
	const char *found = strstr(text_string(&text), "\"intel_rdt\":");
	ck_assert_ptr_nonnull(found);
	ck_assert_msg(strncmp(found + 12, wanted, strlen(wanted)) == 0 &&
			      strcmp(found + 12 + strlen(wanted), ",\"network_interfaces\":null}") == 0,
		      "wanted %s, found %s", wanted, found);
	resctrl_stats_done(&stats);
}

START_TEST(statistics)
{
	const struct spec_intel_rdt own = {.set = true, .enable_monitoring = true};
	const struct spec_intel_rdt plain = {.set = true};
	const struct spec_intel_rdt top = {.set = true, .clos_id = "/"};
	write_file("schemata", "    MB:0=100;1=100\n    L3:0=fff;1=fff\n");
	make_group("box", "    MB:0= 20;1=100\n    L3:0=00f;1=fff\nL2:0=3\n");
	// no abilities are known, no counters
	expect_stats(&own, "{\"schemata\":[\"MB:0= 20;1=100\",\"L3:0=00f;1=fff\",\"L2:0=3\"]}");
	make_directory("info");
	make_directory("info/L3");
	write_file("info/L3/cbm_mask", "fff\n");
	write_file("info/L3/min_cbm_bits", "1\n");
	write_file("info/L3/num_closids", "16\n");
	make_directory("info/MB");
	write_file("info/MB/bandwidth_gran", "10\n");
	write_file("info/MB/delay_linear", "1\n");
	write_file("info/MB/min_bandwidth", "10\n");
	write_file("info/MB/num_closids", "8\n");
#define ABILITIES(l3, mb)                                                                          \
	"{\"l3_cache_info\":{\"cbm_mask\":\"fff\",\"min_cbm_bits\":1,\"num_closids\":16},"                 \
	"\"l3_cache_schema_root\":\"L3:0=fff;1=fff\",\"l3_cache_schema\":\"" l3 "\","                    \
	"\"mem_bw_info\":{\"bandwidth_gran\":10,\"delay_linear\":1,\"min_bandwidth\":10,"                \
	"\"num_closids\":8},\"mem_bw_schema_root\":\"MB:0=100;1=100\",\"mem_bw_schema\":\"" mb "\","
#define OWN ABILITIES("L3:0=00f;1=fff", "MB:0= 20;1=100")                                          \
	"\"schemata\":[\"MB:0= 20;1=100\",\"L3:0=00f;1=fff\",\"L2:0=3\"]"
	expect_stats(&own, OWN "}");
	// counters of the own group where it has one, else of the group with all who are in it; in the order of the caches
	make_directory("info/L3_MON");
	write_file("info/L3_MON/mon_features", "llc_occupancy\nmbm_total_bytes\nmbm_total_bytes_config\nmbm_local_bytes\n");
	make_directory("box/mon_data");
	make_domain("box", "mon_L3_01", "7\n", "6\n", "5\n");
	make_domain("box", "mon_L3_00", "18446744073709551615\n", "0\n", "4096\n");
	make_domain("box", "mon_PERF_PKG_00", "1\n", "1\n", "1\n");
	make_directory("box/mon_groups/box");
	make_directory("box/mon_groups/box/mon_data");
	make_domain("box/mon_groups/box", "mon_L3_00", "3\n", "Unavailable\n", "1\n");
	expect_stats(&plain, OWN ",\"mbm_stats\":[{\"mbm_total_bytes\":18446744073709551615,\"mbm_local_bytes\":0},"
				 "{\"mbm_total_bytes\":7,\"mbm_local_bytes\":6}],"
				 "\"cmt_stats\":[{\"llc_occupancy\":4096},{\"llc_occupancy\":5}]}");
	expect_stats(&own, OWN ",\"mbm_stats\":[{\"mbm_total_bytes\":3}],\"cmt_stats\":[{\"llc_occupancy\":1}]}");
	// a processor that counts one of them
	write_file("info/L3_MON/mon_features", "mbm_total_bytes\n");
	ck_assert_int_eq(ftruncate(openat(root, "info/L3_MON/mon_features", O_WRONLY | O_CLOEXEC), 16), 0);
	expect_stats(&own, OWN ",\"mbm_stats\":[{\"mbm_total_bytes\":3}]}");
	make_directory("mon_data");
	make_domain(".", "mon_L3_00", "9\n", "8\n", NULL);
	expect_stats(&top, ABILITIES("L3:0=fff;1=fff", "MB:0=100;1=100")
			   "\"schemata\":[\"MB:0=100;1=100\",\"L3:0=fff;1=fff\"],"
			   "\"mbm_stats\":[{\"mbm_total_bytes\":9,\"mbm_local_bytes\":8}]}");
}
END_TEST

// Of a container that is just being deleted.
START_TEST(statistics_of_a_group_that_is_gone)
{
	const struct spec_intel_rdt own = {.set = true};
	expect_stats(&own, "{}");
}
END_TEST

START_TEST(link_is_not_followed)
{
	make_group("real", "");
	ck_assert_int_eq(symlinkat("real", root, "box"), 0);
	REFUSES("group box", .l3_cache_schema = "L3:0=f");
	expect_file("real/schemata", "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cgroup_resctrl");
	TCase *tcase = tcase_create("resctrl");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, limits_are_written_in_order);
	tcase_add_test(tcase, bandwidth_in_the_cache_schema_counts_alone);
	tcase_add_test(tcase, group_without_limits_is_only_joined);
	tcase_add_test(tcase, root_group);
	tcase_add_test(tcase, limits_of_an_existing_group_are_compared);
	tcase_add_test(tcase, limits_are_changed_and_put_back);
	tcase_add_test(tcase, failure_leaves_nothing);
	tcase_add_test(tcase, kernel_says_why);
	tcase_add_test(tcase, monitoring);
	tcase_add_test(tcase, own_group_is_removed);
	tcase_add_test(tcase, statistics);
	tcase_add_test(tcase, statistics_of_a_group_that_is_gone);
	tcase_add_test(tcase, link_is_not_followed);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
