// SPDX-License-Identifier: Apache-2.0
// See global_options.h.
#include "runtime/global_options.h"

#include <stdlib.h>

#include "libcontainer/base/text.h"

#define GLOBAL_OPTION(member) offsetof(struct global_options, member)

const struct options_row global_options_rows[] = {
	{"root", "DIR", "where the state of containers is kept", GLOBAL_OPTION(root),
	 options_kind_string, 'r'},
	{"log", "FILE",
	 "append errors and remarks to this file, too; or journald:NAME, syslog:NAME",
	 GLOBAL_OPTION(report.file), options_kind_string, 'l'},
	{"log-format", "text|json", "how the log is written; text by default",
	 GLOBAL_OPTION(report.format), options_kind_string, 0},
	{"log-level", "error|warning|info|debug",
	 "the least that is said; warning by default, to a terminal or a file",
	 GLOBAL_OPTION(report.level), options_kind_string, 0},
	{"debug", NULL, "same as --log-level debug", GLOBAL_OPTION(report.debug), options_kind_flag,
	 0},
	{"trace", "FILE", "write when each step began and ended (Chrome trace format)",
	 GLOBAL_OPTION(trace), options_kind_string, 0},
	{"cgroup-manager", "cgroupfs|systemd|disabled",
	 "who makes the cgroup; cgroupfs by default, disabled: there is none",
	 GLOBAL_OPTION(cgroup_manager), options_kind_string, 0},
	{"systemd-cgroup", NULL, "same as --cgroup-manager systemd", GLOBAL_OPTION(systemd_cgroup),
	 options_kind_flag, 's'},
	{"rootless", "true|false|auto", "accepted; it is always found out", GLOBAL_OPTION(rootless),
	 options_kind_string, 0},
	{"criu", "PATH", "accepted, without meaning", GLOBAL_OPTION(criu), options_kind_string, 0},
	{"version", NULL, "print versions", GLOBAL_OPTION(version), options_kind_flag, 'v'},
	{0},
};

static int read_manager(const char *name, enum container_cgroup_manager *manager, struct error *err)
{
	if (text_equal(name, "cgroupfs"))
		*manager = container_cgroup_manager_cgroupfs;
	else if (text_equal(name, "disabled"))
		*manager = container_cgroup_manager_disabled;
	else if (text_equal(name, "systemd"))
		*manager = container_cgroup_manager_systemd;
	else
		return error_set(
			err, 0,
			"unknown cgroup manager \"%s\", must be cgroupfs, systemd or disabled",
			name);
	return 0;
}

static int read_systemd_timeout(struct container_context *context, struct error *err)
{
	uint64_t seconds;
	const char *value = getenv("HUSK_SYSTEMD_TIMEOUT");
	if (!value || !*value)
		return 0;
	if (text_to_unsigned(value, &seconds) < 0 || seconds == 0 || seconds > 3600)
		return error_set(
			err, 0,
			"the variable HUSK_SYSTEMD_TIMEOUT is \"%s\", which is no number of "
			"seconds from 1 to 3600",
			value);
	context->systemd_timeout_ms = (int)seconds * 1000;
	return 0;
}

int global_options_apply(const struct global_options *options, struct container_context *context,
			 struct error *err)
{
	context->root = options->root;
	context->cgroup_manager = container_cgroup_manager_cgroupfs;
	if (options->cgroup_manager &&
	    read_manager(options->cgroup_manager, &context->cgroup_manager, err) < 0)
		return -1;
	if (options->systemd_cgroup)
		context->cgroup_manager = container_cgroup_manager_systemd;
	if (read_systemd_timeout(context, err) < 0)
		return -1;
	if (options->rootless && !text_equal(options->rootless, "auto") &&
	    options_bool(options->rootless) < 0)
		return error_set(err, 0,
				 "option --rootless: invalid value \"%s\", must be true, "
				 "false or auto",
				 options->rootless);
	return 0;
}
