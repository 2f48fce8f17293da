// SPDX-License-Identifier: Apache-2.0
// For the tests of spec/: a configuration from a few members, parsed, and the two outcomes.
#ifndef HUSK_TESTS_UNIT_SPEC_CASE_H
#define HUSK_TESTS_UNIT_SPEC_CASE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/spec.h"

// Where in a minimal valid configuration the members of a case go.
#define AT_TOP "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},%s}"
#define AT_PROCESS                                                                                 \
	"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},"                                \
	"\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"],%s}}"
#define AT_LINUX "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},\"linux\":{%s}}"
#define AT_RESOURCES                                                                               \
	"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},\"linux\":{\"resources\":{%s}}}"
#define AT_SECCOMP                                                                                 \
	"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},"                                \
	"\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",%s}}}"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static inline char *case_text(const char *where, const char *members)
{
	char *text = NULL;
	ck_assert_int_ge(asprintf(&text, where, members), 0);
	return text;
}
#pragma GCC diagnostic pop

// A copy without a NUL behind, so that a sanitizer sees every read beyond the end.
static inline int case_parse_bytes(const char *text, size_t length, const struct spec **spec,
                                   struct spec_error *error)
{
	char *exact = malloc(length > 0 ? length : 1);
	ck_assert_ptr_nonnull(exact);
	memcpy(exact, text, length);
	int result = spec_parse(exact, length, spec, error);
	free(exact);  // nothing in the struct may point at it
	return result;
}

static inline const struct spec *case_accept(const char *where, const char *members)
{
	const struct spec *spec = NULL;
	struct spec_error error = {.reason = ""};
	char *text = case_text(where, members);
	int result = case_parse_bytes(text, strlen(text), &spec, &error);
	ck_assert_msg(result == 0, "%s: refused: %s: %s", text, error.path, error.reason);
	free(text);
	return spec;
}

static inline void case_refuse(const char *where, const char *members, const char *path,
                               const char *reason)
{
	const struct spec *spec = NULL;
	struct spec_error error = {.reason = ""};
	char *text = case_text(where, members);
	int result = case_parse_bytes(text, strlen(text), &spec, &error);
	ck_assert_msg(result == -1, "accepted: %s", text);
	ck_assert_ptr_null(spec);
	ck_assert_msg(strcmp(error.path, path) == 0, "%s: path '%s', not '%s' (%s)", text,
	              error.path, path, error.reason);
	ck_assert_msg(strstr(error.reason, reason) != NULL, "%s: reason '%s', not '%s'", text,
	              error.reason, reason);
	free(text);
}

static inline void case_strings(const struct spec_strings *strings, size_t count, const char *first,
                                const char *last)
{
	ck_assert_uint_eq(strings->count, count);
	ck_assert_str_eq(strings->items[0], first);
	ck_assert_str_eq(strings->items[count - 1], last);
	ck_assert_ptr_null(strings->items[count]);
}

static inline int case_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}

#endif
