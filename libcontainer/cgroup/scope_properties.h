// SPDX-License-Identifier: Apache-2.0
// linux.resources, devices and annotations as properties of a systemd unit. Pure, and without systemd's library: the values are kept
// as text together with their D-Bus types, and husk-scope writes them into its messages.
#ifndef HUSK_CGROUP_SCOPE_PROPERTIES_H
#define HUSK_CGROUP_SCOPE_PROPERTIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"
#include "libcontainer/base/text.h"
#include "spec/spec.h"

// Of the annotations that name a property.
#define SCOPE_PROPERTY_PREFIX "org.systemd.property."

struct scope_property {
	char name[64];
	char signature[8];       // a basic type, an array of one ("as"), "a(ss)"
	struct text value;       // owned: each element ended by a NUL; for "ay" the bytes
	size_t count;            // of elements; of a pair each half counts
	const char *annotation;  // borrowed: the key that it comes from, or NULL
	bool optional;  // also in force by way of a cgroup file: a systemd that does not know it does no harm
};

struct scope_properties {
	struct scope_property *items;  // owned
	size_t count;
	bool failed;  // out of memory anywhere on the way
};

// An empty property, in place of one with that name. NULL when memory ran out.
struct scope_property *scope_properties_add(struct scope_properties *properties, const char *name,
					    const char *signature);
void scope_property_add_element(struct scope_property *property, const char *element);
void scope_properties_done(struct scope_properties *properties);

// Every limit that systemd has a property for, from the very list of writes to cgroup files.
int scope_properties_add_resources(struct scope_properties *properties,
				   const struct spec_resources *resources,
				   struct error *err) must_check;

// DevicePolicy and DeviceAllow: at least what the container's own device program allows, as near as systemd can say it.
// proc_devices: the content of /proc/devices.
int scope_properties_add_devices(struct scope_properties *properties,
				 const struct spec_resources *resources,
				 const struct spec_device *extra, size_t extra_count,
				 const char *proc_devices, struct error *err) must_check;

// org.systemd.property.NAME annotations.
int scope_properties_add_annotations(struct scope_properties *properties, const struct spec *spec,
				     struct error *err) must_check;

// "0-2,7" -> a little-endian bitmap, as systemd wants sets of processors and memory nodes.
int scope_bitmap(const char *list, struct text *bitmap) must_check;

// A D-Bus type in words: "uint64", "array of string".
void scope_type_name(const char *signature, char name[48]);

// One value as gvariant writes it: true, 'text', uint64 5, 5, 1.5, ['a', 'b'], @as []. Anything deeper is refused.
int scope_variant_parse(const char *text, struct scope_property *property,
			struct error *err) must_check;

#endif
