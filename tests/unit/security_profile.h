// SPDX-License-Identifier: Apache-2.0
// For the tests of system call filters: a profile from a JSON file, a classic BPF emulator, and libseccomp's
// own filter for the same profile.
//
// The reader is separate from spec/ on purpose: a mistake there must not hide one here.
#ifndef HUSK_TESTS_SECURITY_PROFILE_H
#define HUSK_TESTS_SECURITY_PROFILE_H

#include <check.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yajl/yajl_tree.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"
#include "libcontainer/security/filter_rules.h"
#include "spec/spec.h"

// ---- reading -------------------------------------------------------------------------------------

static inline yajl_val profile_get(yajl_val object, const char *key)
{
	const char *path[] = {key, NULL};
	return yajl_tree_get(object, path, yajl_t_any);
}

static inline int profile_word(const char *word, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (text_equal(words[i], word))
			return i;
	ck_abort_msg("unknown word %s", word);
	return -1;
}

static inline enum spec_seccomp_action profile_action(const char *word)
{
	static const char *const words[] = {
		"SCMP_ACT_KILL_THREAD", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP",   "SCMP_ACT_ERRNO", "SCMP_ACT_TRACE",
		"SCMP_ACT_ALLOW",	"SCMP_ACT_LOG",		 "SCMP_ACT_NOTIFY", NULL};
	return (enum spec_seccomp_action)profile_word(word, words);
}

static inline size_t profile_length(yajl_val list)
{
	return YAJL_IS_ARRAY(list) ? list->u.array.len : 0;
}

static inline yajl_val profile_item(yajl_val list, size_t index)
{
	ck_assert(YAJL_IS_ARRAY(list));
	return list->u.array.values[index];
}

static inline struct spec_optional_u64 profile_number(yajl_val value)
{
	if (!value)
		return (struct spec_optional_u64){.set = false};
	return (struct spec_optional_u64){true, strtoull(YAJL_GET_NUMBER(value), NULL, 10)};
}

static inline struct spec_strings profile_strings(yajl_val value, struct arena *arena)
{
	size_t count = profile_length(value);
	const char **items = arena_array(arena, count + 1, sizeof *items);
	ck_assert_ptr_nonnull(items);
	for (size_t i = 0; i < count; i++) {
		const char *text = YAJL_GET_STRING(profile_item(value, i));
		items[i] = arena_copy(arena, text, strlen(text));
	}
	return (struct spec_strings){items, count};
}

static inline void profile_arguments(yajl_val list, struct spec_seccomp_rule *rule, struct arena *arena)
{
	static const char *const operators[] = {"SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ",
						"SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ", NULL};
	rule->args_count = profile_length(list);
	struct spec_seccomp_argument *args = arena_array(arena, rule->args_count + 1, sizeof *args);
	ck_assert_ptr_nonnull(args);
	for (size_t i = 0; i < rule->args_count; i++) {
		yajl_val item = profile_item(list, i);
		args[i].index = (uint32_t)profile_number(profile_get(item, "index")).value;
		args[i].value = profile_number(profile_get(item, "value")).value;
		args[i].value_two = profile_number(profile_get(item, "valueTwo")).value;
		args[i].operator = (enum spec_seccomp_operator)profile_word(
			YAJL_GET_STRING(profile_get(item, "op")), operators);
	}
	rule->args = args;
}

// The profile in a file named from the top of the source tree.
static inline struct spec_seccomp profile_read(const char *path, struct arena *arena)
{
	FILE *file = fopen(path, "r");
	ck_assert_msg(file, "%s: run from the top of the source tree", path);
	static char text[1 << 20];
	size_t length = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[length] = '\0';
	char problem[256];
	yajl_val tree = yajl_tree_parse(text, problem, sizeof problem);
	ck_assert_msg(tree, "%s: %s", path, problem);

	struct spec_seccomp s = {.set = true};
	s.default_action = profile_action(YAJL_GET_STRING(profile_get(tree, "defaultAction")));
	s.default_errno_ret = profile_number(profile_get(tree, "defaultErrnoRet"));
	s.architectures = profile_strings(profile_get(tree, "architectures"), arena);
	yajl_val list = profile_get(tree, "syscalls");
	s.rules_count = profile_length(list);
	struct spec_seccomp_rule *rules = arena_array(arena, s.rules_count + 1, sizeof *rules);
	ck_assert_ptr_nonnull(rules);
	for (size_t i = 0; i < s.rules_count; i++) {
		yajl_val item = profile_item(list, i);
		rules[i].names = profile_strings(profile_get(item, "names"), arena);
		rules[i].action = profile_action(YAJL_GET_STRING(profile_get(item, "action")));
		rules[i].errno_ret = profile_number(profile_get(item, "errnoRet"));
		profile_arguments(profile_get(item, "args"), &rules[i], arena);
	}
	s.rules = rules;
	yajl_tree_free(tree);
	return s;
}

// ---- running -------------------------------------------------------------------------------------

struct profile_call {
	uint32_t nr, arch;
	uint64_t args[6];
};

