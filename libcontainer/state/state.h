// SPDX-License-Identifier: Apache-2.0
// What husk remembers of a container between two commands: one directory <root>/<id>/ that holds
//
//	state        the record below (JSON, written by rename, so whole or not there)
//	config.json  the configuration as it was at create
//	resources    linux.resources as `update` left them (JSON); not there before the first one
//	init         for a container without a cgroup: its first process
//	holder       while hooks run in start: the process that holds the lock
//	start        the socket on which the waiting init listens; who can connect finds it "created"
//
// The directory is made first of all and removed last of all: from its existence on, every other resource of the
// container can be found again, whenever and wherever its creator was killed.
#ifndef HUSK_STATE_STATE_H
#define HUSK_STATE_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"
#include "libcontainer/base/log.h"

// The record. Strings are owned by it (state_record_done).
struct state_record {
	char *id;
	char *bundle;            // absolute
	char *rootfs;            // absolute
	char *cgroup_path;       // below the cgroup2 mount, or NULL: none
	char *cgroup_made_from;  // see cgroup.h, or NULL
	char *created;           // RFC 3339, UTC, nanoseconds
	char *boot_id;  // of the boot in which it was made: a pid means nothing in another; NULL: none yet, or it is damaged
	uint64_t
		hierarchy;  // of that boot, too: the number of the cgroup2 hierarchy (cgroup.h); or 0
	bool same_boot,     // not in the file: who has read it has seen that hierarchy
		other_boot;   // ... or another one
	char *systemd_scope;  // or NULL
	pid_t pid;            // init, in the runtime's pid namespace; 0 = not made yet
	uint64_t start_time;  // of init, clock ticks; tells a reused pid
	uint64_t number;      // of init, as process_number has it: tells it sooner; or 0
	pid_t creator;  // the creating process and its start time: while it lives, the container is "creating"
	uint64_t creator_start_time;
	uint64_t
		root_mount;  // without a mount namespace: id of the mount on which root.path is, before anything is mounted; else 0
	uid_t owner;
	bool private_pid_namespace;  // init's end ends everything in it
	bool rootless;
	// what the configuration says to `start` and `delete`, which then do not have to read it; false: they do
	bool plain_start;  // there is a process, and no poststart hook
	bool plain_end;    // no poststop hook, no linux.intelRdt
	bool callers_keyring;  // it has kept the session keyring of its creator (--no-new-keyring); so does exec
};

enum state_status {
	state_status_creating,
	state_status_created,
	state_status_running,
	state_status_paused,  // never computed here: the caller asks the cgroup
	state_status_stopped,
};
const char *state_status_name(enum state_status status);

// The state root: made 0700 when missing, opened O_DIRECTORY | O_NOFOLLOW, its owner and mode checked.
// create false: a missing root is ENOENT in err->code. "/" is refused.
int state_root_open(const char *path, bool create, int *root_fd, struct error *err) must_check;
// The default for this user: /run/husk, $XDG_RUNTIME_DIR/husk, ... (contract section 1). malloc'ed.
int state_root_default(char **path, struct error *err) must_check;

// [A-Za-z0-9_+.-]+, not "." or "..", at most 255 bytes (texts of the contract).
int state_check_id(const char *id, struct error *err) must_check;

// Makes <root>/<id>/ (error when it exists: the contract's text), locks it, and returns it. Owned by the caller.
int state_reserve(int root_fd, const char *id, int *dir_fd, struct error *err) must_check;
// Opens an existing one; ENOENT in err->code with the contract's text when there is none.
int state_open(int root_fd, const char *id, int *dir_fd, struct error *err) must_check;
// Takes the container's lock: flock on the directory. exclusive or shared; waits at most timeout_ms (-1: for ever).
// EAGAIN in err->code on time out, ENOENT when the container was removed meanwhile. The lock goes with the last
// descriptor, inherited ones included: init must close its own.
int state_lock(int dir_fd, bool exclusive, int timeout_ms, struct error *err) must_check;

// Lets other commands in again.
void state_unlock(int dir_fd);

int state_write(int dir_fd, const struct state_record *record, struct error *err) must_check;
// A record that is torn or not there is an error with code ENODATA.
int state_read(int dir_fd, struct state_record *record, struct error *err) must_check;
void state_record_done(struct state_record *record);

int state_write_config(int dir_fd, const char *text, size_t length, struct error *err) must_check;
int state_read_config(int dir_fd, char **text, size_t *length, struct error *err) must_check;

