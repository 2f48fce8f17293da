// SPDX-License-Identifier: Apache-2.0
// Start times and what they are read from, ends of processes, signals.
#include <sys/syscall.h>

#include "libcontainer/base/memory.h"
#include "state_scratch.h"

START_TEST(start_time_names_a_process)
{
	uint64_t first, again, second;
	bool zombie = true;
	pid_t pid = sleeper(0);
	ck_assert_int_eq(process_start_time(pid, &first, &zombie), 0);
	ck_assert(!zombie);
	ck_assert_uint_gt(first, 0);
	ck_assert_int_eq(process_start_time(pid, &again, &zombie), 0);
	ck_assert_uint_eq(first, again);
	pause_ms(40);
	pid_t later = sleeper(0);
	ck_assert_int_eq(process_start_time(later, &second, &zombie), 0);
	ck_assert_uint_gt(second, first);
	end_child(later);
	end_child(pid);
	errno = 0;
	ck_assert_int_eq(process_start_time(pid, &again, &zombie), -1);
	ck_assert_int_eq(errno, ESRCH);
}
END_TEST

START_TEST(number_names_a_process)
{
	uint64_t first, again, second;
	pid_t pid = sleeper(0), later = sleeper(0);
	int pidfd = sys_pidfd_open(pid), other = sys_pidfd_open(later), same = sys_pidfd_open(pid);
	if (process_number(pidfd, &first) < 0) {
		ck_assert_int_eq(errno, ENOTSUP);  // before Linux 6.9
	} else {
		ck_assert_int_eq(process_number(same, &again), 0);
		ck_assert_uint_eq(first, again);
		ck_assert_int_eq(process_number(other, &second), 0);
		ck_assert_uint_ne(first, second);
	}
	end_child(later);
	end_child(pid);
	if (process_number(pidfd, &again) == 0)
		ck_assert_uint_eq(first, again);
	close(pidfd);
	close(other);
	close(same);
	// no pidfd at all
	ck_assert_int_eq(process_number(STDIN_FILENO, &first), -1);
}
END_TEST

// The kernel prints the name as it is: brackets, spaces and newlines in it must not shift the fields.
START_TEST(start_time_with_an_odd_name)
{
	static const char *const names[] = {"a) Z 1 1 1", ") (", "x\ny) R", "((((", ")))"};
	int ready[2];
	for (size_t i = 0; i < array_size(names); i++) {
		uint64_t plain, odd;
		bool zombie;
		char byte;
		ck_assert_int_eq(pipe(ready), 0);
		int go[2];
		ck_assert_int_eq(pipe(go), 0);
		pid_t pid = fork();
		if (pid == 0) {
			(void)!read(go[0], &byte, 1);
			prctl(PR_SET_NAME, names[i]);
			(void)!write(ready[1], "x", 1);
			pause();
			_exit(0);
		}
		ck_assert_int_eq(process_start_time(pid, &plain, &zombie), 0);
		ck_assert_int_eq(write(go[1], "x", 1), 1);
		ck_assert_int_eq(read(ready[0], &byte, 1), 1);
		ck_assert_int_eq(process_start_time(pid, &odd, &zombie), 0);
		ck_assert_uint_eq(plain, odd);
		ck_assert(!zombie);
		end_child(pid);
		close(ready[0]), close(ready[1]), close(go[0]), close(go[1]);
	}
}
END_TEST

START_TEST(zombies_are_told)
{
	uint64_t ticks;
	bool zombie = false;
	pid_t pid = fork();
	if (pid == 0)
		_exit(3);
	siginfo_t info;
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	ck_assert_int_eq(process_start_time(pid, &ticks, &zombie), 0);
	ck_assert(zombie);
	int status = 0;
	ck_assert_int_eq(process_reap(pid, &status), 0);
	ck_assert_int_eq(process_exit_code(status), 3);
}
END_TEST

