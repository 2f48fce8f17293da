// SPDX-License-Identifier: Apache-2.0
// See report.h. Every record is one write, so that records of several processes do not mix.
#include "runtime/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/json.h"
#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/fd.h"

static const char *const level_names[] = {
	[log_level_error] = "error",
	[log_level_warning] = "warning",
	[log_level_info] = "info",
	[log_level_debug] = "debug",
};

// Days since 1970-01-01 to a date, without the time zone database that gmtime would read.
static void civil_date(uint64_t days, unsigned *year, unsigned *month, unsigned *day)
{
	uint64_t shifted = days + 719468;  // days since 0000-03-01
	uint64_t era = shifted / 146097;   // 400 years
	unsigned of_era = (unsigned)(shifted % 146097);
	unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned from_march = (5 * of_year + 2) / 153;
	*day = of_year - (153 * from_march + 2) / 5 + 1;
	*month = from_march < 10 ? from_march + 3 : from_march - 9;
	*year = year_of_era + (unsigned)(era * 400) + (*month <= 2);
}

void report_add_time(struct text *text, time_t seconds)
{
	uint64_t total = seconds < 0 ? 0 : (uint64_t)seconds;
	unsigned year, month, day, rest = (unsigned)(total % 86400);
	civil_date(total / 86400, &year, &month, &day);
	text_printf(text, "%04u-%02u-%02uT%02u:%02u:%02uZ", year, month, day, rest / 3600,
		    rest / 60 % 60, rest % 60);
}

void report_add_record(struct text *text, bool json, enum log_level level, const char *message,
		       time_t seconds)
{
	struct text stamp = {0};
	report_add_time(&stamp, seconds);
	struct json writer = {.text = text};
	if (json) {
		json_begin_object(&writer, NULL);
		json_string(&writer, "level", level_names[level]);
		json_string(&writer, "msg", message);
		json_string(&writer, "time", text_string(&stamp));
		json_end_object(&writer);
	} else {
		text_printf(text, "time=\"%s\" level=%s msg=", text_string(&stamp),
			    level_names[level]);
		json_string(&writer, NULL, message);
	}
	text_add(text, "\n");
	text_done(&stamp);
}

static void write_record(int fd, bool json, enum log_level level, const char *message)
{
	struct text record = {0};
	report_add_record(&record, json, level, message, time(NULL));
	// nothing is left to tell it to when this fails
	if (!text_failed(&record) && fd_write(fd, record.data, record.length) < 0)
		errno = 0;
	text_done(&record);
}

static void write_log(const struct report *report, enum log_level level, const char *message)
{
	if (report->system.name)
		report_system_write(&report->system, report->fd, level, message);
	else
		write_record(report->fd, report->json, level, message);
}

// For people, and for engines that hand it on word for word: the message and nothing else.
static void write_plain(enum log_level level, const char *message)
{
	struct text line = {0};
	if (level != log_level_error) {
		text_add(&line, level_names[level]);
		text_add(&line, ": ");
	}
	text_add_shown(&line, message, "");
	text_add(&line, "\n");
	if (!text_failed(&line) && fd_write(STDERR_FILENO, line.data, line.length) < 0)
		errno = 0;
	text_done(&line);
}

static void write_stderr(const struct report *report, enum log_level level, const char *message)
{
	if (report->json && report->fd < 0)
		write_record(STDERR_FILENO, true, level, message);
	else
		write_plain(level, message);
}

static bool reaches_stderr(const struct report *report, enum log_level level)
{
	if (level == log_level_warning && report->warns)
		return true;
	if (report->fd >= 0)
		return false;
	return report->level_given || (level == log_level_warning && isatty(STDERR_FILENO));
}

static void emit(void *data, enum log_level level, const char *message)
{
	const struct report *report = data;
	bool one_record_only =
		report->json && !report->system.name && report->log.level < log_level_info;
	bool to_file = report->fd >= 0 && !one_record_only;
	if (to_file)
		write_log(report, level, message);
	if (reaches_stderr(report, level) && !(to_file && report->file_is_stderr))
		write_stderr(report, level, message);
}

static int read_level(const char *name, enum log_level *level)
{
	if (text_equal(name, "warn"))
		name = "warning";
	for (size_t i = 0; i < array_size(level_names); i++)
		if (text_equal(name, level_names[i])) {
			*level = (enum log_level)i;
			return 0;
		}
	return -1;
}

static int open_file(struct report *report, const char *path, struct error *err)
{
	struct stat file, standard;
	if (report_system_open(path, &report->system, &report->fd, err) < 0)
		return -1;
	if (report->system.name)
		return 0;
	if (text_has_prefix(path, "file:"))
		path += strlen("file:");
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
	if (fd < 0)
		return error_errno(err, "log file %s", path);
	report->fd = fd;
	report->file_is_stderr = fstat(fd, &file) == 0 && fstat(STDERR_FILENO, &standard) == 0 &&
				 file.st_dev == standard.st_dev && file.st_ino == standard.st_ino;
	return 0;
}

int report_open(struct report *report, const struct report_options *options, struct error *err)
{
	*report = (struct report){
		.fd = -1,
		.level_given = options->level || options->debug,
		.log = {.level = log_level_warning, .emit = emit, .data = report},
	};
	if (options->file && open_file(report, options->file, err) < 0)
		return -1;
	const char *format = options->format ? options->format : "text";
	report->json = text_equal(format, "json");
	if (!report->json && !text_equal(format, "text"))
		return error_set(err, 0, "invalid log-format \"%s\", must be text or json", format);
	if (options->level && read_level(options->level, &report->log.level) < 0)
		return error_set(err, 0,
				 "invalid log-level \"%s\", must be error, warning, info or debug",
				 options->level);
	if (options->debug)
		report->log.level = log_level_debug;
	return 0;
}

void report_error(const struct report *report, const char *message)
{
	if (report->fd >= 0)
		write_log(report, log_level_error, message);
	if (!report->file_is_stderr)
		write_stderr(report, log_level_error, message);
}

void report_close(struct report *report)
{
	memory_close(take_fd(&report->fd));
}
