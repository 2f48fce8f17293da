// SPDX-License-Identifier: Apache-2.0
// How far a word is from another, for "did you mean".
#ifndef HUSK_RUNTIME_NEAREST_H
#define HUSK_RUNTIME_NEAREST_H

// More than this is no resemblance.
#define NEAREST_LIMIT 2U

// The least number of letters to insert, remove, replace or swap with their neighbour that makes b of a; NEAREST_LIMIT + 1 for
// everything above NEAREST_LIMIT and for words of more than 31 bytes.
unsigned nearest_distance(const char *a, const char *b);

#endif
