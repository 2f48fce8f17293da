// SPDX-License-Identifier: Apache-2.0
// Limits laid over each other, and statistics as JSON.
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/lifecycle/resources_text.h"
#include "libcontainer/lifecycle/stats_text.h"

static const struct spec *parse(const char *text)
{
	const struct spec *spec = NULL;
	struct spec_error why;
	ck_assert_msg(spec_parse_resources(text, strlen(text), &spec, &why) == 0, "%s: %s: %s", text,
		      why.path, why.reason);
	return spec;
}

// What comes out must hold part, and must be something that can be stored: read again and laid over itself it is the same.
static void expect(const char *base, const char *change, const char *part)
{
	const struct spec *below = parse(base), *above = parse(change);
	struct text text = {0}, again = {0};
	resources_text_merge(&text, &below->linux_.resources, &above->linux_.resources);
	ck_assert_msg(strstr(text_string(&text), part) != NULL, "%s + %s: no %s in %s", base, change, part,
		      text_string(&text));
	const struct spec *merged = parse(text_string(&text));
	resources_text_merge(&again, &merged->linux_.resources, &merged->linux_.resources);
	ck_assert_str_eq(text_string(&again), text_string(&text));
	text_done(&text);
	text_done(&again);
	spec_free(below);
	spec_free(above);
	spec_free(merged);
}

START_TEST(fields)
{
	const char *base = "{\"cpu\":{\"quota\":20000,\"period\":50000,\"shares\":512,\"cpus\":\"0-3\",\"burst\":9000},"
			   "\"pids\":{\"limit\":33}}";
	expect(base, "{}", "\"quota\":20000,\"burst\":9000,\"period\":50000");
	expect(base, "{\"cpu\":{\"quota\":30000}}", "\"quota\":30000,\"burst\":9000,\"period\":50000");
	expect(base, "{\"cpu\":{\"quota\":0,\"period\":70000}}", "\"quota\":20000,\"burst\":9000,\"period\":70000");
	expect(base, "{\"cpu\":{\"quota\":-1}}", "\"quota\":-1,\"burst\":9000");
	expect(base, "{\"cpu\":{\"shares\":0,\"idle\":1}}", "\"shares\":512");
	expect(base, "{\"cpu\":{\"idle\":1}}", "\"idle\":1,\"cpus\":\"0-3\"");
	expect(base, "{\"cpu\":{\"cpus\":\"1\"}}", "\"cpus\":\"1\"");
	expect(base, "{\"pids\":{\"limit\":0}}", "\"pids\":{\"limit\":0}");
	expect(base, "{\"blockIO\":{\"weight\":100}}", "\"pids\":{\"limit\":33}");
	expect("{}", "{}", "\"memory\":{}");
}
END_TEST

START_TEST(swap_moves_with_the_limit)
{
	const char *base = "{\"memory\":{\"limit\":100,\"swap\":150}}";
	expect(base, "{\"memory\":{\"limit\":200}}", "\"limit\":200,\"swap\":250");
	expect(base, "{\"memory\":{\"limit\":60}}", "\"limit\":60,\"swap\":110");
	expect(base, "{\"memory\":{\"limit\":-1}}", "\"limit\":-1,\"swap\":-1");
	expect(base, "{\"memory\":{\"limit\":0}}", "\"limit\":100,\"swap\":150");
	expect(base, "{\"memory\":{\"limit\":200,\"swap\":200}}", "\"limit\":200,\"swap\":200");
	expect(base, "{\"memory\":{\"swap\":120}}", "\"limit\":100,\"swap\":120");
	expect(base, "{\"memory\":{\"swap\":-1}}", "\"limit\":100,\"swap\":-1");
	expect(base, "{\"memory\":{\"limit\":200,\"swap\":0}}", "\"limit\":200,\"swap\":250");
	expect(base, "{\"memory\":{\"limit\":9223372036854775807}}", "\"swap\":-1");
	expect("{\"memory\":{\"limit\":-1,\"swap\":-1}}", "{\"memory\":{\"limit\":64}}", "\"limit\":64,\"swap\":-1");
	expect("{\"memory\":{\"limit\":100}}", "{\"memory\":{\"limit\":64}}", "\"memory\":{\"limit\":64}");
	expect(base, "{\"memory\":{\"reservation\":5,\"checkBeforeUpdate\":true}}",
	       "{\"limit\":100,\"swap\":150,\"reservation\":5}");
}
END_TEST

