// SPDX-License-Identifier: Apache-2.0
// sd_notify(3) of a container: its program talks to a socket of husk's, and husk passes on what the service manager may believe.
//
// The socket lies in a directory of its own in the state directory, which the container sees as /run/notify, read-only: so it
// can be made anew by `start`, and nothing of the host's is in the container. husk relays as long as it is there anyway: `start`
// and a detached `run` until READY=1, a foreground `run` to the end.
#ifndef HUSK_LIFECYCLE_NOTIFY_H
#define HUSK_LIFECYCLE_NOTIFY_H

#include <stdbool.h>
#include <sys/types.h>

#include "libcontainer/base/error.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"
#include "spec/spec.h"

// For the program's environment.
#define NOTIFY_VARIABLE "NOTIFY_SOCKET=/run/notify/notify.sock"

// *copy: config and one more mount, memory of the arena. state_root: as the caller named it; id: the container's.
int notify_add_mount(const struct spec *config, const char *state_root, const char *id,
		     struct arena *arena, struct spec *copy, struct error *err) must_check;
// The directory that is mounted. Before the mounts are opened.
int notify_make_directory(int state_dir, struct error *err) must_check;
// The socket in it, made anew. ENOENT in err->code: the container was created without one.
int notify_listen(int state_dir, int *socket, struct error *err) must_check;

struct notify {
	const char *manager;  // NOTIFY_SOCKET of husk's caller: a path, or "@" and an abstract name
	int socket;           // of notify_listen
	pid_t pid;            // the container's init, and a pidfd of it
	int pidfd;
	const struct log *log;
};
// Relays until READY=1 has arrived at the manager, or init has ended. A manager that cannot be reached is a warning.
void notify_relay_until_ready(const struct notify *notify);
// A child of the caller that relays until init or the caller ends; 0 when none could be made (a warning).
pid_t notify_relay_in_child(const struct notify *notify);

// What the container's message becomes for the manager: MAINPID is init's on the host, whatever the program says, and lines that
// would hand over descriptors or change the unit's watch are left out. *ready: READY=1 is among it. Empty: nothing is left to say.
void notify_translate(const char *message, pid_t pid, struct text *to, bool *ready);

#endif
