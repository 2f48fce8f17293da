// SPDX-License-Identifier: Apache-2.0
// What is written is read back, byte for byte; what is torn is ENODATA and nothing else.
#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/state/state.h"
#include "state_scratch.h"

static struct error err;

static const struct state_record sample = {
	.id = (char *)(uintptr_t)"box-1",
	.bundle = (char *)(uintptr_t)"/bundles/100%/a \"quoted\"\n\x01 name",
	.rootfs = (char *)(uintptr_t)"/r\xc3\xb6\xc3\xb6t/latin-\xf6/%41/\xff\xfe",
	.cgroup_path = (char *)(uintptr_t)"/a/b\\x2d",
	.created = (char *)(uintptr_t)"2026-01-02T03:04:05.123456789Z",
	.boot_id = (char *)(uintptr_t)"01234567-89ab-cdef-0123-456789abcdef",
	.pid = 4194304,
	.start_time = UINT64_MAX,
	.number = UINT64_MAX - 1,
	.hierarchy = UINT64_MAX - 2,
	.creator = 1,
	.creator_start_time = 17,
	.owner = UINT32_MAX - 1,
	.private_pid_namespace = true,
};

START_TEST(round_trip)
{
	struct state_record got;
	struct stat st;
	umask(0);
	assert_ok(state_write(scratch_fd, &sample, &err));
	ck_assert_int_eq(fstatat(scratch_fd, "state", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	assert_ok(state_read(scratch_fd, &got, &err));
	ck_assert_str_eq(got.id, sample.id);
	ck_assert_str_eq(got.bundle, sample.bundle);
	ck_assert_str_eq(got.rootfs, sample.rootfs);
	ck_assert_str_eq(got.cgroup_path, sample.cgroup_path);
	ck_assert_str_eq(got.created, sample.created);
	ck_assert_str_eq(got.boot_id, sample.boot_id);
	ck_assert_ptr_null(got.cgroup_made_from);
	ck_assert_ptr_null(got.systemd_scope);
	ck_assert_int_eq(got.pid, sample.pid);
	ck_assert_uint_eq(got.start_time, sample.start_time);
	ck_assert_uint_eq(got.number, sample.number);
	ck_assert_uint_eq(got.hierarchy, sample.hierarchy);
	ck_assert(!got.same_boot);
	ck_assert_int_eq(got.creator, 1);
	ck_assert_uint_eq(got.creator_start_time, 17);
	ck_assert_uint_eq(got.owner, sample.owner);
	ck_assert(got.private_pid_namespace);
	ck_assert(!got.rootless);
	state_record_done(&got);
	ck_assert_ptr_null(got.id);
	state_record_done(&got);
}
END_TEST

START_TEST(rewriting_replaces)
{
	struct state_record changed = sample, got;
	assert_ok(state_write(scratch_fd, &sample, &err));
	changed.pid = 7;
	changed.rootless = true;
	changed.cgroup_path = NULL;
	changed.systemd_scope = changed.cgroup_made_from = changed.id;
	assert_ok(state_write(scratch_fd, &changed, &err));
	assert_ok(state_read(scratch_fd, &got, &err));
	ck_assert_int_eq(got.pid, 7);
	ck_assert(got.rootless);
	ck_assert_ptr_null(got.cgroup_path);
	ck_assert_str_eq(got.systemd_scope, "box-1");
	ck_assert_str_eq(got.cgroup_made_from, "box-1");
	state_record_done(&got);
}
END_TEST

static void assert_torn(const char *data, size_t length)
{
	struct state_record got;
	scratch_write("state", data, length, 0600);
	err.code = 0;
	ck_assert_int_eq(state_read(scratch_fd, &got, &err), -1);
	ck_assert_msg(err.code == ENODATA, "\"%.80s\": %s", data, err.message);
	ck_assert_ptr_null(got.id);
}

START_TEST(every_cut_is_torn)
{
	auto_free char *text = NULL;
	size_t length = 0;
	assert_ok(state_write(scratch_fd, &sample, &err));
	ck_assert_int_eq(fd_read_file(scratch_fd, "state", 65536, &text, &length), 0);
	for (size_t cut = 0; cut < length; cut++)
		assert_torn(text, cut);
	for (size_t at = 0; at < length; at += 7) {
		char kept = text[at];
		text[at] = '\0';
		assert_torn(text, length);
		text[at] = kept;
	}
	// positive control: the same bytes, whole
	struct state_record got;
	scratch_write("state", text, length, 0600);
	assert_ok(state_read(scratch_fd, &got, &err));
	state_record_done(&got);
}
END_TEST

START_TEST(garbage_is_torn)
{
	char zeros[4096] = {0};
	auto_free char *brackets = malloc(100000);
	assert_torn("", 0);
	assert_torn(zeros, sizeof zeros);
	memset(brackets, '[', 100000);
	assert_torn(brackets, 100000);
	memset(brackets, '{', 100000);
	assert_torn(brackets, 100000);
	static const char *const texts[] = {
		"{}", "[]", "null", "1", "\"x\"", "{\"version\":1}", "{\"version\":2}",
		"{\"version\":1,\"id\":1}", "{\"version\":\"1\"}", "garbage", "{\"id\":\"a\",\"id\":\"b\"}",
		"{\"id\":\"%4\"}", "{\"id\":\"%00\"}", "{\"id\":\"%zz\"}", "{\"pid\":-1}",
		"{\"pid\":4294967297}", "{\"start_time\":18446744073709551616}", "{\"pid\":1.5}",
		"{\"owner\":4294967296}", "{\"rootless\":1}", "{\"id\":null}", "{\"id\":{\"id\":\"x\"}}",
	};
	for (size_t i = 0; i < array_size(texts); i++)
		assert_torn(texts[i], strlen(texts[i]));
}
END_TEST

START_TEST(odd_files_are_torn)
{
	struct state_record got;
	assert_fails(state_read(scratch_fd, &got, &err), ENODATA);
	scratch_write("state", "", 0, 0600);
	int fd = openat(scratch_fd, "state", O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(ftruncate(fd, 1 << 30), 0);
	close(fd);
	int64_t before = clock_ms();
	assert_fails(state_read(scratch_fd, &got, &err), ENODATA);
	ck_assert_int_lt(clock_ms() - before, 1000);
	unlinkat(scratch_fd, "state", 0);
	ck_assert_int_eq(mkfifoat(scratch_fd, "state", 0600), 0);
	assert_fails(state_read(scratch_fd, &got, &err), ENODATA);
	unlinkat(scratch_fd, "state", 0);
	ck_assert_int_eq(mkdirat(scratch_fd, "state", 0700), 0);
	assert_fails(state_read(scratch_fd, &got, &err), ENODATA);
}
END_TEST

// A later version may add keys; a record of a version we do not know is not guessed at.
START_TEST(unknown_keys)
{
	auto_free char *text = NULL;
	size_t length = 0;
	char larger[8192];
	struct state_record got;
	assert_ok(state_write(scratch_fd, &sample, &err));
	ck_assert_int_eq(fd_read_file(scratch_fd, "state", 4096, &text, &length), 0);
	int n = snprintf(larger, sizeof larger, "{\"new\":\"x\",\"newer\":17,\"newest\":null,\"b\":true,%s",
			 text + 1);
	scratch_write("state", larger, (size_t)n, 0600);
	assert_ok(state_read(scratch_fd, &got, &err));
	ck_assert_str_eq(got.rootfs, sample.rootfs);
	state_record_done(&got);
}
END_TEST

// Readers take no lock: whenever they look, there is a whole record.
START_TEST(readers_see_whole_records)
{
	char longer[3000];
	struct state_record other = sample, got;
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	other.bundle = longer;
	assert_ok(state_write(scratch_fd, &sample, &err));
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int i = 0;; i++)
			if (state_write(scratch_fd, i % 2 ? &other : &sample, NULL) < 0)
				_exit(1);
	}
	for (int i = 0; i < 3000; i++) {
		assert_ok(state_read(scratch_fd, &got, &err));
		ck_assert(text_equal(got.bundle, longer) || text_equal(got.bundle, sample.bundle));
		state_record_done(&got);
	}
	end_child(pid);
}
END_TEST

START_TEST(configuration)
{
	auto_free char *text = NULL;
	size_t length = 0;
	assert_fails(state_read_config(scratch_fd, &text, &length, &err), ENOENT);
	assert_ok(state_write_config(scratch_fd, "{\0}", 3, &err));
	assert_ok(state_read_config(scratch_fd, &text, &length, &err));
	ck_assert_uint_eq(length, 3);
	ck_assert_mem_eq(text, "{\0}", 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("record");
	TCase *all = tcase_create("record");
	tcase_set_timeout(all, 60);
	tcase_add_checked_fixture(all, scratch_make, scratch_remove);
	tcase_add_test(all, round_trip);
	tcase_add_test(all, rewriting_replaces);
	tcase_add_test(all, every_cut_is_torn);
	tcase_add_test(all, garbage_is_torn);
	tcase_add_test(all, odd_files_are_torn);
	tcase_add_test(all, unknown_keys);
	tcase_add_test(all, readers_see_whole_records);
	tcase_add_test(all, configuration);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
