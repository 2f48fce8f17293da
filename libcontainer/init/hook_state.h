// SPDX-License-Identifier: Apache-2.0
// The container state as hooks and seccomp agents get it (runtime-spec, "State").
#ifndef HUSK_INIT_HOOK_STATE_H
#define HUSK_INIT_HOOK_STATE_H

#include <sys/types.h>

#include "libcontainer/base/json.h"
#include "spec/spec.h"

struct hook_state {
	const struct spec *spec;
	const char *id, *bundle, *rootfs;
	const char *status;
	pid_t pid;  // 0: left out
};

// As a member of an object (key) or on its own (NULL).
void hook_state_write(const struct hook_state *state, struct json *json, const char *key);

#endif
