// SPDX-License-Identifier: Apache-2.0
// The two ways of looking a path up, compared: whatever openat2 finds or refuses, the walk by hand must find or refuse
// with the same error. First a table of the cases that went wrong in history, then random trees.
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/path.h"
#include "libcontainer/kernel/path_walk.h"
#include "libcontainer/kernel/syscalls.h"

static char base[64];
static int root_fd = -1;

static void make_tree(void)
{
	static const char *const directories[] = {"a", "a/b", "a/b/c", "a/closed", "outside"};
	static const char *const links[][2] = {
		{"a/up", ".."},
		{"a/top", "/"},
		{"a/file-link", "b/file"},
		{"abs", "/a/b"},
		{"chain1", "chain2"},
		{"chain2", "/a/chain3"},
		{"a/chain3", "b/../b"},
		{"loop", "loop"},
		{"ping", "pong"},
		{"pong", "ping"},
		{"dangling", "no/such"},
		{"a/out", "../../../../etc"},
		{"slash", "a/b/"},
		{"dot", "."},
		{"a/b/deep", "../../a/./b//c"},
		{"abs-dangling", "/new/place"},
	};
	for (size_t i = 0; i < array_size(directories); i++)
		ck_assert_int_eq(mkdirat(root_fd, directories[i], 0755), 0);
	for (size_t i = 0; i < array_size(links); i++)
		ck_assert_int_eq(symlinkat(links[i][1], root_fd, links[i][0]), 0);
	ck_assert_int_eq(mknodat(root_fd, "a/b/file", S_IFREG | 0644, 0), 0);
	ck_assert_int_eq(mknodat(root_fd, "a/fifo", S_IFIFO | 0644, 0), 0);
	// a row of 45 links: 40 may be followed
	for (int i = 0; i < 45; i++) {
		char name[16], text[16];
		snprintf(name, sizeof name, "row%d", i);
		snprintf(text, sizeof text, i ? "row%d" : "a", i - 1);
		ck_assert_int_eq(symlinkat(text, root_fd, name), 0);
	}
}

static void setup(void)
{
	(void)umask(0);
	snprintf(base, sizeof base, "/tmp/husk-path-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(base));
	ck_assert_int_eq(chmod(base, 0755), 0);
	root_fd = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root_fd, 0);
	make_tree();
}

static void teardown(void)
{
	char command[128];
	(void)!fchmodat(root_fd, "a/b", 0755, 0);
	close(root_fd);
	snprintf(command, sizeof command, "rm -rf %s", base);
	ck_assert_int_eq(system(command), 0);
}

// ---- comparing ----------------------------------------------------------------------------------

static int by_kernel(const char *path, const struct path_request *request)
{
	struct kernel_open_how how = {
		.flags = (uint64_t)(unsigned)(request->flags | O_CLOEXEC |
					      (request->no_follow ? O_NOFOLLOW : 0)),
		.resolve = KERNEL_RESOLVE_IN_ROOT | KERNEL_RESOLVE_NO_MAGICLINKS |
			   (request->rule == path_rule_strict ? KERNEL_RESOLVE_NO_SYMLINKS : 0),
	};
	// any rename on the machine can make a look-up with ".." fail with EAGAIN; and the links that the kernel followed in an attempt
	// without locks, which it gave up, count against the limit of the next one
	int fd, again = 5;
	do
		fd = sys_openat2(root_fd, *path ? path : ".", &how);
	while (fd < 0 && (errno == EAGAIN || (errno == ELOOP && again-- > 0)));
	return fd;
}

static void compare(const char *path, const struct path_request *request)
{
	struct stat one, other;
	errno = 0;
	auto_close int kernel = by_kernel(path, request);
	int kernel_error = kernel < 0 ? errno : 0;
	errno = 0;
	auto_close int hand = path_walk(root_fd, path, request);
	int hand_error = hand < 0 ? errno : 0;
	ck_assert_msg(kernel_error == hand_error,
		      "'%.200s' flags %o rule %d no_follow %d: openat2 says %s, walk %s", path,
		      (unsigned)request->flags, (int)request->rule, request->no_follow,
		      strerror(kernel_error), strerror(hand_error));
	if (kernel < 0)
		return;
	ck_assert_int_eq(fstat(kernel, &one), 0);
	ck_assert_int_eq(fstat(hand, &other), 0);
	ck_assert_msg(one.st_dev == other.st_dev && one.st_ino == other.st_ino,
		      "'%s' leads to two places", path);
	const int kept = O_PATH | O_ACCMODE | O_NONBLOCK;
	ck_assert_int_eq(fcntl(kernel, F_GETFL) & kept, fcntl(hand, F_GETFL) & kept);
	ck_assert_int_eq(fcntl(hand, F_GETFD), FD_CLOEXEC);
}

