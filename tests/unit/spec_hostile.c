// SPDX-License-Identifier: Apache-2.0
// The parser against text that nobody meant well: cut off, changed at random, nested, huge, with
// broken characters; and two configurations as engines write them, as the positive control.
#include "tests/unit/spec_case.h"

#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EMBED(name_, file_)                                                                        \
	__asm__(".pushsection .rodata\n" #name_ ": .incbin \"" file_ "\"\n" #name_                 \
	        "_end: .byte 0\n.popsection\n");                                                   \
	extern const char name_[], name_##_end[]

EMBED(podman, "tests/unit/spec_podman.json");
EMBED(containerd, "tests/unit/spec_containerd.json");

static size_t podman_length(void)
{
	return (size_t)(podman_end - podman);
}

static size_t containerd_length(void)
{
	return (size_t)(containerd_end - containerd);
}

static void refuse_bytes(const char *text, size_t length, const char *reason)
{
	const struct spec *spec;
	struct spec_error error = {.reason = ""};
	ck_assert_int_eq(case_parse_bytes(text, length, &spec, &error), -1);
	ck_assert_ptr_null(spec);
	ck_assert_msg(strstr(error.reason, reason) != NULL, "reason '%s', not '%s'", error.reason,
	              reason);
}

// ---- real configurations --------------------------------------------------------------------------

START_TEST(podman_config)
{
	const struct spec *spec;
	struct spec_error error;
	ck_assert_int_eq(case_parse_bytes(podman, podman_length(), &spec, &error), 0);
	ck_assert_str_eq(spec->hostname, "834e21ac69fe");
	ck_assert_uint_eq(spec->mounts_count, 10);
	ck_assert_str_eq(spec->mounts[9].options.items[5], "ro");
	ck_assert_uint_eq(spec->annotations.count, 8);
	ck_assert_str_eq(spec_annotation(spec, "io.container.manager"), "libpod");
	ck_assert_uint_eq(spec->process.capabilities.bounding.count, 11);
	ck_assert_uint_eq(spec->process.rlimits_count, 2);
	ck_assert_int_eq(spec->process.rlimits[1].resource, RLIMIT_NPROC);
	ck_assert_uint_eq(spec->process.user.umask.value, 18);
	ck_assert_int_eq(spec->linux_.resources.pids_limit.value, 2048);
	ck_assert_uint_eq(spec->linux_.seccomp.rules_count, 22);
	ck_assert_uint_eq(spec->linux_.seccomp.rules[0].errno_ret.value, 1);
	ck_assert_str_eq(spec->linux_.seccomp.rules[1].names.items[0], "_llseek");
	ck_assert_uint_eq(spec->linux_.seccomp.rules[6].args[0].value, 4294967295u);
	ck_assert_uint_eq(spec->linux_.masked_paths.count, 11);
	ck_assert(spec->linux_.namespaces[spec_namespace_type_network].listed);
	ck_assert(!spec->linux_.namespaces[spec_namespace_type_user].listed);
	spec_free(spec);
}
END_TEST

START_TEST(containerd_config)
{
	const struct spec *spec;
	struct spec_error error;
	ck_assert_int_eq(case_parse_bytes(containerd, containerd_length(), &spec, &error), 0);
	ck_assert_str_eq(spec->oci_version, "1.0.2-dev");
	ck_assert_uint_eq(spec->linux_.resources.devices_count, 10);
	ck_assert(!spec->linux_.resources.devices[8].minor.set);
	ck_assert_int_eq(spec->linux_.resources.devices[8].major.value, 136);
	ck_assert_uint_eq(spec->linux_.resources.cpu.shares.value, 1024);
	ck_assert(!spec->linux_.seccomp.set);
	spec_free(spec);
}
END_TEST

static void refuse_every_prefix(const char *text, size_t length)
{
	while (length > 0 && text[length - 1] != '}')
		length--;  // white space behind the document may be missing
	for (size_t cut = 0; cut < length; cut++)
		refuse_bytes(text, cut, "line ");
}

START_TEST(truncations)
{
	refuse_every_prefix(containerd, containerd_length());
	refuse_every_prefix(podman, podman_length());
}
END_TEST

