// SPDX-License-Identifier: Apache-2.0
// Hooks that behave badly in every way: none hangs us, none is believed, and what it said is in the message.
#include <dirent.h>
#include <sys/socket.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/process/process.h"
#include "state_scratch.h"

static struct error err;
static char state[1 << 20];

static void setup(void)
{
	scratch_make();
	memset(state, ' ', sizeof state - 1);
	memcpy(state, "{\"id\":\"box\"}", 12);
}

// One hook "sh -c script" with a timeout in seconds (0: none).
static int run_env(const char *script, int64_t timeout, const char *json, bool env_set,
		   const char *const *env, size_t env_count, char *const *default_env)
{
	const char *const args[] = {"sh", "-c", script};
	const struct spec_hook hook = {.path = "/bin/sh",
				       .args = {args, 3},
				       .env = {env, env_count},
				       .env_set = env_set,
				       .timeout = {timeout > 0, timeout}};
	const struct spec_hook_list list = {&hook, 1};
	err = (struct error){0};
	return hooks_run(NULL, -1, &list, spec_hook_kind_create_runtime, json, scratch_fd, default_env, &err);
}

static int run(const char *script, int64_t timeout)
{
	return run_env(script, timeout, "{}", false, NULL, 0, NULL);
}

static char *content(const char *name)
{
	static char text[8192];
	int fd = openat(scratch_fd, name, O_RDONLY | O_CLOEXEC);
	ck_assert_msg(fd >= 0, "%s: %s", name, strerror(errno));
	ssize_t n = read(fd, text, sizeof text - 1);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	close(fd);
	return text;
}

START_TEST(state_is_on_standard_input)
{
	assert_ok(run_env("/bin/cat >out", 5, "{\"a\":1}", false, NULL, 0, NULL));
	ck_assert_str_eq(content("out"), "{\"a\":1}");
	assert_ok(run_env("/bin/cat /dev/stdin >out", 5, "{\"a\":2}", false, NULL, 0, NULL));
	ck_assert_str_eq(content("out"), "{\"a\":2}");
	// more than a pipe holds, read slowly
	assert_ok(run_env("/bin/sleep 0.1; /usr/bin/wc -c >out", 5, state, false, NULL, 0, NULL));
	ck_assert_int_eq(atoi(content("out")), (int)sizeof state - 1);
}
END_TEST

START_TEST(environment_is_explicit)
{
	setenv("SECRET_OF_OURS", "1", 1);
	static const char *const env[] = {"A=1", "B=two words"};
	static char one[] = "FROM=default";
	char *const inherited[] = {one, NULL};
	assert_ok(run_env("/usr/bin/env >out", 5, "{}", true, env, 2, inherited));
	assert_has(content("out"), "A=1\n");
	assert_has(content("out"), "B=two words\n");
	ck_assert_ptr_null(strstr(content("out"), "FROM"));
	ck_assert_ptr_null(strstr(content("out"), "SECRET"));
	assert_ok(run_env("/usr/bin/env >out", 5, "{}", false, NULL, 0, inherited));
	assert_has(content("out"), "FROM=default");
	ck_assert_ptr_null(strstr(content("out"), "SECRET"));
	// an empty list is not an absent one
	assert_ok(run_env("/usr/bin/env >out", 5, "{}", true, NULL, 0, inherited));
	ck_assert_ptr_null(strstr(content("out"), "FROM"));
	assert_ok(run_env("/usr/bin/env >out", 5, "{}", false, NULL, 0, NULL));
	ck_assert_ptr_null(strstr(content("out"), "SECRET"));
}
END_TEST

START_TEST(nothing_of_ours_leaks)
{
	int open_fd = open("/dev/null", O_RDONLY);  // without close-on-exec
	ck_assert_int_ge(open_fd, 3);
	sigset_t before;
	signal(SIGCHLD, SIG_DFL);
	signal(SIGHUP, SIG_IGN);
	ck_assert_int_eq(signals_block_all(&before), 0);
	umask(0);
	assert_ok(run("/bin/ls /proc/self/fd >fds; /bin/cat /proc/self/status >status; umask >mask;"
		      "/bin/pwd >cwd; /bin/cat /proc/self/stat >stat",
		      5));
	// ls itself has its directory open as 3
	ck_assert_str_eq(content("fds"), "0\n1\n2\n3\n");
	assert_has(content("status"), "SigBlk:\t0000000000000000");
	assert_has(content("status"), "SigIgn:\t0000000000000000");
	ck_assert_str_eq(content("mask"), "0022\n");
	assert_has(content("cwd"), scratch_path);
	int session = 0;
	sscanf(strrchr(content("stat"), ')'), ") %*c %*d %*d %d", &session);
	ck_assert_int_ne(session, getsid(0));
}
END_TEST

