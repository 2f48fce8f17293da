// SPDX-License-Identifier: Apache-2.0
// Variables, HOME from hostile passwd files, the look-up of programs and what is said when one cannot be executed.
#include <elf.h>
#include <malloc.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/process/process.h"
#include "state_scratch.h"

static struct error err;
static struct environment environment;

static void forget(void)
{
	environment_done(&environment);
}

static void teardown(void)
{
	forget();
	scratch_remove();
}

static void make_as(uint32_t uid, const char *const *env, size_t count, const char *const *extra)
{
	const struct spec_process process = {.env = {env, count}, .user = {.uid = uid}};
	forget();
	assert_ok(environment_make(&process, scratch_fd, extra, &environment, &err));
}

static void passwd(const char *text)
{
	(void)!mkdirat(scratch_fd, "etc", 0755);
	unlinkat(scratch_fd, "etc/passwd", 0);
	scratch_write("etc/passwd", text, strlen(text), 0644);
}

static const char *home_of(uint32_t uid)
{
	make_as(uid, NULL, 0, NULL);
	return environment_get(&environment, "HOME");
}

// ---- variables -----------------------------------------------------------------------------------

START_TEST(last_wins)
{
	static const char *const env[] = {"A=1", "B=2", "A=3", "HOME=/h", "odd", "A", "C=", "B=x=y"};
	static const char *const extra[] = {"C=over", "D=4", NULL};
	make_as(0, env, array_size(env), extra);
	ck_assert_ptr_null(environment_get(&environment, "A"));  // "A" without a value came last
	ck_assert_str_eq(environment_get(&environment, "B"), "x=y");
	ck_assert_str_eq(environment_get(&environment, "C"), "over");
	ck_assert_str_eq(environment_get(&environment, "D"), "4");
	ck_assert_str_eq(environment_get(&environment, "HOME"), "/h");
	static const char *const expected[] = {"HOME=/h", "odd", "A", "B=x=y", "C=over", "D=4"};
	for (size_t i = 0; i < array_size(expected); i++)
		ck_assert_str_eq(environment.variables[i], expected[i]);
	ck_assert_ptr_null(environment.variables[array_size(expected)]);
}
END_TEST

START_TEST(thousands_of_variables)
{
	enum { COUNT = 20000 };
	static char text[COUNT][32];
	static const char *env[COUNT];
	for (int i = 0; i < COUNT; i++) {
		snprintf(text[i], sizeof text[i], "V%d=%d", i % (COUNT / 2), i);
		env[i] = text[i];
	}
	int64_t before = clock_ms();
	make_as(0, env, COUNT, NULL);
	ck_assert_int_lt(clock_ms() - before, 1000);
	size_t count = 0;
	while (environment.variables[count])
		count++;
	ck_assert_uint_eq(count, COUNT / 2 + 1);
	ck_assert_str_eq(environment_get(&environment, "V17"), "10017");
}
END_TEST

// The stage of exec fills it in its command's memory, and may be killed at any instruction.
START_TEST(filled_without_the_heap)
{
	enum { COUNT = 1000 };
	static const char *env[COUNT];
	static const char *const extra[] = {"C=over", "D=4", NULL};
	const struct spec_process process = {.env = {env, COUNT}};
	for (int i = 0; i < COUNT; i++)
		env[i] = i % 2 ? "A=1" : "C=2";
	passwd("root:x:0:0:root:/root:/bin/sh\n");
	assert_ok(environment_reserve(&process, extra, &environment, &err));
	ck_assert_ptr_null(environment.variables[0]);
	// (what was given back into the cache of small pieces counts as used)
	const struct mallinfo2 before = mallinfo2();
	assert_ok(environment_fill(&process, scratch_fd, extra, &environment, &err));
	const struct mallinfo2 after = mallinfo2();
	ck_assert_mem_eq(&after, &before, sizeof after);
	static const char *const expected[] = {"A=1", "C=over", "D=4", "HOME=/root"};
	for (size_t i = 0; i < array_size(expected); i++)
		ck_assert_str_eq(environment.variables[i], expected[i]);
	ck_assert_ptr_null(environment.variables[array_size(expected)]);
}
END_TEST

// ---- home ----------------------------------------------------------------------------------------

