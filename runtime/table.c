// SPDX-License-Identifier: Apache-2.0
// See table.h.
#include "runtime/table.h"

enum { least_width = 12, padding = 3 };

// Characters, not bytes: what continues a UTF-8 sequence takes no column.
static size_t shown_width(const char *cell)
{
	size_t width = 0;
	for (; *cell; cell++)
		width += ((unsigned char)*cell & 0xc0) != 0x80;
	return width;
}

static size_t column_width(const char *const *cells, size_t rows, size_t columns, size_t column)
{
	size_t width = least_width;
	for (size_t row = 0; row < rows; row++) {
		size_t cell = shown_width(cells[row * columns + column]) + padding;
		if (cell > width)
			width = cell;
	}
	return width;
}

static void add_cell(struct text *text, const char *cell, size_t width)
{
	size_t shown = shown_width(cell);
	for (; *cell; cell++) {
		unsigned char c = (unsigned char)*cell;
		text_add_bytes(text, c < 0x20 || c == 0x7f ? "?" : cell, 1);
	}
	for (; shown < width; shown++)
		text_add_bytes(text, " ", 1);
}

void table_add(struct text *text, const char *const *cells, size_t rows, size_t columns)
{
	size_t widths[TABLE_COLUMNS] = {0};  // 0: as it is
	for (size_t column = 0; column + 1 < columns && column < TABLE_COLUMNS; column++)
		widths[column] = column_width(cells, rows, columns, column);
	for (size_t row = 0; row < rows; row++) {
		for (size_t column = 0; column < columns; column++)
			add_cell(text, cells[row * columns + column],
				 column < TABLE_COLUMNS ? widths[column] : 0);
		text_add_bytes(text, "\n", 1);
	}
}