// ---- random changes -------------------------------------------------------------------------------

static uint32_t random_state;

// xorshift: the same sequence everywhere
static uint32_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

static const char interesting[] = "{}[]\",:\\0123456789-.eEtfnu \n/";

static void mutate(char *text, size_t length)
{
	for (uint32_t changes = 1 + next_random() % 4; changes > 0; changes--) {
		size_t at = next_random() % length;
		switch (next_random() % 4) {
		case 0:
			text[at] = (char)next_random();
			break;
		case 1:
			text[at] = interesting[next_random() % (sizeof(interesting) - 1)];
			break;
		case 2:
			text[at] = text[next_random() % length];
			break;
		default: {
			size_t other = next_random() % length;
			size_t most = length - (at > other ? at : other);
			size_t span = next_random() % 40;
			memmove(text + at, text + other, span < most ? span : most);
		}
		}
	}
}

static size_t try_mutations(const char *original, size_t length, size_t rounds)
{
	size_t accepted = 0;
	char *text = malloc(length);
	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < rounds; i++) {
		const struct spec *spec;
		struct spec_error error = {.reason = ""};
		memcpy(text, original, length);
		mutate(text, length);
		if (case_parse_bytes(text, length, &spec, &error) == 0) {
			ck_assert_int_eq(spec_validate(spec, &error), 0);
			spec_free(spec);
			accepted++;
		} else {
			ck_assert_ptr_null(spec);
			ck_assert_str_ne(error.reason, "");
		}
	}
	free(text);
	return accepted;
}

START_TEST(mutations)
{
	size_t rounds = 4000;
	random_state = 20261121;
	size_t accepted = try_mutations(containerd, containerd_length(), rounds);
	accepted += try_mutations(podman, podman_length(), rounds / 2);
	// both outcomes have to occur, or the test does not test
	ck_assert_uint_gt(accepted, 100);
	ck_assert_uint_lt(accepted, rounds);
}
END_TEST

// ---- syntax ---------------------------------------------------------------------------------------

#define HEAD "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"}"

START_TEST(syntax)
{
	static const struct {
		const char *text, *reason;
	} bad[] = {
		{"", "line 1, column 1: "},
		{" \n ", "line 2, column 2: "},
		{"{", "premature"},
		{"}", "line 1, column "},
		{"[]", "expected an object"},
		{"null", "expected an object"},
		{"12", "expected an object"},
		{"\"\\u0041\"", "expected an object"},
		{"1 2", "trailing garbage"},
		{HEAD "} x", "line 1, column "},
		{HEAD "}{}", "trailing garbage"},
		{HEAD "}}", "trailing garbage"},
		{HEAD ",}", "line 1, column "},
		{HEAD ",\"a\":01}", "line 1, column "},
		{HEAD ",\"a\":+1}", "line 1, column "},
		{HEAD ",\"a\":.5}", "line 1, column "},
		{HEAD ",\"a\":NaN}", "line 1, column "},
		{HEAD ",\"a\":'b'}", "line 1, column "},
		{HEAD ",\"a\":\"\n\"}", "line 1, column "},
		{HEAD ",\"a\":\"\\x\"}", "line 1, column "},
		{HEAD ",\"a\":\"\\u12g4\"}", "line 1, column "},
		{HEAD ",a:1}", "line 1, column "},
		{HEAD "/* comment */}", "line 1, column "},
		{"\xef\xbb\xbf" HEAD "}", "line 1, column "},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuse_bytes(bad[i].text, strlen(bad[i].text), bad[i].reason);
	refuse_bytes("{\n  \"a\": }", 10, "line 2, column ");
	case_refuse("%s", HEAD "}\n x", "", "line 2, column ");
	spec_free(case_accept("%s", "\r\n\t " HEAD "} \r\n\t"));
}
END_TEST

START_TEST(characters)
{
	static const char *const bad[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xc2",
		"\xe0\x9f\xbf",
		"\xe2\x82",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
		"\xe2\x82x",
		"\xf0\x9f\x98x",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[256];
		(void)snprintf(text, sizeof(text), "%s,\"a\":\"ABCDEFGHIJKLM%s\"}", HEAD, bad[i]);
		refuse_bytes(text, strlen(text), "a byte that is not UTF-8");
		(void)snprintf(text, sizeof(text), "%s,\"%s\":1}", HEAD, bad[i]);
		refuse_bytes(text, strlen(text), "a byte that is not UTF-8");
	}
	static const char *const good[] = {"\xc2\x80",        "\xdf\xbf",     "\xe0\xa0\x80",
	                                   "\xed\x9f\xbf",    "\xee\x80\x80", "\xf0\x90\x80\x80",
	                                   "\xf4\x8f\xbf\xbf"};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char members[64];
		(void)snprintf(members, sizeof(members), "\"annotations\":{\"a\":\"%s\"}", good[i]);
		const struct spec *spec = case_accept(AT_TOP, members);
		ck_assert_str_eq(spec_annotation(spec, "a"), good[i]);
		spec_free(spec);
	}
}
END_TEST

