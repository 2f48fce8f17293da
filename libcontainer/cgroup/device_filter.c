// SPDX-License-Identifier: Apache-2.0
// See device_filter.h. The strongest (last) rule is asked first. A rule costs one compare, because major
// and minor of a device fit in one 32-bit key, as they do in the kernel's dev_t:
//
//	load type+access, major, minor; key = major << 20 | minor
//	rules about both types
//	if block goto B
//	rules about character devices; goto end
//	B: rules about block devices
//	end: the default;  other: the opposite
//
// r3 holds the accesses that still want an answer. A rule about all three decides at once. Another one
// that allows takes its own out of r3 and decides when nothing is left; one that denies decides when r3
// has any of its own.
#include "libcontainer/cgroup/device_filter.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#define BOTH (CGROUP_DEVICE_BLOCK | CGROUP_DEVICE_CHAR)
// Jumps are 16 bits wide.
#define PROGRAM_MAX 30000

enum target { target_deny, target_allow, target_count };

// Registers
enum { r_result, r_context, r_type, r_wanted, r_major, r_minor, r_key };

struct needs {
	bool key, major, minor, wanted;
};

static void emit(struct cgroup_device_program *program, struct bpf_insn instruction)
{
	if (program->failed)
		return;
	if (program->count == program->size) {
		size_t size = program->size ? program->size * 2 : 64;
		struct bpf_insn *items = NULL;
		if (program->count < PROGRAM_MAX)
			items = reallocarray(program->items, size, sizeof *items);
		if (!items) {
			program->failed = true;
			return;
		}
		program->items = items;
		program->size = size;
	}
	program->items[program->count++] = instruction;
}

static void emit_load(struct cgroup_device_program *program, unsigned to, size_t offset)
{
	emit(program, (struct bpf_insn){.code = BPF_LDX | BPF_MEM | BPF_W,
					.dst_reg = to & 15U,
					.src_reg = r_context,
					.off = (int16_t)offset});
}

static void emit_alu(struct cgroup_device_program *program, uint8_t operation, unsigned to,
		     int32_t value)
{
	emit(program, (struct bpf_insn){.code = (uint8_t)(BPF_ALU | operation | BPF_K),
					.dst_reg = to & 15U,
					.imm = value});
}

static void emit_alu_register(struct cgroup_device_program *program, uint8_t operation, unsigned to,
			      unsigned from)
{
	emit(program, (struct bpf_insn){.code = (uint8_t)(BPF_ALU | operation | BPF_X),
					.dst_reg = to & 15U,
					.src_reg = from & 15U});
}

// A conditional jump, or BPF_JA. off: instructions to skip, or INT16_MIN + target to be filled in at the end.
static void emit_jump(struct cgroup_device_program *program, uint8_t operation, unsigned what,
		      int32_t value, int off)
{
	uint8_t class = operation == BPF_JA ? BPF_JMP : BPF_JMP32;
	emit(program, (struct bpf_insn){.code = (uint8_t)(class | operation | BPF_K),
					.dst_reg = what & 15U,
					.off = (int16_t)off,
					.imm = value});
}

static int to_target(bool allow)
{
	return INT16_MIN + (allow ? target_allow : target_deny);
}

static void emit_exit(struct cgroup_device_program *program, bool allow)
{
	emit(program, (struct bpf_insn){.code = BPF_ALU | BPF_MOV | BPF_K,
					.dst_reg = r_result,
					.imm = allow});
	emit(program, (struct bpf_insn){.code = BPF_JMP | BPF_EXIT});
}

static struct needs find_needs(const struct cgroup_device_rules *rules)
{
	struct needs needs = {0};
	for (size_t i = 0; i < rules->count; i++) {
		const struct cgroup_device_rule *rule = &rules->items[i];
		needs.key |= rule->major >= 0 && rule->minor >= 0;
		needs.major |= rule->major >= 0 && rule->minor < 0;
		needs.minor |= rule->major < 0 && rule->minor >= 0;
		needs.wanted |= rule->access != CGROUP_DEVICE_ALL;
	}
	return needs;
}

