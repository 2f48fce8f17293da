// SPDX-License-Identifier: Apache-2.0
// The conversation between the runtime and the processes it clones.
//
//	runtime                          stage (only when the plan says so)      init
//	   |------------------------------------------------------------------------> clone3
//	   | <--- need_maps ------------------| (init, without a stage, need not say so)
//	   | writes uid_map, gid_map, oom score, opens the user namespace            |
//	   | ---- proceed ------------------> | (or to init)                         |
//	   | <--- pid (of init) --------------| exits                                |
//	   | ---- proceed -----------------------------------------------------------> |  says nothing before it
//	   | <--- delegate ------------------------------------------------------------|  only with a cgroup of its own below
//	   | moves it there                                                          |  the container's
//	   | ---- proceed -----------------------------------------------------------> |
//	   | makes a network namespace beside it                                     |  when the plan says so
//	   | ---- network (with it) ---------------------------------------------------> |
//	   | <--- net_devices (with the network namespace) ----------------------------|  only with linux.netDevices
//	   | moves them                                                              |
//	   | ---- proceed -----------------------------------------------------------> |
//	   | <--- hooks ---------------------------------------------------------------|  only with prestart
//	   | runs prestart and createRuntime hooks                                   |  or createRuntime hooks
//	   | ---- proceed -----------------------------------------------------------> |
//	   | <--- terminal (with the pty's master) ------------------------------------|  only with a terminal
//	   | <--- listener (with the seccomp descriptor) -------------------------------|  only with a notify action
//	   | <--- ready ---------------------------------------------------------------|  create's work is done
//	   | saves the state                                                         |
//	   | ---- proceed (create: with the start gate) ------------------------------> |
//	   |                                     create: init waits at it             |
//	   |                                     run:    init executes the program    |
//	   | <--- last ----------------------------------------------------------------|  only execve is left (run)
//	   | <--- failed (with an error), or end of file = execve worked --------------|  failed may come twice: plainly,
//	   |                                                                            |  then with the reason
//
// A process of exec says terminal, listener, ready, last and failed, of these; its stage, all up to and including terminal. One that is
// let go from the beginning does not say ready, and waits for no answer.
//
// One SOCK_SEQPACKET pair, one record, one reader and one writer at each end. End of file is a step itself: after "last"
// execve has closed the socket, maybe in its middle, or the filter has killed the child on its way there and the kernel knows that it
// never executed anything (birth_await_execution); everywhere else the peer is dead. A child that reads it ends, so nothing survives its creator.
#ifndef HUSK_INIT_SYNC_H
#define HUSK_INIT_SYNC_H

#include <stdint.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"

enum sync_step {
	sync_step_end = 0,  // never sent: the peer has closed
	sync_step_need_maps,
	sync_step_pid,
	sync_step_delegate,
	sync_step_network,
	sync_step_net_devices,
	sync_step_hooks,
	sync_step_terminal,
	sync_step_listener,
	sync_step_ready,
	sync_step_proceed,
	sync_step_last,
	sync_step_failed,
};

struct sync_record {
	enum sync_step step;
	int32_t value;       // pid: of init
	struct error error;  // failed
};

// fd: a descriptor to send along, or -1. Sends only as many bytes as the record needs.
int sync_send(int socket, const struct sync_record *record, int fd, struct error *err) must_check;
int sync_send_step(int socket, enum sync_step step, struct error *err) must_check;

// Waits for the next record. *fd: what came along (owned by the caller), or -1. A failed record is returned like any other.
int sync_receive(int socket, struct sync_record *record, int *fd, struct error *err) must_check;

// For a child: waits for proceed; anything else means that the runtime gave up.
int sync_wait_proceed(int socket, struct error *err) must_check;
// The same for any step. *fd: what came with it (owned by the caller), or -1.
int sync_wait_for(int socket, enum sync_step step, int *fd, struct error *err) must_check;

#endif
