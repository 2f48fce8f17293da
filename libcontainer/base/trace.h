// SPDX-License-Identifier: Apache-2.0
// When each step began and ended, in the runtime and in the processes it clones.
//
// The record lies in memory that forked processes share, so that a step of a container's init is seen by the runtime. A NULL
// trace costs one test per step.
#ifndef HUSK_BASE_TRACE_H
#define HUSK_BASE_TRACE_H

#include <stdint.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/text.h"

#define TRACE_MAX 256

struct trace_entry {
	const char *what;     // a constant of the program: the same address in every clone
	uint64_t begin, end;  // CLOCK_MONOTONIC, ns; end 0: it never ended
	int pid;
};

struct trace {
	uint32_t count;
	struct trace_entry entries[TRACE_MAX];
};

// Shared memory for one trace; NULL with errno.
struct trace *trace_make(void) must_check;
void trace_done(struct trace *trace);

// Begins a step and returns its number, for trace_end. trace may be NULL.
unsigned trace_begin(struct trace *trace, const char *what);
void trace_end(struct trace *trace, unsigned number);

// The whole as Chrome trace format (chrome://tracing, Perfetto): complete events, microseconds.
void trace_write(const struct trace *trace, struct text *text);

#endif
