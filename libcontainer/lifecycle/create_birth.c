// SPDX-License-Identifier: Apache-2.0
// When the container's init is cloned into a pid namespace that is joined: last, where that can be (init/birth.c).
#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/lifecycle/creation.h"
#include "libcontainer/lifecycle/hook_calls.h"
#include "libcontainer/lifecycle/late_birth.h"

// This process, and two for its /proc.
#define PROCESSES_AT_ONCE 3

static bool is_room_for_all(const struct spec *spec)
{
	const struct spec_optional_i64 *limit = &spec->linux_.resources.pids_limit;
	return !limit->set || limit->value < 0 || limit->value >= PROCESSES_AT_ONCE;
}

// What the late order cannot do: NULL, or in words.
static const char *objection(const struct creation *creation)
{
	const struct namespace_plan *ns = &creation->namespaces;
	const char *why = NULL;
	if (namespaces_has(ns, spec_namespace_type_user))
		return "the container has a user namespace, too";
	if (ns->staged)
		return "the caller cannot return to its own pid namespace";
	if (!namespaces_is_new(ns, spec_namespace_type_mount))
		return "the container has no mount namespace of its own";
	if (ns->time_offsets)
		return "linux.timeOffsets";
	if (!creation->spec->process.set)
		return "the configuration has no process";
	if (hook_calls_in_create(creation->spec))
		return "hooks have to be told its pid before";
	if (creation->init.delegated)
		return "annotation run.oci.delegate-cgroup";
	if (!rootfs_can_use_proc_context(creation->rootfs))
		return "mounts[] has more than one procfs";
	if (!is_room_for_all(creation->spec))
		return "linux.resources.pids.limit leaves no room for those that see to it";
	return late_birth_decide(&creation->init, &why) == init_birth_late ? NULL : why;
}

int creation_decide_birth(struct creation *creation, struct error *err)
{
	const struct namespace_plan *ns = &creation->namespaces;
	if (!namespaces_has(ns, spec_namespace_type_pid) ||
	    namespaces_is_new(ns, spec_namespace_type_pid))
		return 0;
	// its address is an argument of the clone that the filter is asked about
	if (late_birth_share(&creation->born, err) < 0)
		return -1;
	creation->init.born = creation->born;
	const char *why = objection(creation);
	if (why && !creation->rootless)
		log_warning(creation->context->log,
			    "processes of the pid namespace %s that have CAP_SYS_PTRACE can take "
			    "over init of container `%s` until its program runs: %s",
			    creation->spec->linux_.namespaces[spec_namespace_type_pid].path,
			    creation->options->id, why);
	if (!why) {
		creation->init.birth = init_birth_late;
		return 0;
	}
	late_birth_unshare(creation->born);
	creation->init.born = creation->born = NULL;
	return 0;
}

int creation_know_process(struct creation *creation, struct error *err)
{
	int status;
	if (creation->pid > 0 || !creation->born)
		return 0;
	if (late_birth_know(creation->born, creation->stage, &creation->pid, &creation->pidfd,
			    err) < 0)
		return -1;
	if (creation->stage > 0)
		(void)!process_reap(creation->stage, &status);
	creation->stage = 0;
	return 0;
}
