// SPDX-License-Identifier: Apache-2.0
// Puts seccomp-profiles/default.json into the read-only data of the program. The assembler looks for
// the file from the directory in which the compiler runs: the top of the tree.
#include "spec/default_profile.h"

__asm__(".pushsection .rodata\n"
        ".global default_profile_start\n"
        ".type default_profile_start, %object\n"
        "default_profile_start:\n"
        ".incbin \"seccomp-profiles/default.json\"\n"
        ".size default_profile_start, . - default_profile_start\n"
        ".global default_profile_end\n"
        "default_profile_end:\n"
        ".byte 0\n"
        ".popsection\n");
