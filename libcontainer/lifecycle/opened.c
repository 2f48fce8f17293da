// SPDX-License-Identifier: Apache-2.0
// See opened.h.
#include "libcontainer/lifecycle/opened.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/process.h"

int opened_root(const struct container_context *context, bool create, int *root_fd,
		struct error *err)
{
	auto_free char *path = NULL;
	if (context->root)
		return state_root_open(context->root, create, root_fd, err);
	if (state_root_default(&path, err) < 0)
		return -1;
	return state_root_open(path, create, root_fd, err);
}

static int no_such_container(const char *id, struct error *err)
{
	return error_set(err, ENOENT, "container `%s` does not exist: %s", id, error_text(ENOENT));
}

void opened_refresh(struct opened *opened)
{
	opened->status = state_compute(opened->dir_fd, &opened->record, &opened->look);
	bool alive =
		opened->status == state_status_running || opened->status == state_status_created;
	if (alive && opened->cgroup.fd >= 0 && cgroup_is_frozen(&opened->cgroup))
		opened->status = state_status_paused;
}

// One that is gone, with the last process in it, or out of sight is no failure here: the commands that need it say so.
static int find_cgroup(struct opened *opened, struct error *err)
{
	struct error failure = {0};
	if (cgroup_host_open(&opened->host, err) < 0)
		return -1;
	if (opened->host.kind == cgroup_host_kind_none ||
	    cgroup_open(&opened->host, opened->record.cgroup_path, &opened->cgroup, &failure) ==
		    0 ||
	    failure.code == ENOENT)
		return 0;
	*err = failure;
	return -1;
}

int opened_remains(const char *id, const struct error *cause, struct error *err)
{
	return error_set(err, ENODATA,
			 "container `%s`: %s (`husk delete --force %s` ends what is left of it)",
			 id, cause->message, id);
}

int opened_load(struct opened *opened, const char *id, struct error *err)
{
	struct error cause;
	if (state_read(opened->dir_fd, &opened->record, &cause) < 0) {
		// (a reader without descriptors, for example, knows nothing about it)
		opened->torn = cause.code == ENODATA;
		if (opened->torn)
			return opened_remains(id, &cause, err);
		*err = cause;
		return error_context(err, "container `%s`", id);
	}
	struct state_record *record = &opened->record;
	if (record->cgroup_path && find_cgroup(opened, err) < 0)
		return error_context(err, "container `%s`", id);
	bool known = record->hierarchy && opened->host.number;
	record->same_boot = known && record->hierarchy == opened->host.number;
	record->other_boot = known && !record->same_boot;
	opened_refresh(opened);
	return 0;
}

// A record that is missing while somebody holds the lock is not written yet, or removed already.
static int load_again(struct opened *opened, const char *id, struct error *err)
{
	struct error busy;
	opened->torn = false;
	if (state_lock(opened->dir_fd, false, 0, &busy) < 0)
		return no_such_container(id, err);
	int result = opened_load(opened, id, err);
	state_unlock(opened->dir_fd);
	return result;
}

int opened_open_within(const struct container_context *context, const char *id, int lock_ms,
		       struct opened *opened, struct error *err)
{
	if (state_check_id(id, err) < 0)
		return -1;
	if (opened_root(context, false, &opened->root_fd, err) < 0)
		return err->code == ENOENT ? no_such_container(id, err) : -1;
	if (state_open(opened->root_fd, id, &opened->dir_fd, err) < 0)
		return -1;
	if (lock_ms >= 0 && state_lock(opened->dir_fd, true, lock_ms, err) < 0)
		return -1;
	int result = opened_load(opened, id, err);
	return opened->torn && lock_ms < 0 ? load_again(opened, id, err) : result;
}

int opened_open(const struct container_context *context, const char *id, bool exclusive,
		struct opened *opened, struct error *err)
{
	return opened_open_within(context, id, exclusive ? OPENED_LOCK_MS : -1, opened, err);
}

int opened_bad_config(const struct opened *opened, const struct spec_error *why, struct error *err)
{
	return error_set(err, EINVAL, "container `%s`: stored configuration: %s%s%s",
			 opened->record.id ? opened->record.id : "?", why->path,
			 why->path[0] ? ": " : "", why->reason);
}

int opened_config(const struct opened *opened, const struct spec **spec, struct error *err)
{
	auto_free char *text = NULL;
	size_t length;
	struct spec_error why;
	if (state_read_config(opened->dir_fd, &text, &length, err) < 0)
		return -1;
	if (spec_parse(text, length, spec, &why) < 0)
		return opened_bad_config(opened, &why, err);
	return 0;
}

int opened_init(struct opened *opened, struct error *err)
{
	if (opened->look.pidfd < 0)
		return state_open_init(&opened->record, &opened->look.pidfd, err) < 0
			       ? -1
			       : opened->look.pidfd;
	if (process_wait_pidfd(opened->look.pidfd, 0) == 1)
		return error_set(err, ESRCH, "init of the container (pid %d): %s",
				 (int)opened->record.pid, error_text(ESRCH));
	return opened->look.pidfd;
}

int opened_not_running(const struct opened *opened, const char *what, struct error *err)
{
	return error_set(err, ESRCH, "container not running: %s container `%s`: %s", what,
			 opened->record.id, error_text(ESRCH));
}

void opened_done(struct opened *opened)
{
	cgroup_close(&opened->cgroup);
	cgroup_host_close(&opened->host);
	state_record_done(&opened->record);
	memory_close(take_fd(&opened->look.gate));
	memory_close(take_fd(&opened->look.pidfd));
	memory_close(take_fd(&opened->dir_fd));
	memory_close(take_fd(&opened->root_fd));
}
