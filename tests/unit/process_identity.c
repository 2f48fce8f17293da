// SPDX-License-Identifier: Apache-2.0
// Users, limits and scheduling. What changes the process for good is done in a child that says with its exit code what
// it found. Where privileges are missing, the refusal is what is tested.
#include <grp.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/process/process.h"
#include "state_scratch.h"

static struct error err;

// Runs check in a child; 0 is good, anything else is the line that failed.
static int in_child(int (*check)(void))
{
	int status = -1;
	pid_t pid = fork();
	if (pid == 0)
		_exit(check());
	ck_assert_int_eq(process_reap(pid, &status), 0);
	return process_exit_code(status);
}

#define WANT(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			dprintf(2, "line %d: %s: %s\n", __LINE__, #condition, err.message);        \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)

// ---- identity ------------------------------------------------------------------------------------

static int becomes_user(void)
{
	static const uint32_t groups[] = {20, 30};
	const struct spec_user user = {.uid = 1000, .gid = 2000, .additional_gids = groups,
				       .additional_gids_count = 2};
	gid_t got[8];
	WANT(identity_apply(&user, false, true, &err) == 0);
	WANT(getuid() == 1000 && geteuid() == 1000 && getgid() == 2000 && getegid() == 2000);
	WANT(getgroups(8, got) == 2 && got[0] == 20 && got[1] == 30);
	WANT(prctl(PR_GET_KEEPCAPS) == 1);
	return 0;
}

static int drops_groups(void)
{
	const gid_t before[] = {7, 8};
	const struct spec_user user = {.uid = 1000, .gid = 2000};
	gid_t got[8];
	WANT(setgroups(2, before) == 0);
	WANT(identity_apply(&user, false, true, &err) == 0);
	WANT(getgroups(8, got) == 0);
	return 0;
}

static int keeps_groups(void)
{
	const gid_t before[] = {7, 8};
	const struct spec_user user = {.uid = 1000, .gid = 2000};
	gid_t got[8];
	WANT(setgroups(2, before) == 0);
	WANT(identity_apply(&user, true, true, &err) == 0);
	WANT(getgroups(8, got) == 2);
	return 0;
}

static int groups_denied(void)
{
	static const uint32_t groups[] = {20};
	struct spec_user user = {.additional_gids = groups, .additional_gids_count = 1};
	WANT(identity_apply(&user, false, false, &err) < 0 && err.code == EPERM);
	WANT(strstr(err.message, "setgroups is denied") != NULL);
	user.additional_gids_count = 0;
	WANT(identity_apply(&user, false, false, &err) == 0);
	return 0;
}

static int unmapped(void)
{
	WANT(unshare(CLONE_NEWUSER) == 0);
	int fd = open("/proc/self/setgroups", O_WRONLY);
	WANT(write(fd, "deny", 4) == 4);
	close(fd);
	fd = open("/proc/self/uid_map", O_WRONLY);
	WANT(write(fd, "0 0 1", 5) == 5);
	close(fd);
	fd = open("/proc/self/gid_map", O_WRONLY);
	WANT(write(fd, "0 0 1", 5) == 5);
	close(fd);
	const struct spec_user user = {.uid = 1000}, group = {.gid = 1000}, root = {.uid = 0};
	WANT(identity_apply(&user, false, false, &err) < 0 && err.code == EINVAL);
	WANT(strstr(err.message, "process.user.uid 1000 (it has no mapping") != NULL);
	WANT(identity_apply(&group, false, false, &err) < 0);
	WANT(strstr(err.message, "process.user.gid 1000 (it has no mapping") != NULL);
	WANT(identity_apply(&root, false, false, &err) == 0);
	return 0;
}

static int not_minus_one(void)
{
	const struct spec_user uid = {.uid = UINT32_MAX}, gid = {.gid = UINT32_MAX};
	WANT(identity_apply(&uid, false, true, &err) < 0);
	WANT(identity_apply(&gid, false, true, &err) < 0);
	return 0;
}

START_TEST(identity)
{
	ck_assert_int_eq(in_child(not_minus_one), 0);
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(in_child(becomes_user), 0);
	ck_assert_int_eq(in_child(drops_groups), 0);
	ck_assert_int_eq(in_child(keeps_groups), 0);
	ck_assert_int_eq(in_child(groups_denied), 0);
	ck_assert_int_eq(in_child(unmapped), 0);
}
END_TEST

