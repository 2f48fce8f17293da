// SPDX-License-Identifier: Apache-2.0
// Our filters against libseccomp's, by running both in an emulator over many calls: for real profiles and for random
// ones, as if on different machines. Equal, but for what filter_rules.h says is different on purpose, and where
// libseccomp contradicts the literal meaning of the rules, which a third, slow evaluation decides.
#include <errno.h>
#include <time.h>

#include "tests/unit/security_profile.h"

#define CODE_MAX 20000

// libseccomp loses memory when it refuses a rule
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libseccomp";
}

static uint64_t seed = 88172645463325252ULL;

static uint32_t roll(uint32_t limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 16) % limit;
}

// ---- what may differ -----------------------------------------------------------------------------

struct pair {
	const struct spec_seccomp *seccomp;
	const struct filter_architecture *native;
	struct sock_filter *mine;
	uint16_t mine_count;
	struct sock_filter theirs[CODE_MAX];
	size_t theirs_count;
	uint32_t fallback;
	bool refuses;      // the stub is on
	bool newer_names;  // the profile names calls that libseccomp may not know
	struct {
		const struct filter_architecture *architecture;
		bool any;
		uint32_t newest;
	} abis[4];
	size_t abis_count;
	size_t equal, stubbed, newer;
	size_t literal;  // we do what the rules say, libseccomp does not
};

// The newest number that the profile names, found without our own table of names.
static void find_newest(struct pair *pair, size_t abi)
{
	const struct filter_architecture *a = pair->abis[abi].architecture;
	for (uint32_t n = 0; n < 600 && n + a->base < a->apart; n++) {
		char *name = seccomp_syscall_resolve_num_arch(a->token, (int)(a->base + n));
		for (size_t i = 0; name && i < pair->seccomp->rules_count; i++)
			for (size_t k = 0; k < pair->seccomp->rules[i].names.count; k++)
				if (text_equal(pair->seccomp->rules[i].names.items[k], name)) {
					pair->abis[abi].any = true;
					pair->abis[abi].newest = a->base + n;
				}
		free(name);
	}
	// a name with a pseudo number is also socketcall or ipc
	for (size_t i = 0; i < pair->seccomp->rules_count; i++)
		for (size_t k = 0; k < pair->seccomp->rules[i].names.count; k++) {
			int pseudo =
				seccomp_syscall_resolve_name_arch(a->token, pair->seccomp->rules[i].names.items[k]);
			if (!a->multiplexed || pseudo > -100 || pseudo < -300)
				continue;
			uint32_t real = a->base + (pseudo > -200 ? 102 : 117);
			if (!pair->abis[abi].any || pair->abis[abi].newest < real)
				pair->abis[abi].newest = real;
			pair->abis[abi].any = true;
		}
}

static void find_abis(struct pair *pair)
{
	pair->abis[pair->abis_count++].architecture = pair->native;
	for (size_t i = 0; i < pair->seccomp->architectures.count; i++) {
		const struct filter_architecture *a =
			filter_architecture_find(pair->seccomp->architectures.items[i]);
		ck_assert_ptr_nonnull(a);
		bool new = a->family == pair->native->family;
		for (size_t k = 0; k < pair->abis_count; k++)
			new = new && pair->abis[k].architecture != a;
		if (new)
			pair->abis[pair->abis_count++].architecture = a;
	}
	for (size_t i = 0; i < pair->abis_count; i++)
		find_newest(pair, i);
}

static bool stub_applies(const struct pair *pair, const struct profile_call *call)
{
	const uint32_t x32 = 0x40000000;
	bool x86 = call->arch == SCMP_ARCH_X86_64, has_x32 = false;
	if (!pair->refuses)
		return false;
	for (size_t i = 0; i < pair->abis_count; i++)
		has_x32 |= pair->abis[i].architecture->token == SCMP_ARCH_X32;
	for (size_t i = 0; i < pair->abis_count; i++) {
		const struct filter_architecture *a = pair->abis[i].architecture;
		if (a->audit != call->arch)
			continue;
		if (x86 && has_x32 && (call->nr >= x32) != (a->token == SCMP_ARCH_X32))
			continue;
		bool s390 = a->token == SCMP_ARCH_S390 || a->token == SCMP_ARCH_S390X;
		if (a->apart != UINT32_MAX && call->nr >= a->apart)
			return false;
		return (x86 && !has_x32 && call->nr >= x32) || (s390 && call->nr == 0) ||
		       (pair->abis[i].any && call->nr > pair->abis[i].newest);
	}
	return false;
}

