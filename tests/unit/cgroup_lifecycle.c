// SPDX-License-Identifier: Apache-2.0
// Cgroups with real processes on this machine's cgroup2: placing, making, killing, freezing, removing, many at
// once. Everything happens below /husk-unit-PID and is gone afterwards. Needs root and a cgroup2;
// without them the tests say so and do nothing.
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/cgroup/controllers.h"
#include "libcontainer/cgroup/events.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/syscalls.h"
#include "tests/unit/cgroup_real.h"

#define TIMEOUT_MS 20000
#define CLEAR_HANDLERS 0x100000000ULL  // CLONE_CLEAR_SIGHAND

static struct cgroup_host host;
static char base[48], prefix[24];
static struct error err;

#define assert_ok(call) ck_assert_msg((call) == 0, "%s: %s", #call, err.message)

static void setup(void)
{
	err = (struct error){0};
	assert_ok(cgroup_host_open(&host, &err));
	snprintf(base, sizeof base, "/%s%d", prefix, (int)getpid());
}

static bool exists(const char *path)
{
	return faccessat(host.fd, path + 1, F_OK, 0) == 0;
}

static void teardown(void)
{
	struct cgroup cgroup;
	if (host.kind != cgroup_host_kind_none && exists(base)) {
		assert_ok(cgroup_open(&host, base, &cgroup, &err));
		assert_ok(cgroup_destroy(&cgroup, NULL, TIMEOUT_MS, &err));
		cgroup_close(&cgroup);
	}
	cgroup_host_close(&host);
}

static struct cgroup make(const char *name)
{
	char path[PATH_MAX];
	struct cgroup cgroup;
	snprintf(path, sizeof path, "%s/%s", base, name);
	assert_ok(cgroup_create(&host, path, NULL, &cgroup, NULL, &err));
	return cgroup;
}

static _Noreturn void sleep_for_ever(void)
{
	for (;;)
		pause();
}

// A process that is born in the cgroup (NULL: in ours) and sleeps.
static pid_t spawn(const struct cgroup *cgroup)
{
	// without the signal handlers of libcheck
	struct kernel_clone_args args = {.flags = CLEAR_HANDLERS, .exit_signal = SIGCHLD};
	if (cgroup) {
		args.flags |= KERNEL_CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup->fd;
	}
	pid_t pid = sys_clone3(&args);
	ck_assert_msg(pid >= 0, "clone3: %s", strerror(errno));
	if (pid == 0)
		sleep_for_ever();
	return pid;
}

