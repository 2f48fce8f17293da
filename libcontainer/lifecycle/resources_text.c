// SPDX-License-Identifier: Apache-2.0
// See resources_text.h. Merging and writing are one walk, so nothing has to own the merged lists.
#include "libcontainer/lifecycle/resources_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libcontainer/base/json.h"
#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/settings.h"

static void add_signed(struct json *json, const char *key, struct spec_optional_i64 base,
		       struct spec_optional_i64 change)
{
	if (change.set || base.set)
		json_signed(json, key, change.set ? change.value : base.value);
}

static void add_unsigned(struct json *json, const char *key, struct spec_optional_u64 base,
			 struct spec_optional_u64 change)
{
	if (change.set || base.set)
		json_unsigned(json, key, change.set ? change.value : base.value);
}

static void add_bool(struct json *json, const char *key, struct spec_optional_bool base,
		     struct spec_optional_bool change)
{
	if (change.set || base.set)
		json_bool(json, key, change.set ? change.value : base.value);
}

static void add_string(struct json *json, const char *key, const char *base, const char *change)
{
	if (change || base)
		json_string(json, key, change ? change : base);
}

// The cgroup keeps how much swap there is when the memory limit alone changes; swap in the configuration is the sum, so
// it moves along. Without a memory limit there is none of swap either.
static struct spec_optional_i64 merge_swap(const struct spec_memory *base,
					   const struct spec_memory *change)
{
	struct spec_optional_i64 swap =
		change->swap.set && change->swap.value ? change->swap : base->swap;
	if ((change->swap.set && change->swap.value) || !change->limit.set ||
	    change->limit.value == 0)
		return swap;
	if (change->limit.value < 0)
		return (struct spec_optional_i64){true, -1};
	if (swap.value <= 0)
		return swap;
	int64_t alone = base->limit.value > 0 ? swap.value - base->limit.value : 0;
	if (__builtin_add_overflow(change->limit.value, alone, &swap.value))
		swap.value = -1;
	return swap;
}

// 0 is "not set" for these two.
static struct spec_optional_i64 merge_bytes(struct spec_optional_i64 base,
					    struct spec_optional_i64 change)
{
	return change.set && change.value ? change : base;
}

static void add_memory(struct json *json, const struct spec_memory *base,
		       const struct spec_memory *change)
{
	json_begin_object(json, "memory");
	const struct spec_optional_i64 none = {0};
	add_signed(json, "limit", none, merge_bytes(base->limit, change->limit));
	add_signed(json, "swap", none, merge_swap(base, change));
	add_signed(json, "reservation", none, merge_bytes(base->reservation, change->reservation));
	add_signed(json, "kernel", base->kernel, change->kernel);
	add_signed(json, "kernelTCP", base->kernel_tcp, change->kernel_tcp);
	add_unsigned(json, "swappiness", base->swappiness, change->swappiness);
	add_bool(json, "disableOOMKiller", base->disable_oom_killer, change->disable_oom_killer);
	add_bool(json, "useHierarchy", base->use_hierarchy, change->use_hierarchy);
	json_end_object(json);
}

static struct spec_optional_u64 merge_number(struct spec_optional_u64 base,
					     struct spec_optional_u64 change)
{
	return change.set && change.value ? change : base;
}

// A new quota keeps the period in force, which may be that of unified's cpu.max.
static struct spec_optional_u64 base_period(const struct spec_resources *base)
{
	struct spec_optional_u64 period = {.set = true};
	const char *value = cgroup_settings_unified(base, "cpu.max");
	if (value && sscanf(value, "%*s %" SCNu64, &period.value) == 1)
		return period;
	return base->cpu.period;
}

static void add_cpu(struct json *json, const struct spec_resources *all_base,
		    const struct spec_cpu *change)
{
	const struct spec_cpu *base = &all_base->cpu;
	const struct spec_optional_u64 none = {0};
	// a quota of 0 says nothing
	bool quota = change->quota.set && change->quota.value;
	struct spec_optional_u64 burst = change->burst.set ? change->burst : base->burst;
	int64_t limit = quota ? change->quota.value : base->quota.value;
	// what the kernel had refused was never in force
	if (limit > 0 && burst.value > (uint64_t)limit)
		burst = none;
	json_begin_object(json, "cpu");
	add_unsigned(json, "shares", none, merge_number(base->shares, change->shares));
	add_signed(json, "quota", base->quota, quota ? change->quota : base->quota);
	add_unsigned(json, "burst", none, burst);
	add_unsigned(json, "period", none,
		     merge_number(quota ? base_period(all_base) : base->period, change->period));
	add_signed(json, "realtimeRuntime", base->realtime_runtime, change->realtime_runtime);
	add_unsigned(json, "realtimePeriod", base->realtime_period, change->realtime_period);
	add_signed(json, "idle", base->idle, change->idle);
	add_string(json, "cpus", base->cpus, change->cpus);
	add_string(json, "mems", base->mems, change->mems);
	json_end_object(json);
}

