// SPDX-License-Identifier: Apache-2.0
// Which build of the program this is.
#ifndef HUSK_BASE_BUILD_ID_H
#define HUSK_BASE_BUILD_ID_H

#include <stddef.h>

// The linker's hash of the program's content (ld --build-id), *length bytes; NULL when the program has none.
const void *build_id(size_t *length);

#endif
