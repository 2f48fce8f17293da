// SPDX-License-Identifier: Apache-2.0
// What a filter would answer to a system call of husk's own, found out by running it as the kernel would (seccomp(2): the classic
// BPF that it lets through). It is asked before a step is put behind the filter. What it cannot tell counts as refused.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>

#include "libcontainer/security/filter_architectures.h"
#include "libcontainer/security/security.h"

struct machine {
	uint32_t a, x, memory[BPF_MEMWORDS];
	struct seccomp_data data;
};

static bool load(struct machine *m, const struct sock_filter *at, uint32_t *into)
{
	switch (BPF_MODE(at->code)) {
	case BPF_ABS:
		if (at->k % sizeof *into != 0 || at->k > sizeof m->data - sizeof *into)
			return false;
		memcpy(into, (const char *)&m->data + at->k, sizeof *into);
		return true;
	case BPF_IMM:
		*into = at->k;
		return true;
	case BPF_MEM:
		if (at->k >= BPF_MEMWORDS)
			return false;
		*into = m->memory[at->k];
		return true;
	case BPF_LEN:
		*into = sizeof m->data;
		return true;
	default:
		return false;
	}
}

static bool store(struct machine *m, const struct sock_filter *at, uint32_t value)
{
	if (at->k >= BPF_MEMWORDS)
		return false;
	m->memory[at->k] = value;
	return true;
}

static bool calculate(struct machine *m, const struct sock_filter *at)
{
	uint32_t value = BPF_SRC(at->code) == BPF_X ? m->x : at->k;
	switch (BPF_OP(at->code)) {
	case BPF_ADD:
		m->a += value;
		return true;
	case BPF_SUB:
		m->a -= value;
		return true;
	case BPF_MUL:
		m->a *= value;
		return true;
	case BPF_DIV:
		if (value == 0)
			return false;
		m->a /= value;
		return true;
	case BPF_AND:
		m->a &= value;
		return true;
	case BPF_OR:
		m->a |= value;
		return true;
	case BPF_XOR:
		m->a ^= value;
		return true;
	case BPF_LSH:
		m->a = value < 32 ? m->a << value : 0;
		return value < 32;
	case BPF_RSH:
		m->a = value < 32 ? m->a >> value : 0;
		return value < 32;
	case BPF_NEG:
		m->a = 0 - m->a;
		return true;
	default:
		return false;
	}
}

// *skip: instructions to leave out.
static bool jump(const struct machine *m, const struct sock_filter *at, uint32_t *skip)
{
	uint32_t value = BPF_SRC(at->code) == BPF_X ? m->x : at->k;
	bool yes;
	switch (BPF_OP(at->code)) {
	case BPF_JA:
		*skip = at->k;
		return true;
	case BPF_JEQ:
		yes = m->a == value;
		break;
	case BPF_JGT:
		yes = m->a > value;
		break;
	case BPF_JGE:
		yes = m->a >= value;
		break;
	case BPF_JSET:
		yes = (m->a & value) != 0;
		break;
	default:
		return false;
	}
	*skip = yes ? at->jt : at->jf;
	return true;
}

static bool step(struct machine *m, const struct sock_filter *at, uint32_t *skip)
{
	switch (BPF_CLASS(at->code)) {
	case BPF_LD:
		return load(m, at, &m->a);
	case BPF_LDX:
		return load(m, at, &m->x);
	case BPF_ST:
		return store(m, at, m->a);
	case BPF_STX:
		return store(m, at, m->x);
	case BPF_ALU:
		return calculate(m, at);
	case BPF_JMP:
		return jump(m, at, skip);
	case BPF_MISC:
		if (BPF_MISCOP(at->code) == BPF_TXA)
			m->a = m->x;
		else
			m->x = m->a;
		return true;
	default:
		return false;
	}
}

static uint32_t answer(const struct syscall_filter *filter, struct machine *m)
{
	const struct sock_filter *code = filter->instructions;
	// forwards only: it ends
	for (uint32_t at = 0; at < filter->count; at++) {
		uint32_t skip = 0;
		if (BPF_CLASS(code[at].code) == BPF_RET)
			return BPF_RVAL(code[at].code) == BPF_A ? m->a : code[at].k;
		if (!step(m, &code[at], &skip) || skip >= filter->count - at)
			break;
		at += skip;
	}
	return SECCOMP_RET_KILL_PROCESS;
}

bool syscall_filter_lets_pass(const struct syscall_filter *filter, long number,
			      const uint64_t arguments[6])
{
	const struct filter_architecture *native = filter_architecture_native();
	struct machine m = {0};
	if (!filter->instructions)
		return true;
	if (!native)
		return false;
	m.data.nr = (int)number;
	m.data.arch = native->audit;
	memcpy(m.data.args, arguments, sizeof m.data.args);
	uint32_t action = answer(filter, &m) & SECCOMP_RET_ACTION_FULL;
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}
