// SPDX-License-Identifier: Apache-2.0
// linux.seccomp (config-linux.md, Seccomp). Names of system calls are kept as they are: whether this
// kernel knows them is not for the parser to say.
#include "spec/checks.h"
#include "spec/config.h"

static const struct decode_row argument_rows[] = {
	U32("index", struct spec_seccomp_argument, index, 0, 5, .required = true),
	U64("value", struct spec_seccomp_argument, value, UINT64_MAX, .required = true),
	U64("valueTwo", struct spec_seccomp_argument, value_two, UINT64_MAX),
	WORD("op", struct spec_seccomp_argument, operator, enum spec_seccomp_operator,
	     &words_seccomp_operators, .required = true),
};
static const struct decode_object argument = {DECODE_ROWS(argument_rows),
					      .size = sizeof(struct spec_seccomp_argument)};

// SCMP_ACT_KILL is the old name of SCMP_ACT_KILL_THREAD.
static int read_action(struct decode *decode, const struct decode_row *row,
		       const struct tree_node *node, void *target)
{
	int value = 0;
	if (decode_read_word(decode, row, node, &value) < 0)
		return -1;
	if (value > spec_seccomp_action_notify)
		value = spec_seccomp_action_kill_thread;
	*(enum spec_seccomp_action *)target = (enum spec_seccomp_action)value;
	return 0;
}

#define ACTION(key_, type_, member_)                                                               \
	{                                                                                          \
		DECODE_KEY(key_),                                                                  \
			.read = read_action,                                                       \
			.offset = DECODE_MEMBER(type_, member_, enum spec_seccomp_action),         \
			.words = &words_seccomp_actions, .required = true                          \
	}

static const struct decode_row rule_rows[] = {
	STRINGS("names", struct spec_seccomp_rule, names, .required = true,
		.check = checks_not_empty),
	ACTION("action", struct spec_seccomp_rule, action),
	OPTIONAL_U64("errnoRet", struct spec_seccomp_rule, errno_ret, UINT16_MAX),
	LIST("args", struct spec_seccomp_rule, args, args_count, struct spec_seccomp_argument,
	     &argument),
};

static int finish_rule(struct decode *decode, void *target)
{
	const struct spec_seccomp_rule *rule = target;
	if (rule->names.count == 0)
		return decode_fail_key(decode, "names", "must have at least one element");
	return 0;
}

static const struct decode_object rule = {
	DECODE_ROWS(rule_rows), .size = sizeof(struct spec_seccomp_rule), .finish = finish_rule};

static int read_flags(struct decode *decode, const struct decode_row *row,
		      const struct tree_node *node, void *target)
{
	struct spec_seccomp *seccomp = target;
	seccomp->flags_set = true;
	return decode_read_word_strings(decode, row, node, &seccomp->flags);
}

static const struct decode_row seccomp_rows[] = {
	ACTION("defaultAction", struct spec_seccomp, default_action),
	OPTIONAL_U64("defaultErrnoRet", struct spec_seccomp, default_errno_ret, UINT16_MAX),
	WORD_STRINGS("architectures", struct spec_seccomp, architectures,
		     &words_seccomp_architectures),
	CUSTOM("flags", read_flags, .words = &words_seccomp_flags),
	STRING("listenerPath", struct spec_seccomp, listener_path, .empty_is_absent = true),
	STRING("listenerMetadata", struct spec_seccomp, listener_metadata, .empty_is_absent = true),
	LIST("syscalls", struct spec_seccomp, rules, rules_count, struct spec_seccomp_rule, &rule),
};
const struct decode_object config_seccomp = {DECODE_ROWS(seccomp_rows), .marks_set = true};
