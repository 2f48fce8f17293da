// SPDX-License-Identifier: Apache-2.0
// Durations as Go writes them, and sizes with units.
#include <check.h>
#include <errno.h>
#include <stdio.h>

#include "libcontainer/base/attributes.h"
#include "runtime/quantity.h"

#define SECOND 1000000000LL

START_TEST(durations)
{
	static const struct {
		const char *text;
		int64_t nanoseconds;
	} cases[] = {
		{"0", 0},
		{"-0", 0},
		{"5s", 5 * SECOND},
		{"+5s", 5 * SECOND},
		{"100ms", SECOND / 10},
		{"1m30s", 90 * SECOND},
		{"1h2m3.5s", 3723 * SECOND + SECOND / 2},
		{"1.5h", 5400 * SECOND},
		{".5s", SECOND / 2},
		{"1.s", SECOND},
		{"1ns", 1},
		{"1us", 1000},
		{"1\xc2\xb5s", 1000},
		{"1\xce\xbcs", 1000},
		{"0.0000000019s", 1},
		{"-5s", -5 * SECOND},
		{"2562047h47m16.854775807s", INT64_MAX},
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		int64_t found = 77;
		ck_assert_msg(quantity_duration(cases[i].text, &found) == 0, "%s", cases[i].text);
		ck_assert_msg(found == cases[i].nanoseconds, "%s: %lld", cases[i].text,
			      (long long)found);
	}
}
END_TEST

START_TEST(no_durations)
{
	static const char *const cases[] = {"",   "-",   "s",	"5",  "5x",  "1m30", "5 s",
					    " 5s", "5s ", "1..5s", ".s", "--5s", "1d",   "0x5s"};
	for (size_t i = 0; i < array_size(cases); i++) {
		int64_t found;
		errno = 0;
		ck_assert_msg(quantity_duration(cases[i], &found) < 0, "'%s'", cases[i]);
		ck_assert_int_eq(errno, EINVAL);
	}
	static const char *const large[] = {"2562047h47m16.854775808s", "99999999999999999999s",
					    "9223372036854775807h"};
	for (size_t i = 0; i < array_size(large); i++) {
		int64_t found;
		errno = 0;
		ck_assert_msg(quantity_duration(large[i], &found) < 0, "'%s'", large[i]);
		ck_assert_int_eq(errno, ERANGE);
	}
}
END_TEST

START_TEST(sizes)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} cases[] = {
		{"0", 0},	       {"-1", -1},	     {"1048576", 1048576},
		{"1048576b", 1048576}, {"1k", 1024},	     {"1K", 1024},
		{"1kb", 1024},	       {"1KiB", 1024},	     {"64m", 67108864},
		{"64MB", 67108864},    {"2g", 2147483648},   {"2Gib", 2147483648},
		{"1t", 1LL << 40},     {"1p", 1LL << 50},    {"0.5g", 536870912},
		{"1.5k", 1536},	       {"9223372036854775807", INT64_MAX},
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		int64_t found = 77;
		ck_assert_msg(quantity_bytes(cases[i].text, &found) == 0, "%s", cases[i].text);
		ck_assert_msg(found == cases[i].bytes, "%s: %lld", cases[i].text, (long long)found);
	}
}
END_TEST

START_TEST(no_sizes)
{
	static const struct {
		const char *text;
		int code;
	} cases[] = {
		{"", EINVAL},	{"-", EINVAL},	{"-2", EINVAL},	 {"-1k", EINVAL}, {"+1", EINVAL},
		{"m", EINVAL},	{"64q", EINVAL}, {"64 m", EINVAL}, {"64mm", EINVAL}, {"64i", EINVAL},
		{"64mi", EINVAL}, {"1e3", EINVAL}, {"0x10", EINVAL}, {"64mbb", EINVAL},
		{"8192p", ERANGE}, {"9223372036854775808", ERANGE},
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		int64_t found;
		errno = 0;
		ck_assert_msg(quantity_bytes(cases[i].text, &found) < 0, "'%s'", cases[i].text);
		ck_assert_msg(errno == cases[i].code, "'%s': %d", cases[i].text, errno);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime_quantity");
	TCase *cases = tcase_create("quantity");
	tcase_add_test(cases, durations);
	tcase_add_test(cases, no_durations);
	tcase_add_test(cases, sizes);
	tcase_add_test(cases, no_sizes);
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
