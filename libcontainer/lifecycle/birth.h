// SPDX-License-Identifier: Apache-2.0
// Pieces of cloning a process into a container that create and exec share.
#ifndef HUSK_LIFECYCLE_BIRTH_H
#define HUSK_LIFECYCLE_BIRTH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libcontainer/base/error.h"
#include "libcontainer/base/log.h"
#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/kernel/own_strings.h"
#include "libcontainer/security/security.h"
#include "spec/spec.h"

// Sets the caller's own oom_score_adj, which the clone inherits; before keeps what it was ("" when nothing is asked for).
int birth_set_oom_score(const struct spec_process *process, char before[16],
			struct error *err) must_check;
void birth_restore_oom_score(const char before[16]);

// clone3 with a pidfd, straight into the cgroup (cgroup_fd -1: the caller's). Returns twice, like fork. The new process does not show
// strings (or NULL).
pid_t birth_clone(uint64_t flags, int cgroup_fd, const struct own_strings *strings, int *pidfd,
		  struct error *err) must_check;

// The same, but the new process goes on with run(argument), which does not return, in the caller's memory: see sys_clone3_sharing, also for
// what the caller may do meanwhile, and where it can be had.
pid_t birth_clone_sharing(int cgroup_fd, int *pidfd, void (*run)(void *argument), void *argument,
			  struct error *err) must_check;

// After proceed: until the program runs (0). -1 with the child's own error, or as birth_await_execution; 1 when it ended on
// the way and could not say why: it is for the caller to reap it. pidfd: of pid. last: it has said its last word. unproven (or NULL: the
// proof is wanted now): set when its end of the conversation is closed, which is so of one that ended in silence, too; foreground_wait
// finds that out where the answer costs nobody time.
int birth_await_program(int sync, pid_t pid, int pidfd, bool last, bool *unproven, int interrupts,
			struct error *err) must_check;

// Whether the process, whose end of the conversation is closed and which had said its last word, has executed its program: *executed is
// 1, 0 (it has ended on the way), or -1 when that cannot be seen. Waits until it is one of them, a few seconds at most: -1 with ETIMEDOUT.
// start_time: as of process_has_executed; pidfd: of pid; interrupts, and -1 with EINTR: as in attend.h.
int birth_await_execution(pid_t pid, uint64_t start_time, int pidfd, int interrupts, int *executed,
			  struct error *err) must_check;

// What to add to the message about a process that was killed (status as of waitpid): whether memory ran out in its cgroup; "" when that
// is not known, or not so.
const char *birth_kill_hint(int status, const struct cgroup *cgroup);

// Whether that end (status as of waitpid) is one that a filter brings about.
bool birth_ended_by_filter(int status);

// What to add to the message about such an end (status as of waitpid): "" or words about the filter.
const char *birth_filter_hint(int status, const struct syscall_filter *filter);

// Hands a seccomp listener to the agent that the configuration names.
int birth_send_listener(const struct spec *spec, const char *id, const char *bundle,
			const char *rootfs, const char *status, pid_t init, pid_t pid, int listener,
			struct error *err) must_check;

// Tells pid to the file at path (NULL: nobody asks), all or nothing; *made: then it is the caller's to remove when the process is not to be.
int birth_write_pid_file(const char *path, pid_t pid, bool *made, struct error *err) must_check;

#endif
