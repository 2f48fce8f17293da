// SPDX-License-Identifier: Apache-2.0
// Help, made from the same tables that the parser uses.
#ifndef HUSK_RUNTIME_HELP_H
#define HUSK_RUNTIME_HELP_H

#include "libcontainer/base/text.h"
#include "runtime/command.h"

// command NULL: husk itself.
void help_add(struct text *text, const struct command *command);

#endif
