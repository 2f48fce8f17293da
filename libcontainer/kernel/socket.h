// SPDX-License-Identifier: Apache-2.0
// Unix sockets: pairs, named ones below a directory descriptor, and passing descriptors.
#ifndef HUSK_KERNEL_SOCKET_H
#define HUSK_KERNEL_SOCKET_H

#include <stddef.h>
#include <sys/types.h>

#include "libcontainer/base/attributes.h"

// A connected SOCK_SEQPACKET pair, close-on-exec.
int socket_pair(int fds[2]) must_check;

// Listens on name below the directory dir_fd (mode 0600). type: SOCK_SEQPACKET or SOCK_STREAM. The length of the
// directory's own path does not matter: it is reached as /proc/self/fd/N/name.
int socket_listen(int dir_fd, const char *name, int type) must_check;

// A datagram socket that is bound to name below dir_fd, with this mode.
int socket_bind_datagram(int dir_fd, const char *name, mode_t mode) must_check;

// Connects to name below dir_fd. Nobody listening any more: ECONNREFUSED; no such socket: ENOENT.
int socket_connect(int dir_fd, const char *name, int type) must_check;

// Connects to a path of any length that a caller gave. Where more wait already than somebody wants to accept it waits, too, for
// ten seconds: ETIMEDOUT.
int socket_connect_path(const char *path, int type) must_check;
// The same, and a signal of interrupts (signals_open_interrupts; -1: none) ends it: EINTR.
int socket_connect_path_unless(const char *path, int type, int interrupts) must_check;

// Connects to an abstract name of somebody else's (without the leading "@"); husk itself makes none, for they have no mode.
int socket_connect_abstract(const char *name, int type) must_check;

// The network namespace that the socket was made in, close-on-exec. EPERM: without CAP_NET_ADMIN over it.
int socket_network_namespace(int socket) must_check;

// Sends data with one descriptor as SCM_RIGHTS (none when fd is -1).
int socket_send_fd(int socket, const void *data, size_t size, int fd) must_check;

// Receives one message into data; *fd is the descriptor that came with it (close-on-exec, owned by the
// caller) or -1. Returns the bytes of the message, 0 at the end of the conversation, or -1.
ssize_t socket_receive_fd(int socket, void *data, size_t size, int *fd) must_check;

#endif
