// SPDX-License-Identifier: Apache-2.0
// The logs of the system as places for records: `--log journald:NAME` and `--log syslog:NAME`.
#ifndef HUSK_RUNTIME_REPORT_SYSTEM_H
#define HUSK_RUNTIME_REPORT_SYSTEM_H

#include <stdbool.h>

#include "libcontainer/base/error.h"
#include "libcontainer/base/log.h"

struct report_system {
	bool journal;      // journald, with its own protocol; else syslog
	const char *name;  // borrowed: who says it; NULL: where is no log of the system
};

// where: as --log names it. *fd: a socket (owned by the caller), and system->name is set; both stay as they are when where is a file.
int report_system_open(const char *where, struct report_system *system, int *fd,
		       struct error *err) must_check;
// One record. That it could not be written nobody can be told.
void report_system_write(const struct report_system *system, int fd, enum log_level level,
			 const char *message);

#endif
