// SPDX-License-Identifier: Apache-2.0
// Log records, and which of standard error and the log file gets what.
#include <check.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <yajl/yajl_tree.h>

#include "runtime/report.h"

static char directory[] = "/tmp/husk-report-XXXXXX";
static char log_path[64], stderr_path[64];

static void make_directory(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	strcat(strcpy(log_path, directory), "/log");
	strcat(strcpy(stderr_path, directory), "/stderr");
}

static void clean(void)
{
	unlink(log_path);
	unlink(stderr_path);
}

static void remove_directory(void)
{
	clean();
	rmdir(directory);
}

static void read_whole(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, buffer, size - 1);
	ck_assert_int_ge(n, 0);
	buffer[n] = '\0';
	if (fd >= 0)
		close(fd);
}

struct result {
	char out[2048], log[2048];
};

// One run of a program: remarks of every level, then perhaps an error, with standard error in a file.
static struct result report_all(const struct report_options *options, bool warns,
				const char *message)
{
	struct result result;
	clean();
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		int fd = open(stderr_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
		struct report report;
		struct error err;
		if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
			_exit(1);
		if (report_open(&report, options, &err) < 0)
			_exit(2);
		report.warns = warns;
		log_warning(&report.log, "one %d", 1);
		log_info(&report.log, "two");
		log_debug(&report.log, "three");
		if (message)
			report_error(&report, message);
		report_close(&report);
		_exit(0);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	read_whole(stderr_path, result.out, sizeof result.out);
	read_whole(log_path, result.log, sizeof result.log);
	return result;
}

static size_t count(const char *text, const char *part)
{
	size_t found = 0;
	for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
		found++;
	return found;
}

START_TEST(silent_success)
{
	struct result result = report_all(&(struct report_options){0}, false, NULL);
	ck_assert_str_eq(result.out, "");
	result = report_all(&(struct report_options){.file = log_path}, false, NULL);
	ck_assert_str_eq(result.out, "");
	ck_assert_uint_eq(count(result.log, "\n"), 1);
	ck_assert_ptr_nonnull(strstr(result.log, " level=warning msg=\"one 1\"\n"));
}
END_TEST

START_TEST(json_success_makes_an_empty_file)
{
	struct report_options options = {.file = log_path, .format = "json"};
	struct result result = report_all(&options, false, NULL);
	struct stat st;
	ck_assert_str_eq(result.out, "");
	ck_assert_int_eq(stat(log_path, &st), 0);
	ck_assert_int_eq(st.st_size, 0);
}
END_TEST

START_TEST(json_failure_is_one_record)
{
	struct report_options options = {.file = log_path, .format = "json"};
	struct result result = report_all(&options, false, "a \"b\"");
	ck_assert_str_eq(result.out, "a \"b\"\n");
	ck_assert_uint_eq(count(result.log, "\n"), 1);
	ck_assert_uint_eq(count(result.log, "{"), 1);
	ck_assert_ptr_nonnull(
		strstr(result.log, "{\"level\":\"error\",\"msg\":\"a \\\"b\\\"\",\"time\":\"20"));
}
END_TEST

START_TEST(errors_are_not_told_twice)
{
	struct result result = report_all(&(struct report_options){0}, false, "bad");
	ck_assert_str_eq(result.out, "bad\n");
	result = report_all(&(struct report_options){.file = stderr_path}, false, "bad");
	ck_assert_uint_eq(count(result.out, "bad"), 1);
	ck_assert_uint_eq(count(result.out, "one 1"), 1);
	result = report_all(&(struct report_options){.file = log_path}, false, "bad");
	ck_assert_str_eq(result.out, "bad\n");
	ck_assert_uint_eq(count(result.log, "level=error msg=\"bad\"\n"), 1);
}
END_TEST

START_TEST(levels)
{
	struct result result = report_all(&(struct report_options){.debug = true}, false, "bad");
	ck_assert_str_eq(result.out, "warning: one 1\ninfo: two\ndebug: three\nbad\n");
	result = report_all(&(struct report_options){.level = "warn"}, false, NULL);
	ck_assert_str_eq(result.out, "warning: one 1\n");
	result = report_all(&(struct report_options){.level = "error"}, false, "bad");
	ck_assert_str_eq(result.out, "bad\n");
	result = report_all(
		&(struct report_options){.file = log_path, .format = "json", .debug = true}, false,
		"bad");
	ck_assert_str_eq(result.out, "bad\n");
	ck_assert_uint_eq(count(result.log, "\n"), 4);
	result = report_all(&(struct report_options){.file = log_path}, true, NULL);
	ck_assert_str_eq(result.out, "warning: one 1\n");
	ck_assert_uint_eq(count(result.log, "\n"), 1);
}
END_TEST

START_TEST(wrong_values)
{
	static const struct report_options wrong[] = {
		{.format = "xml"}, {.level = "loud"}, {.file = "/nonexistent/log"}};
	static const char *const parts[] = {"\"xml\"", "\"loud\"", "/nonexistent/log"};
	for (size_t i = 0; i < array_size(wrong); i++) {
		struct report report;
		struct error err = {0};
		ck_assert_int_eq(report_open(&report, &wrong[i], &err), -1);
		ck_assert_ptr_nonnull(strstr(err.message, parts[i]));
		report_close(&report);
	}
}
END_TEST

// What a JSON reader finds under msg.
static void assert_message(const char *message, const char *expected)
{
	static const char *path[] = {"msg", NULL};
	struct text text = {0};
	report_add_record(&text, true, log_level_error, message, 0);
	ck_assert_uint_eq(count(text_string(&text), "\n"), 1);
	yajl_val tree = yajl_tree_parse(text_string(&text), NULL, 0);
	ck_assert_ptr_nonnull(tree);
	yajl_val value = yajl_tree_get(tree, path, yajl_t_string);
	ck_assert_ptr_nonnull(value);
	ck_assert_str_eq(value->u.string, expected);
	yajl_tree_free(tree);
	text_done(&text);
}

START_TEST(messages_stay_valid_json)
{
	assert_message("a\nb\t\"c\"\\", "a\nb\t\"c\"\\");
	assert_message("\x01\x1b[31m", "\x01\x1b[31m");
	assert_message("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f");
	assert_message("\xff\xc3", "\xef\xbf\xbd\xef\xbf\xbd");
	assert_message("", "");
}
END_TEST

START_TEST(times)
{
	static const struct {
		time_t seconds;
		const char *text;
	} rows[] = {
		{0, "1970-01-01T00:00:00Z"},          {951782399, "2000-02-28T23:59:59Z"},
		{951782400, "2000-02-29T00:00:00Z"},  {1735787045, "2025-01-02T03:04:05Z"},
		{4107542399, "2100-02-28T23:59:59Z"}, {4107542400, "2100-03-01T00:00:00Z"},
		{-5, "1970-01-01T00:00:00Z"},
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		struct text text = {0};
		report_add_time(&text, rows[i].seconds);
		ck_assert_str_eq(text_string(&text), rows[i].text);
		text_done(&text);
	}
}
END_TEST

// Against the C library, over 200 years in uneven steps.
START_TEST(times_as_the_library_says)
{
	for (time_t seconds = 0; seconds < 6311390400; seconds += 86400 * 3 + 7919) {
		struct tm tm;
		char expected[32];
		ck_assert_ptr_nonnull(gmtime_r(&seconds, &tm));
		ck_assert_uint_gt(strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%SZ", &tm),
				  0);
		struct text text = {0};
		report_add_time(&text, seconds);
		ck_assert_str_eq(text_string(&text), expected);
		text_done(&text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime_report");
	TCase *streams = tcase_create("streams");
	tcase_add_unchecked_fixture(streams, make_directory, remove_directory);
	tcase_add_test(streams, silent_success);
	tcase_add_test(streams, json_success_makes_an_empty_file);
	tcase_add_test(streams, json_failure_is_one_record);
	tcase_add_test(streams, errors_are_not_told_twice);
	tcase_add_test(streams, levels);
	tcase_add_test(streams, wrong_values);
	suite_add_tcase(suite, streams);
	TCase *records = tcase_create("records");
	tcase_add_test(records, messages_stay_valid_json);
	tcase_add_test(records, times);
	tcase_add_test(records, times_as_the_library_says);
	suite_add_tcase(suite, records);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
