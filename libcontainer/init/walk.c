// SPDX-License-Identifier: Apache-2.0
// Walks a table of steps and reports the first failure. The only place where a child of husk ends.
#include <sys/syscall.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/init/steps.h"
#include "libcontainer/init/sync.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/state/state.h"

// A process that a container can see must not die with descriptors of the host still open: on some kernels they
// could be taken from it while it ends (CVE-2026-46333).
_Noreturn void init_end(int code)
{
	(void)!sys_close_range(0, ~0U, 0);
	(void)!syscall(SYS_exit_group, code);
	// the filter refuses even that: an end that no program has by chance tells `start` more than any other
	__builtin_trap();
}

void init_report(const struct init *init, const struct error *failure)
{
	if (init->outcome == init->sync) {
		struct sync_record record = {.step = sync_step_failed, .error = *failure};
		(void)!sync_send(init->sync, &record, -1, NULL);
	} else {
		start_gate_fail(init->outcome, failure);
	}
}

void init_close_first(struct init *init)
{
	for (size_t i = 0; i < array_size(init->close_first); i++)
		memory_close(take_fd(&init->close_first[i]));
}

_Noreturn void init_walk(struct init *init, const struct init_step *steps)
{
	struct error failure = {0};
	init_close_first(init);
	init->outcome = init->sync;
	for (const struct init_step *step = steps; step->what; step++) {
		if (step->wanted && !step->wanted(init))
			continue;
		unsigned number = trace_begin(init->trace, step->what);
		int result = step->run(init, &failure);
		trace_end(init->trace, number);
		if (result == 0)
			continue;
		init_report(init, &failure);
		init_end(INIT_FAILED);
	}
	init_end(INIT_FAILED);  // not reached: the last step executes the program
}

void init_describe(const struct init *init, const struct init_step *steps, const char *prefix,
		   struct text *text)
{
	struct init seen = *init;
	for (const struct init_step *step = steps; step->what; step++) {
		if (step->wanted && !step->wanted(&seen))
			continue;
		text_printf(text, "%s%s\n", prefix, step->what);
		if (step->run == step_be_born)
			seen.birth = init_birth_done;
	}
}
