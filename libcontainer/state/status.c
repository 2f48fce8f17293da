// SPDX-License-Identifier: Apache-2.0
// What a container is doing, from facts that cannot be forged by a reused pid: boot, pid with start time or number, start socket.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/socket.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/state/state.h"

const char *state_status_name(enum state_status status)
{
	switch (status) {
	case state_status_creating:
		return "creating";
	case state_status_created:
		return "created";
	case state_status_running:
		return "running";
	case state_status_paused:
		return "paused";
	case state_status_stopped:
		break;
	}
	return "stopped";
}

// A boot id that cannot be read proves nothing: then the start time alone decides.
bool state_is_of_this_boot(const struct state_record *record)
{
	char now[37];
	if (record->same_boot || !record->boot_id)
		return record->same_boot || !record->other_boot;
	return process_boot_id(now) < 0 || text_equal(now, record->boot_id);
}

// What a record knows of a process.
struct identity {
	pid_t pid;
	uint64_t start_time, number;  // number: or 0
};

static struct identity init_of(const struct state_record *record)
{
	return (struct identity){record->pid, record->start_time, record->number};
}

// Whether it lives: 0; -1 with ESRCH when it does not (or is another one), else when that cannot be seen. pidfd: of whoever has its pid now, or
// -1. The number is asked of the descriptor alone; a start time is text in /proc, and takes ten times as long.
static int look_for(const struct identity *process, int pidfd)
{
	uint64_t number, ticks;
	bool ended;
	if (process->number && pidfd >= 0 && process_number(pidfd, &number) == 0)
		ended = number != process->number || process_wait_pidfd(pidfd, 0) == 1;
	else if (process_start_time(process->pid, &ticks, &ended) < 0)
		return -1;
	else
		ended |= ticks != process->start_time;
	if (!ended)
		return 0;
	errno = ESRCH;
	return -1;
}

// A process that exists but cannot be looked at counts as alive: a container that is taken for stopped by
// mistake would be lost, one that is taken for alive is only looked at again.
static bool alive(struct identity process, int *pidfd)
{
	if (process.pid <= 0)
		return false;
	// first the descriptor, then the proof: from here on the pid cannot change hands unnoticed
	auto_close int fd = pidfd || process.number ? sys_pidfd_open(process.pid) : -1;
	if (look_for(&process, fd) < 0)
		return errno != ESRCH;
	if (pidfd && fd >= 0)
		*pidfd = take_fd(&fd);
	return true;
}

enum gate { gate_absent, gate_waiting, gate_passed };

static enum gate look_at_gate(int dir_fd, struct state_look *look)
{
	auto_close int fd = socket_connect(dir_fd, START_GATE_NAME, SOCK_SEQPACKET | SOCK_NONBLOCK);
	if (fd >= 0 && look && look->wants_gate && look->gate < 0) {
		look->gate = take_fd(&fd);
		return gate_waiting;
	}
	// EAGAIN: the listener is there, with more callers than it has room for
	if (fd >= 0 || errno == EAGAIN)
		return gate_waiting;
	return errno == ENOENT ? gate_absent : gate_passed;
}

static struct identity creator_of(const struct state_record *record)
{
	return (struct identity){record->creator, record->creator_start_time, 0};
}

bool state_creator_is_there(const struct state_record *record)
{
	return alive(creator_of(record), NULL);
}

enum state_status state_compute(int dir_fd, const struct state_record *record,
				struct state_look *look)
{
	if (!state_is_of_this_boot(record))
		return state_status_stopped;
	// (one that is just ending has done its work)
	bool creator = state_creator_is_there(record) &&
		       !process_is_ending(record->creator, record->creator_start_time);
	if (record->pid <= 0)
		return creator ? state_status_creating : state_status_stopped;
	if (!alive(init_of(record), look && look->pidfd < 0 ? &look->pidfd : NULL))
		return state_status_stopped;
	// The creator of a foreground run stays for the whole life of its container: only before the gate has been
	// passed does its life mean "creating".
	enum gate gate = look_at_gate(dir_fd, look);
	if (gate != gate_passed && creator)
		return state_status_creating;
	// also because the one who listened there is just being killed
	if (gate == gate_passed && process_is_ending(record->pid, record->start_time))
		return state_status_stopped;
	return gate == gate_waiting ? state_status_created : state_status_running;
}

