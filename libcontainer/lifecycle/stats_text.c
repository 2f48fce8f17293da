// SPDX-License-Identifier: Apache-2.0
// See stats_text.h. The keys are those of cgroup v1, for which the format was made: what v2 does not have is left out, or
// zero where readers expect the key. Most keys are left out when they are zero.
#include "libcontainer/lifecycle/stats_text.h"

#include <stdlib.h>

static void add_if(struct json *json, const char *key, uint64_t value)
{
	if (value)
		json_unsigned(json, key, value);
}

static void add_pressure_line(struct json *json, const char *key,
			      const struct cgroup_pressure_line *line)
{
	if (!line->known)
		return;
	json_begin_object(json, key);
	json_raw(json, "avg10", line->avg10);
	json_raw(json, "avg60", line->avg60);
	json_raw(json, "avg300", line->avg300);
	json_unsigned(json, "total", line->total);
	json_end_object(json);
}

static void add_pressure(struct json *json, const struct cgroup_pressure *pressure)
{
	if (!pressure->some.known && !pressure->full.known)
		return;
	json_begin_object(json, "psi");
	add_pressure_line(json, "some", &pressure->some);
	add_pressure_line(json, "full", &pressure->full);
	json_end_object(json);
}

static void add_cpu(struct json *json, const struct cgroup_stats *stats)
{
	json_begin_object(json, "cpu");
	if (stats->cpu_total || stats->cpu_kernel || stats->cpu_user) {
		json_begin_object(json, "usage");
		add_if(json, "total", stats->cpu_total);
		json_unsigned(json, "kernel", stats->cpu_kernel);
		json_unsigned(json, "user", stats->cpu_user);
		json_end_object(json);
	}
	if (stats->periods || stats->throttled_periods || stats->throttled_ns) {
		json_begin_object(json, "throttling");
		add_if(json, "periods", stats->periods);
		add_if(json, "throttledPeriods", stats->throttled_periods);
		add_if(json, "throttledTime", stats->throttled_ns);
		json_end_object(json);
	}
	add_pressure(json, &stats->cpu_pressure);
	json_end_object(json);
}

// "0-3,7" as numbers. The numbers are 16 bits for the readers, which bounds a range.
static void add_list(struct json *json, const char *key, const char *list)
{
	if (!list || !*list)
		return;
	json_begin_array(json, key);
	while (*list) {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (; first <= last && first <= UINT16_MAX; first++)
			json_unsigned(json, NULL, first);
		list = end + (*end == ',');
		if (*end != ',')
			break;
	}
	json_end_array(json);
}

static void add_cpuset(struct json *json, const struct cgroup_stats *stats)
{
	// of cgroup v1; readers expect them
	static const char *const zeros[] = {
		"cpu_exclusive",   "mem_hardwall",       "mem_exclusive",
		"memory_migrate",  "memory_spread_page", "memory_spread_slab",
		"memory_pressure", "sched_load_balance", "sched_relax_domain_level"};
	json_begin_object(json, "cpuset");
	add_list(json, "cpus", stats->cpus);
	add_list(json, "mems", stats->mems);
	for (size_t i = 0; i < array_size(zeros); i++)
		json_unsigned(json, zeros[i], 0);
	json_end_object(json);
}

static void add_amount(struct json *json, const char *key, const struct cgroup_amount *amount)
{
	json_begin_object(json, key);
	json_unsigned(json, "limit", amount->limit);
	add_if(json, "usage", amount->usage);
	add_if(json, "max", amount->max);
	json_unsigned(json, "failcnt", amount->failures);
	json_end_object(json);
}

static void add_memory(struct json *json, const struct cgroup_stats *stats)
{
	json_begin_object(json, "memory");
	add_if(json, "cache", stats->page_cache);
	add_amount(json, "usage", &stats->memory);
	add_amount(json, "swap", &stats->memory_and_swap);
	if (stats->memory_counters_count) {
		json_begin_object(json, "raw");
		for (size_t i = 0; i < stats->memory_counters_count; i++)
			json_unsigned(json, stats->memory_counters[i].key,
				      stats->memory_counters[i].value);
		json_end_object(json);
	}
	add_pressure(json, &stats->memory_pressure);
	json_end_object(json);
}

static void add_pids(struct json *json, const struct cgroup_stats *stats)
{
	json_begin_object(json, "pids");
	add_if(json, "current", stats->pids_current);
	add_if(json, "limit", stats->pids_limit);
	json_end_object(json);
}

// ---- io -----------------------------------------------------------------------------------------

static void add_io_entry(struct json *json, const struct cgroup_io *io, const char *operation,
			 uint64_t value)
{
	json_begin_object(json, NULL);
	add_if(json, "major", io->major);
	add_if(json, "minor", io->minor);
	json_string(json, "op", operation);
	add_if(json, "value", value);
	json_end_object(json);
}

