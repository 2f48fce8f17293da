// SPDX-License-Identifier: Apache-2.0
// See bus.h. sd-bus bounds its calls but not its connecting, so that main.c has an alarm behind all this.
#include "runtime/scope/bus.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define OBJECT "/org/freedesktop/systemd1"
#define MANAGER SYSTEMD ".Manager"
// A listener whose queue is full.
#define CONNECT_ATTEMPTS 7

int bus_error(struct error *err, int negative_errno, const char *what)
{
	return error_set(err, -negative_errno, "%s: %s", what, error_text(-negative_errno));
}

static uint64_t now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static uint64_t time_left(const struct bus *bus)
{
	uint64_t at = now();
	return at < bus->deadline ? bus->deadline - at : 1;
}

static int too_late(const struct bus *bus, struct error *err)
{
	return error_set(err, ETIMEDOUT, "systemd did not answer within %u s", bus->seconds);
}

// ---- connecting ------------------------------------------------------------------------------------

static int start(struct bus *bus, const char *address, bool is_daemon)
{
	sd_bus *new = NULL;
	int result = sd_bus_new(&new);
	if (result >= 0)
		result = sd_bus_set_address(new, address);
	if (result >= 0)
		result = sd_bus_set_bus_client(new, is_daemon);
	if (result >= 0)
		result = sd_bus_set_method_call_timeout(new, time_left(bus));
	if (result >= 0)
		result = sd_bus_start(new);
	if (result < 0) {
		sd_bus_unref(new);
		return result;
	}
	bus->bus = new;
	bus->destination = is_daemon ? SYSTEMD : NULL;
	return 0;
}

static int start_patiently(struct bus *bus, const char *address, bool is_daemon)
{
	int result;
	for (int attempt = 0;; attempt++) {
		result = start(bus, address, is_daemon);
		if (result != -EAGAIN || attempt == CONNECT_ATTEMPTS)
			return result;
		poll(NULL, 0, 10 << attempt);
	}
}

// sd-bus' addresses escape what is no plain character.
static void add_escaped(struct text *text, const char *path)
{
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;
		if (strchr("/_-.", c) || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		    (c >= 'A' && c <= 'Z'))
			text_add_bytes(text, path, 1);
		else
			text_printf(text, "%%%02x", c);
	}
}

static int start_path(struct bus *bus, const char *directory, const char *name, bool is_daemon)
{
	auto_text struct text address = {0};
	text_add(&address, "unix:path=");
	add_escaped(&address, directory);
	add_escaped(&address, name);
	return text_failed(&address) ? -ENOMEM
				     : start_patiently(bus, text_string(&address), is_daemon);
}

static int connect_in(struct bus *bus, const char *directory, const char *daemon, struct error *err)
{
	int private = start_path(bus, directory, "/systemd/private", false);
	if (private == 0)
		return 0;
	int result = start_path(bus, directory, daemon, true);
	if (result == 0)
		return 0;
	return error_set(err, -result, "connect to systemd: %s%s: %s (%s/systemd/private: %s)",
			 directory, daemon, error_text(-result), directory, error_text(-private));
}

static int connect_user(struct bus *bus, struct error *err)
{
	char usual[64];
	const char *directory = getenv("XDG_RUNTIME_DIR");
	if (!directory || !*directory) {
		snprintf(usual, sizeof usual, "/run/user/%u", (unsigned)geteuid());
		directory = usual;
	}
	if (connect_in(bus, directory, "/bus", err) == 0)
		return 0;
	return error_context(err, "the user's systemd (is there a login session or lingering, and "
				  "is XDG_RUNTIME_DIR set?)");
}

