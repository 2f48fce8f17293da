// SPDX-License-Identifier: Apache-2.0
// linux.seccomp to a struct filter_program.
//
// What libseccomp does, and runc on top of it, is kept:
//  - the native architecture is always included; an architecture that is not listed is killed;
//  - a rule that says what the default says is skipped;
//  - a rule without conditions makes all others for the same call void, the first of several wins;
//  - two conditions on one argument make all conditions of the rule alternatives;
//  - arguments of 32-bit architectures are compared by their low 32 bits;
//  - where a call can also be made through socketcall(2) or ipc(2), the rule counts for both ways; the
//    condition on its first argument is replaced there by the sub-call's number, because the
//    arguments themselves are in memory, where no filter can look;
//  - with a default action that refuses, calls newer than the newest named one are answered ENOSYS.
//
// What differs, on purpose:
//  - of several rules with conditions that hold, the strictest wins (libseccomp: depends on its tree);
//  - architectures that this kernel can never show are checked for their names and then left out;
//  - numbers with the x32 bit, when x32 is not listed: ENOSYS with the stub above (else killed, as there).
#ifndef HUSK_SECURITY_FILTER_RULES_H
#define HUSK_SECURITY_FILTER_RULES_H

#include "libcontainer/base/error.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/memory.h"
#include "libcontainer/security/filter_architectures.h"
#include "libcontainer/security/filter_code.h"
#include "libcontainer/security/filter_names.h"
#include "spec/spec.h"

// SECCOMP_RET_* value of an action with its errno (absent: EPERM).
uint32_t filter_rules_action(enum spec_seccomp_action action, struct spec_optional_u64 errno_ret);

// The program's memory comes from the arena. native: the architecture of the running program, whose family names must have.
int filter_rules_plan(const struct spec_seccomp *seccomp, const struct filter_architecture *native,
		      const struct filter_names *names, const struct log *log, struct arena *arena,
		      struct filter_program *program, struct error *err) must_check;

#endif
