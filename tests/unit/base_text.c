// SPDX-License-Identifier: Apache-2.0
// base/text and base/json: strings that grow, strict numbers, well-formed JSON.
#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/error.h"
#include "libcontainer/base/json.h"
#include "libcontainer/base/text.h"

START_TEST(numbers_are_written_exactly)
{
	auto_text struct text text = {0};
	text_add_unsigned(&text, UINT64_MAX);
	text_add(&text, " ");
	text_add_signed(&text, INT64_MIN);
	text_printf(&text, " %s", "end");
	ck_assert_str_eq(text_string(&text), "18446744073709551615 -9223372036854775808 end");
}
END_TEST

START_TEST(numbers_are_read_strictly)
{
	static const char *const bad[] = {"", " 1", "1 ", "+1", "0x1", "1.0", "-", "--1", "1e3"};
	uint64_t u;
	int64_t s;
	for (size_t i = 0; i < array_size(bad); i++) {
		ck_assert_int_eq(text_to_unsigned(bad[i], &u), -1);
		ck_assert_int_eq(text_to_signed(bad[i], &s), -1);
	}
	ck_assert_int_eq(text_to_unsigned("-1", &u), -1);
	ck_assert_int_eq(text_to_unsigned("18446744073709551615", &u), 0);
	ck_assert_uint_eq(u, UINT64_MAX);
	ck_assert_int_eq(text_to_unsigned("18446744073709551616", &u), -1);
	ck_assert_int_eq(errno, ERANGE);
	ck_assert_int_eq(text_to_signed("-9223372036854775808", &s), 0);
	ck_assert(s == INT64_MIN);
	ck_assert_int_eq(text_to_signed("-9223372036854775809", &s), -1);
	ck_assert_int_eq(text_to_signed("9223372036854775808", &s), -1);
}
END_TEST

START_TEST(what_is_shown_commands_no_terminal)
{
	auto_text struct text text = {0};
	text_add_shown(&text, "a\x1b[2Jb\x07\t\n\x7f \xc2\x9b\xc3\xa9\xff \xe2\x82", "\n");
	ck_assert_str_eq(text_string(&text),
			 "a\\x1b[2Jb\\x07\\x09\n\\x7f \\xc2\\x9b\xc3\xa9\\xff \\xe2\\x82");
}
END_TEST

START_TEST(json_escapes_and_separates)
{
	auto_text struct text text = {0};
	struct json json = {.text = &text};
	json_begin_object(&json, NULL);
	json_string(&json, "a", "q\" b\\ n\n c\x01 \xff \xc3\xa9 \xed\xa0\x80");
	json_begin_array(&json, "b");
	json_unsigned(&json, NULL, 1);
	json_bool(&json, NULL, false);
	json_end_array(&json);
	json_begin_object(&json, "c");
	json_end_object(&json);
	json_end_object(&json);
	ck_assert_str_eq(text_string(&text), "{\"a\":\"q\\\" b\\\\ n\\n c\\u0001 \\ufffd \xc3\xa9 "
					     "\\ufffd\\ufffd\\ufffd\",\"b\":[1,false],\"c\":{}}");
}
END_TEST

START_TEST(json_indents)
{
	auto_text struct text text = {0};
	struct json json = {.text = &text, .indent = 2};
	json_begin_object(&json, NULL);
	json_signed(&json, "pid", -1);
	json_begin_array(&json, "empty");
	json_end_array(&json);
	json_end_object(&json);
	ck_assert_str_eq(text_string(&text), "{\n  \"pid\": -1,\n  \"empty\": []\n}");
}
END_TEST

START_TEST(errors_are_one_line_with_context)
{
	struct error err = {0};
	errno = ENOENT;
	ck_assert_int_eq(error_errno(&err, "open %s", "a\nb"), -1);
	ck_assert_int_eq(error_context(&err, "mounts[%d]", 3), -1);
	ck_assert_str_eq(err.message, "mounts[3]: open a b: No such file or directory");
	ck_assert_int_eq(err.code, ENOENT);
	ck_assert_int_eq(error_set(NULL, 0, "nobody listens"), -1);
	char *huge = malloc(5000);
	ck_assert_ptr_nonnull(huge);
	memset(huge, 'x', 4999);
	huge[4999] = '\0';
	error_set(&err, 0, "%s", huge);
	ck_assert_uint_eq(strlen(err.message), sizeof err.message - 1);
	free(huge);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base");
	TCase *tc = tcase_create("text");
	tcase_add_test(tc, numbers_are_written_exactly);
	tcase_add_test(tc, numbers_are_read_strictly);
	tcase_add_test(tc, what_is_shown_commands_no_terminal);
	tcase_add_test(tc, json_escapes_and_separates);
	tcase_add_test(tc, json_indents);
	tcase_add_test(tc, errors_are_one_line_with_context);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
