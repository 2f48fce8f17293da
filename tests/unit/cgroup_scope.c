// SPDX-License-Identifier: Apache-2.0
// The systemd cgroup manager's pure parts: names of units, limits as properties, device rules, annotations. systemd is not needed.
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/scope.h"
#include "libcontainer/cgroup/scope_properties.h"

static struct error err;

// ---- names -----------------------------------------------------------------------------------------

static void expect_name(const char *path, bool user, const char *slice, const char *unit)
{
	struct scope_name name;
	err = (struct error){0};
	ck_assert_msg(scope_name_parse(path, "box+1", user, &name, &err) == 0, "%s: %s", path,
		      err.message);
	ck_assert_str_eq(name.slice, slice);
	ck_assert_str_eq(name.unit, unit);
	scope_name_done(&name);
}

START_TEST(names)
{
	expect_name("a.slice:pre:name", false, "a.slice", "pre-name.scope");
	expect_name(":pre:name", false, "system.slice", "pre-name.scope");
	expect_name(":pre:name", true, "user.slice", "pre-name.scope");
	expect_name("::name", false, "system.slice", "name.scope");
	expect_name("-.slice:cri:x_1", false, "-.slice", "cri-x_1.scope");
	expect_name("a-b.slice::c-d.slice", false, "a-b.slice", "c-d.slice");
	expect_name("a-b.slice:ignored:c-d.slice", false, "a-b.slice", "c-d.slice");
	// without a path: what a unit's name cannot hold is escaped
	expect_name(NULL, false, "system.slice", "husk-box\\x2b1.scope");
	expect_name("", true, "user.slice", "husk-box\\x2b1.scope");
}
END_TEST

START_TEST(bad_names)
{
	static const char *const bad[] = {"/a/b",           "name",          "a.slice:b",
					  "a.slice:b:c:d",  "a.slice:b:",    "a:b:c",
					  "-a.slice:b:c",   "a-.slice:b:c",  "a--b.slice:x:y",
					  "a.slice:b/c:d",  "a.slice:b:c d", "a.slice:b:c\nd",
					  "../x.slice:b:c", ".slice:b:c",    "a.slice::--x.slice"};
	for (size_t i = 0; i < array_size(bad); i++) {
		struct scope_name name;
		err = (struct error){0};
		ck_assert_msg(scope_name_parse(bad[i], "box", false, &name, &err) < 0,
			      "%s was taken", bad[i]);
		ck_assert_msg(strstr(err.message, "linux.cgroupsPath"), "%s", err.message);
	}
	char longest[400] = ":p:";
	memset(longest + 3, 'x', 300);
	struct scope_name name;
	ck_assert_int_lt(scope_name_parse(longest, "box", false, &name, &err), 0);
	ck_assert(scope_name_is_triple("::x") && !scope_name_is_triple("a/b:c:d") &&
		  !scope_name_is_triple(":x") && !scope_name_is_triple(NULL) &&
		  !scope_name_is_triple("a:b:c:d"));
}
END_TEST

static void expect_slice(const char *slice, const char *path)
{
	auto_text struct text text = {0};
	err = (struct error){0};
	ck_assert_msg(scope_slice_path(slice, &text, &err) == 0, "%s", err.message);
	ck_assert_str_eq(text_string(&text), path);
}

START_TEST(slices)
{
	expect_slice("-.slice", "");
	expect_slice("a.slice", "/a.slice");
	expect_slice("a-b-c.slice", "/a.slice/a-b.slice/a-b-c.slice");
	expect_slice("system-getty.slice", "/system.slice/system-getty.slice");
}
END_TEST

// ---- properties ------------------------------------------------------------------------------------

// "NAME signature element|element;" for each property
static void show(const struct scope_properties *properties, struct text *text)
{
	for (size_t i = 0; i < properties->count; i++) {
		const struct scope_property *p = &properties->items[i];
		const char *element = text_string(&p->value);
		text_printf(text, "%s %s ", p->name, p->signature);
		for (size_t k = 0; k < p->count; k++) {
			if (strcmp(p->signature, "ay") == 0) {
				text_printf(text, "%02x", (unsigned char)p->value.data[k]);
				continue;
			}
			text_printf(text, "%s%s", k ? "|" : "", element);
			element += strlen(element) + 1;
		}
		text_add(text, ";");
	}
}

