// SPDX-License-Identifier: Apache-2.0
// The library's one public header: the operations on containers, as the specification names them.
//
// Each operation runs in the calling process, keeps no state of its own between calls (everything is in the state
// directory), prints nothing and never exits. A failing operation leaves nothing behind that was not there
// before, and says what went wrong in *err. The process must not ignore SIGCHLD: children are waited for. Its
// umask must leave the owner all he needs of what is made.
#ifndef HUSK_CONTAINER_H
#define HUSK_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/text.h"
#include "libcontainer/base/trace.h"

enum container_cgroup_manager {
	container_cgroup_manager_cgroupfs,
	container_cgroup_manager_systemd,
	container_cgroup_manager_disabled,  // no cgroup is made: limits are refused, device rules left out
};

struct own_strings;

// What all operations share: the global options of the command line.
struct container_context {
	const char *root;  // state root; NULL: the default for this user
	enum container_cgroup_manager cgroup_manager;
	int systemd_timeout_ms;  // how long systemd may take for one thing; 0: 30 s
	const struct log *log;   // or NULL
	struct trace *trace;     // when each step ran, or NULL
	// what the caller's service manager said (create, run, start, exec)
	const char *notify_socket;  // NOTIFY_SOCKET: a path, or "@" and an abstract name; or NULL
	unsigned
		listen_fds;  // LISTEN_FDS: descriptors 3 .. 3+N-1 are passed on, in front of preserve_fds
	const char *listen_names;  // LISTEN_FDNAMES, or NULL
	// RUN_OCI_SECCOMP_RECEIVER: for profiles that notify and name no listenerPath; or NULL
	const char *seccomp_receiver;
	char *const *
		argv;  // of the process: own-binary protection may have to execute it again; never NULL
	const struct own_strings *
		strings;  // what the processes of containers do not show (kernel/own_strings.h), or NULL
	bool ends;  // the process ends after the call: memory and descriptors are left to the kernel
};

struct container_create_options {
	const char *id;
	const char *bundle;          // NULL: "."
	const char *config;          // another file than BUNDLE/config.json, or NULL
	const char *console_socket;  // or NULL
	const char *pidfd_socket;    // or NULL
	const char *pid_file;        // or NULL
	const char *
		overlay;  // "tmpfs[:size=N]" or a directory; NULL: the annotation org.husk.overlay, or none
	bool no_pivot;
	bool no_new_keyring;
	unsigned
		preserve_fds;  // descriptors from 3 (behind listen_fds) are passed on; holes are allowed
};

struct container_run_options {
	struct container_create_options create;
	bool detach;
	bool keep;  // do not delete after the end
	bool no_subreaper;
};

struct container_exec_options {
	const char *id;
	const char *process_file;  // a process object as JSON; NULL: made from the fields below
	const char *const *args;   // NULL-terminated; ignored with process_file
	const char *cwd;           // or NULL
	const char *const *env;    // NULL-terminated list that is added, or NULL
	const char *const *capabilities;  // added to all sets but inheritable and ambient, or NULL
	const char *user;                 // "UID[:GID]", or NULL
	const uint32_t *additional_gids;
	size_t additional_gids_count;
	const char *process_label, *apparmor;                  // or NULL
	const char *console_socket, *pidfd_socket, *pid_file;  // or NULL
	const char *const *
		cgroups;  // "[CONTROLLER,...:]PATH" below the container's cgroup, NULL-terminated, or NULL
	int tty;          // 1, 0, or -1: not said
	bool detach;
	bool no_new_privs;
	bool ignore_paused;
	unsigned preserve_fds;
};

// When it is complete, HUP, INT, QUIT and TERM stay blocked in the calling process, here and with a detached run: it has nothing left
// to do but to say so, and shall not look as if it had failed.
int container_create(const struct container_context *context,
		     const struct container_create_options *options, struct error *err) must_check;
// The ordered steps that create would do, as text, and nothing is done.
int container_plan(const struct container_context *context,
		   const struct container_create_options *options, struct text *plan,
		   struct error *err) must_check;
