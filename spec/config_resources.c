// SPDX-License-Identifier: Apache-2.0
// linux.resources (config-linux.md, Control groups), of config.json and of `update --resources`.
#include "spec/checks.h"
#include "spec/config.h"

// ---- devices --------------------------------------------------------------------------------------

static int read_rule_type(struct decode *decode, const struct decode_row *row,
			  const struct tree_node *node, void *target)
{
	struct spec_device_rule *rule = target;
	const char *type = NULL;
	if (decode_read_string(decode, row, node, &type) < 0)
		return -1;
	if (type == NULL)
		return 0;
	if (type[1] != '\0' || (type[0] != 'a' && type[0] != 'c' && type[0] != 'b'))
		return decode_fail(decode, "unknown value '%.16s'", type);
	rule->type = type[0];
	return 0;
}

static const struct decode_row device_rule_rows[] = {
	BOOLEAN("allow", struct spec_device_rule, allow, .required = true),
	CUSTOM("type", read_rule_type, .empty_is_absent = true),
	OPTIONAL_I64("major", struct spec_device_rule, major, -1, CONFIG_MAX_MAJOR),
	OPTIONAL_I64("minor", struct spec_device_rule, minor, -1, CONFIG_MAX_MINOR),
	STRING("access", struct spec_device_rule, access, .check = checks_device_access),
};

static void start_device_rule(void *target)
{
	struct spec_device_rule *rule = target;
	rule->type = 'a';
}

static const struct decode_object device_rule = {DECODE_ROWS(device_rule_rows),
						 .size = sizeof(struct spec_device_rule),
						 .start = start_device_rule};

static int read_devices(struct decode *decode, const struct decode_row *row,
			const struct tree_node *node, void *target)
{
	struct spec_resources *resources = target;
	resources->devices_set = true;
	return decode_read_list(decode, row, node,
				(char *)target + offsetof(struct spec_resources, devices));
}
_Static_assert(offsetof(struct spec_resources, devices_count) ==
		       offsetof(struct spec_resources, devices) + sizeof(void *),
	       "a list is a pointer and a count");

// ---- memory, cpu, pids ----------------------------------------------------------------------------

// -1 is "no limit".
static const struct decode_row memory_rows[] = {
	OPTIONAL_I64("limit", struct spec_memory, limit, -1, INT64_MAX),
	OPTIONAL_I64("reservation", struct spec_memory, reservation, -1, INT64_MAX),
	OPTIONAL_I64("swap", struct spec_memory, swap, -1, INT64_MAX),
	OPTIONAL_I64("kernel", struct spec_memory, kernel, -1, INT64_MAX),
	OPTIONAL_I64("kernelTCP", struct spec_memory, kernel_tcp, -1, INT64_MAX),
	OPTIONAL_U64("swappiness", struct spec_memory, swappiness, 100),
	OPTIONAL_BOOLEAN("disableOOMKiller", struct spec_memory, disable_oom_killer),
	OPTIONAL_BOOLEAN("useHierarchy", struct spec_memory, use_hierarchy),
	OPTIONAL_BOOLEAN("checkBeforeUpdate", struct spec_memory, check_before_update),
};

static int finish_memory(struct decode *decode, void *target)
{
	const struct spec_memory *memory = target;
	if (memory->swap.value > 0 && memory->swap.value < memory->limit.value)
		return decode_fail_key(decode, "swap",
				       "is memory and swap together, so it must not be below the "
				       "memory limit");
	return 0;
}

static const struct decode_object memory_object = {DECODE_ROWS(memory_rows),
						   .finish = finish_memory};

static const struct decode_row cpu_rows[] = {
	OPTIONAL_U64("shares", struct spec_cpu, shares, UINT64_MAX),
	OPTIONAL_I64("quota", struct spec_cpu, quota, -1, INT64_MAX),
	OPTIONAL_U64("burst", struct spec_cpu, burst, UINT64_MAX),
	OPTIONAL_U64("period", struct spec_cpu, period, UINT64_MAX),
	OPTIONAL_I64("realtimeRuntime", struct spec_cpu, realtime_runtime, -1, INT64_MAX),
	OPTIONAL_U64("realtimePeriod", struct spec_cpu, realtime_period, UINT64_MAX),
	OPTIONAL_I64("idle", struct spec_cpu, idle, 0, 1),
	STRING("cpus", struct spec_cpu, cpus, .empty_is_absent = true, .check = checks_number_list),
	STRING("mems", struct spec_cpu, mems, .empty_is_absent = true, .check = checks_number_list),
};

static int finish_cpu(struct decode *decode, void *target)
{
	const struct spec_cpu *cpu = target;
	if (cpu->quota.value > 0 && cpu->burst.value > (uint64_t)cpu->quota.value)
		return decode_fail_key(decode, "burst", "must not be above the quota");
	return 0;
}

static const struct decode_object cpu_object = {DECODE_ROWS(cpu_rows), .finish = finish_cpu};

static const struct decode_row pids_rows[] = {
	OPTIONAL_I64("limit", struct spec_resources, pids_limit, -1, INT64_MAX),
};
static const struct decode_object pids = {DECODE_ROWS(pids_rows)};

// ---- block devices --------------------------------------------------------------------------------

// 10..1000; 0 is what callers send for "not set".
static int read_weight(struct decode *decode, const struct decode_row *row,
		       const struct tree_node *node, void *target)
{
	struct spec_optional_u64 *weight = target;
	if (decode_read_optional_u64(decode, row, node, weight) < 0)
		return -1;
	if (weight->value != 0 && weight->value < 10)
		return decode_fail(decode, "must be 0 or 10..1000");
	return 0;
}

