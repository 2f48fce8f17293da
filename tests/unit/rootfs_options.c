// SPDX-License-Identifier: Apache-2.0
// mounts[].options: the table itself, every kind of word, and what is left for the file system. And the rules of
// the plan that need no kernel.
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libcontainer/base/text.h"
#include "libcontainer/rootfs/plan.h"

static struct arena arena;
static struct error err;
static struct mount_options options;

static void setup(void)
{
	arena = (struct arena){0};
	err = (struct error){0};
}

static void teardown(void)
{
	arena_free(&arena);
}

// words: separated by "|", because options may hold commas and blanks
static int parse(const char *words)
{
	static char copy[4096];
	static const char *items[64];
	struct spec_strings list = {items, 0};
	snprintf(copy, sizeof copy, "%s", words);
	for (char *word = strtok(copy, "|"); word; word = strtok(NULL, "|"))
		items[list.count++] = word;
	return mount_options_parse(&list, &arena, &options, &err);
}

START_TEST(table_is_sorted_and_complete)
{
	const char *const *names = rootfs_words_mount_options();
	static const char *const demanded[] = {
		"async",
		"atime",
		"bind",
		"defaults",
		"dev",
		"diratime",
		"dirsync",
		"exec",
		"iversion",
		"lazytime",
		"loud",
		"mand",
		"noatime",
		"nodev",
		"nodiratime",
		"noexec",
		"noiversion",
		"nolazytime",
		"nomand",
		"norelatime",
		"nostrictatime",
		"nosuid",
		"nosymfollow",
		"private",
		"rasync",
		"ratime",
		"rbind",
		"rdev",
		"rdirsync",
		"rdiratime",
		"relatime",
		"remount",
		"rexec",
		"rmand",
		"rnoatime",
		"rnodev",
		"rnodiratime",
		"rnoexec",
		"rnomand",
		"rnorelatime",
		"rnostrictatime",
		"rnosuid",
		"rnosymfollow",
		"ro",
		"rprivate",
		"rrelatime",
		"rro",
		"rrw",
		"rshared",
		"rslave",
		"rstrictatime",
		"rsuid",
		"rsync",
		"rsymfollow",
		"runbindable",
		"rw",
		"shared",
		"silent",
		"slave",
		"strictatime",
		"suid",
		"symfollow",
		"sync",
		"tmpcopyup",
		"unbindable",
		"idmap",
		"ridmap",
		"copy-symlink",
		"src-nofollow",
		"dest-nofollow",
	};
	size_t count = 0;
	for (; names[count]; count++) {
		if (count > 0)
			ck_assert_msg(strcmp(names[count - 1], names[count]) < 0, "%s is misplaced",
				      names[count]);
		ck_assert_int_eq(parse(names[count]), 0);
		ck_assert_msg(options.data_count == 0, "%s is not found", names[count]);
	}
	for (size_t i = 0; i < array_size(demanded); i++) {
		bool found = false;
		for (size_t j = 0; j < count; j++)
			found = found || text_equal(names[j], demanded[i]);
		ck_assert_msg(found, "%s is missing", demanded[i]);
	}
}
END_TEST

START_TEST(attributes)
{
	static const struct {
		const char *words;
		uint64_t set, clear, recursive_set, recursive_clear;
	} cases[] = {
		{"defaults", 0, 0, 0, 0},
		{"ro", 1, 0, 0, 0},
		{"rw", 0, 1, 0, 0},
		{"ro|rw", 0, 1, 0, 0},
		{"rw|ro", 1, 0, 0, 0},
		{"nosuid|nodev|noexec", 0xe, 0, 0, 0},
		{"nosuid|suid|dev|exec", 0, 0xe, 0, 0},
		{"noatime", 0x10, 0x70, 0, 0},
		{"strictatime", 0x20, 0x70, 0, 0},
		{"noatime|strictatime", 0x20, 0x70, 0, 0},
		{"strictatime|relatime", 0, 0x70, 0, 0},
		{"noatime|atime", 0, 0x70, 0, 0},
		{"nodiratime|nosymfollow", 0x200080, 0, 0, 0},
		{"diratime|symfollow", 0, 0x200080, 0, 0},
		{"rro", 0, 0, 1, 0},
		{"rrw|rnosuid|rnodev|rnoexec", 0, 0, 0xe, 1},
		{"rsuid|rdev|rexec", 0, 0, 0, 0xe},
		{"rnoatime|rnodiratime", 0, 0, 0x90, 0x70},
		{"rstrictatime|rdiratime", 0, 0, 0x20, 0xf0},
		{"rrelatime", 0, 0, 0, 0x70},
		{"rnosymfollow|ro", 1, 0, 0x200000, 0},
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		ck_assert_int_eq(parse(cases[i].words), 0);
		ck_assert_msg(options.set == cases[i].set && options.clear == cases[i].clear &&
				      options.recursive_set == cases[i].recursive_set &&
				      options.recursive_clear == cases[i].recursive_clear,
			      "%s: set %llx clear %llx recursive %llx %llx", cases[i].words,
			      (unsigned long long)options.set, (unsigned long long)options.clear,
			      (unsigned long long)options.recursive_set,
			      (unsigned long long)options.recursive_clear);
		ck_assert_uint_eq(options.data_count, 0);
	}
}
END_TEST

