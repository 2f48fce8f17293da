// SPDX-License-Identifier: Apache-2.0
// The gate between create and start, with an init that is a child of the test; and the status that is computed from it,
// the pid and the boot.
#include <sys/socket.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/socket.h"
#include "libcontainer/state/state.h"
#include "state_scratch.h"

static struct error err;
static bool last;  // of start_gate_outcome

enum behaviour { fails, executes, dies, says_last_and_dies, fails_after_last };

static _Noreturn void behave(int connection, enum behaviour behaviour)
{
	static char *const argv[] = {(char *)(uintptr_t) "sleep", (char *)(uintptr_t) "1000", NULL};
	struct error failure;
	switch (behaviour) {
	case fails_after_last:
		start_gate_say_last(connection);
		__attribute__((fallthrough));
	case fails:
		(void)!error_set(&failure, ENOEXEC, "exec /x: Exec format error");
		start_gate_fail(connection, &failure);
		break;
	case executes:
		start_gate_say_last(connection);
		execv("/bin/sleep", argv);
		break;
	case says_last_and_dies:
		start_gate_say_last(connection);
		break;
	case dies:
		kill(getpid(), SIGKILL);
		break;
	}
	_exit(1);
}

static pid_t init_start(enum behaviour behaviour)
{
	int listener = -1;
	assert_ok(start_gate_listen(scratch_fd, &listener, &err));
	pid_t pid = fork();
	if (pid == 0) {
		int connection = -1;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (start_gate_wait(listener, &connection, &err) < 0)
			_exit(99);
		behave(connection, behaviour);
	}
	close(listener);
	return pid;
}

// With the number that the kernel has for it since 6.9, or without.
static struct state_record numbered(pid_t pid, struct state_record record, bool by_number)
{
	int pidfd = sys_pidfd_open(pid);
	if (!by_number || process_number(pidfd, &record.number) < 0)
		record.number = 0;
	close(pidfd);
	return record;
}

static struct state_record record_of(pid_t pid)
{
	static char boot[37];
	struct state_record record = {.pid = pid, .boot_id = boot};
	bool zombie;
	ck_assert_int_eq(process_boot_id(boot), 0);
	ck_assert_int_eq(process_start_time(pid, &record.start_time, &zombie), 0);
	return record;
}

static void wait_until_gone(pid_t pid)
{
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

// ---- gate ----------------------------------------------------------------------------------------

START_TEST(go_and_execve)
{
	int connection = -1;
	pid_t pid = init_start(executes);
	struct state_record record = record_of(pid);
	ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_created);
	assert_ok(start_gate_open(scratch_fd, &connection, &err));
	ck_assert_int_eq(start_gate_outcome(connection, &last, &err), 0);
	close(connection);
	ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_running);
	assert_fails(start_gate_open(scratch_fd, &connection, &err), ECONNREFUSED);
	end_child(pid);
	ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_stopped);
}
END_TEST

START_TEST(failure_arrives)
{
	static const enum behaviour both[] = {fails, fails_after_last};
	for (size_t i = 0; i < array_size(both); i++) {
		int connection = -1;
		pid_t pid = init_start(both[i]);
		assert_ok(start_gate_open(scratch_fd, &connection, &err));
		assert_fails(start_gate_outcome(connection, &last, &err), ENOEXEC);
		ck_assert_int_eq(last, both[i] == fails_after_last);
		ck_assert_str_eq(err.message, "exec /x: Exec format error");
		close(connection);
		wait_until_gone(pid);
		unlinkat(scratch_fd, START_GATE_NAME, 0);
	}
}
END_TEST