int bus_open(struct bus *bus, bool user, unsigned timeout_ms, struct error *err)
{
	*bus = (struct bus){.deadline = now() + timeout_ms * 1000ULL,
			    .seconds = (timeout_ms + 999) / 1000};
	const char *address = getenv(user ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS");
	if (!address || !*address)
		return user ? connect_user(bus, err)
			    : connect_in(bus, "/run", "/dbus/system_bus_socket", err);
	int result = start_patiently(bus, address, true);
	return result < 0 ? error_set(err, -result, "connect to the bus %s: %s", address,
				      error_text(-result))
			  : 0;
}

void bus_close(struct bus *bus)
{
	sd_bus_slot_unref(bus->slot);
	sd_bus_close_unref(bus->bus);
	free(bus->job);
	free(bus->result);
	*bus = (struct bus){0};
}

// ---- calls -----------------------------------------------------------------------------------------

int bus_new_call(struct bus *bus, const char *method, sd_bus_message **message, struct error *err)
{
	int result = sd_bus_message_new_method_call(bus->bus, message, bus->destination, OBJECT,
						    MANAGER, method);
	return result < 0 ? bus_error(err, result, method) : 0;
}

int bus_call(struct bus *bus, sd_bus_message *message, sd_bus_error *failure,
	     sd_bus_message **reply, struct error *err)
{
	int result = sd_bus_call(bus->bus, message, time_left(bus), failure, reply);
	if (result >= 0)
		return 0;
	if (result == -ETIMEDOUT || sd_bus_error_has_name(failure, SD_BUS_ERROR_NO_REPLY) ||
	    now() >= bus->deadline)
		return too_late(bus, err);
	return error_set(err, -result, "%s: %s", sd_bus_message_get_member(message),
			 failure->message ? failure->message : error_text(-result));
}

// ---- jobs ------------------------------------------------------------------------------------------

static int on_job_removed(sd_bus_message *message, void *data, sd_bus_error *unused)
{
	struct bus *bus = data;
	const char *job, *unit, *outcome;
	uint32_t id;
	(void)unused;
	if (sd_bus_message_read(message, "uoss", &id, &job, &unit, &outcome) >= 0 && bus->job &&
	    text_equal(job, bus->job) && !bus->result)
		bus->result = strdup(outcome);
	return 0;
}

int bus_listen(struct bus *bus, struct error *err)
{
	int result = sd_bus_match_signal(bus->bus, &bus->slot, bus->destination, OBJECT, MANAGER,
					 "JobRemoved", on_job_removed, bus);
	if (result == -ETIMEDOUT)
		return too_late(bus, err);
	if (result < 0)
		return bus_error(err, result, "listen to systemd");
	sd_bus_error failure = SD_BUS_ERROR_NULL;
	sd_bus_message *message = NULL;
	int called = bus_new_call(bus, "Subscribe", &message, err);
	if (called == 0)
		called = bus_call(bus, message, &failure, NULL, err);
	// somebody's subscription on this connection is as good
	if (called < 0 && sd_bus_error_has_name(&failure, SYSTEMD ".AlreadySubscribed"))
		called = 0;
	sd_bus_message_unref(message);
	sd_bus_error_free(&failure);
	return called;
}

static int judge_job(const struct bus *bus, struct error *err)
{
	if (text_equal(bus->result, "done"))
		return 0;
	return error_set(err, 0, "systemd's job ended with the result \"%s\" (see journalctl)",
			 bus->result);
}

int bus_wait_job(struct bus *bus, sd_bus_message *reply, struct error *err)
{
	const char *job;
	int result = sd_bus_message_read(reply, "o", &job);
	if (result < 0)
		return bus_error(err, result, "read systemd's answer");
	free(take_ptr(&bus->job));
	free(take_ptr(&bus->result));
	bus->job = strdup(job);
	if (!bus->job)
		return error_set(err, ENOMEM, "out of memory");
	while (!bus->result) {
		result = sd_bus_process(bus->bus, NULL);
		if (result == 0 && now() >= bus->deadline)
			return too_late(bus, err);
		if (result == 0)
			result = sd_bus_wait(bus->bus, time_left(bus));
		if (result < 0 && result != -EINTR)
			return bus_error(err, result, "wait for systemd's job");
	}
	return judge_job(bus, err);
}
