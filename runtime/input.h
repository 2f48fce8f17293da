// SPDX-License-Identifier: Apache-2.0
// Files that are named as arguments, where "-" is standard input.
#ifndef HUSK_RUNTIME_INPUT_H
#define HUSK_RUNTIME_INPUT_H

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"
#include "libcontainer/base/text.h"

// Adds what the file holds, at most SPEC_MAX_BYTES of it. Pipes are read as well: those of a shell's <(...). what: begins messages.
int input_read(const char *path, const char *what, struct text *text, struct error *err) must_check;

#endif
