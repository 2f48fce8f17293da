// SPDX-License-Identifier: Apache-2.0
// See filter_rules.h. Here is which architectures the filter knows, and what becomes of the others.
#include "libcontainer/security/filter_rules.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/security/filter_planner.h"

#define ABIS_MAX 4U  // of one family

uint32_t filter_rules_action(enum spec_seccomp_action action, struct spec_optional_u64 errno_ret)
{
	uint32_t data = errno_ret.set ? (uint32_t)errno_ret.value & SECCOMP_RET_DATA : EPERM;
	switch (action) {
	case spec_seccomp_action_kill_thread:
		return SECCOMP_RET_KILL_THREAD;
	case spec_seccomp_action_kill_process:
		return SECCOMP_RET_KILL_PROCESS;
	case spec_seccomp_action_trap:
		return SECCOMP_RET_TRAP;
	case spec_seccomp_action_errno:
		return SECCOMP_RET_ERRNO | data;
	case spec_seccomp_action_trace:
		return SECCOMP_RET_TRACE | data;
	case spec_seccomp_action_allow:
		return SECCOMP_RET_ALLOW;
	case spec_seccomp_action_log:
		return SECCOMP_RET_LOG;
	case spec_seccomp_action_notify:
		return SECCOMP_RET_USER_NOTIF;
	}
	return SECCOMP_RET_KILL_PROCESS;
}

// ---- architectures -------------------------------------------------------------------------------

struct abis {
	const struct filter_architecture *items[ABIS_MAX];
	size_t count;
};

static void abis_add(struct abis *abis, const struct filter_architecture *architecture)
{
	for (size_t i = 0; i < abis->count; i++)
		if (abis->items[i] == architecture)
			return;
	if (abis->count < ABIS_MAX)
		abis->items[abis->count++] = architecture;
}

static const struct filter_architecture *abis_find(const struct abis *abis, uint32_t token)
{
	for (size_t i = 0; i < abis->count; i++)
		if (abis->items[i]->token == token)
			return abis->items[i];
	return NULL;
}

static int choose_abis(const struct spec_seccomp *seccomp, const struct filter_architecture *native,
		       struct abis *abis, struct error *err)
{
	abis_add(abis, native);
	for (size_t i = 0; i < seccomp->architectures.count; i++) {
		const char *name = seccomp->architectures.items[i];
		const struct filter_architecture *found = filter_architecture_find(name);
		if (!found)
			return error_set(err, 0,
					 "linux.seccomp.architectures[%zu]: %s is unknown to "
					 "libseccomp %d.%d.%d",
					 i, name, SCMP_VER_MAJOR, SCMP_VER_MINOR, SCMP_VER_MICRO);
		if (found->family == native->family)
			abis_add(abis, found);
	}
	return 0;
}

static int add_abi(struct filter_planner *p, const struct filter_names *names,
		   const struct filter_architecture *architecture)
{
	struct filter_abi abi = {.architecture = architecture,
				 .column = filter_names_column(names, architecture)};
	if (!abi.column) {
		errno = ENOSYS;
		return -1;
	}
	return filter_planner_fill_places(p, &abi) < 0 ? -1 : filter_planner_add_verdicts(p, &abi);
}

// x86-64 and x32 are one architecture to the filter, told apart by bit 30 of the number.
static int add_x86_64(struct filter_planner *p, const struct filter_names *names,
		      const struct abis *abis, uint32_t foreign)
{
	const struct filter_architecture *x86_64 = abis_find(abis, SCMP_ARCH_X86_64);
	const struct filter_architecture *x32 = abis_find(abis, SCMP_ARCH_X32);
	const uint32_t bit = 0x40000000;
	if (x86_64 ? add_abi(p, names, x86_64) < 0 : filter_planner_add_plain(p, 0, foreign) < 0)
		return -1;
	if (x32)
		return add_abi(p, names, x32);
	if (p->stub)
		return filter_planner_add_plain(p, bit, p->newer);
	// -1 is how a tracer skips a call: not an x32 number
	if (filter_planner_add_plain(p, bit, foreign) < 0)
		return -1;
	return filter_planner_add_plain(p, UINT32_MAX, p->fallback);
}

static int add_table(struct filter_planner *p, const struct filter_names *names,
		     const struct abis *abis, const struct filter_architecture *architecture,
		     struct filter_program *program, struct filter_table *tables)
{
	for (size_t i = 0; i < program->tables_count; i++)
		if (tables[i].audit == architecture->audit)
			return 0;
	p->ranges_count = 0;
	if (architecture->audit == SCMP_ARCH_X86_64) {
		if (add_x86_64(p, names, abis, program->foreign) < 0)
			return -1;
	} else if (filter_planner_add_plain(p, 0, p->fallback) < 0 ||
		   add_abi(p, names, architecture) < 0) {
		return -1;
	}
	struct filter_range *ranges = arena_array(p->arena, p->ranges_count, sizeof *ranges);
	if (!ranges)
		return -1;
	memcpy(ranges, p->ranges, p->ranges_count * sizeof *ranges);
	tables[program->tables_count++] = (struct filter_table){
		.audit = architecture->audit,
		.big_endian = architecture->big_endian,
		.ranges = ranges,
		.ranges_count = p->ranges_count,
	};
	return 0;
}

static bool refuses(uint32_t action)
{
	// a tracer is expected to know new calls itself
	return filter_planner_stricter(action, SECCOMP_RET_TRACE);
}

int filter_rules_plan(const struct spec_seccomp *seccomp, const struct filter_architecture *native,
		      const struct filter_names *names, const struct log *log, struct arena *arena,
		      struct filter_program *program, struct error *err)
{
	uint32_t fallback =
		filter_rules_action(seccomp->default_action, seccomp->default_errno_ret);
	struct filter_planner p = {
		.seccomp = seccomp,
		.log = log,
		.arena = arena,
		.fallback = fallback,
		.stub = refuses(fallback),
		.newer = SECCOMP_RET_ERRNO | ENOSYS,
	};
	struct abis abis = {.count = 0};
	if (choose_abis(seccomp, native, &abis, err) < 0)
		return -1;
	struct filter_table *tables = arena_array(arena, ABIS_MAX, sizeof *tables);
	int result = tables ? filter_planner_read_rules(&p, names) : -1;
	*program = (struct filter_program){.tables = tables, .foreign = SECCOMP_RET_KILL_THREAD};
	for (size_t i = 0; i < abis.count && result == 0; i++)
		result = add_table(&p, names, &abis, abis.items[i], program, tables);
	free(p.entries);
	free(p.ranges);
	return result < 0 ? error_errno(err, "linux.seccomp") : 0;
}
