// SPDX-License-Identifier: Apache-2.0
// What a cgroup has used, as the kernel counts it. What the kernel does not say is not guessed: it stays zero, or its
// "known" stays false.
#ifndef HUSK_CGROUP_STATS_H
#define HUSK_CGROUP_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"
#include "libcontainer/cgroup/cgroup.h"

// Share of the time in which tasks waited, in percent as the kernel writes it ("0.12").
struct cgroup_pressure_line {
	bool known;
	char avg10[16], avg60[16], avg300[16];
	uint64_t total;  // us
};

struct cgroup_pressure {
	struct cgroup_pressure_line some, full;
};

struct cgroup_amount {
	bool known;
	uint64_t usage, limit, max,
		failures;  // bytes; limit UINT64_MAX: none; max: the most ever; how often refused
};

struct cgroup_counter {
	const char *key;
	uint64_t value;
};

struct cgroup_io {
	uint64_t major, minor, read_bytes, write_bytes, reads, writes;
};

struct cgroup_hugepages {
	char size[24];  // "2MB"
	uint64_t usage, failures;
};

struct cgroup_stats {
	uint64_t cpu_total, cpu_kernel, cpu_user;           // ns
	uint64_t periods, throttled_periods, throttled_ns;  // of cpu.max
	struct cgroup_pressure cpu_pressure, memory_pressure, io_pressure;
	char *cpus, *mems;  // owned: what may be used, "0-3,7"; NULL: not known
	struct cgroup_amount memory;
	struct cgroup_amount memory_and_swap;    // both together, as cgroup v1 counts it
	char *memory_text;                       // owned: what the keys below point into
	struct cgroup_counter *memory_counters;  // owned: every line of memory.stat
	size_t memory_counters_count;
	uint64_t page_cache;                // bytes
	uint64_t pids_current, pids_limit;  // limit 0: none
	struct cgroup_io *io;               // owned: a device each
	size_t io_count;
	struct cgroup_hugepages *hugepages;  // owned: a page size each
	size_t hugepages_count;
};

// Fails only when memory runs out or the kernel fails in reading; a controller that is not there is no failure.
int cgroup_stats_read(const struct cgroup *cgroup, struct cgroup_stats *stats,
		      struct error *err) must_check;
void cgroup_stats_done(struct cgroup_stats *stats);

// The number behind key in a file of "key number" lines (memory.events, cpu.stat). 0 when there is no such line.
uint64_t cgroup_stats_counter(const char *text, const char *key);

#endif