static void expect(const char *resources, const char *wanted)
{
	const struct spec *spec;
	struct spec_error why;
	auto_text struct text text = {0};
	struct scope_properties properties = {0};
	err = (struct error){0};
	ck_assert_msg(spec_parse_resources(resources, strlen(resources), &spec, &why) == 0, "%s",
		      why.reason);
	ck_assert_msg(scope_properties_add_resources(&properties, &spec->linux_.resources, &err) ==
			      0,
		      "%s", err.message);
	show(&properties, &text);
	ck_assert_str_eq(text_string(&text), wanted);
	for (size_t i = 0; i < properties.count; i++)
		ck_assert(properties.items[i].optional);
	scope_properties_done(&properties);
	spec_free(spec);
}

#define INFINITE "18446744073709551615"

START_TEST(limits)
{
	expect("{}", "");
	expect("{\"pids\":{\"limit\":0}}", "TasksMax t 1;");
	expect("{\"pids\":{\"limit\":-1}}", "TasksMax t " INFINITE ";");
	expect("{\"memory\":{\"limit\":1000000,\"swap\":3000000,\"reservation\":5}}",
	       "MemorySwapMax t 2000000;MemoryMax t 1000000;MemoryLow t 5;");
	expect("{\"memory\":{\"limit\":-1}}",
	       "MemorySwapMax t " INFINITE ";MemoryMax t " INFINITE ";");
	expect("{\"cpu\":{\"shares\":1024}}", "CPUWeight t 100;");
	expect("{\"cpu\":{\"shares\":1024,\"idle\":1}}", "CPUWeight t 0;");
	expect("{\"cpu\":{\"idle\":0}}", "CPUWeight t " INFINITE ";");
	expect("{\"cpu\":{\"shares\":1024,\"idle\":0}}", "CPUWeight t 100;");
	expect("{\"cpu\":{\"idle\":1},\"unified\":{\"cpu.weight\":\"50\"}}", "CPUWeight t 0;");
	// up to whole hundredths of a processor
	expect("{\"cpu\":{\"quota\":20500,\"period\":100000}}",
	       "CPUQuotaPeriodUSec t 100000;CPUQuotaPerSecUSec t 210000;");
	expect("{\"cpu\":{\"quota\":20000}}", "CPUQuotaPerSecUSec t 200000;");
	expect("{\"cpu\":{\"period\":50000}}", "CPUQuotaPeriodUSec t 50000;");
	expect("{\"cpu\":{\"quota\":-1}}", "CPUQuotaPerSecUSec t " INFINITE ";");
	expect("{\"cpu\":{\"quota\":1000,\"period\":3000}}",
	       "CPUQuotaPeriodUSec t 3000;CPUQuotaPerSecUSec t 340000;");
	expect("{\"cpu\":{\"cpus\":\"0-2,7,9\",\"mems\":\"0\"}}",
	       "AllowedCPUs ay 8702;AllowedMemoryNodes ay 01;");
	expect("{\"blockIO\":{\"weight\":10}}", "IOWeight t 1;");
	expect("{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":10}]}}", "");
}
END_TEST

