// SPDX-License-Identifier: Apache-2.0
// Which namespaces of a container's init a process of husk has to enter to be where the container is.
#ifndef HUSK_LIFECYCLE_JOINED_H
#define HUSK_LIFECYCLE_JOINED_H

#include "libcontainer/base/error.h"
#include "libcontainer/lifecycle/opened.h"
#include "spec/spec.h"

// *flags: CLONE_NEW* of those that are not the caller's own, for setns through init_pidfd. *root: in a container without a mount
// namespace its root directory, O_PATH, owned by the caller; else left alone. Proven to be init's: it still lives
// afterwards. what: of the message when it does not ("exec in").
int joined_find(const struct opened *opened, const struct spec *spec, int init_pidfd,
		const char *what, int *flags, int *root, struct error *err) must_check;

#endif
