// SPDX-License-Identifier: Apache-2.0
// See filter_names.h.
#include "libcontainer/security/filter_names.h"

#include "libcontainer/base/text.h"

int filter_names_find(const struct filter_names *names, const char *name)
{
	uint32_t hash = filter_names_hash(name);
	uint32_t shift = names->shifts[filter_names_bucket(hash, names->buckets)];
	uint32_t slot = filter_names_slot(hash, shift, names->slots);
	uint32_t start = names->starts[slot];
	return start != 0 && text_equal(names->text + start, name) ? (int)slot : -1;
}

const struct filter_names_column *
filter_names_column(const struct filter_names *names,
		    const struct filter_architecture *architecture)
{
	for (size_t i = 0; i < names->columns_count; i++)
		if (names->columns[i].token == architecture->token)
			return &names->columns[i];
	return NULL;
}
