// SPDX-License-Identifier: Apache-2.0
// The program in the measured containers: ends at once, or, when it is called `idle`, sleeps until it is killed. No C library:
// what is measured belongs to the runtime.
#include "tests/bench/raw.h"

static int run(int argc, char **argv, char **envp)
{
	const char *name = argc > 0 ? argv[0] : "";
	(void)envp;
	for (const char *p = name; *p; p++)
		if (*p == '/')
			name = p + 1;
	while (raw_equal(name, "idle"))
		RAW(pause);
	return 0;
}
RAW_START