static int killed_by(pid_t pid)
{
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

START_TEST(place_cleans_and_refuses)
{
	static const struct {
		const char *given, *expected;  // NULL: refused
	} cases[] = {
		{"/a/b", "/a/b"},   {"//a///b/", "/a/b"},
		{"/a/./b", "/a/b"}, {"/a..b/..c", "/a..b/..c"},
		{"/", NULL},        {"///./", NULL},
		{"/a/../b", NULL},  {"/..", NULL},
		{"..", NULL},       {"a/..", NULL},
		{"/a\nb", NULL},
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		auto_free char *path = NULL;
		int result = cgroup_place(&host, cases[i].given, "id", &path, &err);
		ck_assert_msg((result == 0) == (cases[i].expected != NULL), "%s", cases[i].given);
		if (result == 0)
			ck_assert_str_eq(path, cases[i].expected);
	}
	char longest[300];
	memset(longest, 'a', sizeof longest);
	longest[0] = '/';
	longest[256] = '\0';
	auto_free char *path = NULL;
	assert_ok(cgroup_place(&host, longest, "id", &path, &err));
	longest[256] = 'a';
	longest[257] = '\0';
	ck_assert_int_eq(cgroup_place(&host, longest, "id", &path, &err), -1);
}
END_TEST

// Without a path, and with a relative one, it is beside the caller's own cgroup.
START_TEST(place_is_beside_the_caller)
{
	struct cgroup cgroup = make("engine");
	pid_t pid = fork();
	if (pid == 0) {
		char expected[128];
		char *by_id = NULL, *by_path = NULL;
		if (cgroup_add_process(&cgroup, getpid(), &err) < 0)
			_exit(1);
		if (cgroup_place(&host, NULL, "my-id", &by_id, &err) < 0 ||
		    cgroup_place(&host, "x/y", "my-id", &by_path, &err) < 0)
			_exit(2);
		snprintf(expected, sizeof expected, "%s/my-id", base);
		if (strcmp(by_id, expected) != 0)
			_exit(3);
		snprintf(expected, sizeof expected, "%s/x/y", base);
		_exit(strcmp(by_path, expected) == 0 ? 0 : 4);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	assert_ok(cgroup_destroy(&cgroup, cgroup.made_from, TIMEOUT_MS, &err));
	cgroup_close(&cgroup);
}
END_TEST

START_TEST(create_and_destroy_leave_nothing)
{
	struct cgroup cgroup = make("a/b/c");
	ck_assert_str_eq(cgroup.made_from, base);
	char path[128];
	snprintf(path, sizeof path, "%s/a/b/c", base);
	ck_assert_str_eq(cgroup.path, path);
	ck_assert(exists(path));
	assert_ok(cgroup_destroy(&cgroup, cgroup.made_from, TIMEOUT_MS, &err));
	ck_assert(!exists(base));
	// gone already is success
	assert_ok(cgroup_destroy(&cgroup, cgroup.made_from, TIMEOUT_MS, &err));
	cgroup_close(&cgroup);
	ck_assert_int_eq(cgroup_open(&host, path, &cgroup, &err), -1);
	ck_assert_int_eq(err.code, ENOENT);
}
END_TEST

// Only what husk made is removed, and a parent goes with the last one in it, whoever that is.
START_TEST(parents_go_with_the_last)
{
	ck_assert_int_eq(mkdirat(host.fd, base + 1, 0755), 0);
	struct cgroup first = make("p/one"), second = make("p/two");
	char parent[128];
	snprintf(parent, sizeof parent, "%s/p", base);
	ck_assert_str_eq(first.made_from, parent);
	ck_assert_str_eq(second.made_from, parent);
	assert_ok(cgroup_destroy(&first, first.made_from, TIMEOUT_MS, &err));
	ck_assert(exists(parent));
	assert_ok(cgroup_destroy(&second, second.made_from, TIMEOUT_MS, &err));
	ck_assert(!exists(parent));
	ck_assert(exists(base));
	cgroup_close(&first);
	cgroup_close(&second);
	// a stored path that is not above it removes nothing
	struct cgroup third = make("p/three");
	ck_assert_int_eq(cgroup_destroy(&third, "/elsewhere", TIMEOUT_MS, &err), -1);
	ck_assert(exists(parent));
	cgroup_close(&third);
}
END_TEST

START_TEST(existing_is_taken_over_only_empty)
{
	struct cgroup cgroup = make("x"), again;
	char path[128];
	snprintf(path, sizeof path, "%s/x", base);
	assert_ok(cgroup_create(&host, path, NULL, &again, NULL, &err));
	ck_assert_ptr_null(again.made_from);
	cgroup_close(&again);
	pid_t pid = spawn(&cgroup);
	ck_assert_int_eq(cgroup_create(&host, path, NULL, &again, NULL, &err), -1);
	ck_assert_ptr_nonnull(
		strstr(err.message, "container's cgroup is not empty: 1 process(es) found"));
	ck_assert_int_eq(again.fd, -1);
	assert_ok(cgroup_kill(&cgroup, &err));
	ck_assert_int_eq(killed_by(pid), SIGKILL);
	ck_assert_int_eq(cgroup_real_wait_empty(&cgroup, TIMEOUT_MS), 1);
	assert_ok(cgroup_freeze(&cgroup, true, TIMEOUT_MS, &err));
	ck_assert_int_eq(cgroup_create(&host, path, NULL, &again, NULL, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "container's cgroup unexpectedly frozen"));
	assert_ok(cgroup_freeze(&cgroup, false, TIMEOUT_MS, &err));
	cgroup_close(&cgroup);
}
END_TEST

START_TEST(processes_and_signals)
{
	// not made by cgroup_create: that would enable controllers, and then no process may live above
	struct cgroup cgroup = make("s"), below;
	ck_assert_int_eq(mkdirat(cgroup.fd, "below", 0755), 0);
	char below_path[128];
	snprintf(below_path, sizeof below_path, "%s/s/below", base);
	assert_ok(cgroup_open(&host, below_path, &below, &err));
	pid_t one = spawn(&cgroup), two = spawn(&below), three = spawn(NULL);
	assert_ok(cgroup_add_process(&cgroup, three, &err));
	auto_free pid_t *pids = NULL;
	size_t count;
	assert_ok(cgroup_processes(&cgroup, &pids, &count, &err));
	ck_assert_uint_eq(count, 3);
	for (size_t i = 0; i < count; i++)
		ck_assert(pids[i] == one || pids[i] == two || pids[i] == three);
	ck_assert_int_eq(cgroup_real_wait_empty(&cgroup, 0), 0);
	ck_assert_int_eq(cgroup_signal(&cgroup, 0, &err), 3);
	ck_assert_int_eq(cgroup_signal(&cgroup, SIGTERM, &err), 3);
	ck_assert_int_eq(killed_by(one), SIGTERM);
	ck_assert_int_eq(killed_by(two), SIGTERM);
	ck_assert_int_eq(killed_by(three), SIGTERM);
	ck_assert_int_eq(cgroup_real_wait_empty(&cgroup, TIMEOUT_MS), 1);
	ck_assert_int_eq(cgroup_signal(&cgroup, SIGTERM, &err), 0);
	cgroup_close(&below);
	cgroup_close(&cgroup);
}
END_TEST

static char state_of(pid_t pid)
{
	char path[64], text[512];
	snprintf(path, sizeof path, "/proc/%d/wchan", (int)pid);
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	ck_assert_int_gt(fd_read_value(AT_FDCWD, path, text, sizeof text), 0);
	return strrchr(text, ')')[2];
}

// A counter in shared memory stands still while it is frozen, and only then.
START_TEST(freeze_stops_and_thaw_goes_on)
{
	struct cgroup cgroup = make("f");
	int pipe_fds[2];
	ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK), 0);
	struct kernel_clone_args args = {.flags = KERNEL_CLONE_INTO_CGROUP,
					 .exit_signal = SIGCHLD,
					 .cgroup = (uint64_t)cgroup.fd};
	pid_t pid = sys_clone3(&args);
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		for (;; poll(NULL, 0, 1))
			if (write(pipe_fds[1], "x", 1) < 0 && errno != EAGAIN)
				_exit(1);
	char drain[65536];
	struct pollfd ready = {.fd = pipe_fds[0], .events = POLLIN};
	ck_assert_int_eq(poll(&ready, 1, TIMEOUT_MS), 1);
	assert_ok(cgroup_freeze(&cgroup, true, TIMEOUT_MS, &err));
	ck_assert(cgroup_is_frozen(&cgroup));
	while (read(pipe_fds[0], drain, sizeof drain) > 0)
		;
	ck_assert_int_eq(poll(&ready, 1, 50), 0);
	ck_assert_int_ne(state_of(pid), 'Z');
	assert_ok(cgroup_freeze(&cgroup, false, TIMEOUT_MS, &err));
	ck_assert(!cgroup_is_frozen(&cgroup));
	ck_assert_int_eq(poll(&ready, 1, TIMEOUT_MS), 1);
	// frozen ones can be killed and removed as well
	assert_ok(cgroup_freeze(&cgroup, true, TIMEOUT_MS, &err));
	assert_ok(cgroup_destroy(&cgroup, cgroup.made_from, TIMEOUT_MS, &err));
	ck_assert_int_eq(killed_by(pid), SIGKILL);
	ck_assert(!exists(base));
	ck_assert(!cgroup_is_frozen(&cgroup));
	cgroup_close(&cgroup);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}
