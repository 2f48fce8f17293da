// SPDX-License-Identifier: Apache-2.0
// Where errors and remarks go: standard error, and the file of --log.
//
//	                     standard error                     log file
//	error                always: the plain message          always, one record
//	warning, info, debug without a log file: when the user  text: as --log-level says
//	                     asked for a level, and warnings    json: only with --debug, or --log-level info
//	                     when standard error is a terminal  or debug
//
// A log of the system (--log journald:NAME) is as a text file, but its records are the system's own.
//
// So a successful call keeps standard error empty for engines, and a JSON log holds exactly one record for a failed call: there are
// readers that decode the file as one object. A log file that is standard error itself gets an error once.
#ifndef HUSK_RUNTIME_REPORT_H
#define HUSK_RUNTIME_REPORT_H

#include <stdbool.h>
#include <time.h>

#include "libcontainer/base/error.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/text.h"
#include "runtime/report_system.h"

// The global options, as given.
struct report_options {
	const char *file;    // --log, or NULL
	const char *format;  // --log-format, or NULL
	const char *level;   // --log-level, or NULL
	bool debug;          // --debug
};

struct report {
	int fd;  // owned: the log file, or the socket of a log of the system, or -1
	struct report_system system;
	bool json;
	bool file_is_stderr;
	bool level_given;  // the user asked for a level
	bool warns;      // set by the caller: warnings of this command always reach standard error
	struct log log;  // for the library; its data is this struct, which must not move
};

// Fills *report, which is good for report_error even when this fails (a file that cannot be opened, an unknown format or level).
int report_open(struct report *report, const struct report_options *options,
		struct error *err) must_check;
void report_error(const struct report *report, const char *message);
void report_close(struct report *report);

// "2025-01-02T03:04:05Z" of seconds since 1970, in UTC; years 1970 to 9999.
void report_add_time(struct text *text, time_t seconds);
// One record with its newline.
void report_add_record(struct text *text, bool json, enum log_level level, const char *message,
		       time_t seconds);

#endif
