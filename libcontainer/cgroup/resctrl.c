// SPDX-License-Identifier: Apache-2.0
// See resctrl.h.
#include "libcontainer/cgroup/resctrl.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"
#include "libcontainer/kernel/fd.h"

#define MOUNT "/sys/fs/resctrl"
#define RESCTRL_MAGIC 0x7655821
#define SCHEMATA_MAX ((size_t)64 * 1024)

static const int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

int resctrl_open(int *root_fd, struct error *err)
{
	struct statfs fs;
	*root_fd = open(MOUNT, directory_flags);
	if (*root_fd >= 0 && fstatfs(*root_fd, &fs) == 0 && fs.f_type == RESCTRL_MAGIC)
		return 0;
	memory_close(take_fd(root_fd));
	return error_set(err, ENOTSUP,
			 "linux.intelRdt: resctrl is not mounted on " MOUNT
			 " (mount -t resctrl resctrl " MOUNT ", on a processor that has it)");
}

// ---- names -----------------------------------------------------------------------------------------

static const char *group_name(const struct spec_intel_rdt *rdt, const char *id)
{
	if (!rdt->clos_id)
		return id;
	return text_equal(rdt->clos_id, "/") ? "." : rdt->clos_id;
}

static bool has_limits(const struct spec_intel_rdt *rdt)
{
	return rdt->l3_cache_schema || rdt->mem_bw_schema || rdt->schemata.count;
}

int resctrl_open_group(int root_fd, const struct spec_intel_rdt *rdt, const char *id,
		       struct error *err)
{
	int fd = openat(root_fd, group_name(rdt, id), directory_flags);
	if (fd < 0)
		error_errno(err, "linux.intelRdt: open the group %s", group_name(rdt, id));
	return fd;
}

// ---- limits ----------------------------------------------------------------------------------------

// Lines, each with its end. Those of memory bandwidth in l3CacheSchema give way to memBwSchema.
static void add_lines(struct text *lines, const char *schema, bool without_bandwidth)
{
	while (*schema) {
		size_t length = strcspn(schema, "\n");
		if (length && !(without_bandwidth && strncmp(schema, "MB:", 3) == 0)) {
			text_add_bytes(lines, schema, length);
			text_add(lines, "\n");
		}
		schema += length + (schema[length] == '\n');
	}
}

static void wanted_lines(const struct spec_intel_rdt *rdt, struct text *lines)
{
	if (rdt->l3_cache_schema)
		add_lines(lines, rdt->l3_cache_schema, rdt->mem_bw_schema != NULL);
	if (rdt->mem_bw_schema)
		add_lines(lines, rdt->mem_bw_schema, false);
	for (size_t i = 0; i < rdt->schemata.count; i++)
		add_lines(lines, rdt->schemata.items[i], false);
}

// The kernel's own words about the last refusal.
static int explain(int root_fd, const char *group, struct error *err)
{
	char status[256];
	int saved = errno;
	if (fd_read_value(root_fd, "info/last_cmd_status", status, sizeof status) > 0 &&
	    strcmp(status, "ok") != 0)
		return error_set(err, saved,
				 "linux.intelRdt: write the schemata of the group %s: %s: %s",
				 group, status, error_text(saved));
	errno = saved;
	return error_errno(err, "linux.intelRdt: write the schemata of the group %s", group);
}

static int write_limits(int root_fd, int group_fd, const char *group, const char *lines,
			struct error *err)
{
	return fd_write_value(group_fd, "schemata", lines) < 0 ? explain(root_fd, group, err) : 0;
}

// ---- limits of a group that exists -----------------------------------------------------------------