bool state_is_being_made(int dir_fd, const struct state_record *record)
{
	struct error ignored;
	if (state_lock(dir_fd, false, 0, &ignored) == 0) {
		state_unlock(dir_fd);
		return false;
	}
	return faccessat(dir_fd, START_GATE_NAME, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	       process_has_executed(record->pid, record->start_time) == 0;
}

static int open_process(const struct state_record *record, const char *what,
			struct identity process, int *pidfd, struct error *err)
{
	if (process.pid <= 0 || !state_is_of_this_boot(record))
		return error_set(err, ESRCH, "%s: %s", what, error_text(ESRCH));
	// (the order: as in alive)
	auto_close int fd = sys_pidfd_open(process.pid);
	if (fd < 0) {
		// a pid that by now belongs to a mere thread: EINVAL, or ENOENT in newer kernels
		if (errno == EINVAL || errno == ENOENT)
			errno = ESRCH;
		return error_errno(err, "%s (pid %d)", what, (int)process.pid);
	}
	if (look_for(&process, fd) < 0)
		return error_errno(err, "%s (pid %d)", what, (int)process.pid);
	*pidfd = take_fd(&fd);
	return 0;
}

int state_open_init(const struct state_record *record, int *pidfd, struct error *err)
{
	return open_process(record, "init of the container", init_of(record), pidfd, err);
}

int state_open_creator(const struct state_record *record, int *pidfd, struct error *err)
{
	const struct identity creator = {record->creator, record->creator_start_time, 0};
	return open_process(record, "creator of the container", creator, pidfd, err);
}

// ---- notes -------------------------------------------------------------------------------------------

// Made in one step, read in one step: a link that leads nowhere.
#define NOTE_BYTES 128
#define INIT_NOTE "init"
#define HOLDER_NOTE "holder"

static int write_note(int dir_fd, const char *name, pid_t pid, uint64_t start_time,
		      const char *boot_id)
{
	char note[NOTE_BYTES];
	snprintf(note, sizeof note, "%d:%" PRIu64 ":%s", (int)pid, start_time, boot_id);
	return symlinkat(note, dir_fd, name);
}

// *boot_id: owned by the caller
static int read_note(int dir_fd, const char *name, pid_t *pid, uint64_t *start_time, char **boot_id)
{
	char note[NOTE_BYTES];
	uint64_t number;
	ssize_t length = readlinkat(dir_fd, name, note, sizeof note - 1);
	if (length < 0)
		return -1;
	note[length] = '\0';
	char *start = strchr(note, ':'), *boot = start ? strchr(start + 1, ':') : NULL;
	if (!boot)
		return -1;
	*start++ = *boot++ = '\0';
	if (text_to_unsigned(note, &number) < 0 || number > INT_MAX ||
	    text_to_unsigned(start, start_time) < 0)
		return -1;
	*pid = (pid_t)number;
	*boot_id = strdup(boot);
	return *boot_id ? 0 : -1;
}

int state_note_init(int dir_fd, const struct state_record *record, struct error *err)
{
	if (write_note(dir_fd, INIT_NOTE, record->pid, record->start_time, record->boot_id) < 0)
		return error_errno(err, "make the note of the container's init");
	return 0;
}

int state_recall_init(int dir_fd, struct state_record *record)
{
	pid_t pid;
	uint64_t start_time;
	char *boot_id;
	if (read_note(dir_fd, INIT_NOTE, &pid, &start_time, &boot_id) < 0)
		return -1;
	free(record->boot_id);
	record->boot_id = boot_id;
	record->pid = pid;
	record->start_time = start_time;
	record->number = 0;
	record->same_boot = false;
	return 0;
}

void state_note_holder(int dir_fd)
{
	char boot_id[37];
	uint64_t start_time;
	bool zombie;
	// of one that was killed
	state_forget_holder(dir_fd);
	if (process_boot_id(boot_id) == 0 &&
	    process_start_time(getpid(), &start_time, &zombie) == 0)
		(void)write_note(dir_fd, HOLDER_NOTE, getpid(), start_time, boot_id);
}

void state_forget_holder(int dir_fd)
{
	(void)unlinkat(dir_fd, HOLDER_NOTE, 0);
}

int state_open_holder(int dir_fd, int *pidfd, struct error *err)
{
	struct state_record holder = {0};
	if (read_note(dir_fd, HOLDER_NOTE, &holder.pid, &holder.start_time, &holder.boot_id) < 0)
		return error_set(err, ESRCH, "no process is noted");
	int result = open_process(&holder, "holder of the container", init_of(&holder), pidfd, err);
	free(holder.boot_id);
	return result;
}
