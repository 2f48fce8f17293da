// SPDX-License-Identifier: Apache-2.0
// Lines of cells, set in columns: each column as wide as its widest cell and three spaces, at least 12; the last one as it is.
#ifndef HUSK_RUNTIME_TABLE_H
#define HUSK_RUNTIME_TABLE_H

#include <stddef.h>

#include "libcontainer/base/text.h"

// More columns than this are not set.
#define TABLE_COLUMNS 8

// cells: rows of columns cells each, one row behind the other. Control characters become "?", so that no cell can break its line
// or command the terminal.
void table_add(struct text *text, const char *const *cells, size_t rows, size_t columns);

#endif