// "0=00ff" and " 0=FF" say the same.
static bool same_setting(const char *a, size_t a_length, const char *b, size_t b_length)
{
	const char *ends[2] = {a + a_length, b + b_length};
	const char *at[2] = {a, b};
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < 2; i++) {
			while (at[i] < ends[i] && isspace((unsigned char)*at[i]))
				at[i]++;
			while (at[i] + 1 < ends[i] && *at[i] == '0' &&
			       isxdigit((unsigned char)at[i][1]))
				at[i]++;
		}
		while (at[0] < ends[0] && at[1] < ends[1] && *at[0] != '=' &&
		       tolower((unsigned char)*at[0]) == tolower((unsigned char)*at[1])) {
			at[0]++;
			at[1]++;
		}
		bool both_equal_sign =
			at[0] < ends[0] && at[1] < ends[1] && *at[0] == '=' && *at[1] == '=';
		if (pass == 0 && !both_equal_sign)
			return false;
		if (pass == 0) {
			at[0]++;
			at[1]++;
		}
	}
	return at[0] == ends[0] && at[1] == ends[1];
}

// Whether one of the settings of a line ("L3:0=f;1=f") is this one.
static bool line_has(const char *line, const char *setting, size_t length)
{
	line += strcspn(line, ":\n");
	while (*line == ':' || *line == ';') {
		line++;
		size_t here = strcspn(line, ";\n");
		if (same_setting(line, here, setting, length))
			return true;
		line += here;
	}
	return false;
}