// ECONNREFUSED is the gate's own word for "not served": a refusal that init met elsewhere must not look like it.
START_TEST(refusal_of_another_socket)
{
	int connection = -1, listener = -1;
	assert_ok(start_gate_listen(scratch_fd, &listener, &err));
	pid_t pid = fork();
	if (pid == 0) {
		struct error failure;
		if (start_gate_wait(listener, &connection, &err) < 0)
			_exit(99);
		(void)!error_set(&failure, ECONNREFUSED, "listener: Connection refused");
		start_gate_fail(connection, &failure);
		_exit(1);
	}
	close(listener);
	assert_ok(start_gate_open(scratch_fd, &connection, &err));
	assert_fails(start_gate_outcome(connection, &last, &err), 0);
	ck_assert_str_eq(err.message, "listener: Connection refused");
	close(connection);
	wait_until_gone(pid);
}
END_TEST

START_TEST(death_is_told_from_success)
{
	int connection = -1;
	pid_t pid = init_start(dies);
	assert_ok(start_gate_open(scratch_fd, &connection, &err));
	ck_assert_int_eq(start_gate_outcome(connection, &last, &err), 1);
	close(connection);
	wait_until_gone(pid);
	unlinkat(scratch_fd, START_GATE_NAME, 0);
	pid = init_start(says_last_and_dies);
	assert_ok(start_gate_open(scratch_fd, &connection, &err));
	ck_assert_int_eq(start_gate_outcome(connection, &last, &err), 0);
	close(connection);
	wait_until_gone(pid);
}
END_TEST

// Init dies while start is connected and before it was heard: an error at once, never a wait or a success.
START_TEST(death_while_waiting)
{
	int connection = -1;
	pid_t pid = init_start(executes);
	kill(pid, SIGSTOP);
	ck_assert_int_eq(waitpid(pid, NULL, WUNTRACED), pid);
	assert_ok(start_gate_open(scratch_fd, &connection, &err));
	end_child(pid);
	assert_fails(start_gate_outcome(connection, &last, &err), ECONNREFUSED);
	close(connection);
}
END_TEST

static void probe(void)
{
	close(socket_connect(scratch_fd, START_GATE_NAME, SOCK_SEQPACKET));
}

START_TEST(probes_are_ignored)
{
	int silent[40], connection = -1;
	pid_t pid = init_start(executes);
	struct state_record record = record_of(pid);
	for (int i = 0; i < 1000; i++)
		probe();
	// nonsense is no "go"
	int odd = socket_connect(scratch_fd, START_GATE_NAME, SOCK_SEQPACKET);
	assert_ok(odd);
	static const char *const words[] = {"", "g", "gogo", "last", "g\0"};
	for (size_t i = 0; i < array_size(words); i++)
		(void)!send(odd, words[i], strlen(words[i]) + (i == 4), MSG_NOSIGNAL);
	close(odd);
	// some connect and neither speak nor leave
	for (size_t i = 0; i < array_size(silent); i++) {
		silent[i] = socket_connect(scratch_fd, START_GATE_NAME, SOCK_SEQPACKET);
		assert_ok(silent[i]);
	}
	ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_created);
	assert_ok(start_gate_open(scratch_fd, &connection, &err));
	ck_assert_int_eq(start_gate_outcome(connection, &last, &err), 0);
	ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_running);
	for (size_t i = 0; i < array_size(silent); i++)
		close(silent[i]);
	end_child(pid);
}
END_TEST

// The connection with which start looked is the one that says go; should init have let go of it, there is another one.
START_TEST(look_is_kept)
{
	for (int crowd = 0; crowd <= 40; crowd += 40) {
		int silent[40];
		pid_t pid = init_start(executes);
		struct state_record record = record_of(pid);
		struct state_look look = {.pidfd = -1, .gate = -1};
		ck_assert_int_eq(state_compute(scratch_fd, &record, &look), state_status_created);
		ck_assert_int_eq(look.gate, -1);
		look.wants_gate = true;
		ck_assert_int_eq(state_compute(scratch_fd, &record, &look), state_status_created);
		ck_assert_int_ge(look.gate, 0);
		ck_assert_int_eq(process_wait_pidfd(look.pidfd, 0), 0);
		int connection = look.gate;
		for (int i = 0; i < crowd; i++)
			silent[i] = socket_connect(scratch_fd, START_GATE_NAME, SOCK_SEQPACKET);
		// (until all are accepted)
		struct timespec pause = {.tv_nsec = 50000000};
		nanosleep(&pause, NULL);
		assert_ok(start_gate_open(scratch_fd, &connection, &err));
		ck_assert_int_eq(start_gate_outcome(connection, &last, &err), 0);
		ck_assert(last);
		close(connection);
		close(look.pidfd);
		for (int i = 0; i < crowd; i++)
			close(silent[i]);
		end_child(pid);
		unlinkat(scratch_fd, START_GATE_NAME, 0);
	}
}
END_TEST

