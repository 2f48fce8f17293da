// SPDX-License-Identifier: Apache-2.0
// Numbers of the configuration, most of them worded for cgroup v1, as cgroup v2 wants them. Pure.
#ifndef HUSK_CGROUP_CONVERT_H
#define HUSK_CGROUP_CONVERT_H

#include <stdint.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"
#include "spec/spec.h"

// cpu.shares 2..262144 (1024: the default) -> cpu.weight 1..10000 (100: the default):
// ceil(10^((l^2 + 125 l) / 612 - 7/34)), l = log2(shares). 0 (not set) -> 0.
uint64_t cgroup_convert_shares(uint64_t shares);

// blockIO.weight 10..1000 -> io.weight 1..10000: 1 + (weight - 10) * 9999 / 990.
uint64_t cgroup_convert_io_weight(uint64_t weight);

// memory.limit and memory.swap (v1: memory and swap together) -> memory.swap.max, *swap: bytes or -1 for max. Returns 1, 0 when the
// configuration does not say, or -1 with the contradiction.
int cgroup_convert_swap(const struct spec_memory *memory, int64_t *swap,
			struct error *err) must_check;

// pids.limit -> pids.max: 0 -> 1, what no kernel can reach or is negative -> -1 for max.
int64_t cgroup_convert_pids(int64_t limit);

#endif
