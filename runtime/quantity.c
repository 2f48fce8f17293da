// SPDX-License-Identifier: Apache-2.0
// See quantity.h. Fractions are exact: they are counted in units of 10^-9 of what stands behind them, never in floating point.
#include "runtime/quantity.h"

#include <errno.h>
#include <string.h>

#include "libcontainer/base/text.h"

#define BILLION 1000000000

static int fail(int code)
{
	errno = code;
	return -1;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

// "12", "1.5", ".5": whole and billionths; digits of the fraction behind the ninth are dropped.
static int read_decimal(const char **text, int64_t *whole, int64_t *billionths)
{
	const char *p = *text;
	bool any = is_digit(*p);
	*whole = *billionths = 0;
	for (; is_digit(*p); p++)
		if (__builtin_mul_overflow(*whole, 10, whole) ||
		    __builtin_add_overflow(*whole, *p - '0', whole))
			return fail(ERANGE);
	if (*p == '.') {
		any = any || is_digit(p[1]);
		int64_t weight = BILLION / 10;
		for (p++; is_digit(*p); p++, weight /= 10)
			*billionths += (*p - '0') * weight;
	}
	*text = p;
	return any ? 0 : fail(EINVAL);
}

static int multiply(int64_t whole, int64_t billionths, int64_t unit, int64_t *result)
{
	__int128 exact = (__int128)whole * unit + (__int128)billionths * unit / BILLION;
	if (exact > INT64_MAX)
		return fail(ERANGE);
	*result = (int64_t)exact;
	return 0;
}

// ---- durations ----------------------------------------------------------------------------------

static const struct {
	const char *name;
	int64_t nanoseconds;
} time_units[] = {
	// those that begin like another one come before it; the two micro signs of Unicode are UTF-8
	{"ns", 1},
	{"us", 1000},
	{"\xc2\xb5s", 1000},
	{"\xce\xbcs", 1000},
	{"ms", 1000000},
	{"s", BILLION},
	{"m", (int64_t)60 * BILLION},
	{"h", (int64_t)3600 * BILLION},
};

static int64_t read_time_unit(const char **text)
{
	for (size_t i = 0; i < array_size(time_units); i++)
		if (text_has_prefix(*text, time_units[i].name)) {
			*text += strlen(time_units[i].name);
			return time_units[i].nanoseconds;
		}
	return 0;
}

int quantity_duration(const char *text, int64_t *nanoseconds)
{
	bool negative = *text == '-';
	int64_t sum = 0;
	if (*text == '-' || *text == '+')
		text++;
	if (!*text)
		return fail(EINVAL);
	*nanoseconds = 0;
	if (text_equal(text, "0"))
		return 0;
	while (*text) {
		int64_t whole, billionths, part;
		if (read_decimal(&text, &whole, &billionths) < 0)
			return -1;
		int64_t unit = read_time_unit(&text);
		if (!unit)
			return fail(EINVAL);
		if (multiply(whole, billionths, unit, &part) < 0 ||
		    __builtin_add_overflow(sum, part, &sum))
			return fail(ERANGE);
	}
	*nanoseconds = negative ? -sum : sum;
	return 0;
}

// ---- sizes --------------------------------------------------------------------------------------

static int64_t read_size_unit(const char **text)
{
	static const char letters[] = "kmgtp";
	char lower = (char)(**text | 0x20);
	const char *at = **text ? strchr(letters, lower) : NULL;
	if (!at)
		return 1;
	++*text;
	if ((**text == 'i' || **text == 'I') && ((*text)[1] == 'b' || (*text)[1] == 'B'))
		++*text;
	return (int64_t)1 << 10 * (at - letters + 1);
}

int quantity_bytes(const char *text, int64_t *bytes)
{
	int64_t whole, billionths;
	if (text_equal(text, "-1")) {
		*bytes = -1;
		return 0;
	}
	if (read_decimal(&text, &whole, &billionths) < 0)
		return -1;
	int64_t unit = read_size_unit(&text);
	if (*text == 'b' || *text == 'B')
		text++;
	if (*text)
		return fail(EINVAL);
	return multiply(whole, billionths, unit, bytes);
}