static void show(const struct pair *pair, const struct profile_call *call)
{
	char *name = seccomp_syscall_resolve_num_arch(call->arch, (int)call->nr);
	fprintf(stderr, "default %#x, rules for %s:\n", pair->fallback, name ? name : "?");
	for (size_t i = 0; i < pair->seccomp->rules_count; i++) {
		const struct spec_seccomp_rule *rule = &pair->seccomp->rules[i];
		bool named = !name;
		for (size_t k = 0; name && k < rule->names.count; k++)
			named |= text_equal(rule->names.items[k], name);
		if (!named)
			continue;
		fprintf(stderr, "  %#x if", filter_rules_action(rule->action, rule->errno_ret));
		for (size_t k = 0; k < rule->args_count; k++)
			fprintf(stderr, " a%u op%d %#llx %#llx;", rule->args[k].index, (int)rule->args[k].operator,
				(unsigned long long)rule->args[k].value,
				(unsigned long long)rule->args[k].value_two);
		fprintf(stderr, "\n");
	}
	free(name);
}

// ---- what the rules say, literally ---------------------------------------------------------------

// How the call is named by this name: not at all (0), by its own number (1), as a sub-call of socketcall or ipc (2).
static int named_as(const struct filter_architecture *a, const char *name, const struct profile_call *call,
		    uint32_t *selector)
{
	int number = seccomp_syscall_resolve_name_arch(a->token, name);
	if (number >= 0)
		return (uint32_t)number == call->nr;
	if (!a->multiplexed || number > -100 || number < -300)
		return 0;
	if (call->nr == a->base + (number > -200 ? 102 : 117)) {
		*selector = (uint32_t)-number % 100;
		return 2;
	}
	char *own = seccomp_syscall_resolve_num_arch(a->token, (int)call->nr);
	bool equal = own && text_equal(own, name);
	free(own);
	return equal;
}

static bool holds(const struct spec_seccomp_argument *argument, uint64_t value, bool wide)
{
	uint64_t datum = wide ? argument->value : (uint32_t)argument->value;
	uint64_t second = wide ? argument->value_two : (uint32_t)argument->value_two;
	value = wide ? value : (uint32_t)value;
	switch (argument->operator) {
	case spec_seccomp_operator_ne:
		return value != datum;
	case spec_seccomp_operator_lt:
		return value < datum;
	case spec_seccomp_operator_le:
		return value <= datum;
	case spec_seccomp_operator_eq:
		return value == datum;
	case spec_seccomp_operator_ge:
		return value >= datum;
	case spec_seccomp_operator_gt:
		return value > datum;
	case spec_seccomp_operator_masked_eq:
		return (value & datum) == (second & datum);
	}
	return false;
}

static bool rule_holds(const struct spec_seccomp_rule *rule, const struct profile_call *call, bool wide, bool multiplexed)
{
	unsigned seen = 0;
	bool twice = false, all = true, any = false;
	for (size_t i = 0; i < rule->args_count; i++) {
		twice |= (seen & 1U << rule->args[i].index) != 0;
		seen |= 1U << rule->args[i].index;
		bool one = (multiplexed && rule->args[i].index == 0) ||
			   holds(&rule->args[i], call->args[rule->args[i].index], wide);
		all &= one;
		any |= one;
	}
	return rule->args_count == 0 || (twice ? any : all);
}

