// SPDX-License-Identifier: Apache-2.0
// What a command has to say, on standard output: built in memory, written once.
#ifndef HUSK_RUNTIME_OUTPUT_H
#define HUSK_RUNTIME_OUTPUT_H

#include <stdbool.h>

#include "libcontainer/base/error.h"
#include "libcontainer/base/json.h"
#include "libcontainer/base/text.h"
#include "libcontainer/container.h"

// Writes text to standard output. Also says when its making ran out of memory.
int output_write(const struct text *text, struct error *err) must_check;

// --format of list and ps: 1 for "json", 0 for "table" and NULL, -1.
int output_is_json(const char *format, struct error *err) must_check;

// One container as `state` and `list` show it: an object below key (NULL inside an array or at the top).
void output_add_state(struct json *json, const struct container_state *state, const char *owner);

#endif