static void compare_all(const char *path)
{
	static const int flags[] = {O_PATH, O_PATH | O_DIRECTORY, O_RDONLY | O_NONBLOCK};
	for (size_t i = 0; i < array_size(flags); i++)
		for (int strict = 0; strict < 2; strict++)
			for (int no_follow = 0; no_follow < 2; no_follow++) {
				struct path_request request = {
					.flags = flags[i],
					.rule = strict ? path_rule_strict : path_rule_scoped,
					.no_follow = no_follow,
				};
				// a link cannot be opened for reading: not a case that path.h offers
				if (no_follow && flags[i] != O_PATH)
					continue;
				compare(path, &request);
			}
}

static bool has_openat2(void)
{
	struct path_request request = {.flags = O_PATH};
	auto_close int kernel = by_kernel("a", &request);
	if (kernel < 0)
		printf("kernel_path: no openat2 here (%s), nothing to compare with\n",
		       strerror(errno));
	return kernel >= 0;
}

START_TEST(corpus)
{
	static const char *const paths[] = {
		"",
		"/",
		".",
		"..",
		"a",
		"a/",
		"/a/",
		"//a//b",
		"a/b/c",
		"a/b/c/",
		"a/./b/.",
		"a/..",
		"a/../..",
		"../../a",
		"a/b/../../a/b/c/..",
		"a/b/file",
		"a/b/file/",
		"a/b/file/.",
		"a/b/file/..",
		"a/up",
		"a/up/",
		"a/up/a/up/a/b",
		"a/top",
		"a/top/a/top/a/b/c",
		"a/file-link",
		"a/file-link/",
		"abs",
		"abs/c",
		"abs/../b",
		"chain1",
		"chain1/",
		"chain1/c",
		"chain2/file",
		"loop",
		"loop/",
		"loop/x",
		"ping",
		"ping/..",
		"dangling",
		"dangling/",
		"dangling/x",
		"a/out",
		"a/out/passwd",
		"slash",
		"slash/",
		"slash/file",
		"dot",
		"dot/dot/dot/a",
		"a/b/deep",
		"a/b/deep/",
		"a/b/deep/..",
		"no",
		"no/",
		"no/..",
		"no/such",
		"a/fifo",
		"a/fifo/",
		"row39",
		"row40",
		"row38/b",
		"row39/b",
		"row40/b",
		"row44",
		"row20/../row20/b",
		"row19/../row19/b",
		"abs-dangling",
	};
	if (!has_openat2())
		return;
	for (size_t i = 0; i < array_size(paths); i++)
		compare_all(paths[i]);
}
END_TEST

START_TEST(lengths)
{
	static char path[3 * PATH_MAX];
	if (!has_openat2())
		return;
	for (size_t length = 250; length < 260; length++) {
		memset(path, 'x', length);
		path[length] = '\0';
		compare_all(path);
		memcpy(path, "a/", 2);
		compare_all(path);
	}
	static const size_t sizes[] = {4090, 4094, 4095, 4096, 4097, 8000};
	for (size_t i = 0; i < array_size(sizes); i++) {
		memset(path, '/', sizes[i]);
		path[sizes[i]] = '\0';
		path[1] = 'a';
		compare_all(path);
		for (size_t j = 0; j + 1 < sizes[i]; j += 2)
			memcpy(path + j, "./", 2);
		compare_all(path);
	}
	// deeper than a path can be said in one go, through links
	for (size_t j = 0; j < 4090; j += 2)
		memcpy(path + j, "a/", 2);
	path[4090] = '\0';
	compare_all(path);
}
END_TEST

