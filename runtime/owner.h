// SPDX-License-Identifier: Apache-2.0
// The name of a user for people. The C library's own way would load name service modules, which a static
// program cannot; so only /etc/passwd is asked, and what it does not know is shown as "#UID".
#ifndef HUSK_RUNTIME_OWNER_H
#define HUSK_RUNTIME_OWNER_H

#include <stddef.h>
#include <sys/types.h>

#include "libcontainer/base/text.h"

// A passwd file as it was read; data NULL when there is none that can be read.
struct owner_names {
	char *data;  // owned
	size_t length;
};

// Reads path, at most 4 MiB. What goes wrong leaves the list empty: names are a nicety.
void owner_read(struct owner_names *names, const char *path);
// Appends the name of uid, or "#UID".
void owner_add_name(struct text *text, const struct owner_names *names, uid_t uid);
void owner_done(struct owner_names *names);

#endif
