// SPDX-License-Identifier: Apache-2.0
// Which CPUs, memory and turns the calling process gets. Plain system calls: the C library knows few of them, and
// its CPU sets end at 1024.
#include <errno.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcontainer/process/process.h"

// More CPUs than any kernel is built for; beyond its own number the kernel ignores bits.
#define CPUS_MAX 8192U
#define NODES_MAX 1024U
#define WORD_BITS (8 * (unsigned)sizeof(unsigned long))

// sched_setattr(2)
struct scheduler_attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

int scheduling_apply(const struct spec_scheduler *scheduler, struct error *err)
{
	if (!scheduler->set)
		return 0;
	const struct scheduler_attributes attributes = {
		.size = sizeof attributes,
		.policy = (uint32_t)scheduler->policy,
		.flags = scheduler->flags,
		.nice = scheduler->nice.set ? (int32_t)scheduler->nice.value : 0,
		.priority = scheduler->priority.set ? (uint32_t)scheduler->priority.value : 0,
		.runtime = scheduler->runtime.set ? scheduler->runtime.value : 0,
		.deadline = scheduler->deadline.set ? scheduler->deadline.value : 0,
		.period = scheduler->period.set ? scheduler->period.value : 0,
	};
	if (syscall(SYS_sched_setattr, 0, &attributes, 0U) == 0)
		return 0;
	return error_errno(err, "process.scheduler: sched_setattr%s",
			   errno == EBUSY
				   ? " (deadline: no CPU time of that amount is left, or not "
				     "every CPU is allowed)"
				   : "");
}

bool scheduling_is_inherited(const struct spec_scheduler *scheduler)
{
	return !scheduler->set || (scheduler->policy != SCHED_DEADLINE &&
				   (scheduler->flags & SCHED_FLAG_RESET_ON_FORK) == 0);
}

int scheduling_apply_io(const struct spec_io_priority *priority, struct error *err)
{
	if (!priority->set)
		return 0;
	// the process alone: its group may still be the caller's
	const int who_process = 1;
	int value = (priority->class << IOPRIO_CLASS_SHIFT) | priority->priority;
	if (syscall(SYS_ioprio_set, who_process, 0, value) < 0)
		return error_errno(err, "process.ioPriority: ioprio_set");
	return 0;
}

// ---- lists of CPUs and nodes ---------------------------------------------------------------------

// One decimal number below limit; *at moves behind it.
static bool read_number(const char **at, unsigned limit, unsigned *number)
{
	const char *p = *at;
	unsigned value = 0;
	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		value = value * 10 + (unsigned)(*p - '0');
		if (value >= limit)
			return false;
	}
	*at = p;
	*number = value;
	return true;
}

// Sets the bits of a list such as "0-3,7" below limit in mask.
static bool read_list(const char *list, unsigned long *mask, unsigned limit)
{
	const char *at = list;
	for (;;) {
		unsigned first, last;
		if (!read_number(&at, limit, &first))
			return false;
		last = first;
		if (*at == '-') {
			at++;
			if (!read_number(&at, limit, &last) || last < first)
				return false;
		}
		for (unsigned i = first; i <= last; i++)
			mask[i / WORD_BITS] |= 1UL << i % WORD_BITS;
		if (!*at)
			return true;
		if (*at++ != ',')
			return false;
	}
}

int scheduling_apply_affinity(const char *cpus, struct error *err)
{
	unsigned long mask[CPUS_MAX / WORD_BITS];
	memset(mask, cpus ? 0 : 0xff, sizeof mask);
	if (cpus && !read_list(cpus, mask, CPUS_MAX))
		return error_set(err, EINVAL, "cpu list `%s`: not a list such as 0-3,7 below %u",
				 cpus, CPUS_MAX);
	if (syscall(SYS_sched_setaffinity, 0, sizeof mask, mask) == 0)
		return 0;
	// where an outer sandbox forbids the call, the caller's mask is its own affair
	if (!cpus && (errno == ENOSYS || errno == EPERM))
		return 0;
	return error_errno(err, "cpu list `%s`: sched_setaffinity", cpus ? cpus : "all");
}

int scheduling_apply_memory_policy(const struct spec_memory_policy *policy, struct error *err)
{
	unsigned long mask[NODES_MAX / WORD_BITS] = {0};
	if (!policy->set)
		return 0;
	if (policy->nodes && *policy->nodes && !read_list(policy->nodes, mask, NODES_MAX))
		return error_set(err, EINVAL,
				 "linux.memoryPolicy.nodes `%s`: not a list such as 0-3,7 below %u",
				 policy->nodes, NODES_MAX);
	bool nodes = policy->nodes && *policy->nodes;
	// the kernel counts one bit less than it is told
	if (syscall(SYS_set_mempolicy, policy->mode | (int)policy->flags, nodes ? mask : NULL,
		    nodes ? NODES_MAX + 1UL : 0UL) < 0)
		return error_errno(err, "linux.memoryPolicy: set_mempolicy");
	return 0;
}

int scheduling_apply_personality(enum spec_personality personality_wanted, struct error *err)
{
	unsigned long domain;
	switch (personality_wanted) {
	case spec_personality_unset:
		return 0;
	case spec_personality_linux:
		domain = PER_LINUX;
		break;
	case spec_personality_linux32:
		domain = PER_LINUX32;
		break;
	default:
		return error_set(err, EINVAL, "linux.personality: unknown domain");
	}
	if (personality(domain) < 0)
		return error_errno(err, "linux.personality");
	return 0;
}
