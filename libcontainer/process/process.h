// SPDX-License-Identifier: Apache-2.0
// What the container's process is given: identity, environment, limits, scheduling, terminal; and hooks.
//
// The functions here act on the calling process unless they say otherwise; init and exec call the same ones.
#ifndef HUSK_PROCESS_PROCESS_H
#define HUSK_PROCESS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/text.h"
#include "spec/spec.h"

// ---- identity.c ----------------------------------------------------------------------------------

// setgroups, setresgid, setresuid, keeping the permitted capabilities (PR_SET_KEEPCAPS) for the caller to reduce. keep_groups: no
// setgroups at all. may_set_groups false: setgroups is denied in this user namespace; additional groups are then an error.
int identity_apply(const struct spec_user *user, bool keep_groups, bool may_set_groups,
		   struct error *err) must_check;
// umask as configured, or 0022.
void identity_apply_umask(const struct spec_user *user);
// Gives 0, 1 and 2 to the user where that makes sense (never /dev/null; EROFS, EPERM, EINVAL ignored).
int identity_own_stdio(const struct spec_user *user, struct error *err) must_check;

// ---- environment.c -------------------------------------------------------------------------------

struct environment {
	char **variables;               // owned: NULL-terminated, ready for execve
	struct environment_room *room;  // owned: from reserve on; fill needs it, nothing else
};
// The process' variables, last duplicate wins, HOME added from /etc/passwd of the root root_fd (bounded, never blocking, "/" when
// there is none). extra: more "K=V" (NULL-terminated, may be NULL) that win over the configuration's.
int environment_make(const struct spec_process *process, int root_fd, const char *const *extra,
		     struct environment *environment, struct error *err) must_check;
// The same in two steps. The second, for one who works in another's memory, leaves the heap alone: its process may be killed at any moment.
int environment_reserve(const struct spec_process *process, const char *const *extra,
			struct environment *environment, struct error *err) must_check;
int environment_fill(const struct spec_process *process, int root_fd, const char *const *extra,
		     const struct environment *environment, struct error *err) must_check;
void environment_done(struct environment *environment);
const char *environment_get(const struct environment *environment, const char *name);
// The same, to be written to: no more than is there.
char *environment_value(struct environment *environment, const char *name);

// Finds args[0] as execvpe would inside the container: absolute or with a slash as it is, else along PATH of the environment.
// Called after rootfs_enter and chdir, with the user's identity not yet taken (so: checks the mode bits, regular file). The texts are those of
// the command-line contract, section 8. *path malloc'ed.
int environment_find_program(const struct environment *environment, const char *name, char **path,
			     struct error *err) must_check;
// Says what an execve that failed with code most likely means: missing interpreter, wrong architecture, CRLF in "#!" ...
int environment_explain_exec(const char *path, int code, struct error *err);

// ---- limits.c ------------------------------------------------------------------------------------

int limits_apply(const struct spec_rlimit *limits, size_t count, struct error *err) must_check;
// The same in two steps, for one who has to clone a process between them, with fewer privileges: the first leaves room for RLIMIT_NPROC
// and sets all others, the second sets that one.
int limits_apply_but_processes(const struct spec_rlimit *limits, size_t count,
			       struct error *err) must_check;
int limits_apply_processes(const struct spec_rlimit *limits, size_t count,
			   struct error *err) must_check;
// Raises the soft limit of open files to the hard one for the runtime's own work; restore undoes it.
struct limits_saved {
	bool changed;
	unsigned long long soft, hard;
};
void limits_raise_files(struct limits_saved *saved);
void limits_restore_files(const struct limits_saved *saved);

// ---- scheduling.c --------------------------------------------------------------------------------

int scheduling_apply(const struct spec_scheduler *scheduler, struct error *err) must_check;
// Whether a process that is cloned from one with these attributes has them, too (sched(7)); the kernel refuses to clone a deadline task.
bool scheduling_is_inherited(const struct spec_scheduler *scheduler) must_check;
int scheduling_apply_io(const struct spec_io_priority *priority, struct error *err) must_check;
// A CPU list, or NULL for every CPU (so that the caller's own mask does not leak in).
int scheduling_apply_affinity(const char *cpus, struct error *err) must_check;
int scheduling_apply_memory_policy(const struct spec_memory_policy *policy,
				   struct error *err) must_check;