// ---- lists --------------------------------------------------------------------------------------

static void add_rate(struct json *json, const struct spec_device_rate *rate)
{
	json_begin_object(json, NULL);
	json_signed(json, "major", rate->major);
	json_signed(json, "minor", rate->minor);
	json_unsigned(json, "rate", rate->rate);
	json_end_object(json);
}

static bool has_rate(const struct spec_device_rates *rates, const struct spec_device_rate *rate)
{
	for (size_t i = 0; i < rates->count; i++)
		if (rates->items[i].major == rate->major && rates->items[i].minor == rate->minor)
			return true;
	return false;
}

static void add_rates(struct json *json, const char *key, const struct spec_device_rates *base,
		      const struct spec_device_rates *change)
{
	if (base->count + change->count == 0)
		return;
	json_begin_array(json, key);
	for (size_t i = 0; i < base->count; i++)
		if (!has_rate(change, &base->items[i]))
			add_rate(json, &base->items[i]);
	for (size_t i = 0; i < change->count; i++)
		add_rate(json, &change->items[i]);
	json_end_array(json);
}

static void add_weight(struct json *json, const struct spec_device_weight *device)
{
	const struct spec_optional_u64 none = {0};
	json_begin_object(json, NULL);
	json_signed(json, "major", device->major);
	json_signed(json, "minor", device->minor);
	add_unsigned(json, "weight", none, device->weight);
	add_unsigned(json, "leafWeight", none, device->leaf_weight);
	json_end_object(json);
}

static bool has_weight(const struct spec_block_io *io, const struct spec_device_weight *device)
{
	for (size_t i = 0; i < io->weight_devices_count; i++)
		if (io->weight_devices[i].major == device->major &&
		    io->weight_devices[i].minor == device->minor)
			return true;
	return false;
}

static void add_block_io(struct json *json, const struct spec_block_io *base,
			 const struct spec_block_io *change)
{
	const struct spec_optional_u64 none = {0};
	json_begin_object(json, "blockIO");
	add_unsigned(json, "weight", none, merge_number(base->weight, change->weight));
	add_unsigned(json, "leafWeight", none,
		     merge_number(base->leaf_weight, change->leaf_weight));
	if (base->weight_devices_count + change->weight_devices_count) {
		json_begin_array(json, "weightDevice");
		for (size_t i = 0; i < base->weight_devices_count; i++)
			if (!has_weight(change, &base->weight_devices[i]))
				add_weight(json, &base->weight_devices[i]);
		for (size_t i = 0; i < change->weight_devices_count; i++)
			add_weight(json, &change->weight_devices[i]);
		json_end_array(json);
	}
	add_rates(json, "throttleReadBpsDevice", &base->read_bps, &change->read_bps);
	add_rates(json, "throttleWriteBpsDevice", &base->write_bps, &change->write_bps);
	add_rates(json, "throttleReadIOPSDevice", &base->read_iops, &change->read_iops);
	add_rates(json, "throttleWriteIOPSDevice", &base->write_iops, &change->write_iops);
	json_end_object(json);
}

static void add_page_size(struct json *json, const struct spec_hugepage_limit *limit)
{
	json_begin_object(json, NULL);
	json_string(json, "pageSize", limit->page_size);
	json_unsigned(json, "limit", limit->limit);
	json_end_object(json);
}

static bool has_page_size(const struct spec_resources *resources, const char *size)
{
	for (size_t i = 0; i < resources->hugepages_count; i++)
		if (text_equal(resources->hugepages[i].page_size, size))
			return true;
	return false;
}

static void add_hugepages(struct json *json, const struct spec_resources *base,
			  const struct spec_resources *change)
{
	json_begin_array(json, "hugepageLimits");
	for (size_t i = 0; i < base->hugepages_count; i++)
		if (!has_page_size(change, base->hugepages[i].page_size))
			add_page_size(json, &base->hugepages[i]);
	for (size_t i = 0; i < change->hugepages_count; i++)
		add_page_size(json, &change->hugepages[i]);
	json_end_array(json);
}

static const struct spec_rdma_limit *find_rdma(const struct spec_resources *resources,
					       const char *device)
{
	for (size_t i = 0; i < resources->rdma_count; i++)
		if (text_equal(resources->rdma[i].device, device))
			return &resources->rdma[i];
	return NULL;
}

