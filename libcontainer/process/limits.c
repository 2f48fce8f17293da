// SPDX-License-Identifier: Apache-2.0
// Resource limits of the calling process.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

#include "libcontainer/kernel/fd.h"
#include "libcontainer/process/process.h"

static int set_limit(int resource, uint64_t soft, uint64_t hard)
{
	const struct rlimit64 limit = {.rlim_cur = soft, .rlim_max = hard};
	return setrlimit64((__rlimit_resource_t)resource, &limit);
}

static int apply(const struct spec_rlimit *limits, size_t i, struct error *err)
{
	const struct spec_rlimit *limit = &limits[i];
	if (limit->soft > limit->hard)
		return error_set(err, EINVAL,
				 "process.rlimits[%zu] %s: soft limit %" PRIu64
				 " is above hard limit %" PRIu64,
				 i, limit->type, limit->soft, limit->hard);
	if (set_limit(limit->resource, limit->soft, limit->hard) < 0)
		return error_errno(err,
				   "process.rlimits[%zu] %s: set soft %" PRIu64 ", hard %" PRIu64,
				   i, limit->type, limit->soft, limit->hard);
	return 0;
}

int limits_apply(const struct spec_rlimit *limits, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (apply(limits, i, err) < 0)
			return -1;
	return 0;
}

static bool is_processes(const struct spec_rlimit *limit)
{
	return limit->resource == (int)RLIMIT_NPROC;
}

// At least as much as is there and as is wanted: from there the process can go down by itself.
static int make_room(const struct spec_rlimit *limits, size_t i, struct error *err)
{
	struct rlimit64 now;
	if (getrlimit64(RLIMIT_NPROC, &now) < 0)
		return error_errno(err, "getrlimit RLIMIT_NPROC");
	uint64_t room = limits[i].hard > now.rlim_max ? limits[i].hard : now.rlim_max;
	if (set_limit((int)RLIMIT_NPROC, room, room) < 0)
		return error_errno(err, "process.rlimits[%zu] %s: set %" PRIu64, i, limits[i].type,
				   room);
	return 0;
}

int limits_apply_but_processes(const struct spec_rlimit *limits, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if ((is_processes(&limits[i]) ? make_room : apply)(limits, i, err) < 0)
			return -1;
	return 0;
}

int limits_apply_processes(const struct spec_rlimit *limits, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (is_processes(&limits[i]) && apply(limits, i, err) < 0)
			return -1;
	return 0;
}

void limits_raise_files(struct limits_saved *saved)
{
	struct rlimit64 limit;
	*saved = (struct limits_saved){0};
	if (getrlimit64(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= limit.rlim_max)
		return;
	if (set_limit((int)RLIMIT_NOFILE, limit.rlim_max, limit.rlim_max) == 0)
		*saved = (struct limits_saved){true, limit.rlim_cur, limit.rlim_max};
}

void limits_restore_files(const struct limits_saved *saved)
{
	// lowering a soft limit always succeeds
	if (saved->changed)
		(void)set_limit((int)RLIMIT_NOFILE, saved->soft, saved->hard);
}