// also of those that wait to be reaped
START_TEST(execve_is_told_from_death)
{
	siginfo_t info;
	int status;
	ck_assert_int_eq(process_has_executed(getppid(), 0), 1);
	for (int executes = 0; executes <= 1; executes++) {
		pid_t pid = fork();
		if (pid == 0 && executes)
			execl("/bin/true", "true", (char *)NULL);
		if (pid == 0)
			_exit(1);
		ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
		ck_assert_int_eq(process_has_executed(pid, 0), executes);
		ck_assert_int_eq(process_has_executed(pid, 1), -1);
		auto_close int pidfd = sys_pidfd_open(pid);
		int seen = -1;
		ck_assert_int_eq(process_exit_status(pidfd, &seen), -1);
		ck_assert_int_eq(process_reap(pid, &status), 0);
		ck_assert_int_eq(process_has_executed(pid, 0), -1);
		if (process_exit_status(pidfd, &seen) == 0)
			ck_assert_int_eq(seen, status);
	}
}
END_TEST

START_TEST(no_pid_is_no_process)
{
	uint64_t ticks;
	bool zombie;
	const pid_t none[] = {0, -1, 0x7fffffff};
	for (size_t i = 0; i < array_size(none); i++) {
		errno = 0;
		ck_assert_int_eq(process_start_time(none[i], &ticks, &zombie), -1);
		ck_assert_int_eq(errno, ESRCH);
	}
}
END_TEST

static void nothing(int signal)
{
	(void)signal;
}

START_TEST(wait_for_an_end)
{
	pid_t pid = sleeper(0);
	auto_close int pidfd = sys_pidfd_open(pid);
	ck_assert_int_ge(pidfd, 0);
	ck_assert_int_eq(process_wait_pidfd(pidfd, 0), 0);
	// interrupted all the while, it still keeps its time
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = nothing}, NULL);
	timer_t timer;
	ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, NULL, &timer), 0);
	timer_settime(timer, 0, &(struct itimerspec){{0, 5000000}, {0, 5000000}}, NULL);
	int64_t before = clock_ms();
	ck_assert_int_eq(process_wait_pidfd(pidfd, 100), 0);
	int64_t took = clock_ms() - before;
	ck_assert_int_ge(took, 99);
	ck_assert_int_lt(took, 2000);
	timer_delete(timer);
	kill(pid, SIGUSR1);
	ck_assert_int_eq(process_wait_pidfd(pidfd, 5000), 1);
	int status = 0;
	ck_assert_int_eq(process_reap(pid, &status), 0);
	ck_assert_int_eq(process_exit_code(status), 128 + SIGUSR1);
	ck_assert_int_eq(process_reap(pid, &status), -1);
	ck_assert_int_eq(process_wait_pidfd(9999, 100), -1);
}
END_TEST

START_TEST(boot_id)
{
	char id[37], again[37];
	ck_assert_int_eq(process_boot_id(id), 0);
	ck_assert_int_eq(process_boot_id(again), 0);
	ck_assert_uint_eq(strlen(id), 36);
	ck_assert_str_eq(id, again);
	ck_assert_int_eq(id[8], '-');
}
END_TEST

START_TEST(signal_names)
{
	static const struct {
		const char *name;
		int signal;
	} good[] = {{"TERM", SIGTERM}, {"SIGTERM", SIGTERM}, {"sigterm", SIGTERM}, {"term", SIGTERM},
		    {"15", 15},        {"9", 9},             {"KILL", 9},          {"0", 0},
		    {"64", 64},        {"HUP", 1},           {"usr1", SIGUSR1},    {"SIGIO", SIGIO},
		    {"POLL", SIGPOLL}, {"CHLD", SIGCHLD},    {"CLD", SIGCHLD},     {"IOT", SIGABRT},
		    {"SYS", SIGSYS},   {"WINCH", SIGWINCH},  {"RTMIN", 34},        {"RTMIN+3", 37},
		    {"sigrtmin+3", 37}, {"RTMAX-1", 63},     {"SIGRTMAX", 64},     {"RTMIN+30", 64}};
	static const char *const bad[] = {"",        "SIG",      "TERMX",   "65",      "-1",  "+9",
					  " 9",      "9 ",       "RTMIN+",  "RTMIN-1", "SIGSIGTERM",
					  "RTMIN+31", "RTMAX+1", "RTMAX-31", "9999999999999999999",
					  "RTMIN+18446744073709551615"};
	for (size_t i = 0; i < array_size(good); i++)
		ck_assert_msg(signals_from_name(good[i].name) == good[i].signal, "%s: %d", good[i].name,
			      signals_from_name(good[i].name));
	for (size_t i = 0; i < array_size(bad); i++) {
		errno = 0;
		ck_assert_msg(signals_from_name(bad[i]) == -1, "%s", bad[i]);
		ck_assert_int_eq(errno, EINVAL);
	}
}
END_TEST

