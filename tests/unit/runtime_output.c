// SPDX-License-Identifier: Apache-2.0
// What state, list and ps print: JSON of a container, columns, names of users, lines of ps.
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/output.h"
#include "runtime/owner.h"
#include "runtime/ps_filter.h"
#include "runtime/table.h"

static char id[] = "c1", bundle[] = "/b\n\xff", rootfs[] = "/b/rootfs",
	    created[] = "2025-01-02T03:04:05.5Z";
static char key[] = "a.b", value[] = "", scope[] = "x.scope";

START_TEST(state_as_json)
{
	struct container_state state = {.id = id,
					.status = "stopped",
					.bundle = bundle,
					.rootfs = rootfs,
					.created = created};
	struct text text = {0};
	struct json json = {.text = &text};
	output_add_state(&json, &state, "#7");
	ck_assert_str_eq(text_string(&text),
			 "{\"ociVersion\":\"1.3.0\",\"id\":\"c1\",\"pid\":0,\"status\":\"stopped\","
			 "\"bundle\":\"/b\\n\\ufffd\",\"rootfs\":\"/b/rootfs\","
			 "\"created\":\"2025-01-02T03:04:05.5Z\",\"owner\":\"#7\"}");
	text_done(&text);

	struct container_annotation annotation = {key, value};
	state.annotations = &annotation;
	state.annotations_count = 1;
	state.systemd_scope = scope;
	json = (struct json){.text = &text, .indent = 2};
	output_add_state(&json, &state, "");
	ck_assert_ptr_nonnull(
		strstr(text_string(&text), "\n  \"annotations\": {\n    \"a.b\": \"\"\n  },\n"));
	ck_assert_ptr_nonnull(strstr(text_string(&text), "\n  \"systemd-scope\": \"x.scope\",\n"));
	text_done(&text);
}
END_TEST

START_TEST(formats)
{
	struct error err;
	ck_assert_int_eq(output_is_json(NULL, &err), 0);
	ck_assert_int_eq(output_is_json("table", &err), 0);
	ck_assert_int_eq(output_is_json("json", &err), 1);
	ck_assert_int_eq(output_is_json("JSON", &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "invalid format option"));
}
END_TEST

START_TEST(columns)
{
	static const char *const cells[] = {
		"ID", "PID", "LAST", "a-long-name", "1", "x", "gr\xc3\xbcn", "a\tb\x1b", "y"};
	struct text text = {0};
	table_add(&text, cells, 3, 3);
	ck_assert_str_eq(text_string(&text), "ID            PID         LAST\n"
					     "a-long-name   1           x\n"
					     "gr\xc3\xbcn          a?b?        y\n");
	text_done(&text);
}
END_TEST

static void assert_name(const char *passwd, uid_t uid, const char *expected)
{
	char path[] = "/tmp/husk-passwd-XXXXXX";
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, passwd, strlen(passwd)), (ssize_t)strlen(passwd));
	close(fd);
	struct owner_names names;
	struct text text = {0};
	owner_read(&names, path);
	unlink(path);
	owner_add_name(&text, &names, uid);
	ck_assert_str_eq(text_string(&text), expected);
	text_done(&text);
	owner_done(&names);
}

START_TEST(names_of_users)
{
	static const char file[] =
		"root:x:0:0:root:/root:/bin/sh\n\n# comment\n:x:5:5::/:\nshort:x\n"
		"ten:x:10:0::/:\none:x:1:0::/:\nlast:x:99:9";
	assert_name(file, 0, "root");
	assert_name(file, 1, "one");  // not "ten", whose number only begins with 1
	assert_name(file, 10, "ten");
	assert_name(file, 99, "last");
	assert_name(file, 5, "#5");
	assert_name(file, 2, "#2");
	assert_name("", 0, "#0");
	assert_name("x:x:7", 7, "#7");  // cut
	struct owner_names names;
	owner_read(&names, "/dev/zero");
	ck_assert_ptr_null(names.data);
	owner_read(&names, "/nonexistent/passwd");
	ck_assert_ptr_null(names.data);
}
END_TEST

static int filter(const char *output, struct text *text, struct error *err)
{
	static const pid_t pids[] = {12, 345};
	return ps_filter(output, pids, 2, text, err);
}

START_TEST(lines_of_ps)
{
	struct text text = {0};
	struct error err;
	ck_assert_int_eq(filter("UID   PID PPID CMD\nroot   12    1 a b\nroot    1    0 12\n"
				"root  345\t 12 c",
				&text, &err),
			 0);
	ck_assert_str_eq(text_string(&text),
			 "UID   PID PPID CMD\nroot   12    1 a b\nroot  345\t 12 c\n");
	text_done(&text);
	ck_assert_int_eq(filter("  PID\n\n   12\n  123\n", &text, &err), 0);
	ck_assert_str_eq(text_string(&text), "  PID\n   12\n");
	text_done(&text);
	ck_assert_int_eq(filter("UID PPID CMD\n", &text, &err), -1);
	ck_assert_str_eq(err.message, "couldn't find PID field in ps output");
	ck_assert_int_eq(filter("", &text, &err), -1);
	ck_assert_int_eq(filter("UID PID\nroot\n", &text, &err), -1);
	ck_assert_int_eq(filter("UID PID\nroot x\n", &text, &err), -1);
	ck_assert_int_eq(filter("UID PID\nroot 111111111111111111111111111111\n", &text, &err), -1);
	text_done(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime_output");
	TCase *tests = tcase_create("output");
	tcase_add_test(tests, state_as_json);
	tcase_add_test(tests, formats);
	tcase_add_test(tests, columns);
	tcase_add_test(tests, names_of_users);
	tcase_add_test(tests, lines_of_ps);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
