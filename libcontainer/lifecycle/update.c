// SPDX-License-Identifier: Apache-2.0
// update: new limits for a container that exists.
//
// The limits so far are the configuration's, or what the last update stored. The order makes it all or nothing: the new
// ones are written to the state directory, then to the cgroup (which puts back what it had written when something fails), and
// only then take the place of the old ones in the state directory, by a rename.
#include <errno.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/resctrl.h"
#include "libcontainer/lifecycle/opened.h"
#include "libcontainer/lifecycle/resources_text.h"
#include "libcontainer/lifecycle/systemd.h"

// spec: owned by the caller, on success.
static int stored_limits(const struct opened *opened, const struct spec **spec, struct error *err)
{
	auto_free char *text = NULL;
	size_t length;
	struct spec_error why;
	if (state_read_resources(opened->dir_fd, &text, &length, err) < 0)
		return -1;
	if (!text)
		return opened_config(opened, spec, err);
	if (spec_parse_resources(text, length, spec, &why) < 0)
		return error_set(err, EINVAL, "container `%s`: stored limits: %s%s%s",
				 opened->record.id, why.path, why.path[0] ? ": " : "", why.reason);
	return 0;
}

struct told {
	struct opened *opened;
	const struct text *merged;  // all limits, as JSON
	const struct container_context *context;
};

// systemd writes its own, coarser values to some of the files: what is in force is written once more behind it.
static int tell_systemd(void *data, struct error *err)
{
	const struct told *told = data;
	const struct text *merged = told->merged;
	const struct spec *all = NULL;
	struct spec_error why;
	if (spec_parse_resources(merged->data, merged->length, &all, &why) < 0)
		return error_set(err, EINVAL, "limits: %s: %s", why.path, why.reason);
	int result = systemd_update(told->context, &told->opened->record, merged->data,
				    merged->length, err);
	if (result == 0)
		result = cgroup_set_resources(&told->opened->cgroup, &all->linux_.resources,
					      told->context->log, err);
	spec_free(all);
	return result;
}

// The kernel first: what it refuses, systemd need not know.
static int change_cgroup(struct opened *opened, const struct spec_resources *change,
			 const struct spec_resources *stored, const struct text *merged,
			 const struct container_context *context, struct error *err)
{
	struct told told = {opened, merged, context};
	const struct cgroup_sequel sequel = {tell_systemd, &told};
	return cgroup_update(&opened->cgroup, change, stored,
			     opened->record.systemd_scope ? &sequel : NULL, context->log, err);
}

static int apply(struct opened *opened, const struct spec_resources *change,
		 const struct spec_resources *stored, const struct container_context *context,
		 struct error *err)
{
	auto_text struct text merged = {0};
	resources_text_merge(&merged, stored, change);
	if (text_failed(&merged))
		return error_set(err, ENOMEM, "out of memory");
	if (state_prepare_resources(opened->dir_fd, merged.data, merged.length, err) < 0)
		return -1;
	if (change_cgroup(opened, change, stored, &merged, context, err) < 0) {
		state_discard_resources(opened->dir_fd);
		return -1;
	}
	return state_commit_resources(opened->dir_fd, err);
}

static int change_limits(struct opened *opened, const struct spec_resources *change,
			 const struct container_context *context, struct error *err)
{
	const struct spec *stored = NULL;
	if (stored_limits(opened, &stored, err) < 0)
		return -1;
	int result = apply(opened, change, &stored->linux_.resources, context, err);
	spec_free(stored);
	return result;
}

static int change_resources(struct opened *opened, const struct container_update *update,
			    const struct container_context *context, struct error *err)
{
	const struct spec *change = NULL;
	struct spec_error why;
	if (!update->resources)
		return 0;
	if (opened->cgroup.fd < 0)
		return error_set(err, ENOTSUP, "container `%s` has no cgroup, and update needs one",
				 opened->record.id);
	if (spec_parse_resources(update->resources, update->length, &change, &why) < 0)
		return error_set(err, EINVAL, "resources: %s%s%s", why.path, *why.path ? ": " : "",
				 why.reason);
	int result = change_limits(opened, &change->linux_.resources, context, err);
	spec_free(change);
	return result;
}

// ---- intelRdt -------------------------------------------------------------------------------------

static int change_both(struct opened *opened, const struct spec_intel_rdt *rdt,
		       const struct container_update *update,
		       const struct container_context *context, struct error *err)
{
	const char *id = opened->record.id;
	auto_close int root = -1;
	auto_free char *before = NULL;
	struct error failure = {0};
	if (resctrl_open(&root, err) < 0 || resctrl_update(root, rdt, id, update->l3_cache_schema,
							   update->mem_bw_schema, &before, err) < 0)
		return -1;
	if (change_resources(opened, update, context, err) == 0)
		return 0;
	if (resctrl_restore(root, rdt, id, before, &failure) < 0)
		return error_context(err, "%s; and then", failure.message);
	return -1;
}

static int change_cache(struct opened *opened, const struct container_update *update,
			const struct container_context *context, struct error *err)
{
	const struct spec *spec = NULL;
	int result;
	if (opened_config(opened, &spec, err) < 0)
		return -1;
	if (spec->linux_.intel_rdt.set)
		result = change_both(opened, &spec->linux_.intel_rdt, update, context, err);
	else
		result =
			error_set(err, ENOTSUP,
				  "container `%s` was made without linux.intelRdt: it has no group "
				  "whose limits could be changed",
				  opened->record.id);
	spec_free(spec);
	return result;
}

int container_update(const struct container_context *context, const char *id,
		     const struct container_update *update, struct error *err)
{
	auto_opened struct opened opened = OPENED_NONE;
	if (opened_open(context, id, true, &opened, err) < 0)
		return -1;
	if (opened.status == state_status_stopped || opened.status == state_status_creating)
		return opened_not_running(&opened, "update", err);
	if (update->l3_cache_schema || update->mem_bw_schema)
		return change_cache(&opened, update, context, err);
	return change_resources(&opened, update, context, err);
}
