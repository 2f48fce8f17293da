// SPDX-License-Identifier: Apache-2.0
// What runs in the processes that husk clones: the container's init, and processes of `exec`.
//
// The runtime prepares everything it can beforehand and hands it over in one struct, shared by memory that
// fork copies. The child walks a table of steps, straight down; it never prints, never cleans up and never
// returns: it executes the program, or sends what failed and exits.
#ifndef HUSK_INIT_INIT_H
#define HUSK_INIT_INIT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libcontainer/base/error.h"
#include "libcontainer/base/text.h"
#include "libcontainer/base/trace.h"
#include "libcontainer/namespaces/namespaces.h"
#include "libcontainer/process/process.h"
#include "libcontainer/rootfs/rootfs.h"
#include "libcontainer/security/security.h"
#include "spec/spec.h"

// When a process of exec is cloned into the container's pid namespace, which no process can enter itself.
enum init_birth {
	init_birth_done,   // it is there, or there is none to enter
	init_birth_early,  // before anything is given up
	init_birth_late,  // with the identity, the capabilities and the descriptors that its program gets
};

// A variable with room for a number that only the new process knows: its own.
#define INIT_LISTEN_PID "LISTEN_PID=0000000000"

struct init {
	// -- given by the runtime; borrowed --
	const struct spec *spec;
	const struct spec_process *process;  // of the configuration, or of exec
	struct namespace_plan *namespaces;
	struct rootfs *rootfs;  // NULL for exec
	const struct capabilities *capabilities;
	const struct syscall_filter *filter;
	struct labels labels;
	void *unneeded;  // memory of the preparation that nothing of init refers to
	const char *id;
	const char *bundle;
	const char *rootfs_path;  // on the host, for hooks
	const struct own_binary
		*own_binary;  // husk's own file, to be left behind; NULL: it is protected already
	const struct limits_saved *files;  // RLIMIT_NOFILE as the caller had it
	const char *const *extra_env;
	bool listen_pid;           // INIT_LISTEN_PID is among extra_env
	const char *cpu_affinity;  // list, or NULL = all
	bool let_go;               // exec: nobody has anything to do between ready and the program
	bool silent;               // exec: nor does anybody wait for its last word
	unsigned preserve_fds;
	struct trace *trace;    // or NULL
	int sync;               // the child's end
	int close_first[8];     // what the runtime has open and no child may keep; -1 = nothing
	bool wait_for_start;    // behind the start gate; else it goes on after ready
	int target_pidfd;       // exec: the container's init; else -1
	int target_namespaces;  // exec: CLONE_NEW* to join through target_pidfd
	int target_root;        // exec into a container without a mount namespace: its root, or -1
	enum init_birth birth;  // exec: of the process itself; before it, the stage walks
	pid_t *born;  // shared with the runtime: the kernel writes the process's number there
	struct hooks_files hooks_files;  // borrowed: for the hooks that this process runs
	bool rootless;
	bool keep_groups;
	bool new_keyring;
	bool wait_for_maps;  // a new user namespace without a stage
	bool delegated;      // the runtime moves it to a cgroup below its own
	bool runtime_hooks;  // prestart or createRuntime hooks are there
	bool become_root;    // take uid 0 of the user namespace
	bool hidden;  // other processes can see this one from its first moment: never dumpable
	uint64_t clone_flags;  // for the stage's own clone

	// -- the child's own --
	sigset_t signals;  // the mask, while all are blocked
	bool may_set_groups;
	bool in_session;        // exec: of its own
	bool limits_processes;  // exec: RLIMIT_NPROC is not set yet
	struct environment environment;
	char *program;
	int proc_fd;
	int own_file;  // husk's, as it is mapped after it was left; or -1
	int pty_peer;
	int gate;    // listener of the start gate, which comes with the word to proceed; or -1
	int cwd_fd;  // the working directory, once it is proven to lie inside
	bool cwd_proven;
	int outcome;  // where failure is reported: sync, or the connection of `start`
};

struct init_step {
	const char *what;  // for --dry-run, --trace and errors
	int (*run)(struct init *init, struct error *err);
	bool (*wanted)(const struct init *init);  // NULL: always
};

// The tables, ended by a row without a name.
extern const struct init_step container_init_steps[];
extern const struct init_step exec_init_steps[];

#define INIT_NO_DESCRIPTORS                                                                        \
	{                                                                                          \
		-1, -1, -1, -1, -1, -1, -1, -1                                                     \
	}

// Closes what the runtime keeps for itself (its end of the conversation above all: its death must be seen). First act of a child.
void init_close_first(struct init *init);

// Tells whoever waits for the outcome: the runtime, or `start`. May be said once more, better: the last word counts.
void init_report(const struct init *init, const struct error *failure);

// What a process that cannot go on ends with.
#define INIT_FAILED 1
// Ends the process, whatever a filter says.
_Noreturn void init_end(int code);

// Walks a table and does not return.
_Noreturn void init_walk(struct init *init, const struct init_step *steps);

// The stage: enters or makes what must exist before init is cloned, clones it (as a child of the runtime) and ends.
_Noreturn void stage_run(struct init *init, const struct init_step *steps);

// The names of the steps that would be walked, a line each.
void init_describe(const struct init *init, const struct init_step *steps, const char *prefix,
		   struct text *text);

#endif
