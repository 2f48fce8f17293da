// SPDX-License-Identifier: Apache-2.0
// A conversation with systemd that ends in time: connecting, calling, waiting for a job. Errors are systemd's own words.
#ifndef HUSK_RUNTIME_SCOPE_BUS_H
#define HUSK_RUNTIME_SCOPE_BUS_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"

struct bus {
	sd_bus *bus;              // owned
	const char *destination;  // NULL on systemd's private socket
	uint64_t deadline;        // CLOCK_MONOTONIC, microseconds
	unsigned seconds;         // of the deadline, for messages
	sd_bus_slot *slot;        // owned: the match of JobRemoved
	char *job;                // owned: the job that is waited for
	char *result;             // owned: what became of it
};

// Connects to the user's or the system's manager: DBUS_*_BUS_ADDRESS when it is given, else systemd's private socket, else
// the bus at its usual place. From here on everything fails when timeout_ms are over.
int bus_open(struct bus *bus, bool user, unsigned timeout_ms, struct error *err) must_check;
void bus_close(struct bus *bus);

// A message to the manager. Owned by the caller.
int bus_new_call(struct bus *bus, const char *method, sd_bus_message **message,
		 struct error *err) must_check;
// Calls. reply may be NULL. -1 with *failure (the caller's to free) when systemd said no, and with *err in any case.
int bus_call(struct bus *bus, sd_bus_message *message, sd_bus_error *failure,
	     sd_bus_message **reply, struct error *err) must_check;
// Listens for the ends of jobs: before the first of them is begun.
int bus_listen(struct bus *bus, struct error *err) must_check;
// Waits for the job of the reply. Anything but "done" is an error.
int bus_wait_job(struct bus *bus, sd_bus_message *reply, struct error *err) must_check;

// A failing call of sd-bus.
int bus_error(struct error *err, int negative_errno, const char *what);

#endif
