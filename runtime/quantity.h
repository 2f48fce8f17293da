// SPDX-License-Identifier: Apache-2.0
// Amounts as people write them: "1m30s", "512m".
#ifndef HUSK_RUNTIME_QUANTITY_H
#define HUSK_RUNTIME_QUANTITY_H

#include <stdint.h>

#include "libcontainer/base/attributes.h"

// A duration as Go writes it: decimal numbers, each with a unit of ns, us, ms, s, m or h ("100ms", "1.5h", "1m30s"), a sign in
// front of all of them, or "0". Nanoseconds. Returns 0, or -1: EINVAL, or ERANGE beyond 292 years.
int quantity_duration(const char *text, int64_t *nanoseconds) must_check;

// Bytes: a number, which may have a fraction, and k, m, g, t or p (powers of 1024) with an optional b or ib behind it, in any case;
// or -1 for no limit. Returns 0, or -1: EINVAL or ERANGE.
int quantity_bytes(const char *text, int64_t *bytes) must_check;

#endif
