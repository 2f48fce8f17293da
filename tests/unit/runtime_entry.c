// SPDX-License-Identifier: Apache-2.0
// runtime/entry.c: the C library works after it, and protects itself as after its own start. The program is linked with it, where
// there is one; what it finds in itself it prints when it is called with an argument.
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#define LARGE ((size_t)3 << 20)  // above the threshold from where on copies go around the caches

extern char entry[] __attribute__((weak));
extern unsigned char _dl_x86_cpu_features[] __attribute__((weak));
extern void *__libc_stack_end;
extern char _IO_file_jumps[], __init_array_start[], __fini_array_start[];

static bool entry_is_taken(void)
{
	return entry && getauxval(AT_ENTRY) == (uintptr_t)entry;
}

struct findings {
	uint64_t canary, key;
	bool asked;  // whether the processor was asked what it is
};

static struct findings look(void)
{
	struct findings f = {0};
#ifdef __x86_64__
	__asm__ volatile("movq %%fs:0x28, %0" : "=r"(f.canary));
	__asm__ volatile("movq %%fs:0x30, %0" : "=r"(f.key));
#endif
	for (size_t i = 0; _dl_x86_cpu_features && i < 64; i++)
		f.asked |= _dl_x86_cpu_features[i] != 0;
	return f;
}

static struct findings look_again(const char *tunables)
{
	struct findings f = {0};
	int pipe_fds[2];
	char variable[64];
	snprintf(variable, sizeof variable, "%s=glibc.malloc.perturb=0", tunables);
	char self[] = "/proc/self/exe", option[] = "findings";
	char *const argv[] = {self, option, NULL}, *const environment[] = {variable, NULL};
	ck_assert_int_eq(pipe(pipe_fds), 0);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		dup2(pipe_fds[1], 1);
		execve(self, argv, environment);
		_exit(127);
	}
	close(pipe_fds[1]);
	int status;
	ck_assert_int_eq(read(pipe_fds[0], &f, sizeof f), sizeof f);
	close(pipe_fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	return f;
}

START_TEST(the_version_that_is_known_gets_it)
{
#if defined(__x86_64__) && defined(__GLIBC__) && __GLIBC__ == 2 && __GLIBC_MINOR__ == 36 &&        \
	defined(HUSK_ENTRY)
	ck_assert(entry_is_taken());
#else
	ck_assert(!entry_is_taken());
#endif
}
END_TEST

START_TEST(the_processor_is_not_asked_but_for_tunables)
{
	if (!entry_is_taken() || !_dl_x86_cpu_features)
		return;
	ck_assert(!look_again("OTHER_TUNABLES").asked);
	ck_assert(look_again("GLIBC_TUNABLES").asked);
}
END_TEST

START_TEST(guards_are_random)
{
	struct findings first = look_again("A"), second = look_again("A");
	ck_assert_uint_eq(first.canary & 0xff, 0);
	ck_assert_uint_ne(first.canary, 0);
	ck_assert_uint_ne(first.key, 0);
	ck_assert_uint_ne(first.canary, second.canary);
	ck_assert_uint_ne(first.key, second.key);
	ck_assert_uint_ne(first.key, first.canary);
}
END_TEST

