// SPDX-License-Identifier: Apache-2.0
// The state root and the directories in it: whose they are, who gets them, how they go.
#include <sys/file.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/state/state.h"
#include "state_scratch.h"

static struct error err;

// ---- root ----------------------------------------------------------------------------------------

START_TEST(root_is_made_private)
{
	char path[128];
	struct stat st;
	int fd = -1;
	umask(0);
	snprintf(path, sizeof path, "%s/a/b//c///", scratch_path);
	assert_fails(state_root_open(path, false, &fd, &err), ENOENT);
	assert_ok(state_root_open(path, true, &fd, &err));
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	close(fd);
	assert_ok(state_root_open(path, false, &fd, &err));
	close(fd);
}
END_TEST

START_TEST(root_must_be_ours)
{
	char path[128];
	int fd = -1;
	snprintf(path, sizeof path, "%s/r", scratch_path);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	assert_ok(state_root_open(path, true, &fd, &err));
	close(fd);
	static const mode_t open_modes[] = {0770, 0707, 01777};
	for (size_t i = 0; i < array_size(open_modes); i++) {
		ck_assert_int_eq(chmod(path, open_modes[i]), 0);
		assert_fails(state_root_open(path, true, &fd, &err), EPERM);
	}
	ck_assert_int_eq(chmod(path, 0700), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(path, 12345, 0), 0);
		assert_fails(state_root_open(path, true, &fd, &err), EPERM);
		assert_has(err.message, "12345");
	}
}
END_TEST

