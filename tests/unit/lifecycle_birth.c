// SPDX-License-Identifier: Apache-2.0
// Whether a process that was cloned has come to its program.
#include "libcontainer/base/memory.h"
#include "libcontainer/init/sync.h"
#include "libcontainer/kernel/socket.h"
#include "libcontainer/lifecycle/birth.h"
#include "state_scratch.h"

// Long enough that whoever does not wait is seen not to.
#define ON_THE_WAY_MS 200

static const struct {
	bool says_last, executes;
	int ends_by;  // a signal, or 0
	int wanted;
} cases[] = {
	{true, true, 0, 0},
	{true, false, 0, 1},
	{true, false, SIGKILL, 1},
	{false, false, 0, 1},
};

// Closes its end of the conversation some time before it executes, as newer kernels do in the middle of execve when somebody else holds it for a
// moment longer.
static _Noreturn void child(int i, int sync)
{
	if (cases[i].says_last && sync_send_step(sync, sync_step_last, NULL) < 0)
		_exit(2);
	close(sync);
	pause_ms(ON_THE_WAY_MS);
	if (cases[i].executes)
		execl("/bin/sleep", "sleep", "100", (char *)NULL);
	if (cases[i].ends_by)
		kill(getpid(), cases[i].ends_by);
	_exit(1);
}

START_TEST(end_of_the_conversation_is_no_proof)
{
	int sync[2], status;
	struct error err = {0};
	ck_assert_int_eq(socket_pair(sync), 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(sync[0]);
		child(_i, sync[1]);
	}
	close(sync[1]);
	auto_close int ours = sync[0];
	auto_close int pidfd = sys_pidfd_open(pid);
	ck_assert_int_eq(birth_await_program(ours, pid, pidfd, false, NULL, -1, &err),
			 cases[_i].wanted);
	if (cases[_i].executes) {
		ck_assert_int_eq(process_has_executed(pid, 0), 1);
		kill(pid, SIGKILL);
	}
	ck_assert_int_eq(process_reap(pid, &status), 0);
}
END_TEST

// One that neither executes nor ends: it was taken over by a process of the container. Nobody waits for it for ever, and the user need not
// wait at all.
START_TEST(waiting_ends)
{
	int executed;
	struct error err = {0};
	sigset_t before;
	ck_assert_int_eq(signals_block_interrupts(&before), 0);
	auto_close int interrupts = signals_open_interrupts();
	pid_t pid = sleeper(0);
	auto_close int pidfd = sys_pidfd_open(pid);
	ck_assert_int_eq(birth_await_execution(pid, 0, pidfd, interrupts, &executed, &err), -1);
	ck_assert_int_eq(err.code, ETIMEDOUT);
	raise(SIGTERM);
	ck_assert_int_eq(birth_await_execution(pid, 0, pidfd, interrupts, &executed, &err), -1);
	ck_assert_int_eq(err.code, EINTR);
	end_child(pid);
	sigprocmask(SIG_SETMASK, &before, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lifecycle_birth");
	TCase *tests = tcase_create("birth");
	tcase_add_loop_test(tests, end_of_the_conversation_is_no_proof, 0, (int)array_size(cases));
	tcase_add_test(tests, waiting_ends);
	tcase_set_timeout(tests, 60);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
