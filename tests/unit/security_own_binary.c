// SPDX-License-Identifier: Apache-2.0
// The protection of the program's own file, on this very program: each test runs it again with a word, and that
// process protects itself and looks what has become of it. Works for static, position-independent and instrumented builds.
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/security/own_pages.h"
#include "libcontainer/security/security.h"

// Content that must survive the move: constant, relocated, changed at run time, zero.
static const char constant[] = "constant";
static const char *const relocated[] = {constant, "second"};
static int changed = 1;
static char zeroed[10000];
static char beside[4096];  // the program's directory

static int content_is_right(void)
{
	return changed == 2 && zeroed[0] == 0 && zeroed[9999] == 7 && strcmp(relocated[0], "constant") == 0 &&
	       strcmp(relocated[1], "second") == 0;
}

// Whether a mapping of this process shows the file.
static int maps_show(const struct stat *file)
{
	char line[8192];
	int found = 0;
	FILE *maps = fopen("/proc/self/maps", "re");
	if (!maps)
		return -1;
	while (fgets(line, sizeof line, maps)) {
		unsigned long inode = 0;
		if (sscanf(line, "%*s %*s %*s %*s %lu", &inode) == 1 && inode == file->st_ino)
			found = 1;
	}
	fclose(maps);
	return found;
}

static const char *own_link(void)
{
	static char target[4096];
	ssize_t length = readlink("/proc/self/exe", target, sizeof target - 1);
	target[length > 0 ? length : 0] = '\0';
	return target;
}

static double now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

// Text may still be mapped from the file, through a mount of its own: then that mount must be read-only.
static bool a_mapping_is_writable(const struct stat *file)
{
	bool found = false;
	DIR *maps = opendir("/proc/self/map_files");
	const struct dirent *entry;
	while (maps && (entry = readdir(maps)) != NULL) {
		struct stat st;
		auto_close int fd = openat(dirfd(maps), entry->d_name, O_RDWR | O_CLOEXEC);
		if (fd >= 0 && fstat(fd, &st) == 0 && st.st_ino == file->st_ino && st.st_dev == file->st_dev)
			found = true;
	}
	if (maps)
		closedir(maps);
	return found;
}

// Whether a descriptor of the file leads to what is beside it on its file system; -1: that one has no handles.
static int is_an_anchor(int file)
{
	struct {
		struct file_handle head;
		unsigned char room[MAX_HANDLE_SZ];
	} handle = {.head = {.handle_bytes = MAX_HANDLE_SZ}};
	int mount;
	struct stat st;
	if (name_to_handle_at(AT_FDCWD, beside, &handle.head, &mount, 0) < 0)
		return -1;
	auto_close int there = open_by_handle_at(file, &handle.head, O_RDONLY | O_CLOEXEC);
	return there >= 0 && fstat(there, &st) == 0 && S_ISDIR(st.st_mode);
}

static int nothing_leads_to_the_file(const struct stat *before)
{
	static const char text[] = "overwritten";
	char *const arguments[] = {(char[]){"x"}, NULL};
	struct stat after;
	if (stat("/proc/self/exe", &after) < 0 || after.st_ino == before->st_ino || after.st_size != 0)
		return 10;
	auto_close int readable = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (readable < 0 || is_an_anchor(readable) == 1)
		return 14;
	if (a_mapping_is_writable(before))
		return 11;
	int writable = open("/proc/self/exe", O_WRONLY | O_CLOEXEC);
	if (writable >= 0 && (write(writable, text, sizeof text) >= 0 || ftruncate(writable, 100) == 0))
		return 12;
	if (execv("/proc/self/exe", arguments) == 0 || errno == ENOENT)
		return 13;
	return 0;
}

// by_name: the text is mapped through a mount of the program's directory, where it has its name; otherwise of the file alone, or from memory.
static bool is_mapped(bool by_name)
{
	char line[8192], wanted[512];
	bool found = false;
	snprintf(wanted, sizeof wanted, " /%s\n", program_invocation_short_name);
	FILE *maps = fopen("/proc/self/maps", "re");
	while (maps && fgets(line, sizeof line, maps))
		found |= strstr(line, "r-xp") && strstr(line, wanted);
	if (maps)
		fclose(maps);
	return found == by_name;
}

