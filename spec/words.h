// SPDX-License-Identifier: Apache-2.0
// The words that the specification knows for its enumerations. Each list is NULL-terminated and
// ordered so that the value of a word is its position plus a base.
#ifndef HUSK_SPEC_WORDS_H
#define HUSK_SPEC_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct words {
	const char *const *list;
	int base;  // the value of list[0]
};

extern const struct words words_namespaces;          // enum spec_namespace_type
extern const struct words words_rlimits;             // RLIMIT_*
extern const struct words words_scheduler_policies;  // SCHED_*
extern const struct words words_scheduler_flags;     // bit numbers of SCHED_FLAG_*
extern const struct words words_io_classes;          // IOPRIO_CLASS_*
extern const struct words words_propagations;        // enum spec_propagation; "" is unset
extern const struct words words_personalities;       // enum spec_personality
extern const struct words words_memory_modes;        // MPOL_*
extern const struct words words_memory_flags;        // bit numbers of MPOL_F_*
extern const struct words words_seccomp_actions;     // enum spec_seccomp_action, then SCMP_ACT_KILL
extern const struct words words_seccomp_operators;   // enum spec_seccomp_operator
extern const struct words words_seccomp_architectures;
extern const struct words words_seccomp_flags;

// The value of a word of length characters; false when the list does not have it.
bool words_find(const struct words *words, const char *word, size_t length, int *value);

#endif
