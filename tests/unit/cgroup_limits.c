// SPDX-License-Identifier: Apache-2.0
// Limits in a real unified cgroup2 with every controller: each one is written, read back, and, where that is
// cheap, felt by a process. On a host whose controllers are bound to cgroup v1 this says so and tests
// nothing; tests/vm has a kernel for it.
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/cgroup/controllers.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/syscalls.h"
#include "tests/unit/cgroup_real.h"

#define set(value)                                                                                 \
	{                                                                                          \
		true, value                                                                        \
	}

static struct cgroup_host host;
static struct cgroup cgroup;
static struct error err;
static char prefix[32];
static int warnings;

#define assert_ok(call) ck_assert_msg((call) == 0, "%s: %s", #call, err.message)

static void count_warning(void *data, enum log_level level, const char *message)
{
	(void)data, (void)level, (void)message;
	warnings++;
}

static const struct log sink = {log_level_warning, count_warning, NULL};

static const char *find_missing(void)
{
	const enum cgroup_controller wanted[] = {
		cgroup_controller_cpu,  cgroup_controller_cpuset, cgroup_controller_io,
		cgroup_controller_pids, cgroup_controller_memory, cgroup_controller_hugetlb,
	};
	const char *missing = cgroup_real_missing();
	struct cgroup_host probe;
	uint32_t available;
	if (missing)
		return missing;
	if (cgroup_host_open(&probe, NULL) < 0)
		return "needs a cgroup2";
	if (cgroup_controllers_read(probe.fd, "cgroup.controllers", &available) < 0)
		available = 0;
	cgroup_host_close(&probe);
	for (size_t i = 0; i < array_size(wanted); i++)
		if (!(available & cgroup_controller_bit(wanted[i])))
			return "needs the controllers cpu, cpuset, io, memory, pids and hugetlb in the "
			       "cgroup2";
	return NULL;
}

static void setup(void)
{
	char path[64];
	snprintf(path, sizeof path, "/%s%d/parent/leaf", prefix, (int)getpid());
	assert_ok(cgroup_host_open(&host, &err));
	assert_ok(cgroup_create(&host, path, NULL, &cgroup, NULL, &err));
}

static void teardown(void)
{
	assert_ok(cgroup_destroy(&cgroup, cgroup.made_from, 20000, &err));
	cgroup_close(&cgroup);
	cgroup_host_close(&host);
}

static void apply(struct cgroup *to, const struct spec_resources *resources)
{
	assert_ok(cgroup_check(&host, resources, &err));
	assert_ok(cgroup_set_resources(to, resources, &sink, &err));
}

static void expect(const char *file, const char *value)
{
	char text[512];
	ck_assert_msg(fd_read_value(cgroup.fd, file, text, sizeof text) >= 0, "%s: %s", file, strerror(errno));
	ck_assert_msg(strcmp(text, value) == 0, "%s: '%s', not '%s'", file, text, value);
}

static void expect_line(const char *file, const char *line)
{
	char text[4096];
	ck_assert_msg(fd_read_value(cgroup.fd, file, text, sizeof text) >= 0, "%s: %s", file, strerror(errno));
	ck_assert_msg(strstr(text, line), "%s: '%s' has no '%s'", file, text, line);
}

// As an update sees it.
static struct cgroup open_again(void)
{
	struct cgroup again;
	assert_ok(cgroup_open(&host, cgroup.path, &again, &err));
	return again;
}

START_TEST(every_controller_is_enabled)
{
	uint32_t available, enabled;
	ck_assert_int_eq(cgroup_controllers_read(host.fd, "cgroup.controllers", &available), 0);
	ck_assert_int_eq(cgroup_controllers_read(cgroup.fd, "cgroup.controllers", &enabled), 0);
	ck_assert_uint_eq(enabled, available);
}
END_TEST

// Any disk will do for io.max: the first that the kernel shows.
static bool find_disk(int64_t *major_number, int64_t *minor_number)
{
	static const char *const names[] = {"/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/vdb"};
	struct stat st;
	for (size_t i = 0; i < array_size(names); i++)
		if (stat(names[i], &st) == 0 && S_ISBLK(st.st_mode)) {
			*major_number = major(st.st_rdev);
			*minor_number = minor(st.st_rdev);
			return true;
		}
	return false;
}

