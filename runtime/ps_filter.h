// SPDX-License-Identifier: Apache-2.0
// Keeps those lines of ps' output that are about certain processes.
#ifndef HUSK_RUNTIME_PS_FILTER_H
#define HUSK_RUNTIME_PS_FILTER_H

#include <stddef.h>
#include <sys/types.h>

#include "libcontainer/base/error.h"
#include "libcontainer/base/text.h"

// Appends the first line of output and the lines whose field under "PID" is one of pids. Fails when there is no
// such column, or when a line has something else there.
int ps_filter(const char *output, const pid_t *pids, size_t count, struct text *text,
	      struct error *err) must_check;

#endif
