// SPDX-License-Identifier: Apache-2.0
// A container that a command finds again: its directory, record, status and cgroup.
#ifndef HUSK_LIFECYCLE_OPENED_H
#define HUSK_LIFECYCLE_OPENED_H

#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/container.h"
#include "libcontainer/state/state.h"
#include "spec/spec.h"

struct opened {
	int root_fd, dir_fd;         // owned
	struct state_record record;  // owned
	bool torn;  // the record cannot be read: only `delete --force` goes on from here
	struct state_look look;    // owned: its pidfd is for opened_init
	struct cgroup_host host;   // owned
	struct cgroup cgroup;      // owned; fd -1 when there is none (any more)
	enum state_status status;  // with paused
};

// How long a command waits for another one that holds the container's lock.
#define OPENED_LOCK_MS 10000

// Opens the state root of the context (create: makes it).
int opened_root(const struct container_context *context, bool create, int *root_fd,
		struct error *err) must_check;

// Finds a container. ENOENT in err->code with the contract's text when there is none. exclusive: takes the lock for a
// command that changes something; otherwise no lock at all, because readers must never wait.
int opened_open(const struct container_context *context, const char *id, bool exclusive,
		struct opened *opened, struct error *err) must_check;
// The same, waiting lock_ms for the lock: EAGAIN in err->code when that is over; -1: no lock.
int opened_open_within(const struct container_context *context, const char *id, int lock_ms,
		       struct opened *opened, struct error *err) must_check;
// A record that was read already, for list.
int opened_load(struct opened *opened, const char *id, struct error *err) must_check;
// A pidfd of init, which lives: stays the container's. ESRCH in err->code when it is gone.
int opened_init(struct opened *opened, struct error *err) must_check;
// Computes the status anew.
void opened_refresh(struct opened *opened);
// The configuration as it was at create.
int opened_config(const struct opened *opened, const struct spec **spec,
		  struct error *err) must_check;
// What to say of a container whose files are not all there, with what helps: ENODATA.
int opened_remains(const char *id, const struct error *cause, struct error *err);
// What to say when it does not parse.
int opened_bad_config(const struct opened *opened, const struct spec_error *why, struct error *err);
// "container not running: ..." of the contract.
int opened_not_running(const struct opened *opened, const char *what, struct error *err);
void opened_done(struct opened *opened);
#define auto_opened __attribute__((cleanup(opened_done)))
#define OPENED_NONE                                                                                \
	{                                                                                          \
		.root_fd = -1, .dir_fd = -1, .look = {.pidfd = -1, .gate = -1},                    \
		.host = {.fd = -1}, .cgroup = {                                                    \
			.fd = -1                                                                   \
		}                                                                                  \
	}

#endif
