// SPDX-License-Identifier: Apache-2.0
// The running program's own pages, moved off its file while it runs.
#ifndef HUSK_SECURITY_OWN_PAGES_H
#define HUSK_SECURITY_OWN_PAGES_H

#include <stdbool.h>

#include "libcontainer/base/attributes.h"

// Replaces every mapping of the program's file by memory that no file system has, with the same content and protection.
// file: the program, open for reading. -1 and errno: nothing, or only a part, was replaced; the program runs on
// in either case.
int own_pages_detach(int file) must_check;

// The same without a copy: file is the program opened through another mount than the one it was executed from (a detached
// copy of it, or the copy in a new mount namespace). The kernel tells files apart by mount and name; text and constants
// stay shared with every other husk, and what containers can reach of the process leads nowhere.
int own_pages_remap(int file) must_check;

// Whether file has the program that runs: the same headers, and in its notes the same build id.
bool own_pages_are_of(int file) must_check;

// Makes the kernel forget the program's file: /proc/self/exe becomes file, which must be executable by its mode and
// open for reading only. EBUSY while own_pages_detach has not succeeded. EPERM without CAP_CHECKPOINT_RESTORE or
// CAP_SYS_ADMIN in the user namespace.
int own_pages_name(int file) must_check;

// Whether own_pages_name can succeed in this kernel for this caller, as far as that can be told in advance.
int own_pages_possible(void) must_check;

#endif
