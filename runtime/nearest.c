// SPDX-License-Identifier: Apache-2.0
// See nearest.h: optimal string alignment over two short words, three rows at a time.
#include "runtime/nearest.h"

#include <string.h>

enum { longest = 31 };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static void fill_row(const char *a, const char *b, size_t width, size_t i, const unsigned *before,
		     const unsigned *above, unsigned *row)
{
	row[0] = (unsigned)i;
	for (size_t j = 1; j <= width; j++) {
		unsigned replace = above[j - 1] + (a[i - 1] != b[j - 1]);
		row[j] = least(replace, least(above[j], row[j - 1]) + 1);
		if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
			row[j] = least(row[j], before[j - 2] + 1);
	}
}

unsigned nearest_distance(const char *a, const char *b)
{
	size_t height = strlen(a), width = strlen(b);
	if (height > longest || width > longest)
		return NEAREST_LIMIT + 1;
	unsigned rows[3][longest + 1] = {{0}};
	for (size_t j = 0; j <= width; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= height; i++)
		fill_row(a, b, width, i, rows[(i + 1) % 3], rows[(i + 2) % 3], rows[i % 3]);
	return least(rows[height % 3][width], NEAREST_LIMIT + 1);
}
