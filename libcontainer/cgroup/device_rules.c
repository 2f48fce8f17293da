// SPDX-License-Identifier: Apache-2.0
// See device_rules.h.
#include "libcontainer/cgroup/device_rules.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// Beyond so many rules they are not compared with each other; the program is only longer then.
#define REDUCE_MAX 1024

#define TUN_MAJOR 10
#define TUN_MINOR 200
#define BOTH (CGROUP_DEVICE_BLOCK | CGROUP_DEVICE_CHAR)

// What every container may use. Making a node of anything is harmless: opening it is what the rules are
// about. The console of the host (5:1) is not among them: the container's /dev/console is a terminal.
static const struct cgroup_device_rule defaults[] = {
	{true, CGROUP_DEVICE_CHAR, CGROUP_DEVICE_ALL, 1, 3},  // null
	{true, CGROUP_DEVICE_CHAR, CGROUP_DEVICE_ALL, 1, 5},  // zero
	{true, CGROUP_DEVICE_CHAR, CGROUP_DEVICE_ALL, 1, 7},  // full
	{true, CGROUP_DEVICE_CHAR, CGROUP_DEVICE_ALL, 1, 8},  // random
	{true, CGROUP_DEVICE_CHAR, CGROUP_DEVICE_ALL, 1, 9},  // urandom
	{true, CGROUP_DEVICE_CHAR, CGROUP_DEVICE_ALL, 5, 0},  // tty
	{true, CGROUP_DEVICE_CHAR, CGROUP_DEVICE_ALL, 5, 2},  // ptmx
	// What runs below engines counts on it, and they give no means to ask for it. Without CAP_NET_ADMIN over the network
	// namespace nothing can be done with it. A rule of the configuration that names it has the last word.
	{true, CGROUP_DEVICE_CHAR, CGROUP_DEVICE_ALL, TUN_MAJOR, TUN_MINOR},
	{true, CGROUP_DEVICE_CHAR, CGROUP_DEVICE_ALL, 136, -1},  // pts/*
	{true, BOTH, CGROUP_DEVICE_MKNOD, -1, -1},
};

static int parse_access(const char *text, uint8_t *access)
{
	*access = text ? 0 : CGROUP_DEVICE_ALL;
	for (const char *p = text; p && *p; p++) {
		if (*p == 'r')
			*access |= CGROUP_DEVICE_READ;
		else if (*p == 'w')
			*access |= CGROUP_DEVICE_WRITE;
		else if (*p == 'm')
			*access |= CGROUP_DEVICE_MKNOD;
		else
			return -1;
	}
	return *access ? 0 : -1;
}

int cgroup_device_rules_check(const struct spec_resources *resources, struct error *err)
{
	for (size_t i = 0; i < resources->devices_count; i++) {
		const struct spec_device_rule *rule = &resources->devices[i];
		uint8_t access;
		if (rule->type != 'a' && rule->type != 'b' && rule->type != 'c')
			return error_set(err, EINVAL,
					 "linux.resources.devices[%zu].type: must be a, b or c", i);
		if (parse_access(rule->access, &access) < 0)
			return error_set(
				err, EINVAL,
				"linux.resources.devices[%zu].access: '%.16s': must be of the "
				"letters r, w and m",
				i, rule->access);
		if ((rule->major.set && rule->major.value < -1) ||
		    (rule->minor.set && rule->minor.value < -1))
			return error_set(
				err, EINVAL,
				"linux.resources.devices[%zu]: major and minor must be -1 (any) "
				"or larger",
				i);
	}
	return 0;
}

// Returns false for numbers that no device can have: such a rule never matches.
static bool read_number(const struct spec_optional_i64 *number, int64_t most, int32_t *out)
{
	*out = number->set && number->value >= 0 && number->value <= most ? (int32_t)number->value
									  : -1;
	return !number->set || number->value <= most;
}

static void add_configured(const struct spec_device_rule *from, struct cgroup_device_rules *rules)
{
	struct cgroup_device_rule rule = {.allow = from->allow};
	if (parse_access(from->access, &rule.access) < 0)
		return;  // cgroup_device_rules_check has refused it
	rule.types = from->type == 'c'   ? CGROUP_DEVICE_CHAR
		     : from->type == 'b' ? CGROUP_DEVICE_BLOCK
					 : BOTH;
	if (read_number(&from->major, 4095, &rule.major) &&
	    read_number(&from->minor, 1048575, &rule.minor))
		rules->items[rules->count++] = rule;
}

