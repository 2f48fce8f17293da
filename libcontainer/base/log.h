// SPDX-License-Identifier: Apache-2.0
// Where remarks that are no failure go. The library never prints: whoever calls it gives a sink.
#ifndef HUSK_BASE_LOG_H
#define HUSK_BASE_LOG_H

#include "libcontainer/base/attributes.h"

enum log_level { log_level_error, log_level_warning, log_level_info, log_level_debug };

struct log {
	enum log_level level;  // what is less urgent than this is dropped before it is formatted
	void (*emit)(void *data, enum log_level level, const char *message);
	void *data;  // borrowed
};

// log may be NULL: then nothing happens.
void log_warning(const struct log *log, const char *fmt, ...) format_like_printf(2, 3);
void log_info(const struct log *log, const char *fmt, ...) format_like_printf(2, 3);
void log_debug(const struct log *log, const char *fmt, ...) format_like_printf(2, 3);

#endif