static int protect_by_swap(char **argv, bool by_name)
{
	struct stat before;
	struct error err = {0};
	char *slash = strrchr(strcpy(beside, own_link()), '/');
	*slash = '\0';
	changed = 2;
	zeroed[9999] = 7;
	// the controls: it is the file, and it is mapped
	if (stat("/proc/self/exe", &before) < 0 || before.st_size == 0 || maps_show(&before) != 1)
		return 1;
	if (own_pages_possible() < 0)
		return 77;
	// (not so for the superuser of a user namespace)
	auto_close int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (before.st_uid == getuid() && is_an_anchor(self) == 0)
		return 6;
	double start = now_us();
	if (own_binary_protect(argv, NULL, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return 2;
	}
	double took = now_us() - start;
	printf("%.0f us for a file of %lld bytes\n", took, (long long)before.st_size);
	fflush(stdout);
	if (strncmp(own_link(), "/memfd:/", 8) != 0 || !is_mapped(by_name) || !content_is_right())
		return 3;
	// a second time changes nothing
	if (own_binary_protect(argv, NULL, &err) < 0 || strncmp(own_link(), "/memfd:/", 8) != 0)
		return 4;
	changed = 3;
	pid_t pid = fork();
	if (pid == 0)
		_exit(changed == 3 ? 5 : 0);
	int status;
	if (waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 5)
		return 5;
	return nothing_leads_to_the_file(&before);
}

static int write_text(const char *path, const char *text)
{
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
}

// A plain user, who has all capabilities of a user namespace of his own.
static int protect_in_user_namespace(char **argv)
{
	if (setgid(12345) < 0 || setuid(12345) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0)
		return 77;
	if (unshare(CLONE_NEWUSER) < 0)
		return 77;
	if (write_text("/proc/self/uid_map", "0 12345 1") < 0 || write_text("/proc/self/setgroups", "deny") < 0 ||
	    write_text("/proc/self/gid_map", "0 12345 1") < 0)
		return 20;
	// (who has not made the mount namespace cannot open a tree there)
	return protect_by_swap(argv, false);
}

static int protect_replaced(char **argv)
{
	char zeros[8192] = {0};
	if (unlink(argv[0]) < 0)
		return 40;
	auto_close int other = open(argv[0], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	return other >= 0 && write(other, zeros, sizeof zeros) == sizeof zeros ? protect_by_swap(argv, false) : 41;
}

static int drop_capabilities(void)
{
	cap_t none = cap_init();
	int result = none ? cap_set_proc(none) : -1;
	cap_free(none);
	return result;
}

// Without capabilities the pages cannot be renamed: the program is executed again, from a copy.
static int protect_by_copy(char **argv)
{
	struct error err = {0};
	struct stat st;
	auto_close int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int seals = fcntl(self, F_GET_SEALS), all = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE;
	if (seals < 0 || (seals & all) != all) {
		if (getenv("HUSK_TEST_COPIED"))
			return 30;  // executed again, and not from the copy
		setenv("HUSK_TEST_COPIED", "1", 1);
		// root keeps its capabilities over execve: be a user
		if (setgid(12345) < 0 || setuid(12345) < 0 || drop_capabilities() < 0)
			return 77;
		if (own_pages_possible() == 0)
			return 31;
		if (own_binary_protect(argv, NULL, &err) == 0)
			return 36;
		fprintf(stderr, "%s\n", err.message);
		return 32;
	}
	if (!getenv("HUSK_TEST_COPIED") || strncmp(own_link(), "/memfd:/", 8) != 0)
		return 33;
	if (own_binary_protect(argv, NULL, &err) < 0 || fstat(self, &st) < 0 || st.st_size == 0)
		return 34;
	return open("/proc/self/exe", O_WRONLY | O_CLOEXEC) >= 0 ? 35 : 0;
}

// ---- the tests -----------------------------------------------------------------------------------

static char own_path[4096];

static int run_path(const char *path, const char *word)
{
	fflush(NULL);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		execl(path, path, word, NULL);
		_exit(127);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

static int run_self(const char *word)
{
	return run_path(own_path, word);
}

// only root, or a user namespace, can
static int wanted(void)
{
	return geteuid() == 0 ? 0 : 77;
}

START_TEST(swap)
{
	ck_assert_int_eq(run_self("by-name"), wanted());
}
END_TEST

static char folder[64], program[80];

static void make_folder(void)
{
	strcpy(folder, "/tmp/husk-own-binary-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(program, sizeof program, "%s/program", folder);
}

static void remove_folder(void)
{
	unlink(program);
	ck_assert_int_eq(rmdir(folder), 0);
}

START_TEST(swap_through_a_link)
{
	make_folder();
	ck_assert_int_eq(symlink(own_path, program), 0);
	ck_assert_int_eq(run_path(program, "swap"), wanted());
	remove_folder();
}
END_TEST

// What lies at the program's place by now is another one: that must not be mapped over it.
START_TEST(swap_of_a_program_that_was_replaced)
{
	make_folder();
	auto_close int from = open(own_path, O_RDONLY | O_CLOEXEC);
	int to = open(program, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	ck_assert(from >= 0 && to >= 0);
	while (sendfile(to, from, NULL, 1 << 20) > 0)
		;
	ck_assert_int_eq(close(to), 0);
	ck_assert_int_eq(run_path(program, "replaced"), wanted());
	remove_folder();
}
END_TEST

START_TEST(user_namespace)
{
	int result = run_self("userns");
	ck_assert_msg(result == 0 || result == 77, "%d", result);
}
END_TEST

START_TEST(copy)
{
	int result = run_self("copy");
	ck_assert_msg(result == 0 || result == 77, "%d", result);
}
END_TEST

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "by-name") == 0)
		return protect_by_swap(argv, true);
	if (argc == 2 && strcmp(argv[1], "swap") == 0)
		return protect_by_swap(argv, false);
	if (argc == 2 && strcmp(argv[1], "replaced") == 0)
		return protect_replaced(argv);
	if (argc == 2 && strcmp(argv[1], "userns") == 0)
		return protect_in_user_namespace(argv);
	if (argc == 2 && strcmp(argv[1], "copy") == 0)
		return protect_by_copy(argv);
	if (readlink("/proc/self/exe", own_path, sizeof own_path - 1) < 0)
		return 1;
	Suite *suite = suite_create("security_own_binary");
	TCase *tc = tcase_create("protect");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, swap);
	tcase_add_test(tc, swap_through_a_link);
	tcase_add_test(tc, swap_of_a_program_that_was_replaced);
	tcase_add_test(tc, user_namespace);
	tcase_add_test(tc, copy);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