static void emit_head(struct cgroup_device_program *program, struct needs needs)
{
	emit_load(program, r_type, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	if (needs.wanted) {
		emit_alu_register(program, BPF_MOV, r_wanted, r_type);
		emit_alu(program, BPF_RSH, r_wanted, 16);
	}
	if (needs.key || needs.major)
		emit_load(program, r_major, offsetof(struct bpf_cgroup_dev_ctx, major));
	if (needs.key || needs.minor)
		emit_load(program, r_minor, offsetof(struct bpf_cgroup_dev_ctx, minor));
	if (needs.key) {
		emit_alu_register(program, BPF_MOV, r_key, r_major);
		emit_alu(program, BPF_LSH, r_key, 20);
		emit_alu_register(program, BPF_OR, r_key, r_minor);
	}
}

// The register and the value that say whether a rule is about this device; false: it is about all of them.
static bool find_match(const struct cgroup_device_rule *rule, uint8_t *what, int32_t *value)
{
	if (rule->major >= 0 && rule->minor >= 0) {
		*what = r_key;
		*value = (int32_t)((uint32_t)rule->major << 20 | (uint32_t)rule->minor);
		return true;
	}
	*what = rule->major >= 0 ? r_major : r_minor;
	*value = rule->major >= 0 ? rule->major : rule->minor;
	return *value >= 0;
}

// Returns true when nothing behind this rule can be reached.
static bool emit_rule(struct cgroup_device_program *program, const struct cgroup_device_rule *rule)
{
	uint8_t what;
	int32_t value;
	bool some = find_match(rule, &what, &value);
	if (rule->access == CGROUP_DEVICE_ALL) {
		if (some)
			emit_jump(program, BPF_JEQ, what, value, to_target(rule->allow));
		else
			emit_jump(program, BPF_JA, 0, 0, to_target(rule->allow));
		return !some;
	}
	if (some)
		emit_jump(program, BPF_JNE, what, value, rule->allow ? 2 : 1);
	if (rule->allow) {
		emit_alu(program, BPF_AND, r_wanted, (int32_t)(CGROUP_DEVICE_ALL & ~rule->access));
		emit_jump(program, BPF_JEQ, r_wanted, 0, to_target(true));
	} else {
		emit_jump(program, BPF_JSET, r_wanted, rule->access, to_target(false));
	}
	return false;
}

// Rules from at - 1 down to 0 about a type. Returns true when the end of it cannot be reached.
static bool emit_section(struct cgroup_device_program *program,
			 const struct cgroup_device_rules *rules, size_t at, unsigned type)
{
	while (at-- > 0)
		if ((rules->items[at].types & type) && emit_rule(program, &rules->items[at]))
			return true;
	return false;
}

// Returns true when what is behind all rules cannot be reached by falling through.
static bool emit_rules(struct cgroup_device_program *program,
		       const struct cgroup_device_rules *rules)
{
	size_t at = rules->count;
	while (at > 0 && rules->items[at - 1].types == BOTH)
		if (emit_rule(program, &rules->items[--at]))
			return true;
	if (at == 0)
		return false;
	size_t split = program->count;
	emit_jump(program, BPF_JSET, r_type, CGROUP_DEVICE_BLOCK, 0);
	if (!emit_section(program, rules, at, CGROUP_DEVICE_CHAR))
		emit_jump(program, BPF_JA, 0, 0, to_target(rules->allow));
	if (program->failed)
		return false;
	program->items[split].off = (int16_t)(program->count - split - 1);
	return emit_section(program, rules, at, CGROUP_DEVICE_BLOCK);
}

static bool is_open(const struct bpf_insn *instruction)
{
	return BPF_CLASS(instruction->code) != BPF_LDX && BPF_CLASS(instruction->code) != BPF_ALU &&
	       instruction->off < INT16_MIN + target_count;
}

static bool leads_to(const struct cgroup_device_program *program, bool allow)
{
	for (size_t i = 0; i < program->count; i++)
		if (is_open(&program->items[i]) && program->items[i].off == to_target(allow))
			return true;
	return false;
}

// Both ends, the one that is reached by falling through first, and the jumps that lead there. An end that
// nothing leads to would be refused by the verifier.
static void finish(struct cgroup_device_program *program, const struct cgroup_device_rules *rules,
		   bool ended)
{
	size_t at[target_count] = {0};
	bool other = leads_to(program, !rules->allow);
	if (!ended || leads_to(program, rules->allow)) {
		at[rules->allow] = program->count;
		emit_exit(program, rules->allow);
	}
	at[!rules->allow] = program->count;
	if (other)
		emit_exit(program, !rules->allow);
	if (program->failed)
		return;
	for (size_t i = 0; i < program->count; i++)
		if (is_open(&program->items[i]))
			program->items[i].off =
				(int16_t)(at[program->items[i].off - INT16_MIN] - i - 1);
}

int cgroup_device_filter_compile(const struct cgroup_device_rules *rules,
				 struct cgroup_device_program *program, struct error *err)
{
	*program = (struct cgroup_device_program){0};
	if (rules->count > 0)
		emit_head(program, find_needs(rules));
	bool ended = emit_rules(program, rules);
	finish(program, rules, ended);
	if (!program->failed)
		return 0;
	cgroup_device_program_done(program);
	return error_set(err, E2BIG,
			 "linux.resources.devices: %zu rules are too many for one program",
			 rules->count);
}

void cgroup_device_program_done(struct cgroup_device_program *program)
{
	free(program->items);
	*program = (struct cgroup_device_program){0};
}
