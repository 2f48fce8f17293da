// SPDX-License-Identifier: Apache-2.0
// Device rules: random lists, compiled, are run in an interpreter and compared with the plain meaning of the list;
// then some are loaded into this machine's kernel and tried with real device nodes. Each real denial has
// the same access allowed beside it, and without a program.
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/cgroup/device_filter.h"
#include "libcontainer/kernel/syscalls.h"
#include "tests/unit/cgroup_real.h"

static struct error err;

#define assert_ok(call) ck_assert_msg((call) == 0, "%s: %s", #call, err.message)

// ---- an interpreter of what the compiler may emit ----------------------------------------------

static uint32_t alu(const struct bpf_insn *at, uint32_t to, uint32_t from)
{
	switch (BPF_OP(at->code)) {
	case BPF_MOV:
		return from;
	case BPF_AND:
		return to & from;
	case BPF_OR:
		return to | from;
	case BPF_LSH:
		return to << from;
	case BPF_RSH:
		return to >> from;
	default:
		ck_abort_msg("unknown operation %#x", at->code);
	}
}

static bool jumps(const struct bpf_insn *at, uint32_t left)
{
	uint32_t right = (uint32_t)at->imm;
	if (at->code == (BPF_JMP | BPF_JA))
		return true;
	ck_assert_uint_eq(BPF_CLASS(at->code), BPF_JMP32);
	switch (BPF_OP(at->code)) {
	case BPF_JEQ:
		return left == right;
	case BPF_JNE:
		return left != right;
	case BPF_JSET:
		return left & right;
	default:
		ck_abort_msg("unknown jump %#x", at->code);
	}
}

static bool run(const struct cgroup_device_program *program, const struct bpf_cgroup_dev_ctx *context)
{
	uint32_t r[16] = {0};
	for (size_t i = 0; i < program->count; i++) {
		const struct bpf_insn *at = &program->items[i];
		if (at->code == (BPF_JMP | BPF_EXIT))
			return r[0];
		if (at->code == (BPF_LDX | BPF_MEM | BPF_W)) {
			memcpy(&r[at->dst_reg], (const char *)context + at->off, 4);
		} else if (BPF_CLASS(at->code) == BPF_ALU) {
			bool is_register = BPF_SRC(at->code) == BPF_X;
			r[at->dst_reg] = alu(at, r[at->dst_reg],
					     is_register ? r[at->src_reg] : (uint32_t)at->imm);
		} else if (jumps(at, r[at->dst_reg])) {
			ck_assert_int_ge(at->off, 0);
			i += (size_t)at->off;
		}
	}
	ck_abort_msg("ran off the end");
}

// ---- the plain meaning ---------------------------------------------------------------------------

static bool matches(const struct cgroup_device_rule *rule, uint32_t type, uint32_t bit, uint32_t major,
		    uint32_t minor)
{
	return (rule->types & type) && (rule->access & bit) &&
	       (rule->major < 0 || (uint32_t)rule->major == major) &&
	       (rule->minor < 0 || (uint32_t)rule->minor == minor);
}

static bool allows_bit(const struct cgroup_device_rules *rules, uint32_t type, uint32_t bit,
		       uint32_t major, uint32_t minor)
{
	bool allow = rules->allow;
	for (size_t i = 0; i < rules->count; i++)
		if (matches(&rules->items[i], type, bit, major, minor))
			allow = rules->items[i].allow;
	return allow;
}

static bool allows(const struct cgroup_device_rules *rules, const struct bpf_cgroup_dev_ctx *context)
{
	for (uint32_t bit = 1; bit < 8; bit <<= 1)
		if (((context->access_type >> 16) & bit) &&
		    !allows_bit(rules, context->access_type & 0xffff, bit, context->major,
				context->minor))
			return false;
	return true;
}

static unsigned seed = 1;

static unsigned pick(unsigned count)
{
	return (unsigned)rand_r(&seed) % count;
}

// Few different numbers, so that rules meet; the extremes, so that the key's bits are all used.
static int32_t pick_number(int32_t largest)
{
	const int32_t numbers[] = {-1, -1, 0, 1, 2, 3, largest};
	return numbers[pick(array_size(numbers))];
}