// *alternatives: sets of conditions for this call. Only for calls of the table, not beyond the newest.
static uint32_t literally(const struct pair *pair, const struct filter_architecture *a,
			  const struct profile_call *call, unsigned *alternatives)
{
	uint32_t result = pair->fallback;
	bool found = false;
	*alternatives = 0;
	for (size_t i = 0; i < pair->seccomp->rules_count; i++) {
		const struct spec_seccomp_rule *rule = &pair->seccomp->rules[i];
		uint32_t action = filter_rules_action(rule->action, rule->errno_ret);
		for (size_t k = 0; k < rule->names.count && action != pair->fallback; k++) {
			uint32_t selector = 0;
			int way = named_as(a, rule->names.items[k], call, &selector);
			if (way == 1 && rule->args_count == 0)
				return action;
			*alternatives += way ? 1 + (unsigned)rule->args_count : 0;
			uint64_t first = a->wide ? call->args[0] : (uint32_t)call->args[0];
			if (!way || (way == 2 && first != selector) || !rule_holds(rule, call, a->wide, way == 2))
				continue;
			if (!found || (int32_t)(action & SECCOMP_RET_ACTION_FULL) <
					      (int32_t)(result & SECCOMP_RET_ACTION_FULL))
				result = action;
			found = true;
		}
	}
	return result;
}

static const struct filter_architecture *abi_of(const struct pair *pair, const struct profile_call *call)
{
	for (size_t i = 0; i < pair->abis_count; i++) {
		const struct filter_architecture *a = pair->abis[i].architecture;
		bool x32 = call->arch == SCMP_ARCH_X86_64 && call->nr >= 0x40000000;
		if (a->audit == call->arch && x32 == (a->token == SCMP_ARCH_X32))
			return a;
	}
	return NULL;
}

// ---- comparing -----------------------------------------------------------------------------------

static void compare(struct pair *pair, const struct profile_call *call)
{
	uint32_t mine = profile_run(pair->mine, pair->mine_count, call, pair->native->big_endian);
	uint32_t theirs = profile_run(pair->theirs, pair->theirs_count, call, pair->native->big_endian);
	const struct filter_architecture *a = abi_of(pair, call);
	bool stub = stub_applies(pair, call);
	unsigned alternatives = 0;
	if (stub && mine == (SECCOMP_RET_ERRNO | ENOSYS) &&
	    (theirs == pair->fallback || theirs == SECCOMP_RET_KILL_THREAD)) {
		pair->stubbed++;
		return;
	}
	bool newer = pair->newer_names && (call->nr & 0xfff) >= 335 &&
		     (theirs == pair->fallback || theirs == SECCOMP_RET_KILL_THREAD);
	if (mine != theirs && newer) {
		pair->newer++;
		return;
	}
	bool literal = a && !stub && mine == literally(pair, a, call, &alternatives);
	if (mine == theirs && ((!stub && (literal || !a)) || newer)) {
		pair->equal++;
		return;
	}
	// libseccomp merges conditions on one argument wrongly at times, and decides between actions by its tree
	if (literal && mine != theirs && alternatives > 1) {
		pair->literal++;
		return;
	}
	show(pair, call);
	ck_abort_msg("arch %#x nr %#x args %#llx %#llx %#llx %#llx %#llx %#llx: we say %#x, libseccomp %#x",
		     call->arch, call->nr, (unsigned long long)call->args[0],
		     (unsigned long long)call->args[1], (unsigned long long)call->args[2],
		     (unsigned long long)call->args[3], (unsigned long long)call->args[4],
		     (unsigned long long)call->args[5], mine, theirs);
}

// ---- calls ---------------------------------------------------------------------------------------

static uint64_t some_value(const struct pair *pair)
{
	static const uint64_t edges[] = {0, 1, 2, 9, 16, 38, 39, 40, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
					 0x100000028, 0x7fffffffffffffff, 0x8000000000000000, UINT64_MAX};
	const struct spec_seccomp *s = pair->seccomp;
	uint64_t value = edges[roll(array_size(edges))];
	const struct spec_seccomp_rule *rule = s->rules_count ? &s->rules[roll((uint32_t)s->rules_count)] : NULL;
	if (rule && rule->args_count > 0 && roll(4)) {
		const struct spec_seccomp_argument *a = &rule->args[roll((uint32_t)rule->args_count)];
		value = roll(2) ? a->value : a->value_two;
	}
	switch (roll(6)) {
	case 0:
		return value + 1;
	case 1:
		return value - 1;
	case 2:
		return value ^ 0x100000000;
	case 3:
		return value ^ (UINT64_C(1) << roll(64));
	default:
		return value;
	}
}

