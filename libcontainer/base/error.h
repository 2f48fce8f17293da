// SPDX-License-Identifier: Apache-2.0
// What went wrong, in one line.
//
// A function that can fail takes `struct error *err` last, fills it only on failure and returns
// -1. All setters return -1, so that a failing function ends in one line:
//
//	if (fchdir(fd) < 0)
//		return error_errno(err, "chdir to %s", path);
//
// The struct holds no heap memory and is its own wire format: the container's init sends it to the
// runtime as it is. err may be NULL when the caller need not know.
//
// Messages: lower case, no full stop, the object first, then the cause.
#ifndef HUSK_BASE_ERROR_H
#define HUSK_BASE_ERROR_H

#include "libcontainer/base/attributes.h"

struct error {
	int code;            // an errno value, or 0 when no system call is to blame
	char message[1020];  // one line, always NUL-terminated, cut when too long
};

// Sets the message. code: errno value or 0. Returns -1.
int error_set(struct error *err, int code, const char *fmt, ...) format_like_printf(3, 4);

// Sets the message and appends ": " and the text of the current errno. Returns -1.
int error_errno(struct error *err, const char *fmt, ...) format_like_printf(2, 3);

// Puts "prefix: " in front of a message that is already set. Returns -1.
int error_context(struct error *err, const char *fmt, ...) format_like_printf(2, 3);

// The text of an errno value as the C library words it, without locale. Never NULL.
const char *error_text(int code);

#endif
