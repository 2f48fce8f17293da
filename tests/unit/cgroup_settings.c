// SPDX-License-Identifier: Apache-2.0
// linux.resources as the writes that are made of them: every conversion, the order, and what is refused.
// Touches no cgroup.
#include <check.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/cgroup/convert.h"
#include "libcontainer/cgroup/settings.h"

static struct error err;

static int add_line(const struct cgroup_setting *setting, void *data, struct error *unused)
{
	(void)unused;
	text_printf(data, "%s=%s\n", setting->file, setting->value);
	if (*setting->other_file)
		text_printf(data, "|%s=%s\n", setting->other_file, setting->other_text);
	return 0;
}

static void expect(const struct spec_resources *resources, const char *expected)
{
	auto_text struct text text = {0};
	err = (struct error){0};
	int result = cgroup_settings_visit(resources, add_line, &text, &err);
	ck_assert_msg(result == 0, "%s", err.message);
	ck_assert_str_eq(text_string(&text), expected);
}

static void expect_error(const struct spec_resources *resources, const char *says)
{
	auto_text struct text text = {0};
	int result = cgroup_settings_visit(resources, add_line, &text, &err);
	ck_assert_msg(result == -1, "not refused: %s", text_string(&text));
	ck_assert_msg(strstr(err.message, says), "%s", err.message);
}

START_TEST(shares_match_the_vector)
{
	static const struct {
		uint64_t shares, weight;
	} vector[] = {
		{0, 0},      {1, 1},      {2, 1},      {10, 4},      {100, 17},      {256, 35},
		{512, 59},   {1024, 100}, {2048, 174}, {4096, 303},  {8192, 532},    {65536, 3023},
		{262143, 10000}, {262144, 10000}, {262145, 10000}, {UINT64_MAX, 10000},
	};
	for (size_t i = 0; i < array_size(vector); i++)
		ck_assert_msg(cgroup_convert_shares(vector[i].shares) == vector[i].weight,
			      "%" PRIu64 " -> %" PRIu64, vector[i].shares,
			      cgroup_convert_shares(vector[i].shares));
}
END_TEST

// The series agree with the mathematical library for every number of shares.
START_TEST(shares_match_the_formula)
{
	for (uint64_t shares = 3; shares < 262144; shares++) {
		double l = log2((double)shares);
		double weight = ceil(pow(10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0));
		ck_assert_msg(cgroup_convert_shares(shares) == (uint64_t)weight,
			      "%" PRIu64 " -> %" PRIu64 ", not %.0f", shares,
			      cgroup_convert_shares(shares), weight);
	}
}
END_TEST

START_TEST(io_weights)
{
	ck_assert_uint_eq(cgroup_convert_io_weight(10), 1);
	ck_assert_uint_eq(cgroup_convert_io_weight(100), 910);
	ck_assert_uint_eq(cgroup_convert_io_weight(500), 4950);
	ck_assert_uint_eq(cgroup_convert_io_weight(1000), 10000);
}
END_TEST

START_TEST(pids)
{
	static const struct {
		int64_t limit;
		const char *expected;
	} cases[] = {
		{-1, "pids.max=max\n"},       {-7, "pids.max=max\n"},
		{0, "pids.max=1\n"},          {1, "pids.max=1\n"},
		{4194304, "pids.max=4194304\n"}, {4194305, "pids.max=max\n"},
		{INT64_MAX, "pids.max=max\n"},
	};
	for (size_t i = 0; i < array_size(cases); i++)
		expect(&(struct spec_resources){.pids_limit = {true, cases[i].limit}}, cases[i].expected);
	expect(&(struct spec_resources){0}, "");
}
END_TEST

#define set(value)                                                                                 \
	{                                                                                          \
		true, value                                                                        \
	}

