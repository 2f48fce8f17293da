// SPDX-License-Identifier: Apache-2.0
// Device rules as systemd's DevicePolicy and DeviceAllow.
//
// systemd knows only a list of what is allowed, by device or by a driver's whole range. Where the configuration says more
// (an exception, one minor of every driver), systemd is told the wider rule: the container's own device program stands beside
// systemd's, and the kernel allows only what both allow. Never the narrower, which would take away what was granted.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/device_rules.h"
#include "libcontainer/cgroup/scope_properties.h"

// The driver that has the major number, from a section of /proc/devices: " 136 pts". False: none has.
static bool find_driver(const char *section, int32_t major, char *name, size_t size)
{
	const char *line = section ? strchr(section, '\n') : NULL;
	for (; line && line[1] && line[1] != '\n'; line = strchr(line + 1, '\n')) {
		char *rest;
		long number = strtol(line + 1, &rest, 10);
		if (number != major || *rest != ' ')
			continue;
		rest++;
		size_t length = strcspn(rest, "\n");
		snprintf(name, size, "%.*s", (int)length, rest);
		// systemd reads * and ? as wildcards, and a slash as a path
		return length > 0 && length < size && !strpbrk(name, "*?[/");
	}
	return false;
}

static void name_devices(const struct cgroup_device_rule *rule, bool block,
			 const char *proc_devices, char name[128])
{
	const char *kind = block ? "block" : "char";
	char driver[64];
	const char *section = strstr(proc_devices, block ? "Block devices:" : "Character devices:");
	if (rule->major >= 0 && rule->minor >= 0)
		snprintf(name, 128, "/dev/%s/%d:%d", kind, rule->major, rule->minor);
	else if (rule->major >= 0 && find_driver(section, rule->major, driver, sizeof driver))
		snprintf(name, 128, "%s-%s", kind, driver);
	else
		snprintf(name, 128, "%s-*", kind);
}

static void add_entry(struct scope_property *allow, const char *name, uint8_t access)
{
	char letters[4];
	snprintf(letters, sizeof letters, "%s%s%s", access & CGROUP_DEVICE_READ ? "r" : "",
		 access & CGROUP_DEVICE_WRITE ? "w" : "", access & CGROUP_DEVICE_MKNOD ? "m" : "");
	scope_property_add_element(allow, name);
	scope_property_add_element(allow, letters);
}

static void add_rule(struct scope_property *allow, const struct cgroup_device_rule *rule,
		     const char *proc_devices)
{
	char name[128];
	if (!rule->allow)
		return;
	for (int block = 0; block < 2; block++) {
		if (!(rule->types & (block ? CGROUP_DEVICE_BLOCK : CGROUP_DEVICE_CHAR)))
			continue;
		name_devices(rule, block, proc_devices, name);
		add_entry(allow, name, rule->access);
	}
}

int scope_properties_add_devices(struct scope_properties *properties,
				 const struct spec_resources *resources,
				 const struct spec_device *extra, size_t extra_count,
				 const char *proc_devices, struct error *err)
{
	struct cgroup_device_rules rules;
	if (cgroup_device_rules_collect(resources, extra, extra_count, &rules, err) < 0)
		return -1;
	struct scope_property *policy = scope_properties_add(properties, "DevicePolicy", "s");
	if (policy)
		scope_property_add_element(policy, rules.allow ? "auto" : "strict");
	// with "auto" an empty list allows everything
	struct scope_property *allow = scope_properties_add(properties, "DeviceAllow", "a(ss)");
	for (size_t i = 0; allow && !rules.allow && i < rules.count; i++)
		add_rule(allow, &rules.items[i], proc_devices);
	cgroup_device_rules_done(&rules);
	return properties->failed ? error_set(err, ENOMEM, "out of memory") : 0;
}
