// SPDX-License-Identifier: Apache-2.0
// Checking limits before anything exists, and writing them. A limit that cannot be had is an error that
// names the field, the file, the value and the cause; none is skipped. When a container that already runs
// is changed, a failure puts the values written so far back.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/cgroup/controllers.h"
#include "libcontainer/cgroup/device_rules.h"
#include "libcontainer/cgroup/settings.h"
#include "libcontainer/kernel/fd.h"

struct check {
	const struct cgroup_host *host;
	bool read;  // ... when the first limit asks
	uint32_t available;
};

static int check_setting(const struct cgroup_setting *setting, void *data, struct error *err)
{
	struct check *check = data;
	if (setting->no_limit)
		return 0;
	if (check->host->kind == cgroup_host_kind_none)
		return error_set(err, ENOENT, "%s: no cgroup2 is mounted on this host",
				 setting->json);
	if (!check->read &&
	    cgroup_controllers_read(check->host->fd, "cgroup.controllers", &check->available) < 0)
		return error_errno(err, "read %s/cgroup.controllers", check->host->mount);
	check->read = true;
	if (cgroup_controller_check(check->host, check->available, setting->controller, err) < 0)
		return error_context(err, "%s", setting->json);
	return 0;
}

int cgroup_check(const struct cgroup_host *host, const struct spec_resources *resources,
		 struct error *err)
{
	struct check check = {.host = host};
	if (cgroup_settings_check_v1(resources, NULL, err) < 0 ||
	    cgroup_device_rules_check(resources, err) < 0)
		return -1;
	return cgroup_settings_visit(resources, check_setting, &check, err);
}

// A value as it was before.
struct saved {
	struct saved *next;
	char file[96];
	char device[64];  // "" or the key of its line
	char *value;      // owned
};

struct writer {
	struct cgroup *cgroup;
	const struct log *log;
	struct saved *saved;  // owned; the latest first
	bool live;            // the container may be running: keep what is overwritten
	char burst[32];       // refused so far, to be tried behind the next cpu.max
};

static int remember(struct writer *writer, const char *file, const char *device, struct error *err)
{
	auto_free char *value = NULL;
	size_t length;
	// what cannot be read cannot be put back: memory.reclaim and its like
	if (fd_read_file(writer->cgroup->fd, file, 1 << 16, &value, &length) < 0)
		return 0;
	struct saved *saved = calloc(1, sizeof *saved);
	if (!saved)
		return error_set(err, ENOMEM, "%s: out of memory", file);
	snprintf(saved->file, sizeof saved->file, "%s", file);
	snprintf(saved->device, sizeof saved->device, "%.*s",
		 (int)(device ? strcspn(device, " ") : 0), device ? device : "");
	saved->value = take_ptr(&value);
	saved->next = writer->saved;
	writer->saved = saved;
	return 0;
}

// The line of a file with one line for each device, or one that takes its limits away.
static void saved_line(const struct saved *saved, char line[256])
{
	size_t length = strlen(saved->device);
	for (const char *p = saved->value; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, saved->device, length) == 0 && p[length] == ' ') {
			snprintf(line, 256, "%.*s", (int)strcspn(p, "\n"), p);
			return;
		}
	}
	const char *none = text_equal(saved->file, "io.max")
				   ? "rbps=max wbps=max riops=max wiops=max"
			   : text_equal(saved->file, "rdma.max") ? "hca_handle=max hca_object=max"
								 : "default";
	snprintf(line, 256, "%s %s", saved->device, none);
}

// Of a file with one line for each device or kind, of which a write changes one: the key of the line (borrowed, up to the
// first blank of value). NULL: the file is one value.
static const char *key_of_line(const char *file, const char *value)
{
	static const char *const files[] = {"io.max",   "io.weight", "io.bfq.weight", "rdma.max",
					    "misc.max", "dmem.max",  "dmem.min",      "dmem.low"};
	for (size_t i = 0; i < array_size(files); i++)
		if (text_equal(file, files[i]))
			return strchr(value, ' ') ? value : "default";
	return NULL;
}

// The error also says what of it could not be undone: then the limits are neither the old nor the new ones.
static void restore(struct writer *writer, struct error *err)
{
	for (const struct saved *saved = writer->saved; saved; saved = saved->next) {
		char line[256];
		const char *value = *saved->value ? saved->value : "\n";
		if (*saved->device) {
			saved_line(saved, line);
			value = line;
		}
		if (fd_write_value(writer->cgroup->fd, saved->file, value) == 0)
			continue;
		int code = errno;
		log_warning(writer->log, "cgroup %s: could not put %s back: %s",
			    writer->cgroup->path, saved->file, error_text(code));
		if (err) {
			struct error first = *err;
			error_set(err, first.code, "%s; and could not put %s back: %s",
				  first.message, saved->file, error_text(code));
		}
	}
}

