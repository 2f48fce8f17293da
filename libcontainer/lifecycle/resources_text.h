// SPDX-License-Identifier: Apache-2.0
// linux.resources as JSON again: the limits so far with a change laid over them.
#ifndef HUSK_LIFECYCLE_RESOURCES_TEXT_H
#define HUSK_LIFECYCLE_RESOURCES_TEXT_H

#include "libcontainer/base/text.h"
#include "spec/spec.h"

// Adds one object: every field of change, and those of base that change does not mention; lists are laid over each other
// entry by entry (device, page size, file). Without devices, which no update touches, and without checkBeforeUpdate,
// which is about one update. What spec_parse_resources reads.
void resources_text_merge(struct text *text, const struct spec_resources *base,
			  const struct spec_resources *change);

#endif
