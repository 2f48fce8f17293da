// SPDX-License-Identifier: Apache-2.0
// Limits as properties. The list of writes to cgroup files (settings.h) is translated file by file, so what systemd is told and what
// is written cannot differ, keys of linux.resources.unified included. What has no property is in the files alone.
#include "libcontainer/cgroup/scope_properties.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/settings.h"

// systemd keeps processor time in hundredths of a processor
#define QUOTA_STEP 10000ULL
#define USEC_PER_SEC 1000000ULL
// More processors or memory nodes than a kernel has.
#define BITMAP_BITS 65536

// ---- the list --------------------------------------------------------------------------------------

struct scope_property *scope_properties_add(struct scope_properties *properties, const char *name,
					    const char *signature)
{
	struct scope_property *found = NULL;
	for (size_t i = 0; i < properties->count && !found; i++)
		if (text_equal(properties->items[i].name, name))
			found = &properties->items[i];
	if (!found) {
		struct scope_property *more =
			reallocarray(properties->items, properties->count + 1, sizeof *more);
		if (!more) {
			properties->failed = true;
			return NULL;
		}
		properties->items = more;
		found = &more[properties->count++];
	} else {
		text_done(&found->value);
	}
	*found = (struct scope_property){0};
	snprintf(found->name, sizeof found->name, "%s", name);
	snprintf(found->signature, sizeof found->signature, "%s", signature);
	return found;
}

void scope_property_add_element(struct scope_property *property, const char *element)
{
	text_add_bytes(&property->value, element, strlen(element) + 1);
	property->count++;
}

void scope_properties_done(struct scope_properties *properties)
{
	for (size_t i = 0; i < properties->count; i++)
		text_done(&properties->items[i].value);
	free(properties->items);
	*properties = (struct scope_properties){0};
}

static struct scope_property *add_limit(struct scope_properties *properties, const char *name,
					const char *signature)
{
	struct scope_property *property = scope_properties_add(properties, name, signature);
	if (property)
		property->optional = true;
	return property;
}

static void add_number(struct scope_properties *properties, const char *name, uint64_t value)
{
	char digits[24];
	struct scope_property *property = add_limit(properties, name, "t");
	snprintf(digits, sizeof digits, "%" PRIu64, value);
	if (property)
		scope_property_add_element(property, digits);
}

// ---- values of files -------------------------------------------------------------------------------

// A number or "max"; what else unified may hold is left to the file.
static void translate_number(struct scope_properties *properties, const char *name,
			     const char *value)
{
	uint64_t number = UINT64_MAX;
	if (text_equal(value, "max") || text_to_unsigned(value, &number) == 0)
		add_number(properties, name, number);
}

static void translate_quota(struct scope_properties *properties, const char *name,
			    const char *value)
{
	char quota_text[24] = "", period_text[24] = "";
	uint64_t quota, period = 100000, share;
	(void)name;
	int words = sscanf(value, "%23s %23s", quota_text, period_text);
	if (words < 1 ||
	    (words == 2 && (text_to_unsigned(period_text, &period) < 0 || period == 0)))
		return;
	if (words == 2)
		add_number(properties, "CPUQuotaPeriodUSec", period);
	if (text_equal(quota_text, "max")) {
		add_number(properties, "CPUQuotaPerSecUSec", UINT64_MAX);
		return;
	}
	if (text_to_unsigned(quota_text, &quota) < 0 ||
	    __builtin_mul_overflow(quota, USEC_PER_SEC, &share))
		return;
	share /= period;
	// up, so that systemd never takes more away than was asked for
	share = (share + QUOTA_STEP - 1) / QUOTA_STEP * QUOTA_STEP;
	add_number(properties, "CPUQuotaPerSecUSec", share);
}

// An idle cgroup is systemd's weight of 0. Not idle any more it has none until the weight, which comes behind, says one.
static void translate_idle(struct scope_properties *properties, const char *name, const char *value)
{
	add_number(properties, name, text_equal(value, "1") ? 0 : UINT64_MAX);
}