static uint32_t some_number(const struct filter_architecture *a)
{
	static const uint32_t edges[] = {0x3fffffff, 0x40000000, 0x400001ff, 0x40000200, 0x40000223, 0x7fffffff, 0x80000000,
					 0xfffffffe, 0xffffffff, 0xeffff,    0xf0002,	 0xf0005,    0xf0006,	 1000};
	if (roll(20) == 0)
		return edges[roll(array_size(edges))];
	return a->base + roll(600);
}

static void compare_call(struct pair *pair, uint32_t arch, uint32_t nr)
{
	struct profile_call call = {.nr = nr, .arch = arch};
	for (size_t i = 0; i < 6; i++)
		call.args[i] = some_value(pair);
	// where registers have 32 bits the kernel leaves the other half zero
	const struct filter_architecture *a = filter_architecture_of(arch);
	if (a && !a->wide)
		for (size_t i = 0; i < 6; i++)
			call.args[i] &= UINT32_MAX;
	compare(pair, &call);
}

static void compare_all(struct pair *pair, unsigned rounds)
{
	for (size_t i = 0; i < pair->abis_count; i++) {
		const struct filter_architecture *a = pair->abis[i].architecture;
		for (uint32_t n = 0; n < 620; n++)
			compare_call(pair, a->audit, a->base + n);
		for (unsigned k = 0; k < rounds; k++)
			compare_call(pair, a->audit, some_number(a));
	}
	for (unsigned k = 0; k < 50; k++)
		compare_call(pair, roll(2) ? SCMP_ARCH_PARISC : roll(UINT32_MAX), roll(500));
}

// ---- profiles ------------------------------------------------------------------------------------

static void pair_make_mine(struct pair *pair, const struct spec_seccomp *seccomp, uint32_t native)
{
	struct arena arena = {.chunk = NULL};
	struct filter_program program;
	struct error err;
	*pair = (struct pair){.seccomp = seccomp, .native = filter_architecture_of(native)};
	pair->fallback = filter_rules_action(seccomp->default_action, seccomp->default_errno_ret);
	pair->refuses = (int32_t)pair->fallback < (int32_t)SECCOMP_RET_TRACE;
	find_abis(pair);
	ck_assert_msg(filter_rules_plan(seccomp, pair->native, &filter_names_all, NULL, &arena, &program, &err) == 0, "%s",
		      err.message);
	ck_assert_int_eq(filter_code_generate(&program, &pair->mine, &pair->mine_count), 0);
	arena_free(&arena);
}

static bool pair_make(struct pair *pair, const struct spec_seccomp *seccomp, uint32_t native)
{
	pair_make_mine(pair, seccomp, native);
	pair->theirs_count = profile_reference(seccomp, pair->native, pair->theirs, CODE_MAX);
	if (pair->theirs_count == 0)
		free(pair->mine);
	return pair->theirs_count != 0;
}

static double microseconds(const struct spec_seccomp *seccomp, uint32_t native)
{
	double best = 1e9;
	for (int i = 0; i < 20; i++) {
		struct timespec a, b;
		struct arena arena = {.chunk = NULL};
		struct filter_program program;
		struct sock_filter *code = NULL;
		uint16_t count;
		clock_gettime(CLOCK_MONOTONIC, &a);
		ck_assert_int_eq(filter_rules_plan(seccomp, filter_architecture_of(native), &filter_names_all, NULL,
						   &arena, &program, NULL), 0);
		ck_assert_int_eq(filter_code_generate(&program, &code, &count), 0);
		clock_gettime(CLOCK_MONOTONIC, &b);
		arena_free(&arena);
		free(code);
		double us = (double)(b.tv_sec - a.tv_sec) * 1e6 + (double)(b.tv_nsec - a.tv_nsec) / 1e3;
		best = us < best ? us : best;
	}
	return best;
}

static void real_profile(const char *path, uint32_t native, bool newer, uint16_t limit)
{
	struct arena arena = {.chunk = NULL};
	struct spec_seccomp seccomp = profile_read(path, &arena);
	static struct pair pair;
	ck_assert_uint_gt(seccomp.rules_count, 0);
	ck_assert(pair_make(&pair, &seccomp, native));
	pair.newer_names = newer;
	compare_all(&pair, 8000);
	printf("%s on %s: %u instructions (libseccomp %zu), %.0f us, %zu equal, %zu stubbed, %zu newer\n", path,
	       pair.native->name, pair.mine_count, pair.theirs_count, microseconds(&seccomp, native), pair.equal,
	       pair.stubbed, pair.newer);
	ck_assert_uint_gt(pair.equal, 5000);
	ck_assert_uint_le(pair.mine_count, limit);
	free(pair.mine);
	arena_free(&arena);
}

