// SPDX-License-Identifier: Apache-2.0
// Annotations that stand for fields of the configuration, from the time before the specification had the field.
#ifndef HUSK_SPEC_ANNOTATIONS_H
#define HUSK_SPEC_ANNOTATIONS_H

#include "spec/pool.h"
#include "spec/spec.h"

// Puts them where the fields would be, which win when both are there; refuses those that ask for what husk cannot do and that
// something may rely on. To be called before spec_validate. 0, or -1 with *error filled.
// pool: of the configuration, for what is added to it.
int annotations_apply(struct spec *spec, struct pool *pool, struct spec_error *error)
	__attribute__((warn_unused_result));

#endif
