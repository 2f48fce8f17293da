// SPDX-License-Identifier: Apache-2.0
// Capabilities, labels and the session keyring. What changes a process for good happens in children.
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/security/label_attribute.h"
#include "libcontainer/security/security.h"

#define BIT(n) (UINT64_C(1) << (n))

struct seen {
	char text[4096];
};

static void keep(void *data, enum log_level level unused_result, const char *message)
{
	struct seen *seen = data;
	size_t used = strlen(seen->text);
	snprintf(seen->text + used, sizeof seen->text - used, "%s\n", message);
}

START_TEST(names)
{
	ck_assert_int_eq(capabilities_from_name("CAP_CHOWN"), CAP_CHOWN);
	ck_assert_int_eq(capabilities_from_name("cap_net_admin"), CAP_NET_ADMIN);
	ck_assert_int_eq(capabilities_from_name("Sys_Admin"), CAP_SYS_ADMIN);
	static const char *const wrong[] = {"", "CAP_", "CAP_NOPE", "CAP_CHOWN ", "CAP_CHOWN=ep", "CAP_CHOW", "0", "CAP_0", "all",
					    "CAP_CAP_CHOWN", "CAP_CHOWN,CAP_KILL",
					    "CAP_AN_EXTREMELY_LONG_NAME_THAT_FITS_INTO_NO_BUFFER_AT_ALL"};
	for (size_t i = 0; i < array_size(wrong); i++)
		ck_assert_msg(capabilities_from_name(wrong[i]) == -1, "%s", wrong[i]);
}
END_TEST

// Our list is libcap's, in the order of the numbers.
START_TEST(words)
{
	const char *const *list = capabilities_words();
	int count = 0;
	for (; list[count]; count++) {
		char *name = cap_to_name(count);
		ck_assert_int_eq(strcasecmp(name, list[count]), 0);
		cap_free(name);
		ck_assert_int_eq(capabilities_from_name(list[count]), count);
	}
	ck_assert_int_eq(count, CAP_LAST_CAP + 1);
}
END_TEST

static struct spec_strings list_of(const char *const *items, size_t count)
{
	return (struct spec_strings){items, count};
}

START_TEST(plan)
{
	static const char *const some[] = {"CAP_KILL", "CAP_NO_SUCH", "CAP_CHOWN"};
	static const char *const kill[] = {"CAP_KILL"};
	struct seen seen = {{0}};
	struct log log = {.level = log_level_warning, .emit = keep, .data = &seen};
	struct capabilities caps;
	struct spec_capabilities set = {.set = false, .bounding = list_of(some, 3)};
	ck_assert_int_eq(capabilities_plan(&set, &log, &caps, NULL), 0);
	ck_assert_uint_eq(caps.bounding, 0);  // the object is absent: nothing
	ck_assert_str_eq(seen.text, "");
	set = (struct spec_capabilities){.set = true,
					 .bounding = list_of(some, 3),
					 .permitted = list_of(some, 3),
					 .effective = list_of(some, 3),
					 .ambient = list_of(kill, 1)};
	ck_assert_int_eq(capabilities_plan_user_namespace(&set, &log, &caps, NULL), 0);
	ck_assert_uint_eq(caps.bounding, BIT(CAP_KILL) | BIT(CAP_CHOWN));
	ck_assert_uint_eq(caps.permitted, BIT(CAP_KILL) | BIT(CAP_CHOWN));
	ck_assert_uint_eq(caps.effective, BIT(CAP_KILL) | BIT(CAP_CHOWN));
	ck_assert_uint_eq(caps.ambient, 0);  // not inheritable
	ck_assert_ptr_nonnull(strstr(seen.text, "process.capabilities.bounding[1]: unknown capability CAP_NO_SUCH"));
	ck_assert_ptr_nonnull(strstr(seen.text, "process.capabilities.ambient: CAP_KILL is left out"));
	set.inheritable = list_of(kill, 1);
	ck_assert_int_eq(capabilities_plan_user_namespace(&set, NULL, &caps, NULL), 0);
	ck_assert_uint_eq(caps.ambient, BIT(CAP_KILL));
}
END_TEST