START_TEST(everything_at_once)
{
	int64_t disk_major = 0, disk_minor = 0;
	bool disk = find_disk(&disk_major, &disk_minor);
	const struct spec_device_rate rate = {disk_major, disk_minor, 1048576}, none = {disk_major, disk_minor, 0};
	const struct spec_hugepage_limit pages = {"2MB", 4194304};
	const struct spec_string_pair pairs[] = {{"memory.high", "60000000"}, {"pids.max", "19"},
						 {"cgroup.max.depth", "3"}};
	struct spec_resources resources = {
		.set = true,
		.pids_limit = set(20),
		.memory = {.limit = set(67108864), .swap = set(100663296), .reservation = set(33554432),
			   .swappiness = set(10), .disable_oom_killer = set(false)},
		.cpu = {.shares = set(512), .quota = set(20000), .period = set(50000), .burst = set(10000),
			.cpus = "0", .mems = "0"},
		.block_io = {.weight = set(500)},
		.hugepages = &pages,
		.hugepages_count = 1,
		.unified = {pairs, 3},
	};
	if (disk) {
		resources.block_io.read_bps = (struct spec_device_rates){&rate, 1};
		resources.block_io.write_bps = (struct spec_device_rates){&rate, 1};
		resources.block_io.read_iops = (struct spec_device_rates){&rate, 1};
		resources.block_io.write_iops = (struct spec_device_rates){&none, 1};
	}
	apply(&cgroup, &resources);
	ck_assert_int_eq(warnings, 1);
	expect("pids.max", "19");
	expect("memory.max", "67108864");
	expect("memory.swap.max", "33554432");
	expect("memory.low", "33554432");
	expect("memory.high", "59998208");
	expect("cpu.weight", "59");
	expect("cpu.max", "20000 50000");
	expect("cpu.max.burst", "10000");
	expect("cpuset.cpus", "0");
	expect("cpuset.mems", "0");
	expect("hugetlb.2MB.max", "4194304");
	expect("hugetlb.2MB.rsvd.max", "4194304");
	expect("cgroup.max.depth", "3");
	bool bfq = faccessat(cgroup.fd, "io.bfq.weight", F_OK, 0) == 0;
	expect_line(bfq ? "io.bfq.weight" : "io.weight", bfq ? "default 500" : "default 4950");
	if (disk)
		expect_line("io.max", "rbps=1048576 wbps=1048576 riops=1048576 wiops=max");
}
END_TEST

START_TEST(no_limits)
{
	const struct spec_resources resources = {.pids_limit = set(-1),
						 .memory = {.limit = set(-1), .reservation = set(-1)},
						 .cpu = {.quota = set(-1), .shares = set(1024)}};
	apply(&cgroup, &resources);
	expect("pids.max", "max");
	expect("memory.max", "max");
	expect("memory.swap.max", "max");
	expect("memory.low", "max");
	expect("cpu.max", "max 100000");
	expect("cpu.weight", "100");
	apply(&cgroup, &(struct spec_resources){.pids_limit = set(0)});
	expect("pids.max", "1");
}
END_TEST

START_TEST(idle_has_no_weight)
{
	apply(&cgroup, &(struct spec_resources){.cpu = {.idle = set(1), .shares = set(512)}});
	expect("cpu.idle", "1");
	apply(&cgroup, &(struct spec_resources){.cpu = {.idle = set(0), .shares = set(512)}});
	expect("cpu.idle", "0");
	expect("cpu.weight", "59");
}
END_TEST

// The kernel wants burst <= quota at every moment, so the order depends on the direction.
START_TEST(burst_grows_and_shrinks_with_the_quota)
{
	static const uint64_t steps[] = {10000, 50000, 20000, 90000, 1000};
	struct cgroup again = open_again();
	for (size_t i = 0; i < array_size(steps); i++) {
		char text[64];
		apply(&again, &(struct spec_resources){.cpu = {.quota = set((int64_t)steps[i]),
							       .burst = set(steps[i])}});
		snprintf(text, sizeof text, "%llu 100000", (unsigned long long)steps[i]);
		expect("cpu.max", text);
		snprintf(text, sizeof text, "%llu", (unsigned long long)steps[i]);
		expect("cpu.max.burst", text);
	}
	cgroup_close(&again);
}
END_TEST

START_TEST(one_half_of_cpu_max_keeps_the_other)
{
	struct cgroup again = open_again();
	apply(&again, &(struct spec_resources){.cpu = {.quota = set(30000), .period = set(60000)}});
	apply(&again, &(struct spec_resources){.cpu = {.quota = set(40000)}});
	expect("cpu.max", "40000 60000");
	apply(&again, &(struct spec_resources){.cpu = {.period = set(80000)}});
	expect("cpu.max", "40000 80000");
	apply(&again, &(struct spec_resources){.cpu = {.quota = set(-1)}});
	expect("cpu.max", "max 80000");
	cgroup_close(&again);
}
END_TEST

