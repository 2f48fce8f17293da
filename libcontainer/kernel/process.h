// SPDX-License-Identifier: Apache-2.0
// Processes: who they are for good, waiting, signals of the caller.
#ifndef HUSK_KERNEL_PROCESS_H
#define HUSK_KERNEL_PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libcontainer/base/attributes.h"

// Field 22 of /proc/PID/stat, in clock ticks since boot: with the pid it names a process for good.
// *zombie tells whether it is dead and only waits to be reaped. ESRCH when there is none; EACCES when there
// is one that procfs does not show (hidepid, no procfs).
int process_start_time(pid_t pid, uint64_t *ticks, bool *zombie) must_check;

// The number that a process has for good, and no other one of this boot: *number. ENOTSUP before Linux 6.9. A pidfd that has ended keeps it.
int process_number(int pidfd, uint64_t *number) must_check;

// Whether the process has executed a program since it was forked: 1, 0, or -1 when that cannot be seen. Also known of one that
// ends or waits to be reaped, which is how an end by execve is told from a death on the way to it. start_time: as above, 0 for a
// child that is not reaped yet.
int process_has_executed(pid_t pid, uint64_t start_time) must_check;

// Whether a process is in the first user namespace, the host's own: 1, 0, or -1 when that cannot be seen. proc: its directory in /proc, or
// PROCESS_SELF.
#define PROCESS_SELF (-1)
int process_in_first_user_namespace(int proc) must_check;

// The process that the thread belongs to, or -1.
pid_t process_of_thread(pid_t thread) must_check;

// Whether the process is on its way out (it was killed, or has said so), or gone by now. start_time: as above.
bool process_is_ending(pid_t pid, uint64_t start_time) must_check;

// Waits for pidfd to end; timeout_ms -1 = for ever. Returns 1 when it ended, 0 on time out, -1.
int process_wait_pidfd(int pidfd, int timeout_ms) must_check;

// waitpid for one child, EINTR handled. *status as of waitpid.
int process_reap(pid_t pid, int *status) must_check;

// How a process ended that is not our child and has been reaped; *status as of waitpid. ENODATA while it is not reaped, other errors
// before Linux 6.15.
int process_exit_status(int pidfd, int *status) must_check;

// The exit code a shell would give: the program's, or 128 + signal.
int process_exit_code(int status);

// /proc/sys/kernel/random/boot_id into a buffer of 37 bytes.
int process_boot_id(char id[37]) must_check;

// Blocks every signal and remembers the mask as it was.
int signals_block_all(sigset_t *before) must_check;
// The same for those of signals_open_interrupts only.
int signals_block_interrupts(sigset_t *before) must_check;

// A signalfd (close-on-exec, non-blocking) of the signals by which a person or a supervisor asks a command to end: HUP, INT,
// QUIT, TERM. The caller has blocked them; every other one stays pending.
int signals_open_interrupts(void) must_check;
// Takes one of them: its number, or 0 when there is none, or one that the caller of the program ignores (nohup).
int signals_take_interrupt(int fd);
// Takes all that are there: they came too late to stop anything.
void signals_drop_interrupts(int fd);

// The first process of a pid namespace does not get signals that it does not catch (pid_namespaces(7)). Until signals_reset, end is
// called with each that ends any other process, but those that are ignored, SIGPIPE, and those of a fault. What of before is none of
// them stays blocked.
void signals_catch_endings(void (*end)(int signal), const sigset_t *before);

// The state a program expects at its start: nothing blocked, nothing ignored or caught.
int signals_reset(void) must_check;

// Between the two, writing to a pipe whose reader is gone is EPIPE and no SIGPIPE, whatever the caller set up.
struct signals_pipe {
	bool was_blocked, was_pending;
};
void signals_hold_pipe(struct signals_pipe *held);
void signals_release_pipe(const struct signals_pipe *held);

// "TERM", "SIGTERM", "sigterm", "15", "RTMIN+3", "RTMAX-1": the number, or -1 (EINVAL). "0" is 0: only asks whether
// the process is there.
int signals_from_name(const char *name) must_check;

#endif
