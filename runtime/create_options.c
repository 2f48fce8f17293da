// SPDX-License-Identifier: Apache-2.0
// See create_options.h.
#include "runtime/create_options.h"

#include "runtime/output.h"

int create_options_plan(const struct command_call *call, struct error *err)
{
	const struct create_options *options = call->options;
	struct text auto_text plan = {0};
	if (container_plan(call->context, &options->run.create, &plan, err) < 0)
		return -1;
	return output_write(&plan, err);
}
