// SPDX-License-Identifier: Apache-2.0
// See log.h.
#include "libcontainer/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static void format_like_printf(3, 0)
	emit(const struct log *log, enum log_level level, const char *fmt, va_list args)
{
	if (!log || !log->emit || level > log->level)
		return;
	int saved = errno;
	char message[1024];
	vsnprintf(message, sizeof message, fmt, args);
	log->emit(log->data, level, message);
	errno = saved;
}

#define log_function(name, level)                                                                  \
	void name(const struct log *log, const char *fmt, ...)                                     \
	{                                                                                          \
		va_list args;                                                                      \
		va_start(args, fmt);                                                               \
		emit(log, level, fmt, args);                                                       \
		va_end(args);                                                                      \
	}

log_function(log_warning, log_level_warning) log_function(log_info, log_level_info)
	log_function(log_debug, log_level_debug)
