// SPDX-License-Identifier: Apache-2.0
// husk update: new limits for a container, from a LinuxResources object or from options.
//
// The options are only another way to write the object: they are put into one, and the library sees no difference.
#include <errno.h>
#include <string.h>

#include "libcontainer/base/json.h"
#include "libcontainer/base/memory.h"
#include "runtime/command.h"
#include "runtime/input.h"
#include "runtime/quantity.h"
#include "spec/spec.h"

struct update_options {
	const char *resources;
	const char *blkio_weight;
	const char *cpu_period, *cpu_quota, *cpu_burst, *cpu_shares, *cpu_rt_period,
		*cpu_rt_runtime;
	const char *cpu_idle, *cpuset_cpus, *cpuset_mems;
	const char *memory, *memory_reservation, *memory_swap, *kernel_memory, *kernel_memory_tcp;
	const char *pids_limit;
	const char *l3_cache_schema, *mem_bw_schema;
};

#define ROW(option, what, member, line)                                                            \
	{                                                                                          \
		.name = option, .value = what, .help = line, .kind = options_kind_string,          \
		.offset = offsetof(struct update_options, member)                                  \
	}

static const struct options_row update_rows[] = {
	{"resources", "FILE", "a LinuxResources object as JSON; - is standard input",
	 offsetof(struct update_options, resources), options_kind_string, 'r'},
	ROW("blkio-weight", "WEIGHT", blkio_weight, "share of the disks' time, 10 to 1000"),
	ROW("cpu-period", "US", cpu_period, "period of the processor quota, in microseconds"),
	ROW("cpu-quota", "US", cpu_quota, "processor time in each period; -1: no limit"),
	ROW("cpu-burst", "US", cpu_burst, "how much unused quota may be saved up"),
	ROW("cpu-share", "SHARES", cpu_shares,
	    "weight against other containers; 1024 is the usual"),
	ROW("cpu-shares", "SHARES", cpu_shares, "the same"),
	ROW("cpu-rt-period", "US", cpu_rt_period, "of cgroup v1; only 0 is accepted"),
	ROW("cpu-rt-runtime", "US", cpu_rt_runtime, "of cgroup v1; only 0 is accepted"),
	ROW("cpu-idle", "0|1", cpu_idle, "1: run only when nobody else wants to"),
	ROW("cpuset-cpus", "LIST", cpuset_cpus, "processors that may be used: 0-3,7"),
	ROW("cpuset-mems", "LIST", cpuset_mems, "memory nodes that may be used"),
	ROW("memory", "SIZE", memory, "memory limit; -1: none"),
	ROW("memory-reservation", "SIZE", memory_reservation, "memory that is not taken away"),
	ROW("memory-swap", "SIZE", memory_swap, "limit of memory and swap together; -1: none"),
	ROW("kernel-memory", "SIZE", kernel_memory, "of cgroup v1; ignored with a warning"),
	ROW("kernel-memory-tcp", "SIZE", kernel_memory_tcp, "of cgroup v1; ignored with a warning"),
	ROW("pids-limit", "N", pids_limit, "most processes and threads; -1: no limit"),
	ROW("l3-cache-schema", "SCHEMA", l3_cache_schema,
	    "share of the L3 cache (linux.intelRdt): L3:0=ff"),
	ROW("mem-bw-schema", "SCHEMA", mem_bw_schema, "memory bandwidth (linux.intelRdt): MB:0=50"),
	{0},
};

static int update_run(const struct command_call *call, int *status, struct error *err);

const struct command command_update = {
	.name = "update",
	.words = "ID",
	.missing = "the container's ID is missing",
	.summary = "change the limits of a container",
	.notes = "SIZE: bytes, or a number with k, m or g.\n",
	.options = update_rows,
	.options_size = sizeof(struct update_options),
	.order = options_order_any,
	.words_min = 1,
	.words_max = 1,
	.failure = 1,
	.run = update_run,
};

// ---- from options -------------------------------------------------------------------------------

enum amount { amount_unsigned, amount_signed, amount_bytes, amount_string };

// How an option becomes a field.
struct field {
	size_t offset;
	const char *option, *object, *key;
	enum amount amount;
};

#define FIELD(member, option, object, key, amount)                                                 \
	{                                                                                          \
		offsetof(struct update_options, member), option, object, key, amount_##amount      \
	}