START_TEST(memory)
{
	static const struct {
		struct spec_memory memory;
		const char *expected;
	} cases[] = {
		{{.limit = set(1000)}, "memory.max=1000\n"},
		{{.limit = set(0)}, ""},
		{{.limit = set(-1)}, "memory.swap.max=max\nmemory.max=max\n"},
		{{.limit = set(-1), .swap = set(-1)}, "memory.swap.max=max\nmemory.max=max\n"},
		{{.limit = set(1000), .swap = set(1000)}, "memory.swap.max=0\nmemory.max=1000\n"},
		{{.limit = set(1000), .swap = set(1500)}, "memory.swap.max=500\nmemory.max=1000\n"},
		{{.limit = set(1000), .swap = set(-1)}, "memory.swap.max=max\nmemory.max=1000\n"},
		{{.limit = set(1000), .swap = set(0)}, "memory.max=1000\n"},
		{{.swap = set(-1)}, "memory.swap.max=max\n"},
		{{.limit = set(1), .swap = set(INT64_MAX)},
		 "memory.swap.max=9223372036854775806\nmemory.max=1\n"},
		{{.reservation = set(10)}, "memory.low=10\n"},
		{{.reservation = set(-1)}, "memory.low=max\n"},
		{{.reservation = set(0)}, ""},
	};
	for (size_t i = 0; i < array_size(cases); i++)
		expect(&(struct spec_resources){.memory = cases[i].memory}, cases[i].expected);
	expect_error(&(struct spec_resources){.memory = {.limit = set(-2)}}, "linux.resources.memory.limit: ");
	expect_error(&(struct spec_resources){.memory = {.swap = set(-2)}}, "linux.resources.memory.swap: ");
	expect_error(&(struct spec_resources){.memory = {.swap = set(5)}},
		     "unable to set swap limit without memory limit");
	expect_error(&(struct spec_resources){.memory = {.swap = set(5), .limit = set(-1)}},
		     "unable to set swap limit without memory limit");
	expect_error(&(struct spec_resources){.memory = {.swap = set(5), .limit = set(6)}},
		     "linux.resources.memory.swap: 5 is less than linux.resources.memory.limit 6");
}
END_TEST

START_TEST(cpu)
{
	static const struct {
		struct spec_cpu cpu;
		const char *expected;
	} cases[] = {
		{{.shares = set(1024)}, "cpu.weight=100\n"},
		{{.shares = set(0)}, ""},
		{{.shares = set(512), .idle = set(0)}, "cpu.idle=0\ncpu.weight=59\n"},
		{{.shares = set(512), .idle = set(1)}, "cpu.idle=1\n"},
		{{.quota = set(20000), .period = set(100000)}, "cpu.max=20000 100000\n"},
		{{.quota = set(20000)}, "cpu.max=20000\n"},
		{{.quota = set(-1)}, "cpu.max=max\n"},
		{{.quota = set(-1), .period = set(50000)}, "cpu.max=max 50000\n"},
		{{.period = set(50000)}, "cpu.max=max 50000\n"},
		{{.quota = set(0), .period = set(0)}, ""},
		{{.quota = set(20000), .burst = set(20000)}, "cpu.max.burst=20000\ncpu.max=20000\n"},
		{{.cpus = "0-1", .mems = "0"}, "cpuset.cpus=0-1\ncpuset.mems=0\n"},
		{{.cpus = "", .mems = ""}, ""},
	};
	for (size_t i = 0; i < array_size(cases); i++)
		expect(&(struct spec_resources){.cpu = cases[i].cpu}, cases[i].expected);
	// of an idle cgroup there is no weight, whoever says which
	const struct spec_string_pair pairs[] = {{"cpu.weight", "50"}, {"cpu.idle", "1"}};
	expect(&(struct spec_resources){.cpu = {.idle = set(1)}, .unified = {pairs, 1}}, "cpu.idle=1\n");
	expect(&(struct spec_resources){.cpu = {.idle = set(0)}, .unified = {pairs, 1}}, "cpu.idle=0\ncpu.weight=50\n");
	expect(&(struct spec_resources){.cpu = {.idle = set(0), .shares = set(512)}, .unified = {pairs, 2}},
	       "cpu.idle=1\ncpu.idle=1\n");
	expect_error(&(struct spec_resources){.cpu = {.quota = set(1000), .burst = set(1001)}},
		     "linux.resources.cpu.burst: must not be more than linux.resources.cpu.quota");
	expect_error(&(struct spec_resources){.cpu = {.idle = set(2)}}, "linux.resources.cpu.idle: must be 0 or 1");
	expect_error(&(struct spec_resources){.cpu = {.cpus = "0\n1"}}, "linux.resources.cpu.cpus: ");
}
END_TEST