// A listener that does not accept (init is still busy) fills up: that is "waiting", and no query hangs.
START_TEST(full_backlog)
{
	int listener = -1;
	struct state_record record = record_of(getpid());
	assert_ok(start_gate_listen(scratch_fd, &listener, &err));
	for (int i = 0; i < 500; i++)
		ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_created);
	close(listener);
	ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_running);
}
END_TEST

// Of many starts at once one is served and hears its outcome; every other one is refused, none hears a success.
START_TEST(second_start)
{
	enum { STARTS = 6, ROUNDS = 100 };
	for (int round = 0; round < ROUNDS; round++) {
		pid_t pids[STARTS], init = init_start(executes);
		int served = 0, go[2];
		ck_assert_int_eq(pipe2(go, O_CLOEXEC), 0);
		for (int i = 0; i < STARTS; i++) {
			pids[i] = fork();
			if (pids[i])
				continue;
			int connection = -1;
			char byte;
			close(go[1]);
			(void)!read(go[0], &byte, 1);
			if (start_gate_open(scratch_fd, &connection, &err) == 0) {
				int outcome = start_gate_outcome(connection, &last, &err);
				if (outcome >= 0)
					_exit(outcome);
			}
			_exit(err.code == ECONNREFUSED ? 10 : 20);
		}
		close(go[0]), close(go[1]);
		for (int i = 0; i < STARTS; i++) {
			int status = -1;
			ck_assert_int_eq(process_reap(pids[i], &status), 0);
			int code = process_exit_code(status);
			ck_assert_msg(code == 0 || code == 10, "code %d", code);
			served += code == 0;
		}
		ck_assert_int_eq(served, 1);
		end_child(init);
		unlinkat(scratch_fd, START_GATE_NAME, 0);
	}
}
END_TEST

START_TEST(no_gate)
{
	int connection = -1;
	assert_fails(start_gate_open(scratch_fd, &connection, &err), ECONNREFUSED);
}
END_TEST

// ---- status --------------------------------------------------------------------------------------

START_TEST(creating_and_abandoned)
{
	pid_t creator = sleeper(0);
	struct state_record of_creator = record_of(creator);
	struct state_record record = {.boot_id = of_creator.boot_id,
				      .creator = creator,
				      .creator_start_time = of_creator.start_time};
	ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_creating);
	// init is there, the creator is still at work
	pid_t init = sleeper(0);
	struct state_record of_init = record_of(init);
	record.pid = init;
	record.start_time = of_init.start_time;
	ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_creating);
	int listener = -1;
	assert_ok(start_gate_listen(scratch_fd, &listener, &err));
	ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_creating);
	ck_assert(state_creator_is_there(&record));
	// a creator that stays, as in a foreground run, does not hide that the program runs
	close(listener);
	ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_running);
	end_child(init);
	ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_stopped);
	record.pid = 0;
	ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_creating);
	end_child(creator);
	ck_assert(!state_creator_is_there(&record));
	ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_stopped);
}
END_TEST