int scheduling_apply_personality(enum spec_personality personality, struct error *err) must_check;

// ---- terminal.c ----------------------------------------------------------------------------------

// Opens a pty of the devpts mounted at dev_pts inside root_fd (in the container; verified to be devpts), peer by TIOCGPTPEER.
// ONLCR is cleared as runc does. Both owned by the caller.
int terminal_open(int root_fd, int *master, int *peer, struct error *err) must_check;
// 0, 0: as it is.
int terminal_set_size(int master, unsigned rows, unsigned columns, struct error *err) must_check;
// The peer becomes stdin, stdout and stderr, owned by user.
int terminal_use(int peer, const struct spec_user *user, struct error *err) must_check;
// That terminal becomes the controlling one of the session that the caller has begun (setsid).
int terminal_control(struct error *err) must_check;
// Hands the master to the socket at path (see contract section 4). A signal of interrupts (signals_open_interrupts; -1: none) ends the wait for somebody to accept.
int terminal_send(const char *socket_path, int master, int interrupts,
		  struct error *err) must_check;

// The caller's own terminal in a foreground run: raw mode, size, copying. Its terminal is the first of 0, 1, 2 that is one; none
// need be one. Whoever began a session has to end it: that restores everything. master is borrowed. The caller should have
// closed its own copy of the peer and blocked the signals before.
//
// The size is copied before the session begins, with the signals blocked already: the program may look at once.
struct terminal_session;
void terminal_session_copy_size(int master);
int terminal_session_begin(int master, struct terminal_session **session,
			   struct error *err) must_check;
// Serves until pidfd has ended and what it wrote is copied. signal_fd: a signalfd that the caller made (or -1). SIGWINCH and
// SIGCONT are served here (SIGCONT is also handed on); every other signal is handed to forward (may be NULL; true: it tells that
// the program has ended) and nothing else is done about it, except that a terminating one ends the copying when the program has ended.
// -1 on failure of poll.
int terminal_session_run(struct terminal_session *session, int pidfd, int signal_fd,
			 bool (*forward)(void *data, int signal), void *data,
			 struct error *err) must_check;
void terminal_session_end(struct terminal_session *session);

// ---- hooks.c -------------------------------------------------------------------------------------

// Files that get what hooks print instead of the message of a failure (annotations run.oci.hooks.stdout and .stderr).
struct hooks_files {
	int fds[2];  // owned: standard output and error; -1: as without
};
#define HOOKS_FILES_NONE                                                                           \
	{                                                                                          \
		{                                                                                  \
			-1, -1                                                                     \
		}                                                                                  \
	}
// Opens them for appending, on the host.
int hooks_files_open(const struct spec *spec, struct hooks_files *files,
		     struct error *err) must_check;
void hooks_files_close(struct hooks_files *files);
#define auto_hooks_files __attribute__((cleanup(hooks_files_close)))
// Runs one list in order, the state JSON on standard input. files: or NULL; interrupts: of signals_open_interrupts, or -1: such a signal
// kills the hook that runs, which has failed then; cwd_fd: working directory; default_env: used when a hook has no env (NULL:
// an empty environment). The tail of what a failing hook printed is in the error: `hooks.prestart[0] /bin/x: exit status 3: text`. A hook that
// runs past its timeout is killed with its process group, and with the caller ends the hook, too (what it has started itself and has
// left the group, or is let go of by a change of its own credentials, excepted).
int hooks_run(const struct hooks_files *files, int interrupts, const struct spec_hook_list *hooks,
	      enum spec_hook_kind kind, const char *state_json, int cwd_fd,
	      char *const *default_env, struct error *err) must_check;
// For poststop: every hook runs, failures are warnings.
void hooks_run_all(const struct hooks_files *files, int interrupts,
		   const struct spec_hook_list *hooks, enum spec_hook_kind kind,
		   const char *state_json, int cwd_fd, const struct log *log);

#endif
