// SPDX-License-Identifier: Apache-2.0
// The process object (config.md, Process), of config.json and of `exec --process`.
#include <string.h>

#include "spec/checks.h"
#include "spec/config.h"

// ---- user -----------------------------------------------------------------------------------------

static int read_group_ids(struct decode *decode, const struct decode_row *row,
			  const struct tree_node *node, void *target)
{
	static const struct decode_row id = {.max = CONFIG_MAX_ID};
	struct spec_user *user = target;
	(void)row;
	if (node->kind != tree_kind_array)
		return decode_fail_type(decode, "an array", node);
	size_t count = decode_count(node);
	uint32_t *ids = pool_alloc_array(decode->pool, count, sizeof(*ids));
	if (ids == NULL)
		return decode_fail(decode, "out of memory");
	const struct tree_node *at = node + 1;
	for (size_t i = 0; i < count; i++, at += tree_span(at)) {
		decode_enter_index(decode, i);
		if (decode_read_u32(decode, &id, at, &ids[i]) < 0)
			return -1;
		decode_leave(decode);
	}
	user->additional_gids = ids;
	user->additional_gids_count = count;
	return 0;
}

static const struct decode_row user_rows[] = {
	U32("uid", struct spec_user, uid, 0, CONFIG_MAX_ID, .required = true),
	U32("gid", struct spec_user, gid, 0, CONFIG_MAX_ID, .required = true),
	OPTIONAL_U64("umask", struct spec_user, umask, 0777),
	CUSTOM("additionalGids", read_group_ids),
};
static const struct decode_object user_object = {DECODE_ROWS(user_rows)};

// ---- capabilities and limits ----------------------------------------------------------------------

// Names are not checked here: unknown ones must not fail a container.
static const struct decode_row capabilities_rows[] = {
	STRINGS("bounding", struct spec_capabilities, bounding),
	STRINGS("effective", struct spec_capabilities, effective),
	STRINGS("inheritable", struct spec_capabilities, inheritable),
	STRINGS("permitted", struct spec_capabilities, permitted),
	STRINGS("ambient", struct spec_capabilities, ambient),
};
static const struct decode_object capabilities = {DECODE_ROWS(capabilities_rows),
						  .marks_set = true};

static int read_rlimit_type(struct decode *decode, const struct decode_row *row,
			    const struct tree_node *node, void *target)
{
	struct spec_rlimit *rlimit = target;
	if (decode_read_word(decode, row, node, &rlimit->resource) < 0)
		return -1;
	rlimit->type = words_rlimits.list[rlimit->resource];
	return 0;
}

static const struct decode_row rlimit_rows[] = {
	CUSTOM("type", read_rlimit_type, .words = &words_rlimits, .required = true),
	U64("soft", struct spec_rlimit, soft, UINT64_MAX, .required = true),
	U64("hard", struct spec_rlimit, hard, UINT64_MAX, .required = true),
};
static const struct decode_object rlimit_object = {DECODE_ROWS(rlimit_rows),
						   .size = sizeof(struct spec_rlimit)};

// ---- scheduling -----------------------------------------------------------------------------------

static const struct decode_row scheduler_rows[] = {
	WORD("policy", struct spec_scheduler, policy, int, &words_scheduler_policies,
	     .required = true),
	OPTIONAL_I64("nice", struct spec_scheduler, nice, -20, 19),
	OPTIONAL_I64("priority", struct spec_scheduler, priority, 0, 99),
	{DECODE_KEY("flags"), .read = decode_read_bits,
	 .offset = DECODE_MEMBER(struct spec_scheduler, flags, uint64_t),
	 .words = &words_scheduler_flags},
	OPTIONAL_U64("runtime", struct spec_scheduler, runtime, UINT64_MAX),
	OPTIONAL_U64("deadline", struct spec_scheduler, deadline, UINT64_MAX),
	OPTIONAL_U64("period", struct spec_scheduler, period, UINT64_MAX),
};
static const struct decode_object scheduler = {DECODE_ROWS(scheduler_rows), .marks_set = true};

static const struct decode_row io_priority_rows[] = {
	WORD("class", struct spec_io_priority, class, int, &words_io_classes, .required = true),
	INT("priority", struct spec_io_priority, priority, 0, 7, .required = true),
};
static const struct decode_object io_priority = {DECODE_ROWS(io_priority_rows), .marks_set = true};

static const struct decode_row cpu_affinity_rows[] = {
	STRING("initial", struct spec_cpu_affinity, initial, .empty_is_absent = true,
	       .check = checks_number_list),
	STRING("final", struct spec_cpu_affinity, final, .empty_is_absent = true,
	       .check = checks_number_list),
};
static const struct decode_object cpu_affinity = {DECODE_ROWS(cpu_affinity_rows)};

// ---- the process ----------------------------------------------------------------------------------

// TIOCSWINSZ takes 16 bits.
static const struct decode_row console_size_rows[] = {
	U64("height", struct spec_process, console_height, UINT16_MAX, .required = true),
	U64("width", struct spec_process, console_width, UINT16_MAX, .required = true),
};
static const struct decode_object console_size = {DECODE_ROWS(console_size_rows)};

static const struct decode_row process_rows[] = {
	BOOLEAN("terminal", struct spec_process, terminal),
	INLINE("consoleSize", &console_size),
	STRING("cwd", struct spec_process, cwd, .required = true, .check = checks_absolute),
	STRINGS("env", struct spec_process, env),
	STRINGS("args", struct spec_process, args, .required = true),
	OBJECT("user", struct spec_process, user, struct spec_user, &user_object),
	OBJECT("capabilities", struct spec_process, capabilities, struct spec_capabilities,
	       &capabilities),
	LIST("rlimits", struct spec_process, rlimits, rlimits_count, struct spec_rlimit,
	     &rlimit_object),
	BOOLEAN("noNewPrivileges", struct spec_process, no_new_privileges),
	STRING("apparmorProfile", struct spec_process, apparmor_profile, .empty_is_absent = true),
	STRING("selinuxLabel", struct spec_process, selinux_label, .empty_is_absent = true),
	OPTIONAL_I64("oomScoreAdj", struct spec_process, oom_score_adj, -1000, 1000),
	OBJECT("scheduler", struct spec_process, scheduler, struct spec_scheduler, &scheduler),
	OBJECT("ioPriority", struct spec_process, io_priority, struct spec_io_priority,
	       &io_priority),
	OBJECT("execCPUAffinity", struct spec_process, exec_cpu_affinity, struct spec_cpu_affinity,
	       &cpu_affinity),
};

static int check_environment(struct decode *decode, const struct spec_process *process)
{
	for (size_t i = 0; i < process->env.count; i++) {
		const char *equals = strchr(process->env.items[i], '=');
		if (equals && equals != process->env.items[i])
			continue;
		decode_enter_key(decode, "env", strlen("env"));
		decode_enter_index(decode, i);
		return decode_fail(decode, "must be NAME=VALUE");
	}
	return 0;
}

static int finish_process(struct decode *decode, void *target)
{
	const struct spec_process *process = target;
	if (process->args.count == 0)
		return decode_fail_key(decode, "args", "must have at least one element");
	return check_environment(decode, process);
}

const struct decode_object config_process = {DECODE_ROWS(process_rows),
					     .size = sizeof(struct spec_process), .marks_set = true,
					     .finish = finish_process};
