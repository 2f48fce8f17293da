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
#include "libcontainer/kernel/fd.h"

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
	tcase_add_test(tcase, link_is_not_followed);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