START_TEST(block_io)
{
	const struct spec_device_rate read_bps = {8, 0, 1048576}, none = {8, 16, 0};
	const struct spec_device_weight weight = {8, 0, set(1000), {false, 0}};
	struct spec_resources resources = {
		.block_io = {.weight = set(500),
			     .weight_devices = &weight,
			     .weight_devices_count = 1,
			     .read_bps = {&read_bps, 1},
			     .write_bps = {&none, 1},
			     .read_iops = {&read_bps, 1},
			     .write_iops = {&read_bps, 1}}};
	expect(&resources, "io.bfq.weight=500\n|io.weight=default 4950\n"
			   "io.bfq.weight=8:0 1000\n|io.weight=8:0 10000\n"
			   "io.max=8:0 rbps=1048576\nio.max=8:16 wbps=max\n"
			   "io.max=8:0 riops=1048576\nio.max=8:0 wiops=1048576\n");
	expect(&(struct spec_resources){.block_io = {.weight = set(0)}}, "");
	expect_error(&(struct spec_resources){.block_io = {.weight = set(9)}},
		     "linux.resources.blockIO.weight: must be from 10 to 1000");
	expect_error(&(struct spec_resources){.block_io = {.weight = set(65546)}}, "from 10 to 1000");
	const struct spec_device_rate wrong = {8, -1, 1};
	expect_error(&(struct spec_resources){.block_io = {.write_iops = {&wrong, 1}}},
		     "linux.resources.blockIO.throttleWriteIOPSDevice[0]: ");
}
END_TEST

START_TEST(hugepages_and_rdma)
{
	const struct spec_hugepage_limit pages[] = {{"2MB", 4194304}, {"1GB", UINT64_MAX}};
	const struct spec_rdma_limit rdma[] = {{"mlx5_1", set(3), set(10000)},
					       {"mlx4_0", {false, 0}, set(4294967295)},
					       {"hfi1_0", {false, 0}, {false, 0}}};
	expect(&(struct spec_resources){.hugepages = pages, .hugepages_count = 2, .rdma = rdma, .rdma_count = 3},
	       "hugetlb.2MB.max=4194304\nhugetlb.1GB.max=18446744073709551615\n"
	       "hugetlb.2MB.rsvd.max=4194304\nhugetlb.1GB.rsvd.max=18446744073709551615\n"
	       "rdma.max=mlx5_1 hca_handle=3 hca_object=10000\nrdma.max=mlx4_0 hca_object=max\n");
	static const char *const wrong[] = {"",     "2",      "MB",   "0MB",       "02MB", "2mb",
					    "2MBx", "../../x", "2/MB", "2TB",       "-2MB", "2MB\n",
					    "9999999999999MB"};
	for (size_t i = 0; i < array_size(wrong); i++) {
		struct spec_hugepage_limit limit = {wrong[i], 1};
		expect_error(&(struct spec_resources){.hugepages = &limit, .hugepages_count = 1},
			     "linux.resources.hugepageLimits[0]: pageSize");
	}
	const struct spec_rdma_limit spaced = {"a b", set(1), set(1)};
	expect_error(&(struct spec_resources){.rdma = &spaced, .rdma_count = 1}, "rdma device");
}
END_TEST

START_TEST(unified_is_last_and_names_files_only)
{
	const struct spec_string_pair pairs[] = {{"memory.high", "5"}, {"io.max", "8:0 rbps=1\n8:16 rbps=2"},
						 {"new.file", ""}};
	expect(&(struct spec_resources){.pids_limit = set(5), .unified = {pairs, 3}},
	       "pids.max=5\nmemory.high=5\nio.max=8:0 rbps=1\n8:16 rbps=2\nnew.file=\n\n");
	static const char *const wrong[] = {"", ".", "..", "../cgroup.procs", "a/b", "/memory.max",
					    "cgroup.procs", "cgroup.kill", "cgroup.freeze"};
	for (size_t i = 0; i < array_size(wrong); i++) {
		const struct spec_string_pair pair = {wrong[i], "1"};
		char says[128];
		snprintf(says, sizeof says, "linux.resources.unified[\"%s\"]: ", wrong[i]);
		expect_error(&(struct spec_resources){.unified = {&pair, 1}}, says);
	}
}
END_TEST

static void count_warning(void *data, enum log_level level, const char *message)
{
	(void)level, (void)message;
	++*(int *)data;
}