static void add_device(const struct spec_device *device, struct cgroup_device_rules *rules)
{
	if (device->type != 'c' && device->type != 'b')
		return;
	if (device->major < 0 || device->major > 4095 || device->minor < 0 ||
	    device->minor > 1048575)
		return;
	rules->items[rules->count++] = (struct cgroup_device_rule){
		.allow = true,
		.types = device->type == 'c' ? CGROUP_DEVICE_CHAR : CGROUP_DEVICE_BLOCK,
		.access = CGROUP_DEVICE_ALL,
		.major = (int32_t)device->major,
		.minor = (int32_t)device->minor,
	};
}

static bool names_tun(const struct cgroup_device_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->items[i].major == TUN_MAJOR && rules->items[i].minor == TUN_MINOR)
			return true;
	return false;
}

int cgroup_device_rules_collect(const struct spec_resources *resources,
				const struct spec_device *extra, size_t extra_count,
				struct cgroup_device_rules *rules, struct error *err)
{
	*rules = (struct cgroup_device_rules){0};
	if (cgroup_device_rules_check(resources, err) < 0)
		return -1;
	size_t size = resources->devices_count + extra_count + array_size(defaults);
	rules->items = calloc(size, sizeof *rules->items);
	if (!rules->items)
		return error_set(err, ENOMEM, "linux.resources.devices: out of memory");
	for (size_t i = 0; i < resources->devices_count; i++)
		add_configured(&resources->devices[i], rules);
	bool tun = !names_tun(rules);
	for (size_t i = 0; i < extra_count; i++)
		add_device(&extra[i], rules);
	for (size_t i = 0; i < array_size(defaults); i++)
		if (tun || defaults[i].minor != TUN_MINOR)
			rules->items[rules->count++] = defaults[i];
	cgroup_device_rules_reduce(rules);
	return 0;
}

// Whether every access of which inner speaks is spoken of by outer as well.
static bool covers(const struct cgroup_device_rule *outer, const struct cgroup_device_rule *inner)
{
	return (inner->types & ~outer->types) == 0 && (inner->access & ~outer->access) == 0 &&
	       (outer->major == -1 || outer->major == inner->major) &&
	       (outer->minor == -1 || outer->minor == inner->minor);
}

static bool is_overruled(const struct cgroup_device_rules *rules, size_t at)
{
	for (size_t later = at + 1; later < rules->count; later++)
		if (covers(&rules->items[later], &rules->items[at]))
			return true;
	return false;
}

// A rule about everything starts the list anew.
static void restart(struct cgroup_device_rules *rules)
{
	static const struct cgroup_device_rule everything = {false, BOTH, CGROUP_DEVICE_ALL, -1,
							     -1};
	size_t from = 0;
	for (size_t i = 0; i < rules->count; i++) {
		if (!covers(&rules->items[i], &everything))
			continue;
		rules->allow = rules->items[i].allow;
		from = i + 1;
	}
	rules->count -= from;
	memmove(rules->items, rules->items + from, rules->count * sizeof *rules->items);
}

static bool meet(const struct cgroup_device_rule *a, const struct cgroup_device_rule *b)
{
	return (a->types & b->types) && (a->access & b->access) &&
	       (a->major == -1 || b->major == -1 || a->major == b->major) &&
	       (a->minor == -1 || b->minor == -1 || a->minor == b->minor);
}

// A rule says nothing new while all that is weaker agrees with it: a denial of what nothing has allowed, as some engines write it.
static bool is_new(const struct cgroup_device_rules *rules, size_t kept,
		   const struct cgroup_device_rule *rule)
{
	if (rule->allow != rules->allow)
		return true;
	for (size_t i = 0; i < kept; i++)
		if (rules->items[i].allow != rule->allow && meet(&rules->items[i], rule))
			return true;
	return false;
}

void cgroup_device_rules_reduce(struct cgroup_device_rules *rules)
{
	size_t kept = 0;
	restart(rules);
	if (rules->count > REDUCE_MAX)
		return;
	for (size_t i = 0; i < rules->count; i++)
		if (!is_overruled(rules, i) && is_new(rules, kept, &rules->items[i]))
			rules->items[kept++] = rules->items[i];
	rules->count = kept;
}

void cgroup_device_rules_done(struct cgroup_device_rules *rules)
{
	free(rules->items);
	*rules = (struct cgroup_device_rules){0};
}
