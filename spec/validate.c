// SPDX-License-Identifier: Apache-2.0
// The rules between fields: what the decoder cannot see while it looks at one value. Each function
// holds one subject; all of them read the finished struct and nothing else, so that a configuration
// that was changed after parsing (by options of the command line) can be checked again.
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "spec/validate.h"

// Returns -1.
static int fail(struct spec_error *error, const char *reason, const char *path, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct spec_error *error, const char *reason, const char *path, ...)
{
	va_list arguments;
	va_start(arguments, path);
	(void)vsnprintf(error->path, sizeof(error->path), path, arguments);
	va_end(arguments);
	(void)snprintf(error->reason, sizeof(error->reason), "%s", reason);
	return -1;
}

static bool has(const struct spec *spec, enum spec_namespace_type type)
{
	return spec->linux_.namespaces[type].listed;
}

// ---- process --------------------------------------------------------------------------------------

static int check_rlimits(const struct spec_process *process, struct spec_error *error)
{
	uint32_t seen = 0;
	for (size_t i = 0; i < process->rlimits_count; i++) {
		const struct spec_rlimit *rlimit = &process->rlimits[i];
		uint32_t bit = (uint32_t)1 << rlimit->resource;
		if (seen & bit)
			return fail(error, "is there already", "process.rlimits[%zu].type", i);
		if (rlimit->soft > rlimit->hard)
			return fail(error, "must not be above the hard limit",
				    "process.rlimits[%zu].soft", i);
		seen |= bit;
	}
	return 0;
}

// sched_setattr(2). With KEEP_POLICY or KEEP_PARAMS the kernel ignores part of it, but what is written
// must still make sense.
static int check_scheduler(const struct spec_scheduler *scheduler, struct spec_error *error)
{
	int policy = scheduler->policy;
	bool fair = policy == SCHED_NORMAL || policy == SCHED_BATCH;
	bool realtime = policy == SCHED_FIFO || policy == SCHED_RR;
	bool times = scheduler->runtime.value != 0 || scheduler->deadline.value != 0 ||
		     scheduler->period.value != 0;
	if (scheduler->nice.value != 0 && !fair)
		return fail(error, "is for SCHED_OTHER and SCHED_BATCH only",
			    "process.scheduler.nice");
	if (scheduler->priority.value != 0 && !realtime)
		return fail(error, "is for SCHED_FIFO and SCHED_RR only",
			    "process.scheduler.priority");
	if (times && policy != SCHED_DEADLINE)
		return fail(error, "runtime, deadline and period are for SCHED_DEADLINE only",
			    "process.scheduler");
	return 0;
}

static int check_process(const struct spec *spec, struct spec_error *error)
{
	const struct spec_process *process = &spec->process;
	if (!process->set)
		return 0;
	if (check_rlimits(process, error) < 0)
		return -1;
	return process->scheduler.set ? check_scheduler(&process->scheduler, error) : 0;
}

// ---- namespaces -----------------------------------------------------------------------------------

static int check_names(const struct spec *spec, struct spec_error *error)
{
	if (has(spec, spec_namespace_type_uts))
		return 0;
	if (spec->hostname != NULL)
		return fail(error, "needs a uts namespace", "hostname");
	if (spec->domainname != NULL)
		return fail(error, "needs a uts namespace", "domainname");
	return 0;
}

static int check_user_namespace(const struct spec *spec, struct spec_error *error)
{
	const struct spec_linux *config = &spec->linux_;
	const struct spec_namespace *user = &config->namespaces[spec_namespace_type_user];
	if (!user->listed && config->uid_mappings.count > 0)
		return fail(error, "needs a user namespace", "linux.uidMappings");
	if (!user->listed && config->gid_mappings.count > 0)
		return fail(error, "needs a user namespace", "linux.gidMappings");
	if (!user->listed || user->path != NULL)
		return 0;
	if (config->uid_mappings.count == 0)
		return fail(error, "is required for a new user namespace", "linux.uidMappings");
	if (config->gid_mappings.count == 0)
		return fail(error, "is required for a new user namespace", "linux.gidMappings");
	return 0;
}

static int check_time_namespace(const struct spec *spec, struct spec_error *error)
{
	const struct spec_namespace *namespace = &spec->linux_.namespaces[spec_namespace_type_time];
	if (!spec->linux_.monotonic.set && !spec->linux_.boottime.set)
		return 0;
	if (!namespace->listed)
		return fail(error, "needs a time namespace", "linux.timeOffsets");
	if (namespace->path != NULL)
		return fail(error, "cannot be set in a time namespace that is joined",
			    "linux.timeOffsets");
	return 0;
}

static int check_dependents(const struct spec *spec, struct spec_error *error)
{
	const struct spec_linux *config = &spec->linux_;
	bool mount = has(spec, spec_namespace_type_mount);
	if (!mount && config->masked_paths.count > 0)
		return fail(error, "needs a mount namespace", "linux.maskedPaths");
	if (!mount && config->readonly_paths.count > 0)
		return fail(error, "needs a mount namespace", "linux.readonlyPaths");
	if (!has(spec, spec_namespace_type_network) && config->net_devices_count > 0)
		return fail(error, "needs a network namespace", "linux.netDevices");
	return 0;
}

// ---- mounts ---------------------------------------------------------------------------------------

static bool asks_for_mapping(const struct spec_mount *mount)
{
	for (size_t i = 0; i < mount->options.count; i++) {
		const char *option = mount->options.items[i];
		if (strcmp(option, "idmap") == 0 || strcmp(option, "ridmap") == 0)
			return true;
	}
	return false;
}

