// SPDX-License-Identifier: Apache-2.0
// Which husk this is. The makefile gives both; a build without it says so.
#ifndef HUSK_RUNTIME_VERSION_H
#define HUSK_RUNTIME_VERSION_H

#include "libcontainer/base/text.h"

const char *version_number(void);
const char *version_commit(void);
// Of the library that is linked in: "2.5.4".
void version_add_libseccomp(struct text *text);

#endif
