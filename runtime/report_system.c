// SPDX-License-Identifier: Apache-2.0
// See report_system.h. Both take datagrams: a record is one send, and whoever reads adds the time.
#include "runtime/report_system.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"

#define JOURNAL "/run/systemd/journal/socket"
#define SYSLOG "/dev/log"

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path, path, strlen(path) + 1);
	// not waiting: a log that nobody reads must not hold up a container
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return -1;
	return take_fd(&fd);
}

int report_system_open(const char *where, struct report_system *system, int *fd, struct error *err)
{
	static const struct {
		const char *prefix, *path;
	} logs[] = {{"syslog:", SYSLOG}, {"journald:", JOURNAL}};
	for (size_t i = 0; i < array_size(logs); i++) {
		const char *name = where + strlen(logs[i].prefix);
		if (!text_has_prefix(where, logs[i].prefix))
			continue;
		if (!*name || strlen(name) > 255 || strpbrk(name, "\n \t"))
			return error_set(err, EINVAL,
					 "option --log: \"%s\" needs a name behind the colon, of "
					 "at most 255 bytes without blanks",
					 where);
		*fd = connect_to(logs[i].path);
		if (*fd < 0)
			return error_errno(err, "option --log %s: connect to %s", where,
					   logs[i].path);
		*system = (struct report_system){.journal = i == 1, .name = name};
	}
	return 0;
}

static int priority(enum log_level level)
{
	static const int priorities[] = {
		[log_level_error] = LOG_ERR,
		[log_level_warning] = LOG_WARNING,
		[log_level_info] = LOG_INFO,
		[log_level_debug] = LOG_DEBUG,
	};
	return priorities[level];
}

void report_system_write(const struct report_system *system, int fd, enum log_level level,
			 const char *message)
{
	auto_text struct text record = {0};
	if (system->journal)
		text_printf(&record, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nSYSLOG_PID=%d\nMESSAGE=",
			    priority(level), system->name, (int)getpid());
	else
		text_printf(&record, "<%d>%s[%d]: ", LOG_USER | priority(level), system->name,
			    (int)getpid());
	// a line of the message would be a field of the record, and other control characters are no text
	for (; *message; message++)
		text_add_bytes(&record, iscntrl((unsigned char)*message) ? " " : message, 1);
	if (system->journal)
		text_add(&record, "\n");
	if (!text_failed(&record) && send(fd, record.data, record.length, MSG_NOSIGNAL) < 0)
		errno = 0;
}
