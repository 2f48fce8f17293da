// SPDX-License-Identifier: Apache-2.0
// Device rules as an eBPF program.
#ifndef HUSK_CGROUP_DEVICE_FILTER_H
#define HUSK_CGROUP_DEVICE_FILTER_H

#include <linux/bpf.h>

#include "libcontainer/cgroup/device_rules.h"

struct cgroup_device_program {
	struct bpf_insn *items;  // owned
	size_t count, size;
	bool failed;  // memory ran out, or it would be too long for the kernel's jumps
};

// Compiles rules: returns 1 to allow and 0 to deny. Owned by the caller (cgroup_device_program_done).
int cgroup_device_filter_compile(const struct cgroup_device_rules *rules,
				 struct cgroup_device_program *program,
				 struct error *err) must_check;

void cgroup_device_program_done(struct cgroup_device_program *program);

#endif
