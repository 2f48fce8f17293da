// SPDX-License-Identifier: Apache-2.0
// Where linux.seccomp stands: what the parser would take, or nothing.
#include "tests/unit/spec_case.h"

#include "spec/section.h"

static void finds(const char *text, const char *section)
{
	struct spec_section found = {0};
	ck_assert_msg(spec_find_seccomp(text, strlen(text), &found), "nothing in %s", text);
	ck_assert_uint_eq(found.end - found.begin, strlen(section));
	ck_assert_int_eq(memcmp(text + found.begin, section, strlen(section)), 0);
}

static void finds_nothing(const char *text)
{
	struct spec_section found;
	ck_assert_msg(!spec_find_seccomp(text, strlen(text), &found), "something in %s", text);
}

START_TEST(found_where_it_is)
{
	finds("{\"linux\":{\"seccomp\":{}}}", "{}");
	finds("{ \"linux\" :\n{\t\"seccomp\" : {\"a\":[{}]} , \"b\":1 }\r}", "{\"a\":[{}]}");
	finds("{\"a\":\"}\",\"linux\":{\"x\":[{\"seccomp\":{}}],\"seccomp\":{\"b\":\"{\\\"\"}}}",
	      "{\"b\":\"{\\\"\"}");
	// elsewhere the words mean nothing
	finds("{\"seccomp\":{\"q\":1},\"linux\":{\"seccomp\":{\"a\":1}},\"b\":{\"linux\":{"
	      "\"seccomp\":{}}}}",
	      "{\"a\":1}");
	finds("{\"a\":\"linux\",\"linux\":{\"b\":\"seccomp\",\"seccomp\":{\"a\":1}}}", "{\"a\":1}");
}
END_TEST

START_TEST(nothing_where_the_parser_takes_another)
{
	finds_nothing("{\"linux\":{\"seccomp\":null}}");
	finds_nothing("{\"linux\":{\"seccomp\":[]}}");
	finds_nothing("{\"linux\":{}}");
	finds_nothing("{\"seccomp\":{}}");
	finds_nothing("{\"a\":{\"linux\":{\"seccomp\":{}}}}");
	finds_nothing("[{\"linux\":{\"seccomp\":{}}}]");
	// the last of two counts
	finds_nothing("{\"linux\":{\"seccomp\":{},\"seccomp\":{\"a\":1}}}");
	finds_nothing("{\"linux\":{\"seccomp\":{}},\"linux\":{\"seccomp\":{\"a\":1}}}");
	finds_nothing("{\"linux\":{\"seccomp\":{}},\"linux\":{}}");
	finds_nothing("{\"linux\":{\"seccomp\":{}},\"linux\":null}");
	finds_nothing("{\"linux\":{\"seccomp\":{},\"seccomp\":null}}");
	// and there are other ways to write a name
	finds_nothing("{\"linux\":{\"seccomp\":{}},\"l\\u0069nux\":{}}");
	finds_nothing("{\"linux\":{\"seccomp\":{},\"s\\u0065ccomp\":{\"a\":1}}}");
	finds_nothing("{\"l\\u0069nux\":{\"seccomp\":{}}}");
}
END_TEST

START_TEST(cut_off_anywhere)
{
	static const char text[] = "{\"a\":[1],\"linux\":{\"seccomp\":{\"b\":\"x\\\"\"},\"c\":{}}}";
	for (size_t length = 0; length < sizeof text - 1; length++) {
		// a copy without room behind it: a sanitizer sees what is read beyond
		char *part = malloc(length ? length : 1);
		struct spec_section found;
		memcpy(part, text, length);
		ck_assert_msg(!spec_find_seccomp(part, length, &found), "with %zu bytes", length);
		free(part);
	}
	finds(text, "{\"b\":\"x\\\"\"}");
	finds_nothing("}");
	finds_nothing("{\"linux\":{\"seccomp\":{}}}}");
}
END_TEST

// With null in the place of what was found, the parser sees the same document without it.
static void without(const char *text)
{
	struct spec_section found;
	const struct spec *whole, *rest;
	struct spec_error error = {.reason = ""};
	ck_assert(spec_find_seccomp(text, strlen(text), &found));
	char *copy = malloc(strlen(text) + 8);
	(void)sprintf(copy, "%.*snull%s", (int)found.begin, text, text + found.end);
	ck_assert_int_eq(spec_parse(text, strlen(text), &whole, &error), 0);
	ck_assert_int_eq(spec_parse(copy, strlen(copy), &rest, &error), 0);
	ck_assert(whole->linux_.seccomp.set);
	ck_assert(!rest->linux_.seccomp.set);
	ck_assert_str_eq(whole->process.args.items[0], rest->process.args.items[0]);
	ck_assert_uint_eq(whole->mounts_count, rest->mounts_count);
	ck_assert_uint_eq(whole->linux_.masked_paths.count, rest->linux_.masked_paths.count);
	spec_free(whole);
	spec_free(rest);
	free(copy);
}

#define EMBED(name_, file_)                                                                        \
	__asm__(".pushsection .rodata\n" #name_ ": .incbin \"" file_                               \
		"\"\n.byte 0\n.popsection\n");                                                     \
	extern const char name_[]

EMBED(podman_text, "tests/unit/spec_podman.json");

START_TEST(of_a_real_configuration)
{
	without(podman_text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spec: section");
	TCase *tcase = tcase_create("section");
	tcase_add_test(tcase, found_where_it_is);
	tcase_add_test(tcase, nothing_where_the_parser_takes_another);
	tcase_add_test(tcase, cut_off_anywhere);
	tcase_add_test(tcase, of_a_real_configuration);
	suite_add_tcase(suite, tcase);
	return case_run(suite);
}
