// SPDX-License-Identifier: Apache-2.0
// What husk thinks that a filter answers, compared with what the running kernel does when the filter is loaded.
#include <check.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/security/security.h"

#define ARGUMENT(n) ((uint32_t)(offsetof(struct seccomp_data, args) + 8 * (n)))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV)
// everything but getppid passes, or the child could not tell
#define OTHERS_PASS                                                                                \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),                     \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 1, 0), ALLOW
// passes when A is what the second argument says
#define COMPARE                                                                                    \
	BPF_STMT(BPF_MISC | BPF_TAX, 0), BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARGUMENT(1)),          \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1), ALLOW, REFUSE

static bool kernel_lets_pass(struct sock_filter *code, uint16_t count, const uint64_t a[6])
{
	int status;
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct sock_fprog program = {count, code};
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
			_exit(99);
		long result = syscall(SYS_getppid, a[0], a[1], a[2], a[3], a[4], a[5]);
		_exit(result < 0 && errno == EXDEV ? 1 : 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status))
		return false;  // killed
	ck_assert_int_ne(WEXITSTATUS(status), 99);
	return WEXITSTATUS(status) == 0;
}

static bool husk_lets_pass(struct sock_filter *code, uint16_t count, const uint64_t a[6])
{
	const struct syscall_filter filter = {.instructions = code, .count = count};
	return syscall_filter_lets_pass(&filter, SYS_getppid, a);
}

static void calculation(uint16_t operation, uint32_t operand, uint32_t value, uint32_t expected)
{
	struct sock_filter by_constant[] = {
		OTHERS_PASS,
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARGUMENT(0)),
		BPF_STMT((uint16_t)(BPF_ALU | operation | BPF_K), operand),
		COMPARE,
	};
	struct sock_filter by_register[] = {
		OTHERS_PASS,
		BPF_STMT(BPF_LD | BPF_IMM, operand),
		BPF_STMT(BPF_ST, 3),
		BPF_STMT(BPF_LDX | BPF_MEM, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARGUMENT(0)),
		BPF_STMT((uint16_t)(BPF_ALU | operation | BPF_X), 0),
		COMPARE,
	};
	for (uint32_t wrong = 0; wrong < 2; wrong++) {
		const uint64_t arguments[6] = {value, expected + wrong};
		ck_assert_int_eq(kernel_lets_pass(by_constant, array_size(by_constant), arguments),
				 !wrong);
		ck_assert_int_eq(husk_lets_pass(by_constant, array_size(by_constant), arguments),
				 !wrong);
		if (operation == BPF_NEG)
			continue;  // has no operand
		ck_assert_int_eq(kernel_lets_pass(by_register, array_size(by_register), arguments),
				 !wrong);
		ck_assert_int_eq(husk_lets_pass(by_register, array_size(by_register), arguments),
				 !wrong);
	}
}

START_TEST(calculations)
{
	calculation(BPF_ADD, 7, 0xfffffffe, 5);
	calculation(BPF_SUB, 7, 5, 0xfffffffe);
	calculation(BPF_MUL, 0x10001, 0x10001, 0x20001);
	calculation(BPF_DIV, 7, 50, 7);
	calculation(BPF_AND, 0xff00ff, 0x12345678, 0x340078);
	calculation(BPF_OR, 0xff00ff, 0x12345678, 0x12ff56ff);
	calculation(BPF_XOR, 0xffffffff, 0x12345678, 0xedcba987);
	calculation(BPF_LSH, 4, 0x12345678, 0x23456780);
	calculation(BPF_RSH, 4, 0x12345678, 0x1234567);
	calculation(BPF_NEG, 0, 5, 0xfffffffb);
}
END_TEST

static void jump(uint16_t operation, uint32_t operand, uint32_t value, bool expected)
{
	struct sock_filter code[] = {
		OTHERS_PASS,
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARGUMENT(2) + 4),  // the high half
		BPF_JUMP((uint16_t)(BPF_JMP | operation | BPF_K), operand, 1, 0),
		REFUSE,
		BPF_STMT(BPF_JMP | BPF_JA, 1),
		REFUSE,
		ALLOW,
	};
	const uint64_t arguments[6] = {0, 0, (uint64_t)value << 32};
	ck_assert_int_eq(kernel_lets_pass(code, array_size(code), arguments), expected);
	ck_assert_int_eq(husk_lets_pass(code, array_size(code), arguments), expected);
}