static int in_child(int (*body)(void))
{
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(body());
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

// A caller without CAP_SYS_TIME: it is left out, with a warning; the rest stays.
static int plan_with_less(void)
{
	static const char *const two[] = {"CAP_SYS_TIME", "CAP_KILL"};
	struct spec_capabilities set = {.set = true, .bounding = list_of(two, 2), .permitted = list_of(two, 2)};
	struct seen seen = {{0}};
	struct log log = {.level = log_level_warning, .emit = keep, .data = &seen};
	struct capabilities caps;
	if (prctl(PR_CAPBSET_READ, CAP_SYS_TIME, 0, 0, 0) != 1)
		return 77;
	// the control
	if (capabilities_plan(&set, &log, &caps, NULL) < 0 || caps.bounding != (BIT(CAP_SYS_TIME) | BIT(CAP_KILL)))
		return 1;
	if (*seen.text || prctl(PR_CAPBSET_DROP, CAP_SYS_TIME, 0, 0, 0) < 0)
		return 2;
	if (capabilities_plan(&set, &log, &caps, NULL) < 0 || caps.bounding != BIT(CAP_KILL) ||
	    caps.permitted != BIT(CAP_KILL))
		return 3;
	const char *first = strstr(seen.text, "CAP_SYS_TIME is left out: the caller does not have it");
	return first && !strstr(first + 1, "CAP_SYS_TIME") ? 0 : 4;
}

static struct capabilities wanted(void)
{
	const uint64_t three = BIT(CAP_AUDIT_WRITE) | BIT(CAP_KILL) | BIT(CAP_NET_BIND_SERVICE);
	return (struct capabilities){.bounding = three,
				     .permitted = three,
				     .effective = BIT(CAP_KILL),
				     .inheritable = BIT(CAP_KILL),
				     .ambient = BIT(CAP_KILL)};
}

static int status_has(const char *line)
{
	char text[8192] = "";
	auto_close int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, text, sizeof text - 1) > 0 && strstr(text, line) != NULL;
}

static int apply_as_user(void)
{
	struct capabilities caps = wanted();
	struct error err;
	if (capabilities_limit(&caps, &err) < 0)
		return 1;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setgid(1234) < 0 || setuid(1234) < 0)
		return 2;
	if (capabilities_apply(&caps, &err) < 0)
		return 3;
	if (!status_has("CapBnd:\t0000000020000420") || !status_has("CapPrm:\t0000000020000420") ||
	    !status_has("CapEff:\t0000000000000020") || !status_has("CapInh:\t0000000000000020") ||
	    !status_has("CapAmb:\t0000000000000020"))
		return 4;
	// what is gone stays gone
	caps.permitted |= BIT(CAP_SYS_ADMIN);
	return capabilities_apply(&caps, &err) < 0 ? 0 : 5;
}

// In the kernel's place: one command of prctl has that result.
static int answer_prctl(uint32_t command, uint32_t number)
{
	struct sock_filter lie[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, command, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | number),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = array_size(lie), .filter = lie};
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

// It says that it dropped capabilities: reading back must find that out.
static int limit_without_drop(void)
{
	struct capabilities caps = wanted();
	struct error err = {0};
	if (answer_prctl(PR_CAPBSET_DROP, 0) < 0)
		return 1;
	if (capabilities_limit(&caps, &err) == 0)
		return 2;
	return strstr(err.message, "process.capabilities.bounding: wanted 0x20000420") ? 0 : 3;
}

// It does not let the set be read: what is left of it is not known. (EINVAL: as if there were no capabilities.)
static int limit_without_reading(uint32_t number)
{
	struct capabilities caps = {0};
	struct error err = {0};
	if (answer_prctl(PR_CAPBSET_READ, number) < 0)
		return 1;
	if (capabilities_limit(&caps, &err) == 0)
		return 2;
	return strstr(err.message, "process.capabilities.bounding: read capability 0") ? 0 : 3;
}

static int limit_unreadable(void)
{
	return limit_without_reading(EPERM);
}

static int limit_unknown(void)
{
	return limit_without_reading(EINVAL);
}

START_TEST(applying)
{
	ck_assert_int_eq(geteuid(), 0);
	ck_assert_int_eq(in_child(plan_with_less), 0);
	ck_assert_int_eq(in_child(apply_as_user), 0);
	ck_assert_int_eq(in_child(limit_without_drop), 0);
	ck_assert_int_eq(in_child(limit_unreadable), 0);
	ck_assert_int_eq(in_child(limit_unknown), 0);
}
END_TEST