static struct cgroup_device_rule pick_rule(void)
{
	const uint8_t accesses[] = {7, 7, 7, 1, 2, 4, 6, 3, 5};
	return (struct cgroup_device_rule){
		.allow = pick(2),
		.types = (uint8_t)(1 + pick(3)),
		.access = accesses[pick(array_size(accesses))],
		.major = pick_number(4095),
		.minor = pick_number(1048575),
	};
}

static void compare(const struct cgroup_device_rules *meaning, const struct cgroup_device_program *program)
{
	const uint32_t majors[] = {0, 1, 2, 3, 4, 4095}, minors[] = {0, 1, 2, 3, 5, 1048575};
	for (uint32_t type = 1; type <= 2; type++)
		for (uint32_t access = 1; access < 8; access++)
			for (size_t i = 0; i < array_size(majors); i++)
				for (size_t j = 0; j < array_size(minors); j++) {
					struct bpf_cgroup_dev_ctx context = {access << 16 | type,
									     majors[i], minors[j]};
					if (run(program, &context) != allows(meaning, &context))
						ck_abort_msg("seed %u: type %u access %u %u:%u: %d", seed,
							     type, access, majors[i], minors[j],
							     allows(meaning, &context));
				}
}

// What the program says is what the list says, with and without the leaving out of rules.
START_TEST(random_lists_mean_what_they_say)
{
	seed = (unsigned)_i * 7919 + 1;
	for (int round = 0; round < 100; round++) {
		struct cgroup_device_rule items[24], copy[24];
		struct cgroup_device_rules meaning = {items, pick(24), pick(2)};
		for (size_t i = 0; i < meaning.count; i++)
			copy[i] = items[i] = pick_rule();
		struct cgroup_device_rules reduced = {copy, meaning.count, meaning.allow};
		struct cgroup_device_program program;
		assert_ok(cgroup_device_filter_compile(&meaning, &program, &err));
		compare(&meaning, &program);
		cgroup_device_program_done(&program);
		cgroup_device_rules_reduce(&reduced);
		ck_assert_uint_le(reduced.count, meaning.count);
		assert_ok(cgroup_device_filter_compile(&reduced, &program, &err));
		compare(&meaning, &program);
		cgroup_device_program_done(&program);
	}
}
END_TEST

// ---- the configuration's words ------------------------------------------------------------------

static struct spec_device_rule rule(bool allow, char type, int64_t major, int64_t minor,
				    const char *access)
{
	return (struct spec_device_rule){allow, type, {major != -2, major}, {minor != -2, minor}, access};
}

static struct spec_resources resources_of(const struct spec_device_rule *rules, size_t count)
{
	return (struct spec_resources){
		.set = true, .devices_set = true, .devices = rules, .devices_count = count};
}

// The rules of the configuration are answered by the compiled program: type 1 block, 2 char.
static bool ask(const struct spec_device_rule *rules, size_t count, uint32_t type, uint32_t access,
		uint32_t major, uint32_t minor)
{
	struct spec_resources resources = resources_of(rules, count);
	struct cgroup_device_rules list;
	struct cgroup_device_program program;
	assert_ok(cgroup_device_rules_collect(&resources, NULL, 0, &list, &err));
	assert_ok(cgroup_device_filter_compile(&list, &program, &err));
	struct bpf_cgroup_dev_ctx context = {access << 16 | type, major, minor};
	bool answer = run(&program, &context);
	cgroup_device_program_done(&program);
	cgroup_device_rules_done(&list);
	return answer;
}

START_TEST(defaults_are_there_and_nothing_else)
{
	struct spec_device_rule deny = rule(false, 'a', -2, -2, NULL);
	for (size_t count = 0; count < 2; count++) {
		ck_assert(ask(&deny, count, 2, 7, 1, 3));
		ck_assert(ask(&deny, count, 2, 6, 136, 77));
		ck_assert(ask(&deny, count, 2, 6, 10, 200));
		ck_assert(ask(&deny, count, 2, 1, 200, 200));
		ck_assert(ask(&deny, count, 1, 1, 8, 0));
		ck_assert(!ask(&deny, count, 2, 2, 1, 1));
		ck_assert(!ask(&deny, count, 2, 2, 5, 1));
		ck_assert(!ask(&deny, count, 1, 2, 1, 3));
		ck_assert(!ask(&deny, count, 1, 2, 8, 0));
		ck_assert(!ask(&deny, count, 1, 3, 8, 0));
	}
}
END_TEST

