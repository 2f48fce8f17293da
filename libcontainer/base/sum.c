// SPDX-License-Identifier: Apache-2.0
// See sum.h.
#include "libcontainer/base/sum.h"

#include <string.h>

#include "libcontainer/base/memory.h"

struct sums {
	uint64_t sum[4];  // side by side: one alone would wait for its own multiplications
};

static void add_block(struct sums *sums, const char *block)
{
	for (size_t i = 0; i < array_size(sums->sum); i++) {
		uint64_t word;
		memcpy(&word, block + i * sizeof word, sizeof word);
		sums->sum[i] = (sums->sum[i] ^ word) * 0x9E3779B97F4A7C15ULL;
		sums->sum[i] ^= sums->sum[i] >> 29;
	}
}

uint64_t sum_of(const void *data, size_t length)
{
	const char *at = data;
	struct sums sums = {{length, 1, 2, 3}};
	char last[sizeof sums] = {0};
	for (; length >= sizeof sums; length -= sizeof sums, at += sizeof sums)
		add_block(&sums, at);
	memcpy(last, at, length);
	add_block(&sums, last);
	for (size_t i = 1; i < array_size(sums.sum); i++)
		sums.sum[0] =
			(sums.sum[0] ^ sums.sum[i]) * 0x9E3779B97F4A7C15ULL ^ (sums.sum[0] >> 31);
	return sums.sum[0];
}