START_TEST(podman_profile)
{
	real_profile("tests/unit/security_profiles/podman-4.3.json", SCMP_ARCH_X86_64, false, 280);
	real_profile("tests/unit/security_profiles/podman-4.3.json", SCMP_ARCH_AARCH64, false, 280);
	real_profile("tests/unit/security_profiles/podman-4.3.json", SCMP_ARCH_S390X, false, 280);
}
END_TEST

START_TEST(default_profile)
{
	real_profile("seccomp-profiles/default.json", SCMP_ARCH_X86_64, true, 260);
	real_profile("seccomp-profiles/default.json", SCMP_ARCH_AARCH64, true, 260);
}
END_TEST

static const char *const some_names[] = {
	"read", "write", "open", "close", "stat", "socket", "bind", "sendto", "recv", "accept", "accept4", "semop", "semget",
	"shmat", "msgctl", "clone", "personality", "ioctl", "prctl", "ptrace", "mount", "umount2", "socketcall", "ipc",
	"openat", "openat2", "close_range", "clone3", "no_such_call", "execve", "getpid", "kill", "arch_prctl", "futex",
	"futex_time64", "waitpid", "chown32", "mmap2", "recvmmsg", "semtimedop", "cacheflush", "set_tls", "rt_sigaction"};

static struct spec_optional_u64 maybe_errno(enum spec_seccomp_action action)
{
	bool takes = action == spec_seccomp_action_errno || action == spec_seccomp_action_trace;
	return (struct spec_optional_u64){takes && roll(2), roll(4095)};
}

static enum spec_seccomp_action some_action(void)
{
	return (enum spec_seccomp_action)roll(spec_seccomp_action_notify + 1);
}

static uint64_t some_datum(void)
{
	static const uint64_t values[] = {0, 1, 8, 38, 40, 0x20000, 0x7e020000, 0xffffffff, 0x100000000, 0xffffffff00000000,
					  0x123456789abcdef0, UINT64_MAX};
	return values[roll(array_size(values))];
}

// one_action: all rules have the same, so that the order in which they are looked at cannot matter.
static struct spec_seccomp random_profile(struct arena *arena, bool one_action, const char *const *architectures,
					  size_t architectures_count)
{
	struct spec_seccomp s = {.set = true, .default_action = some_action()};
	if (s.default_action == spec_seccomp_action_notify)
		s.default_action = spec_seccomp_action_errno;
	s.default_errno_ret = maybe_errno(s.default_action);
	s.architectures = (struct spec_strings){architectures, roll((uint32_t)architectures_count + 1)};
	s.rules_count = 1 + roll(12);
	struct spec_seccomp_rule *rules = arena_array(arena, s.rules_count, sizeof *rules);
	enum spec_seccomp_action action = some_action();
	struct spec_optional_u64 errno_ret = maybe_errno(action);
	for (size_t i = 0; i < s.rules_count; i++) {
		rules[i].action = one_action ? action : some_action();
		rules[i].errno_ret = one_action ? errno_ret : maybe_errno(rules[i].action);
		size_t count = 1 + roll(6);
		const char **names = arena_array(arena, count, sizeof *names);
		for (size_t k = 0; k < count; k++)
			names[k] = some_names[roll(array_size(some_names))];
		rules[i].names = (struct spec_strings){names, count};
		rules[i].args_count = roll(3) ? 0 : 1 + roll(3);
		struct spec_seccomp_argument *args = arena_array(arena, rules[i].args_count + 1, sizeof *args);
		for (size_t k = 0; k < rules[i].args_count; k++) {
			args[k].index = roll(6);
			args[k].operator = (enum spec_seccomp_operator)roll(spec_seccomp_operator_masked_eq + 1);
			args[k].value = some_datum();
			args[k].value_two = some_datum();
		}
		rules[i].args = args;
	}
	s.rules = rules;
	return s;
}

