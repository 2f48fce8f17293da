// SPDX-License-Identifier: Apache-2.0
// See create_options.h.
#include "runtime/create_options.h"

#include <string.h>

#include "runtime/output.h"

int create_options_plan(const struct command_call *call, struct error *err)
{
	const struct create_options *options = call->options;
	struct text auto_text plan = {0};
	if (container_plan(call->context, &options->run.create, &plan, err) < 0)
		return create_options_advise(err);
	return output_write(&plan, err);
}

int create_options_advise(struct error *err)
{
	if (!strstr(err->message, "config.json not found"))
		return -1;
	struct error found = *err;
	return error_set(err, found.code,
			 "%s (--bundle says where it is; \"husk spec\" writes one)", found.message);
}
