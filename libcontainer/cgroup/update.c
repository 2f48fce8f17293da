// SPDX-License-Identifier: Apache-2.0
// Changing the limits of a container that exists.
//
// What a change does not mention stays as it is. Some files need two fields, or have one only while another field has
// a certain value; the half that the change does not mention comes from the cgroup itself where it can tell (limit
// behind a swap limit, idle), because that is what is in force, and from what is stored where it cannot (the
// weight of a cgroup that is idle has no file). Putting back what was written when a later write fails is
// cgroup_set_resources' own doing.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"
#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/cgroup/settings.h"
#include "libcontainer/kernel/fd.h"

// swap alone is memory and swap together: the memory limit in force is part of it.
static int complete_swap(const struct cgroup *cgroup, struct spec_memory *memory, struct error *err)
{
	char limit[32];
	uint64_t bytes;
	bool alone = memory->swap.set && memory->swap.value > 0 &&
		     (!memory->limit.set || memory->limit.value == 0);
	if (!alone || fd_read_value(cgroup->fd, "memory.max", limit, sizeof limit) < 0 ||
	    text_equal(limit, "max"))
		return 0;  // the check says what is wrong
	if (text_to_unsigned(limit, &bytes) < 0 || bytes > INT64_MAX)
		return error_errno(err, "cgroup %s: memory.max '%s'", cgroup->path, limit);
	memory->limit = (struct spec_optional_i64){true, (int64_t)bytes};
	// it is the one that is there already
	memory->check_before_update = (struct spec_optional_bool){0};
	return 0;
}

static bool has_weight(const struct spec_resources *resources)
{
	return resources->cpu.shares.value || cgroup_settings_unified(resources, "cpu.weight") ||
	       cgroup_settings_unified(resources, "cpu.weight.nice");
}

// Leaving idle, the kernel sets the default weight. *unified: room for the list with the older words, owned by the caller.
static int restore_weight(const struct spec_resources *stored, struct spec_resources *complete,
			  struct spec_string_pair **unified, struct error *err)
{
	struct spec_string_map *map = &complete->unified;
	complete->cpu.shares = stored->cpu.shares;
	*unified = reallocarray(NULL, map->count + stored->unified.count + 1, sizeof **unified);
	if (!*unified)
		return error_set(err, ENOMEM, "out of memory");
	if (map->count)
		memcpy(*unified, map->items, map->count * sizeof **unified);
	for (size_t i = 0; i < stored->unified.count; i++)
		if (cgroup_settings_is_weight(stored->unified.items[i].key))
			(*unified)[map->count++] = stored->unified.items[i];
	map->items = *unified;
	return 0;
}

static int complete_weight(const struct cgroup *cgroup, const struct spec_resources *stored,
			   struct spec_resources *complete, struct spec_string_pair **unified,
			   const struct log *log, struct error *err)
{
	int becomes = cgroup_settings_idle(complete);
	if (becomes == 0) {
		// before the weight, whichever way it was said
		complete->cpu.idle = (struct spec_optional_i64){true, 0};
		return has_weight(complete) ? 0 : restore_weight(stored, complete, unified, err);
	}
	if (becomes == 1 || !has_weight(complete) || !cgroup_is_idle(cgroup))
		return 0;
	complete->cpu.idle = (struct spec_optional_i64){true, 1};
	log_warning(log,
		    "%s: takes effect when linux.resources.cpu.idle is 0 again: an idle cgroup has "
		    "no weight",
		    complete->cpu.shares.value ? "linux.resources.cpu.shares"
					       : "linux.resources.unified[\"cpu.weight\"]");
	return 0;
}

int cgroup_update(struct cgroup *cgroup, const struct spec_resources *change,
		  const struct spec_resources *stored, const struct cgroup_sequel *sequel,
		  const struct log *log, struct error *err)
{
	struct spec_resources complete = *change;
	// access to devices is never changed by an update
	complete.devices_set = false;
	complete.devices = NULL;
	complete.devices_count = 0;
	// 0 is no quota but says nothing, as without a period
	if (complete.cpu.quota.value == 0)
		complete.cpu.quota.set = false;
	if (complete_swap(cgroup, &complete.memory, err) < 0)
		return -1;
	auto_free struct spec_string_pair *unified = NULL;
	if (complete_weight(cgroup, stored, &complete, &unified, log, err) < 0 ||
	    cgroup_check(cgroup->host, &complete, err) < 0)
		return -1;
	return cgroup_set_resources_then(cgroup, &complete, sequel, log, err);
}