// Of the devices that are allowed although nobody asked, this is the one that can be taken away.
START_TEST(tun_can_be_denied)
{
	const struct spec_device_rule list[] = {rule(false, 'a', -2, -2, "rwm"), rule(false, 'c', 10, 200, "rw"),
						rule(false, 'c', 1, 3, "rw")};
	ck_assert(ask(list, 1, 2, 6, 10, 200));
	ck_assert(!ask(list, 3, 2, 6, 10, 200));
	ck_assert(ask(list, 3, 2, 6, 1, 3));
}
END_TEST

START_TEST(later_rules_win)
{
	const struct spec_device_rule list[] = {
		rule(false, 'a', -2, -2, "rwm"), rule(true, 'c', 10, -1, "rw"),
		rule(false, 'c', 10, 229, "w"),  rule(true, 'b', 8, 0, "r"),
	};
	size_t count = array_size(list);
	ck_assert(ask(list, count, 2, 6, 10, 1));
	ck_assert(ask(list, count, 2, 2, 10, 229));
	ck_assert(!ask(list, count, 2, 4, 10, 229));
	ck_assert(!ask(list, count, 2, 6, 10, 229));
	ck_assert(ask(list, count, 1, 2, 8, 0));
	ck_assert(!ask(list, count, 1, 6, 8, 0));
	ck_assert(!ask(list, count, 1, 2, 8, 1));
}
END_TEST

START_TEST(a_wildcard_starts_anew)
{
	const struct spec_device_rule list[] = {
		rule(true, 'b', 8, 0, "rwm"),
		rule(false, 'a', -1, -1, "rwm"),
		rule(true, 'c', 10, 229, "rwm"),
	};
	ck_assert(!ask(list, 3, 1, 2, 8, 0));
	ck_assert(ask(list, 3, 2, 6, 10, 229));
	const struct spec_device_rule all[] = {rule(false, 'c', 1, 1, "rwm"), rule(true, 'a', -2, -2, NULL)};
	struct spec_resources resources = resources_of(all, 2);
	struct cgroup_device_rules rules;
	assert_ok(cgroup_device_rules_collect(&resources, NULL, 0, &rules, &err));
	ck_assert(rules.allow);
	ck_assert_uint_eq(rules.count, 0);
	cgroup_device_rules_done(&rules);
	// only a rule about every access starts anew
	const struct spec_device_rule reading[] = {rule(false, 'a', -2, -2, NULL),
						   rule(true, 'a', -2, -2, "r")};
	ck_assert(ask(reading, 2, 1, 2, 8, 0));
	ck_assert(!ask(reading, 2, 1, 4, 8, 0));
	// numbers that no device has match none
	const struct spec_device_rule beyond[] = {rule(false, 'a', -2, -2, NULL),
						  rule(true, 'b', 8 + 4096, 0, "rwm"),
						  rule(true, 'b', 8, 1048576, "rwm")};
	ck_assert(!ask(beyond, 3, 1, 2, 8, 0));
	ck_assert(!ask(beyond, 3, 1, 2, 9, 0));
}
END_TEST

START_TEST(wrong_rules_are_refused)
{
	const struct {
		struct spec_device_rule rule;
		const char *says;
	} cases[] = {
		{rule(true, 'c', 1, 3, ""), "linux.resources.devices[0].access"},
		{rule(true, 'c', 1, 3, "rwx"), "'rwx'"},
		{rule(true, 'x', 1, 3, "r"), "linux.resources.devices[0].type"},
		{rule(true, 'c', -5, 3, "r"), "linux.resources.devices[0]: major and minor"},
	};
	struct cgroup_host none = {.kind = cgroup_host_kind_none, .fd = -1};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct spec_resources resources = resources_of(&cases[i].rule, 1);
		ck_assert_int_eq(cgroup_check(&none, &resources, &err), -1);
		ck_assert_msg(strstr(err.message, cases[i].says), "%s", err.message);
	}
	struct spec_device_rule good = rule(true, 'c', 1, 3, "r");
	struct spec_resources resources = resources_of(&good, 1);
	assert_ok(cgroup_check(&none, &resources, &err));
}
END_TEST

