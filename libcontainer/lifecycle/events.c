// SPDX-License-Identifier: Apache-2.0
// events: what a container uses, once or as a stream that ends with the container.
//
// The stream sleeps in one poll: for the next statistics, for a kill by lack of memory, for the end of init, and for the
// reader to go away. It takes no lock, so other commands are not held up.
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

#include "libcontainer/base/json.h"
#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/oom.h"
#include "libcontainer/cgroup/resctrl.h"
#include "libcontainer/cgroup/stats.h"
#include "libcontainer/lifecycle/opened.h"
#include "libcontainer/lifecycle/stats_text.h"

// What is asked for its counters, each time anew.
struct counted {
	struct opened opened;
	const struct spec *spec;  // owned; NULL unless it has linux.intelRdt
	int resctrl;              // owned
};

static void counted_done(struct counted *counted)
{
	opened_done(&counted->opened);
	spec_free(counted->spec);
	memory_close(take_fd(&counted->resctrl));
}
#define auto_counted __attribute__((cleanup(counted_done)))
#define COUNTED_NONE                                                                               \
	{                                                                                          \
		.opened = OPENED_NONE, .resctrl = -1                                               \
	}

// The record says when the configuration need not be asked for intelRdt. With the file system its groups are gone.
static int open_resctrl(struct counted *counted, struct error *err)
{
	struct error unmounted;
	if (counted->opened.record.plain_end)
		return 0;
	if (opened_config(&counted->opened, &counted->spec, err) < 0)
		return -1;
	if (counted->spec->linux_.intel_rdt.set && resctrl_open(&counted->resctrl, &unmounted) == 0)
		return 0;
	spec_free(counted->spec);
	counted->spec = NULL;
	return 0;
}

static int open_live(const struct container_context *context, const char *id,
		     struct counted *counted, struct error *err)
{
	const struct opened *opened = &counted->opened;
	if (opened_open(context, id, false, &counted->opened, err) < 0)
		return -1;
	if (opened->status == state_status_stopped || opened->status == state_status_creating)
		return error_set(err, ESRCH, "container with id %s is not running", id);
	if (opened->cgroup.fd < 0)
		return error_set(err, ENOTSUP,
				 "container `%s` has no cgroup, and what it uses is counted there",
				 id);
	return open_resctrl(counted, err);
}

static int read_resctrl(const struct counted *counted, struct resctrl_stats *stats,
			struct error *err)
{
	*stats = (struct resctrl_stats){0};
	if (!counted->spec)
		return 0;
	return resctrl_stats_read(counted->resctrl, &counted->spec->linux_.intel_rdt,
				  counted->opened.record.id, stats, err);
}

static int add_stats(const struct counted *counted, struct json *json, const char *key,
		     struct error *err)
{
	struct cgroup_stats stats;
	struct resctrl_stats resctrl;
	if (read_resctrl(counted, &resctrl, err) < 0)
		return -1;
	int result = cgroup_stats_read(&counted->opened.cgroup, &stats, err);
	if (result == 0) {
		stats_text_add(json, key, &stats, &resctrl);
		cgroup_stats_done(&stats);
	}
	resctrl_stats_done(&resctrl);
	return result;
}

int container_stats(const struct container_context *context, const char *id, struct text *text,
		    struct error *err)
{
	auto_counted struct counted counted = COUNTED_NONE;
	struct json json = {.text = text};
	if (open_live(context, id, &counted, err) < 0)
		return -1;
	return add_stats(&counted, &json, NULL, err);
}

// ---- the stream ---------------------------------------------------------------------------------

struct stream {
	const struct container_events_options *options;
	const struct counted *counted;
	int pidfd;  // owned: of init
	struct cgroup_oom oom;
	int64_t next;  // monotonic milliseconds: when statistics are due
};

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int tell(const struct stream *stream, const char *type, struct error *err)
{
	auto_text struct text text = {0};
	struct json json = {.text = &text};
	json_begin_object(&json, NULL);
	json_string(&json, "type", type);
	json_string(&json, "id", stream->options->id);
	if (text_equal(type, "stats") && add_stats(stream->counted, &json, "data", err) < 0)
		return -1;
	json_end_object(&json);
	text_add(&text, "\n");
	return stream->options->take(stream->options->data, &text, err);
}

static int tell_kills(struct stream *stream, struct error *err)
{
	return cgroup_oom_take(&stream->oom) > 0 ? tell(stream, "oom", err) : 0;
}

// At fixed distances, without catching up on what was missed.
static int tell_when_due(struct stream *stream, struct error *err)
{
	int64_t now = now_ms(), interval = stream->options->interval_ms;
	if (now < stream->next)
		return 0;
	stream->next += interval * ((now - stream->next) / interval + 1);
	return tell(stream, "stats", err);
}

static int wait_for_next(const struct stream *stream, struct pollfd fds[3])
{
	int64_t left = stream->next - now_ms();
	fds[0] = (struct pollfd){.fd = stream->pidfd, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = stream->oom.fd, .events = POLLPRI};
	fds[2] = (struct pollfd){.fd = stream->options->reader_fd};
	int result = poll(fds, 3, left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left);
	return result < 0 && errno == EINTR ? 0 : result;
}

static int serve(struct stream *stream, struct error *err)
{
	for (;;) {
		struct pollfd fds[3] = {0};
		if (wait_for_next(stream, fds) < 0)
			return error_errno(err, "wait for events");
		// a kill that ended the container is told before the end
		if ((fds[0].revents || fds[1].revents) && tell_kills(stream, err) < 0)
			return -1;
		if (fds[0].revents || fds[2].revents)
			return 0;
		if (tell_when_due(stream, err) < 0)
			return -1;
	}
}

int container_events(const struct container_context *context,
		     const struct container_events_options *options, struct error *err)
{
	auto_counted struct counted counted = COUNTED_NONE;
	if (open_live(context, options->id, &counted, err) < 0)
		return -1;
	int pidfd = opened_init(&counted.opened, err);
	if (pidfd < 0)
		return err->code == ESRCH
			       ? error_set(err, ESRCH, "container with id %s is not running",
					   options->id)
			       : -1;
	struct stream stream = {.options = options,
				.counted = &counted,
				.pidfd = pidfd,
				.next = now_ms() + options->interval_ms};
	if (cgroup_oom_open(&counted.opened.cgroup, &stream.oom, err) < 0)
		return -1;
	int result = serve(&stream, err);
	cgroup_oom_close(&stream.oom);
	return result;
}