static void translate_set(struct scope_properties *properties, const char *name, const char *value)
{
	auto_text struct text bitmap = {0};
	if (scope_bitmap(value, &bitmap) < 0)
		return;
	struct scope_property *property = add_limit(properties, name, "ay");
	if (!property)
		return;
	property->count = bitmap.length;
	property->value = bitmap;
	bitmap = (struct text){0};
}

static void translate_io_weight(struct scope_properties *properties, const char *name,
				const char *value)
{
	// the line for all devices
	if (text_has_prefix(value, "default "))
		translate_number(properties, name, value + strlen("default "));
	else if (!strchr(value, ':'))
		translate_number(properties, name, value);
}

static void translate_oom_group(struct scope_properties *properties, const char *name,
				const char *value)
{
	struct scope_property *property = add_limit(properties, name, "s");
	if (property)
		scope_property_add_element(property, text_equal(value, "1") ? "kill" : "continue");
}

static const struct translation {
	const char *file, *property;
	void (*translate)(struct scope_properties *properties, const char *name, const char *value);
} translations[] = {
	{"pids.max", "TasksMax", translate_number},
	{"memory.max", "MemoryMax", translate_number},
	{"memory.high", "MemoryHigh", translate_number},
	{"memory.low", "MemoryLow", translate_number},
	{"memory.min", "MemoryMin", translate_number},
	{"memory.swap.max", "MemorySwapMax", translate_number},
	{"memory.zswap.max", "MemoryZSwapMax", translate_number},
	{"memory.oom.group", "OOMPolicy", translate_oom_group},
	{"cpu.weight", "CPUWeight", translate_number},
	{"cpu.idle", "CPUWeight", translate_idle},
	{"cpu.max", NULL, translate_quota},
	{"cpuset.cpus", "AllowedCPUs", translate_set},
	{"cpuset.mems", "AllowedMemoryNodes", translate_set},
	{"io.weight", "IOWeight", translate_io_weight},
};

static void translate(struct scope_properties *properties, const char *file, const char *value)
{
	for (size_t i = 0; i < array_size(translations); i++)
		if (text_equal(file, translations[i].file))
			translations[i].translate(properties, translations[i].property, value);
}

static int translate_setting(const struct cgroup_setting *setting, void *data, struct error *err)
{
	(void)err;
	const char *value = setting->value;
	uint64_t period;
	// a period alone: systemd keeps the quota that it knows
	if (setting->merge_quota) {
		if (text_to_unsigned(value + strcspn(value, " ") + 1, &period) == 0)
			add_number(data, "CPUQuotaPeriodUSec", period);
		return 0;
	}
	translate(data, setting->file, value);
	if (*setting->other_file)
		translate(data, setting->other_file, setting->other_text);
	return 0;
}

int scope_properties_add_resources(struct scope_properties *properties,
				   const struct spec_resources *resources, struct error *err)
{
	if (cgroup_settings_visit(resources, translate_setting, properties, err) < 0)
		return -1;
	return properties->failed ? error_set(err, ENOMEM, "out of memory") : 0;
}

// ---- sets ------------------------------------------------------------------------------------------

static int read_bit(const char **text, unsigned *bit)
{
	*text += strspn(*text, " ");
	size_t digits = strspn(*text, "0123456789");
	if (digits == 0 || digits > 6)
		return -1;
	*bit = (unsigned)strtoul(*text, NULL, 10);
	*text += digits;
	*text += strspn(*text, " ");
	return *bit < BITMAP_BITS ? 0 : -1;
}

int scope_bitmap(const char *list, struct text *bitmap)
{
	static const char zeros[BITMAP_BITS / 8];
	unsigned first, last;
	while (*list) {
		if (read_bit(&list, &first) < 0)
			return -1;
		last = first;
		if (*list == '-' && (list++, read_bit(&list, &last) < 0 || last < first))
			return -1;
		if (bitmap->length < last / 8 + 1)
			text_add_bytes(bitmap, zeros, last / 8 + 1 - bitmap->length);
		for (unsigned bit = first; bit <= last && bitmap->data && !text_failed(bitmap);
		     bit++)
			bitmap->data[bit / 8] = (char)(bitmap->data[bit / 8] | 1 << bit % 8);
		if (*list && (*list++ != ',' || !*list))
			return -1;
	}
	return text_failed(bitmap) ? -1 : 0;
}
