// SPDX-License-Identifier: Apache-2.0
// Everything that create and run hold on the way from a bundle to a waiting init.
//
// create.c has the table of stages; a stage fills its part of this struct and has an undo. Ownership is with the
// struct; creation_done releases what is left whatever happened.
#ifndef HUSK_LIFECYCLE_CREATION_H
#define HUSK_LIFECYCLE_CREATION_H

#include <signal.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/cgroup/resctrl.h"
#include "libcontainer/cgroup/scope.h"
#include "libcontainer/container.h"
#include "libcontainer/init/init.h"
#include "libcontainer/lifecycle/passed_on.h"
#include "libcontainer/lifecycle/profile.h"
#include "libcontainer/network/network.h"
#include "libcontainer/state/state.h"

enum creation_kind {
	creation_kind_create,      // init waits at the start gate
	creation_kind_detached,    // init goes on at once; the terminal goes to a socket
	creation_kind_foreground,  // ... and the caller stays with it
};

struct creation {
	const struct container_context *context;         // borrowed
	const struct container_create_options *options;  // borrowed
	enum creation_kind kind;

	char *bundle;  // absolute
	char *config_text;
	size_t config_length;
	const struct spec *document;   // owned: what was read
	const struct spec *spec;       // the same, or with what is added below
	struct spec spec_with_notify;  // its additions are in the arena
	struct arena arena;
	struct passed_on passed_on;
	char *rootfs_path;
	char *cgroup_path;       // below the cgroup2 mount; NULL: no cgroup
	char *cgroup_host_path;  // the same with the mount, lent to the rootfs plan
	char *devices_unlimited;  // why its device rules are not in force; NULL: they are, or there are none
	struct scope_name scope;  // of systemd, which makes the cgroup; its unit NULL: husk does
	char *scope_program;
	pid_t *born;      // owned: late_birth_share, when the stage clones init last
	sigset_t before;  // the signal mask of the caller, for init and for afterwards
	struct namespace_plan namespaces;
	struct rootfs_options rootfs_options;  // lent to the plan
	struct rootfs *rootfs;
	char *net_mover;  // the program that moves linux.netDevices; NULL: there are none
	struct network_moved net_moved;
	struct own_binary
		own_binary;  // for the new process to leave; protected already if its path is empty
	struct capabilities capabilities;
	struct profile profile;
	struct syscall_filter filter;
	struct cgroup_host host;

	int root_fd, dir_fd, gate;
	struct state_record record;
	struct cgroup cgroup;
	struct cgroup delegated;  // below it; its fd -1: none
	int resctrl;              // root of the resctrl file system, only with linux.intelRdt
	struct resctrl_made resctrl_made;
	struct scope_holder scope_holder;
	bool scope_started;
	bool rootless;
	struct init init;
	struct limits_saved files;
	struct hooks_files hooks_files;
	int interrupts;  // signals_open_interrupts
	int sync;        // the runtime's end
	pid_t stage;     // the intermediate process; 0: none, or gone
	pid_t pid;       // of init; 0: none
	int pidfd;
	int master;     // of the terminal, foreground only
	int notify;     // the container's notification socket; -1: none, or for start to make
	bool recorded;  // the record has the process
	bool let_go;    // init has been told to proceed
	bool pid_file_made;
	bool kept_to_the_end;  // the signals that are held back: all is done, but the word of it
	bool hooks_begun;      // poststop hooks are owed when creation fails
};

void creation_begin(struct creation *creation, const struct container_context *context,
		    const struct container_create_options *options, enum creation_kind kind);
// A signal that asks to end is held back from here on, and found by what waits; then everything is undone.
int creation_hold_signals(struct creation *creation, struct error *err) must_check;
// One that comes now is too late: the caller is told of the container instead, and nothing more is done when kept_to_the_end.
void creation_release_signals(struct creation *creation);
// Walks the stages; on failure everything is undone.
int creation_run(struct creation *creation, struct error *err) must_check;
// Undoes a creation that succeeded (run whose program could not be executed).
void creation_undo(struct creation *creation);
void creation_done(struct creation *creation);

// bundle.c: stage "read the configuration"
int creation_read_bundle(struct creation *creation, struct error *err) must_check;
// prepare.c: stages that only compute
int creation_plan(struct creation *creation, struct error *err) must_check;
int creation_compile(struct creation *creation, struct error *err) must_check;
void creation_describe(struct creation *creation, struct text *text);
// plan_cgroup.c
int creation_plan_cgroup(struct creation *creation, struct error *err) must_check;
void creation_describe_cgroup(const struct creation *creation, struct text *text);
// Whether it is in a user namespace, its own or the caller's: there nobody can make device nodes.
bool creation_in_user_namespace(const struct creation *creation);
// commit.c: the process becomes known. As much of it as nobody can object to any more is done while init still prepares itself.
// The boot id, once.
int creation_note_boot(struct creation *creation, struct error *err) must_check;
int creation_record_process(struct creation *creation, struct error *err) must_check;
int creation_commit(struct creation *creation, struct error *err) must_check;
void creation_uncommit(struct creation *creation);
// create_scope.c: with the systemd cgroup manager
int creation_plan_scope(struct creation *creation, struct error *err) must_check;
// Has systemd make the cgroup, and opens it.
int creation_start_scope(struct creation *creation, struct error *err) must_check;
void creation_stop_scope(struct creation *creation);
// init is in the cgroup: what kept it alive so far leaves.
int creation_hand_over_scope(struct creation *creation, struct error *err) must_check;
// create_delegated.c: with the annotation run.oci.delegate-cgroup
// Borrowed, without leading slashes; NULL: not wanted.
const char *creation_delegated_name(const struct creation *creation);
int creation_check_delegated(const struct creation *creation, struct error *err) must_check;
int creation_make_delegated(struct creation *creation, struct error *err) must_check;
// init has made its cgroup namespace: moves it below.
int creation_enter_delegated(struct creation *creation, struct error *err) must_check;
// create_clone.c
// What the child will be given; sync: its end of the conversation, -1 when the steps are only to be shown.
int creation_fill_init(struct creation *creation, int sync, struct error *err) must_check;
int creation_clone(struct creation *creation, struct error *err) must_check;
void creation_kill(struct creation *creation);
// create_birth.c: whether init is cloned last, into a pid namespace that is joined
int creation_decide_birth(struct creation *creation, struct error *err) must_check;
// Its number, when it says something. ESRCH in err->code: it was not cloned.
int creation_know_process(struct creation *creation, struct error *err) must_check;
// create_beside.c: what is made while init works
void creation_plan_beside(struct creation *creation);
int creation_make_network(struct creation *creation, struct error *err) must_check;
enum creation_moment {
	creation_moment_before_init,
	creation_moment_beside_init,
};
// Once, at the moment of the two that is right for this container.
int creation_limit_devices(struct creation *creation, enum creation_moment moment,
			   struct error *err) must_check;
// create_converse.c: from clone3 to "ready". First the ids of a new user namespace: init can do nothing before.
int creation_map_ids(struct creation *creation, struct error *err) must_check;
int creation_converse(struct creation *creation, struct error *err) must_check;
// The new process is dead: reaps it and says what it died of. Always -1.
int creation_died(struct creation *creation, struct error *err);
// Waits until the program is executed, after the last proceed of a run.
int creation_await_program(struct creation *creation, struct error *err) must_check;

#endif
