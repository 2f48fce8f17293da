// SPDX-License-Identifier: Apache-2.0
// What is done with one unit.
#ifndef HUSK_RUNTIME_SCOPE_UNIT_H
#define HUSK_RUNTIME_SCOPE_UNIT_H

#include "libcontainer/cgroup/scope_properties.h"
#include "runtime/scope/bus.h"

// Starts a transient unit and waits until it runs. Properties that systemd does not know and that are optional are left out. What is in
// the way, dead and only remembered, is forgotten first.
int unit_start(struct bus *bus, const char *unit, struct scope_properties *properties,
	       struct error *err) must_check;
int unit_update(struct bus *bus, const char *unit, struct scope_properties *properties,
		struct error *err) must_check;
// Kills, stops, waits, and forgets. One that is not there is success.
int unit_stop(struct bus *bus, const char *unit, struct error *err) must_check;
// Waits until a unit whose processes are gone has ended, and forgets it if it is kept as failed. One that does live is left alone.
int unit_forget(struct bus *bus, const char *unit, struct error *err) must_check;
// Asks to stop it without waiting for an answer, when systemd has been too slow.
void unit_abandon(struct bus *bus, const char *unit);
// Its cgroup below the mount. malloc'ed.
int unit_cgroup(struct bus *bus, const char *unit, char **path, struct error *err) must_check;

#endif