START_TEST(unified)
{
	expect("{\"unified\":{\"memory.high\":\"1000\",\"memory.min\":\"max\",\"memory.zswap.max\":"
	       "\"7\"}}",
	       "MemoryHigh t 1000;MemoryMin t " INFINITE ";MemoryZSwapMax t 7;");
	expect("{\"unified\":{\"cpu.max\":\"5000 10000\"}}",
	       "CPUQuotaPeriodUSec t 10000;CPUQuotaPerSecUSec t 500000;");
	expect("{\"unified\":{\"cpu.max\":\"max 10000\"}}",
	       "CPUQuotaPeriodUSec t 10000;CPUQuotaPerSecUSec t " INFINITE ";");
	expect("{\"unified\":{\"cpu.weight\":\"3\",\"pids.max\":\"9\",\"cpuset.cpus\":\"1\"}}",
	       "CPUWeight t 3;TasksMax t 9;AllowedCPUs ay 02;");
	expect("{\"unified\":{\"memory.oom.group\":\"1\"}}", "OOMPolicy s kill;");
	expect("{\"unified\":{\"io.weight\":\"default 50\"}}", "IOWeight t 50;");
	expect("{\"unified\":{\"io.weight\":\"8:0 50\",\"hugetlb.2MB.max\":\"0\"}}", "");
	// it wins, as with the files
	expect("{\"pids\":{\"limit\":5},\"unified\":{\"pids.max\":\"6\"}}", "TasksMax t 6;");
	// what is no number is for the kernel to refuse
	expect("{\"unified\":{\"memory.high\":\"lots\",\"cpu.max\":\"1 0\"}}", "");
}
END_TEST

START_TEST(bitmaps)
{
	static const char *const bad[] = {"x",   "1-", "3-1",      "1,", ",1",
					  "1;2", "-1", "99999999", "1 2"};
	for (size_t i = 0; i < array_size(bad); i++) {
		auto_text struct text text = {0};
		ck_assert_msg(scope_bitmap(bad[i], &text) < 0, "%s", bad[i]);
	}
	auto_text struct text text = {0};
	ck_assert_int_eq(scope_bitmap("64, 0 - 1", &text), 0);
	ck_assert_uint_eq(text.length, 9);
	ck_assert_int_eq(text.data[0], 3);
	ck_assert_int_eq(text.data[8], 1);
}
END_TEST

START_TEST(room)
{
	struct spec_resources wider, resources = {.pids_limit = {true, 1}};
	ck_assert(scope_make_room(&resources, &wider) && wider.pids_limit.value > 2);
	resources.pids_limit.value = 3;
	ck_assert(!scope_make_room(&resources, &wider) && wider.pids_limit.value == 3);
	resources.pids_limit.value = -1;
	ck_assert(!scope_make_room(&resources, &wider));
	resources.pids_limit = (struct spec_optional_i64){0};
	ck_assert(!scope_make_room(&resources, &wider));
}
END_TEST

// ---- devices ---------------------------------------------------------------------------------------

#define DRIVERS                                                                                    \
	"Character devices:\n  1 mem\n 10 misc\n136 pts\n226 drm\n\nBlock devices:\n  8 sd\n226 "  \
	"other\n"
#define DEFAULTS                                                                                   \
	"/dev/char/1:3|rwm|/dev/char/1:5|rwm|/dev/char/1:7|rwm|/dev/char/1:8|rwm|/dev/char/"       \
	"1:9|rwm|"                                                                                 \
	"/dev/char/5:0|rwm|/dev/char/5:2|rwm|/dev/char/"                                           \
	"10:200|rwm|char-pts|rwm|char-*|m|block-*|m;"

static void expect_devices(const char *resources, const char *wanted)
{
	const struct spec *spec;
	struct spec_error why;
	auto_text struct text text = {0};
	struct scope_properties properties = {0};
	ck_assert_msg(spec_parse_resources(resources, strlen(resources), &spec, &why) == 0, "%s",
		      why.reason);
	ck_assert_int_eq(scope_properties_add_devices(&properties, &spec->linux_.resources, NULL, 0,
						      DRIVERS, &err),
			 0);
	show(&properties, &text);
	ck_assert_str_eq(text_string(&text), wanted);
	scope_properties_done(&properties);
	spec_free(spec);
}

