// SPDX-License-Identifier: Apache-2.0
// See trace.h. Nothing here can fail in a way that would stop a container: a full trace forgets what comes later.
#include "libcontainer/base/trace.h"

#include <stddef.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/json.h"

struct trace *trace_make(void)
{
	void *memory = mmap(NULL, sizeof(struct trace), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

void trace_done(struct trace *trace)
{
	if (trace)
		munmap(trace, sizeof *trace);
}

static uint64_t now(void)
{
	struct timespec ts = {0};
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

unsigned trace_begin(struct trace *trace, const char *what)
{
	if (!trace)
		return TRACE_MAX;
	// the runtime and a child write at the same time
	unsigned number = __atomic_fetch_add(&trace->count, 1, __ATOMIC_RELAXED);
	if (number >= TRACE_MAX)
		return TRACE_MAX;
	struct trace_entry *entry = &trace->entries[number];
	entry->what = what;
	entry->pid = getpid();
	entry->begin = now();
	return number;
}

void trace_end(struct trace *trace, unsigned number)
{
	if (trace && number < TRACE_MAX)
		trace->entries[number].end = now();
}

static void microseconds(struct json *json, const char *key, uint64_t ns)
{
	auto_text struct text number = {0};
	text_printf(&number, "%llu.%03llu", (unsigned long long)(ns / 1000),
		    (unsigned long long)(ns % 1000));
	json_raw(json, key, text_string(&number));
}

void trace_write(const struct trace *trace, struct text *text)
{
	struct json json = {.text = text};
	uint32_t count = trace->count < TRACE_MAX ? trace->count : TRACE_MAX;
	json_begin_object(&json, NULL);
	json_begin_array(&json, "traceEvents");
	for (uint32_t i = 0; i < count; i++) {
		const struct trace_entry *entry = &trace->entries[i];
		if (!entry->what || !entry->end)
			continue;
		json_begin_object(&json, NULL);
		json_string(&json, "name", entry->what);
		json_string(&json, "ph", "X");
		microseconds(&json, "ts", entry->begin - trace->entries[0].begin);
		microseconds(&json, "dur", entry->end - entry->begin);
		json_signed(&json, "pid", entry->pid);
		json_signed(&json, "tid", entry->pid);
		json_end_object(&json);
	}
	json_end_array(&json);
	json_string(&json, "displayTimeUnit", "ns");
	json_end_object(&json);
	text_add(text, "\n");
}
