// SPDX-License-Identifier: Apache-2.0
// System call filters on the running kernel, and what is refused before there is one.
//
// Each check of a refusal runs the same call first without the filter, in the same child: the control.
#include <check.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/socket.h"
#include "libcontainer/security/filter_rules.h"
#include "libcontainer/security/security.h"
#include "tests/unit/security_profile.h"

static const char *const getppid_name[] = {"getppid"};

static struct spec_seccomp deny_getppid(const struct spec_seccomp_rule *rule)
{
	return (struct spec_seccomp){.set = true,
				     .default_action = spec_seccomp_action_allow,
				     .rules = rule,
				     .rules_count = 1};
}

static void compile_and_load(const struct spec_seccomp *seccomp, int *listener)
{
	struct syscall_filter filter;
	struct error err = {0};
	if (syscall_filter_compile(seccomp, NULL, &filter, &err) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall_filter_load(&filter, listener, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		_exit(99);
	}
	syscall_filter_done(&filter);
}

// Runs body in a child; returns its wait status.
static int in_child(int (*body)(const void *), const void *data)
{
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(body(data));
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static int getppid_with(const void *data)
{
	int listener;
	if (syscall(SYS_getppid) <= 0)
		return 1;  // the control
	compile_and_load(data, &listener);
	long result = syscall(SYS_getppid);
	return result < 0 ? errno : 0;
}

static int with_action(enum spec_seccomp_action action, struct spec_optional_u64 errno_ret)
{
	struct spec_seccomp_rule rule = {.names = {getppid_name, 1}, .action = action, .errno_ret = errno_ret};
	struct spec_seccomp seccomp = deny_getppid(&rule);
	return in_child(getppid_with, &seccomp);
}

START_TEST(actions)
{
	const struct spec_optional_u64 unset = {0}, seven = {true, 7};
	ck_assert_int_eq(WEXITSTATUS(with_action(spec_seccomp_action_errno, unset)), EPERM);
	ck_assert_int_eq(WEXITSTATUS(with_action(spec_seccomp_action_errno, seven)), 7);
	ck_assert_int_eq(WEXITSTATUS(with_action(spec_seccomp_action_allow, unset)), 0);
	ck_assert_int_eq(WEXITSTATUS(with_action(spec_seccomp_action_log, unset)), 0);
	// no tracer: the kernel answers ENOSYS
	ck_assert_int_eq(WEXITSTATUS(with_action(spec_seccomp_action_trace, unset)), ENOSYS);
	int status = with_action(spec_seccomp_action_trap, unset);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	status = with_action(spec_seccomp_action_kill_thread, unset);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	status = with_action(spec_seccomp_action_kill_process, unset);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}
END_TEST

static int default_profile_body(const void *data)
{
	int listener;
	// controls: without the filter these work
	if (unshare(0) < 0 || syscall(SYS_personality, 0xffffffffUL) < 0)
		return 1;
	int before = socket(AF_VSOCK, SOCK_STREAM, 0), vsock = errno;
	if (before < 0 && vsock == EPERM)
		return 2;
	compile_and_load(data, &listener);
	if (unshare(0) == 0 || errno != EPERM)
		return 3;
	if (socket(AF_VSOCK, SOCK_STREAM, 0) >= 0 || errno != EPERM)
		return 4;
	// the kernel reads 32 bits of the family: garbage above them opens nothing
	if (syscall(SYS_socket, 0x100000026UL, SOCK_SEQPACKET, 0) >= 0 || errno != EPERM)
		return 5;
	int unix_socket = socket(AF_UNIX, SOCK_STREAM, 0);
	if (unix_socket < 0)
		return 6;
	if (syscall(SYS_clone3, NULL, 0) >= 0 || errno != ENOSYS)
		return 7;
	if (syscall(SYS_clone, 0x10000000UL | SIGCHLD, 0, 0, 0, 0) >= 0 || errno != EPERM)  // CLONE_NEWUSER
		return 8;
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	if (child < 0 || waitpid(child, NULL, 0) != child)
		return 9;
	if (syscall(425, 1, NULL) >= 0 || errno != EPERM)  // io_uring_setup
		return 10;
	if (syscall(SYS_personality, 0x0040000UL) >= 0 || errno != EPERM)  // ADDR_NO_RANDOMIZE
		return 11;
	if (syscall(SYS_personality, 0xffffffffUL) < 0)
		return 12;
	if (syscall(600, 0) >= 0 || errno != ENOSYS)
		return 13;
	return 0;
}

START_TEST(default_profile_in_the_kernel)
{
	struct arena arena = {.chunk = NULL};
	struct spec_seccomp seccomp = profile_read("seccomp-profiles/default.json", &arena);
	int status = in_child(default_profile_body, &seccomp);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x", (unsigned)status);
	arena_free(&arena);
}
END_TEST

static int write_all_of(int fd)
{
	return write(fd, "x", 1) == 1 ? 0 : 1;
}

static int notified(const void *data)
{
	int socket = *(const int *)data, listener;
	struct spec_seccomp_rule rule = {.names = {getppid_name, 1}, .action = spec_seccomp_action_notify};
	struct spec_seccomp seccomp = deny_getppid(&rule);
	struct error err;
	const char *kill_flag[] = {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
	seccomp.listener_path = "/nowhere";
	seccomp.flags_set = true;
	seccomp.flags = (struct spec_strings){kill_flag, 1};
	compile_and_load(&seccomp, &listener);
	if (listener < 0 || filter_listener_send(getenv("LISTENER"), "{\"fds\":[\"seccompFd\"]}", listener, &err) < 0)
		return 1;
	close(listener);
	if (write_all_of(socket) != 0)
		return 2;
	return syscall(SYS_getppid) == 4711 ? 0 : 3;
}

START_TEST(listener_gets_the_descriptor)
{
	char directory[] = "/tmp/husk-test-XXXXXX", path[64], text[256];
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/socket", directory);
	setenv("LISTENER", path, 1);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path, path, strlen(path) + 1);
	int server = socket(AF_UNIX, SOCK_STREAM, 0), pair[2];
	ck_assert_int_eq(bind(server, (struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(listen(server, 1), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	pid_t pid = fork();
	if (pid == 0)
		_exit(notified(&pair[1]));
	int connection = accept(server, NULL, NULL), listener = -1;
	ck_assert_int_ge(connection, 0);
	ssize_t length = socket_receive_fd(connection, text, sizeof text, &listener);
	ck_assert_int_eq(length, (ssize_t)strlen("{\"fds\":[\"seccompFd\"]}"));
	ck_assert_int_ge(listener, 0);
	struct seccomp_notif request = {0};
	ck_assert_int_eq(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request), 0);
	ck_assert_int_eq(request.data.nr, SYS_getppid);
	struct seccomp_notif_resp response = {.id = request.id, .val = 4711};
	ck_assert_int_eq(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response), 0);
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close(listener);
	close(connection);
	close(server);
	unlink(path);
	rmdir(directory);
}
END_TEST

static void refused(const struct spec_seccomp *seccomp, const char *words)
{
	struct syscall_filter filter;
	struct error err = {0};
	ck_assert_int_eq(syscall_filter_compile(seccomp, NULL, &filter, &err), -1);
	ck_assert_msg(strstr(err.message, words), "%s", err.message);
	ck_assert_ptr_null(filter.instructions);
}

START_TEST(refusals)
{
	static const char *const write_name[] = {"write"};
	static const char *const unknown_flag[] = {"SECCOMP_FILTER_FLAG_NONE"};
	static const char *const loongarch[] = {"SCMP_ARCH_NOT_YET"};
	struct spec_seccomp_rule rule = {.names = {getppid_name, 1}, .action = spec_seccomp_action_notify};
	struct spec_seccomp seccomp = deny_getppid(&rule);
	refused(&seccomp, "needs a listenerPath");
	seccomp.listener_path = "/x";
	rule.names.items = write_name;
	refused(&seccomp, "cannot be used for write");
	rule = (struct spec_seccomp_rule){.names = {getppid_name, 1}, .errno_ret = {true, 1}};
	refused(&seccomp, "errnoRet");
	rule.action = spec_seccomp_action_errno;
	rule.errno_ret.value = 4096;
	refused(&seccomp, "4096");
	rule.errno_ret.value = 1;
	seccomp.flags = (struct spec_strings){unknown_flag, 1};
	seccomp.flags_set = true;
	refused(&seccomp, "flags[0]");
	seccomp.flags.count = 0;
	seccomp.architectures = (struct spec_strings){loongarch, 1};
	refused(&seccomp, "architectures[0]: SCMP_ARCH_NOT_YET");
	seccomp.architectures.count = 0;
	seccomp.default_action = spec_seccomp_action_notify;
	refused(&seccomp, "defaultAction");
	// the control: nothing else was wrong with it
	struct syscall_filter filter;
	seccomp.default_action = spec_seccomp_action_allow;
	ck_assert_int_eq(syscall_filter_compile(&seccomp, NULL, &filter, NULL), 0);
	ck_assert_ptr_nonnull(filter.instructions);
	ck_assert_uint_eq(filter.flags, 0);
	syscall_filter_done(&filter);
}
END_TEST

// count rules for one call, each with six conditions that differ.
static int compile_many(uint32_t count, struct syscall_filter *filter, struct error *err)
{
	struct spec_seccomp_rule *rules = calloc(count, sizeof *rules);
	struct spec_seccomp_argument *args = calloc((size_t)count * 6, sizeof *args);
	ck_assert(rules && args);
	for (uint32_t i = 0; i < count; i++) {
		rules[i] = (struct spec_seccomp_rule){
			.names = {getppid_name, 1},
			.action = spec_seccomp_action_errno,
			.args = &args[i * 6],
			.args_count = 6,
		};
		for (uint32_t k = 0; k < 6; k++)
			args[i * 6 + k] = (struct spec_seccomp_argument){
				.index = k, .value = i, .operator = spec_seccomp_operator_eq};
	}
	struct spec_seccomp seccomp = {.set = true,
				       .default_action = spec_seccomp_action_allow,
				       .rules = rules,
				       .rules_count = count};
	int result = syscall_filter_compile(&seccomp, NULL, filter, err);
	free(rules);
	free(args);
	return result;
}

START_TEST(size_limit)
{
	struct syscall_filter filter;
	struct error err;
	ck_assert_int_eq(compile_many(100, &filter, &err), 0);
	ck_assert_uint_gt(filter.count, 2000);
	syscall_filter_done(&filter);
	ck_assert_int_eq(compile_many(1000, &filter, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "4096"));
	ck_assert_int_eq(err.code, E2BIG);
}
END_TEST

static int far_jumps(const void *data)
{
	int listener;
	(void)data;
	struct syscall_filter filter;
	struct error err;
	if (compile_many(150, &filter, &err) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall_filter_load(&filter, &listener, &err) < 0)
		return 1;
	for (long i = 0; i < 150; i++)
		if (syscall(SYS_getppid, i, i, i, i, i, i) != -1 || errno != EPERM)
			return 2;
	if (syscall(SYS_getppid, 3, 3, 3, 3, 3, 4) < 0 || syscall(SYS_getppid, 150, 150, 150, 150, 150, 150) < 0)
		return 3;
	return 0;
}

START_TEST(jumps_over_more_than_255)
{
	ck_assert_int_eq(in_child(far_jumps, NULL), 0);
}
END_TEST

START_TEST(no_filter)
{
	struct syscall_filter filter;
	struct spec_seccomp seccomp = {.set = false};
	int listener = 0;
	ck_assert_int_eq(syscall_filter_compile(&seccomp, NULL, &filter, NULL), 0);
	ck_assert_ptr_null(filter.instructions);
	seccomp = (struct spec_seccomp){.set = true, .default_action = spec_seccomp_action_allow};
	ck_assert_int_eq(syscall_filter_compile(&seccomp, NULL, &filter, NULL), 0);
	ck_assert_ptr_null(filter.instructions);
	ck_assert_int_eq(syscall_filter_load(&filter, &listener, NULL), 0);
	ck_assert_int_eq(listener, -1);
	// the control: a default that refuses is a filter even without rules
	seccomp.default_action = spec_seccomp_action_errno;
	ck_assert_int_eq(syscall_filter_compile(&seccomp, NULL, &filter, NULL), 0);
	ck_assert_ptr_nonnull(filter.instructions);
	ck_assert_uint_eq(filter.flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	auto_text struct text text = {0};
	syscall_filter_describe(&filter, "  ", &text);
	ck_assert_ptr_nonnull(strstr(text_string(&text), "SPEC_ALLOW"));
	syscall_filter_done(&filter);
}
END_TEST

struct seen {
	char text[4096];
};

static void keep(void *data, enum log_level level, const char *message)
{
	struct seen *seen = data;
	size_t used = strlen(seen->text);
	snprintf(seen->text + used, sizeof seen->text - used, "%d %s\n", (int)level, message);
}

START_TEST(remarks)
{
	static const char *const names[] = {"getppid", "no_such_call"};
	struct spec_seccomp_argument argument = {.index = 0, .value = 1, .operator = spec_seccomp_operator_eq};
	struct spec_seccomp_rule rules[] = {
		{.names = {names, 2}, .action = spec_seccomp_action_allow},
		{.names = {names, 1}, .action = spec_seccomp_action_kill_process, .args = &argument, .args_count = 1},
	};
	struct spec_seccomp seccomp = {.set = true,
				       .default_action = spec_seccomp_action_errno,
				       .rules = rules,
				       .rules_count = array_size(rules)};
	struct seen seen = {{0}};
	struct log log = {.level = log_level_debug, .emit = keep, .data = &seen};
	struct syscall_filter filter;
	ck_assert_int_eq(syscall_filter_compile(&seccomp, &log, &filter, NULL), 0);
	ck_assert_ptr_nonnull(strstr(seen.text, "unknown system call no_such_call"));
	ck_assert_ptr_nonnull(strstr(seen.text, "syscalls[1] is void"));
	syscall_filter_done(&filter);
}
END_TEST

START_TEST(flags_of_this_kernel)
{
	const char *flags[8];
	syscall_filter_supported_flags(flags);
	ck_assert_ptr_nonnull(flags[0]);
	ck_assert_str_eq(flags[0], "SECCOMP_FILTER_FLAG_TSYNC");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("security_filter");
	TCase *tc = tcase_create("kernel");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, actions);
	tcase_add_test(tc, default_profile_in_the_kernel);
	tcase_add_test(tc, listener_gets_the_descriptor);
	tcase_add_test(tc, refusals);
	tcase_add_test(tc, size_limit);
	tcase_add_test(tc, jumps_over_more_than_255);
	tcase_add_test(tc, no_filter);
	tcase_add_test(tc, remarks);
	tcase_add_test(tc, flags_of_this_kernel);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