static int check_mounts(const struct spec *spec, struct spec_error *error)
{
	bool user = has(spec, spec_namespace_type_user);
	for (size_t i = 0; i < spec->mounts_count; i++) {
		const struct spec_mount *mount = &spec->mounts[i];
		bool uids = mount->uid_mappings.count > 0, gids = mount->gid_mappings.count > 0;
		if (uids && !gids)
			return fail(error, "is required beside uidMappings",
				    "mounts[%zu].gidMappings", i);
		if (gids && !uids)
			return fail(error, "is required beside gidMappings",
				    "mounts[%zu].uidMappings", i);
		if (!uids && !user && asks_for_mapping(mount))
			return fail(error,
				    "idmap needs uidMappings and gidMappings or a user namespace",
				    "mounts[%zu].options", i);
	}
	return 0;
}

// ---- seccomp --------------------------------------------------------------------------------------

// Why an action cannot carry this errnoRet, or NULL.
static const char *errno_fault(enum spec_seccomp_action action,
			       const struct spec_optional_u64 *errno_ret)
{
	if (!errno_ret->set || action == spec_seccomp_action_trace)
		return NULL;
	if (action != spec_seccomp_action_errno)
		return "is for SCMP_ACT_ERRNO and SCMP_ACT_TRACE only";
	return errno_ret->value > 4095 ? "must not be above 4095, the largest errno" : NULL;
}

static bool names_system_call(const struct spec_seccomp_rule *rule, const char *name)
{
	for (size_t i = 0; i < rule->names.count; i++)
		if (strcmp(rule->names.items[i], name) == 0)
			return true;
	return false;
}

static int check_seccomp_rule(const struct spec_seccomp *seccomp, size_t i,
			      struct spec_error *error)
{
	const struct spec_seccomp_rule *rule = &seccomp->rules[i];
	const char *fault = errno_fault(rule->action, &rule->errno_ret);
	if (fault != NULL)
		return fail(error, fault, "linux.seccomp.syscalls[%zu].errnoRet", i);
	if (rule->action != spec_seccomp_action_notify)
		return 0;
	if (seccomp->listener_path == NULL)
		return fail(error, "SCMP_ACT_NOTIFY needs a listenerPath",
			    "linux.seccomp.syscalls[%zu].action", i);
	// The process that loads the filter still has to report; nobody would answer it.
	if (names_system_call(rule, "write"))
		return fail(error, "SCMP_ACT_NOTIFY cannot be used for write",
			    "linux.seccomp.syscalls[%zu].action", i);
	return 0;
}

static int check_seccomp(const struct spec *spec, struct spec_error *error)
{
	const struct spec_seccomp *seccomp = &spec->linux_.seccomp;
	if (!seccomp->set)
		return 0;
	const char *fault = errno_fault(seccomp->default_action, &seccomp->default_errno_ret);
	if (fault != NULL)
		return fail(error, fault, "linux.seccomp.defaultErrnoRet");
	if (seccomp->default_action == spec_seccomp_action_notify)
		return fail(error, "SCMP_ACT_NOTIFY cannot be the default",
			    "linux.seccomp.defaultAction");
	if (seccomp->listener_metadata != NULL && seccomp->listener_path == NULL)
		return fail(error, "needs a listenerPath", "linux.seccomp.listenerMetadata");
	for (size_t i = 0; i < seccomp->rules_count; i++)
		if (check_seccomp_rule(seccomp, i, error) < 0)
			return -1;
	return 0;
}

// ---- memory ---------------------------------------------------------------------------------------

static int check_swap(const struct spec *spec, struct spec_error *error)
{
	const struct spec_memory *memory = &spec->linux_.resources.memory;
	if (memory->swap.value > 0 && memory->limit.value == 0)
		return fail(error, "needs a memory limit", "linux.resources.memory.swap");
	if (memory->swap.value > 0 && memory->swap.value < memory->limit.value)
		return fail(error,
			    "is memory and swap together, so it must not be below the memory limit",
			    "linux.resources.memory.swap");
	return 0;
}

// set_mempolicy(2).
static int check_memory_policy(const struct spec *spec, struct spec_error *error)
{
	const struct spec_memory_policy *policy = &spec->linux_.memory_policy;
	bool takes_none = policy->mode == MPOL_DEFAULT || policy->mode == MPOL_LOCAL;
	if (!policy->set)
		return 0;
	if (takes_none && policy->nodes != NULL)
		return fail(error, "is not for MPOL_DEFAULT and MPOL_LOCAL",
			    "linux.memoryPolicy.nodes");
	if (!takes_none && policy->mode != MPOL_PREFERRED && policy->nodes == NULL)
		return fail(error, "is required for this mode", "linux.memoryPolicy.nodes");
	if ((policy->flags & MPOL_F_STATIC_NODES) && (policy->flags & MPOL_F_RELATIVE_NODES))
		return fail(error,
			    "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other",
			    "linux.memoryPolicy.flags");
	return 0;
}

// ---- all ------------------------------------------------------------------------------------------

typedef int check(const struct spec *spec, struct spec_error *error);

static check *const checks[] = {
	check_process,    check_names,         check_user_namespace, check_time_namespace,
	check_dependents, check_mounts,        validate_sysctls,     check_seccomp,
	check_swap,       check_memory_policy,
};

int spec_validate(const struct spec *spec, struct spec_error *error)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (checks[i](spec, error) < 0)
			return -1;
	return 0;
}
