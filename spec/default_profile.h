// SPDX-License-Identifier: Apache-2.0
// seccomp-profiles/default.json, as it was when the program was built.
#ifndef HUSK_SPEC_DEFAULT_PROFILE_H
#define HUSK_SPEC_DEFAULT_PROFILE_H

// JSON, with a NUL behind it.
extern const char default_profile[];

#endif