START_TEST(escapes)
{
	static const char *const bad[] = {"\\ud800",        "\\udc00",        "\\uDBFFx",
	                                  "\\ud83d\\u0041", "\\ude00\\ud83d", "\\\\\\udc00"};
	const struct spec *spec = case_accept(
		AT_TOP, "\"annotations\":{\"\\u0061\\t\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20ac"
			"\\ud83d\\ude00\\\\ud800\"}");
	ck_assert_str_eq(spec_annotation(spec, "a\t"),
	                 "\"\\/\b\f\n\r\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\\ud800");
	spec_free(spec);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[128];
		(void)snprintf(text, sizeof(text), "%s,\"a\":\"%s\"}", HEAD, bad[i]);
		refuse_bytes(text, strlen(text), "half a surrogate pair");
	}
	refuse_bytes(HEAD ",\"a\":\"x\\u0000y\"}", sizeof(HEAD ",\"a\":\"x\\u0000y\"}") - 1,
	             "a NUL byte");
	refuse_bytes(HEAD ",\"a\":\"x\0y\"}", sizeof(HEAD ",\"a\":\"x\0y\"}") - 1, "a NUL byte");
	refuse_bytes(HEAD "}\0", sizeof(HEAD "}\0") - 1, "a NUL byte");
	// keys are unescaped before they are compared
	spec = case_accept(AT_TOP, "\"\\u0072oot\":{\"\\u0070ath\":\"other\"}");
	ck_assert_str_eq(spec->root_path, "other");
	spec_free(spec);
}
END_TEST

START_TEST(messages_are_clean)
{
	const struct spec *spec;
	struct spec_error error;
	const char *text = HEAD ",\"annotations\":{\"\\u001b[31m\\n\":1}}";
	ck_assert_int_eq(case_parse_bytes(text, strlen(text), &spec, &error), -1);
	ck_assert_str_eq(error.path, "annotations[\"?[31m?\"]");
	char members[700] = "\"rootfsPropagation\":\"";
	for (size_t i = 0; i < 200; i++)
		strcat(members, "\xc3\xa9");
	strcat(members, "\"");
	case_refuse(AT_LINUX, members, "linux.rootfsPropagation", "\xc3\xa9...'");
	case_refuse(AT_LINUX, "\"sysctl\":{\"a\\u0007\":\"1\"}", "linux.sysctl[\"a?\"]", "");
}
END_TEST

// ---- duplicates -----------------------------------------------------------------------------------

START_TEST(duplicates)
{
	const struct spec *spec =
		case_accept(AT_TOP, "\"root\":{\"path\":\"a\",\"readonly\":true},"
	                            "\"root\":{\"path\":\"b\",\"path\":\"c\"},"
	                            "\"linux\":{\"namespaces\":[{\"type\":\"uts\"}]},\"linux\":{},"
	                            "\"annotations\":{\"x\":\"1\",\"y\":\"2\",\"x\":\"3\"},"
	                            "\"hostname\":7,\"hostname\":null");
	ck_assert_str_eq(spec->root_path, "c");
	ck_assert(!spec->root_readonly);  // nothing of the first object is left
	ck_assert(!spec->linux_.namespaces[spec_namespace_type_uts].listed);
	ck_assert_ptr_null(spec->hostname);
	ck_assert_uint_eq(spec->annotations.count, 2);
	ck_assert_str_eq(spec->annotations.items[0].key, "y");
	ck_assert_str_eq(spec_annotation(spec, "x"), "3");
	spec_free(spec);
	case_refuse(AT_TOP, "\"root\":null", "root", "is required");
}
END_TEST