START_TEST(another_boot)
{
	pid_t pid = sleeper(0);
	struct state_record record = record_of(pid);
	int pidfd = -1;
	assert_ok(state_open_init(&record, &pidfd, &err));
	close(pidfd);
	ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_running);
	char other[] = "00000000-0000-0000-0000-000000000000";
	record.boot_id = other;
	ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_stopped);
	assert_fails(state_open_init(&record, &pidfd, &err), ESRCH);
	// the first record of a container has the number of a hierarchy alone
	record.boot_id = NULL;
	record.other_boot = true;
	ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_stopped);
	record.other_boot = false;
	ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_running);
	record.boot_id = other;
	// who has seen its cgroup hierarchy knows the boot
	record.same_boot = true;
	ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_running);
	end_child(pid);
}
END_TEST

START_TEST(zombie_is_stopped)
{
	siginfo_t info;
	int pidfd = -1;
	pid_t pid = sleeper(0);
	struct state_record record = numbered(pid, record_of(pid), _i == 1);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_stopped);
	assert_fails(state_open_init(&record, &pidfd, &err), ESRCH);
	wait_until_gone(pid);
	assert_fails(state_open_init(&record, &pidfd, &err), ESRCH);
	assert_has(err.message, "No such process");
}
END_TEST

// The pid is given to another process, really: it must not be taken for init.
START_TEST(reused_pid)
{
	int pidfd = -1;
	pid_t pid = sleeper(0);
	struct state_record record = numbered(pid, record_of(pid), _i == 1);
	ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_running);
	end_child(pid);
	pause_ms(50);
	pid_t other = sleeper(pid);
	if (other < 0 && errno == EPERM)
		return;  // choosing a pid needs privileges
	ck_assert_int_eq(other, pid);
	ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_stopped);
	assert_fails(state_open_init(&record, &pidfd, &err), ESRCH);
	ck_assert_int_eq(pidfd, -1);
	// the number alone tells it, also where the start time is the same (which has hundredths of a second)
	if (record.number) {
		record.start_time = record_of(other).start_time;
		ck_assert_int_eq(state_compute(scratch_fd, &record, NULL), state_status_stopped);
		assert_fails(state_open_init(&record, &pidfd, &err), ESRCH);
	}
	// positive control: with its own the same pid is accepted
	record = numbered(other, record_of(other), _i == 1);
	assert_ok(state_open_init(&record, &pidfd, &err));
	ck_assert_int_eq(sys_pidfd_send_signal(pidfd, 0), 0);
	close(pidfd);
	end_child(other);
}
END_TEST

START_TEST(names)
{
	ck_assert_str_eq(state_status_name(state_status_creating), "creating");
	ck_assert_str_eq(state_status_name(state_status_created), "created");
	ck_assert_str_eq(state_status_name(state_status_running), "running");
	ck_assert_str_eq(state_status_name(state_status_paused), "paused");
	ck_assert_str_eq(state_status_name(state_status_stopped), "stopped");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gate and status");
	TCase *gate = tcase_create("gate");
	tcase_set_timeout(gate, 60);
	tcase_add_checked_fixture(gate, scratch_make, scratch_remove);
	tcase_add_test(gate, go_and_execve);
	tcase_add_test(gate, failure_arrives);
	tcase_add_test(gate, refusal_of_another_socket);
	tcase_add_test(gate, death_is_told_from_success);
	tcase_add_test(gate, death_while_waiting);
	tcase_add_test(gate, probes_are_ignored);
	tcase_add_test(gate, look_is_kept);
	tcase_add_test(gate, full_backlog);
	tcase_add_test(gate, second_start);
	tcase_add_test(gate, no_gate);
	suite_add_tcase(suite, gate);
	TCase *status = tcase_create("status");
	tcase_add_checked_fixture(status, scratch_make, scratch_remove);
	tcase_add_test(status, creating_and_abandoned);
	tcase_add_test(status, another_boot);
	tcase_add_loop_test(status, zombie_is_stopped, 0, 2);
	tcase_add_loop_test(status, reused_pid, 0, 2);
	tcase_add_test(status, names);
	suite_add_tcase(suite, status);
	return run_suite(suite);
}
