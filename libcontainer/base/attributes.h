// SPDX-License-Identifier: Apache-2.0
// Compiler attributes under names that read like storage classes and contracts.
#ifndef HUSK_BASE_ATTRIBUTES_H
#define HUSK_BASE_ATTRIBUTES_H

// A result that decides whether the container is safe to start may not be dropped.
#define must_check __attribute__((warn_unused_result))
#define format_like_printf(fmt, args) __attribute__((format(printf, fmt, args)))
#define unused_result __attribute__((unused))

#define array_size(a) (sizeof(a) / sizeof((a)[0]))

#endif