START_TEST(deep_directories)
{
	char path[512] = "";
	if (!has_openat2())
		return;
	for (int i = 0; i < 60; i++) {
		snprintf(path + strlen(path), sizeof path - strlen(path), "%sd%d", i ? "/" : "", i);
		ck_assert_int_eq(mkdirat(root_fd, path, 0755), 0);
		compare_all(path);
	}
	for (int i = 0; i < 60; i++) {
		strcat(path, "/..");
		compare_all(path);
	}
}
END_TEST

START_TEST(procfs_links)
{
	static const char *const paths[] = {
		"self",      "self/",         "self/status",   "thread-self",
		"mounts",    "net",           "net/dev",       "self/exe",
		"self/root", "self/root/etc", "self/cwd",      "self/cwd/..",
		"self/fd/0", "self/ns/mnt",   "self/ns/mnt/x", "version",
	};
	if (!has_openat2())
		return;
	close(root_fd);
	root_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root_fd, 0);
	for (size_t i = 0; i < array_size(paths); i++)
		compare_all(paths[i]);
}
END_TEST

START_TEST(closed_directories)
{
	if (getuid() == 0)
		ck_assert_int_eq(setresuid((uid_t)-1, 65534, 0), 0);
	ck_assert_int_eq(fchmodat(root_fd, "a/b", 0, 0) < 0 && errno != EPERM, 0);
	if (seteuid(0) == 0) {
		ck_assert_int_eq(fchmodat(root_fd, "a/b", 0, 0), 0);
		ck_assert_int_eq(seteuid(65534), 0);
	}
	if (!has_openat2())
		return;
	compare_all("a/b");
	compare_all("a/b/c");
	compare_all("a/b/c/..");
	compare_all("a/b/no");
	compare_all("abs/file");
	auto_close int fd = path_open(root_fd, "a/b/c", O_PATH, path_rule_scoped);
	ck_assert_int_lt(fd, 0);
	ck_assert_int_eq(errno, EACCES);
	ck_assert_int_eq(seteuid(0) == 0 || getuid() != 0, 1);
}
END_TEST

// Trees and paths from a seed that is printed, so that a failure can be had again.
static unsigned long long seed;

static unsigned next_random(unsigned below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(seed >> 33) % below;
}

static void random_path(char *path, size_t size, unsigned parts)
{
	static const char *const words[] = {"a", "b", "c", "d", "..", ".", "", "x"};
	path[0] = '\0';
	for (unsigned i = 0; i < parts; i++) {
		if (i || next_random(4) == 0)
			strncat(path, "/", size - strlen(path) - 1);
		strncat(path, words[next_random(array_size(words))], size - strlen(path) - 1);
	}
	if (next_random(6) == 0)
		strncat(path, "/", size - strlen(path) - 1);
}

static void random_object(void)
{
	char path[128], text[128];
	random_path(path, sizeof path, 1 + next_random(3));
	random_path(text, sizeof text, 1 + next_random(4));
	struct path_request request = {
		.flags = O_PATH | O_DIRECTORY, .make = path_make_directories, .mode = 0755};
	unsigned kind = next_random(3);
	char name[256];
	auto_close int fd = kind == 0
				    ? path_walk(root_fd, path, &request)
				    : path_open_parent(root_fd, path, true, path_rule_scoped, name);
	if (fd < 0 || kind == 0)
		return;
	int made = kind == 1 ? mknodat(fd, name, S_IFREG | 0644, 0)
			     : symlinkat(*text ? text : "a", fd, name);
	ck_assert(made == 0 || errno == EEXIST);
}

START_TEST(random_trees)
{
	if (!has_openat2())
		return;
	seed = (unsigned long long)_i * 7919 + 1;
	close(root_fd);
	char path[128];
	snprintf(path, sizeof path, "%s/outside", base);
	root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root_fd, 0);
	for (int i = 0; i < 40; i++)
		random_object();
	for (int i = 0; i < 300; i++) {
		random_path(path, sizeof path, 1 + next_random(6));
		compare_all(path);
	}
	// whatever the links said, everything made is below the root
	struct stat st;
	snprintf(path, sizeof path, "%s/x", base);
	ck_assert_int_eq(lstat(path, &st), -1);
}
END_TEST

// ---- making -------------------------------------------------------------------------------------

