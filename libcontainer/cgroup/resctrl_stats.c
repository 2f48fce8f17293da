// SPDX-License-Identifier: Apache-2.0
// See resctrl_stats.h. A file that is not there is an ability that the processor lacks.
#include "libcontainer/cgroup/resctrl_stats.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"
#include "libcontainer/cgroup/resctrl.h"
#include "libcontainer/kernel/fd.h"

#define SCHEMATA_MAX ((size_t)64 * 1024)
#define DOMAIN_PREFIX "mon_L3_"

static const int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// ---- numbers and words -----------------------------------------------------------------------------

// The kernel may say a word instead ("Unavailable"): that is no number.
static void read_number(int dir_fd, const char *path, struct resctrl_number *number)
{
	char digits[32];
	number->known = fd_read_value(dir_fd, path, digits, sizeof digits) > 0 &&
			text_to_unsigned(digits, &number->value) == 0;
}

static void read_abilities(int root_fd, struct resctrl_stats *stats)
{
	struct resctrl_abilities *cache = &stats->cache, *bandwidth = &stats->bandwidth;
	cache->known = fd_read_value(root_fd, "info/L3/cbm_mask", cache->cbm_mask,
				     sizeof cache->cbm_mask) > 0;
	if (!cache->known)
		cache->cbm_mask[0] = '\0';
	read_number(root_fd, "info/L3/min_cbm_bits", &cache->min_cbm_bits);
	read_number(root_fd, "info/L3/num_closids", &cache->num_closids);
	read_number(root_fd, "info/MB/num_closids", &bandwidth->num_closids);
	read_number(root_fd, "info/MB/bandwidth_gran", &bandwidth->bandwidth_gran);
	read_number(root_fd, "info/MB/delay_linear", &bandwidth->delay_linear);
	read_number(root_fd, "info/MB/min_bandwidth", &bandwidth->min_bandwidth);
	bandwidth->known = bandwidth->num_closids.known;
}

static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);
	for (; *text; text += *text == '\n') {
		size_t line = strcspn(text, "\n");
		if (line == length && memcmp(text, word, length) == 0)
			return true;
		text += line;
	}
	return false;
}

static void read_features(int root_fd, struct resctrl_stats *stats)
{
	char features[512];
	if (fd_read_value(root_fd, "info/L3_MON/mon_features", features, sizeof features) <= 0)
		return;
	stats->counts_bandwidth =
		has_word(features, "mbm_total_bytes") || has_word(features, "mbm_local_bytes");
	stats->counts_occupancy = has_word(features, "llc_occupancy");
}

// ---- schemata --------------------------------------------------------------------------------------

static char *trimmed(char *line)
{
	while (isspace((unsigned char)*line))
		line++;
	for (size_t length = strlen(line); length && isspace((unsigned char)line[length - 1]);)
		line[--length] = '\0';
	return line;
}

static int read_schemata(int group_fd, const char *group, struct resctrl_schemata *schemata,
			 struct error *err)
{
	size_t length, most = 1;
	char *rest = NULL;
	if (fd_read_file(group_fd, "schemata", SCHEMATA_MAX, &schemata->text, &length) < 0)
		return error_errno(err, "linux.intelRdt: read the schemata of the group %s", group);
	for (const char *at = schemata->text; (at = strchr(at, '\n')); at++)
		most++;
	schemata->lines = calloc(most, sizeof *schemata->lines);
	if (!schemata->lines)
		return error_set(err, ENOMEM, "out of memory");
	for (char *line = strtok_r(schemata->text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		if (*(line = trimmed(line)))
			schemata->lines[schemata->count++] = line;
	return 0;
}

const char *resctrl_schemata_find(const struct resctrl_schemata *schemata, const char *resource)
{
	size_t length = strlen(resource);
	for (size_t i = 0; i < schemata->count; i++)
		if (strncmp(schemata->lines[i], resource, length) == 0 &&
		    schemata->lines[i][length] == ':')
			return schemata->lines[i];
	return NULL;
}

// ---- counters --------------------------------------------------------------------------------------

static int is_domain(const struct dirent *entry)
{
	return text_has_prefix(entry->d_name, DOMAIN_PREFIX);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_domain(int data_fd, const char *name, struct resctrl_domain *domain)
{
	auto_close int fd = openat(data_fd, name, directory_flags);
	if (fd < 0)
		return;
	read_number(fd, "mbm_total_bytes", &domain->mbm_total_bytes);
	read_number(fd, "mbm_local_bytes", &domain->mbm_local_bytes);
	read_number(fd, "llc_occupancy", &domain->llc_occupancy);
}

static int read_counters(int group_fd, const char *monitor, struct resctrl_stats *stats,
			 struct error *err)
{
	char path[300];
	struct dirent **names = NULL;
	snprintf(path, sizeof path, "%s%s/mon_data", monitor ? "mon_groups/" : ".",
		 monitor ? monitor : "");
	auto_close int data_fd = openat(group_fd, path, directory_flags);
	int count = data_fd < 0 ? -1 : scandirat(data_fd, ".", &names, is_domain, by_name);
	if (count < 0)
		return error_errno(err, "linux.intelRdt: open %s", path);
	stats->domains = calloc((size_t)count + 1, sizeof *stats->domains);
	for (int i = 0; i < count; i++) {
		if (stats->domains)
			read_domain(data_fd, names[i]->d_name,
				    &stats->domains[stats->domains_count++]);
		free(names[i]);
	}
	free(names);
	return stats->domains ? 0 : error_set(err, ENOMEM, "out of memory");
}

// ---- all of it -------------------------------------------------------------------------------------

static int read_all(int root_fd, const struct spec_intel_rdt *rdt, const char *id,
		    struct resctrl_stats *stats, struct error *err)
{
	auto_close int group_fd = resctrl_open_group(root_fd, rdt, id, err);
	if (group_fd < 0)
		return err->code == ENOENT ? 0 : -1;
	stats->known = true;
	read_abilities(root_fd, stats);
	read_features(root_fd, stats);
	if (read_schemata(root_fd, "/", &stats->everybodys, err) < 0 ||
	    read_schemata(group_fd, rdt->clos_id ? rdt->clos_id : id, &stats->own, err) < 0)
		return -1;
	if (!stats->counts_bandwidth && !stats->counts_occupancy)
		return 0;
	return read_counters(group_fd, rdt->enable_monitoring ? id : NULL, stats, err);
}

int resctrl_stats_read(int root_fd, const struct spec_intel_rdt *rdt, const char *id,
		       struct resctrl_stats *stats, struct error *err)
{
	*stats = (struct resctrl_stats){0};
	if (read_all(root_fd, rdt, id, stats, err) < 0) {
		resctrl_stats_done(stats);
		return -1;
	}
	return 0;
}

static void schemata_done(struct resctrl_schemata *schemata)
{
	free(schemata->lines);
	free(schemata->text);
}

void resctrl_stats_done(struct resctrl_stats *stats)
{
	schemata_done(&stats->everybodys);
	schemata_done(&stats->own);
	free(stats->domains);
	*stats = (struct resctrl_stats){0};
}
