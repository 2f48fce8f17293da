// SPDX-License-Identifier: Apache-2.0
// The options in front of the command, and what they mean for the library.
#ifndef HUSK_RUNTIME_GLOBAL_OPTIONS_H
#define HUSK_RUNTIME_GLOBAL_OPTIONS_H

#include <stdbool.h>

#include "libcontainer/container.h"
#include "runtime/options.h"
#include "runtime/report.h"

struct global_options {
	const char *root;
	struct report_options report;
	bool systemd_cgroup;
	const char *cgroup_manager, *rootless, *criu;
	const char *trace;
	bool version;
};

extern const struct options_row global_options_rows[];

// Checks the values and fills *context, but for its log and argv.
int global_options_apply(const struct global_options *options, struct container_context *context,
			 struct error *err) must_check;

#endif
