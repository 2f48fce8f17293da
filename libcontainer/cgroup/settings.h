// SPDX-License-Identifier: Apache-2.0
// linux.resources as a list of writes to cgroup files, in the order in which they are made. Checking,
// writing and describing limits all walk this one list, so they cannot differ.
#ifndef HUSK_CGROUP_SETTINGS_H
#define HUSK_CGROUP_SETTINGS_H

#include <stdbool.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"
#include "libcontainer/base/log.h"
#include "libcontainer/cgroup/controllers.h"
#include "spec/spec.h"

struct cgroup_setting {
	enum cgroup_controller controller;
	char json[200];     // "linux.resources.pids.limit"
	char file[96];      // "pids.max"
	const char *value;  // what is written; into text or borrowed from the configuration
	char text[128];
	// When file is not there: these instead (blockIO.weight without the bfq scheduler). "" = none.
	char other_file[16], other_text[48];
	const char
		*device;  // NULL, or the first word of value: the file has one line for each device
	bool no_limit;  // says what a cgroup without limits has anyway: file and controller may be missing
	bool may_miss;     // the file is optional in the kernel and nothing is lost without it
	bool lines;        // value may have several lines: each is a write of its own
	bool merge_quota;  // cpu.period alone: keep the quota that is in force
	bool burst;        // refused before a larger quota is in force: tried again behind it
};

// The value of a file in linux.resources.unified; NULL: it has none.
const char *cgroup_settings_unified(const struct spec_resources *resources, const char *file);

// Whether the cgroup becomes idle: 1, 0, or -1 when neither cpu.idle nor unified says. An idle cgroup has no weight (the kernel
// refuses to write one, and not idle any more it has the default one), so that a weight beside it makes no setting.
int cgroup_settings_idle(const struct spec_resources *resources);
// Whether the file is one of the two that have the weight of the processor.
bool cgroup_settings_is_weight(const char *file);

// Calls visit for each write in order; it returns 0 or -1. Fails on values that no kernel could take.
int cgroup_settings_visit(const struct spec_resources *resources,
			  int (*visit)(const struct cgroup_setting *setting, void *data,
				       struct error *err),
			  void *data, struct error *err) must_check;

// The fields that only cgroup v1 knows: refuses those that ask for a limit, and tells log about those
// that were only advice. log may be NULL.
int cgroup_settings_check_v1(const struct spec_resources *resources, const struct log *log,
			     struct error *err) must_check;

// The controllers that the settings need, as bits. -1 when a setting is wrong.
int cgroup_settings_controllers(const struct spec_resources *resources, uint32_t *bits,
				struct error *err) must_check;

// "linux.resources.memory.limit": the first setting that needs the controller, into json.
void cgroup_settings_name(const struct spec_resources *resources, enum cgroup_controller controller,
			  char json[200]);

#endif