// ---- labels --------------------------------------------------------------------------------------

START_TEST(labels_absent)
{
	struct error err = {0};
	struct labels labels = {NULL, NULL};
	ck_assert_int_eq(labels_check(&labels, &err), 0);
	ck_assert_int_eq(labels_apply(&labels, -1, &err), 0);
	if (label_attribute_module_present(label_module_apparmor) == 0) {
		labels.apparmor = "profile";
		ck_assert_int_eq(labels_check(&labels, &err), -1);
		ck_assert_ptr_nonnull(strstr(err.message, "AppArmor is not enabled"));
		labels.apparmor = "unconfined";
		ck_assert_int_eq(labels_check(&labels, &err), 0);
	}
	labels.apparmor = NULL;
	if (label_attribute_module_present(label_module_selinux) == 0) {
		labels.selinux = "system_u:system_r:container_t:s0";
		ck_assert_int_eq(labels_check(&labels, &err), -1);
		ck_assert_ptr_nonnull(strstr(err.message, "SELinux is not enabled"));
		// and applying fails, naming the file in back-quotes
		auto_close int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_eq(labels_apply(&labels, proc, &err), -1);
		ck_assert_ptr_nonnull(strstr(err.message, "`/proc/thread-self/attr/exec`"));
	}
}
END_TEST

// A directory that looks like /proc but is none is refused, whatever lies in it.
START_TEST(labels_fake_proc)
{
	char directory[] = "/tmp/husk-test-XXXXXX", path[96];
	ck_assert_ptr_nonnull(mkdtemp(directory));
	static const char *const parts[] = {"thread-self", "thread-self/attr"};
	for (size_t i = 0; i < array_size(parts); i++) {
		snprintf(path, sizeof path, "%s/%s", directory, parts[i]);
		ck_assert_int_eq(mkdir(path, 0700), 0);
	}
	snprintf(path, sizeof path, "%s/thread-self/attr/exec", directory);
	int made = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	ck_assert_int_ge(made, 0);
	auto_close int fake = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	errno = 0;
	ck_assert_int_eq(label_attribute_set(label_module_selinux, label_attribute_exec, fake, "label"), -1);
	ck_assert_int_eq(errno, EXDEV);
	struct stat st;
	ck_assert_int_eq(fstat(made, &st), 0);
	ck_assert_int_eq(st.st_size, 0);
	close(made);
	unlink(path);
	for (size_t i = array_size(parts); i-- > 0;) {
		snprintf(path, sizeof path, "%s/%s", directory, parts[i]);
		rmdir(path);
	}
	rmdir(directory);
}
END_TEST

// ---- keyring -------------------------------------------------------------------------------------

static int join(void)
{
	const char *note = "?";
	struct error err;
	char text[256] = "";
	if (keyring_join("some-id", NULL, -1, &note, &err) < 0)
		return 1;
	if (note)
		return 77;  // a kernel or sandbox without keys
	long key = sys_keyctl(KEYCTL_GET_KEYRING_ID, (unsigned long)KEY_SPEC_SESSION_KEYRING, 0, 0, 0);
	if (key < 0 || sys_keyctl(KEYCTL_DESCRIBE, (unsigned long)key, (unsigned long)text, sizeof text - 1, 0) < 0)
		return 2;
	unsigned permissions = 0;
	if (sscanf(text, "keyring;%*[^;];%*[^;];%x;", &permissions) != 1 || !(permissions & 0x80000))
		return 3;
	return strstr(text, "_ses.some-id") ? 0 : 4;
}

START_TEST(session_keyring)
{
	int result = in_child(join);
	ck_assert_msg(result == 0 || result == 77, "%d", result);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("security_confine");
	TCase *tc = tcase_create("confine");
	tcase_add_test(tc, names);
	tcase_add_test(tc, words);
	tcase_add_test(tc, plan);
	if (geteuid() == 0)
		tcase_add_test(tc, applying);
	tcase_add_test(tc, labels_absent);
	tcase_add_test(tc, labels_fake_proc);
	tcase_add_test(tc, session_keyring);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