static int masks(void)
{
	struct spec_user user = {.umask = {true, 0077}};
	identity_apply_umask(&user);
	WANT(umask(0) == 0077);
	user.umask.set = false;
	identity_apply_umask(&user);
	WANT(umask(0) == 0022);
	return 0;
}

START_TEST(file_mode_mask)
{
	ck_assert_int_eq(in_child(masks), 0);
}
END_TEST

static int owns_stdio(void)
{
	const struct spec_user user = {.uid = 1000, .gid = 2000};
	struct stat st, null_before, null_after;
	int ends[2];
	int null = open("/dev/null", O_RDWR);
	int saved = dup(2);
	scratch_write("out", "", 0, 0600);
	int file = openat(scratch_fd, "out", O_RDWR);
	WANT(pipe(ends) == 0);
	WANT(fstat(null, &null_before) == 0);
	WANT(dup2(null, 0) == 0 && dup2(file, 1) == 1 && dup2(ends[1], 2) == 2);
	int rc = identity_own_stdio(&user, &err);
	fstat(1, &st);
	bool file_ok = st.st_uid == 1000 && st.st_gid == 0;
	fstat(2, &st);
	bool pipe_ok = st.st_uid == 1000;
	close(1);
	int with_closed = identity_own_stdio(&user, &err);
	dup2(saved, 2);
	WANT(fstat(null, &null_after) == 0);
	WANT(rc == 0 && file_ok && pipe_ok && with_closed == 0);
	WANT(null_before.st_uid == null_after.st_uid);
	return 0;
}

START_TEST(stdio)
{
	if (geteuid() == 0)
		ck_assert_int_eq(in_child(owns_stdio), 0);
}
END_TEST

// ---- limits --------------------------------------------------------------------------------------

static int sets_limits(void)
{
	struct rlimit64 core, files;
	getrlimit64(RLIMIT_NOFILE, &files);
	const struct spec_rlimit good[] = {{(int)RLIMIT_CORE, "RLIMIT_CORE", 0, 0},
					   {(int)RLIMIT_NOFILE, "RLIMIT_NOFILE", 50, 60}};
	WANT(limits_apply(good, 2, &err) == 0);
	getrlimit64(RLIMIT_CORE, &core);
	WANT(core.rlim_cur == 0 && core.rlim_max == 0);
	getrlimit64(RLIMIT_NOFILE, &files);
	WANT(files.rlim_cur == 50 && files.rlim_max == 60);
	const struct spec_rlimit inverted = {(int)RLIMIT_NOFILE, "RLIMIT_NOFILE", 60, 50};
	WANT(limits_apply(&inverted, 1, &err) < 0 && err.code == EINVAL);
	WANT(strstr(err.message, "process.rlimits[0] RLIMIT_NOFILE: soft limit 60 is above") != NULL);
	struct limits_saved saved;
	limits_raise_files(&saved);
	getrlimit64(RLIMIT_NOFILE, &files);
	WANT(saved.changed && files.rlim_cur == 60);
	limits_restore_files(&saved);
	getrlimit64(RLIMIT_NOFILE, &files);
	WANT(files.rlim_cur == 50 && files.rlim_max == 60);
	WANT(geteuid() != 0 || setresuid(1000, 1000, 1000) == 0);
	const struct spec_rlimit more = {(int)RLIMIT_NOFILE, "RLIMIT_NOFILE", 60, 61};
	WANT(limits_apply(&more, 1, &err) < 0 && err.code == EPERM);
	return 0;
}

START_TEST(limits)
{
	ck_assert_int_eq(in_child(sets_limits), 0);
}
END_TEST

// ---- scheduling ----------------------------------------------------------------------------------

static int affinity(void)
{
	cpu_set_t all, now;
	WANT(scheduling_apply_affinity(NULL, &err) == 0);
	WANT(sched_getaffinity(0, sizeof all, &all) == 0);
	int first = 0;
	while (!CPU_ISSET((size_t)first, &all))
		first++;
	char list[64];
	snprintf(list, sizeof list, "%d", first);
	WANT(scheduling_apply_affinity(list, &err) == 0);
	sched_getaffinity(0, sizeof now, &now);
	WANT(CPU_COUNT(&now) == 1 && CPU_ISSET((size_t)first, &now));
	// CPUs that are not there do not matter beside one that is
	snprintf(list, sizeof list, "%d,2000-8191", first);
	WANT(scheduling_apply_affinity(list, &err) == 0);
	// the narrow mask does not stay
	WANT(scheduling_apply_affinity(NULL, &err) == 0);
	sched_getaffinity(0, sizeof now, &now);
	WANT(CPU_EQUAL(&now, &all));
	static const char *const bad[] = {"",     "a",     "-1",   "1-",       "3-1", "1,,2", "1,",
					  "8192", "0-9999", "1 ", "0x1", "99999999999999999999"};
	for (size_t i = 0; i < array_size(bad); i++)
		WANT(scheduling_apply_affinity(bad[i], &err) < 0 && err.code == EINVAL);
	WANT(scheduling_apply_affinity("8191", &err) < 0 && err.code == EINVAL);
	return 0;
}