START_TEST(home)
{
	ck_assert_str_eq(home_of(0), "/");
	passwd("root:x:0:0:root:/root:/bin/sh\n"
	       "# a remark\n\n:::\n+::::::\n"
	       "short:x:7\n"
	       "sign:x:+8:8::/sign:\nspace:x: 9:9::/space:\n"
	       "big:x:4294967297:1::/wrapped:\n"
	       "huge:x:99999999999999999999999999999999:1::/huge:\n"
	       "empty:x:10:10:::\nrelative:x:11:11::here:\n"
	       "user:x:1000:1000:A Name,,,:/home/user:/bin/sh\n"
	       "twice:x:1000:1000::/home/other:/bin/sh\n"
	       "last:x:1001:1001::/home/last");
	ck_assert_str_eq(home_of(0), "/root");
	ck_assert_str_eq(home_of(1000), "/home/user");
	ck_assert_str_eq(home_of(1001), "/home/last");
	static const uint32_t none[] = {1, 7, 8, 9, 10, 11, 1002, UINT32_MAX - 1};
	for (size_t i = 0; i < array_size(none); i++)
		ck_assert_str_eq(home_of(none[i]), "/");

	static const char *const given[] = {"HOME=/given"}, *const empty[] = {"HOME="};
	make_as(0, given, 1, NULL);
	ck_assert_str_eq(environment_get(&environment, "HOME"), "/given");
	make_as(0, empty, 1, NULL);
	ck_assert_str_eq(environment_get(&environment, "HOME"), "/root");
	static const char *const extra[] = {"HOME=/extra", NULL};
	make_as(0, given, 1, extra);
	ck_assert_str_eq(environment_get(&environment, "HOME"), "/extra");
}
END_TEST

START_TEST(passwd_links_stay_inside)
{
	(void)!mkdirat(scratch_fd, "etc", 0755);
	char target[128];
	// the link means a file inside the root that is not there, not the host's
	ck_assert_int_eq(symlinkat("/etc/passwd-real", scratch_fd, "etc/passwd"), 0);
	ck_assert_str_eq(home_of(0), "/");
	scratch_write("etc/passwd-real", "r:x:0:0::/inside:\n", 18, 0644);
	ck_assert_str_eq(home_of(0), "/inside");
	unlinkat(scratch_fd, "etc/passwd", 0);
	snprintf(target, sizeof target, "%s/outside", "/../../../../../..");
	scratch_write("outside", "r:x:0:0::/topmost:\n", 19, 0644);
	ck_assert_int_eq(symlinkat(target, scratch_fd, "etc/passwd"), 0);
	ck_assert_str_eq(home_of(0), "/topmost");
}
END_TEST

START_TEST(hostile_passwd)
{
	int64_t before = clock_ms();
	(void)!mkdirat(scratch_fd, "etc", 0755);
	ck_assert_int_eq(mkfifoat(scratch_fd, "etc/passwd", 0666), 0);
	ck_assert_str_eq(home_of(0), "/");
	unlinkat(scratch_fd, "etc/passwd", 0);
	ck_assert_int_eq(mkdirat(scratch_fd, "etc/passwd", 0755), 0);
	ck_assert_str_eq(home_of(0), "/");
	unlinkat(scratch_fd, "etc/passwd", AT_REMOVEDIR);
	// a gigabyte of nothing, with the answer at its end
	scratch_write("etc/passwd", "", 0, 0644);
	int fd = openat(scratch_fd, "etc/passwd", O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, "\nr:x:0:0::/found:\n", 18, 1 << 30), 18);
	ck_assert_str_eq(home_of(0), "/");
	// positive control: within the limit it is found, behind a line of 9 MiB
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert_int_eq(pwrite(fd, "\nr:x:0:0::/found:\n", 18, 9 << 20), 18);
	ck_assert_str_eq(home_of(0), "/found");
	close(fd);
	ck_assert_int_lt(clock_ms() - before, 5000);
	// a home longer than any path
	auto_free char *line = malloc(20000);
	memset(line, 'h', 20000);
	memcpy(line, "r:x:0:0::/", 10);
	memcpy(line + 19900, ":\nr:x:0:0::/next:\n\0", 19);
	passwd(line);
	ck_assert_str_eq(home_of(0), "/next");
	scratch_write("etc/passwd", "r:x:0:0::/a\0b:\n", 15, 0644);
	ck_assert_str_eq(home_of(0), "/");
}
END_TEST

// ---- look-up -------------------------------------------------------------------------------------

static int find(const char *name, char **path)
{
	free(*path);
	*path = NULL;
	err = (struct error){0};
	return environment_find_program(&environment, name, path, &err);
}

static void with_path(const char *path)
{
	char variable[512];
	snprintf(variable, sizeof variable, "PATH=%s", path);
	const char *const env[] = {variable};
	make_as(0, env, 1, NULL);
}

