// SPDX-License-Identifier: Apache-2.0
// state, list and the processes of a container: commands that change nothing and take no lock.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/lifecycle/members.h"
#include "libcontainer/lifecycle/opened.h"

static char *copy(const char *string, bool *failed)
{
	char *result = string ? strdup(string) : NULL;
	if (string && !result)
		*failed = true;
	return result;
}

static int copy_annotations(const struct opened *opened, struct container_state *state,
			    struct error *err)
{
	const struct spec *spec = NULL;
	bool failed = false;
	if (opened_config(opened, &spec, err) < 0)
		return -1;
	const struct spec_string_map *map = &spec->annotations;
	state->annotations = calloc(map->count + 1, sizeof *state->annotations);
	if (!state->annotations)
		failed = true;
	for (size_t i = 0; i < map->count && !failed; i++) {
		state->annotations[i].key = copy(map->items[i].key, &failed);
		state->annotations[i].value = copy(map->items[i].value, &failed);
		state->annotations_count++;
	}
	spec_free(spec);
	return failed ? error_set(err, ENOMEM, "out of memory") : 0;
}

// Whoever made it may have been killed before there was a copy of the configuration, or whoever deletes it has removed that already.
static int explain_missing(const struct opened *opened, struct container_state *state,
			   struct error *err)
{
	struct error failure = *err;
	if (opened->record.pid == 0)
		return 0;
	if (state_lock(opened->dir_fd, false, 0, &failure) < 0)
		return -1;
	int result = copy_annotations(opened, state, &failure);
	state_unlock(opened->dir_fd);
	return result == 0 ? 0 : opened_remains(opened->record.id, &failure, err);
}

static int fill(const struct opened *opened, struct container_state *state, struct error *err)
{
	const struct state_record *r = &opened->record;
	bool failed = false;
	*state = (struct container_state){
		.id = copy(r->id, &failed),
		.status = state_status_name(opened->status),
		.pid = opened->status == state_status_stopped ? 0 : r->pid,
		.bundle = copy(r->bundle, &failed),
		.rootfs = copy(r->rootfs, &failed),
		.created = copy(r->created, &failed),
		.owner = r->owner,
		.systemd_scope = copy(r->systemd_scope, &failed),
	};
	if (failed)
		return error_set(err, ENOMEM, "out of memory");
	// while it is being created, the configuration may not be stored yet
	if (opened->status == state_status_creating || copy_annotations(opened, state, err) == 0)
		return 0;
	return err->code == ENOENT ? explain_missing(opened, state, err) : -1;
}

int container_state(const struct container_context *context, const char *id,
		    struct container_state *state, struct error *err)
{
	auto_opened struct opened opened = OPENED_NONE;
	if (opened_open(context, id, false, &opened, err) < 0)
		return -1;
	if (fill(&opened, state, err) == 0)
		return 0;
	container_state_done(state);
	return -1;
}

void container_state_done(struct container_state *state)
{
	for (size_t i = 0; i < state->annotations_count; i++) {
		free(state->annotations[i].key);
		free(state->annotations[i].value);
	}
	free(state->annotations);
	free(state->id);
	free(state->bundle);
	free(state->rootfs);
	free(state->created);
	free(state->systemd_scope);
	*state = (struct container_state){0};
}

int container_list(const struct container_context *context, struct container_state **states,
		   size_t *count, struct error *err)
{
	auto_close int root_fd = -1;
	char **ids = NULL;
	size_t ids_count = 0;
	*states = NULL;
	*count = 0;
	if (opened_root(context, false, &root_fd, err) < 0)
		return err->code == ENOENT ? 0 : -1;
	if (state_list(root_fd, &ids, &ids_count, err) < 0)
		return -1;
	struct container_state *found = calloc(ids_count + 1, sizeof *found);
	if (!found) {
		state_list_free(ids, ids_count);
		return error_set(err, ENOMEM, "out of memory");
	}
	size_t filled = 0;
	for (size_t i = 0; i < ids_count; i++) {
		struct error failure = {0};
		if (container_state(context, ids[i], &found[filled], &failure) == 0)
			filled++;
		else if (failure.code != ENOENT)  // deleted while we looked
			log_warning(context->log, "%s", failure.message);
	}
	state_list_free(ids, ids_count);
	*states = found;
	*count = filled;
	return 0;
}

void container_list_free(struct container_state *states, size_t count)
{
	for (size_t i = 0; i < count; i++)
		container_state_done(&states[i]);
	free(states);
}

// Until it executes its program, init is husk and does not show a plain user its namespaces. While it waits for `start` it is alone.
static int processes_by_namespace(const struct opened *opened, pid_t **pids, size_t *count,
				  struct error *err)
{
	const struct state_record *r = &opened->record;
	struct error failure = {0};
	if (members_of_pid_namespace(r->pid, pids, count, &failure) == 0)
		return 0;
	bool waits = failure.code == EACCES && process_has_executed(r->pid, r->start_time) == 0;
	if (waits && opened->status != state_status_created)
		return error_set(err, EACCES,
				 "the program of container `%s` does not run yet, and until then "
				 "only root can see its processes",
				 r->id);
	if (!waits) {
		*err = failure;
		return -1;
	}
	*pids = malloc(sizeof **pids);
	if (!*pids)
		return error_set(err, ENOMEM, "out of memory");
	**pids = r->pid;
	*count = 1;
	return 0;
}

int container_processes(const struct container_context *context, const char *id, pid_t **pids,
			size_t *count, struct error *err)
{
	auto_opened struct opened opened = OPENED_NONE;
	if (opened_open(context, id, false, &opened, err) < 0)
		return -1;
	if (opened.status == state_status_stopped || opened.status == state_status_creating)
		return opened_not_running(&opened, "processes of", err);
	if (opened.cgroup.fd < 0 && opened.record.private_pid_namespace)
		return processes_by_namespace(&opened, pids, count, err);
	if (opened.cgroup.fd < 0)
		return error_set(err, ENOTSUP,
				 "container `%s` has neither a cgroup nor a pid namespace of its "
				 "own to tell its "
				 "processes by",
				 id);
	return cgroup_processes(&opened.cgroup, pids, count, err);
}