int container_start(const struct container_context *context, const char *id,
		    struct error *err) must_check;
// Creates and starts; unless detached waits for the end, and deletes (unless keep). *status: what a shell would say.
int container_run(const struct container_context *context,
		  const struct container_run_options *options, int *status,
		  struct error *err) must_check;
// *status: the program's exit status as a shell would say; 0 when detached.
int container_exec(const struct container_context *context,
		   const struct container_exec_options *options, int *status,
		   struct error *err) must_check;
int container_kill(const struct container_context *context, const char *id, int signal, bool all,
		   struct error *err) must_check;
// force: kill first; an unknown id is success.
int container_delete(const struct container_context *context, const char *id, bool force,
		     struct error *err) must_check;
int container_pause(const struct container_context *context, const char *id,
		    struct error *err) must_check;
int container_resume(const struct container_context *context, const char *id,
		     struct error *err) must_check;
// Every process of the container, host pids. *pids malloc'ed.
int container_processes(const struct container_context *context, const char *id, pid_t **pids,
			size_t *count, struct error *err) must_check;

struct container_update {
	const char *resources;  // a LinuxResources object as JSON of length bytes, or NULL
	size_t length;
	const char *l3_cache_schema, *mem_bw_schema;  // of linux.intelRdt, or NULL
};

// New limits, all of them or none. What is not mentioned stays as it is, access to devices too. The container may be created,
// running or paused.
int container_update(const struct container_context *context, const char *id,
		     const struct container_update *update, struct error *err) must_check;

// Mounts what the list says in a container that is created, running or paused, all of it or nothing; or takes away what is mounted on
// the destinations of the list (add false; the rest of each entry is not looked at). mounts: mounts[] of the configuration as JSON, length
// bytes, or an object that has it. Relative sources are below the bundle. What was mounted ends with the container.
int container_change_mounts(const struct container_context *context, const char *id, bool add,
			    const char *mounts, size_t length, struct error *err) must_check;

// Adds what the container has used: the object "data" of an event, as JSON in one line.
int container_stats(const struct container_context *context, const char *id, struct text *text,
		    struct error *err) must_check;

struct container_events_options {
	const char *id;
	int64_t interval_ms;  // between two statistics; at least 1
	int reader_fd;  // the stream ends when nobody reads this any more (a pipe, a socket), or -1
	// Takes one event: JSON with a newline. Returns 0, or -1 with *err, which ends the stream.
	int (*take)(void *data, const struct text *event, struct error *err);
	void *data;
};

// Statistics and kills for lack of memory, until the container ends.
int container_events(const struct container_context *context,
		     const struct container_events_options *options, struct error *err) must_check;

// One thing about this machine, in words.
struct container_fact {
	const char *name;  // static
	char *value;       // owned
};

// What there is for containers here, as the caller may use it. *items: container_info_free.
int container_info(const struct container_context *context, struct container_fact **items,
		   size_t *count, struct error *err) must_check;
void container_info_free(struct container_fact *facts, size_t count);

// Whether container_cgroup_manager_systemd is installed (systemd itself may still be missing).
bool container_can_use_systemd(void);

struct container_annotation {
	char *key, *value;
};

// Strings are owned (container_state_done).
struct container_state {
	char *id;
	const char *status;  // "creating", "created", "running", "paused", "stopped"; static
	pid_t pid;           // 0 when stopped
	char *bundle, *rootfs, *created;
	uid_t owner;
	struct container_annotation *annotations;
	size_t annotations_count;
	char *systemd_scope;  // or NULL
};
int container_state(const struct container_context *context, const char *id,
		    struct container_state *state, struct error *err) must_check;
void container_state_done(struct container_state *state);

// Every container of the root; entries that cannot be loaded are reported to the log and left out.
int container_list(const struct container_context *context, struct container_state **states,
		   size_t *count, struct error *err) must_check;
void container_list_free(struct container_state *states, size_t count);

#endif
