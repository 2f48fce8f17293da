// SPDX-License-Identifier: Apache-2.0
// What the JSON library lets through and a configuration must not hold: invalid UTF-8 (overlong forms
// and surrogates too), NUL bytes, also as \u0000, and escaped surrogates without their other half.
#ifndef HUSK_SPEC_UTF8_H
#define HUSK_SPEC_UTF8_H

#include <stddef.h>

// The first fault of the text: a phrase like "a NUL byte", with its offset in *at; NULL when there is
// none.
const char *utf8_find_fault(const char *text, size_t length, size_t *at);

#endif
