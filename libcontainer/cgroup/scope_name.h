// SPDX-License-Identifier: Apache-2.0
// The words of linux.cgroupsPath for the systemd cgroup manager: "slice:prefix:name" as the names of two units. Pure.
#ifndef HUSK_CGROUP_SCOPE_NAME_H
#define HUSK_CGROUP_SCOPE_NAME_H

#include <stdbool.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"
#include "libcontainer/base/text.h"

struct scope_name {
	char *slice;  // owned: "system.slice"
	char *unit;   // owned: "husk-box.scope", or a slice when the name is that of one
};

// cgroups_path "slice:prefix:name". An empty slice is system.slice (user: user.slice); an empty prefix gives "name.scope", and a name
// that ends in ".slice" is the unit itself. NULL or empty: "husk-ID.scope" in the default slice.
int scope_name_parse(const char *cgroups_path, const char *id, bool user, struct scope_name *name,
		     struct error *err) must_check;
void scope_name_done(struct scope_name *name);

// Whether such a path is meant for systemd.
bool scope_name_is_triple(const char *cgroups_path);

// "a-b.slice" -> "/a.slice/a-b.slice", "-.slice" -> "": where a slice's cgroup lies below its manager's.
int scope_slice_path(const char *slice, struct text *path, struct error *err) must_check;

#endif
