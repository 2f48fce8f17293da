// SPDX-License-Identifier: Apache-2.0
// See settings.h. One row for each field of linux.resources; a row that stands for a list is made once
// for each entry. A maker fills the value and returns 1, or returns 0 when the field says nothing, or -1
// when it says something impossible. The order is the order of the writes:
// pids, memory, io, cpu, cpuset, hugetlb, rdma, and unified last, so that unified wins.
#include "libcontainer/cgroup/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libcontainer/base/text.h"
#include "libcontainer/cgroup/convert.h"

const char *cgroup_settings_unified(const struct spec_resources *resources, const char *file)
{
	for (size_t i = 0; i < resources->unified.count; i++)
		if (text_equal(resources->unified.items[i].key, file))
			return resources->unified.items[i].value;
	return NULL;
}

bool cgroup_settings_is_weight(const char *file)
{
	return text_equal(file, "cpu.weight") || text_equal(file, "cpu.weight.nice");
}

struct row {
	const char *json;  // below linux.resources; "%zu" stands for the index in a list
	enum cgroup_controller controller;
	const char *file;
	int (*make)(const struct spec_resources *resources, size_t index,
		    struct cgroup_setting *setting, struct error *err);
	size_t (*count)(const struct spec_resources *resources);  // NULL: one
};

static int refuse(const struct cgroup_setting *setting, const char *why, struct error *err)
{
	return error_set(err, EINVAL, "%s: %s", setting->json, why);
}

static int set_number(struct cgroup_setting *setting, uint64_t value)
{
	snprintf(setting->text, sizeof setting->text, "%" PRIu64, value);
	return 1;
}

// Bytes where -1 is "no limit" and 0 is "not set".
static int set_bytes(struct cgroup_setting *setting, const struct spec_optional_i64 *bytes,
		     struct error *err)
{
	if (!bytes->set || bytes->value == 0)
		return 0;
	if (bytes->value < -1)
		return refuse(setting, "must be -1 (no limit) or larger", err);
	if (bytes->value > 0)
		return set_number(setting, (uint64_t)bytes->value);
	strcpy(setting->text, "max");
	return 1;
}

// ---- pids and memory ----------------------------------------------------------------------------

static int make_pids(const struct spec_resources *r, size_t i, struct cgroup_setting *s,
		     struct error *err)
{
	(void)i, (void)err;
	if (!r->pids_limit.set)
		return 0;
	int64_t limit = cgroup_convert_pids(r->pids_limit.value);
	s->no_limit = limit < 0;
	if (limit >= 0)
		return set_number(s, (uint64_t)limit);
	strcpy(s->text, "max");
	return 1;
}

static int make_swap(const struct spec_resources *r, size_t i, struct cgroup_setting *s,
		     struct error *err)
{
	(void)i;
	int64_t swap = 0;
	if (r->memory.swap.set && r->memory.swap.value < -1)
		return refuse(s, "must be -1 (no limit) or larger", err);
	int made = cgroup_convert_swap(&r->memory, &swap, err);
	if (made <= 0)
		return made;
	// a kernel without swap accounting has no such file; then only a limit in between is a loss
	s->no_limit = swap < 0;
	s->may_miss = swap <= 0;
	if (swap >= 0)
		return set_number(s, (uint64_t)swap);
	strcpy(s->text, "max");
	return 1;
}

static int make_memory(const struct spec_resources *r, size_t i, struct cgroup_setting *s,
		       struct error *err)
{
	(void)i;
	s->no_limit = r->memory.limit.value == -1;
	return set_bytes(s, &r->memory.limit, err);
}

static int make_reservation(const struct spec_resources *r, size_t i, struct cgroup_setting *s,
			    struct error *err)
{
	(void)i;
	return set_bytes(s, &r->memory.reservation, err);
}

// ---- io -----------------------------------------------------------------------------------------

