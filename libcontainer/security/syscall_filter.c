// SPDX-License-Identifier: Apache-2.0
// Compiles linux.seccomp into a filter and loads it; see security.h.
//
// filter_rules.c decides what happens to which call, filter_code.c writes the instructions. Here are the
// rules about actions and flags, and the conversation with the kernel.
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/security/filter_architectures.h"
#include "libcontainer/security/filter_code.h"
#include "libcontainer/security/filter_names.h"
#include "libcontainer/security/filter_rules.h"
#include "libcontainer/security/security.h"

#ifndef SECCOMP_FILTER_FLAG_TSYNC_ESRCH
#define SECCOMP_FILTER_FLAG_TSYNC_ESRCH (1UL << 4)
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

static const struct {
	const char *name;
	uint32_t flag;
} known_flags[] = {
	{"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
	{"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
	{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
	{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
};

// A filter at address 0 cannot be loaded: EFAULT says that the kernel got past the flags.
static bool flag_supported(uint32_t flag)
{
	if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		flag |= SECCOMP_FILTER_FLAG_NEW_LISTENER;  // means nothing without
	return sys_seccomp(SECCOMP_SET_MODE_FILTER, flag, NULL) < 0 && errno == EFAULT;
}

void syscall_filter_supported_flags(const char *out[8])
{
	size_t count = 0;
	for (size_t i = 0; i < array_size(known_flags); i++)
		if (flag_supported(known_flags[i].flag))
			out[count++] = known_flags[i].name;
	out[count] = NULL;
}

static int read_flag(const char *name, size_t index, uint32_t *flags, struct error *err)
{
	for (size_t i = 0; i < array_size(known_flags); i++) {
		if (!text_equal(known_flags[i].name, name))
			continue;
		if (!flag_supported(known_flags[i].flag))
			return error_set(
				err, ENOSYS,
				"linux.seccomp.flags[%zu]: this kernel does not support %s", index,
				name);
		*flags |= known_flags[i].flag;
		return 0;
	}
	return error_set(err, EINVAL, "linux.seccomp.flags[%zu]: unknown flag %s", index, name);
}

static int read_flags(const struct spec_seccomp *seccomp, bool notifies, const struct log *log,
		      uint32_t *flags, struct error *err)
{
	*flags = 0;
	// without the flag every filter slows the processor's speculation down; the specification's silence means it
	if (!seccomp->flags_set && flag_supported(SECCOMP_FILTER_FLAG_SPEC_ALLOW))
		*flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	for (size_t i = 0; i < seccomp->flags.count; i++)
		if (read_flag(seccomp->flags.items[i], i, flags, err) < 0)
			return -1;
	if (notifies) {
		*flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
		// both return a number: the kernel wants to be told which one is meant
		if (*flags & SECCOMP_FILTER_FLAG_TSYNC)
			*flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	} else if (*flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) {
		log_debug(log, "linux.seccomp.flags: WAIT_KILLABLE_RECV means nothing without "
			       "SCMP_ACT_NOTIFY");
		*flags &= ~(uint32_t)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	}
	return 0;
}

static int check_errno(enum spec_seccomp_action action, struct spec_optional_u64 errno_ret,
		       const char *where, size_t index, struct error *err)
{
	if (!errno_ret.set)
		return 0;
	if (action != spec_seccomp_action_errno && action != spec_seccomp_action_trace)
		return error_set(err, EINVAL,
				 "linux.seccomp: %s %zu: errnoRet goes only with SCMP_ACT_ERRNO "
				 "and SCMP_ACT_TRACE",
				 where, index);
	uint64_t max = action == spec_seccomp_action_errno ? 4095 : 65535;
	if (errno_ret.value > max)
		return error_set(
			err, ERANGE, "linux.seccomp: %s %zu: errnoRet %llu is more than %llu",
			where, index, (unsigned long long)errno_ret.value, (unsigned long long)max);
	return 0;
}

static bool names_have(const struct spec_strings *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (text_equal(names->items[i], name))
			return true;
	return false;
}

static int check_names(const struct spec_seccomp_rule *rule, size_t index, struct error *err)
{
	for (size_t i = 0; i < rule->names.count; i++)
		if (filter_names_find(&filter_names_native, rule->names.items[i]) < 0)
			return error_set(err, EINVAL,
					 "linux.seccomp.syscalls[%zu]: unknown system call %s",
					 index, rule->names.items[i]);
	return 0;
}

static int check_rule(const struct spec_seccomp *seccomp, size_t index, bool *notifies,
		      struct error *err)
{
	const struct spec_seccomp_rule *rule = &seccomp->rules[index];
	if (check_errno(rule->action, rule->errno_ret, "rule", index, err) < 0)
		return -1;
	if (seccomp->unknown_names_fail && check_names(rule, index, err) < 0)
		return -1;
	for (size_t i = 0; i < rule->args_count; i++)
		if (rule->args[i].index > 5)
			return error_set(
				err, EINVAL,
				"linux.seccomp.syscalls[%zu].args[%zu]: index %u is more than 5",
				index, i, rule->args[i].index);
	if (rule->action != spec_seccomp_action_notify)
		return 0;
	*notifies = true;
	// the container's init reports by write after the filter is on: nobody would answer
	if (names_have(&rule->names, "write"))
		return error_set(
			err, EINVAL,
			"linux.seccomp.syscalls[%zu]: SCMP_ACT_NOTIFY cannot be used for write",
			index);
	return 0;
}

static int check(const struct spec_seccomp *seccomp, bool *notifies, struct error *err)
{
	*notifies = false;
	if (seccomp->default_action == spec_seccomp_action_notify)
		return error_set(
			err, EINVAL,
			"linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the default");
	if (check_errno(seccomp->default_action, seccomp->default_errno_ret, "default action", 0,
			err) < 0)
		return -1;
	for (size_t i = 0; i < seccomp->rules_count; i++)
		if (check_rule(seccomp, i, notifies, err) < 0)
			return -1;
	if (*notifies && !seccomp->listener_path)
		return error_set(err, EINVAL,
				 "linux.seccomp: SCMP_ACT_NOTIFY needs a listenerPath");
	return 0;
}

static int generate(const struct spec_seccomp *seccomp, const struct log *log,
		    struct syscall_filter *filter, struct arena *arena, struct error *err)
{
	const struct filter_architecture *native = filter_architecture_native();
	if (!native)
		return error_set(err, ENOSYS,
				 "linux.seccomp: no system call table for this machine");
	struct filter_program program;
	if (filter_rules_plan(seccomp, native, &filter_names_native, log, arena, &program, err) < 0)
		return -1;
	struct sock_filter *code = NULL;
	if (filter_code_generate(&program, &code, &filter->count) < 0) {
		if (errno == E2BIG)
			return error_set(err, E2BIG,
					 "linux.seccomp: the filter needs more than the kernel's "
					 "limit of %d "
					 "instructions: use fewer rules with args",
					 BPF_MAXINSNS);
		return error_errno(err, "linux.seccomp");
	}
	filter->instructions = code;
	return 0;
}

int syscall_filter_compile(const struct spec_seccomp *seccomp, const struct log *log,
			   struct syscall_filter *filter, struct error *err)
{
	*filter = (struct syscall_filter){.instructions = NULL};
	if (!seccomp->set ||
	    (seccomp->default_action == spec_seccomp_action_allow && seccomp->rules_count == 0))
		return 0;
	bool notifies;
	uint32_t flags;
	if (check(seccomp, &notifies, err) < 0 ||
	    read_flags(seccomp, notifies, log, &flags, err) < 0)
		return -1;
	filter->flags = flags;
	struct arena arena = {.chunk = NULL};
	int result = generate(seccomp, log, filter, &arena, err);
	arena_free(&arena);
	return result;
}

int syscall_filter_load(const struct syscall_filter *filter, int *listener, struct error *err)
{
	*listener = -1;
	if (!filter->instructions)
		return 0;
	struct sock_fprog program = {filter->count, filter->instructions};
	int result = sys_seccomp(SECCOMP_SET_MODE_FILTER, filter->flags, &program);
	if (result < 0 && errno == EACCES)
		return error_errno(
			err, "load the seccomp filter: neither noNewPrivileges nor CAP_SYS_ADMIN");
	if (result < 0)
		return error_errno(err, "load the seccomp filter");
	if (filter->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)
		*listener = result;
	else if (result > 0)
		return error_set(err, ESRCH,
				 "load the seccomp filter: thread %d has a different one", result);
	return 0;
}

void syscall_filter_done(struct syscall_filter *filter)
{
	free(filter->instructions);
	*filter = (struct syscall_filter){.instructions = NULL};
}

struct packed {
	uint32_t flags, count;
};

void *syscall_filter_pack(const struct syscall_filter *filter, size_t *size)
{
	struct packed head = {filter->flags, filter->count};
	size_t code = filter->count * sizeof(struct sock_filter);
	if (!filter->instructions || (filter->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
		return NULL;
	char *bytes = malloc(sizeof head + code);
	if (!bytes)
		return NULL;
	memcpy(bytes, &head, sizeof head);
	memcpy(bytes + sizeof head, filter->instructions, code);
	*size = sizeof head + code;
	return bytes;
}

int syscall_filter_unpack(const void *packed, size_t size, struct syscall_filter *filter)
{
	struct packed head;
	*filter = (struct syscall_filter){.instructions = NULL};
	if (size < sizeof head)
		return -1;
	memcpy(&head, packed, sizeof head);
	size_t code = size - sizeof head;
	if (head.count == 0 || head.count > BPF_MAXINSNS ||
	    code != head.count * sizeof(struct sock_filter))
		return -1;
	filter->instructions = malloc(code);
	if (!filter->instructions)
		return -1;
	memcpy(filter->instructions, (const char *)packed + sizeof head, code);
	filter->count = (uint16_t)head.count;
	filter->flags = head.flags;
	return 0;
}

void syscall_filter_describe(const struct syscall_filter *filter, const char *prefix,
			     struct text *text)
{
	if (!filter->instructions) {
		text_printf(text, "%sno seccomp filter\n", prefix);
		return;
	}
	text_printf(text, "%sseccomp filter of %u instructions", prefix, filter->count);
	for (size_t i = 0; i < array_size(known_flags); i++)
		if (filter->flags & known_flags[i].flag)
			text_printf(text, " %s",
				    known_flags[i].name + sizeof "SECCOMP_FILTER_FLAG_" - 1);
	if (filter->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)
		text_add(text, " with a listener");
	text_add(text, "\n");
}
