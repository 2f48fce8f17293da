// SPDX-License-Identifier: Apache-2.0
// Device rules as one list in which later ones win, cut down to what makes a difference.
//
// What a list means: for each of reading, writing and making a node, the last rule that matches the
// device and speaks of that access decides; what no rule speaks of is denied. An access that wants
// several of them needs all.
#ifndef HUSK_CGROUP_DEVICE_RULES_H
#define HUSK_CGROUP_DEVICE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"
#include "spec/spec.h"

// The kernel's own values (BPF_DEVCG_*)
#define CGROUP_DEVICE_BLOCK 1U
#define CGROUP_DEVICE_CHAR 2U
#define CGROUP_DEVICE_MKNOD 1U
#define CGROUP_DEVICE_READ 2U
#define CGROUP_DEVICE_WRITE 4U
#define CGROUP_DEVICE_ALL 7U

struct cgroup_device_rule {
	bool allow;
	uint8_t types;         // CGROUP_DEVICE_BLOCK | CGROUP_DEVICE_CHAR
	uint8_t access;        // CGROUP_DEVICE_MKNOD | _READ | _WRITE
	int32_t major, minor;  // -1: any
};

struct cgroup_device_rules {
	struct cgroup_device_rule *items;  // owned; the first is the weakest
	size_t count;
	bool allow;  // what holds where no rule speaks
};

// Fails on an access that is none of r, w, m and on numbers below -1.
int cgroup_device_rules_check(const struct spec_resources *resources, struct error *err) must_check;

// The rules of the configuration, then extra devices (rwm), then the devices that every container may
// use. Rules that cannot change any answer are left out. Owned by the caller (cgroup_device_rules_done).
int cgroup_device_rules_collect(const struct spec_resources *resources,
				const struct spec_device *extra, size_t extra_count,
				struct cgroup_device_rules *rules, struct error *err) must_check;

// Leaves out what cannot change any answer.
void cgroup_device_rules_reduce(struct cgroup_device_rules *rules);

void cgroup_device_rules_done(struct cgroup_device_rules *rules);

#endif
