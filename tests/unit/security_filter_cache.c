// SPDX-License-Identifier: Apache-2.0
// The kept filters: found when everything about them is right, and not otherwise.
#include "libcontainer/base/memory.h"
#include "libcontainer/security/security.h"
#include "state_scratch.h"

#include <dirent.h>

#define DIRECTORY "husk/filters"

// The superuser's is in a fixed place of the host: the tests are somebody else's.
#define SOMEBODY 65533

static char key[4000];
static uid_t before;

static void make_home(void)
{
	scratch_make();
	before = geteuid();
	setenv("XDG_CACHE_HOME", scratch_path, 1);
	if (before == 0) {
		ck_assert_int_eq(chown(scratch_path, SOMEBODY, SOMEBODY), 0);
		ck_assert_int_eq(seteuid(SOMEBODY), 0);
	}
}

static void remove_home(void)
{
	ck_assert_int_eq(seteuid(before), 0);
	scratch_remove();
}

static void make_key(char first)
{
	memset(key, 'k', sizeof key);
	key[0] = first;
}

static bool found(const char *value)
{
	auto_free void *data = NULL;
	size_t length = 0;
	if (filter_cache_find(key, sizeof key, &data, &length) < 0)
		return false;
	ck_assert_uint_eq(length, strlen(value));
	ck_assert_int_eq(memcmp(data, value, length), 0);
	return true;
}

static void keep(const char *value)
{
	filter_cache_keep(key, sizeof key, value, strlen(value));
}

// The one entry's name, and how many there are.
static size_t entries(char *name, size_t size)
{
	char path[128];
	size_t count = 0;
	(void)snprintf(path, sizeof path, "%s/" DIRECTORY, scratch_path);
	DIR *dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.' && ++count)
			(void)snprintf(name, size, "%s/%s", DIRECTORY, entry->d_name);
	closedir(dir);
	return count;
}

static void flip(const char *name, off_t at)
{
	char byte;
	int fd = openat(scratch_fd, name, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

START_TEST(kept_and_found)
{
	make_key('a');
	ck_assert(!found("one"));
	keep("one");
	ck_assert(found("one"));
	make_key('b');
	ck_assert(!found("one"));
	keep("two");
	ck_assert(found("two"));
	make_key('a');
	ck_assert(found("one"));
	// too small to be worth it
	filter_cache_keep("x", 1, "y", 1);
	void *data;
	size_t length;
	ck_assert_int_lt(filter_cache_find("x", 1, &data, &length), 0);
	// 5,000 calls, each an entry of its own, are 590 KiB; a megabyte is no profile
	static char large[1024 * 1024];
	filter_cache_keep(large, 700 * 1024, "y", 1);
	ck_assert_int_eq(filter_cache_find(large, 700 * 1024, &data, &length), 0);
	ck_assert_uint_eq(length, 1);
	free(data);
	filter_cache_keep(large, sizeof large, "y", 1);
	ck_assert_int_lt(filter_cache_find(large, sizeof large, &data, &length), 0);
}
END_TEST

// Each byte of an entry counts: its head, the text that it is for, the value, the length.
START_TEST(damaged_entries_are_not_taken)
{
	char name[300];
	struct stat st;
	make_key('a');
	keep("value");
	ck_assert_uint_eq(entries(name, sizeof name), 1);
	ck_assert_int_eq(fstatat(scratch_fd, name, &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	for (off_t at = 0; at < st.st_size; at++) {
		flip(name, at);
		ck_assert_msg(!found("value"), "with byte %jd changed", (intmax_t)at);
		flip(name, at);
	}
	ck_assert(found("value"));
	static const off_t sizes[] = {0, 1, 100, 4000};
	for (size_t i = 0; i < array_size(sizes); i++) {
		int fd = openat(scratch_fd, name, O_WRONLY | O_CLOEXEC);
		ck_assert_int_eq(ftruncate(fd, sizes[i]), 0);
		close(fd);
		ck_assert(!found("value"));
	}
	// whoever compiled it anew replaces it
	keep("other");
	ck_assert(found("other"));
	ck_assert_uint_eq(entries(name, sizeof name), 1);
}
END_TEST

START_TEST(a_directory_of_others_is_not_used)
{
	char path[128], other[128];
	make_key('a');
	keep("value");
	(void)snprintf(path, sizeof path, "%s/" DIRECTORY, scratch_path);
	(void)snprintf(other, sizeof other, "%s/elsewhere", scratch_path);
	static const mode_t open_modes[] = {0770, 0702, 01777};
	for (size_t i = 0; i < array_size(open_modes); i++) {
		ck_assert_int_eq(chmod(path, open_modes[i]), 0);
		ck_assert(!found("value"));
	}
	ck_assert_int_eq(chmod(path, 0700), 0);
	ck_assert(found("value"));
	ck_assert_int_eq(rename(path, other), 0);
	ck_assert_int_eq(symlink("elsewhere", path), 0);
	ck_assert(!found("value"));
	keep("value");
	ck_assert(!found("value"));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rename(other, path), 0);
	ck_assert(found("value"));
	if (before == 0) {
		ck_assert_int_eq(seteuid(0), 0);
		ck_assert_int_eq(chown(path, 12345, 0), 0);
		ck_assert_int_eq(chmod(path, 0755), 0);
		ck_assert_int_eq(seteuid(SOMEBODY), 0);
		ck_assert(!found("value"));
	}
}
END_TEST

START_TEST(never_more_than_so_many)
{
	char name[300];
	size_t most = 0;
	for (int i = 0; i < 200; i++) {
		make_key('a');
		(void)snprintf(key, 32, "%d", i);
		keep("value");
		ck_assert(found("value"));
		size_t now = entries(name, sizeof name);
		most = now > most ? now : most;
	}
	ck_assert_uint_le(most, 64);
	ck_assert_uint_gt(most, 1);
}
END_TEST

// Many writers of the same and of different entries, while others read: what is found is always whole.
START_TEST(side_by_side)
{
	pid_t pids[8];
	make_key('a');
	keep("of the first");
	for (int p = 0; p < 8; p++) {
		pids[p] = fork();
		if (pids[p] != 0)
			continue;
		for (int i = 0; i < 150; i++) {
			auto_free void *data = NULL;
			size_t length = 0;
			make_key((char)('a' + i % 3));
			char name[300];
			if (i % 10 == 0 && entries(name, sizeof name) > 0)
				unlinkat(scratch_fd, name, 0);
			keep(i % 3 ? "value of some" : "of the first");
			if (filter_cache_find(key, sizeof key, &data, &length) == 0 &&
			    (length != strlen(i % 3 ? "value of some" : "of the first") ||
			     memcmp(data, i % 3 ? "value of some" : "of the first", length) != 0))
				_exit(1);
		}
		_exit(0);
	}
	for (int p = 0; p < 8; p++) {
		int status;
		ck_assert_int_eq(waitpid(pids[p], &status, 0), pids[p]);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("filters");
	TCase *all = tcase_create("filters");
	tcase_set_timeout(all, 60);
	tcase_add_checked_fixture(all, make_home, remove_home);
	tcase_add_test(all, kept_and_found);
	tcase_add_test(all, damaged_entries_are_not_taken);
	tcase_add_test(all, a_directory_of_others_is_not_used);
	tcase_add_test(all, never_more_than_so_many);
	tcase_add_test(all, side_by_side);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