// The list that engines send makes one compare a rule.
START_TEST(usual_program_is_short)
{
	struct spec_device_rule deny = rule(false, 'a', -2, -2, NULL);
	struct spec_resources resources = resources_of(&deny, 1);
	struct cgroup_device_rules rules;
	struct cgroup_device_program program;
	assert_ok(cgroup_device_rules_collect(&resources, NULL, 0, &rules, &err));
	assert_ok(cgroup_device_filter_compile(&rules, &program, &err));
	ck_assert_uint_le(program.count, 26);
	cgroup_device_program_done(&program);
	cgroup_device_rules_done(&rules);
}
END_TEST

START_TEST(too_many_rules_are_an_error)
{
	size_t count = 40000;
	auto_free struct spec_device_rule *list = calloc(count, sizeof *list);
	for (size_t i = 0; i < count; i++)
		list[i] = rule(true, 'c', (int64_t)(i % 4000), (int64_t)i, "rwm");
	struct spec_resources resources = resources_of(list, count);
	struct cgroup_device_rules rules;
	struct cgroup_device_program program;
	assert_ok(cgroup_device_rules_collect(&resources, NULL, 0, &rules, &err));
	ck_assert_int_eq(cgroup_device_filter_compile(&rules, &program, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "too many"));
	cgroup_device_rules_done(&rules);
}
END_TEST

// ---- this machine's kernel ----------------------------------------------------------------------

static struct cgroup_host host;
static struct cgroup cgroup;
static char prefix[32];

static void setup(void)
{
	char path[64];
	snprintf(path, sizeof path, "/%s%d", prefix, (int)getpid());
	assert_ok(cgroup_host_open(&host, &err));
	assert_ok(cgroup_create(&host, path, NULL, &cgroup, NULL, &err));
}

static void teardown(void)
{
	assert_ok(cgroup_destroy(&cgroup, cgroup.made_from, 20000, &err));
	cgroup_close(&cgroup);
	cgroup_host_close(&host);
}

