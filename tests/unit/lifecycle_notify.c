// SPDX-License-Identifier: Apache-2.0
// What the service manager is told of a container's message.
#include <check.h>
#include <stdlib.h>

#include "libcontainer/lifecycle/notify.h"

static const struct {
	const char *message, *wanted;
	bool ready;
} cases[] = {
	{"READY=1", "READY=1\nMAINPID=42\n", true},
	{"READY=1\n", "READY=1\nMAINPID=42\n", true},
	{"STATUS=x\nREADY=1\nMAINPID=1\n", "STATUS=x\nREADY=1\nMAINPID=42\n", true},
	// only the whole line means it
	{"READY=10", "READY=10\n", false},
	{"XREADY=1", "XREADY=1\n", false},
	{"STATUS=READY=1", "STATUS=READY=1\n", false},
	{"MAINPID=7", "MAINPID=42\n", false},
	{"STOPPING=1\n\n\nERRNO=2", "STOPPING=1\nERRNO=2\n", false},
	// descriptors, and the unit's own settings, are not the container's
	{"FDSTORE=1\nFDNAME=x", "", false},
	{"FDSTOREREMOVE=1", "", false},
	{"WATCHDOG_USEC=1", "", false},
	{"WATCHDOG=1", "WATCHDOG=1\n", false},
	{"BARRIER=1", "", false},
	{"NOTIFYACCESS=all", "", false},
	{"", "", false},
	{"\n", "", false},
};

START_TEST(message_is_translated)
{
	struct text auto_text text = {0};
	bool ready = false;
	notify_translate(cases[_i].message, 42, &text, &ready);
	ck_assert_str_eq(text_string(&text), cases[_i].wanted);
	ck_assert_int_eq(ready, cases[_i].ready);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lifecycle_notify");
	TCase *tcase = tcase_create("notify");
	tcase_add_loop_test(tcase, message_is_translated, 0, sizeof cases / sizeof cases[0]);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