// What only cgroup v1 has is refused when it limits, and warned of when it is advice.
START_TEST(fields_of_v1)
{
	const struct spec_network_priority priority = {"eth0", 5}, harmless = {"eth0", 0};
	const struct spec_device_weight leaf = {8, 0, {false, 0}, set(10)};
	const struct spec_resources refused[] = {
		{.memory = {.kernel = set(1)}},
		{.memory = {.kernel_tcp = set(1)}},
		{.memory = {.disable_oom_killer = set(true)}},
		{.cpu = {.realtime_runtime = set(1)}},
		{.cpu = {.realtime_period = set(1)}},
		{.block_io = {.leaf_weight = set(10)}},
		{.block_io = {.weight_devices = &leaf, .weight_devices_count = 1}},
		{.network_class_id = set(1)},
		{.network_priorities = &priority, .network_priorities_count = 1},
	};
	for (size_t i = 0; i < array_size(refused); i++) {
		ck_assert_int_eq(cgroup_settings_check_v1(&refused[i], NULL, &err), -1);
		ck_assert_msg(strstr(err.message, "cgroup v2 has no such setting"), "%s", err.message);
	}
	int warnings = 0;
	const struct log log = {log_level_warning, count_warning, &warnings};
	const struct spec_resources accepted = {
		.memory = {.kernel = set(-1), .kernel_tcp = set(0), .disable_oom_killer = set(false),
			   .use_hierarchy = set(false), .swappiness = set(UINT64_MAX)},
		.cpu = {.realtime_runtime = set(0), .realtime_period = set(0)},
		.block_io = {.leaf_weight = set(0)},
		.network_class_id = set(0),
		.network_priorities = &harmless,
		.network_priorities_count = 1,
	};
	ck_assert_int_eq(cgroup_settings_check_v1(&accepted, &log, &err), 0);
	ck_assert_int_eq(warnings, 0);
	const struct spec_resources advice = {.memory = {.swappiness = set(0)}};
	ck_assert_int_eq(cgroup_settings_check_v1(&advice, &log, &err), 0);
	ck_assert_int_eq(warnings, 1);
}
END_TEST

START_TEST(controllers_are_found)
{
	uint32_t bits;
	const struct spec_string_pair pairs[] = {{"misc.max", "x 1"}, {"cgroup.max.depth", "1"}, {"new.x", "1"}};
	const struct spec_resources resources = {
		.pids_limit = set(5), .cpu = {.cpus = "0"}, .unified = {pairs, 3}};
	ck_assert_int_eq(cgroup_settings_controllers(&resources, &bits, &err), 0);
	ck_assert_uint_eq(bits, cgroup_controller_bit(cgroup_controller_pids) |
					cgroup_controller_bit(cgroup_controller_cpuset) |
					cgroup_controller_bit(cgroup_controller_misc));
	char json[200];
	cgroup_settings_name(&resources, cgroup_controller_misc, json);
	ck_assert_str_eq(json, "linux.resources.unified[\"misc.max\"]");
	// what an unlimited cgroup has anyway needs none
	const struct spec_resources unlimited = {.pids_limit = set(-1), .memory = {.limit = set(-1)},
						 .cpu = {.shares = set(1024), .quota = set(-1)}};
	ck_assert_int_eq(cgroup_settings_controllers(&unlimited, &bits, &err), 0);
	ck_assert_uint_eq(bits, 0);
}
END_TEST

START_TEST(no_cgroup2_refuses_limits)
{
	const struct cgroup_host none = {.kind = cgroup_host_kind_none, .fd = -1};
	const struct spec_resources limited = {.pids_limit = set(5)}, unlimited = {.pids_limit = set(-1)};
	ck_assert_int_eq(cgroup_check(&none, &limited, &err), -1);
	ck_assert_msg(strstr(err.message, "linux.resources.pids.limit: no cgroup2"), "%s", err.message);
	ck_assert_int_eq(cgroup_check(&none, &unlimited, &err), 0);
}
END_TEST

START_TEST(description_is_the_writes)
{
	const struct spec_device_rule rule = {false, 'a', {false, 0}, {false, 0}, NULL};
	auto_text struct text text = {0};
	cgroup_describe(&(struct spec_resources){.pids_limit = set(5), .devices_set = true, .devices = &rule,
						  .devices_count = 1},
			"  ", &text);
	cgroup_describe_devices(&(struct spec_resources){.devices_set = true, .devices = &rule, .devices_count = 1},
				"  ", &text);
	ck_assert_str_eq(text_string(&text), "  pids.max = 5 (linux.resources.pids.limit)\n"
					     "  devices: deny all *:* rwm\n"
					     "  devices: allow the default devices, and making nodes of any\n");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		shares_match_the_vector, shares_match_the_formula, io_weights, pids, memory, cpu, block_io,
		hugepages_and_rdma, unified_is_last_and_names_files_only, fields_of_v1,
		controllers_are_found, no_cgroup2_refuses_limits, description_is_the_writes,
	};
	Suite *suite = suite_create("cgroup_settings");
	TCase *cases = tcase_create("pure");
	for (size_t i = 0; i < array_size(tests); i++)
		tcase_add_test(cases, tests[i]);
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