START_TEST(find_along_path)
{
	auto_free char *path = NULL;
	char search[256], expected[256];
	ck_assert_int_eq(mkdirat(scratch_fd, "a", 0755), 0);
	ck_assert_int_eq(mkdirat(scratch_fd, "b", 0755), 0);
	ck_assert_int_eq(mkdirat(scratch_fd, "a/both", 0755), 0);
	scratch_write("a/plain", "", 0, 0644);
	scratch_write("b/both", "", 0, 0755);
	scratch_write("b/plain", "", 0, 0711);
	scratch_write("b/locked", "", 0, 0644);
	snprintf(search, sizeof search, "/nowhere:%s/a:%s/b", scratch_path, scratch_path);
	with_path(search);
	assert_ok(find("both", &path));
	snprintf(expected, sizeof expected, "%s/b/both", scratch_path);
	ck_assert_str_eq(path, expected);
	assert_ok(find("plain", &path));
	snprintf(expected, sizeof expected, "%s/b/plain", scratch_path);
	ck_assert_str_eq(path, expected);
	assert_fails(find("locked", &path), EACCES);
	ck_assert_str_eq(err.message,
			 "exec: \"locked\": permission denied: open executable: Permission denied");
	assert_fails(find("nothing", &path), ENOENT);
	ck_assert_str_eq(err.message, "exec: \"nothing\": executable file not found in $PATH: executable "
				      "file `nothing` not found in $PATH: No such file or directory");
	assert_fails(find("", &path), ENOENT);
	ck_assert_str_eq(err.message, "exec: \"\": executable file not found in $PATH: cannot find `` in "
				      "$PATH: No such file or directory");
	// an empty part is the working directory
	ck_assert_int_eq(fchdir(scratch_fd), 0);
	scratch_write("here", "", 0, 0755);
	static const char *const with_empty[] = {"", ":/nowhere", "/nowhere:", "/nowhere::/x"};
	for (size_t i = 0; i < array_size(with_empty); i++) {
		auto_free char *found = NULL;
		with_path(with_empty[i]);
		assert_ok(find("here", &found));
		ck_assert_str_eq(found, "./here");
	}
	with_path("/nowhere");
	assert_fails(find("here", &path), ENOENT);
	// no PATH at all
	make_as(0, NULL, 0, NULL);
	assert_ok(find("sh", &path));
}
END_TEST

START_TEST(find_as_it_is)
{
	auto_free char *path = NULL;
	with_path("/bin");
	assert_ok(find("/bin/sh", &path));
	ck_assert_str_eq(path, "/bin/sh");
	assert_fails(find("/no/x", &path), ENOENT);
	ck_assert_str_eq(err.message, "exec: \"/no/x\": stat /no/x: no such file or directory: executable "
				      "file `/no/x` not found: No such file or directory");
	assert_fails(find("/etc", &path), EACCES);
	ck_assert_str_eq(err.message, "open executable: the path `/etc` is not a regular file: Operation "
				      "not permitted: is a directory");
	assert_fails(find("/dev/null", &path), EACCES);
	assert_has(err.message, "the path `/dev/null` is not a regular file: Permission denied");
	assert_fails(find("/etc/passwd", &path), EACCES);
	ck_assert_str_eq(err.message, "exec: \"/etc/passwd\": permission denied: open executable: "
				      "Permission denied");
	assert_fails(find("/etc/passwd/x", &path), ENOTDIR);
	assert_has(err.message, "open executable: Not a directory");
	ck_assert_int_eq(symlinkat("loop", scratch_fd, "loop"), 0);
	ck_assert_int_eq(fchdir(scratch_fd), 0);
	assert_fails(find("./loop", &path), ELOOP);
}
END_TEST

// ---- explanations --------------------------------------------------------------------------------

// Executes the file name of the scratch directory, and gives the message that the failure leads to.
static const char *explain(const char *name)
{
	static char *const argv[] = {(char *)(uintptr_t)"x", NULL};
	char path[128];
	snprintf(path, sizeof path, "%s/%s", scratch_path, name);
	ck_assert_int_eq(execve(path, argv, argv + 1), -1);
	err = (struct error){0};
	int code = errno;
	ck_assert_int_eq(environment_explain_exec(path, code, &err), -1);
	ck_assert_int_eq(err.code, code);
	assert_has(err.message, "exec /tmp/husk-unit-");
	// the cause stands last, for those who match it
	const char *last = error_text(code);
	ck_assert_str_eq(err.message + strlen(err.message) - strlen(last), last);
	return err.message;
}

static const char *explain_content(const void *data, size_t length)
{
	scratch_write("x", data, length, 0755);
	return explain("x");
}

