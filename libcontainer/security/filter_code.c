// SPDX-License-Identifier: Apache-2.0
// See filter_code.h.
#include "libcontainer/security/filter_code.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/security/filter_checks.h"
#include "libcontainer/security/filter_emit.h"

struct generator {
	struct filter_emitter emitter;
	struct filter_checks checks;
};

static int table_code(struct generator *g, const struct filter_table *table,
		      struct filter_target *entry)
{
	auto_free struct filter_leaf *leaves = calloc(table->ranges_count, sizeof *leaves);
	if (!leaves)
		return -1;
	for (size_t i = 0; i < table->ranges_count; i++) {
		leaves[i].start = table->ranges[i].start;
		leaves[i].target = filter_checks_code(&g->emitter, &g->checks, &table->ranges[i],
						      table->big_endian);
		if (g->emitter.full)
			return 0;
	}
	*entry = filter_emit_tree(&g->emitter, leaves, table->ranges_count);
	if (!entry->answer)
		*entry = filter_emit_load(&g->emitter, offsetof(struct seccomp_data, nr),
					  UINT32_MAX, *entry);
	return 0;
}

static int generate(struct generator *g, const struct filter_program *program)
{
	struct filter_target next = filter_emit_answer(program->foreign);
	auto_free struct filter_target *entries =
		calloc(program->tables_count + 1, sizeof *entries);
	if (!entries)
		return -1;
	for (size_t i = program->tables_count; i-- > 0;)
		if (table_code(g, &program->tables[i], &entries[i]) < 0)
			return -1;
	for (size_t i = program->tables_count; i-- > 0;)
		next = filter_emit_branch(&g->emitter, BPF_JEQ, program->tables[i].audit,
					  entries[i], next);
	(void)filter_emit_load(&g->emitter, offsetof(struct seccomp_data, arch), UINT32_MAX, next);
	if (!g->emitter.full)
		return 0;
	errno = E2BIG;
	return -1;
}

int filter_code_generate(const struct filter_program *program, struct sock_filter **code,
			 uint16_t *count)
{
	struct generator g = {.emitter = {.code = NULL}};
	// calloc would touch every page; only the end of this is written
	auto_free struct sock_filter *buffer = malloc(BPF_MAXINSNS * sizeof *buffer);
	if (!buffer)
		return -1;
	g.emitter.code = buffer;
	if (generate(&g, program) < 0)
		return -1;
	struct sock_filter *result = malloc(g.emitter.count * sizeof *result);
	if (!result)
		return -1;
	memcpy(result, buffer + BPF_MAXINSNS - g.emitter.count, g.emitter.count * sizeof *result);
	*code = result;
	*count = (uint16_t)g.emitter.count;
	return 0;
}