// The line of the same resource ("L3"), or NULL.
static const char *find_line(const char *text, const char *name, size_t length)
{
	while (*text) {
		const char *line = text + strspn(text, " \t");
		if (strncmp(line, name, length) == 0 && line[length] == ':')
			return line;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return NULL;
}

static bool are_settings_there(const char *existing, const char *wanted)
{
	size_t name = strcspn(wanted, ":\n");
	const char *line = find_line(existing, wanted, name);
	if (!line)
		return false;
	for (const char *at = wanted + name; *at == ':' || *at == ';';) {
		size_t length = strcspn(++at, ";\n");
		if (length && !line_has(line, at, length))
			return false;
		at += length;
	}
	return true;
}

static int compare_limits(int group_fd, const char *group, const char *lines, struct error *err)
{
	auto_free char *existing = NULL;
	size_t length;
	if (fd_read_file(group_fd, "schemata", SCHEMATA_MAX, &existing, &length) < 0)
		return error_errno(err, "linux.intelRdt: read the schemata of the group %s", group);
	for (const char *line = lines; *line; line += strcspn(line, "\n") + 1)
		if (!are_settings_there(existing, line))
			return error_set(
				err, EEXIST,
				"linux.intelRdt: the group %s exists with other limits than %.*s",
				group, (int)strcspn(line, "\n"), line);
	return 0;
}

// ---- groups ----------------------------------------------------------------------------------------

static int make_monitor(int group_fd, const char *id, bool *made, struct error *err)
{
	auto_close int groups = openat(group_fd, "mon_groups", directory_flags);
	if (groups < 0)
		return error_errno(err, "linux.intelRdt.enableMonitoring: this kernel or processor "
					"does not monitor: "
					"mon_groups");
	*made = mkdirat(groups, id, 0755) == 0;
	if (!*made && errno != EEXIST)
		return error_errno(err, "linux.intelRdt.enableMonitoring: make the group %s", id);
	return 0;
}

static int make_group(int root_fd, const struct spec_intel_rdt *rdt, const char *id, bool *made,
		      struct error *err)
{
	const char *group = group_name(rdt, id);
	auto_text struct text lines = {0};
	*made = false;
	if (!rdt->clos_id || has_limits(rdt)) {
		*made = mkdirat(root_fd, group, 0755) == 0;
		if (!*made && errno == ENOSPC)
			return error_errno(
				err,
				"linux.intelRdt: the processor has no room for one more group (%s)",
				group);
		if (!*made && errno != EEXIST)
			return error_errno(err, "linux.intelRdt: make the group %s", group);
	}
	auto_close int group_fd = resctrl_open_group(root_fd, rdt, id, err);
	if (group_fd < 0)
		return -1;
	if (!has_limits(rdt))
		return 0;
	wanted_lines(rdt, &lines);
	if (text_failed(&lines))
		return error_set(err, ENOMEM, "out of memory");
	// what others share is not changed under their hands; a group of this id that was left behind is the container's own
	if (!*made && rdt->clos_id)
		return compare_limits(group_fd, group, text_string(&lines), err);
	return write_limits(root_fd, group_fd, group, text_string(&lines), err);
}

int resctrl_create(int root_fd, const struct spec_intel_rdt *rdt, const char *id,
		   struct resctrl_made *made, struct error *err)
{
	*made = (struct resctrl_made){false, false};
	if (make_group(root_fd, rdt, id, &made->group, err) < 0)
		return -1;
	if (!rdt->enable_monitoring)
		return 0;
	auto_close int group_fd = resctrl_open_group(root_fd, rdt, id, err);
	return group_fd < 0 ? -1 : make_monitor(group_fd, id, &made->monitor, err);
}

int resctrl_update(int root_fd, const struct spec_intel_rdt *rdt, const char *id,
		   const char *l3_cache_schema, const char *mem_bw_schema, char **before,
		   struct error *err)
{
	const struct spec_intel_rdt change = {.l3_cache_schema = l3_cache_schema,
					      .mem_bw_schema = mem_bw_schema};
	auto_text struct text lines = {0};
	auto_free char *old = NULL;
	size_t length;
	if (rdt->clos_id && text_equal(rdt->clos_id, "/"))
		return error_set(err, EINVAL,
				 "linux.intelRdt: the container is in the root group, whose limits "
				 "are everybody's");
	auto_close int group_fd = resctrl_open_group(root_fd, rdt, id, err);
	if (group_fd < 0)
		return -1;
	if (fd_read_file(group_fd, "schemata", SCHEMATA_MAX, &old, &length) < 0)
		return error_errno(err, "linux.intelRdt: read the schemata of the group %s",
				   group_name(rdt, id));
	wanted_lines(&change, &lines);
	if (text_failed(&lines))
		return error_set(err, ENOMEM, "out of memory");
	if (write_limits(root_fd, group_fd, group_name(rdt, id), text_string(&lines), err) < 0)
		return -1;
	*before = take_ptr(&old);
	return 0;
}

int resctrl_restore(int root_fd, const struct spec_intel_rdt *rdt, const char *id,
		    const char *before, struct error *err)
{
	auto_close int group_fd = resctrl_open_group(root_fd, rdt, id, err);
	return group_fd < 0 ? -1
			    : write_limits(root_fd, group_fd, group_name(rdt, id), before, err);
}

static void remove_monitor(int root_fd, const struct spec_intel_rdt *rdt, const char *id)
{
	struct error ignored;
	auto_close int group_fd = resctrl_open_group(root_fd, rdt, id, &ignored);
	auto_close int groups = group_fd < 0 ? -1 : openat(group_fd, "mon_groups", directory_flags);
	if (groups >= 0)
		(void)!unlinkat(groups, id, AT_REMOVEDIR);
}

void resctrl_undo(int root_fd, const struct spec_intel_rdt *rdt, const char *id,
		  const struct resctrl_made *made)
{
	if (made->monitor)
		remove_monitor(root_fd, rdt, id);
	if (made->group)
		(void)!unlinkat(root_fd, group_name(rdt, id), AT_REMOVEDIR);
}

int resctrl_remove(int root_fd, const struct spec_intel_rdt *rdt, const char *id, struct error *err)
{
	if (rdt->enable_monitoring)
		remove_monitor(root_fd, rdt, id);
	if (rdt->clos_id || unlinkat(root_fd, id, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return error_errno(err, "linux.intelRdt: remove the group %s", id);
}

int resctrl_join(int root_fd, const struct spec_intel_rdt *rdt, const char *id, pid_t pid,
		 struct error *err)
{
	char digits[16], monitor[300];
	auto_close int group_fd = resctrl_open_group(root_fd, rdt, id, err);
	if (group_fd < 0)
		return -1;
	snprintf(digits, sizeof digits, "%d\n", (int)pid);
	if (fd_write_value(group_fd, "tasks", digits) < 0)
		return error_errno(err, "linux.intelRdt: put process %d into the group %s",
				   (int)pid, group_name(rdt, id));
	snprintf(monitor, sizeof monitor, "mon_groups/%s/tasks", id);
	if (rdt->enable_monitoring && fd_write_value(group_fd, monitor, digits) < 0)
		return error_errno(
			err, "linux.intelRdt.enableMonitoring: put process %d into the group %s",
			(int)pid, id);
	return 0;
}