START_TEST(root_is_no_link_and_not_the_top)
{
	char path[128];
	int fd = -1;
	snprintf(path, sizeof path, "%s/real", scratch_path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(symlinkat("real", scratch_fd, "link"), 0);
	snprintf(path, sizeof path, "%s/link", scratch_path);
	ck_assert_int_lt(state_root_open(path, true, &fd, &err), 0);
	strcat(path, "/");
	ck_assert_int_lt(state_root_open(path, true, &fd, &err), 0);
	static const char *const top[] = {"/", "//", "/.", "/tmp/.."};
	for (size_t i = 0; i < array_size(top); i++)
		assert_fails(state_root_open(top[i], true, &fd, &err), EINVAL);
	assert_fails(state_root_open("", true, &fd, &err), EINVAL);
	scratch_write("file", "", 0, 0600);
	snprintf(path, sizeof path, "%s/file", scratch_path);
	assert_fails(state_root_open(path, true, &fd, &err), ENOTDIR);
}
END_TEST

START_TEST(default_root)
{
	auto_free char *path = NULL;
	assert_ok(state_root_default(&path, &err));
	struct stat st;
	bool initial = stat("/proc/self/ns/user", &st) == 0 && st.st_ino == 0xEFFFFFFDUL;
	if (geteuid() == 0 && initial) {
		ck_assert_str_eq(path, "/run/husk");
		// another user, in a child that may forget who it was
		pid_t pid = fork();
		if (pid == 0) {
			char *other = NULL;
			setenv("XDG_RUNTIME_DIR", "/some/where", 1);
			if (setresuid(12345, 12345, 12345) < 0 ||
			    state_root_default(&other, NULL) < 0 ||
			    !text_equal(other, "/some/where/husk"))
				_exit(1);
			setenv("XDG_RUNTIME_DIR", "relative", 1);
			if (state_root_default(&other, NULL) < 0 ||
			    !text_equal(other, "/tmp/husk-12345"))
				_exit(2);
			_exit(0);
		}
		int status = 0;
		ck_assert_int_eq(process_reap(pid, &status), 0);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

// ---- ids -----------------------------------------------------------------------------------------

START_TEST(id_syntax)
{
	char longest[257];
	static const char *const good[] = {"a", "A-Z_0+9.x", "...", ".a", "-", "+"};
	static const char *const bad[] = {".", "..", "a/b", "a b", "/", "\xc3\xb6", "a\n", "a:b", "*"};
	for (size_t i = 0; i < array_size(good); i++)
		assert_ok(state_check_id(good[i], &err));
	for (size_t i = 0; i < array_size(bad); i++) {
		assert_fails(state_check_id(bad[i], &err), EINVAL);
		assert_has(err.message, "invalid container ID format: \"");
	}
	ck_assert_int_eq(state_check_id("", &err), -1);
	ck_assert_str_eq(err.message, "container id cannot be empty");
	memset(longest, 'x', sizeof longest);
	longest[256] = '\0';
	assert_fails(state_check_id(longest, &err), EINVAL);
	longest[255] = '\0';
	assert_ok(state_check_id(longest, &err));
	int fd = -1;
	assert_ok(state_reserve(scratch_fd, longest, &fd, &err));
	assert_ok(state_remove(scratch_fd, longest, &err));
	close(fd);
}
END_TEST

// ---- reserve and open ----------------------------------------------------------------------------

START_TEST(reserve_once)
{
	int fd = -1, other = -1;
	struct stat st;
	umask(0);
	assert_ok(state_reserve(scratch_fd, "box", &fd, &err));
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	assert_fails(state_reserve(scratch_fd, "box", &other, &err), EEXIST);
	ck_assert_str_eq(err.message, "container with given ID already exists: container `box` "
				      "already exists");
	assert_ok(state_open(scratch_fd, "box", &other, &err));
	assert_fails(state_lock(other, true, 0, &err), EAGAIN);
	close(fd);
	assert_ok(state_lock(other, true, 0, &err));
	close(other);
	assert_fails(state_open(scratch_fd, "nobody", &other, &err), ENOENT);
	ck_assert_str_eq(err.message, "container `nobody` does not exist: No such file or directory");
	scratch_write("file", "", 0, 0600);
	assert_fails(state_open(scratch_fd, "file", &other, &err), ENOENT);
	ck_assert_int_eq(symlinkat("box", scratch_fd, "link"), 0);
	assert_fails(state_open(scratch_fd, "link", &other, &err), ENOENT);
}
END_TEST

// Many reserve the same id at once: one gets it.
START_TEST(reserve_concurrently)
{
	enum { PROCESSES = 8, ROUNDS = 50 };
	for (int round = 0; round < ROUNDS; round++) {
		pid_t pids[PROCESSES];
		int go[2], winners = 0;
		ck_assert_int_eq(pipe2(go, O_CLOEXEC), 0);
		for (int i = 0; i < PROCESSES; i++) {
			pids[i] = fork();
			if (pids[i] == 0) {
				struct error e = {0};
				char byte;
				int fd;
				close(go[1]);
				(void)!read(go[0], &byte, 1);
				if (state_reserve(scratch_fd, "box", &fd, &e) == 0)
					_exit(0);
				_exit(e.code == EEXIST ? 1 : 2);
			}
		}
		close(go[0]), close(go[1]);
		for (int i = 0; i < PROCESSES; i++) {
			int status = -1;
			ck_assert_int_eq(process_reap(pids[i], &status), 0);
			ck_assert_int_ne(WEXITSTATUS(status), 2);
			winners += status == 0;
		}
		ck_assert_int_eq(winners, 1);
		assert_ok(state_remove(scratch_fd, "box", &err));
	}
}
END_TEST

// Creators and deleters at once: whoever reserved holds the directory that the name stands for.
START_TEST(reserve_against_remove)
{
	pid_t deleter = fork();
	if (deleter == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (unsigned looks = 1;; looks++) {
			int fd;
			// (one that never rests is always there first, a hundred times in a row: more than any creator tries)
			if (looks % 16 == 0)
				usleep(1);
			if (state_open(scratch_fd, "box", &fd, NULL) < 0)
				continue;
			if (state_lock(fd, true, 1000, NULL) == 0)
				(void)!state_remove(scratch_fd, "box", NULL);
			close(fd);
		}
	}
	for (int i = 0; i < 2000; i++) {
		struct stat name, held;
		int fd = -1;
		if (state_reserve(scratch_fd, "box", &fd, &err) < 0) {
			// ours of the last round, which the deleter has not taken yet
			ck_assert_msg(err.code == EEXIST, "%s", err.message);
			continue;
		}
		ck_assert_int_eq(fstat(fd, &held), 0);
		ck_assert_int_eq(fstatat(scratch_fd, "box", &name, 0), 0);
		ck_assert_uint_eq(held.st_ino, name.st_ino);
		close(fd);
	}
	end_child(deleter);
}
END_TEST

// ---- lock ----------------------------------------------------------------------------------------

START_TEST(locks)
{
	int fd = -1, one = -1, two = -1;
	assert_ok(state_reserve(scratch_fd, "box", &fd, &err));
	close(fd);
	assert_ok(state_open(scratch_fd, "box", &one, &err));
	assert_ok(state_open(scratch_fd, "box", &two, &err));
	assert_ok(state_lock(one, false, 0, &err));
	assert_ok(state_lock(two, false, 0, &err));
	int64_t before = clock_ms();
	assert_fails(state_lock(two, true, 150, &err), EAGAIN);
	ck_assert_int_ge(clock_ms() - before, 149);
	ck_assert_int_lt(clock_ms() - before, 2000);
	close(one);
	assert_ok(state_lock(two, true, 0, &err));
	close(two);
}
END_TEST

START_TEST(lock_is_awaited)
{
	int fd = -1, mine = -1, ready[2];
	char byte;
	ck_assert_int_eq(pipe(ready), 0);
	assert_ok(state_reserve(scratch_fd, "box", &fd, &err));
	close(fd);
	pid_t pid = fork();
	if (pid == 0) {
		int held = -1;
		if (state_open(scratch_fd, "box", &held, NULL) < 0 ||
		    state_lock(held, true, 0, NULL) < 0)
			_exit(1);
		(void)!write(ready[1], "x", 1);
		pause_ms(200);
		_exit(0);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	assert_ok(state_open(scratch_fd, "box", &mine, &err));
	assert_fails(state_lock(mine, true, 20, &err), EAGAIN);
	assert_ok(state_lock(mine, true, -1, &err));
	close(mine);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(lock_of_a_removed_one)
{
	int fd = -1;
	assert_ok(state_reserve(scratch_fd, "box", &fd, &err));
	close(fd);
	assert_ok(state_open(scratch_fd, "box", &fd, &err));
	assert_ok(state_remove(scratch_fd, "box", &err));
	assert_fails(state_lock(fd, true, 0, &err), ENOENT);
	assert_has(err.message, "does not exist");
	close(fd);
}
END_TEST

// Two who increment under the lock lose no count.
START_TEST(lock_excludes)
{
	enum { PROCESSES = 4, ROUNDS = 200 };
	int fd = -1, total = 0;
	assert_ok(state_reserve(scratch_fd, "box", &fd, &err));
	scratch_write("count", &total, sizeof total, 0600);
	close(fd);
	pid_t pids[PROCESSES];
	for (int p = 0; p < PROCESSES; p++) {
		pids[p] = fork();
		if (pids[p])
			continue;
		int file = openat(scratch_fd, "count", O_RDWR), count;
		for (int i = 0; i < ROUNDS; i++) {
			if (state_open(scratch_fd, "box", &fd, NULL) < 0 ||
			    state_lock(fd, true, 20000, NULL) < 0)
				_exit(1);
			(void)!pread(file, &count, sizeof count, 0);
			count++;
			(void)!pwrite(file, &count, sizeof count, 0);
			close(fd);
		}
		_exit(0);
	}
	for (int p = 0; p < PROCESSES; p++) {
		int status = -1;
		ck_assert_int_eq(process_reap(pids[p], &status), 0);
		ck_assert_int_eq(status, 0);
	}
	int file = openat(scratch_fd, "count", O_RDONLY);
	ck_assert_int_eq(read(file, &total, sizeof total), sizeof total);
	ck_assert_int_eq(total, PROCESSES * ROUNDS);
	close(file);
}
END_TEST

// ---- remove and list -----------------------------------------------------------------------------

START_TEST(remove_takes_everything_and_follows_nothing)
{
	int fd = -1, deep;
	assert_ok(state_reserve(scratch_fd, "box", &fd, &err));
	ck_assert_int_eq(mkdirat(scratch_fd, "outside", 0700), 0);
	scratch_write("outside/keep", "x", 1, 0600);
	ck_assert_int_eq(symlinkat("../outside", fd, "link"), 0);
	ck_assert_int_eq(symlinkat("/nowhere", fd, "state"), 0);
	ck_assert_int_eq(mkfifoat(fd, "fifo", 0), 0);
	ck_assert_int_eq(mkdirat(fd, "notify", 0700), 0);
	deep = openat(fd, "notify", O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(mkdirat(deep, "more", 0700), 0);
	ck_assert_int_eq(mknodat(deep, "more/file", S_IFREG | 0600, 0), 0);
	ck_assert_int_eq(symlinkat("../../../outside", deep, "more/link"), 0);
	close(deep);
	for (int i = 0; i < 500; i++) {
		char name[32];
		snprintf(name, sizeof name, "a-file-with-a-name-%d", i);
		ck_assert_int_eq(mknodat(fd, name, S_IFREG | 0600, 0), 0);
	}
	close(fd);
	assert_ok(state_remove(scratch_fd, "box", &err));
	ck_assert_int_eq(faccessat(scratch_fd, "box", F_OK, 0), -1);
	ck_assert_int_eq(faccessat(scratch_fd, "outside/keep", F_OK, 0), 0);
	assert_fails(state_remove(scratch_fd, "box", &err), ENOENT);
	assert_fails(state_remove(scratch_fd, "..", &err), EINVAL);
	// "state" as a directory
	assert_ok(state_reserve(scratch_fd, "box", &fd, &err));
	ck_assert_int_eq(mkdirat(fd, "state", 0700), 0);
	ck_assert_int_eq(mkdirat(fd, "state/x", 0700), 0);
	close(fd);
	assert_ok(state_remove(scratch_fd, "box", &err));
}
END_TEST

START_TEST(lists_are_sorted)
{
	char **ids = NULL;
	size_t count = 9;
	assert_ok(state_list(scratch_fd, &ids, &count, &err));
	ck_assert_uint_eq(count, 0);
	state_list_free(ids, count);
	for (int i = 299; i >= 0; i--) {
		char name[16];
		snprintf(name, sizeof name, "box-%03d", i);
		ck_assert_int_eq(mkdirat(scratch_fd, name, 0700), 0);
	}
	ck_assert_int_eq(mkdirat(scratch_fd, "no id", 0700), 0);
	scratch_write("file", "", 0, 0600);
	ck_assert_int_eq(symlinkat("box-001", scratch_fd, "link"), 0);
	// twice: reading must not use up the descriptor of the caller
	for (int pass = 0; pass < 2; pass++) {
		assert_ok(state_list(scratch_fd, &ids, &count, &err));
		ck_assert_uint_eq(count, 300);
		ck_assert_str_eq(ids[0], "box-000");
		ck_assert_str_eq(ids[299], "box-299");
		state_list_free(ids, count);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("directory");
	TCase *all = tcase_create("directory");
	tcase_set_timeout(all, 60);
	tcase_add_checked_fixture(all, scratch_make, scratch_remove);
	tcase_add_test(all, root_is_made_private);
	tcase_add_test(all, root_must_be_ours);
	tcase_add_test(all, root_is_no_link_and_not_the_top);
	tcase_add_test(all, default_root);
	tcase_add_test(all, id_syntax);
	tcase_add_test(all, reserve_once);
	tcase_add_test(all, reserve_concurrently);
	tcase_add_test(all, reserve_against_remove);
	tcase_add_test(all, locks);
	tcase_add_test(all, lock_is_awaited);
	tcase_add_test(all, lock_of_a_removed_one);
	tcase_add_test(all, lock_excludes);
	tcase_add_test(all, remove_takes_everything_and_follows_nothing);
	tcase_add_test(all, lists_are_sorted);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
