// SPDX-License-Identifier: Apache-2.0
// The small programs that come with husk and do what needs a shared library: where they are.
#ifndef HUSK_KERNEL_COMPANION_H
#define HUSK_KERNEL_COMPANION_H

#include "libcontainer/base/attributes.h"

// The program name beside husk's own file, else where it was installed; never along PATH, which is the caller's. *path malloc'ed, also
// on failure (the last place that was looked at) unless ENOMEM. -1 with errno.
int companion_find(const char *name, char **path) must_check;

#endif
