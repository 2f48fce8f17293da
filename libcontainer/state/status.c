// SPDX-License-Identifier: Apache-2.0
// What a container is doing, from facts that cannot be forged by a reused pid: boot, pid with start time, start socket.
#include <errno.h>
#include <sys/socket.h>

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
	return gate == gate_waiting ? state_status_created : state_status_running;
}

int state_open_init(const struct state_record *record, int *pidfd, struct error *err)
{
	if (record->pid <= 0 || !state_is_of_this_boot(record))
		return error_set(err, ESRCH, "init of the container: %s", error_text(ESRCH));
	// first the descriptor, then the proof: from here on the pid cannot change hands unnoticed
	auto_close int fd = sys_pidfd_open(record->pid);
	if (fd < 0) {
		// a pid that by now belongs to a mere thread: EINVAL, or ENOENT in newer kernels
		if (errno == EINVAL || errno == ENOENT)
			errno = ESRCH;
		return error_errno(err, "init of the container (pid %d)", (int)record->pid);
	}
	uint64_t ticks;
	bool zombie;
	if (process_start_time(record->pid, &ticks, &zombie) < 0)
		return error_errno(err, "init of the container (pid %d)", (int)record->pid);
	if (ticks != record->start_time || zombie)
		return error_set(err, ESRCH, "init of the container (pid %d): %s", (int)record->pid,
				 error_text(ESRCH));
	*pidfd = take_fd(&fd);
	return 0;
}