static int set_io_weight(struct cgroup_setting *s, const char *target,
			 const struct spec_optional_u64 *weight, struct error *err)
{
	if (!weight->set || weight->value == 0)
		return 0;
	if (weight->value < 10 || weight->value > 1000)
		return refuse(s, "must be from 10 to 1000", err);
	snprintf(s->text, sizeof s->text, "%s%s%" PRIu64, target, *target ? " " : "",
		 weight->value);
	strcpy(s->other_file, "io.weight");
	snprintf(s->other_text, sizeof s->other_text, "%s %" PRIu64, *target ? target : "default",
		 cgroup_convert_io_weight(weight->value));
	return 1;
}

static int make_io_weight(const struct spec_resources *r, size_t i, struct cgroup_setting *s,
			  struct error *err)
{
	(void)i;
	return set_io_weight(s, "", &r->block_io.weight, err);
}

static int name_device(struct cgroup_setting *s, int64_t major, int64_t minor, char target[32],
		       struct error *err)
{
	if (major < 0 || major > 4095 || minor < 0 || minor > 1048575)
		return refuse(s, "major and minor must be those of a device", err);
	snprintf(target, 32, "%" PRId64 ":%" PRId64, major, minor);
	s->device = s->text;
	return 1;
}

static int make_io_device_weight(const struct spec_resources *r, size_t i, struct cgroup_setting *s,
				 struct error *err)
{
	const struct spec_device_weight *device = &r->block_io.weight_devices[i];
	char target[32] = "";
	if (name_device(s, device->major, device->minor, target, err) < 0)
		return -1;
	return set_io_weight(s, target, &device->weight, err);
}

static size_t count_io_device_weights(const struct spec_resources *r)
{
	return r->block_io.weight_devices_count;
}

static int set_rate(struct cgroup_setting *s, const struct spec_device_rate *rate, const char *key,
		    struct error *err)
{
	char target[32];
	if (name_device(s, rate->major, rate->minor, target, err) < 0)
		return -1;
	s->no_limit = rate->rate == 0;
	if (rate->rate == 0)
		snprintf(s->text, sizeof s->text, "%s %s=max", target, key);
	else
		snprintf(s->text, sizeof s->text, "%s %s=%" PRIu64, target, key, rate->rate);
	return 1;
}

#define rate_row(field, key)                                                                       \
	static int make_##field(const struct spec_resources *r, size_t i,                          \
				struct cgroup_setting *s, struct error *err)                       \
	{                                                                                          \
		return set_rate(s, &r->block_io.field.items[i], key, err);                         \
	}                                                                                          \
	static size_t count_##field(const struct spec_resources *r)                                \
	{                                                                                          \
		return r->block_io.field.count;                                                    \
	}

rate_row(read_bps, "rbps") rate_row(write_bps, "wbps") rate_row(read_iops, "riops")
	rate_row(write_iops, "wiops")

	// ---- cpu ----------------------------------------------------------------------------------------

	int cgroup_settings_idle(const struct spec_resources *resources)
{
	const char *value = cgroup_settings_unified(resources, "cpu.idle");
	if (value)
		return text_equal(value, "1");
	return resources->cpu.idle.set ? resources->cpu.idle.value == 1 : -1;
}

static int make_idle(const struct spec_resources *r, size_t i, struct cgroup_setting *s,
		     struct error *err)
{
	(void)i;
	if (!r->cpu.idle.set)
		return 0;
	if (r->cpu.idle.value != 0 && r->cpu.idle.value != 1)
		return refuse(s, "must be 0 or 1", err);
	// (what unified says comes later and wins; what stands in between must see it already)
	int idle = cgroup_settings_idle(r);
	s->no_limit = idle == 0;
	return set_number(s, (uint64_t)idle);
}

static int make_shares(const struct spec_resources *r, size_t i, struct cgroup_setting *s,
		       struct error *err)
{
	(void)i, (void)err;
	if (!r->cpu.shares.set || r->cpu.shares.value == 0)
		return 0;
	if (cgroup_settings_idle(r) == 1)
		return 0;
	uint64_t weight = cgroup_convert_shares(r->cpu.shares.value);
	s->no_limit = weight == 100;
	return set_number(s, weight);
}