START_TEST(jumps)
{
	jump(BPF_JEQ, 7, 7, true);
	jump(BPF_JEQ, 7, 8, false);
	jump(BPF_JGT, 7, 0x80000000, true);
	jump(BPF_JGT, 7, 7, false);
	jump(BPF_JGE, 7, 7, true);
	jump(BPF_JGE, 7, 6, false);
	jump(BPF_JSET, 6, 4, true);
	jump(BPF_JSET, 6, 9, false);
}
END_TEST

START_TEST(answers)
{
	static const struct {
		uint32_t value;
		bool passes;
	} rows[] = {
		{SECCOMP_RET_ALLOW, true},
		{SECCOMP_RET_LOG, true},
		{SECCOMP_RET_ERRNO | EXDEV, false},
		{SECCOMP_RET_KILL_PROCESS, false},
		{SECCOMP_RET_KILL_THREAD, false},
		{SECCOMP_RET_TRAP, false},
		{0x12340000, false},  // none of the kernel's
	};
	const uint64_t arguments[6] = {0};
	for (size_t i = 0; i < array_size(rows); i++) {
		struct sock_filter code[] = {
			OTHERS_PASS,
			BPF_STMT(BPF_LD | BPF_IMM, rows[i].value),
			BPF_STMT(BPF_RET | BPF_A, 0),
		};
		ck_assert_int_eq(kernel_lets_pass(code, array_size(code), arguments),
				 rows[i].passes);
		ck_assert_int_eq(husk_lets_pass(code, array_size(code), arguments), rows[i].passes);
	}
}
END_TEST

// What no kernel would take, from run.oci.seccomp_bpf_data for example: refused, and nothing is read or written beyond.
START_TEST(nonsense)
{
	struct sock_filter rows[][2] = {
		{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, sizeof(struct seccomp_data)), ALLOW},
		{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, UINT32_MAX), ALLOW},
		{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), ALLOW},
		{BPF_STMT(BPF_LD | BPF_MEM, BPF_MEMWORDS), ALLOW},
		{BPF_STMT(BPF_ST, BPF_MEMWORDS), ALLOW},
		{BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), ALLOW},
		{BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), ALLOW},
		{BPF_STMT(BPF_JMP | BPF_JA, UINT32_MAX), ALLOW},
		{BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 1), ALLOW},
		{BPF_STMT(BPF_MISC | BPF_TAX, 0), BPF_STMT(BPF_MISC | BPF_TXA, 0)},  // no end
	};
	const uint64_t arguments[6] = {0};
	for (size_t i = 0; i < array_size(rows); i++)
		ck_assert_int_eq(husk_lets_pass(rows[i], 2, arguments), false);
	const struct syscall_filter none = {0};
	ck_assert(syscall_filter_lets_pass(&none, SYS_getppid, arguments));
}
END_TEST

// The calls that husk asks about, and a profile as containerd writes it: what engines give most containers.
START_TEST(default_profile)
{
	static const char *const allowed[] = {"exit_group", "setsid", "ioctl"};
	static const char *const cloning[] = {"clone"};
	const struct spec_seccomp_argument no_namespaces = {
		.index = 0, .value = 0x7e020000, .operator= spec_seccomp_operator_masked_eq };
	const struct spec_seccomp_rule rules[] = {
		{.names = {allowed, array_size(allowed)}, .action = spec_seccomp_action_allow},
		{.names = {cloning, 1},
		 .action = spec_seccomp_action_allow,
		 .args = &no_namespaces,
		 .args_count = 1},
	};
	const struct spec_seccomp seccomp = {.set = true,
					     .default_action = spec_seccomp_action_errno,
					     .rules = rules,
					     .rules_count = array_size(rules)};
	const uint64_t sibling[6] = {sys_clone_sibling_flags}, container[6] = {KERNEL_CLONE_NEWNS};
	struct syscall_filter filter;
	ck_assert_int_eq(syscall_filter_compile(&seccomp, NULL, &filter, NULL), 0);
	ck_assert(syscall_filter_lets_pass(&filter, SYS_clone, sibling));
	ck_assert(!syscall_filter_lets_pass(&filter, SYS_clone, container));
	ck_assert(syscall_filter_lets_pass(&filter, SYS_setsid, sibling));
	ck_assert(!syscall_filter_lets_pass(&filter, SYS_getppid, sibling));
	syscall_filter_done(&filter);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("security_filter_answer");
	TCase *tc = tcase_create("answer");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, calculations);
	tcase_add_test(tc, jumps);
	tcase_add_test(tc, answers);
	tcase_add_test(tc, nonsense);
	tcase_add_test(tc, default_profile);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