static size_t random_profiles(unsigned count, bool one_action, uint32_t native, const char *const *architectures,
			      size_t architectures_count)
{
	static struct pair pair;
	size_t compared = 0, calls = 0, literal = 0;
	for (unsigned i = 0; i < count; i++) {
		struct arena arena = {.chunk = NULL};
		struct spec_seccomp seccomp = random_profile(&arena, one_action, architectures, architectures_count);
		if (pair_make(&pair, &seccomp, native)) {
			compare_all(&pair, 300);
			compared++;
			calls += pair.equal + pair.stubbed;
			literal += pair.literal;
			free(pair.mine);
		}
		arena_free(&arena);
	}
	printf("random profiles: %zu of %u compared, %zu calls alike, %zu libseccomp's mistake\n", compared, count, calls, literal);
	ck_assert_uint_gt(compared, count / 4);
	// the exception must stay one
	ck_assert_uint_lt(literal, calls / 20);
	return calls;
}

static const char *const x86[] = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};

START_TEST(random_one_action)
{
	ck_assert_uint_gt(random_profiles(200, true, SCMP_ARCH_X86_64, x86, array_size(x86)), 100000);
}
END_TEST

START_TEST(random_mixed_actions)
{
	ck_assert_uint_gt(random_profiles(150, false, SCMP_ARCH_X86_64, x86, array_size(x86)), 20000);
}
END_TEST