static int make_burst(const struct spec_resources *r, size_t i, struct cgroup_setting *s,
		      struct error *err)
{
	(void)i;
	if (!r->cpu.burst.set)
		return 0;
	if (r->cpu.quota.set && r->cpu.quota.value > 0 &&
	    r->cpu.burst.value > (uint64_t)r->cpu.quota.value)
		return refuse(s, "must not be more than linux.resources.cpu.quota", err);
	s->burst = true;
	s->no_limit = r->cpu.burst.value == 0;
	return set_number(s, r->cpu.burst.value);
}

static int make_quota(const struct spec_resources *r, size_t i, struct cgroup_setting *s,
		      struct error *err)
{
	(void)i, (void)err;
	int64_t quota = r->cpu.quota.set ? r->cpu.quota.value : 0;
	uint64_t period = r->cpu.period.set ? r->cpu.period.value : 0;
	if (quota == 0 && period == 0)
		return 0;
	if (!r->cpu.quota.set)
		strcpy(s->json, "linux.resources.cpu.period");
	s->merge_quota = !r->cpu.quota.set;
	s->no_limit = quota <= 0;
	// the quota alone leaves the period as it is, 100000 in a new cgroup
	if (quota > 0)
		snprintf(s->text, sizeof s->text, "%" PRId64, quota);
	else
		strcpy(s->text, "max");
	if (period) {
		size_t used = strlen(s->text);
		snprintf(s->text + used, sizeof s->text - used, " %" PRIu64, period);
	}
	return 1;
}

static int set_list(struct cgroup_setting *s, const char *list, struct error *err)
{
	if (!list || !*list)
		return 0;
	if (strchr(list, '\n'))
		return refuse(s, "a line break is not allowed", err);
	s->value = list;
	return 1;
}

static int make_cpus(const struct spec_resources *r, size_t i, struct cgroup_setting *s,
		     struct error *err)
{
	(void)i;
	return set_list(s, r->cpu.cpus, err);
}

static int make_mems(const struct spec_resources *r, size_t i, struct cgroup_setting *s,
		     struct error *err)
{
	(void)i;
	return set_list(s, r->cpu.mems, err);
}

// ---- hugetlb and rdma ---------------------------------------------------------------------------

// The size becomes part of a file name, so nothing but digits and the unit may be in it.
static bool is_page_size(const char *size)
{
	size_t digits = strspn(size, "0123456789");
	if (digits == 0 || digits > 12 || size[0] == '0')
		return false;
	const char *unit = size + digits;
	return (unit[0] == 'K' || unit[0] == 'M' || unit[0] == 'G') && unit[1] == 'B' && !unit[2];
}

static int set_hugepages(const struct spec_hugepage_limit *limit, struct cgroup_setting *s,
			 const char *suffix, struct error *err)
{
	if (!limit->page_size || !is_page_size(limit->page_size))
		return refuse(s, "pageSize must be a number and KB, MB or GB", err);
	snprintf(s->file, sizeof s->file, "hugetlb.%s.%s", limit->page_size, suffix);
	return set_number(s, limit->limit);
}

static int make_hugepages(const struct spec_resources *r, size_t i, struct cgroup_setting *s,
			  struct error *err)
{
	return set_hugepages(&r->hugepages[i], s, "max", err);
}

// Reservations are limited too, so that the process gets an error from mmap and not a SIGBUS later.
static int make_hugepages_reserved(const struct spec_resources *r, size_t i,
				   struct cgroup_setting *s, struct error *err)
{
	s->may_miss = true;
	return set_hugepages(&r->hugepages[i], s, "rsvd.max", err);
}

static size_t count_hugepages(const struct spec_resources *r)
{
	return r->hugepages_count;
}

