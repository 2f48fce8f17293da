// SPDX-License-Identifier: Apache-2.0
// The enumerations of the specification as word lists, for the decoder and for `features`.
#include "spec/words.h"

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/resource.h>

#include "spec/spec.h"

// ---- namespaces, hooks, propagation ---------------------------------------------------------------

static const char *const namespaces[] = {
	[spec_namespace_type_user] = "user",       [spec_namespace_type_pid] = "pid",
	[spec_namespace_type_network] = "network", [spec_namespace_type_mount] = "mount",
	[spec_namespace_type_ipc] = "ipc",         [spec_namespace_type_uts] = "uts",
	[spec_namespace_type_cgroup] = "cgroup",   [spec_namespace_type_time] = "time",
	[spec_namespace_type_count] = NULL,
};
const struct words words_namespaces = {namespaces, 0};

static const char *const hooks[] = {
	[spec_hook_kind_prestart] = "prestart",
	[spec_hook_kind_create_runtime] = "createRuntime",
	[spec_hook_kind_create_container] = "createContainer",
	[spec_hook_kind_start_container] = "startContainer",
	[spec_hook_kind_poststart] = "poststart",
	[spec_hook_kind_poststop] = "poststop",
	[spec_hook_kind_count] = NULL,
};

static const char *const propagations[] = {
	[spec_propagation_unset] = "",
	[spec_propagation_private] = "private",
	[spec_propagation_rprivate] = "rprivate",
	[spec_propagation_shared] = "shared",
	[spec_propagation_rshared] = "rshared",
	[spec_propagation_slave] = "slave",
	[spec_propagation_rslave] = "rslave",
	[spec_propagation_unbindable] = "unbindable",
	[spec_propagation_runbindable] = "runbindable",
	NULL,
};
const struct words words_propagations = {propagations, 0};

static const char *const personalities[] = {"LINUX", "LINUX32", NULL};
const struct words words_personalities = {personalities, spec_personality_linux};

// ---- process --------------------------------------------------------------------------------------

static const char *const rlimits[] = {
	[RLIMIT_CPU] = "RLIMIT_CPU",
	[RLIMIT_FSIZE] = "RLIMIT_FSIZE",
	[RLIMIT_DATA] = "RLIMIT_DATA",
	[RLIMIT_STACK] = "RLIMIT_STACK",
	[RLIMIT_CORE] = "RLIMIT_CORE",
	[RLIMIT_RSS] = "RLIMIT_RSS",
	[RLIMIT_NPROC] = "RLIMIT_NPROC",
	[RLIMIT_NOFILE] = "RLIMIT_NOFILE",
	[RLIMIT_MEMLOCK] = "RLIMIT_MEMLOCK",
	[RLIMIT_AS] = "RLIMIT_AS",
	[RLIMIT_LOCKS] = "RLIMIT_LOCKS",
	[RLIMIT_SIGPENDING] = "RLIMIT_SIGPENDING",
	[RLIMIT_MSGQUEUE] = "RLIMIT_MSGQUEUE",
	[RLIMIT_NICE] = "RLIMIT_NICE",
	[RLIMIT_RTPRIO] = "RLIMIT_RTPRIO",
	[RLIMIT_RTTIME] = "RLIMIT_RTTIME",
	[RLIM_NLIMITS] = NULL,
};
const struct words words_rlimits = {rlimits, 0};

// The number that the kernel keeps for it; no header names it.
#define POLICY_ISO 4

static const char *const scheduler_policies[] = {
	[SCHED_NORMAL] = "SCHED_OTHER",
	[SCHED_FIFO] = "SCHED_FIFO",
	[SCHED_RR] = "SCHED_RR",
	[SCHED_BATCH] = "SCHED_BATCH",
	[POLICY_ISO] = "SCHED_ISO",
	[SCHED_IDLE] = "SCHED_IDLE",
	[SCHED_DEADLINE] = "SCHED_DEADLINE",
	NULL,
};
const struct words words_scheduler_policies = {scheduler_policies, 0};

static const char *const scheduler_flags[] = {
	"SCHED_FLAG_RESET_ON_FORK",  "SCHED_FLAG_RECLAIM",
	"SCHED_FLAG_DL_OVERRUN",     "SCHED_FLAG_KEEP_POLICY",
	"SCHED_FLAG_KEEP_PARAMS",    "SCHED_FLAG_UTIL_CLAMP_MIN",
	"SCHED_FLAG_UTIL_CLAMP_MAX", NULL,
};
_Static_assert(SCHED_FLAG_RESET_ON_FORK == 1 << 0 && SCHED_FLAG_UTIL_CLAMP_MAX == 1 << 6,
	       "the flags are in the order of their bits");
const struct words words_scheduler_flags = {scheduler_flags, 0};

static const char *const io_classes[] = {"IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE",
					 NULL};
const struct words words_io_classes = {io_classes, IOPRIO_CLASS_RT};

// ---- memory policy --------------------------------------------------------------------------------

// Linux 6.9; an enumerator in <linux/mempolicy.h>, so its absence cannot be tested for.
#define MODE_WEIGHTED_INTERLEAVE 6

