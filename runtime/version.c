// SPDX-License-Identifier: Apache-2.0
// husk version, also as --version. Callers look for lines with "version" and "commit:".
#include "runtime/version.h"

#include <seccomp.h>

#include "runtime/command.h"
#include "runtime/output.h"
#include "spec/spec.h"

#ifndef HUSK_VERSION
#define HUSK_VERSION "0.1.0-dev"
#endif
#ifndef HUSK_COMMIT
#define HUSK_COMMIT "unknown"
#endif

static int version_run(const struct command_call *call, int *status, struct error *err);

const struct command command_version = {
	.name = "version",
	.words = "",
	.missing = "",
	.summary = "print versions",
	.options = command_options_none,
	.order = options_order_any,
	.failure = 1,
	.run = version_run,
};

const char *version_number(void)
{
	return HUSK_VERSION;
}

const char *version_commit(void)
{
	return HUSK_COMMIT;
}

void version_add_libseccomp(struct text *text)
{
	// the one that the names of system calls were taken from at build time
	text_printf(text, "%d.%d.%d", SCMP_VER_MAJOR, SCMP_VER_MINOR, SCMP_VER_MICRO);
}

static int version_run(const struct command_call *call unused_result, int *status unused_result,
		       struct error *err)
{
	struct text auto_text text = {0};
	text_add(&text, "husk version " HUSK_VERSION "\ncommit: " HUSK_COMMIT
			"\nspec: " SPEC_VERSION "\nlibseccomp: ");
	version_add_libseccomp(&text);
	text_add(&text, "\n");
	return output_write(&text, err);
}
