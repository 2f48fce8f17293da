// SPDX-License-Identifier: Apache-2.0
// See matching.h.
#include "runtime/matching.h"

#include <errno.h>
#include <regex.h>

int matching_each(const struct container_context *context, const char *expression,
		  int (*act)(const struct container_context *context,
			     const struct container_state *state, void *data, struct error *err),
		  void *data, struct error *err)
{
	regex_t compiled;
	char reason[128];
	struct container_state *states;
	size_t count;
	// it would match all of them, and is what an unset variable of a shell looks like
	if (!*expression)
		return error_set(err, EINVAL, "option --regex: the expression is empty");
	int code = regcomp(&compiled, expression, REG_EXTENDED | REG_NOSUB);
	if (code != 0) {
		regerror(code, &compiled, reason, sizeof reason);
		return error_set(err, EINVAL, "option --regex: \"%s\": %s", expression, reason);
	}
	int result = container_list(context, &states, &count, err);
	if (result == 0) {
		for (size_t i = 0; i < count; i++) {
			struct error failure;
			if (regexec(&compiled, states[i].id, 0, NULL, 0) != 0 ||
			    act(context, &states[i], data, &failure) == 0)
				continue;
			if (result == 0)
				*err = failure;
			result = -1;
		}
		container_list_free(states, count);
	}
	regfree(&compiled);
	return result;
}
