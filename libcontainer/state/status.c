// SPDX-License-Identifier: Apache-2.0
// What a container is doing, from facts that cannot be forged by a reused pid: boot, pid with start time, start socket.
#include <errno.h>
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
	return !record->boot_id || process_boot_id(now) < 0 || text_equal(now, record->boot_id);
}

// A process that exists but does not show its start time counts as alive: a container that is taken for stopped by
// mistake would be lost, one that is taken for alive is only looked at again.
static bool alive(pid_t pid, uint64_t start_time)
{
	uint64_t ticks;
	bool zombie;
	if (pid <= 0)
		return false;
	if (process_start_time(pid, &ticks, &zombie) < 0)
		return errno != ESRCH;
	return ticks == start_time && !zombie;
}

enum gate { gate_absent, gate_waiting, gate_passed };

static enum gate look_at_gate(int dir_fd)
{
	auto_close int fd = socket_connect(dir_fd, START_GATE_NAME, SOCK_SEQPACKET | SOCK_NONBLOCK);
	// EAGAIN: the listener is there, with more callers than it has room for
	if (fd >= 0 || errno == EAGAIN)
		return gate_waiting;
	return errno == ENOENT ? gate_absent : gate_passed;
}

enum state_status state_compute(int dir_fd, const struct state_record *record)
{
	if (!state_is_of_this_boot(record))
		return state_status_stopped;
	bool creator = alive(record->creator, record->creator_start_time);
	if (record->pid <= 0)
		return creator ? state_status_creating : state_status_stopped;
	if (!alive(record->pid, record->start_time))
		return state_status_stopped;
	// The creator of a foreground run stays for the whole life of its container: only before the gate has been
	// passed does its life mean "creating".
	enum gate gate = look_at_gate(dir_fd);
	if (gate != gate_passed && creator)
		return state_status_creating;
	// also because the one who listened there is just being killed
	if (gate == gate_passed && process_is_ending(record->pid))
		return state_status_stopped;
	return gate == gate_waiting ? state_status_created : state_status_running;
}

static int open_process(const struct state_record *record, const char *what, pid_t pid,
			uint64_t start_time, int *pidfd, struct error *err)
{
	if (pid <= 0 || !state_is_of_this_boot(record))
		return error_set(err, ESRCH, "%s: %s", what, error_text(ESRCH));
	// first the descriptor, then the proof: from here on the pid cannot change hands unnoticed
	auto_close int fd = sys_pidfd_open(pid);
	if (fd < 0) {
		// a pid that by now belongs to a mere thread: EINVAL, or ENOENT in newer kernels
		if (errno == EINVAL || errno == ENOENT)
			errno = ESRCH;
		return error_errno(err, "%s (pid %d)", what, (int)pid);
	}
	uint64_t ticks;
	bool zombie;
	if (process_start_time(pid, &ticks, &zombie) < 0)
		return error_errno(err, "%s (pid %d)", what, (int)pid);
	if (ticks != start_time || zombie)
		return error_set(err, ESRCH, "%s (pid %d): %s", what, (int)pid, error_text(ESRCH));
	*pidfd = take_fd(&fd);
	return 0;
}

int state_open_init(const struct state_record *record, int *pidfd, struct error *err)
{
	return open_process(record, "init of the container", record->pid, record->start_time, pidfd,
			    err);
}

int state_open_creator(const struct state_record *record, int *pidfd, struct error *err)
{
	return open_process(record, "creator of the container", record->creator,
			    record->creator_start_time, pidfd, err);
}

// ---- without a cgroup --------------------------------------------------------------------------------

// Made in one step, read in one step: a link that leads nowhere.
#define NOTE_NAME "init"
#define NOTE_BYTES 128

int state_note_init(int dir_fd, const struct state_record *record, struct error *err)
{
	char note[NOTE_BYTES];
	snprintf(note, sizeof note, "%d:%" PRIu64 ":%s", (int)record->pid, record->start_time,
		 record->boot_id);
	if (symlinkat(note, dir_fd, NOTE_NAME) < 0)
		return error_errno(err, "make the note of the container's init");
	return 0;
}

int state_recall_init(int dir_fd, struct state_record *record)
{
	char note[NOTE_BYTES];
	uint64_t pid, start_time;
	ssize_t length = readlinkat(dir_fd, NOTE_NAME, note, sizeof note - 1);
	if (length < 0)
		return -1;
	note[length] = '\0';
	char *start = strchr(note, ':'), *boot = start ? strchr(start + 1, ':') : NULL;
	if (!boot)
		return -1;
	*start++ = *boot++ = '\0';
	char *boot_id = strdup(boot);
	if (!boot_id || text_to_unsigned(note, &pid) < 0 || pid > INT_MAX ||
	    text_to_unsigned(start, &start_time) < 0) {
		free(boot_id);
		return -1;
	}
	free(record->boot_id);
	record->boot_id = boot_id;
	record->pid = (pid_t)pid;
	record->start_time = start_time;
	return 0;
}