#define WEIGHT(key_, type_, member_)                                                               \
	{                                                                                          \
		DECODE_KEY(key_),                                                                  \
			.read = read_weight,                                                       \
			.offset = DECODE_MEMBER(type_, member_, struct spec_optional_u64),         \
			.max = 1000                                                                \
	}

static const struct decode_row device_weight_rows[] = {
	I64("major", struct spec_device_weight, major, 0, CONFIG_MAX_MAJOR, .required = true),
	I64("minor", struct spec_device_weight, minor, 0, CONFIG_MAX_MINOR, .required = true),
	WEIGHT("weight", struct spec_device_weight, weight),
	WEIGHT("leafWeight", struct spec_device_weight, leaf_weight),
};

static int finish_device_weight(struct decode *decode, void *target)
{
	const struct spec_device_weight *device = target;
	if (!device->weight.set && !device->leaf_weight.set)
		return decode_fail(decode, "must have a weight or a leafWeight");
	return 0;
}

static const struct decode_object device_weight = {DECODE_ROWS(device_weight_rows),
						   .size = sizeof(struct spec_device_weight),
						   .finish = finish_device_weight};

static const struct decode_row device_rate_rows[] = {
	I64("major", struct spec_device_rate, major, 0, CONFIG_MAX_MAJOR, .required = true),
	I64("minor", struct spec_device_rate, minor, 0, CONFIG_MAX_MINOR, .required = true),
	U64("rate", struct spec_device_rate, rate, UINT64_MAX, .required = true),
};
static const struct decode_object device_rate = {DECODE_ROWS(device_rate_rows),
						 .size = sizeof(struct spec_device_rate)};

#define RATES(key_, member_)                                                                       \
	LIST(key_, struct spec_block_io, member_.items, member_.count, struct spec_device_rate,    \
	     &device_rate)

static const struct decode_row block_io_rows[] = {
	WEIGHT("weight", struct spec_block_io, weight),
	WEIGHT("leafWeight", struct spec_block_io, leaf_weight),
	LIST("weightDevice", struct spec_block_io, weight_devices, weight_devices_count,
	     struct spec_device_weight, &device_weight),
	RATES("throttleReadBpsDevice", read_bps),
	RATES("throttleWriteBpsDevice", write_bps),
	RATES("throttleReadIOPSDevice", read_iops),
	RATES("throttleWriteIOPSDevice", write_iops),
};
static const struct decode_object block_io = {DECODE_ROWS(block_io_rows)};

// ---- huge pages, rdma, network --------------------------------------------------------------------

static const struct decode_row hugepage_rows[] = {
	STRING("pageSize", struct spec_hugepage_limit, page_size, .required = true,
	       .check = checks_page_size),
	U64("limit", struct spec_hugepage_limit, limit, UINT64_MAX, .required = true),
};
static const struct decode_object hugepage = {DECODE_ROWS(hugepage_rows),
					      .size = sizeof(struct spec_hugepage_limit)};

static const struct decode_row rdma_rows[] = {
	OPTIONAL_U64("hcaHandles", struct spec_rdma_limit, hca_handles, UINT32_MAX),
	OPTIONAL_U64("hcaObjects", struct spec_rdma_limit, hca_objects, UINT32_MAX),
};

static int finish_rdma(struct decode *decode, void *target)
{
	const struct spec_rdma_limit *limit = target;
	if (!limit->hca_handles.set && !limit->hca_objects.set)
		return decode_fail(decode, "must have hcaHandles or hcaObjects");
	return 0;
}

static const struct decode_object rdma = {
	DECODE_ROWS(rdma_rows), .size = sizeof(struct spec_rdma_limit), .finish = finish_rdma};
_Static_assert(offsetof(struct spec_rdma_limit, device) == 0, "takes the key of the map");

static const struct decode_row network_priority_rows[] = {
	STRING("name", struct spec_network_priority, name, .required = true,
	       .check = checks_interface),
	U32("priority", struct spec_network_priority, priority, 0, UINT32_MAX, .required = true),
};
static const struct decode_object network_priority = {DECODE_ROWS(network_priority_rows),
						      .size = sizeof(struct spec_network_priority)};

static const struct decode_row network_rows[] = {
	OPTIONAL_U64("classID", struct spec_resources, network_class_id, UINT32_MAX),
	LIST("priorities", struct spec_resources, network_priorities, network_priorities_count,
	     struct spec_network_priority, &network_priority),
};
static const struct decode_object network = {DECODE_ROWS(network_rows)};

// ---- resources ------------------------------------------------------------------------------------

static const struct decode_row resources_rows[] = {
	CUSTOM("devices", read_devices, .nested = true, .object = &device_rule),
	OBJECT("memory", struct spec_resources, memory, struct spec_memory, &memory_object),
	OBJECT("cpu", struct spec_resources, cpu, struct spec_cpu, &cpu_object),
	INLINE("pids", &pids),
	OBJECT("blockIO", struct spec_resources, block_io, struct spec_block_io, &block_io),
	LIST("hugepageLimits", struct spec_resources, hugepages, hugepages_count,
	     struct spec_hugepage_limit, &hugepage),
	OBJECT_MAP("rdma", struct spec_resources, rdma, rdma_count, struct spec_rdma_limit, &rdma,
		   checks_one_word),
	INLINE("network", &network),
	STRING_MAP("unified", struct spec_resources, unified, checks_file_name),
};
const struct decode_object config_resources = {DECODE_ROWS(resources_rows), .marks_set = true};