START_TEST(features_and_propagation)
{
	ck_assert_int_eq(parse("rbind|tmpcopyup|slave|rshared|sync|nolazytime|iversion"), 0);
	ck_assert(options.recursive_bind && options.copy_up && options.i_version && !options.bind);
	ck_assert_uint_eq(options.propagations_count, 2);
	ck_assert_uint_eq(options.propagations[0].type, KERNEL_MS_SLAVE);
	ck_assert(!options.propagations[0].recursive && options.propagations[1].recursive);
	ck_assert_uint_eq(options.superblock_count, 2);
	ck_assert_str_eq(options.superblock[0].key, "sync");
	ck_assert_str_eq(options.superblock[1].key, "nolazytime");
	ck_assert_int_eq(parse("ridmap=uids=0-1-2;gids=0-1-2"), 0);
	ck_assert(options.recursive_idmap && !options.idmap);
	ck_assert_str_eq(options.idmap_inline, "uids=0-1-2;gids=0-1-2");
	ck_assert_int_eq(parse("bind|src-nofollow|dest-nofollow|copy-symlink|idmap|remount"), 0);
	ck_assert(options.bind && options.source_no_follow && options.target_no_follow &&
		  options.copy_symlink && options.idmap && options.remount &&
		  !options.idmap_inline);
}
END_TEST

START_TEST(words_for_others_are_dropped)
{
	ck_assert_int_eq(parse("x-systemd.automount|_netdev|auto|noauto|user|nofail|comment=a,b|X-"
			       "mount.mkdir|silent|loud|mand"),
			 0);
	ck_assert_uint_eq(options.data_count, 0);
	ck_assert_uint_eq(options.set | options.clear | options.superblock_count, 0);
}
END_TEST

START_TEST(data)
{
	ck_assert_int_eq(parse("size=1m,mode=755|newinstance|Bind|context=\"a:b:c0,c1\"|upperdir=/"
			       "x\\,y,userxattr|e="),
			 0);
	ck_assert_uint_eq(options.data_count, 8);
	ck_assert_str_eq(mount_options_data(&options, "size"), "1m");
	ck_assert_str_eq(mount_options_data(&options, "mode"), "755");
	ck_assert_str_eq(mount_options_data(&options, "newinstance"), "");
	ck_assert_str_eq(mount_options_data(&options, "Bind"), "");
	ck_assert_str_eq(mount_options_data(&options, "context"), "a:b:c0,c1");
	ck_assert_str_eq(mount_options_data(&options, "upperdir"), "/x\\,y");
	ck_assert_str_eq(mount_options_data(&options, "e"), "");
	ck_assert_ptr_null(mount_options_data(&options, "no"));
	ck_assert_int_eq(parse("a=1|a=2"), 0);
	ck_assert_str_eq(mount_options_data(&options, "a"), "2");
	ck_assert_int_eq(parse(",,|,a,"), 0);
	ck_assert_uint_eq(options.data_count, 1);
	ck_assert_int_eq(parse("=x"), -1);
	ck_assert_int_eq(err.code, EINVAL);
	ck_assert_int_eq(parse(""), 0);
}
END_TEST

START_TEST(clean_paths)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"/", ""},
		{"//", ""},
		{"/a", "a"},
		{"a/b/", "a/b"},
		{"/a//b/./c", "a/b/c"},
		{"/a/../b", "b"},
		{"/../..", ""},
		{"../a", "a"},
		{"/a/b/../../..", ""},
		{"/proc/./", "proc"},
		{"/x/../proc/self", "proc/self"},
		{"/a/..b/...", "a/..b/..."},
		{"/a/b/../c", "a/c"},
	};
	for (size_t i = 0; i < array_size(cases); i++)
		ck_assert_str_eq(plan_clean_path(&arena, cases[i][0]), cases[i][1]);
	ck_assert(plan_is_below("proc", "proc") && plan_is_below("proc/x", "proc") &&
		  plan_is_below("a", ""));
	ck_assert(!plan_is_below("process", "proc") && !plan_is_below("", "proc"));
}
END_TEST

// ---- the plan -----------------------------------------------------------------------------------

static char remark[512];

