// SPDX-License-Identifier: Apache-2.0
// See error.h. Keeps errno as it was, so that a caller may still look at it.
#include "libcontainer/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *error_text(int code)
{
	// strerrordesc_np does not translate and keeps no static buffer
	const char *text = strerrordesc_np(code);
	return text ? text : "Unknown error";
}

// A message is one line: log records and callers' regular expressions are line based.
static void flatten(char *message)
{
	for (char *p = message; *p; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
}

int error_set(struct error *err, int code, const char *fmt, ...)
{
	int saved = errno;
	if (err) {
		va_list args;
		va_start(args, fmt);
		vsnprintf(err->message, sizeof err->message, fmt, args);
		va_end(args);
		flatten(err->message);
		err->code = code;
	}
	errno = saved;
	return -1;
}

int error_errno(struct error *err, const char *fmt, ...)
{
	int saved = errno;
	if (err) {
		va_list args;
		va_start(args, fmt);
		vsnprintf(err->message, sizeof err->message, fmt, args);
		va_end(args);
		flatten(err->message);
		size_t used = strlen(err->message);
		snprintf(err->message + used, sizeof err->message - used, ": %s",
			 error_text(saved));
		err->code = saved;
	}
	errno = saved;
	return -1;
}

int error_context(struct error *err, const char *fmt, ...)
{
	int saved = errno;
	if (err) {
		char cause[sizeof err->message];
		memcpy(cause, err->message, sizeof cause);
		va_list args;
		va_start(args, fmt);
		vsnprintf(err->message, sizeof err->message, fmt, args);
		va_end(args);
		flatten(err->message);
		size_t used = strlen(err->message);
		snprintf(err->message + used, sizeof err->message - used, ": %s", cause);
	}
	errno = saved;
	return -1;
}