START_TEST(failures_are_told)
{
	static const struct {
		const char *script, *message;
	} cases[] = {
		{"exit 1", "hooks.createRuntime[0] /bin/sh: exit status 1"},
		{"echo no disk; exit 3", "hooks.createRuntime[0] /bin/sh: exit status 3: no disk"},
		{"echo no disk >&2; exit 3", "hooks.createRuntime[0] /bin/sh: exit status 3: no disk"},
		{"echo one; echo; echo two >&2; exit 255",
		 "hooks.createRuntime[0] /bin/sh: exit status 255: one  two"},
		{"kill -9 $$", "hooks.createRuntime[0] /bin/sh: killed by signal 9"},
		{"echo ow; kill -TERM $$", "hooks.createRuntime[0] /bin/sh: killed by signal 15: ow"},
		{"printf 'a\\033[31mb\\001'; exit 1",
		 "hooks.createRuntime[0] /bin/sh: exit status 1: a [31mb"},
		{"exec <&-; exit 1", "hooks.createRuntime[0] /bin/sh: exit status 1"},
		{"exec >&- 2>&-; exit 2", "hooks.createRuntime[0] /bin/sh: exit status 2"},
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		ck_assert_int_eq(run(cases[i].script, 5), -1);
		ck_assert_str_eq(err.message, cases[i].message);
	}
	assert_ok(run("exit 0", 5));
}
END_TEST

START_TEST(missing_programs_are_named)
{
	const struct spec_hook hooks[] = {{.path = "/bin/true"},
					  {.path = "/no/such/hook"},
					  {.path = "/bin/false"}};
	const struct spec_hook_list list = {hooks, 3};
	assert_fails(hooks_run(NULL, -1, &list, spec_hook_kind_prestart, "{}", -1, NULL, &err), ENOENT);
	ck_assert_str_eq(err.message,
			 "hooks.prestart[1] /no/such/hook: exec: No such file or directory");
	const struct spec_hook directory = {.path = "/etc"};
	const struct spec_hook_list one = {&directory, 1};
	assert_fails(hooks_run(NULL, -1, &one, spec_hook_kind_poststop, "{}", -1, NULL, &err), EACCES);
	assert_has(err.message, "hooks.poststop[0] /etc: exec: Permission denied");
}
END_TEST

START_TEST(order_and_stop)
{
	const char *const first[] = {"sh", "-c", "echo 1 >>out"}, *const second[] = {"sh", "-c", "exit 4"},
		   *const third[] = {"sh", "-c", "echo 3 >>out"};
	const struct spec_hook hooks[] = {{.path = "/bin/sh", .args = {first, 3}},
					  {.path = "/bin/sh", .args = {second, 3}},
					  {.path = "/bin/sh", .args = {third, 3}}};
	const struct spec_hook_list list = {hooks, 3};
	ck_assert_int_eq(hooks_run(NULL, -1, &list, spec_hook_kind_poststart, "{}", scratch_fd, NULL, &err), -1);
	assert_has(err.message, "hooks.poststart[1] /bin/sh: exit status 4");
	ck_assert_str_eq(content("out"), "1\n");
	const struct spec_hook_list none = {NULL, 0};
	assert_ok(hooks_run(NULL, -1, &none, spec_hook_kind_poststart, "{}", scratch_fd, NULL, &err));
}
END_TEST

static int warnings;
static void count_warning(void *data, enum log_level level, const char *message)
{
	(void)data;
	ck_assert_int_eq(level, log_level_warning);
	assert_has(message, "hooks.poststop[");
	warnings++;
}

START_TEST(run_all_goes_on)
{
	const char *const append[] = {"sh", "-c", "echo x >>out"};
	const struct spec_hook hooks[] = {{.path = "/bin/false"},
					  {.path = "/bin/sh", .args = {append, 3}},
					  {.path = "/no/such"},
					  {.path = "/bin/sh", .args = {append, 3}}};
	const struct spec_hook_list list = {hooks, 4};
	const struct log log = {.level = log_level_warning, .emit = count_warning};
	hooks_run_all(NULL, -1, &list, spec_hook_kind_poststop, "{}", scratch_fd, &log);
	ck_assert_int_eq(warnings, 2);
	ck_assert_str_eq(content("out"), "x\nx\n");
	hooks_run_all(NULL, -1, &list, spec_hook_kind_poststop, "{}", scratch_fd, NULL);
}
END_TEST

START_TEST(time_out_kills_the_group)
{
	int64_t before = clock_ms();
	assert_fails(run("echo waiting; (/bin/sleep 50 & echo $! >child; wait) ; echo $$ >late", 1),
		     ETIMEDOUT);
	ck_assert_int_ge(clock_ms() - before, 999);
	ck_assert_int_lt(clock_ms() - before, 4000);
	ck_assert_str_eq(err.message, "hooks.createRuntime[0] /bin/sh: hook ran past specified timeout "
				      "of 1.0s: waiting");
	pid_t child = atoi(content("child"));
	uint64_t ticks;
	bool zombie = false;
	ck_assert_int_gt(child, 1);
	// it is dead, if not yet reaped by whoever has to
	for (int i = 0; i < 100 && process_start_time(child, &ticks, &zombie) == 0 && !zombie; i++)
		pause_ms(10);
	ck_assert(zombie || process_start_time(child, &ticks, &zombie) < 0);
	ck_assert_int_eq(faccessat(scratch_fd, "late", F_OK, 0), -1);
	// one that ignores all it may
	before = clock_ms();
	assert_fails(run("trap '' HUP INT TERM; while :; do /bin/sleep 1; done", 1), ETIMEDOUT);
	ck_assert_int_lt(clock_ms() - before, 4000);
	// one that writes without end
	assert_fails(run("while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done", 1), ETIMEDOUT);
}
END_TEST