static inline uint32_t profile_load(const struct profile_call *call, uint32_t offset, bool big_endian)
{
	if (offset == 0)
		return call->nr;
	if (offset == 4)
		return call->arch;
	ck_assert_msg(offset >= 16 && offset < 64 && offset % 4 == 0, "load of offset %u", offset);
	bool high = (offset % 8 == 4) != big_endian;
	uint64_t value = call->args[(offset - 16) / 8];
	return (uint32_t)(high ? value >> 32 : value);
}

// Runs a filter as the kernel would. Anything outside the program, or an instruction that the kernel refuses, fails.
static inline uint32_t profile_run(const struct sock_filter *code, size_t count,
				   const struct profile_call *call, bool big_endian)
{
	uint32_t a = 0;
	for (size_t pc = 0; pc < count; pc++) {
		const struct sock_filter *i = &code[pc];
		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = profile_load(call, i->k, big_endian);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			pc += a > i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= i->k ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			ck_abort_msg("instruction %zu has code %#x", pc, i->code);
		}
	}
	ck_abort_msg("ran off the end");
	return 0;
}

// ---- libseccomp's filter -------------------------------------------------------------------------

static inline struct scmp_arg_cmp profile_compare(const struct spec_seccomp_argument *argument)
{
	static const enum scmp_compare operators[] = {SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE, SCMP_CMP_EQ,
						      SCMP_CMP_GE, SCMP_CMP_GT, SCMP_CMP_MASKED_EQ};
	return (struct scmp_arg_cmp){argument->index, operators[argument->operator], argument->value,
				     argument->value_two};
}

static inline int profile_add(scmp_filter_ctx context, uint32_t action, int number,
			      const struct spec_seccomp_rule *rule)
{
	struct scmp_arg_cmp all[6];
	unsigned seen = 0;
	bool twice = false;
	for (size_t i = 0; i < rule->args_count; i++) {
		twice |= (seen & 1U << rule->args[i].index) != 0;
		seen |= 1U << rule->args[i].index;
	}
	if (twice) {
		for (size_t i = 0; i < rule->args_count; i++) {
			struct scmp_arg_cmp one = profile_compare(&rule->args[i]);
			int rc = seccomp_rule_add_array(context, action, number, 1, &one);
			if (rc < 0)
				return rc;
		}
		return 0;
	}
	for (size_t i = 0; i < rule->args_count; i++)
		all[i] = profile_compare(&rule->args[i]);
	return seccomp_rule_add_array(context, action, number, (unsigned)rule->args_count, all);
}


static inline bool profile_is_action(uint32_t value)
{
	switch (value & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_TRAP:
	case SECCOMP_RET_ERRNO:
	case SECCOMP_RET_USER_NOTIF:
	case SECCOMP_RET_TRACE:
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_ALLOW:
		return true;
	default:
		return false;
	}
}

// Returns the number of instructions, or 0 when libseccomp refuses the profile.
static inline size_t profile_reference(const struct spec_seccomp *s, const struct filter_architecture *native,
				       struct sock_filter *code, size_t size)
{
	uint32_t fallback = filter_rules_action(s->default_action, s->default_errno_ret);
	scmp_filter_ctx context = seccomp_init(fallback);
	ck_assert_ptr_nonnull(context);
	if (native->token != seccomp_arch_native()) {
		ck_assert_int_eq(seccomp_arch_remove(context, SCMP_ARCH_NATIVE), 0);
		ck_assert_int_eq(seccomp_arch_add(context, native->token), 0);
	}
	for (size_t i = 0; i < s->architectures.count; i++) {
		const struct filter_architecture *a = filter_architecture_find(s->architectures.items[i]);
		ck_assert_ptr_nonnull(a);
		if (a->family == native->family && !seccomp_arch_exist(context, a->token))
			continue;
		if (a->family == native->family)
			ck_assert_int_eq(seccomp_arch_add(context, a->token), 0);
	}
	bool refused = false;
	for (size_t i = 0; i < s->rules_count && !refused; i++) {
		uint32_t action = filter_rules_action(s->rules[i].action, s->rules[i].errno_ret);
		for (size_t k = 0; k < s->rules[i].names.count && action != fallback; k++) {
			int number = seccomp_syscall_resolve_name(s->rules[i].names.items[k]);
			if (number != __NR_SCMP_ERROR && profile_add(context, action, number, &s->rules[i]) < 0)
				refused = true;
		}
	}
	size_t count = 0;
	if (!refused) {
		FILE *file = tmpfile();
		ck_assert_ptr_nonnull(file);
		if (seccomp_export_bpf(context, fileno(file)) == 0) {
			rewind(file);
			count = fread(code, sizeof *code, size, file);
			ck_assert_uint_lt(count, size);
		}
		fclose(file);
	}
	seccomp_release(context);
	// a filter for the other byte order is exported in that, the values of some RETs excepted
	for (size_t i = 0; i < count && native->big_endian; i++) {
		code[i].code = __builtin_bswap16(code[i].code);
		if (code[i].code != (BPF_RET | BPF_K) || !profile_is_action(code[i].k))
			code[i].k = __builtin_bswap32(code[i].k);
	}
	return count;
}

#endif