static void forget(struct writer *writer)
{
	for (struct saved *saved = writer->saved, *next; saved; saved = next) {
		next = saved->next;
		free(saved->value);
		free(saved);
	}
	writer->saved = NULL;
}

bool cgroup_is_idle(const struct cgroup *cgroup)
{
	char value[8];
	return fd_read_value(cgroup->fd, "cpu.idle", value, sizeof value) > 0 &&
	       text_equal(value, "1");
}

// A cgroup that becomes idle loses its weight; its file tells it only before. (What stands there afterwards cannot be written.)
static int remember_weight(struct writer *writer, struct error *err)
{
	return cgroup_is_idle(writer->cgroup) ? 0 : remember(writer, "cpu.weight", NULL, err);
}

static int write_once(struct writer *writer, const char *file, const char *value,
		      const char *device, struct error *err)
{
	if (!device)
		device = key_of_line(file, value);
	bool weight = cgroup_settings_is_weight(file);
	if (writer->live && (weight || text_equal(file, "cpu.idle")) &&
	    remember_weight(writer, err) < 0)
		return -1;
	if (writer->live && !weight && remember(writer, file, device, err) < 0)
		return -1;
	return fd_write_value(writer->cgroup->fd, file, value);
}

static int write_lines(struct writer *writer, const char *file, const char *value,
		       struct error *err)
{
	if (text_equal(value, "\n"))
		return write_once(writer, file, value, NULL, err);
	for (const char *line = value; *line;) {
		size_t length = strcspn(line, "\n");
		auto_free char *copy = strndup(line, length);
		if (!copy)
			return error_set(err, errno = ENOMEM, "%s: out of memory", file);
		if (length > 0 && write_once(writer, file, copy, NULL, err) < 0)
			return -1;
		line += length;
		line += *line == '\n';
	}
	return 0;
}

static int write_setting(struct writer *writer, const struct cgroup_setting *setting,
			 struct error *err)
{
	if (setting->lines)
		return write_lines(writer, setting->file, setting->value, err);
	int result = write_once(writer, setting->file, setting->value, setting->device, err);
	if (result < 0 && errno == ENOENT && *setting->other_file)
		result = write_once(writer, setting->other_file, setting->other_text,
				    setting->device, err);
	return result;
}

// A cgroup that was made without limits may lack the controller of a later one. Returns 1 when it is there now, 0 when
// that was not the matter, -1 when it cannot be had.
static int enable_later(struct writer *writer, const struct cgroup_setting *setting,
			struct error *err)
{
	uint32_t bit = cgroup_controller_bit(setting->controller), enabled;
	const struct cgroup *cgroup = writer->cgroup;
	if (!bit || cgroup_controllers_read(cgroup->fd, "cgroup.controllers", &enabled) < 0 ||
	    (enabled & bit)) {
		errno = ENOENT;
		return 0;
	}
	auto_free char *parent = strdup(cgroup->path);
	if (!parent)
		return error_set(err, ENOMEM, "%s: out of memory", setting->json);
	char *slash = strrchr(parent, '/');
	slash[slash == parent] = '\0';
	enum cgroup_controller failed;
	if (cgroup_controllers_enable(cgroup->host, parent, bit, &failed, err) == 0)
		return 1;
	return error_context(err, "%s", setting->json);
}

static int explain(const struct writer *writer, const struct cgroup_setting *setting,
		   struct error *err)
{
	int code = errno;
	const char *file = setting->file;
	uint32_t enabled = 0, bit = cgroup_controller_bit(setting->controller);
	bool missing =
		code == ENOENT &&
		cgroup_controllers_read(writer->cgroup->fd, "cgroup.controllers", &enabled) == 0;
	if (missing && bit && !(enabled & bit))
		return error_set(err, code, "%s: controller %s is not enabled in cgroup %s",
				 setting->json, cgroup_controller_name(setting->controller),
				 writer->cgroup->path);
	if (missing && text_has_prefix(file, "hugetlb."))
		return error_set(
			err, code,
			"%s: no such page size on this host (see /sys/kernel/mm/hugepages): "
			"%s: %s",
			setting->json, file, error_text(code));
	if (missing && *setting->other_file)
		file = setting->other_file;
	return error_set(err, code, "%s: write '%.200s' to %s: %s", setting->json,
			 *setting->value == '\n' ? "" : setting->value, file, error_text(code));
}