END_TEST

// What a hostile container with a writable cgroup may leave: deep, wide, populated, frozen in the middle.
START_TEST(destroy_removes_what_the_container_made)
{
	struct cgroup cgroup = make("n");
	pid_t pids[64];
	size_t count = 0;
	for (int i = 0; i < 40; i++) {
		char name[64];
		snprintf(name, sizeof name, "n/w%d", i);
		struct cgroup wide = make(name);
		for (int depth = 0; depth < 10; depth++) {
			ck_assert_int_eq(mkdirat(wide.fd, "deep", 0755), 0);
			int fd = openat(wide.fd, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			ck_assert_int_ge(fd, 0);
			close(wide.fd);
			wide.fd = fd;
		}
		pids[count++] = spawn(&wide);
		if (i % 2)
			ck_assert_int_eq(fd_write_value(wide.fd, "cgroup.freeze", "1"), 0);
		cgroup_close(&wide);
	}
	// deeper than a path can be long
	int fd = openat(cgroup.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int depth = 0;
	for (; depth < 30; depth++) {
		char name[201];
		memset(name, 'd', 200);
		name[200] = '\0';
		ck_assert_msg(mkdirat(fd, name, 0755) == 0, "depth %d: %s", depth, strerror(errno));
		int next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(next, 0);
		close(fd);
		fd = next;
	}
	struct cgroup deepest = {.fd = fd, .host = &host};
	pids[count++] = spawn(&deepest);
	close(fd);
	auto_free pid_t *found = NULL;
	size_t found_count;
	assert_ok(cgroup_processes(&cgroup, &found, &found_count, &err));
	ck_assert_uint_eq(found_count, count);
	assert_ok(cgroup_destroy(&cgroup, cgroup.made_from, TIMEOUT_MS, &err));
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(killed_by(pids[i]), SIGKILL);
	ck_assert(!exists(base));
	cgroup_close(&cgroup);
}
END_TEST

// Processes that fork all the time cannot outrun it.
START_TEST(destroy_ends_fork_bombs)
{
	struct cgroup cgroup = make("bomb");
	struct kernel_clone_args args = {.flags = KERNEL_CLONE_INTO_CGROUP,
					 .exit_signal = SIGCHLD,
					 .cgroup = (uint64_t)cgroup.fd};
	pid_t pid = sys_clone3(&args);
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		signal(SIGCHLD, SIG_IGN);
		for (;;) {
			pid_t child = fork();
			if (child == 0 && fork() > 0)
				_exit(0);
			if (child < 0)
				poll(NULL, 0, 1);
			poll(NULL, 0, 1);
		}
	}
	poll(NULL, 0, 20);
	assert_ok(cgroup_destroy(&cgroup, cgroup.made_from, TIMEOUT_MS, &err));
	ck_assert_int_eq(killed_by(pid), SIGKILL);
	ck_assert(!exists(base));
	cgroup_close(&cgroup);
}
END_TEST

// Somebody who cannot be killed for now: the freezer of cgroup v1 holds a process even against SIGKILL.
START_TEST(destroy_is_bounded_and_names_who_stays)
{
	char freezer[128], pid_text[32], expected[64];
	snprintf(freezer, sizeof freezer, "/sys/fs/cgroup/freezer%s", base);
	if (mkdir(freezer, 0755) < 0)
		return;  // no cgroup v1 here
	int freezer_fd = open(freezer, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct cgroup cgroup = make("stay");
	pid_t pid = spawn(&cgroup);
	snprintf(pid_text, sizeof pid_text, "%d", (int)pid);
	ck_assert_int_eq(fd_write_value(freezer_fd, "cgroup.procs", pid_text), 0);
	ck_assert_int_eq(fd_write_value(freezer_fd, "freezer.state", "FROZEN"), 0);
	int64_t start = cgroup_deadline(0);
	int result = cgroup_destroy(&cgroup, cgroup.made_from, 200, &err);
	int64_t took = cgroup_deadline(0) - start;
	bool there = exists(cgroup.path);
	ck_assert_int_eq(fd_write_value(freezer_fd, "freezer.state", "THAWED"), 0);
	ck_assert_int_eq(killed_by(pid), SIGKILL);
	close(freezer_fd);
	ck_assert_int_eq(rmdir(freezer), 0);
	ck_assert_int_eq(result, -1);
	ck_assert(there);
	ck_assert_int_ge(took, 200);
	ck_assert_int_lt(took, 5000);
	snprintf(expected, sizeof expected, "1 process(es) remain after 200 ms: pid %d", (int)pid);
	ck_assert_msg(strstr(err.message, expected), "%s", err.message);
	// and it can be tried again
	assert_ok(cgroup_destroy(&cgroup, cgroup.made_from, TIMEOUT_MS, &err));
	ck_assert(!exists(base));
	cgroup_close(&cgroup);
}
END_TEST

// 64 creates in a parent that is not there yet, while others are removed from it: all succeed, nothing stays.
START_TEST(parallel_creates_and_destroys)
{
	enum { workers = 64, rounds = 5 };
	pid_t pids[workers];
	for (int i = 0; i < workers; i++) {
		pids[i] = fork();
		ck_assert_int_ge(pids[i], 0);
		if (pids[i] > 0)
			continue;
		for (int round = 0; round < rounds; round++) {
			char path[128];
			struct cgroup cgroup;
			snprintf(path, sizeof path, "%s/many/c%d", base, i);
			if (cgroup_create(&host, path, NULL, &cgroup, NULL, &err) < 0 ||
			    !cgroup.made_from ||
			    cgroup_destroy(&cgroup, cgroup.made_from, TIMEOUT_MS, &err) < 0) {
				fprintf(stderr, "%d: %s\n", i, err.message);
				_exit(1);
			}
			cgroup_close(&cgroup);
		}
		_exit(0);
	}
	int failures = 0;
	for (int i = 0; i < workers; i++) {
		int status;
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		failures += status != 0;
	}
	ck_assert_int_eq(failures, 0);
	ck_assert(!exists(base));
}
END_TEST

// Of two who share a new parent the last takes it away, also when it looked before the other had marked it.
START_TEST(the_last_removes_the_parent)
{
	char path[128];
	struct cgroup first, second;
	snprintf(path, sizeof path, "%s/two/a", base);
	assert_ok(cgroup_create(&host, path, NULL, &first, NULL, &err));
	snprintf(path, sizeof path, "%s/two/b", base);
	assert_ok(cgroup_create(&host, path, NULL, &second, NULL, &err));
	assert_ok(cgroup_destroy(&first, first.made_from, TIMEOUT_MS, &err));
	ck_assert(exists(base));
	assert_ok(cgroup_destroy(&second, path, TIMEOUT_MS, &err));
	ck_assert(!exists(base));
	cgroup_close(&first);
	cgroup_close(&second);
}
END_TEST

// BASE/t is threaded, so BASE is the domain of its processes.
static void make_threaded_parent(void)
{
	char path[128];
	struct cgroup cgroup;
	ck_assert_int_eq(mkdirat(host.fd, base + 1, 0755), 0);
	snprintf(path, sizeof path, "%s/t", base);
	ck_assert_int_eq(mkdirat(host.fd, path + 1, 0755), 0);
	assert_ok(cgroup_open(&host, path, &cgroup, &err));
	ck_assert_int_eq(fd_write_value(cgroup.fd, "cgroup.type", "threaded"), 0);
	cgroup_close(&cgroup);
}

static void *sleep_too(void *data)
{
	(void)data;
	sleep_for_ever();
}

static pid_t spawn_two_threads(struct cgroup *cgroup)
{
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		pthread_t thread;
		// not libcheck's, in which a test ends by a jump
		signal(SIGTERM, SIG_DFL);
		if (pthread_create(&thread, NULL, sleep_too, NULL) != 0)
			_exit(1);
		sleep_for_ever();
	}
	assert_ok(cgroup_add_process(cgroup, pid, &err));
	return pid;
}

START_TEST(threaded_parent)
{
	char path[128], type[32];
	struct cgroup cgroup, below;
	pid_t *pids = NULL;
	size_t count = 0;
	make_threaded_parent();
	snprintf(path, sizeof path, "%s/t/c", base);
	assert_ok(cgroup_create(&host, path, NULL, &cgroup, NULL, &err));
	ck_assert_int_ge(fd_read_value(cgroup.fd, "cgroup.type", type, sizeof type), 0);
	ck_assert_str_eq(type, "threaded");
	pid_t one = spawn(&cgroup), two = spawn_two_threads(&cgroup);
	snprintf(path, sizeof path, "%s/t/c/below", base);
	assert_ok(cgroup_create(&host, path, NULL, &below, NULL, &err));
	pid_t three = spawn(&below);
	// each once, whatever it has of threads
	assert_ok(cgroup_processes(&cgroup, &pids, &count, &err));
	ck_assert_uint_eq(count, 3);
	ck_assert(pids[0] == one && pids[1] == two && pids[2] == three);
	free(pids);
	// the domain above lists them, too, and each once
	struct cgroup domain;
	assert_ok(cgroup_open(&host, base, &domain, &err));
	assert_ok(cgroup_processes(&domain, &pids, &count, &err));
	ck_assert_uint_eq(count, 3);
	free(pids);
	assert_ok(cgroup_freeze(&cgroup, true, TIMEOUT_MS, &err));
	ck_assert(cgroup_is_frozen(&cgroup));
	assert_ok(cgroup_freeze(&cgroup, false, TIMEOUT_MS, &err));
	assert_ok(cgroup_kill(&cgroup, &err));
	ck_assert_int_eq(killed_by(one), SIGKILL);
	ck_assert_int_eq(killed_by(two), SIGKILL);
	ck_assert_int_eq(killed_by(three), SIGKILL);
	assert_ok(cgroup_destroy(&cgroup, NULL, TIMEOUT_MS, &err));
	cgroup_close(&below);
	cgroup_close(&domain);
	cgroup_close(&cgroup);
}
END_TEST

START_TEST(threaded_parent_without_its_controller_is_refused)
{
	char path[128];
	struct cgroup below;
	const struct spec_hugepage_limit limit = {.page_size = "2MB", .limit = 0};
	const struct spec_resources resources = {
		.set = true, .hugepages = &limit, .hugepages_count = 1};
	make_threaded_parent();
	snprintf(path, sizeof path, "%s/t/c", base);
	ck_assert_int_eq(cgroup_create(&host, path, &resources, &below, NULL, &err), -1);
	ck_assert_msg(strstr(err.message, "linux.resources.hugepageLimits") != NULL &&
			      strstr(err.message, "threaded") != NULL,
		      "%s", err.message);
	ck_assert(!exists(path));
}
END_TEST

START_TEST(failure_leaves_nothing_behind)
{
	char path[128], name[128];
	struct cgroup cgroup = make("limit"), below;
	ck_assert_int_eq(fd_write_value(cgroup.fd, "cgroup.max.descendants", "2"), 0);
	snprintf(path, sizeof path, "%s/limit/a/b/c", base);
	ck_assert_int_eq(cgroup_create(&host, path, NULL, &below, NULL, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "cgroup.max.descendants"));
	snprintf(name, sizeof name, "%s/limit/a", base);
	ck_assert(!exists(name));
	cgroup_close(&cgroup);
}
END_TEST

START_TEST(delegation_changes_owners)
{
	struct cgroup cgroup = make("d");
	assert_ok(cgroup_delegate(&cgroup, 12345, 23456, &err));
	static const char *const given[] = {".", "cgroup.procs", "cgroup.threads",
					    "cgroup.subtree_control"};
	static const char *const kept[] = {"cgroup.freeze", "cgroup.max.depth", "cgroup.type"};
	struct stat st;
	for (size_t i = 0; i < array_size(given); i++) {
		ck_assert_int_eq(fstatat(cgroup.fd, given[i], &st, 0), 0);
		ck_assert_uint_eq(st.st_uid, 12345);
		ck_assert_uint_eq(st.st_gid, 23456);
	}
	for (size_t i = 0; i < array_size(kept); i++) {
		ck_assert_int_eq(fstatat(cgroup.fd, kept[i], &st, 0), 0);
		ck_assert_uint_eq(st.st_uid, 0);
	}
	cgroup_close(&cgroup);
}
END_TEST

// A limit whose controller is not in the cgroup2 of this host is refused with the field, the controller and the reason.
START_TEST(missing_controllers_are_named)
{
	uint32_t available;
	ck_assert_int_eq(cgroup_controllers_read(host.fd, "cgroup.controllers", &available), 0);
	struct spec_resources resources = {.set = true, .pids_limit = {true, 100}};
	if (available & cgroup_controller_bit(cgroup_controller_pids)) {
		assert_ok(cgroup_check(&host, &resources, &err));
		return;
	}
	ck_assert_int_eq(cgroup_check(&host, &resources, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message,
				     "linux.resources.pids.limit: controller pids is not "
				     "available: "));
	if (host.kind == cgroup_host_kind_hybrid)
		ck_assert_str_eq(err.message,
				 "linux.resources.pids.limit: controller pids is not available: "
				 "it is bound to cgroup v1 on this host (see /proc/cgroups)");
	// no limit needs no controller, neither for the check nor for the write
	resources.pids_limit.value = -1;
	assert_ok(cgroup_check(&host, &resources, &err));
	struct cgroup cgroup = make("nolimit");
	assert_ok(cgroup_set_resources(&cgroup, &resources, NULL, &err));
	resources.pids_limit.value = 7;
	ck_assert_int_eq(cgroup_set_resources(&cgroup, &resources, NULL, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "linux.resources.pids.limit: controller pids"));
	cgroup_close(&cgroup);
	char path[128];
	snprintf(path, sizeof path, "%s/refused", base);
	ck_assert_int_eq(cgroup_create(&host, path, &resources, &cgroup, NULL, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "linux.resources.pids.limit: controller pids"));
	ck_assert(!exists(path));
}
END_TEST

START_TEST(skipped)
{
	ck_assert_ptr_nonnull(cgroup_real_missing());
}
END_TEST

int main(void)
{
	const char *missing = cgroup_real_missing();
	snprintf(prefix, sizeof prefix, "husk-unit-%d-", (int)getpid());
	const TTest *const tests[] = {
		place_cleans_and_refuses,
		place_is_beside_the_caller,
		create_and_destroy_leave_nothing,
		parents_go_with_the_last,
		existing_is_taken_over_only_empty,
		processes_and_signals,
		freeze_stops_and_thaw_goes_on,
		destroy_removes_what_the_container_made,
		destroy_ends_fork_bombs,
		destroy_is_bounded_and_names_who_stays,
		parallel_creates_and_destroys,
		the_last_removes_the_parent,
		threaded_parent,
		threaded_parent_without_its_controller_is_refused,
		failure_leaves_nothing_behind,
		delegation_changes_owners,
		missing_controllers_are_named,
	};
	Suite *suite = suite_create("cgroup_lifecycle");
	TCase *cases = tcase_create("real");
	tcase_set_timeout(cases, 120);
	if (!missing)
		tcase_add_checked_fixture(cases, setup, teardown);
	if (missing) {
		printf("cgroup_lifecycle: skipped: %s\n", missing);
		tcase_add_test(cases, skipped);
	}
	for (size_t i = 0; !missing && i < array_size(tests); i++)
		tcase_add_test(cases, tests[i]);
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	if (!missing)
		cgroup_real_sweep(prefix);
	return failed;
}