static int policies(void)
{
	struct spec_scheduler none = {0};
	WANT(scheduling_apply(&none, &err) == 0);
	const struct spec_scheduler batch = {.set = true, .policy = SCHED_BATCH, .nice = {true, 7}};
	WANT(scheduling_apply(&batch, &err) == 0);
	WANT(sched_getscheduler(0) == SCHED_BATCH);
	errno = 0;
	WANT(getpriority(PRIO_PROCESS, 0) == 7);
	const struct spec_scheduler idle = {.set = true, .policy = SCHED_IDLE};
	WANT(scheduling_apply(&idle, &err) == 0 || err.code == EPERM);
	const struct spec_scheduler absurd = {.set = true, .policy = SCHED_FIFO, .priority = {true, 1000}};
	WANT(scheduling_apply(&absurd, &err) < 0 && err.code == EINVAL);
	WANT(strncmp(err.message, "process.scheduler: sched_setattr", 32) == 0);
	const struct spec_scheduler deadline = {.set = true, .policy = 6, .runtime = {true, 30},
						.deadline = {true, 20}, .period = {true, 10}};
	WANT(scheduling_apply(&deadline, &err) < 0);
	return 0;
}

static int other_settings(void)
{
	const struct spec_io_priority io = {.set = true, .class = IOPRIO_CLASS_BE, .priority = 6};
	WANT(scheduling_apply_io(&io, &err) == 0);
	WANT(syscall(SYS_ioprio_get, 1, 0) == ((IOPRIO_CLASS_BE << 13) | 6));
	const struct spec_io_priority wrong = {.set = true, .class = 7, .priority = 1};
	WANT(scheduling_apply_io(&wrong, &err) < 0);
	const struct spec_memory_policy policy = {.set = true, .mode = MPOL_BIND, .nodes = "0"};
	int mode = -1;
	if (scheduling_apply_memory_policy(&policy, &err) == 0) {
		WANT(syscall(SYS_get_mempolicy, &mode, NULL, 0UL, NULL, 0UL) == 0 && mode == MPOL_BIND);
		const struct spec_memory_policy normal = {.set = true, .mode = MPOL_DEFAULT};
		WANT(scheduling_apply_memory_policy(&normal, &err) == 0);
		WANT(syscall(SYS_get_mempolicy, &mode, NULL, 0UL, NULL, 0UL) == 0 && mode == MPOL_DEFAULT);
	} else {
		WANT(err.code == ENOSYS || err.code == EPERM);
	}
	const struct spec_memory_policy odd = {.set = true, .mode = MPOL_BIND, .nodes = "x"};
	WANT(scheduling_apply_memory_policy(&odd, &err) < 0 && err.code == EINVAL);
	WANT(scheduling_apply_personality(spec_personality_unset, &err) == 0);
	WANT(scheduling_apply_personality(spec_personality_linux32, &err) == 0);
	WANT(personality(0xffffffff) == PER_LINUX32);
	WANT(scheduling_apply_personality(spec_personality_linux, &err) == 0);
	WANT(personality(0xffffffff) == PER_LINUX);
	return 0;
}

START_TEST(scheduling)
{
	ck_assert_int_eq(in_child(affinity), 0);
	ck_assert_int_eq(in_child(policies), 0);
	ck_assert_int_eq(in_child(other_settings), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("identity, limits, scheduling");
	TCase *all = tcase_create("identity");
	tcase_add_checked_fixture(all, scratch_make, scratch_remove);
	tcase_add_test(all, identity);
	tcase_add_test(all, file_mode_mask);
	tcase_add_test(all, stdio);
	tcase_add_test(all, limits);
	tcase_add_test(all, scheduling);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