// Gone files that take nothing away with them.
static bool may_skip(const struct writer *writer, const struct cgroup_setting *setting)
{
	if (errno != ENOENT || !(setting->no_limit || setting->may_miss))
		return false;
	if (setting->no_limit && setting->controller == cgroup_controller_cpu &&
	    text_equal(setting->file, "cpu.weight"))
		log_warning(writer->log,
			    "%s: the default weight is not written: no controller cpu here",
			    setting->json);
	else if (text_equal(setting->file, "memory.swap.max") && !setting->no_limit)
		log_warning(writer->log, "%s: not in force: this kernel does not account swap",
			    setting->json);
	return true;
}

// cpu.period alone: the quota that is in force stays.
static int merge_quota(const struct writer *writer, struct cgroup_setting *setting,
		       struct error *err)
{
	char now[64];
	if (fd_read_value(writer->cgroup->fd, "cpu.max", now, sizeof now) < 0)
		return errno == ENOENT ? 0 : error_errno(err, "%s: read cpu.max", setting->json);
	auto_free char *period = strdup(strchr(setting->text, ' '));
	if (!period)
		return error_set(err, ENOMEM, "%s: out of memory", setting->json);
	snprintf(setting->text, sizeof setting->text, "%.*s%.40s", (int)strcspn(now, " "), now,
		 period);
	return 0;
}

static int write_late_burst(struct writer *writer, struct error *err)
{
	if (!*writer->burst)
		return 0;
	if (write_once(writer, "cpu.max.burst", writer->burst, NULL, err) < 0)
		return error_errno(err, "linux.resources.cpu.burst: write '%s' to cpu.max.burst",
				   writer->burst);
	*writer->burst = '\0';
	return 0;
}

static int apply(const struct cgroup_setting *setting, void *data, struct error *err)
{
	struct writer *writer = data;
	struct cgroup_setting own;
	if (setting->merge_quota) {
		own = *setting;
		own.value = own.text;
		if (merge_quota(writer, &own, err) < 0)
			return -1;
		setting = &own;
	}
	int result = write_setting(writer, setting, err);
	if (result < 0 && errno == ENOENT && !setting->no_limit) {
		int enabled = enable_later(writer, setting, err);
		if (enabled < 0)
			return -1;
		if (enabled > 0)
			result = write_setting(writer, setting, err);
	}
	if (result < 0 && setting->burst && errno == EINVAL) {
		snprintf(writer->burst, sizeof writer->burst, "%s", setting->value);
		return 0;
	}
	if (result < 0 && !may_skip(writer, setting))
		return explain(writer, setting, err);
	return text_equal(setting->file, "cpu.max") ? write_late_burst(writer, err) : 0;
}

static int read_amount(int dir_fd, const char *file, uint64_t *amount)
{
	char text[32];
	*amount = 0;
	if (fd_read_value(dir_fd, file, text, sizeof text) < 0)
		return errno == ENOENT ? 0 : -1;
	return text_to_unsigned(text, amount);
}

// checkBeforeUpdate: a limit below what is in use would make the kernel kill at once.
static int check_usage(const struct cgroup *cgroup, const struct spec_memory *memory,
		       struct error *err)
{
	uint64_t used;
	if (!memory->check_before_update.set || !memory->check_before_update.value ||
	    !memory->limit.set || memory->limit.value <= 0)
		return 0;
	if (read_amount(cgroup->fd, "memory.current", &used) < 0)
		return error_errno(err, "cgroup %s: read memory.current", cgroup->path);
	if (used > (uint64_t)memory->limit.value)
		return error_set(err, EBUSY,
				 "linux.resources.memory.limit: %" PRId64
				 " is less than the %" PRIu64 " bytes in use (checkBeforeUpdate)",
				 memory->limit.value, used);
	return 0;
}

int cgroup_set_resources(struct cgroup *cgroup, const struct spec_resources *resources,
			 const struct log *log, struct error *err)
{
	return cgroup_set_resources_then(cgroup, resources, NULL, log, err);
}

int cgroup_set_resources_then(struct cgroup *cgroup, const struct spec_resources *resources,
			      const struct cgroup_sequel *sequel, const struct log *log,
			      struct error *err)
{
	struct writer writer = {.cgroup = cgroup, .log = log, .live = !cgroup->made_from};
	if (cgroup_settings_check_v1(resources, log, err) < 0 ||
	    check_usage(cgroup, &resources->memory, err) < 0)
		return -1;
	int result = cgroup_settings_visit(resources, apply, &writer, err);
	if (result == 0)
		result = write_late_burst(&writer, err);
	if (result == 0 && sequel)
		result = sequel->run(sequel->data, err);
	if (result < 0)
		restore(&writer, err);
	forget(&writer);
	return result;
}
