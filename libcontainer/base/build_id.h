// SPDX-License-Identifier: Apache-2.0
// Which build of the program this is.
#ifndef HUSK_BASE_BUILD_ID_H
#define HUSK_BASE_BUILD_ID_H

#include <stdbool.h>
#include <stddef.h>

#include "libcontainer/base/attributes.h"

// The linker's hash of the program's content (ld --build-id), *length bytes; NULL when the program has none.
const void *build_id(size_t *length);

// The same as bytes of a fixed number, for what must not outlive this build; false: there is none, or a longer one.
#define BUILD_ID_ROOM 32
bool build_id_copy(char room[BUILD_ID_ROOM]) must_check;

#endif