START_TEST(many_duplicates)
{
	size_t count = 50000, used = 0, size = count * 24 + 100;
	char *members = malloc(size);
	ck_assert_ptr_nonnull(members);
	used += (size_t)sprintf(members, "\"annotations\":{");
	for (size_t i = 0; i < count; i++)
		used += (size_t)sprintf(members + used, "%s\"k%zu\":\"%zu\"", i ? "," : "",
		                        i % (count / 2), i);
	strcpy(members + used, "}");
	const struct spec *spec = case_accept(AT_TOP, members);
	free(members);
	ck_assert_uint_eq(spec->annotations.count, count / 2);
	ck_assert_str_eq(spec->annotations.items[0].key, "k0");
	ck_assert_str_eq(spec->annotations.items[0].value, "25000");
	ck_assert_str_eq(spec_annotation(spec, "k24999"), "49999");
	spec_free(spec);
}
END_TEST

// ---- depth and size -------------------------------------------------------------------------------

// {"...": [[[...]]]} with this many levels in all.
static char *nested(size_t levels, bool closed)
{
	char *text = malloc(2 * levels + sizeof(HEAD) + 16);
	ck_assert_ptr_nonnull(text);
	strcpy(text, HEAD ",\"x\":");
	size_t used = strlen(text);
	memset(text + used, '[', levels - 1);
	memset(text + used + levels - 1, ']', levels - 1);
	strcpy(text + used + (closed ? 2 : 1) * (levels - 1), closed ? "}" : "");
	return text;
}

START_TEST(depth)
{
	char *text = nested(SPEC_MAX_DEPTH, true);
	spec_free(case_accept("%s", text));
	free(text);
	text = nested(SPEC_MAX_DEPTH + 1, true);
	refuse_bytes(text, strlen(text), "nested too deeply");
	free(text);
	text = nested(SPEC_MAX_DEPTH, false);
	refuse_bytes(text, strlen(text), "premature");
	free(text);
	text = nested(4 * 1024 * 1024, false);
	refuse_bytes(text, strlen(text), "nested too deeply");
	free(text);
}
END_TEST

// Of the processor, so that a busy machine does not matter.
static double seconds_used(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// head, then unit as often as it fits into size bytes, then tail.
static char *huge(size_t size, const char *head, const char *unit, const char *tail, size_t *length)
{
	char *text = malloc(size);
	ck_assert_ptr_nonnull(text);
	size_t used = strlen(head), step = strlen(unit);
	memcpy(text, head, used);
	for (; used + step + strlen(tail) <= size; used += step)
		memcpy(text + used, unit, step);
	memcpy(text + used, tail, strlen(tail));
	*length = used + strlen(tail);
	return text;
}

// Every shape takes time in proportion to its length: a quadratic one would need hours.
START_TEST(size)
{
	static const struct {
		const char *head, *unit, *tail, *reason;
	} shapes[] = {
		{HEAD ",\"x\":[0", ",0", "]}", NULL},
		{HEAD ",\"x\":{\"\":0", ",\"\":0", "}}", NULL},
		{HEAD, ",\"root\":{\"path\":\"s\"}", "}", NULL},
		{HEAD, ",\"unknown\":0", "}", NULL},
		{HEAD ",\"annotations\":{\"a\":\"\"", ",\"a\":\"\"", "}}", NULL},
		{HEAD ",\"annotations\":{\"a\":\"", "aaaaaaaaaaaaaaaa", "\"}}", NULL},
		{HEAD ",\"annotations\":{\"a\":\"", "\\n", "\"}}", NULL},
		{HEAD ",\"annotations\":{\"a\":\"", "\\ud83d\\ude00", "\"}}", NULL},
		{HEAD ",\"annotations\":{\"a\":\"\\n", "bbbbbbbb", "", "line 1, "},
		{HEAD ",\"annotations\":{\"a\":\"", "\\\"", "", "line 1, "},
		{HEAD ",\"mounts\":[{\"destination\":\"/\"}", ",{\"destination\":\"/\"}", "]}",
	         NULL},
		{HEAD ",\"mounts\":[0", ",0", "]}", "expected an object"},
		{HEAD ",\"process\":{\"cwd\":\"/\",\"args\":[\"\"", ",\"\"", "]}}", NULL},
		{HEAD, "          ", "}", NULL},
		{HEAD "}", "\n", "", NULL},
		{"", "1", "", ""},
		{HEAD ",\"x\":1", "0", "}", NULL},
	};
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const struct spec *spec;
		struct spec_error error = {.reason = ""};
		size_t length;
		char *text = huge(SPEC_MAX_BYTES, shapes[i].head, shapes[i].unit, shapes[i].tail,
		                  &length);
		double start = seconds_used();
		int result = spec_parse(text, length, &spec, &error);
		double took = seconds_used() - start;
		ck_assert_msg(result == (shapes[i].reason ? -1 : 0), "%zu: %s: %s", i, error.path,
		              error.reason);
		if (shapes[i].reason != NULL)
			ck_assert_ptr_nonnull(strstr(error.reason, shapes[i].reason));
		ck_assert_msg(took < 10, "%zu: %g s", i, took);
		spec_free(spec);
		free(text);
	}
}
END_TEST

