// SPDX-License-Identifier: Apache-2.0
// What the program gets from husk's own environment: the descriptors of socket activation and the notification socket. Nothing
// else of it reaches a container.
#ifndef HUSK_LIFECYCLE_PASSED_ON_H
#define HUSK_LIFECYCLE_PASSED_ON_H

#include <stdbool.h>

#include "libcontainer/base/text.h"
#include "libcontainer/container.h"
#include "libcontainer/init/init.h"

struct passed_on {
	const char *variables[5];  // NULL-terminated
	char listen_fds[32];
	struct text listen_names;
};

// Gives init the variables and the number of descriptors; they live as long as passed.
int passed_on_make(const struct container_context *context, bool notify, unsigned preserve_fds,
		   struct passed_on *passed, struct init *init, struct error *err) must_check;
void passed_on_done(struct passed_on *passed);

#endif