static void add_rdma(struct cgroup_setting *s, const char *key,
		     const struct spec_optional_u64 *value)
{
	size_t used = strlen(s->text);
	if (!value->set)
		return;
	// the kernel reads a signed 32-bit number, and has "max" for what is beyond
	if (value->value >= INT32_MAX)
		snprintf(s->text + used, sizeof s->text - used, " %s=max", key);
	else
		snprintf(s->text + used, sizeof s->text - used, " %s=%" PRIu64, key, value->value);
}

static int make_rdma(const struct spec_resources *r, size_t i, struct cgroup_setting *s,
		     struct error *err)
{
	const struct spec_rdma_limit *limit = &r->rdma[i];
	size_t length = limit->device ? strlen(limit->device) : 0;
	if (length == 0 || length > 63 || strpbrk(limit->device, " \t\n"))
		return refuse(s, "the key must be the name of an rdma device", err);
	snprintf(s->json, sizeof s->json, "linux.resources.rdma.%s", limit->device);
	snprintf(s->text, sizeof s->text, "%s", limit->device);
	add_rdma(s, "hca_handle", &limit->hca_handles);
	add_rdma(s, "hca_object", &limit->hca_objects);
	s->device = s->text;
	return s->text[length] ? 1 : 0;
}

static size_t count_rdma(const struct spec_resources *r)
{
	return r->rdma_count;
}

// ---- unified ------------------------------------------------------------------------------------

// These files are no limits: who writes them moves, stops or ends processes behind the runtime's back.
static bool is_operation(const char *file)
{
	static const char *const files[] = {"cgroup.procs", "cgroup.threads", "cgroup.kill",
					    "cgroup.freeze", "cgroup.type"};
	for (size_t i = 0; i < array_size(files); i++)
		if (text_equal(file, files[i]))
			return true;
	return false;
}

static int make_unified(const struct spec_resources *r, size_t i, struct cgroup_setting *s,
			struct error *err)
{
	const struct spec_string_pair *pair = &r->unified.items[i];
	snprintf(s->json, sizeof s->json, "linux.resources.unified[\"%.96s\"]", pair->key);
	if (!*pair->key || strchr(pair->key, '/') || text_equal(pair->key, ".") ||
	    text_equal(pair->key, "..") || strlen(pair->key) >= sizeof s->file)
		return refuse(s, "the key must be the name of a file in the cgroup", err);
	if (is_operation(pair->key))
		return refuse(s, "this file is no limit and belongs to the runtime", err);
	if (cgroup_settings_is_weight(pair->key) && cgroup_settings_idle(r) == 1)
		return 0;
	strcpy(s->file, pair->key);
	s->controller = cgroup_controller_of_file(pair->key);
	s->value = *pair->value ? pair->value : "\n";
	s->lines = true;
	return 1;
}

static size_t count_unified(const struct spec_resources *r)
{
	return r->unified.count;
}

// ---- the list -----------------------------------------------------------------------------------