START_TEST(lists_are_merged_by_entry)
{
	expect("{\"unified\":{\"memory.high\":\"1\",\"pids.max\":\"2\"}}", "{\"unified\":{\"pids.max\":\"3\"}}",
	       "\"unified\":{\"memory.high\":\"1\",\"pids.max\":\"3\"}");
	// a field that is changed now is newer than a word of unified for the same file; other files keep theirs
	expect("{\"unified\":{\"memory.high\":\"1\",\"pids.max\":\"2\",\"cpu.max\":\"3000 10000\"}}",
	       "{\"pids\":{\"limit\":4},\"cpu\":{\"period\":20000}}",
	       "\"unified\":{\"memory.high\":\"1\",\"cpu.max\":\"3000 20000\"}");
	expect("{\"unified\":{\"cpu.max\":\"3000 10000\",\"io.weight\":\"default 7\"}}",
	       "{\"cpu\":{\"quota\":-1},\"blockIO\":{\"weight\":10}}", "\"unified\":{}");
	expect("{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":1},{\"pageSize\":\"1GB\",\"limit\":2}]}",
	       "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":3}]}",
	       "[{\"pageSize\":\"1GB\",\"limit\":2},{\"pageSize\":\"2MB\",\"limit\":3}]");
	expect("{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1},{\"major\":8,\"minor\":16,\"rate\":2}]}}",
	       "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":5}]}}",
	       "[{\"major\":8,\"minor\":16,\"rate\":2},{\"major\":8,\"minor\":0,\"rate\":5}]");
	expect("{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":10}]}}",
	       "{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":16,\"weight\":20}]}}",
	       "[{\"major\":8,\"minor\":0,\"weight\":10},{\"major\":8,\"minor\":16,\"weight\":20}]");
	expect("{\"rdma\":{\"mlx\":{\"hcaHandles\":3}}}", "{\"rdma\":{\"mlx\":{\"hcaObjects\":4},\"b\":{\"hcaHandles\":1}}}",
	       "\"rdma\":{\"mlx\":{\"hcaHandles\":3,\"hcaObjects\":4},\"b\":{\"hcaHandles\":1}}");
}
END_TEST

// The two halves of cpu.max, said by a field and by unified: what is newer wins, the other half stays.
START_TEST(halves_of_cpu_max)
{
	const char *base = "{\"unified\":{\"cpu.max\":\"3000 10000\"}}";
	expect(base, "{\"cpu\":{\"period\":20000}}", "\"unified\":{\"cpu.max\":\"3000 20000\"}");
	expect(base, "{\"cpu\":{\"quota\":0,\"period\":20000}}", "\"unified\":{\"cpu.max\":\"3000 20000\"}");
	expect(base, "{\"cpu\":{\"period\":0}}", "\"unified\":{\"cpu.max\":\"3000 10000\"}");
	expect(base, "{\"cpu\":{\"quota\":4000}}", "\"cpu\":{\"quota\":4000,\"period\":10000}");
	expect(base, "{\"cpu\":{\"quota\":4000}}", "\"unified\":{}");
	expect(base, "{\"cpu\":{\"quota\":4000,\"period\":20000}}", "\"quota\":4000,\"period\":20000");
	expect(base, "{\"cpu\":{\"period\":20000},\"unified\":{\"cpu.max\":\"5000 7000\"}}",
	       "\"unified\":{\"cpu.max\":\"5000 7000\"}");
	expect("{\"unified\":{\"cpu.max\":\"max\"}}", "{\"cpu\":{\"period\":20000}}",
	       "\"unified\":{\"cpu.max\":\"max 20000\"}");
	expect("{\"cpu\":{\"period\":50000},\"unified\":{\"cpu.max\":\"3000\"}}", "{\"cpu\":{\"quota\":4000}}",
	       "\"quota\":4000,\"period\":50000");
}
END_TEST

START_TEST(weight_and_idle)
{
	const char *base = "{\"unified\":{\"cpu.weight\":\"50\"}}";
	// an older weight waits until the cgroup is not idle any more
	expect(base, "{\"cpu\":{\"idle\":1}}", "\"unified\":{\"cpu.weight\":\"50\"}");
	expect(base, "{\"cpu\":{\"idle\":1,\"shares\":512}}", "\"unified\":{}");
	expect(base, "{\"cpu\":{\"idle\":1},\"unified\":{\"cpu.weight\":\"70\"}}", "\"unified\":{\"cpu.weight\":\"70\"}");
	expect("{\"unified\":{\"cpu.weight.nice\":\"5\"}}", "{\"cpu\":{\"shares\":512}}", "\"unified\":{}");
	expect("{\"unified\":{\"cpu.idle\":\"1\"}}", "{\"cpu\":{\"idle\":0}}", "\"unified\":{}");
}
END_TEST

static char *stats_json(const struct cgroup_stats *stats, const struct resctrl_stats *resctrl)
{
	struct text text = {0};
	struct json json = {.text = &text};
	stats_text_add(&json, NULL, stats, resctrl);
	char *taken = text_take(&text);
	ck_assert_ptr_nonnull(taken);
	return taken;
}