static void add_rdma(struct json *json, const struct spec_rdma_limit *base,
		     const struct spec_rdma_limit *change)
{
	json_begin_object(json, base->device);
	add_unsigned(json, "hcaHandles", base->hca_handles, change->hca_handles);
	add_unsigned(json, "hcaObjects", base->hca_objects, change->hca_objects);
	json_end_object(json);
}

static void add_all_rdma(struct json *json, const struct spec_resources *base,
			 const struct spec_resources *change)
{
	json_begin_object(json, "rdma");
	for (size_t i = 0; i < base->rdma_count; i++) {
		const struct spec_rdma_limit *other = find_rdma(change, base->rdma[i].device);
		add_rdma(json, &base->rdma[i], other ? other : &base->rdma[i]);
	}
	for (size_t i = 0; i < change->rdma_count; i++)
		if (!find_rdma(base, change->rdma[i].device))
			add_rdma(json, &change->rdma[i], &change->rdma[i]);
	json_end_object(json);
}

// Does the change write the file?
struct sought {
	const char *file;
	bool found;
};

static int look_at(const struct cgroup_setting *setting, void *data, struct error *err)
{
	struct sought *sought = data;
	(void)err;
	bool weights =
		cgroup_settings_is_weight(setting->file) && cgroup_settings_is_weight(sought->file);
	if (weights || text_equal(setting->file, sought->file) ||
	    text_equal(setting->other_file, sought->file))
		sought->found = true;
	return 0;
}

static bool writes_file(const struct spec_resources *change, const char *file)
{
	struct sought sought = {.file = file};
	struct error ignored;
	// (a weight beside idle is written later, and newer all the same)
	struct spec_resources awake = *change;
	awake.cpu.idle.value = 0;
	// (what is wrong in the change, its writing says)
	(void)!cgroup_settings_visit(&awake, look_at, &sought, &ignored);
	return sought.found || cgroup_settings_unified(change, file);
}

// A period without a quota changes half of cpu.max only: the older quota stays beside it.
static bool add_half_of_cpu_max(struct json *json, const struct spec_string_pair *older,
				const struct spec_resources *change)
{
	const struct spec_cpu *cpu = &change->cpu;
	if (!text_equal(older->key, "cpu.max") || !cpu->period.value || cpu->quota.value ||
	    cgroup_settings_unified(change, "cpu.max"))
		return false;
	auto_text struct text value = {0};
	text_printf(&value, "%.*s %" PRIu64, (int)strcspn(older->value, " \n"), older->value,
		    cpu->period.value);
	json->text->failed |= text_failed(&value);
	json_string(json, older->key, text_string(&value));
	return true;
}

// unified comes behind the fields; an older word of it must not undo a newer one of theirs.
static void add_unified(struct json *json, const struct spec_string_map *base,
			const struct spec_resources *change)
{
	json_begin_object(json, "unified");
	for (size_t i = 0; i < base->count; i++)
		if (!add_half_of_cpu_max(json, &base->items[i], change) &&
		    !writes_file(change, base->items[i].key))
			json_string(json, base->items[i].key, base->items[i].value);
	for (size_t i = 0; i < change->unified.count; i++)
		json_string(json, change->unified.items[i].key, change->unified.items[i].value);
	json_end_object(json);
}

static void add_network(struct json *json, const struct spec_resources *base,
			const struct spec_resources *change)
{
	// priorities are one list for all interfaces; both fields are of cgroup v1 and can only be without effect
	const struct spec_resources *from = change->network_priorities_count ? change : base;
	json_begin_object(json, "network");
	add_unsigned(json, "classID", base->network_class_id, change->network_class_id);
	json_begin_array(json, "priorities");
	for (size_t i = 0; i < from->network_priorities_count; i++) {
		json_begin_object(json, NULL);
		json_string(json, "name", from->network_priorities[i].name);
		json_unsigned(json, "priority", from->network_priorities[i].priority);
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
}

void resources_text_merge(struct text *text, const struct spec_resources *base,
			  const struct spec_resources *change)
{
	struct json json = {.text = text};
	json_begin_object(&json, NULL);
	add_memory(&json, &base->memory, &change->memory);
	add_cpu(&json, base, &change->cpu);
	json_begin_object(&json, "pids");
	add_signed(&json, "limit", base->pids_limit, change->pids_limit);
	json_end_object(&json);
	add_block_io(&json, &base->block_io, &change->block_io);
	add_hugepages(&json, base, change);
	add_all_rdma(&json, base, change);
	add_network(&json, base, change);
	add_unified(&json, &base->unified, change);
	json_end_object(&json);
}