static const char *const memory_modes[] = {
	[MPOL_DEFAULT] = "MPOL_DEFAULT",
	[MPOL_PREFERRED] = "MPOL_PREFERRED",
	[MPOL_BIND] = "MPOL_BIND",
	[MPOL_INTERLEAVE] = "MPOL_INTERLEAVE",
	[MPOL_LOCAL] = "MPOL_LOCAL",
	[MPOL_PREFERRED_MANY] = "MPOL_PREFERRED_MANY",
	[MODE_WEIGHTED_INTERLEAVE] = "MPOL_WEIGHTED_INTERLEAVE",
	NULL,
};
const struct words words_memory_modes = {memory_modes, 0};

#define FLAG_BIT_NUMA_BALANCING 13

static const char *const memory_flags[] = {"MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES",
					   "MPOL_F_STATIC_NODES", NULL};
_Static_assert(MPOL_F_NUMA_BALANCING >> FLAG_BIT_NUMA_BALANCING == 1 &&
		       MPOL_F_RELATIVE_NODES >> FLAG_BIT_NUMA_BALANCING == 2 &&
		       MPOL_F_STATIC_NODES >> FLAG_BIT_NUMA_BALANCING == 4,
	       "the flags are in the order of their bits");
const struct words words_memory_flags = {memory_flags, FLAG_BIT_NUMA_BALANCING};

// ---- seccomp --------------------------------------------------------------------------------------

static const char *const seccomp_actions[] = {
	[spec_seccomp_action_kill_thread] = "SCMP_ACT_KILL_THREAD",
	[spec_seccomp_action_kill_process] = "SCMP_ACT_KILL_PROCESS",
	[spec_seccomp_action_trap] = "SCMP_ACT_TRAP",
	[spec_seccomp_action_errno] = "SCMP_ACT_ERRNO",
	[spec_seccomp_action_trace] = "SCMP_ACT_TRACE",
	[spec_seccomp_action_allow] = "SCMP_ACT_ALLOW",
	[spec_seccomp_action_log] = "SCMP_ACT_LOG",
	[spec_seccomp_action_notify] = "SCMP_ACT_NOTIFY",
	[spec_seccomp_action_notify + 1] = "SCMP_ACT_KILL",  // the old name of KILL_THREAD
	NULL,
};
const struct words words_seccomp_actions = {seccomp_actions, 0};

static const char *const seccomp_operators[] = {
	[spec_seccomp_operator_ne] = "SCMP_CMP_NE",
	[spec_seccomp_operator_lt] = "SCMP_CMP_LT",
	[spec_seccomp_operator_le] = "SCMP_CMP_LE",
	[spec_seccomp_operator_eq] = "SCMP_CMP_EQ",
	[spec_seccomp_operator_ge] = "SCMP_CMP_GE",
	[spec_seccomp_operator_gt] = "SCMP_CMP_GT",
	[spec_seccomp_operator_masked_eq] = "SCMP_CMP_MASKED_EQ",
	NULL,
};
const struct words words_seccomp_operators = {seccomp_operators, 0};

static const char *const seccomp_architectures[] = {
	"SCMP_ARCH_X86",     "SCMP_ARCH_X86_64",   "SCMP_ARCH_X32",         "SCMP_ARCH_ARM",
	"SCMP_ARCH_AARCH64", "SCMP_ARCH_MIPS",     "SCMP_ARCH_MIPS64",      "SCMP_ARCH_MIPS64N32",
	"SCMP_ARCH_MIPSEL",  "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC",
	"SCMP_ARCH_PPC64",   "SCMP_ARCH_PPC64LE",  "SCMP_ARCH_S390",        "SCMP_ARCH_S390X",
	"SCMP_ARCH_PARISC",  "SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64",     "SCMP_ARCH_LOONGARCH64",
	"SCMP_ARCH_M68K",    "SCMP_ARCH_SH",       "SCMP_ARCH_SHEB",        NULL,
};
const struct words words_seccomp_architectures = {seccomp_architectures, 0};

static const char *const seccomp_flags[] = {
	"SECCOMP_FILTER_FLAG_TSYNC",
	"SECCOMP_FILTER_FLAG_LOG",
	"SECCOMP_FILTER_FLAG_SPEC_ALLOW",
	"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
	NULL,
};
const struct words words_seccomp_flags = {seccomp_flags, 0};

// ---- looking up -----------------------------------------------------------------------------------

bool words_find(const struct words *words, const char *word, size_t length, int *value)
{
	for (int i = 0; words->list[i] != NULL; i++) {
		if (strncmp(words->list[i], word, length) == 0 && words->list[i][length] == '\0') {
			*value = words->base + i;
			return true;
		}
	}
	return false;
}

const char *spec_namespace_name(enum spec_namespace_type type)
{
	return namespaces[type];
}

const char *spec_hook_kind_name(enum spec_hook_kind kind)
{
	return hooks[kind];
}

const char *const *spec_words_namespaces(void)
{
	return namespaces;
}

const char *const *spec_words_hooks(void)
{
	return hooks;
}

const char *const *spec_words_seccomp_actions(void)
{
	return seccomp_actions;
}

const char *const *spec_words_seccomp_operators(void)
{
	return seccomp_operators;
}

const char *const *spec_words_seccomp_architectures(void)
{
	return seccomp_architectures;
}

const char *const *spec_words_seccomp_flags(void)
{
	return seccomp_flags;
}

const char *const *spec_words_memory_policy_modes(void)
{
	return memory_modes;
}

const char *const *spec_words_memory_policy_flags(void)
{
	return memory_flags;
}