START_TEST(random_other_machines)
{
	static const char *const arm[] = {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"};
	static const char *const s390[] = {"SCMP_ARCH_S390X", "SCMP_ARCH_S390"};
	static const char *const mips[] = {"SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64N32"};
	random_profiles(60, true, SCMP_ARCH_AARCH64, arm, array_size(arm));
	random_profiles(60, true, SCMP_ARCH_S390X, s390, array_size(s390));
	random_profiles(60, true, SCMP_ARCH_MIPSEL64, mips, array_size(mips));
	random_profiles(60, true, SCMP_ARCH_RISCV64, arm, 0);
	random_profiles(60, true, SCMP_ARCH_PPC64LE, arm, 0);
}
END_TEST

// Many conditions on few arguments of few calls, where ours are merged to trees of ranges; against the literal
// meaning alone, which libseccomp does not keep to here.
static struct spec_seccomp crowded_profile(struct arena *arena)
{
	static const char *const names[] = {"personality", "socket", "clone", "shmat", "ioctl"};
	static const uint64_t masks[] = {UINT64_MAX, 0xffffffff, 0xfffffffe, 0xfffffff0, 0xffffffff00000000, 0xfffffffffffffffc,
					 0xffffff, 0, 0x7e020000, UINT64_MAX << 33, UINT64_MAX << 31};
	static const uint64_t values[] = {0, 1, 8, 38, 39, 40, 41, 0x20000, 0xfffffffe, 0xffffffff, 0x100000000, 0x100000001,
					  0x1ffffffff, 0x200000000, 0x7fffffffffffffff, UINT64_MAX - 1, UINT64_MAX};
	struct spec_seccomp s = {.set = true, .default_action = some_action()};
	if (s.default_action == spec_seccomp_action_notify)
		s.default_action = spec_seccomp_action_errno;
	static const char *const i386[] = {"SCMP_ARCH_X86"};
	s.architectures = (struct spec_strings){i386, roll(2)};
	s.rules_count = 2 + roll(70);
	struct spec_seccomp_rule *rules = arena_array(arena, s.rules_count, sizeof *rules);
	enum spec_seccomp_action action = some_action();
	uint32_t favourite = roll(6);
	bool mixed = roll(2);
	for (size_t i = 0; i < s.rules_count; i++) {
		rules[i].action = mixed ? some_action() : action;
		rules[i].errno_ret = maybe_errno(rules[i].action);
		rules[i].names = (struct spec_strings){&names[roll(array_size(names))], 1};
		rules[i].args_count = roll(12) ? 1 : 2;
		struct spec_seccomp_argument *args = arena_array(arena, rules[i].args_count, sizeof *args);
		for (size_t k = 0; k < rules[i].args_count; k++) {
			args[k].index = roll(8) ? favourite : roll(6);
			args[k].operator = (enum spec_seccomp_operator)roll(spec_seccomp_operator_masked_eq + 1);
			bool masked = args[k].operator == spec_seccomp_operator_masked_eq;
			args[k].value = masked ? masks[roll(array_size(masks))] : values[roll(array_size(values))];
			args[k].value_two = values[roll(array_size(values))];
		}
		rules[i].args = args;
	}
	s.rules = rules;
	return s;
}

static size_t compare_literally(struct pair *pair, uint32_t number, size_t *refused)
{
	const struct filter_architecture *a = pair->abis[roll((uint32_t)pair->abis_count)].architecture;
	struct profile_call call = {.nr = number, .arch = a->audit};
	unsigned alternatives;
	for (size_t i = 0; i < 6; i++)
		call.args[i] = some_value(pair) & (a->wide ? UINT64_MAX : UINT32_MAX);
	if (stub_applies(pair, &call))
		return 0;
	uint32_t mine = profile_run(pair->mine, pair->mine_count, &call, pair->native->big_endian);
	uint32_t meant = literally(pair, a, &call, &alternatives);
	if (mine != meant) {
		show(pair, &call);
		ck_abort_msg("%s nr %u: we say %#x, the rules %#x", a->name, number, mine, meant);
	}
	*refused += mine != pair->fallback;
	return alternatives > 1;
}

START_TEST(random_argument_sets)
{
	static const uint32_t natives[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86_64, SCMP_ARCH_S390X, SCMP_ARCH_AARCH64};
	static const char *const names[] = {"personality", "socket", "clone", "shmat", "ioctl", "socketcall", "ipc"};
	static struct pair pair;
	size_t crowded = 0, different = 0;
	for (unsigned i = 0; i < 600; i++) {
		struct arena arena = {.chunk = NULL};
		struct spec_seccomp seccomp = crowded_profile(&arena);
		pair_make_mine(&pair, &seccomp, natives[roll(array_size(natives))]);
		for (unsigned k = 0; k < 1000; k++) {
			const char *name = names[roll(array_size(names))];
			int number = seccomp_syscall_resolve_name_arch(
				pair.abis[roll((uint32_t)pair.abis_count)].architecture->token, name);
			if (number >= 0)
				crowded += compare_literally(&pair, (uint32_t)number, &different);
		}
		free(pair.mine);
		arena_free(&arena);
	}
	printf("argument sets: %zu calls with several conditions, %zu not answered by the default\n", crowded, different);
	ck_assert_uint_gt(crowded, 100000);
	ck_assert_uint_gt(different, 50000);
}
END_TEST

// The comparison itself must be able to fail: a filter with one answer changed is found out.
START_TEST(control_detects_a_change)
{
	struct arena arena = {.chunk = NULL};
	struct spec_seccomp seccomp = profile_read("seccomp-profiles/default.json", &arena);
	static struct pair pair;
	ck_assert(pair_make(&pair, &seccomp, SCMP_ARCH_X86_64));
	struct profile_call call = {.nr = 165, .arch = SCMP_ARCH_X86_64};  // mount
	ck_assert_uint_eq(profile_run(pair.mine, pair.mine_count, &call, false), SECCOMP_RET_ERRNO | EPERM);
	for (size_t i = 0; i < pair.mine_count; i++)
		if (pair.mine[i].code == (BPF_RET | BPF_K) && pair.mine[i].k == (SECCOMP_RET_ERRNO | EPERM))
			pair.mine[i].k = SECCOMP_RET_ALLOW;
	ck_assert_uint_ne(profile_run(pair.mine, pair.mine_count, &call, false),
			  profile_run(pair.theirs, pair.theirs_count, &call, false));
	free(pair.mine);
	arena_free(&arena);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("security_filter_equal");
	TCase *tc = tcase_create("differential");
	tcase_set_timeout(tc, 100);
	tcase_add_test(tc, podman_profile);
	tcase_add_test(tc, default_profile);
	tcase_add_test(tc, random_one_action);
	tcase_add_test(tc, random_mixed_actions);
	tcase_add_test(tc, random_other_machines);
	tcase_add_test(tc, random_argument_sets);
	tcase_add_test(tc, control_detects_a_change);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
