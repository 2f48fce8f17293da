// SPDX-License-Identifier: Apache-2.0
// See systemd.h.
#include "libcontainer/lifecycle/systemd.h"

#include "libcontainer/base/memory.h"

// The record of a rootless container names a unit of the user's own manager.
static int find(const struct container_context *context, const struct state_record *record,
		char **program, struct scope_manager *manager, struct error *err)
{
	if (scope_find_program(program, err) < 0)
		return -1;
	*manager = (struct scope_manager){
		.program = *program,
		.user = record->rootless,
		.timeout_ms = context->systemd_timeout_ms,
		.log = context->log,
	};
	return 0;
}

// Units do not outlive a boot; one of that name would be somebody else's.
static bool has_unit(const struct state_record *record)
{
	return record->systemd_scope && state_is_of_this_boot(record);
}

int systemd_stop(const struct container_context *context, const struct state_record *record,
		 struct error *err)
{
	auto_free char *program = NULL;
	struct scope_manager manager;
	if (!has_unit(record))
		return 0;
	if (find(context, record, &program, &manager, err) < 0)
		return -1;
	return scope_stop(&manager, record->systemd_scope, err);
}

int systemd_update(const struct container_context *context, const struct state_record *record,
		   const char *resources, size_t length, struct error *err)
{
	auto_free char *program = NULL;
	struct scope_manager manager;
	if (!has_unit(record))
		return 0;
	if (find(context, record, &program, &manager, err) < 0)
		return -1;
	return scope_update(&manager, record->systemd_scope, resources, length, err);
}

int systemd_come_near(const struct container_context *context, const struct state_record *record,
		      const struct cgroup_host *host, struct error *err)
{
	auto_free char *program = NULL;
	struct scope_manager manager;
	// root may move processes wherever it likes
	if (!record->rootless || !record->cgroup_path || !has_unit(record))
		return 0;
	if (find(context, record, &program, &manager, err) < 0)
		return -1;
	return scope_come_near(&manager, host, record->cgroup_path, err);
}

bool container_can_use_systemd(void)
{
	auto_free char *program = NULL;
	return scope_find_program(&program, NULL) == 0;
}
