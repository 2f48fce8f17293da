// SPDX-License-Identifier: Apache-2.0
// See stats.h. Each file is read once and in one piece, so that what belongs together was true together. A file
// that is missing (no such controller here) or that the kernel has turned off says nothing.
#include "libcontainer/cgroup/stats.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"
#include "libcontainer/kernel/fd.h"

// The largest is memory.numa_stat's kin on large machines; io.stat has a line for each disk.
#define MOST_BYTES ((size_t)1 << 20)

// Not there, turned off at boot (pressure), or the cgroup is just being removed.
static bool says_nothing(int code)
{
	return code == ENOENT || code == ENODEV || code == EOPNOTSUPP;
}

// The file's text, malloc'ed, or NULL in *text when it says nothing.
static int read_text(const struct cgroup *cgroup, const char *file, char **text, struct error *err)
{
	size_t length;
	*text = NULL;
	if (fd_read_file(cgroup->fd, file, MOST_BYTES, text, &length) == 0)
		return 0;
	*text = NULL;
	if (says_nothing(errno))
		return 0;
	return error_errno(err, "cgroup %s: read %s", cgroup->path, file);
}

uint64_t cgroup_stats_counter(const char *text, const char *key)
{
	size_t length = strlen(key);
	for (const char *line = text; *line; line += *line == '\n') {
		if (strncmp(line, key, length) == 0 && line[length] == ' ')
			return strtoull(line + length + 1, NULL, 10);
		line += strcspn(line, "\n");
	}
	return 0;
}

// One number, or "max". *known tells whether the file is there.
static int read_number(const struct cgroup *cgroup, const char *file, uint64_t *number, bool *known,
		       struct error *err)
{
	auto_free char *text = NULL;
	*number = 0;
	*known = false;
	if (read_text(cgroup, file, &text, err) < 0)
		return -1;
	if (!text)
		return 0;
	*known = true;
	*number = text_has_prefix(text, "max") ? UINT64_MAX : strtoull(text, NULL, 10);
	return 0;
}

static int read_event(const struct cgroup *cgroup, const char *file, const char *key,
		      uint64_t *number, struct error *err)
{
	auto_free char *text = NULL;
	if (read_text(cgroup, file, &text, err) < 0)
		return -1;
	*number = text ? cgroup_stats_counter(text, key) : 0;
	return 0;
}

// ---- cpu ----------------------------------------------------------------------------------------

static int read_cpu(const struct cgroup *cgroup, struct cgroup_stats *stats, struct error *err)
{
	auto_free char *text = NULL;
	if (read_text(cgroup, "cpu.stat", &text, err) < 0)
		return -1;
	if (!text)
		return 0;
	stats->cpu_total = cgroup_stats_counter(text, "usage_usec") * 1000;
	stats->cpu_user = cgroup_stats_counter(text, "user_usec") * 1000;
	stats->cpu_kernel = cgroup_stats_counter(text, "system_usec") * 1000;
	stats->periods = cgroup_stats_counter(text, "nr_periods");
	stats->throttled_periods = cgroup_stats_counter(text, "nr_throttled");
	stats->throttled_ns = cgroup_stats_counter(text, "throttled_usec") * 1000;
	return 0;
}

static int read_list(const struct cgroup *cgroup, const char *file, char **list, struct error *err)
{
	if (read_text(cgroup, file, list, err) < 0)
		return -1;
	if (*list)
		(*list)[strcspn(*list, "\n")] = '\0';
	return 0;
}

// "12.34" and nothing else, for it goes into JSON as it is.
static bool is_decimal(const char *text)
{
	size_t whole = strspn(text, "0123456789");
	if (whole == 0)
		return false;
	if (!text[whole])
		return true;
	size_t fraction = strspn(text + whole + 1, "0123456789");
	return text[whole] == '.' && fraction > 0 && !text[whole + 1 + fraction];
}

// What stands behind "avg10=" in the line, when it is a decimal number.
static bool copy_decimal(const char *line, const char *key, char value[16])
{
	const char *at = strstr(line, key);
	if (!at)
		return false;
	at += strlen(key);
	snprintf(value, 16, "%.*s", (int)strcspn(at, " \n"), at);
	return is_decimal(value);
}

static void parse_pressure_line(const char *text, const char *name,
				struct cgroup_pressure_line *line)
{
	const char *at = strstr(text, name), *total = at ? strstr(at, "total=") : NULL;
	if (!total)
		return;
	line->total = strtoull(total + 6, NULL, 10);
	line->known = copy_decimal(at, "avg10=", line->avg10) &&
		      copy_decimal(at, "avg60=", line->avg60) &&
		      copy_decimal(at, "avg300=", line->avg300);
}

