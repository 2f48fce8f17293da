// SPDX-License-Identifier: Apache-2.0
// A scratch directory for one test, and children that sleep. For the unit tests of state/ and process/.
#ifndef HUSK_TESTS_UNIT_STATE_SCRATCH_H
#define HUSK_TESTS_UNIT_STATE_SCRATCH_H

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/error.h"
#include "libcontainer/base/text.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/syscalls.h"

#define assert_ok(call)                                                                            \
	do {                                                                                       \
		struct error *err_ = &err;                                                         \
		err_->message[0] = '\0';                                                           \
		ck_assert_msg((call) >= 0, "%s: %s (%s)", #call, err_->message, strerror(errno));  \
	} while (0)
#define assert_fails(call, error_code)                                                             \
	do {                                                                                       \
		ck_assert_int_lt((call), 0);                                                       \
		ck_assert_msg(err.code == (error_code), "%s: code %d: %s", #call, err.code,        \
			      err.message);                                                        \
	} while (0)
#define assert_has(text, part)                                                                     \
	ck_assert_msg(strstr(text, part) != NULL, "\"%s\" lacks \"%s\"", text, part)

static char scratch_path[64];
static int scratch_fd = -1;

static inline void scratch_make(void)
{
	strcpy(scratch_path, "/tmp/husk-unit-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(scratch_path));
	scratch_fd = open(scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(scratch_fd, 0);
}

static inline void scratch_remove(void)
{
	close(scratch_fd);
	pid_t pid = fork();
	if (pid == 0) {
		execlp("rm", "rm", "-rf", "--", scratch_path, NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static inline void scratch_write(const char *name, const void *data, size_t length, mode_t mode)
{
	int fd = openat(scratch_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, data, length), (ssize_t)length);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static inline void pause_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static inline int64_t clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// A child that sleeps, with pid wanted when that is not 0. It ends with us.
static inline pid_t sleeper(pid_t wanted)
{
	struct kernel_clone_args args = {.exit_signal = SIGCHLD,
					 .set_tid = wanted ? (uint64_t)(uintptr_t)&wanted : 0,
					 .set_tid_size = wanted ? 1 : 0};
	pid_t pid = sys_clone3(&args);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static inline void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