// In a process of the cgroup: make a node, then open it if flags is not -1. Returns 0 or the errno.
static int try_device(mode_t type, unsigned major_number, unsigned minor_number, int flags, bool inside)
{
	char directory[] = "/dev/husk-devices-XXXXXX";  // elsewhere devices may be forbidden by the mount
	ck_assert_ptr_nonnull(mkdtemp(directory));
	char node[64];
	snprintf(node, sizeof node, "%s/node", directory);
	dev_t device = makedev(major_number, minor_number);
	// the node is made outside, but for the question whether it may be made
	if (flags != -1)
		ck_assert_int_eq(mknod(node, type | 0600, device), 0);
	struct kernel_clone_args args = {.flags = inside ? KERNEL_CLONE_INTO_CGROUP : 0,
					 .exit_signal = SIGCHLD,
					 .cgroup = (uint64_t)cgroup.fd};
	pid_t pid = sys_clone3(&args);
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (flags == -1)
			_exit(mknod(node, type | 0600, device) < 0 ? errno : 0);
		_exit(open(node, flags | O_NONBLOCK | O_NOCTTY) < 0 ? errno : 0);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	unlink(node);
	rmdir(directory);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define char_device(major, minor, flags) try_device(S_IFCHR, major, minor, flags, true)

static void enforce(const struct spec_device_rule *rules, size_t count)
{
	struct spec_resources resources = resources_of(rules, count);
	assert_ok(cgroup_set_devices(&cgroup, &resources, NULL, 0, false, NULL, &err));
}

START_TEST(kernel_enforces_the_defaults)
{
	// without a program everything opens; so the node, the kernel's driver and the rights are there
	ck_assert_int_eq(char_device(1, 11, O_RDONLY), 0);
	ck_assert_int_eq(char_device(1, 3, O_RDWR), 0);
	struct spec_device_rule deny = rule(false, 'a', -2, -2, NULL);
	enforce(&deny, 1);
	ck_assert_int_eq(char_device(1, 11, O_RDONLY), EPERM);
	ck_assert_int_eq(try_device(S_IFCHR, 1, 11, O_RDONLY, false), 0);
	ck_assert_int_eq(char_device(1, 3, O_RDWR), 0);
	ck_assert_int_eq(char_device(1, 5, O_RDONLY), 0);
	ck_assert_int_eq(char_device(1, 9, O_RDONLY), 0);
	ck_assert_int_eq(char_device(5, 1, O_RDONLY), EPERM);
	// making nodes of anything is allowed, as before
	ck_assert_int_eq(char_device(1, 1, -1), 0);
	ck_assert_int_eq(try_device(S_IFBLK, 8, 0, -1, true), 0);
	ck_assert_int_eq(try_device(S_IFBLK, 7, 77, O_RDONLY, true), EPERM);
	ck_assert_int_ne(try_device(S_IFBLK, 7, 77, O_RDONLY, false), EPERM);
}
END_TEST

START_TEST(kernel_enforces_exceptions)
{
	const struct spec_device_rule list[] = {
		rule(true, 'a', -2, -2, NULL),
		rule(false, 'c', 1, 11, "w"),
		rule(false, 'c', 10, -1, "rw"),
		rule(true, 'c', 10, 229, "r"),
	};
	ck_assert_int_eq(char_device(1, 11, O_RDWR), 0);
	enforce(list, array_size(list));
	ck_assert_int_eq(char_device(1, 11, O_RDONLY), 0);
	ck_assert_int_eq(char_device(1, 11, O_WRONLY), EPERM);
	ck_assert_int_eq(char_device(1, 11, O_RDWR), EPERM);
	ck_assert_int_eq(char_device(10, 250, O_RDONLY), EPERM);
	ck_assert_int_ne(char_device(10, 229, O_RDONLY), EPERM);
	ck_assert_int_eq(char_device(10, 229, O_RDWR), EPERM);
}
END_TEST

START_TEST(devices_of_the_container_are_allowed)
{
	struct spec_device_rule deny = rule(false, 'a', -2, -2, NULL);
	struct spec_resources resources = resources_of(&deny, 1);
	const struct spec_device extra[] = {{.path = "/dev/kmsg", .type = 'c', .major = 1, .minor = 11},
					    {.path = "/dev/fifo", .type = 'p', .major = 1, .minor = 1}};
	assert_ok(cgroup_set_devices(&cgroup, &resources, extra, 2, false, NULL, &err));
	ck_assert_int_eq(char_device(1, 11, O_RDONLY), 0);
	ck_assert_int_eq(char_device(1, 1, O_RDONLY), EPERM);
}
END_TEST

// On a cgroup that is not new our own former program is replaced; nothing piles up.
START_TEST(rules_can_be_changed)
{
	struct spec_device_rule deny = rule(false, 'a', -2, -2, NULL), allow = rule(true, 'a', -2, -2, NULL);
	const struct spec_device_rule memory[] = {deny, rule(true, 'c', 1, 11, "r")};
	enforce(&deny, 1);
	struct cgroup again;
	assert_ok(cgroup_open(&host, cgroup.path, &again, &err));
	struct spec_resources resources = resources_of(memory, 2);
	for (int i = 0; i < 80; i++)
		assert_ok(cgroup_set_devices(&again, &resources, NULL, 0, false, NULL, &err));
	ck_assert_int_eq(char_device(1, 11, O_RDONLY), 0);
	ck_assert_int_eq(char_device(1, 11, O_WRONLY), EPERM);
	resources = resources_of(&allow, 1);
	assert_ok(cgroup_set_devices(&again, &resources, NULL, 0, false, NULL, &err));
	ck_assert_int_eq(char_device(1, 11, O_WRONLY), 0);
	cgroup_close(&again);
}
END_TEST

// Whatever the list, the verifier takes the program.
START_TEST(kernel_loads_random_lists)
{
	seed = 4711;
	for (int round = 0; round < 100; round++) {
		struct spec_device_rule list[16];
		size_t count = 1 + pick(15);
		for (size_t i = 0; i < count; i++) {
			static const char *const accesses[] = {NULL, "rwm", "r", "w", "m", "rw", "wm"};
			list[i] = rule(pick(2), "abc"[pick(3)], pick_number(4095), pick_number(1048575),
				       accesses[pick(array_size(accesses))]);
		}
		struct cgroup again;
		assert_ok(cgroup_open(&host, cgroup.path, &again, &err));
		struct spec_resources resources = resources_of(list, count);
		assert_ok(cgroup_set_devices(&again, &resources, NULL, 0, false, NULL, &err));
		cgroup_close(&again);
	}
}
END_TEST

START_TEST(kernel_loads_a_thousand_rules)
{
	static struct spec_device_rule list[1000];
	list[0] = rule(false, 'a', -2, -2, NULL);
	for (size_t i = 1; i < array_size(list); i++)
		list[i] = rule(true, i % 2 ? 'c' : 'b', (int64_t)i, (int64_t)(i * 7), i % 3 ? "rwm" : "r");
	enforce(list, array_size(list));
	ck_assert_int_eq(char_device(1, 1, O_RDONLY), EPERM);
	ck_assert_int_eq(char_device(1, 3, O_RDONLY), 0);
}
END_TEST

// Without rights: an error, unless a user namespace takes as much away as the usual list does.
static int set_without_rights(const struct spec_device_rule *rules, size_t count, bool in_user_namespace)
{
	pid_t pid = fork();
	if (pid == 0) {
		struct spec_resources resources = resources_of(rules, count);
		if (setresuid(65534, 65534, 65534) < 0)
			_exit(2);
		int result = cgroup_set_devices(&cgroup, &resources, NULL, 0, in_user_namespace, NULL, &err);
		_exit(result < 0 ? 1 : 0);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

START_TEST(without_rights)
{
	const struct spec_device_rule usual[] = {rule(false, 'a', -2, -2, NULL),
						 rule(true, 'c', 10, 229, "rwm"),
						 rule(true, 'c', -1, -1, "m")},
				      particular[] = {rule(true, 'a', -2, -2, NULL),
						      rule(false, 'c', 10, 229, "rwm")},
				      partly[] = {rule(false, 'a', -2, -2, NULL),
						  rule(true, 'c', 10, 229, "r")};
	ck_assert_int_eq(set_without_rights(usual, 3, false), 1);
	ck_assert_int_eq(set_without_rights(usual, 3, true), 0);
	ck_assert_int_eq(set_without_rights(particular, 2, true), 1);
	ck_assert_int_eq(set_without_rights(partly, 2, true), 1);
}
END_TEST

int main(void)
{
	const char *missing = cgroup_real_missing();
	snprintf(prefix, sizeof prefix, "husk-devices-%d-", (int)getpid());
	const TTest *const pure[] = {
		defaults_are_there_and_nothing_else, tun_can_be_denied, later_rules_win,     a_wildcard_starts_anew,
		wrong_rules_are_refused,             usual_program_is_short, too_many_rules_are_an_error,
	};
	const TTest *const real[] = {
		kernel_enforces_the_defaults,  kernel_enforces_exceptions,
		devices_of_the_container_are_allowed, rules_can_be_changed,
		kernel_loads_random_lists,     kernel_loads_a_thousand_rules,
		without_rights,
	};
	Suite *suite = suite_create("cgroup_devices");
	TCase *meaning = tcase_create("meaning"), *kernel = tcase_create("kernel");
	tcase_set_timeout(meaning, 120);
	tcase_set_timeout(kernel, 120);
	tcase_add_loop_test(meaning, random_lists_mean_what_they_say, 0, 5);
	for (size_t i = 0; i < array_size(pure); i++)
		tcase_add_test(meaning, pure[i]);
	tcase_add_checked_fixture(kernel, setup, teardown);
	for (size_t i = 0; i < array_size(real); i++)
		tcase_add_test(kernel, real[i]);
	suite_add_tcase(suite, meaning);
	SRunner *runner = srunner_create(suite);
	if (missing)
		printf("cgroup_devices: the kernel's part is skipped: %s\n", missing);
	else
		suite_add_tcase(suite, kernel);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	if (!missing)
		cgroup_real_sweep(prefix);
	return failed;
}
