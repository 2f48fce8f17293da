// SPDX-License-Identifier: Apache-2.0
// The fields of linux.resources that only cgroup v1 can do. None is dropped in silence:
//
//	memory.kernel, kernelTCP      refused: memory.limit counts kernel memory, a separate limit
//	                              does not exist. 0 and -1 mean none.
//	memory.disableOOMKiller       true is refused: the container would be killed where it was to
//	                              wait. Engines send false.
//	memory.swappiness             a warning: advice to the reclaimer, not a limit, and engines
//	                              pass on what their users wrote. 2^64-1 is an engine's "-1".
//	memory.useHierarchy           accepted: v2 is always hierarchical.
//	cpu.realtimeRuntime, Period   refused unless 0: the processes would run without their share.
//	blockIO.leafWeight            refused unless 0, also for devices.
//	network.classID, priorities   refused unless 0: firewall rules may rely on the mark.
#include <errno.h>
#include <inttypes.h>

#include "libcontainer/cgroup/settings.h"

#define NEVER UINT64_MAX

static int refuse(const char *field, const char *instead, struct error *err)
{
	return error_set(err, EINVAL, "linux.resources.%s: cgroup v2 has no such setting%s%s",
			 field, *instead ? ": " : "", instead);
}

static bool asks_bytes(const struct spec_optional_i64 *value)
{
	return value->set && value->value != 0 && value->value != -1;
}

static bool asks(const struct spec_optional_u64 *value)
{
	return value->set && value->value != 0;
}

static int check_memory(const struct spec_memory *memory, const struct log *log, struct error *err)
{
	const char *instead = "kernel memory is counted by linux.resources.memory.limit";
	if (asks_bytes(&memory->kernel))
		return refuse("memory.kernel", instead, err);
	if (asks_bytes(&memory->kernel_tcp))
		return refuse("memory.kernelTCP", instead, err);
	if (memory->disable_oom_killer.set && memory->disable_oom_killer.value)
		return refuse("memory.disableOOMKiller", "the OOM killer cannot be turned off",
			      err);
	if (memory->swappiness.set && memory->swappiness.value != NEVER)
		log_warning(log,
			    "linux.resources.memory.swappiness: %" PRIu64
			    " has no effect: cgroup v2 has no such setting",
			    memory->swappiness.value);
	return 0;
}

static int check_block_io(const struct spec_block_io *io, struct error *err)
{
	const char *instead = "inner cgroups hold no processes that could be weighed";
	if (asks(&io->leaf_weight))
		return refuse("blockIO.leafWeight", instead, err);
	for (size_t i = 0; i < io->weight_devices_count; i++)
		if (asks(&io->weight_devices[i].leaf_weight))
			return refuse("blockIO.weightDevice[].leafWeight", instead, err);
	return 0;
}

int cgroup_settings_check_v1(const struct spec_resources *resources, const struct log *log,
			     struct error *err)
{
	if (check_memory(&resources->memory, log, err) < 0)
		return -1;
	if (resources->cpu.realtime_runtime.set && resources->cpu.realtime_runtime.value != 0)
		return refuse("cpu.realtimeRuntime", "real-time group scheduling is of cgroup v1",
			      err);
	if (asks(&resources->cpu.realtime_period))
		return refuse("cpu.realtimePeriod", "real-time group scheduling is of cgroup v1",
			      err);
	if (check_block_io(&resources->block_io, err) < 0)
		return -1;
	if (asks(&resources->network_class_id))
		return refuse("network.classID", "match the cgroup's path in the firewall", err);
	for (size_t i = 0; i < resources->network_priorities_count; i++)
		if (resources->network_priorities[i].priority != 0)
			return refuse("network.priorities", "", err);
	return 0;
}
