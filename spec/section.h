// SPDX-License-Identifier: Apache-2.0
// Where linux.seccomp stands in the text of a configuration, found without parsing it.
#ifndef HUSK_SPEC_SECTION_H
#define HUSK_SPEC_SECTION_H

#include <stdbool.h>
#include <stddef.h>

struct spec_section {
	size_t begin, end;  // offsets: its opening brace, and behind its closing one
};

// Whether there is exactly one such section that a parser would find, too: no key on the way to it is written twice or with
// escapes. The text need not be valid JSON; false then, or a place that means nothing: whoever uses it has to parse the rest.
bool spec_find_seccomp(const char *text, size_t length, struct spec_section *section)
	__attribute__((warn_unused_result));

#endif