#define EXPLAIN_TEXT(text) explain_content(text, sizeof(text) - 1)

START_TEST(explain_scripts)
{
	assert_has(EXPLAIN_TEXT("#!/no/such/sh -e\necho\n"), "its interpreter `/no/such/sh` is missing: No such");
	assert_has(EXPLAIN_TEXT("#! /bin/sh\r\necho\r\n"), "ends in CR LF, so the interpreter `/bin/sh\\r`");
	assert_has(EXPLAIN_TEXT("#!/etc/passwd\n"), "its interpreter `/etc/passwd` is not executable");
	assert_has(EXPLAIN_TEXT("#!\n"), "names no interpreter: Exec format error");
	assert_has(EXPLAIN_TEXT("echo hello\n"), "neither an ELF file nor a script");
	assert_has(EXPLAIN_TEXT(""), "the file is empty: Exec format error");
}
END_TEST

START_TEST(explain_elf)
{
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment;
		char loader[32];
	} file = {
		.header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, 1},
			   .e_type = ET_EXEC,
			   .e_version = 1,
			   .e_phoff = sizeof file.header,
			   .e_phnum = 1,
			   .e_phentsize = sizeof file.segment,
			   .e_ehsize = sizeof file.header},
		.segment = {.p_type = PT_INTERP,
			    .p_offset = sizeof file.header + sizeof file.segment,
			    .p_filesz = 20},
		.loader = "/lib/ld-nowhere.so.",
	};
#if defined(__x86_64__)
	file.header.e_machine = EM_AARCH64;
	assert_has(explain_content(&file, sizeof file), "built for aarch64, this machine is x86_64: Exec");
	file.header.e_machine = EM_X86_64;
	assert_has(explain_content(&file, sizeof file), "its dynamic loader `/lib/ld-nowhere.so.` is missing: No such");
	file.header.e_machine = __builtin_bswap16(EM_S390);
	file.header.e_ident[EI_DATA] = ELFDATA2MSB;
	assert_has(explain_content(&file, sizeof file), "built for s390x");
	assert_has(explain_content(&file, 20), "the file is cut off");
	// lies about its own lay-out are read without harm
	file.header.e_ident[EI_DATA] = ELFDATA2LSB;
	file.header.e_machine = EM_X86_64;
	file.header.e_phoff = UINT64_MAX - 3;
	file.header.e_phnum = UINT16_MAX;
	(void)explain_content(&file, sizeof file);
	file.header.e_phoff = sizeof file.header;
	file.segment.p_filesz = UINT64_MAX;
	(void)explain_content(&file, sizeof file);
#endif
}
END_TEST

START_TEST(explain_permissions)
{
	scratch_write("x", "#!/bin/sh\n", 10, 0644);
	assert_has(explain("x"), "not executable for anybody: Permission denied");
	ck_assert_int_eq(mkdirat(scratch_fd, "d", 0755), 0);
	assert_has(explain("d"), "it is a directory: Permission denied");
	ck_assert_int_eq(mkfifoat(scratch_fd, "f", 0755), 0);
	assert_has(explain("f"), "it is not a regular file: Permission denied");
	assert_has(explain("nothing"), "nothing: No such file or directory");
	if (faccessat(AT_FDCWD, "/proc/version", F_OK, 0) == 0) {
		ck_assert_int_eq(environment_explain_exec("/x", E2BIG, &err), -1);
		assert_has(err.message, "larger than the kernel takes: Argument list too long");
	}
	if (geteuid() != 0)
		return;
	pid_t pid = fork();
	if (pid == 0) {
		scratch_write("x", "#!/bin/sh\n", 10, 0700);
		(void)!fchmod(scratch_fd, 0755);
		if (setresuid(12345, 12345, 12345) < 0)
			_exit(2);
		_exit(strstr(explain("x"), "does not let this user execute it") == NULL);
	}
	int status = -1;
	ck_assert_int_eq(process_reap(pid, &status), 0);
	ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("environment");
	TCase *all = tcase_create("environment");
	tcase_set_timeout(all, 60);
	tcase_add_checked_fixture(all, scratch_make, teardown);
	tcase_add_test(all, last_wins);
	tcase_add_test(all, thousands_of_variables);
	tcase_add_test(all, filled_without_the_heap);
	tcase_add_test(all, home);
	tcase_add_test(all, passwd_links_stay_inside);
	tcase_add_test(all, hostile_passwd);
	tcase_add_test(all, find_along_path);
	tcase_add_test(all, find_as_it_is);
	tcase_add_test(all, explain_scripts);
	tcase_add_test(all, explain_elf);
	tcase_add_test(all, explain_permissions);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
