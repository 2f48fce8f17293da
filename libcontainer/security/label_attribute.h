// SPDX-License-Identifier: Apache-2.0
// One attribute of the calling thread in one security module, as the kernel's two interfaces have it.
#ifndef HUSK_SECURITY_LABEL_ATTRIBUTE_H
#define HUSK_SECURITY_LABEL_ATTRIBUTE_H

#include "libcontainer/base/attributes.h"

#define LABEL_VALUE_MAX 4096U  // the kernel takes a page

// The kernel's LSM_ID_* and LSM_ATTR_*.
enum label_module { label_module_selinux = 101, label_module_apparmor = 104 };
enum label_attribute { label_attribute_exec = 101, label_attribute_keycreate = 103 };

// 1: active in this kernel, 0: not, -1: the kernel is too old to tell (before 6.8).
int label_attribute_module_present(enum label_module module) must_check;

// Sets the attribute; "" takes it back. proc_fd: the root of a procfs that the container had no hand in. -1 and errno.
int label_attribute_set(enum label_module module, enum label_attribute attribute, int proc_fd,
			const char *value) must_check;

#endif