START_TEST(too_large)
{
	size_t length = SPEC_MAX_BYTES + 1;
	char *text = malloc(length);
	ck_assert_ptr_nonnull(text);
	memset(text, ' ', length);
	memcpy(text, HEAD "}", sizeof(HEAD "}") - 1);
	refuse_bytes(text, length, "larger than 16 MiB");
	const struct spec *spec;
	struct spec_error error;
	ck_assert_int_eq(spec_parse(text, length - 1, &spec, &error), 0);
	spec_free(spec);
	free(text);
}
END_TEST

// Addresses run out at every point of a large parse: an error each time, never a crash.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static int parse_within(rlim_t bytes, const char *text, size_t length)
{
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		const struct spec *spec = NULL;
		struct spec_error error = {.reason = ""};
		const struct rlimit limit = {bytes, bytes};
		malloc_trim(0);  // what earlier tests left would be used first
		if (setrlimit(RLIMIT_AS, &limit) < 0)
			_exit(9);
		if (spec_parse(text, length, &spec, &error) == 0)
			_exit(0);
		_exit(spec == NULL && strstr(error.reason, "out of memory") ? 1 : 8);
	}
	int status = -1;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "killed by signal %d at %zu bytes", WTERMSIG(status),
	              (size_t)bytes);
	return WEXITSTATUS(status);
}

START_TEST(memory)
{
	size_t length;
	size_t failures = 0, successes = 0;
	char *text = huge(1 << 20, HEAD ",\"annotations\":{\"a\":\"\\n\"", ",\"a\":\"\\n\"", "}}",
	                  &length);
	for (rlim_t mebibytes = 2; mebibytes <= 80; mebibytes += 2) {
		int status = parse_within(mebibytes << 20, text, length);
		ck_assert_int_le(status, 1);
		failures += status == 1;
		successes += status == 0;
	}
	free(text);
	ck_assert_uint_gt(failures, 3);
	ck_assert_uint_gt(successes, 3);
}
END_TEST
#endif

int main(void)
{
	Suite *suite = suite_create("spec: hostile text");
	TCase *tcase = tcase_create("hostile");
	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 0);
	tcase_add_test(tcase, podman_config);
	tcase_add_test(tcase, containerd_config);
	tcase_add_test(tcase, truncations);
	tcase_add_test(tcase, mutations);
	tcase_add_test(tcase, syntax);
	tcase_add_test(tcase, characters);
	tcase_add_test(tcase, escapes);
	tcase_add_test(tcase, messages_are_clean);
	tcase_add_test(tcase, duplicates);
	tcase_add_test(tcase, many_duplicates);
	tcase_add_test(tcase, depth);
	tcase_add_test(tcase, size);
	tcase_add_test(tcase, too_large);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	tcase_add_test(tcase, memory);
#endif
	return case_run(suite);
}