// The limits as updates left them, a linux.resources object. *text is malloc'ed, NULL when there was no update.
int state_read_resources(int dir_fd, char **text, size_t *length, struct error *err) must_check;
// In two steps, so that what can fail fails before the cgroup is changed: _prepare writes the text beside the current one; then
// _commit puts it in place, or _discard removes it.
int state_prepare_resources(int dir_fd, const char *text, size_t length,
			    struct error *err) must_check;
int state_commit_resources(int dir_fd, struct error *err) must_check;
void state_discard_resources(int dir_fd);

// Whether what the record names by a number (pid, mount) can still be that. An id of the boot that cannot be read proves nothing.
bool state_is_of_this_boot(const struct state_record *record);

// Status from the record, the process and the start socket, without paused. While the record's creator lives and init has
// not been released, it is "creating".
// look (or NULL): what it has opened for that is kept there.
struct state_look {
	int pidfd;  // owned: of init, when it was seen alive; -1
	int gate;  // owned: a connection to the start gate on which nothing was said, when init waits there and wants_gate; -1
	bool wants_gate;
};
enum state_status state_compute(int dir_fd, const struct state_record *record,
				struct state_look *look);
// Whether what says "running" is still husk on its way to the program, in namespaces that are in part the host's: the record of a `run`
// is there before init is ready. dir_fd: without a lock. Costs a look at the lock, which is held as long as that is so.
bool state_is_being_made(int dir_fd, const struct state_record *record);
// Whether the creator of what says "created" is only just ending: where it was killed, init is killed by the last that it does.
bool state_creator_is_there(const struct state_record *record);
// A pidfd of init that is proven to be this container's: 0 and *pidfd; ESRCH in err->code when it is gone.
int state_open_init(const struct state_record *record, int *pidfd, struct error *err) must_check;
// The same of the process that is creating it.
int state_open_creator(const struct state_record *record, int *pidfd, struct error *err) must_check;

// A second place for pid, start_time and boot_id, for a container that has no cgroup: should the record be damaged, nothing
// else leads to its processes. recall fills these three of *record; -1: there is no note.
int state_note_init(int dir_fd, const struct state_record *record, struct error *err) must_check;
int state_recall_init(int dir_fd, struct state_record *record) must_check;

// The calling process holds the lock while something runs that may never end; another one can find it. (Without the note that one
// waits in vain: it is no failure here.)
void state_note_holder(int dir_fd);
void state_forget_holder(int dir_fd);
// A pidfd of that process. ESRCH in err->code: there is none.
int state_open_holder(int dir_fd, int *pidfd, struct error *err) must_check;

// Removes everything in the directory (files of ours; nothing is followed) and the directory itself.
int state_remove(int root_fd, const char *id, struct error *err) must_check;
// The same for who holds the directory open: it takes no other descriptor as long as only files are in it.
int state_remove_opened(int root_fd, const char *id, int dir_fd, struct error *err) must_check;

// Names of all entries that look like ids. malloc'ed array of malloc'ed strings, sorted.
int state_list(int root_fd, char ***ids, size_t *count, struct error *err) must_check;
void state_list_free(char **ids, size_t count);

// ---- start_gate.c --------------------------------------------------------------------------------

// The name of the socket in the state directory.
#define START_GATE_NAME "start"

// The creator: listens; init inherits the descriptor.
int start_gate_listen(int dir_fd, int *listener, struct error *err) must_check;
// init: waits until somebody says go, and closes the listener (always); connections that close without a word are ignored.
// *connection (owned, close-on-exec) carries the outcome: an error by start_gate_fail, success by its end (execve closes it).
int start_gate_wait(int listener, int *connection, struct error *err) must_check;
void start_gate_fail(int connection, const struct error *failure);
// init, before the system call filter is loaded: what follows is execve. Lets the caller tell an end by execve from a
// death on the way. Optional; start_gate_fail may still follow.
void start_gate_say_last(int connection);
// `start`: connects and says go. *connection: one that is there already (look.gate) or -1, and then the one that is served, owned by
// the caller. ECONNREFUSED in err->code when init does not wait any more.
int start_gate_open(int dir_fd, int *connection, struct error *err) must_check;
// Waits for the outcome: 0 = the program runs (or was run and has ended already); -1 with init's own error, or with
// ECONNREFUSED in err->code when init served another start. 1 = the conversation ended, but init had not said its last
// word: an init that says it was killed before execve (of one that never says it nothing is known: look at the process).
// *last: whether it was said, so that nothing but the filter and execve can have failed.
int start_gate_outcome(int connection, bool *last, struct error *err) must_check;

#endif