static const struct row rows[] = {
	{"pids.limit", cgroup_controller_pids, "pids.max", make_pids, NULL},
	// swap before memory: memory.max would otherwise push into swap what is about to be denied it
	{"memory.swap", cgroup_controller_memory, "memory.swap.max", make_swap, NULL},
	{"memory.limit", cgroup_controller_memory, "memory.max", make_memory, NULL},
	{"memory.reservation", cgroup_controller_memory, "memory.low", make_reservation, NULL},
	{"blockIO.weight", cgroup_controller_io, "io.bfq.weight", make_io_weight, NULL},
	{"blockIO.weightDevice[%zu].weight", cgroup_controller_io, "io.bfq.weight",
	 make_io_device_weight, count_io_device_weights},
	{"blockIO.throttleReadBpsDevice[%zu]", cgroup_controller_io, "io.max", make_read_bps,
	 count_read_bps},
	{"blockIO.throttleWriteBpsDevice[%zu]", cgroup_controller_io, "io.max", make_write_bps,
	 count_write_bps},
	{"blockIO.throttleReadIOPSDevice[%zu]", cgroup_controller_io, "io.max", make_read_iops,
	 count_read_iops},
	{"blockIO.throttleWriteIOPSDevice[%zu]", cgroup_controller_io, "io.max", make_write_iops,
	 count_write_iops},
	{"cpu.idle", cgroup_controller_cpu, "cpu.idle", make_idle, NULL},
	{"cpu.shares", cgroup_controller_cpu, "cpu.weight", make_shares, NULL},
	{"cpu.burst", cgroup_controller_cpu, "cpu.max.burst", make_burst, NULL},
	{"cpu.quota", cgroup_controller_cpu, "cpu.max", make_quota, NULL},
	{"cpu.cpus", cgroup_controller_cpuset, "cpuset.cpus", make_cpus, NULL},
	{"cpu.mems", cgroup_controller_cpuset, "cpuset.mems", make_mems, NULL},
	{"hugepageLimits[%zu]", cgroup_controller_hugetlb, "", make_hugepages, count_hugepages},
	{"hugepageLimits[%zu]", cgroup_controller_hugetlb, "", make_hugepages_reserved,
	 count_hugepages},
	{"rdma[%zu]", cgroup_controller_rdma, "rdma.max", make_rdma, count_rdma},
	{"unified[%zu]", cgroup_controller_count, "", make_unified, count_unified},
};

// "a[%zu].b" with the index put in; the format is not given to printf because it is no literal there.
static void name_row(const struct row *row, size_t index, char json[200])
{
	const char *hole = strstr(row->json, "%zu");
	if (hole)
		snprintf(json, 200, "linux.resources.%.*s%zu%s", (int)(hole - row->json), row->json,
			 index, hole + 3);
	else
		snprintf(json, 200, "linux.resources.%s", row->json);
}

static int visit_row(const struct row *row, const struct spec_resources *resources, size_t index,
		     int (*visit)(const struct cgroup_setting *, void *, struct error *),
		     void *data, struct error *err)
{
	struct cgroup_setting setting;
	setting = (struct cgroup_setting){.controller = row->controller};
	setting.value = setting.text;
	name_row(row, index, setting.json);
	strcpy(setting.file, row->file);
	int made = row->make(resources, index, &setting, err);
	return made > 0 ? visit(&setting, data, err) : made;
}

int cgroup_settings_visit(const struct spec_resources *resources,
			  int (*visit)(const struct cgroup_setting *setting, void *data,
				       struct error *err),
			  void *data, struct error *err)
{
	for (size_t i = 0; i < array_size(rows); i++) {
		size_t count = rows[i].count ? rows[i].count(resources) : 1;
		for (size_t index = 0; index < count; index++)
			if (visit_row(&rows[i], resources, index, visit, data, err) < 0)
				return -1;
	}
	return 0;
}

static int add_controller(const struct cgroup_setting *setting, void *data, struct error *err)
{
	(void)err;
	uint32_t *bits = data;
	if (!setting->no_limit)
		*bits |= cgroup_controller_bit(setting->controller);
	return 0;
}

int cgroup_settings_controllers(const struct spec_resources *resources, uint32_t *bits,
				struct error *err)
{
	*bits = 0;
	return cgroup_settings_visit(resources, add_controller, bits, err);
}

struct search {
	enum cgroup_controller controller;
	char *json;
};

static int match_controller(const struct cgroup_setting *setting, void *data, struct error *err)
{
	(void)err;
	struct search *search = data;
	if (setting->controller != search->controller || setting->no_limit || *search->json)
		return 0;
	strcpy(search->json, setting->json);
	return 0;
}

void cgroup_settings_name(const struct spec_resources *resources, enum cgroup_controller controller,
			  char json[200])
{
	struct search search = {controller, json};
	strcpy(json, "");
	if (cgroup_settings_visit(resources, match_controller, &search, NULL) < 0 || !*json)
		strcpy(json, "linux.resources");
}