// What the kernel refuses puts everything back as it was, and says which field it was.
START_TEST(failed_update_changes_nothing)
{
	int64_t disk_major = 0, disk_minor = 0;
	bool disk = find_disk(&disk_major, &disk_minor);
	const struct spec_device_rate rate = {disk_major, disk_minor, 1048576};
	apply(&cgroup, &(struct spec_resources){.pids_limit = set(50), .memory = {.limit = set(67108864)},
						.cpu = {.quota = set(30000), .cpus = "0"}});
	struct cgroup again = open_again();
	struct spec_resources wrong = {.pids_limit = set(60),
				       .memory = {.limit = set(33554432), .swap = set(33554432)},
				       .cpu = {.quota = set(10000), .cpus = "0,9999"}};
	if (disk)
		wrong.block_io.read_bps = (struct spec_device_rates){&rate, 1};
	ck_assert_int_eq(cgroup_set_resources(&again, &wrong, NULL, &err), -1);
	ck_assert_msg(strstr(err.message, "linux.resources.cpu.cpus: write '0,9999' to cpuset.cpus: "), "%s",
		      err.message);
	expect("pids.max", "50");
	expect("memory.max", "67108864");
	expect("memory.swap.max", "max");
	expect("cpu.max", "30000 100000");
	expect("cpuset.cpus", "0");
	expect("io.max", "");
	// an empty value clears
	const struct spec_string_pair clear = {"cpuset.cpus", ""};
	apply(&again, &(struct spec_resources){.unified = {&clear, 1}});
	expect("cpuset.cpus", "");
	cgroup_close(&again);
}
END_TEST

static void expect_refusal(const struct spec_resources *resources, const char *says)
{
	ck_assert_int_eq(cgroup_set_resources(&cgroup, resources, NULL, &err), -1);
	ck_assert_msg(strstr(err.message, says), "%s", err.message);
}

START_TEST(refusals_are_clear)
{
	const struct spec_hugepage_limit size = {"4MB", 1};
	expect_refusal(&(struct spec_resources){.hugepages = &size, .hugepages_count = 1},
		       "linux.resources.hugepageLimits[0]: no such page size on this host");
	const struct spec_rdma_limit device = {"no_such_device", set(1), set(1)};
	uint32_t available;
	ck_assert_int_eq(cgroup_controllers_read(host.fd, "cgroup.controllers", &available), 0);
	if (available & cgroup_controller_bit(cgroup_controller_rdma))
		expect_refusal(&(struct spec_resources){.rdma = &device, .rdma_count = 1},
			       "linux.resources.rdma.no_such_device: write ");
	const struct spec_string_pair unknown = {"nothing.max", "1"};
	expect_refusal(&(struct spec_resources){.unified = {&unknown, 1}},
		       "linux.resources.unified[\"nothing.max\"]: write '1' to nothing.max: No such file");
	const struct spec_device_rate rate = {4000, 4000, 1};
	expect_refusal(&(struct spec_resources){.block_io = {.read_bps = {&rate, 1}}},
		       "linux.resources.blockIO.throttleReadBpsDevice[0]: write '4000:4000 rbps=1' to io.max: ");
}
END_TEST

// A parent with processes of its own cannot hand controllers down.
START_TEST(processes_in_the_parent_are_explained)
{
	char path[128];
	snprintf(path, sizeof path, "/%s%d/busy", prefix, (int)getpid());
	ck_assert_int_eq(mkdirat(host.fd, path + 1, 0755), 0);
	struct cgroup busy, below;
	assert_ok(cgroup_open(&host, path, &busy, &err));
	pid_t pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	assert_ok(cgroup_add_process(&busy, pid, &err));
	strcat(path, "/below");
	const struct spec_resources limited = {.memory = {.limit = set(67108864)}};
	ck_assert_int_eq(cgroup_create(&host, path, &limited, &below, NULL, &err), -1);
	ck_assert_msg(strstr(err.message, "linux.resources.memory.limit: controller memory cannot be enabled: "
					  "the parent cgroup") &&
			      strstr(err.message, "has processes of its own"),
		      "%s", err.message);
	ck_assert_int_ne(faccessat(host.fd, path + 1, F_OK, 0), 0);
	// without limits there is nothing to refuse
	assert_ok(cgroup_create(&host, path, NULL, &below, NULL, &err));
	ck_assert_int_eq(cgroup_set_resources(&below, &limited, NULL, &err), -1);
	ck_assert_msg(strstr(err.message, "linux.resources.memory.limit: controller memory cannot be enabled: "),
		      "%s", err.message);
	assert_ok(cgroup_destroy(&below, NULL, 20000, &err));
	// once they have gone it can be had
	assert_ok(cgroup_kill(&busy, &err));
	waitpid(pid, NULL, 0);
	ck_assert_int_eq(cgroup_real_wait_empty(&busy, 20000), 1);
	cgroup_close(&below);
	assert_ok(cgroup_create(&host, path, &limited, &below, NULL, &err));
	apply(&below, &limited);
	assert_ok(cgroup_destroy(&below, NULL, 20000, &err));
	assert_ok(cgroup_destroy(&busy, NULL, 20000, &err));
	cgroup_close(&below);
	cgroup_close(&busy);
}
END_TEST