static void note(void *unused, enum log_level level, const char *message)
{
	(void)unused;
	(void)level;
	snprintf(remark, sizeof remark, "%s", message);
}

static const char *plan(const char *rest, struct rootfs_options *how)
{
	static char config[4096], text[4096];
	struct spec_error spec_error;
	const struct spec *spec = NULL;
	struct rootfs *rootfs = NULL;
	const struct log log = {.level = log_level_warning, .emit = note};
	snprintf(config, sizeof config, "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"},%s}",
		 rest);
	ck_assert_msg(spec_parse(config, strlen(config), &spec, &spec_error) == 0, "%s: %s",
		      spec_error.path, spec_error.reason);
	how->bundle = "/b";
	remark[0] = '\0';
	err.message[0] = '\0';
	if (rootfs_plan(spec, how, &log, &rootfs, &err) < 0) {
		snprintf(text, sizeof text, "error: %s", err.message);
	} else {
		auto_text struct text shown = {0};
		rootfs_describe(rootfs, "- ", &shown);
		snprintf(text, sizeof text, "%s", text_string(&shown));
	}
	rootfs_free(rootfs);
	spec_free(spec);
	return text;
}

START_TEST(description)
{
	struct rootfs_options how = {.new_mount_namespace = true, .overlay = "tmpfs:size=1m"};
	ck_assert_str_eq(
		plan("\"mounts\":[{\"destination\":\"/x/../"
		     "y\",\"source\":\"d\",\"options\":[\"rbind\",\"ro\"]},"
		     "{\"destination\":\"/proc\",\"type\":\"proc\"}],"
		     "\"linux\":{\"namespaces\":[{\"type\":\"mount\"}],\"maskedPaths\":[\"/"
		     "m\"],\"readonlyPaths\":[\"/p\"]}",
		     &how),
		"- root /b/r\n- overlay on the root: tmpfs\n"
		"- mount /y: recursive bind of /b/d (rbind,ro)\n- mount /proc: new proc\n"
		"- device /dev/null\n- device /dev/zero\n- device /dev/full\n- device /dev/random\n"
		"- device /dev/urandom\n- device /dev/tty\n- read-only /p\n- mask /m\n");
}
END_TEST

START_TEST(without_mount_namespace)
{
	struct rootfs_options how = {0};
	ck_assert_ptr_nonnull(
		strstr(plan("\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\"}]", &how),
		       "mount /proc"));
	ck_assert_ptr_nonnull(strstr(remark, "no mount namespace"));
	how.overlay = "tmpfs";
	ck_assert_str_eq(plan("\"mounts\":[]", &how),
			 "error: an overlay needs a mount namespace of the container's own");
	// without mounts there is nothing to say
	how.overlay = NULL;
	plan("\"mounts\":[]", &how);
	ck_assert_str_eq(remark, "");
}
END_TEST

START_TEST(plan_errors)
{
	static const char *const cases[][2] = {
		{"{\"destination\":\"/a\"}", "mounts[0] /a: no type, and options name no bind"},
		{"{\"destination\":\"/a\",\"type\":\"bind\"}",
		 "mounts[0] /a: a bind needs a source"},
		{"{\"destination\":\"/a\",\"type\":\"proc\",\"options\":[\"copy-symlink\"]}",
		 "are for binds only"},
		{"{\"destination\":\"/\",\"type\":\"tmpfs\",\"options\":[\"remount\"]}",
		 "not a remount"},
		{"{\"destination\":\"//proc/\",\"type\":\"tmpfs\"}", "only procfs"},
		{"{\"destination\":\"/proc/sys/kernel\",\"type\":\"tmpfs\"}",
		 "a mount inside of /proc is refused"},
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		char mounts[512];
		struct rootfs_options how = {.new_mount_namespace = true};
		snprintf(mounts, sizeof mounts, "\"mounts\":[%s]", cases[i][0]);
		const char *text = plan(mounts, &how);
		ck_assert_msg(strstr(text, cases[i][1]) &&
				      strncmp(text, "error: mounts[0]", 16) == 0,
			      "%s", text);
	}
	struct rootfs_options how = {.new_mount_namespace = true, .overlay = ""};
	ck_assert_ptr_nonnull(strstr(plan("\"mounts\":[]", &how), "error: overlay: wants"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		table_is_sorted_and_complete,
		attributes,
		features_and_propagation,
		words_for_others_are_dropped,
		data,
		clean_paths,
		description,
		without_mount_namespace,
		plan_errors,
	};
	Suite *suite = suite_create("rootfs_options");
	TCase *cases = tcase_create("words");
	tcase_add_checked_fixture(cases, setup, teardown);
	for (size_t i = 0; i < array_size(tests); i++)
		tcase_add_test(cases, tests[i]);
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