static uint64_t status_mask(const char *key)
{
	char line[256];
	uint64_t value = ~(uint64_t)0;
	FILE *file = fopen("/proc/self/status", "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof line, file))
		if (text_has_prefix(line, key))
			value = strtoull(line + strlen(key) + 2, NULL, 16);
	fclose(file);
	return value;
}

START_TEST(reset_undoes_everything)
{
	// also those that the C library keeps to itself
	static const struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		unsigned long mask[16];
	} ignore = {.handler = (void *)1};
	sigset_t before;
	ck_assert_int_eq(syscall(SYS_rt_sigaction, 32, &ignore, NULL, 8), 0);
	ck_assert_int_eq(syscall(SYS_rt_sigaction, 33, &ignore, NULL, 8), 0);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, nothing);
	ck_assert_int_eq(signals_block_all(&before), 0);
	const uint64_t all = ~(uint64_t)0, raw = all;
	ck_assert_int_eq(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &raw, NULL, 8), 0);
	// positive control: they really are ignored, caught and blocked
	ck_assert_uint_ne(status_mask("SigIgn") & (1UL << 31), 0);
	ck_assert_uint_ne(status_mask("SigIgn") & (1UL << (SIGCHLD - 1)), 0);
	ck_assert_uint_ne(status_mask("SigCgt"), 0);
	ck_assert_uint_ne(status_mask("SigBlk") & (1UL << 31), 0);
	ck_assert_int_eq(signals_reset(), 0);
	ck_assert_uint_eq(status_mask("SigIgn"), 0);
	ck_assert_uint_eq(status_mask("SigCgt"), 0);
	ck_assert_uint_eq(status_mask("SigBlk"), 0);
}
END_TEST

START_TEST(block_all_blocks)
{
	sigset_t before, now;
	ck_assert_int_eq(signals_block_all(&before), 0);
	ck_assert_int_eq(sigismember(&before, SIGTERM), 0);
	sigprocmask(SIG_SETMASK, NULL, &now);
	for (int s = 1; s < 32; s++)
		if (s != SIGKILL && s != SIGSTOP)
			ck_assert_int_eq(sigismember(&now, s), 1);
}
END_TEST

START_TEST(pipe_signal_is_held)
{
	int ends[2];
	struct signals_pipe held;
	sigset_t now;
	ck_assert_int_eq(pipe(ends), 0);
	close(ends[0]);
	signals_hold_pipe(&held);
	ck_assert_int_eq(write(ends[1], "x", 1), -1);
	ck_assert_int_eq(errno, EPIPE);
	signals_release_pipe(&held);
	sigprocmask(SIG_SETMASK, NULL, &now);
	ck_assert_int_eq(sigismember(&now, SIGPIPE), 0);

	// positive control: without it the write is death
	pid_t pid = fork();
	if (pid == 0) {
		(void)!write(ends[1], "x", 1);
		_exit(0);
	}
	int status = 0;
	ck_assert_int_eq(process_reap(pid, &status), 0);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("process");
	TCase *all = tcase_create("process");
	tcase_set_timeout(all, 20);
	tcase_add_test(all, start_time_names_a_process);
	tcase_add_test(all, start_time_with_an_odd_name);
	tcase_add_test(all, number_names_a_process);
	tcase_add_test(all, zombies_are_told);
	tcase_add_test(all, execve_is_told_from_death);
	tcase_add_test(all, no_pid_is_no_process);
	tcase_add_test(all, wait_for_an_end);
	tcase_add_test(all, boot_id);
	tcase_add_test(all, signal_names);
	tcase_add_test(all, reset_undoes_everything);
	tcase_add_test(all, block_all_blocks);
	tcase_add_test(all, pipe_signal_is_held);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