static void add_io(struct json *json, const struct cgroup_stats *stats)
{
	json_begin_object(json, "blkio");
	if (stats->io_count) {
		json_begin_array(json, "ioServiceBytesRecursive");
		for (const struct cgroup_io *io = stats->io; io < stats->io + stats->io_count;
		     io++) {
			add_io_entry(json, io, "Read", io->read_bytes);
			add_io_entry(json, io, "Write", io->write_bytes);
		}
		json_end_array(json);
		json_begin_array(json, "ioServicedRecursive");
		for (const struct cgroup_io *io = stats->io; io < stats->io + stats->io_count;
		     io++) {
			add_io_entry(json, io, "Read", io->reads);
			add_io_entry(json, io, "Write", io->writes);
		}
		json_end_array(json);
	}
	add_pressure(json, &stats->io_pressure);
	json_end_object(json);
}

static void add_hugepages(struct json *json, const struct cgroup_stats *stats)
{
	json_begin_object(json, "hugetlb");
	for (size_t i = 0; i < stats->hugepages_count; i++) {
		const struct cgroup_hugepages *pages = &stats->hugepages[i];
		json_begin_object(json, pages->size);
		add_if(json, "usage", pages->usage);
		json_unsigned(json, "failcnt", pages->failures);
		json_end_object(json);
	}
	json_end_object(json);
}

// ---- intelRdt -----------------------------------------------------------------------------------

static void add_known(struct json *json, const char *key, const struct resctrl_number *number)
{
	if (number->known)
		json_unsigned(json, key, number->value);
}

static void add_schema(struct json *json, const char *key, const struct resctrl_schemata *schemata,
		       const char *resource)
{
	const char *line = resctrl_schemata_find(schemata, resource);
	if (line)
		json_string(json, key, line);
}

static void add_cache(struct json *json, const struct resctrl_stats *stats)
{
	if (!stats->cache.known)
		return;
	json_begin_object(json, "l3_cache_info");
	json_string(json, "cbm_mask", stats->cache.cbm_mask);
	add_known(json, "min_cbm_bits", &stats->cache.min_cbm_bits);
	add_known(json, "num_closids", &stats->cache.num_closids);
	json_end_object(json);
	add_schema(json, "l3_cache_schema_root", &stats->everybodys, "L3");
	add_schema(json, "l3_cache_schema", &stats->own, "L3");
}

static void add_bandwidth(struct json *json, const struct resctrl_stats *stats)
{
	if (!stats->bandwidth.known)
		return;
	json_begin_object(json, "mem_bw_info");
	add_known(json, "bandwidth_gran", &stats->bandwidth.bandwidth_gran);
	add_known(json, "delay_linear", &stats->bandwidth.delay_linear);
	add_known(json, "min_bandwidth", &stats->bandwidth.min_bandwidth);
	add_known(json, "num_closids", &stats->bandwidth.num_closids);
	json_end_object(json);
	add_schema(json, "mem_bw_schema_root", &stats->everybodys, "MB");
	add_schema(json, "mem_bw_schema", &stats->own, "MB");
}

// An entry a cache; what the kernel could not count is left out of it.
static void add_counters(struct json *json, const struct resctrl_stats *stats)
{
	const struct resctrl_domain *end = stats->domains + stats->domains_count;
	if (stats->counts_bandwidth) {
		json_begin_array(json, "mbm_stats");
		for (const struct resctrl_domain *domain = stats->domains; domain < end; domain++) {
			json_begin_object(json, NULL);
			add_known(json, "mbm_total_bytes", &domain->mbm_total_bytes);
			add_known(json, "mbm_local_bytes", &domain->mbm_local_bytes);
			json_end_object(json);
		}
		json_end_array(json);
	}
	if (stats->counts_occupancy) {
		json_begin_array(json, "cmt_stats");
		for (const struct resctrl_domain *domain = stats->domains; domain < end; domain++) {
			json_begin_object(json, NULL);
			add_known(json, "llc_occupancy", &domain->llc_occupancy);
			json_end_object(json);
		}
		json_end_array(json);
	}
}

static void add_resctrl(struct json *json, const struct resctrl_stats *stats)
{
	json_begin_object(json, "intel_rdt");
	if (stats->known) {
		add_cache(json, stats);
		add_bandwidth(json, stats);
		json_begin_array(json, "schemata");
		for (size_t i = 0; i < stats->own.count; i++)
			json_string(json, NULL, stats->own.lines[i]);
		json_end_array(json);
		add_counters(json, stats);
	}
	json_end_object(json);
}

void stats_text_add(struct json *json, const char *key, const struct cgroup_stats *stats,
		    const struct resctrl_stats *resctrl)
{
	json_begin_object(json, key);
	add_cpu(json, stats);
	add_cpuset(json, stats);
	add_memory(json, stats);
	add_pids(json, stats);
	add_io(json, stats);
	add_hugepages(json, stats);
	add_resctrl(json, resctrl);
	// of interfaces that the runtime itself made: there are none
	json_raw(json, "network_interfaces", "null");
	json_end_object(json);
}
