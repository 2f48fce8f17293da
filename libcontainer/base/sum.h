// SPDX-License-Identifier: Apache-2.0
// A sum over bytes: a name for them, and whether they are whole. Nothing that withstands somebody who chooses them.
#ifndef HUSK_BASE_SUM_H
#define HUSK_BASE_SUM_H

#include <stddef.h>
#include <stdint.h>

uint64_t sum_of(const void *data, size_t length);

#endif
