// SPDX-License-Identifier: Apache-2.0
// Puts seccomp-profiles/default.json into the read-only data of the program. The assembler looks for
// the file from the directory in which the compiler runs: the top of the tree.
#include "spec/default_profile.h"

__asm__(".pushsection .rodata\n"
	".global default_profile\n"
	".type default_profile, %object\n"
	"default_profile:\n"
	".incbin \"seccomp-profiles/default.json\"\n"
	".byte 0\n"
	".size default_profile, . - default_profile\n"
	".popsection\n");