START_TEST(statistics_of_nothing)
{
	char *text = stats_json(&(struct cgroup_stats){0}, &(struct resctrl_stats){0});
	ck_assert_str_eq(
		text,
		"{\"cpu\":{},\"cpuset\":{\"cpu_exclusive\":0,\"mem_hardwall\":0,\"mem_exclusive\":0,"
		"\"memory_migrate\":0,\"memory_spread_page\":0,\"memory_spread_slab\":0,\"memory_pressure\":0,"
		"\"sched_load_balance\":0,\"sched_relax_domain_level\":0},"
		"\"memory\":{\"usage\":{\"limit\":0,\"failcnt\":0},\"swap\":{\"limit\":0,\"failcnt\":0}},"
		"\"pids\":{},\"blkio\":{},\"hugetlb\":{},\"intel_rdt\":{},\"network_interfaces\":null}");
	free(text);
}
END_TEST

START_TEST(statistics_of_everything)
{
	char cpus[] = "0-2,5", mems[] = "0";
	struct cgroup_counter counters[] = {{"anon", 0}, {"file", 7}};
	struct cgroup_io io[] = {{8, 0, 10, 20, 1, 0}};
	struct cgroup_hugepages pages[] = {{"2MB", 4096, 3}};
	const struct cgroup_stats stats = {
		.cpu_total = 3000, .cpu_user = 1000, .cpu_kernel = 2000, .periods = 5, .throttled_ns = 9,
		.cpu_pressure = {.some = {true, "0.10", "1.00", "22.53", 77}},
		.cpus = cpus, .mems = mems,
		.memory = {true, 100, UINT64_MAX, 120, 2},
		.memory_and_swap = {true, 130, 200, 0, 0},
		.memory_counters = counters, .memory_counters_count = 2, .page_cache = 7,
		.pids_current = 3, .io = io, .io_count = 1, .hugepages = pages, .hugepages_count = 1,
	};
	static const char *const parts[] = {
		"\"usage\":{\"total\":3000,\"kernel\":2000,\"user\":1000}",
		"\"throttling\":{\"periods\":5,\"throttledTime\":9}",
		"\"psi\":{\"some\":{\"avg10\":0.10,\"avg60\":1.00,\"avg300\":22.53,\"total\":77}}",
		"\"cpuset\":{\"cpus\":[0,1,2,5],\"mems\":[0],",
		"\"memory\":{\"cache\":7,\"usage\":{\"limit\":18446744073709551615,\"usage\":100,\"max\":120,\"failcnt\":2}",
		"\"swap\":{\"limit\":200,\"usage\":130,\"failcnt\":0}",
		"\"raw\":{\"anon\":0,\"file\":7}",
		"\"pids\":{\"current\":3}",
		"\"ioServiceBytesRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":10},{\"major\":8,\"op\":\"Write\",\"value\":20}]",
		"\"ioServicedRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":1},{\"major\":8,\"op\":\"Write\"}]",
		"\"hugetlb\":{\"2MB\":{\"usage\":4096,\"failcnt\":3}}",
	};
	char *text = stats_json(&stats, &(struct resctrl_stats){0});
	for (size_t i = 0; i < array_size(parts); i++)
		ck_assert_msg(strstr(text, parts[i]) != NULL, "no %s in %s", parts[i], text);
	free(text);
}
END_TEST

// A list that the kernel would never write must not keep us busy.
START_TEST(odd_lists)
{
	static const struct {
		const char *list, *json;
	} cases[] = {
		{"", "\"cpuset\":{\"cpu_exclusive\""}, {"x", "\"cpus\":[0]"}, {"1,", "\"cpus\":[1]"},
		{"3-1", "\"cpus\":[]"}, {"65535-99999999999", "\"cpus\":[65535]"},
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		char *list = strdup(cases[i].list);
		char *text = stats_json(&(struct cgroup_stats){.cpus = list}, &(struct resctrl_stats){0});
		ck_assert_msg(strstr(text, cases[i].json) != NULL, "'%s': %s", cases[i].list, text);
		free(text);
		free(list);
	}
}
END_TEST

START_TEST(counters)
{
	const char *text = "low 0\nhigh 1\nmax 12\noom 3\noom_kill 4\noom_group_kill 5";
	ck_assert_uint_eq(cgroup_stats_counter(text, "max"), 12);
	ck_assert_uint_eq(cgroup_stats_counter(text, "oom"), 3);
	ck_assert_uint_eq(cgroup_stats_counter(text, "oom_kill"), 4);
	ck_assert_uint_eq(cgroup_stats_counter(text, "oom_group_kill"), 5);
	ck_assert_uint_eq(cgroup_stats_counter(text, "kill"), 0);
	ck_assert_uint_eq(cgroup_stats_counter("", "max"), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lifecycle_limits");
	TCase *cases = tcase_create("limits");
	tcase_add_test(cases, fields);
	tcase_add_test(cases, swap_moves_with_the_limit);
	tcase_add_test(cases, lists_are_merged_by_entry);
	tcase_add_test(cases, halves_of_cpu_max);
	tcase_add_test(cases, weight_and_idle);
	tcase_add_test(cases, statistics_of_nothing);
	tcase_add_test(cases, statistics_of_everything);
	tcase_add_test(cases, odd_lists);
	tcase_add_test(cases, counters);
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