START_TEST(devices)
{
	expect_devices("{}", "DevicePolicy s strict;DeviceAllow a(ss) " DEFAULTS);
	expect_devices("{\"devices\":[{\"allow\":true,\"access\":\"rwm\"}]}",
		       "DevicePolicy s auto;DeviceAllow a(ss) ;");
	expect_devices("{\"devices\":[{\"allow\":false},{\"allow\":true,\"type\":\"c\",\"major\":"
		       "226,\"access\":\"rw\"}]}",
		       "DevicePolicy s strict;DeviceAllow a(ss) char-drm|rw|" DEFAULTS);
	expect_devices("{\"devices\":[{\"allow\":true,\"type\":\"b\",\"major\":8,\"minor\":1,"
		       "\"access\":\"r\"}]}",
		       "DevicePolicy s strict;DeviceAllow a(ss) /dev/block/8:1|r|" DEFAULTS);
	// no driver of that number, one minor of all drivers: wider, for the container's own program is exact
	expect_devices(
		"{\"devices\":[{\"allow\":true,\"type\":\"c\",\"major\":99,\"access\":\"r\"}]}",
		"DevicePolicy s strict;DeviceAllow a(ss) char-*|r|" DEFAULTS);
	expect_devices(
		"{\"devices\":[{\"allow\":true,\"type\":\"b\",\"minor\":3,\"access\":\"r\"}]}",
		"DevicePolicy s strict;DeviceAllow a(ss) block-*|r|" DEFAULTS);
	// an exception cannot be said
	expect_devices(
		"{\"devices\":[{\"allow\":true,\"type\":\"c\",\"major\":226,\"access\":\"r\"},"
		"{\"allow\":false,\"type\":\"c\",\"major\":226,\"minor\":0,\"access\":\"r\"}]}",
		"DevicePolicy s strict;DeviceAllow a(ss) char-drm|r|" DEFAULTS);
}
END_TEST

// ---- annotations -----------------------------------------------------------------------------------

static int annotate(const char *name, const char *value, struct scope_properties *properties)
{
	struct spec_string_pair pair = {name, value};
	struct spec spec;
	memset(&spec, 0, sizeof spec);
	spec.annotations = (struct spec_string_map){&pair, 1};
	err = (struct error){0};
	return scope_properties_add_annotations(properties, &spec, &err);
}

static void expect_annotation(const char *name, const char *value, const char *wanted)
{
	auto_text struct text text = {0};
	struct scope_properties properties = {0};
	ck_assert_msg(annotate(name, value, &properties) == 0, "%s", err.message);
	show(&properties, &text);
	ck_assert_str_eq(text_string(&text), wanted);
	for (size_t i = 0; i < properties.count; i++)
		ck_assert(!properties.items[i].optional);
	scope_properties_done(&properties);
}

#define P "org.systemd.property."

START_TEST(annotations)
{
	expect_annotation("other", "true", "");
	expect_annotation(P "DefaultDependencies", "true", "DefaultDependencies b true;");
	expect_annotation(P "CollectMode", "'inactive-or-failed'",
			  "CollectMode s inactive-or-failed;");
	expect_annotation(P "After", "['crio.service', \"x.service\"]",
			  "After as crio.service|x.service;");
	expect_annotation(P "After", "@as []", "After as ;");
	expect_annotation(P "TimeoutStopUSec", "uint64 10000000", "TimeoutStopUSec t 10000000;");
	expect_annotation(P "TimeoutStopUSec", "@t 18446744073709551615",
			  "TimeoutStopUSec t 18446744073709551615;");
	expect_annotation(P "TimeoutStopSec", "30", "TimeoutStopUSec t 30000000;");
	expect_annotation(P "TimeoutStopSec", "uint64 2", "TimeoutStopUSec t 2000000;");
	expect_annotation(P "TimeoutStopSec", "1.5", "TimeoutStopUSec t 1500000;");
	expect_annotation(P "TasksMax", "uint64 2", "TasksMax t 2;");
	expect_annotation(P "Something", " -5 ", "Something i -5;");
	expect_annotation(P "Something", "0x10", "Something i 16;");
	expect_annotation(P "Something", "int16 -32768", "Something n -32768;");
	expect_annotation(P "Something", "1.25", "Something d 1.25;");
	expect_annotation(P "Something", "[uint64 1, 2]", "Something at 1|2;");
	expect_annotation(P "Something", "[byte 1, 0xff]", "Something ay 01ff;");
	expect_annotation(P "Something", "'it\\'s\\n'", "Something s it's\n;");
}
END_TEST