static const struct field fields[] = {
	FIELD(cpu_period, "cpu-period", "cpu", "period", unsigned),
	FIELD(cpu_quota, "cpu-quota", "cpu", "quota", signed),
	FIELD(cpu_burst, "cpu-burst", "cpu", "burst", unsigned),
	FIELD(cpu_shares, "cpu-share", "cpu", "shares", unsigned),
	FIELD(cpu_rt_period, "cpu-rt-period", "cpu", "realtimePeriod", unsigned),
	FIELD(cpu_rt_runtime, "cpu-rt-runtime", "cpu", "realtimeRuntime", signed),
	FIELD(cpu_idle, "cpu-idle", "cpu", "idle", signed),
	FIELD(cpuset_cpus, "cpuset-cpus", "cpu", "cpus", string),
	FIELD(cpuset_mems, "cpuset-mems", "cpu", "mems", string),
	FIELD(memory, "memory", "memory", "limit", bytes),
	FIELD(memory_reservation, "memory-reservation", "memory", "reservation", bytes),
	FIELD(memory_swap, "memory-swap", "memory", "swap", bytes),
	FIELD(pids_limit, "pids-limit", "pids", "limit", signed),
	FIELD(blkio_weight, "blkio-weight", "blockIO", "weight", unsigned),
};

static const char *value_of(const struct update_options *options, size_t offset)
{
	const char *value;
	memcpy(&value, (const char *)options + offset, sizeof value);
	return value;
}

static int bad_value(const char *option, const char *value, const char *wanted, struct error *err)
{
	return error_set(err, errno, "option --%s: invalid value \"%s\", must be %s", option, value,
			 wanted);
}

static int add_field(struct json *json, const struct field *field, const char *value,
		     struct error *err)
{
	uint64_t number;
	int64_t signed_number;
	switch (field->amount) {
	case amount_unsigned:
		if (text_to_unsigned(value, &number) < 0)
			return bad_value(field->option, value, "a number", err);
		json_unsigned(json, field->key, number);
		return 0;
	case amount_signed:
		if (text_to_signed(value, &signed_number) < 0)
			return bad_value(field->option, value, "a number", err);
		json_signed(json, field->key, signed_number);
		return 0;
	case amount_bytes:
		if (quantity_bytes(value, &signed_number) < 0)
			return bad_value(field->option, value,
					 "bytes, a number with k, m or g, or -1", err);
		json_signed(json, field->key, signed_number);
		return 0;
	case amount_string:
		json_string(json, field->key, value);
		return 0;
	}
	return 0;
}

static int from_options(const struct update_options *options, struct text *text, struct error *err)
{
	struct json json = {.text = text};
	const char *object = NULL;
	json_begin_object(&json, NULL);
	for (size_t i = 0; i < array_size(fields); i++) {
		const char *value = value_of(options, fields[i].offset);
		if (!value)
			continue;
		if (!object || !text_equal(object, fields[i].object)) {
			if (object)
				json_end_object(&json);
			object = fields[i].object;
			json_begin_object(&json, object);
		}
		if (add_field(&json, &fields[i], value, err) < 0)
			return -1;
	}
	if (object)
		json_end_object(&json);
	json_end_object(&json);
	return 0;
}

// ---- the command --------------------------------------------------------------------------------

static int check_options(const struct update_options *options, const struct log *log,
			 struct error *err)
{
	const char *bandwidth = options->mem_bw_schema;
	if (bandwidth && (strncmp(bandwidth, "MB:", 3) != 0 || strchr(bandwidth, '\n')))
		return error_set(
			err, EINVAL,
			"option --mem-bw-schema: invalid value \"%s\", must be one line that "
			"begins with MB:",
			bandwidth);
	for (size_t i = 0; options->resources && i < array_size(fields); i++)
		if (value_of(options, fields[i].offset))
			return error_set(
				err, EINVAL,
				"option --%s: cannot be combined with --resources, write it "
				"there: %s.%s",
				fields[i].option, fields[i].object, fields[i].key);
	if (options->kernel_memory)
		log_warning(log,
			    "option --kernel-memory: ignored: --memory counts kernel memory too");
	if (options->kernel_memory_tcp)
		log_warning(log, "option --kernel-memory-tcp: ignored: --memory counts it too");
	return 0;
}

static int update_run(const struct command_call *call, int *status unused_result, struct error *err)
{
	const struct update_options *options = call->options;
	struct text auto_text text = {0};
	if (check_options(options, call->context->log, err) < 0)
		return -1;
	int made = options->resources ? input_read(options->resources, "resources", &text, err)
				      : from_options(options, &text, err);
	if (made < 0)
		return -1;
	if (text_failed(&text))
		return error_set(err, ENOMEM, "resources: %s", error_text(ENOMEM));
	struct container_update update = {
		.resources = text_string(&text),
		.length = text.length,
		.l3_cache_schema = options->l3_cache_schema,
		.mem_bw_schema = options->mem_bw_schema,
	};
	// the schemas alone change no cgroup
	if (text_equal(update.resources, "{}") && (update.l3_cache_schema || update.mem_bw_schema))
		update.resources = NULL;
	return container_update(call->context, call->words[0], &update, err);
}
