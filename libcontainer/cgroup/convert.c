// SPDX-License-Identifier: Apache-2.0
// See convert.h. The logarithm and the power are computed here by their series, because the mathematical
// library would add its tables to the program for this one formula.
#include "libcontainer/cgroup/convert.h"

#include <errno.h>

#define LN_2 0.69314718055994530942
#define LN_10 2.30258509299404568402

// ln(x) for 1 <= x < 2, by the series of the inverse hyperbolic tangent: exact to 1e-16 after 20 terms.
static double logarithm(double x)
{
	double y = (x - 1) / (x + 1), power = y, sum = 0;
	for (int k = 1; k < 41; k += 2) {
		sum += power / k;
		power *= y * y;
	}
	return 2 * sum;
}

// e^x for 0 <= x < 10, by the Taylor series of a small part, squared up again.
static double exponential(double x)
{
	double small = x / 64, term = 1, sum = 1;
	for (int k = 1; k < 16; k++) {
		term *= small / k;
		sum += term;
	}
	for (int i = 0; i < 6; i++)
		sum *= sum;
	return sum;
}

uint64_t cgroup_convert_shares(uint64_t shares)
{
	if (shares == 0)
		return 0;
	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	int exponent = 63 - __builtin_clzll(shares);
	double l = exponent + logarithm((double)shares / (double)(1ULL << exponent)) / LN_2;
	double weight = exponential(((l * l + 125 * l) / 612 - 7.0 / 34) * LN_10);
	uint64_t floor = (uint64_t)weight;
	// 1024 is 100 and not 101: what is above a whole number by rounding only is that number
	return weight - (double)floor > 1e-8 ? floor + 1 : floor;
}

uint64_t cgroup_convert_io_weight(uint64_t weight)
{
	return 1 + (weight - 10) * 9999 / 990;
}

int cgroup_convert_swap(const struct spec_memory *memory, int64_t *swap, struct error *err)
{
	int64_t limit = memory->limit.set ? memory->limit.value : 0;
	int64_t total = memory->swap.set ? memory->swap.value : 0;
	if (total == -1 || (limit == -1 && total == 0)) {
		*swap = -1;
		return 1;
	}
	if (total == 0)
		return 0;
	if (limit <= 0)
		return error_set(
			err, EINVAL,
			"linux.resources.memory.swap: unable to set swap limit without memory "
			"limit: on cgroup v2 it is what exceeds linux.resources.memory.limit");
	if (total < limit)
		return error_set(
			err, EINVAL,
			"linux.resources.memory.swap: %lld is less than "
			"linux.resources.memory.limit %lld, but memory and swap together are "
			"meant",
			(long long)total, (long long)limit);
	*swap = total - limit;
	return 1;
}

int64_t cgroup_convert_pids(int64_t limit)
{
	// PID_MAX_LIMIT of the kernel; pids.max refuses what is larger
	const int64_t most = 4 * 1024 * 1024;
	if (limit < 0 || limit > most)
		return -1;
	return limit == 0 ? 1 : limit;
}
