// SPDX-License-Identifier: Apache-2.0
// The systemd cgroup manager, seen from husk: orders to the program husk-scope, which speaks with systemd. A program of its own,
// because systemd's library comes as a shared one only and nobody else shall pay for it.
//
// The order goes over a socket: lines "WORD VALUE", "body LENGTH", an empty line, the body. What comes back are lines:
// "warning TEXT" any number of times, then "ok [VALUE]" or "error TEXT". Everything has a deadline on both sides. After "ok" to a start
// the program stays, as the first member of the scope, until the socket is closed: a scope without a process would be collected.
#ifndef HUSK_CGROUP_SCOPE_H
#define HUSK_CGROUP_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/text.h"
#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/cgroup/scope_name.h"
#include "spec/spec.h"

#define SCOPE_PROGRAM "husk-scope"
#define SCOPE_TIMEOUT_MS 30000

// Whom to ask, and how long.
struct scope_manager {
	const char *program;  // borrowed: where husk-scope is
	bool user;            // the user's own systemd, not the system's
	int timeout_ms;       // 0: SCOPE_TIMEOUT_MS
	const struct log *log;
};

// The process that keeps a new scope alive.
struct scope_holder {
	int socket;  // owned; -1: none
	pid_t pid;
};
#define SCOPE_HOLDER_NONE                                                                          \
	{                                                                                          \
		.socket = -1                                                                       \
	}

// Where husk-scope is. *path malloc'ed.
int scope_find_program(char **path, struct error *err) must_check;
// Whether systemd manages this host at all.
int scope_check_host(struct error *err) must_check;

// Starts the unit with the limits, devices and annotations of config (a config.json of length bytes) and waits until it runs. *path: its
// cgroup below the cgroup2 mount, malloc'ed.
int scope_start(const struct scope_manager *manager, const struct scope_name *name,
		const char *config, size_t length, struct scope_holder *holder, char **path,
		struct error *err) must_check;
// What of a configuration can have had the unit's first process killed by the signal: "annotations[\"...\"] = VALUE, ...", or nothing.
void scope_name_causes(int number, const char *config, size_t length, struct text *text);
// Lets the holder go and waits for its end.
void scope_release(struct scope_holder *holder);

// A limit of one or two processes leaves no room for the holder: then *wider is resources with room for it, and true is returned.
bool scope_make_room(const struct spec_resources *resources, struct spec_resources *wider);

// Makes the cgroup leaf below the unit's, moves the holder there and hands the controllers down: processes can live only in
// cgroups that hand none down. cgroup: as of cgroup_open.
int scope_make_leaf(const struct cgroup_host *host, const char *path, const char *leaf,
		    pid_t holder, const struct spec_resources *resources, struct cgroup *cgroup,
		    struct error *err) must_check;

// Gives the unit the limits of a linux.resources object, length bytes of JSON.
int scope_update(const struct scope_manager *manager, const char *unit, const char *resources,
		 size_t length, struct error *err) must_check;

// Kills what is in the unit, stops it, waits, and makes systemd forget it. One that is not there is success.
int scope_stop(const struct scope_manager *manager, const char *unit, struct error *err) must_check;

// A plain user may move processes only below a cgroup that is his. When husk itself runs elsewhere (a login session), it
// first moves into a scope of its own beside the container's. path: of the container's cgroup.
int scope_come_near(const struct scope_manager *manager, const struct cgroup_host *host,
		    const char *path, struct error *err) must_check;

#endif
