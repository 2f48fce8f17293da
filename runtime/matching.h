// SPDX-License-Identifier: Apache-2.0
// Commands on every container whose ID matches a regular expression.
#ifndef HUSK_RUNTIME_MATCHING_H
#define HUSK_RUNTIME_MATCHING_H

#include "libcontainer/container.h"

// Calls act for each container whose ID matches the POSIX extended expression somewhere (anchor it with ^ and $). All are tried: the first
// failure is what is reported at the end. That none matches is no failure.
int matching_each(const struct container_context *context, const char *expression,
		  int (*act)(const struct container_context *context,
			     const struct container_state *state, void *data, struct error *err),
		  void *data, struct error *err) must_check;

#endif
