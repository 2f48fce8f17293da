// SPDX-License-Identifier: Apache-2.0
// Parts of spec_validate that have files of their own.
#ifndef HUSK_SPEC_VALIDATE_H
#define HUSK_SPEC_VALIDATE_H

#include "spec/spec.h"

// linux.sysctl: every name belongs to a namespace that the container has.
int validate_sysctls(const struct spec *spec, struct spec_error *error);

#endif