static int read_pressure(const struct cgroup *cgroup, const char *file,
			 struct cgroup_pressure *pressure, struct error *err)
{
	auto_free char *text = NULL;
	if (read_text(cgroup, file, &text, err) < 0)
		return -1;
	if (!text)
		return 0;
	parse_pressure_line(text, "some", &pressure->some);
	parse_pressure_line(text, "full", &pressure->full);
	return 0;
}

// ---- memory -------------------------------------------------------------------------------------

// The sum; "no limit" and what does not fit stay without limit.
static uint64_t add(uint64_t a, uint64_t b)
{
	uint64_t sum;
	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static int read_memory(const struct cgroup *cgroup, struct cgroup_stats *stats, struct error *err)
{
	struct cgroup_amount *memory = &stats->memory, *both = &stats->memory_and_swap;
	uint64_t swap, swap_limit;
	bool has_limit, has_max;
	if (read_number(cgroup, "memory.current", &memory->usage, &memory->known, err) < 0 ||
	    read_number(cgroup, "memory.max", &memory->limit, &has_limit, err) < 0 ||
	    read_number(cgroup, "memory.peak", &memory->max, &has_max, err) < 0 ||
	    read_event(cgroup, "memory.events", "max", &memory->failures, err) < 0)
		return -1;
	if (read_number(cgroup, "memory.swap.current", &swap, &both->known, err) < 0 ||
	    read_number(cgroup, "memory.swap.max", &swap_limit, &has_limit, err) < 0 ||
	    read_event(cgroup, "memory.swap.events", "max", &both->failures, err) < 0)
		return -1;
	if (both->known) {
		both->usage = add(memory->usage, swap);
		both->limit = add(memory->limit, swap_limit);
	}
	return 0;
}

static size_t count_lines(const char *text)
{
	size_t count = 1;
	for (; (text = strchr(text, '\n')); text++)
		count++;
	return count;
}

static int read_counters(const struct cgroup *cgroup, struct cgroup_stats *stats, struct error *err)
{
	if (read_text(cgroup, "memory.stat", &stats->memory_text, err) < 0)
		return -1;
	if (!stats->memory_text)
		return 0;
	stats->page_cache = cgroup_stats_counter(stats->memory_text, "file");
	stats->memory_counters =
		calloc(count_lines(stats->memory_text), sizeof *stats->memory_counters);
	if (!stats->memory_counters)
		return error_set(err, ENOMEM, "cgroup %s: out of memory", cgroup->path);
	char *rest = NULL;
	for (char *line = strtok_r(stats->memory_text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *blank = strchr(line, ' ');
		if (!blank)
			continue;
		*blank = '\0';
		stats->memory_counters[stats->memory_counters_count++] =
			(struct cgroup_counter){line, strtoull(blank + 1, NULL, 10)};
	}
	return 0;
}

static int read_pids(const struct cgroup *cgroup, struct cgroup_stats *stats, struct error *err)
{
	bool known;
	if (read_number(cgroup, "pids.current", &stats->pids_current, &known, err) < 0 ||
	    read_number(cgroup, "pids.max", &stats->pids_limit, &known, err) < 0)
		return -1;
	if (stats->pids_limit == UINT64_MAX)
		stats->pids_limit = 0;
	return 0;
}

// ---- io -----------------------------------------------------------------------------------------

// "rbytes=12" of a line of io.stat, or 0.
static uint64_t io_value(const char *line, const char *key)
{
	size_t length = strlen(key), end = strcspn(line, "\n");
	for (const char *at = line; (at = strchr(at, ' ')) && at < line + end; at++)
		if (strncmp(at + 1, key, length) == 0 && at[1 + length] == '=')
			return strtoull(at + length + 2, NULL, 10);
	return 0;
}

static int read_io(const struct cgroup *cgroup, struct cgroup_stats *stats, struct error *err)
{
	auto_free char *text = NULL;
	if (read_text(cgroup, "io.stat", &text, err) < 0)
		return -1;
	if (!text)
		return 0;
	stats->io = calloc(count_lines(text), sizeof *stats->io);
	if (!stats->io)
		return error_set(err, ENOMEM, "cgroup %s: out of memory", cgroup->path);
	for (const char *line = text; *line; line += *line == '\n') {
		struct cgroup_io io = {
			.read_bytes = io_value(line, "rbytes"),
			.write_bytes = io_value(line, "wbytes"),
			.reads = io_value(line, "rios"),
			.writes = io_value(line, "wios"),
		};
		char *colon;
		io.major = strtoull(line, &colon, 10);
		if (colon > line && *colon == ':') {
			io.minor = strtoull(colon + 1, NULL, 10);
			stats->io[stats->io_count++] = io;
		}
		line += strcspn(line, "\n");
	}
	return 0;
}

// ---- huge pages ---------------------------------------------------------------------------------

static int add_hugepages(const struct cgroup *cgroup, const char *size, size_t length,
			 struct cgroup_stats *stats, struct error *err)
{
	struct cgroup_hugepages *larger = reallocarray(stats->hugepages, stats->hugepages_count + 1,
						       sizeof *stats->hugepages);
	if (!larger)
		return error_set(err, ENOMEM, "cgroup %s: out of memory", cgroup->path);
	stats->hugepages = larger;
	struct cgroup_hugepages *pages = &larger[stats->hugepages_count];
	*pages = (struct cgroup_hugepages){0};
	char file[64];
	bool known;
	memcpy(pages->size, size, length);
	snprintf(file, sizeof file, "hugetlb.%s.rsvd.current", pages->size);
	if (read_number(cgroup, file, &pages->usage, &known, err) < 0)
		return -1;
	snprintf(file, sizeof file, "hugetlb.%s.current", pages->size);
	if (!known && read_number(cgroup, file, &pages->usage, &known, err) < 0)
		return -1;
	snprintf(file, sizeof file, "hugetlb.%s.events", pages->size);
	if (read_event(cgroup, file, "max", &pages->failures, err) < 0)
		return -1;
	stats->hugepages_count++;
	return 0;
}

static int add_file(const struct cgroup *cgroup, const char *name, struct cgroup_stats *stats,
		    struct error *err)
{
	static const char prefix[] = "hugetlb.";
	if (!text_has_prefix(name, prefix))
		return 0;
	const char *size = name + sizeof prefix - 1;
	size_t length = strcspn(size, ".");
	if (!text_equal(size + length, ".events") || length >= sizeof stats->hugepages->size)
		return 0;
	return add_hugepages(cgroup, size, length, stats, err);
}

// The sizes are those for which there are files.
static int read_hugepages(const struct cgroup *cgroup, struct cgroup_stats *stats,
			  struct error *err)
{
	_Alignas(struct dirent64) char buffer[4096];
	auto_close int fd = openat(cgroup->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (;;) {
		ssize_t filled = fd < 0 ? -1 : getdents64(fd, buffer, sizeof buffer);
		if (filled < 0 && !says_nothing(errno))
			return error_errno(err, "cgroup %s", cgroup->path);
		if (filled <= 0)
			return 0;
		for (ssize_t at = 0; at < filled;) {
			const struct dirent64 *entry = (const void *)(buffer + at);
			at += entry->d_reclen;
			if (add_file(cgroup, entry->d_name, stats, err) < 0)
				return -1;
		}
	}
}

// ---- all of it ----------------------------------------------------------------------------------

static int read_all(const struct cgroup *cgroup, struct cgroup_stats *stats, struct error *err)
{
	if (read_cpu(cgroup, stats, err) < 0 ||
	    read_pressure(cgroup, "cpu.pressure", &stats->cpu_pressure, err) < 0 ||
	    read_list(cgroup, "cpuset.cpus.effective", &stats->cpus, err) < 0 ||
	    read_list(cgroup, "cpuset.mems.effective", &stats->mems, err) < 0)
		return -1;
	if (read_memory(cgroup, stats, err) < 0 || read_counters(cgroup, stats, err) < 0 ||
	    read_pressure(cgroup, "memory.pressure", &stats->memory_pressure, err) < 0)
		return -1;
	if (read_pids(cgroup, stats, err) < 0 || read_io(cgroup, stats, err) < 0 ||
	    read_pressure(cgroup, "io.pressure", &stats->io_pressure, err) < 0)
		return -1;
	return read_hugepages(cgroup, stats, err);
}

int cgroup_stats_read(const struct cgroup *cgroup, struct cgroup_stats *stats, struct error *err)
{
	*stats = (struct cgroup_stats){0};
	if (read_all(cgroup, stats, err) == 0)
		return 0;
	cgroup_stats_done(stats);
	return -1;
}

void cgroup_stats_done(struct cgroup_stats *stats)
{
	free(stats->cpus);
	free(stats->mems);
	free(stats->memory_text);
	free(stats->memory_counters);
	free(stats->io);
	free(stats->hugepages);
	*stats = (struct cgroup_stats){0};
}