START_TEST(huge_timeouts)
{
	assert_ok(run("exit 0", INT64_MAX));
	assert_ok(run("exit 0", INT64_MAX / 1000));
	assert_ok(run("exit 0", 3000000));
}
END_TEST

// A state of 1 MiB that nobody reads, in several ways of not reading it.
START_TEST(unread_state)
{
	static const char *const scripts[] = {"exit 0", "exec <&-; /bin/sleep 0.1", "/bin/sleep 0.1",
					      "/bin/dd bs=1 count=1 of=/dev/null 2>/dev/null",
					      "exec </dev/null; /bin/sleep 0.1"};
	for (size_t i = 0; i < array_size(scripts); i++)
		ck_assert_msg(run_env(scripts[i], 10, state, false, NULL, 0, NULL) == 0, "%s: %s",
			      scripts[i], err.message);
	// with SIGPIPE as it is by default, and no signal left behind
	sigset_t pending, now;
	sigpending(&pending);
	ck_assert_int_eq(sigismember(&pending, SIGPIPE), 0);
	sigprocmask(SIG_SETMASK, NULL, &now);
	ck_assert_int_eq(sigismember(&now, SIGPIPE), 0);
}
END_TEST

START_TEST(much_output)
{
	assert_ok(run("/usr/bin/head -c 1048576 /dev/zero", 10));
	ck_assert_int_eq(run("/usr/bin/head -c 1048576 /dev/zero | /usr/bin/tr '\\0' a; echo the end; exit 9",
			     10),
			 -1);
	assert_has(err.message, "exit status 9: aaa");
	assert_has(err.message, "aaathe end");
	ck_assert_uint_lt(strlen(err.message), 600);
}
END_TEST

// What a hook leaves running, with the output open, keeps nobody waiting and is left alone.
START_TEST(background_children)
{
	int64_t before = clock_ms();
	assert_ok(run("/bin/sleep 30 & echo $! >child; exit 0", 20));
	ck_assert_int_lt(clock_ms() - before, 3000);
	pid_t child = atoi(content("child"));
	ck_assert_int_eq(kill(child, 0), 0);
	kill(child, SIGKILL);
}
END_TEST

static int open_descriptors(void)
{
	int count = 0;
	DIR *directory = opendir("/proc/self/fd");
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

START_TEST(no_descriptor_is_lost)
{
	int before = open_descriptors();
	const struct spec_hook missing = {.path = "/no/such"};
	const struct spec_hook_list list = {&missing, 1};
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(run("exit 1", 5), -1);
		assert_ok(run("exit 0", 5));
		ck_assert_int_eq(hooks_run(NULL, -1, &list, spec_hook_kind_prestart, "{}", -1, NULL, &err), -1);
	}
	ck_assert_int_eq(open_descriptors(), before);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

// A working directory that this user may not enter does not keep the hook from running.
START_TEST(closed_working_directory)
{
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(fchmod(scratch_fd, 0700), 0);
	pid_t pid = fork();
	if (pid == 0) {
		static const struct spec_hook hook = {.path = "/bin/true"};
		static const struct spec_hook_list list = {&hook, 1};
		if (setresuid(12345, 12345, 12345) < 0 || fchdir(scratch_fd) == 0)
			_exit(2);
		_exit(hooks_run(NULL, -1, &list, spec_hook_kind_prestart, "{}", scratch_fd, NULL, &err) < 0);
	}
	int status = -1;
	ck_assert_int_eq(process_reap(pid, &status), 0);
	ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hooks");
	TCase *all = tcase_create("hooks");
	tcase_set_timeout(all, 60);
	tcase_add_checked_fixture(all, setup, scratch_remove);
	tcase_add_test(all, state_is_on_standard_input);
	tcase_add_test(all, environment_is_explicit);
	tcase_add_test(all, nothing_of_ours_leaks);
	tcase_add_test(all, failures_are_told);
	tcase_add_test(all, missing_programs_are_named);
	tcase_add_test(all, order_and_stop);
	tcase_add_test(all, run_all_goes_on);
	tcase_add_test(all, time_out_kills_the_group);
	tcase_add_test(all, huge_timeouts);
	tcase_add_test(all, unread_state);
	tcase_add_test(all, much_output);
	tcase_add_test(all, background_children);
	tcase_add_test(all, no_descriptor_is_lost);
	tcase_add_test(all, closed_working_directory);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