static void expect_made(int fd, const char *where, mode_t type)
{
	struct stat made, found;
	auto_close int owned = fd;
	ck_assert_msg(owned >= 0, "%s: %s", where, strerror(errno));
	ck_assert_int_eq(fstat(owned, &made), 0);
	ck_assert_int_eq(fstatat(root_fd, where, &found, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_msg(made.st_ino == found.st_ino && made.st_dev == found.st_dev, "not at %s",
		      where);
	ck_assert_uint_eq(found.st_mode, type);
}

static void expect_errno(int fd, int code)
{
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(errno, code);
}

// What was made goes again, the deepest first, and nothing that holds something by then.
START_TEST(unmaking)
{
	struct path_made made = {0};
	char name[256];
	close(path_make(root_fd, "u/v/w", S_IFDIR | 0755, path_rule_scoped, &made));
	close(path_make(root_fd, "u/x/f", S_IFREG | 0644, path_rule_strict, &made));
	close(path_make(root_fd, "a/b/file", S_IFREG | 0644, path_rule_scoped, &made));
	close(path_make(root_fd, "a/b/new", S_IFDIR | 0755, path_rule_scoped, &made));
	close(path_make(root_fd, "kept/d", S_IFREG | 0644, path_rule_scoped, &made));
	close(path_make_parent(root_fd, "p/q/last", path_rule_scoped, name, &made));
	ck_assert_uint_eq(made.count, 10);
	int fd = openat(root_fd, "kept/d", O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	close(fd);
	path_unmake(&made);
	path_made_done(&made);
	static const char *const gone[] = {"u", "a/b/new", "p"};
	for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
		ck_assert_int_eq(faccessat(root_fd, gone[i], F_OK, 0), -1);
	ck_assert_int_eq(faccessat(root_fd, "a/b/file", F_OK, 0), 0);
	ck_assert_int_eq(faccessat(root_fd, "kept/d", F_OK, 0), 0);
}
END_TEST

START_TEST(making)
{
	enum path_rule scoped = path_rule_scoped, strict = path_rule_strict;
	expect_made(path_make_directory(root_fd, "a/b/c", 0700, scoped), "a/b/c", S_IFDIR | 0755);
	expect_made(path_make_directory(root_fd, "a/new", 0711, scoped), "a/new", S_IFDIR | 0711);
	expect_made(path_make_directory(root_fd, "/p/q/r/", 0755, strict), "p/q/r", S_IFDIR | 0755);
	expect_made(path_make_directory(root_fd, "abs/made", 0755, scoped), "a/b/made",
		    S_IFDIR | 0755);
	expect_made(path_make_directory(root_fd, "abs-dangling", 0755, scoped), "new/place",
		    S_IFDIR | 0755);
	expect_made(path_make_directory(root_fd, "dangling/more", 0755, scoped), "no/such/more",
		    S_IFDIR | 0755);
	expect_made(path_make_directory(root_fd, "a/out/x", 0755, scoped), "etc/x", S_IFDIR | 0755);
	expect_made(path_make_directory(root_fd, "../../../up", 0755, scoped), "up",
		    S_IFDIR | 0755);
	expect_made(path_make_directory(root_fd, "m/../n", 0755, scoped), "n", S_IFDIR | 0755);
	expect_errno(path_make_directory(root_fd, "a/b/file", 0755, scoped), ENOTDIR);
	expect_errno(path_make_directory(root_fd, "a/b/file/x", 0755, scoped), ENOTDIR);
	expect_errno(path_make_directory(root_fd, "loop/x", 0755, scoped), ELOOP);
	expect_errno(path_make_directory(root_fd, "abs/y", 0755, strict), ELOOP);
	expect_errno(path_make_directory(root_fd, "a/up", 0755, strict), ELOOP);
	expect_made(path_make_file(root_fd, "a/b/file", 0600, scoped), "a/b/file", S_IFREG | 0644);
	expect_made(path_make_file(root_fd, "a/f", 0600, scoped), "a/f", S_IFREG | 0600);
	expect_made(path_make_file(root_fd, "f1/f2/f3", 0644, strict), "f1/f2/f3", S_IFREG | 0644);
	expect_made(path_make_file(root_fd, "a/b", 0644, scoped), "a/b", S_IFDIR | 0755);
	ck_assert_int_eq(symlinkat("/g/h", root_fd, "to-file"), 0);
	expect_made(path_make_file(root_fd, "to-file", 0644, scoped), "g/h", S_IFREG | 0644);
	expect_errno(path_make_file(root_fd, "to-file", 0644, strict), ELOOP);
	expect_errno(path_make_file(root_fd, "nothing/", 0644, scoped), EISDIR);
	expect_errno(path_open(root_fd, "z", O_RDWR | O_CREAT, scoped), EINVAL);
}
END_TEST

START_TEST(parents)
{
	char name[256];
	auto_close int one = path_open_parent(root_fd, "a/b/last", false, path_rule_scoped, name);
	ck_assert_int_ge(one, 0);
	ck_assert_str_eq(name, "last");
	auto_close int two = path_open_parent(root_fd, "top", false, path_rule_strict, name);
	ck_assert_int_ge(two, 0);
	ck_assert_str_eq(name, "top");
	expect_errno(path_open_parent(root_fd, "no/no/last", false, path_rule_scoped, name),
		     ENOENT);
	auto_close int three =
		path_open_parent(root_fd, "made/for/last", true, path_rule_scoped, name);
	ck_assert_int_ge(three, 0);
	struct stat st;
	ck_assert_int_eq(fstatat(root_fd, "made/for", &st, 0), 0);
	expect_errno(path_open_parent(root_fd, "abs/last", true, path_rule_strict, name), ELOOP);
	static const char *const bad[] = {"", "/", ".", "..", "a/.", "a/..", "a/"};
	for (size_t i = 0; i < array_size(bad); i++)
		expect_errno(path_open_parent(root_fd, bad[i], true, path_rule_scoped, name),
			     EINVAL);
}
END_TEST

START_TEST(no_follow)
{
	struct stat st;
	auto_close int link = path_open_no_follow(root_fd, "a/file-link", path_rule_strict);
	ck_assert_int_eq(fstat(link, &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	auto_close int file = path_open_no_follow(root_fd, "abs/file", path_rule_scoped);
	ck_assert_int_eq(fstat(file, &st), 0);
	ck_assert(S_ISREG(st.st_mode));
	expect_errno(path_open_no_follow(root_fd, "abs/file", path_rule_strict), ELOOP);
}
END_TEST

// Somebody exchanges a directory and a link out of the root as fast as possible: neither way may ever get out.
START_TEST(rename_storm)
{
	struct stat outside, st;
	char path[128];
	snprintf(path, sizeof path, "%s/outside", base);
	int inner = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(inner, 0);
	ck_assert_int_eq(mkdirat(inner, "d", 0755), 0);
	ck_assert_int_eq(mkdirat(inner, "d/e", 0755), 0);
	ck_assert_int_eq(symlinkat("../../a", inner, "l"), 0);
	ck_assert_int_eq(fstatat(root_fd, "a/b", &outside, 0), 0);
	ck_assert_int_eq(mkdirat(root_fd, "a/e", 0755), 0);
	ck_assert_int_eq(fstatat(root_fd, "a/e", &outside, 0), 0);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		for (prctl(PR_SET_PDEATHSIG, SIGKILL);;)
			renameat2(inner, "d", inner, "l", 2 /* RENAME_EXCHANGE */);
	int found = 0;
	for (int i = 0; i < 20000; i++) {
		struct path_request request = {.flags = O_PATH};
		int fd = i % 2 ? path_open(inner, "d/e", O_PATH, path_rule_scoped)
			       : path_walk(inner, i % 4 ? "d/../d/e" : "d/e", &request);
		if (fd < 0) {
			ck_assert_msg(errno == ENOENT || errno == ENOTDIR || errno == ELOOP, "%s",
				      strerror(errno));
			continue;
		}
		found++;
		ck_assert_int_eq(fstat(fd, &st), 0);
		ck_assert_uint_ne(st.st_ino, outside.st_ino);
		close(fd);
	}
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_gt(found, 0);
	close(inner);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		corpus, lengths,  deep_directories, procfs_links, closed_directories,
		making, unmaking, parents,          no_follow,    rename_storm,
	};
	Suite *suite = suite_create("kernel_path");
	TCase *cases = tcase_create("paths");
	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, setup, teardown);
	for (size_t i = 0; i < array_size(tests); i++)
		tcase_add_test(cases, tests[i]);
	tcase_add_loop_test(cases, random_trees, 0, 40);
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