START_TEST(bad_annotations)
{
	static const char *const bad[][2] = {
		{P "TasksMax", "uint64 1"},
		{P "Ab", "true"},
		{P "A b c", "true"},
		{P "Abc", ""},
		{P "Abc", "yes"},
		{P "Abc", "'open"},
		{P "Abc", "['a'"},
		{P "Abc", "['a', 1]"},
		{P "Abc", "[]"},
		{P "Abc", "(1, 2)"},
		{P "Abc", "[['a']]"},
		{P "Abc", "{'a': 1}"},
		{P "Abc", "byte 256"},
		{P "Abc", "uint64 -1"},
		{P "Abc", "uint32 1.5"},
		{P "Abc", "true false"},
		{P "Abc", "@as 'x'"},
		{P "Abc", "@(ss) 1"},
		{P "Abc", "3000000000"},
		{P "TimeoutStopSec", "'soon'"},
		{P "TimeoutStopSec", "-1"},
		{P "PIDs", "[uint32 1]"},
		{P "Slice", "'x.slice'"},
		{P "Abc", "boolean 1"},
		{P "Abc", "@"},
		{P "Abc", "@a"},
		{P "Abc", "["},
		{P "Abc", "'\\u'"},
	};
	for (size_t i = 0; i < array_size(bad); i++) {
		struct scope_properties properties = {0};
		ck_assert_msg(annotate(bad[i][0], bad[i][1], &properties) < 0, "%s=%s was taken",
			      bad[i][0], bad[i][1]);
		ck_assert_msg(strstr(err.message, bad[i][0]), "%s", err.message);
		scope_properties_done(&properties);
	}
}
END_TEST

static void expect_causes(int number, const char *config, const char *wanted)
{
	struct text text = {0};
	scope_name_causes(number, config, strlen(config), &text);
	ck_assert_str_eq(text_string(&text), wanted);
	text_done(&text);
}

START_TEST(causes_of_a_death)
{
	const char *config = "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},"
			     "\"annotations\":{\"" P "MemoryMax\":\"uint64 5\",\"" P "RuntimeMaxSec\":\"1\",\"other\":\"x\"},"
			     "\"linux\":{\"resources\":{\"memory\":{\"limit\":100},\"unified\":{\"memory.max\":\"7\"}}}}";
	expect_causes(SIGKILL, config,
		      "linux.resources.memory.limit = 100, linux.resources.unified[\"memory.max\"] = 7, "
		      "annotations[\"" P "MemoryMax\"] = uint64 5");
	expect_causes(SIGTERM, config, "annotations[\"" P "RuntimeMaxSec\"] = 1");
	expect_causes(SIGKILL, "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"}}", "");
	expect_causes(SIGKILL, "{", "");
}
END_TEST

START_TEST(names_of_types)
{
	static const char *const types[][2] = {{"t", "uint64"}, {"as", "array of string"}, {"ay", "array of byte"},
					       {"a(ss)", "a(ss) of D-Bus"}, {"a", "a of D-Bus"}, {"", " of D-Bus"}};
	for (size_t i = 0; i < array_size(types); i++) {
		char name[48];
		scope_type_name(types[i][0], name);
		ck_assert_str_eq(name, types[i][1]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cgroup_scope");
	TCase *names_case = tcase_create("names");
	tcase_add_test(names_case, names);
	tcase_add_test(names_case, bad_names);
	tcase_add_test(names_case, slices);
	suite_add_tcase(suite, names_case);
	TCase *properties_case = tcase_create("properties");
	tcase_add_test(properties_case, limits);
	tcase_add_test(properties_case, unified);
	tcase_add_test(properties_case, bitmaps);
	tcase_add_test(properties_case, room);
	tcase_add_test(properties_case, devices);
	tcase_add_test(properties_case, annotations);
	tcase_add_test(properties_case, bad_annotations);
	tcase_add_test(properties_case, causes_of_a_death);
	tcase_add_test(properties_case, names_of_types);
	suite_add_tcase(suite, properties_case);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