static bool can_write(void *at)
{
	void *volatile *place = at;
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		*place = NULL;
		_exit(0);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// runtime/entry.ld
START_TEST(tables_of_functions_are_read_only)
{
	if (!entry_is_taken())
		return;
	ck_assert(can_write(&__libc_stack_end));
	ck_assert(!can_write(_IO_file_jumps));
	ck_assert(!can_write(__init_array_start));
	ck_assert(!can_write(__fini_array_start));
}
END_TEST

static unsigned char pattern(size_t i)
{
	return (unsigned char)(i * 131 + (i >> 9));
}

static void check_copy(unsigned char *to, const unsigned char *from, size_t length)
{
	memset(to, 0xee, length + 1);
	memcpy(to, from, length);
	for (size_t i = 0; i < length; i++)
		if (to[i] != from[i])
			ck_abort_msg("copy of %zu: byte %zu", length, i);
	ck_assert_uint_eq(to[length], 0xee);
}

START_TEST(memory_functions_do_what_they_say)
{
	unsigned char *from = malloc(LARGE + 64), *to = malloc(LARGE + 64);
	ck_assert(from && to);
	for (size_t i = 0; i < LARGE + 64; i++)
		from[i] = pattern(i);
	for (size_t length = 0; length < 1100; length++)
		check_copy(to + length % 17, from + length % 13, length);
	for (size_t length = 1100; length < LARGE; length = length * 5 / 3)
		check_copy(to + length % 17, from + length % 13, length);
	check_copy(to, from, LARGE);
	// one over the other, both ways
	memcpy(to, from, LARGE);
	memmove(to + 5, to, LARGE);
	ck_assert_int_eq(memcmp(to + 5, from, LARGE), 0);
	memmove(to, to + 5, LARGE);
	ck_assert_int_eq(memcmp(to, from, LARGE), 0);
	to[LARGE - 1] ^= 1;
	ck_assert_int_ne(memcmp(to, from, LARGE), 0);
	memset(to, 7, LARGE);
	ck_assert(to[0] == 7 && to[LARGE - 1] == 7 && to[LARGE / 2] == 7);
	ck_assert_ptr_null(memchr(to, 8, LARGE));
	free(from);
	free(to);
}
END_TEST

START_TEST(string_functions_do_what_they_say)
{
	char text[300], copy[300];
	for (size_t length = 0; length < 256; length++) {
		memset(text, 'a', length);
		text[length] = '\0';
		ck_assert_uint_eq(strlen(text), length);
		ck_assert_uint_eq(strnlen(text, 100), length < 100 ? length : 100);
		ck_assert_ptr_eq(strchr(text, '\0'), text + length);
		ck_assert_ptr_null(strchr(text, 'b'));
		strcpy(copy, text);
		ck_assert_int_eq(strcmp(copy, text), 0);
		if (length == 0)
			continue;
		copy[length - 1] = 'B';
		ck_assert_int_lt(strcmp(copy, text), 0);
		ck_assert_int_eq(strncmp(copy, text, length - 1), 0);
		ck_assert_int_gt(strcasecmp(copy, text), 0);
		ck_assert_ptr_eq(strrchr(copy, 'B'), copy + length - 1);
		ck_assert_uint_eq(strcspn(copy, "xB"), length - 1);
		ck_assert_uint_eq(strspn(copy, "a"), length - 1);
		ck_assert_ptr_eq(strstr(copy, "B"), copy + length - 1);
	}
}
END_TEST

START_TEST(the_rest_of_the_library_is_ready)
{
	char text[64];
	errno = 0;
	ck_assert_int_eq(close(-1), -1);
	ck_assert_int_eq(errno, EBADF);
	snprintf(text, sizeof text, "%d %s %.3f %ls", -7, "x", 2.5, L"wide");
	ck_assert_str_eq(text, "-7 x 2.500 wide");
	ck_assert(strtod("1.25e2", NULL) == 125.0);
	ck_assert_uint_eq(strtoull("18446744073709551615", NULL, 10), UINT64_MAX);
	ck_assert_uint_eq(getauxval(AT_PAGESZ), (unsigned long)sysconf(_SC_PAGESIZE));
	ck_assert_int_eq(setenv("ENTRY_TEST", "1", 1), 0);
	ck_assert_str_eq(getenv("ENTRY_TEST"), "1");
	ck_assert_ptr_nonnull(program_invocation_short_name);
	ck_assert(strstr(program_invocation_name, program_invocation_short_name) != NULL);
}
END_TEST

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		struct findings f = look();
		return write(1, &f, sizeof f) == (ssize_t)sizeof f ? 0 : 1;
	}
	Suite *suite = suite_create("entry");
	TCase *tcase = tcase_create("entry");
	tcase_add_test(tcase, the_version_that_is_known_gets_it);
	tcase_add_test(tcase, the_processor_is_not_asked_but_for_tunables);
	tcase_add_test(tcase, guards_are_random);
	tcase_add_test(tcase, tables_of_functions_are_read_only);
	tcase_add_test(tcase, memory_functions_do_what_they_say);
	tcase_add_test(tcase, string_functions_do_what_they_say);
	tcase_add_test(tcase, the_rest_of_the_library_is_ready);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