static pid_t enter(void)
{
	struct kernel_clone_args args = {.flags = KERNEL_CLONE_INTO_CGROUP,
					 .exit_signal = SIGCHLD,
					 .cgroup = (uint64_t)cgroup.fd};
	pid_t pid;
	// those who have died before count until whoever got them has reaped them
	for (int i = 0; (pid = sys_clone3(&args)) < 0 && errno == EAGAIN && i < 1000; i++)
		usleep(10000);
	ck_assert_int_ge(pid, 0);
	return pid;
}

static int status_of(pid_t pid)
{
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

// Forks three children that stay. Returns the errno of the first fork that fails, 0 when none does.
static int fork_three(void)
{
	pid_t pid = enter();
	if (pid == 0) {
		int code = 0;
		pid_t children[3] = {0};
		for (int i = 0; i < 3 && !code; i++) {
			children[i] = fork();
			if (children[i] == 0)
				for (;;)
					pause();
			if (children[i] < 0)
				code = errno;
		}
		for (int i = 0; i < 3; i++)
			if (children[i] > 0)
				kill(children[i], SIGKILL);
		_exit(code);
	}
	return WEXITSTATUS(status_of(pid));
}

START_TEST(pids_are_felt)
{
	ck_assert_int_eq(fork_three(), 0);
	apply(&cgroup, &(struct spec_resources){.pids_limit = set(3)});
	ck_assert_int_eq(cgroup_real_wait_empty(&cgroup, 20000), 1);
	ck_assert_int_eq(fork_three(), EAGAIN);
}
END_TEST

// Touches 64 MiB. Returns the signal that ended it.
static int use_memory(void)
{
	pid_t pid = enter();
	if (pid == 0) {
		size_t size = 64 << 20;
		char *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (data == MAP_FAILED)
			_exit(1);
		memset(data, 1, size);
		_exit(0);
	}
	int status = status_of(pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

START_TEST(memory_is_felt)
{
	ck_assert_int_eq(use_memory(), 0);
	apply(&cgroup, &(struct spec_resources){.memory = {.limit = set(16 << 20), .swap = set(16 << 20)}});
	ck_assert_int_eq(use_memory(), SIGKILL);
	expect_line("memory.events", "oom_kill 1");
}
END_TEST

// checkBeforeUpdate keeps a container from being killed by its own update.
START_TEST(usage_is_checked_when_asked)
{
	int gate[2];
	ck_assert_int_eq(pipe(gate), 0);
	pid_t pid = enter();
	if (pid == 0) {
		size_t size = 32 << 20;
		memset(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, size);
		if (write(gate[1], "x", 1) == 1)
			pause();
		_exit(0);
	}
	char byte;
	ck_assert_int_eq(read(gate[0], &byte, 1), 1);
	struct cgroup again = open_again();
	const struct spec_resources small = {
		.memory = {.limit = set(8 << 20), .check_before_update = set(true)}};
	ck_assert_int_eq(cgroup_set_resources(&again, &small, NULL, &err), -1);
	ck_assert_msg(strstr(err.message, "bytes in use (checkBeforeUpdate)"), "%s", err.message);
	expect("memory.max", "max");
	const struct spec_resources large = {
		.memory = {.limit = set(128 << 20), .check_before_update = set(true)}};
	apply(&again, &large);
	cgroup_close(&again);
	kill(pid, SIGKILL);
	status_of(pid);
}
END_TEST

START_TEST(skipped)
{
	ck_assert_ptr_nonnull(find_missing());
}
END_TEST

int main(void)
{
	const char *missing = find_missing();
	snprintf(prefix, sizeof prefix, "husk-limits-%d-", (int)getpid());
	const TTest *const tests[] = {
		every_controller_is_enabled, everything_at_once, no_limits, idle_has_no_weight,
		burst_grows_and_shrinks_with_the_quota, one_half_of_cpu_max_keeps_the_other,
		failed_update_changes_nothing, refusals_are_clear,
		processes_in_the_parent_are_explained, pids_are_felt, memory_is_felt,
		usage_is_checked_when_asked,
	};
	Suite *suite = suite_create("cgroup_limits");
	TCase *cases = tcase_create("unified");
	tcase_set_timeout(cases, 120);
	if (missing) {
		printf("cgroup_limits: skipped: %s\n", missing);
		tcase_add_test(cases, skipped);
	} else {
		tcase_add_checked_fixture(cases, setup, teardown);
		for (size_t i = 0; i < array_size(tests); i++)
			tcase_add_test(cases, tests[i]);
	}
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	if (!missing)
		cgroup_real_sweep(prefix);
	return failed;
}
