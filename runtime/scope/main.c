// SPDX-License-Identifier: Apache-2.0
// husk-scope: does for husk what needs systemd: starts the transient unit of a container, changes its properties, stops it. For husk
// alone, which executes it with the systemd cgroup manager; a program of its own, because systemd's library comes as a shared one
// only. The order comes on standard input and the answer goes to standard output (libcontainer/cgroup/scope.h).
//
// After a start it stays as the unit's first process until husk closes the conversation. An alarm ends it when everything else waits too long.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"
#include "libcontainer/cgroup/scope.h"
#include "libcontainer/kernel/fd.h"
#include "runtime/scope/unit.h"

#define ORDER_MAX 4096
#define BODY_MAX (64U << 20)
#define TIMEOUT_MAX_MS (24U * 3600 * 1000)
// The alarm comes this much after the deadline that is kept in better style.
#define ALARM_MS 1000

struct order {
	char header[ORDER_MAX];  // the lines; the pointers below point into it
	const char *what, *unit, *slice;
	bool user;
	unsigned timeout_ms;
	char *body;  // owned
	size_t length;
};

// ---- the order -------------------------------------------------------------------------------------

static int read_header(struct order *order, struct error *err)
{
	size_t used = 0;
	while (used < 2 || order->header[used - 1] != '\n' || order->header[used - 2] != '\n') {
		if (used == sizeof order->header - 1 || fd_read(0, order->header + used, 1) != 1)
			return error_set(err, EINVAL,
					 "no order: " SCOPE_PROGRAM " is executed by husk");
		used++;
	}
	order->header[used] = '\0';
	return 0;
}

static int read_word(struct order *order, const char *word, const char *value, struct error *err)
{
	uint64_t number = 0;
	if (text_equal(word, "do"))
		order->what = value;
	else if (text_equal(word, "unit"))
		order->unit = value;
	else if (text_equal(word, "slice"))
		order->slice = value;
	else if (text_equal(word, "bus"))
		order->user = text_equal(value, "user");
	else if (text_to_unsigned(value, &number) < 0)
		return error_set(err, EINVAL, "%s in the order: no number", word);
	else if (text_equal(word, "timeout") && number > 0 && number <= TIMEOUT_MAX_MS)
		order->timeout_ms = (unsigned)number;
	else if (text_equal(word, "body") && number <= BODY_MAX)
		order->length = (size_t)number;
	else
		return error_set(err, EINVAL, "%s in the order", word);
	return 0;
}

static int read_order(struct order *order, struct error *err)
{
	if (read_header(order, err) < 0)
		return -1;
	for (char *line = order->header, *next; *line != '\n'; line = next) {
		next = strchr(line, '\n');
		*next++ = '\0';
		char *value = strchr(line, ' ');
		if (!value)
			return error_set(err, EINVAL, "\"%s\" in the order", line);
		*value++ = '\0';
		if (read_word(order, line, value, err) < 0)
			return -1;
	}
	if (!order->what || !order->unit || !order->timeout_ms)
		return error_set(err, EINVAL, "the order is not complete");
	order->body = malloc(order->length + 1);
	if (!order->body)
		return error_set(err, ENOMEM, "out of memory");
	if (fd_read(0, order->body, order->length) != (ssize_t)order->length)
		return error_set(err, EINVAL, "the order was cut off");
	return 0;
}

// ---- the answer ------------------------------------------------------------------------------------

static char late[128];

static void on_alarm(int number)
{
	(void)number;
	(void)!write(1, late, strlen(late));
	_exit(1);
}

static void set_alarm(unsigned timeout_ms)
{
	const struct itimerval timer = {.it_value = {.tv_sec = (timeout_ms + ALARM_MS) / 1000,
						     .tv_usec = (timeout_ms % 1000) * 1000}};
	snprintf(late, sizeof late, "error systemd did not answer within %u s\n",
		 (timeout_ms + 999) / 1000);
	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void stop_alarm(void)
{
	signal(SIGALRM, SIG_IGN);
}

static void answer(const char *word, const char *value)
{
	auto_text struct text line = {0};
	text_add(&line, word);
	text_add(&line, " ");
	// one line, whatever systemd said
	for (; *value; value++)
		text_add_bytes(&line, *value == '\n' ? " " : value, 1);
	text_add(&line, "\n");
	if (!text_failed(&line))
		(void)!fd_write(1, line.data, line.length);
}

// ---- properties ------------------------------------------------------------------------------------

static void add_one(struct scope_properties *properties, const char *name, const char *signature,
		    const char *value)
{
	struct scope_property *property = scope_properties_add(properties, name, signature);
	if (property)
		scope_property_add_element(property, value);
}

static void add_optional(struct scope_properties *properties, const char *name, const char *value)
{
	struct scope_property *property = scope_properties_add(properties, name, "b");
	if (!property)
		return;
	property->optional = true;
	scope_property_add_element(property, value);
}

// What every unit of a container has. pid 0 is the one who asks, whatever pid systemd knows it by.
static void add_basics(struct scope_properties *properties, const struct order *order,
		       const char *pid)
{
	static const char *const accounting[] = {"MemoryAccounting", "CPUAccounting",
						 "IOAccounting", "TasksAccounting"};
	auto_text struct text description = {0};
	size_t length = strlen(order->unit);
	bool slice = length > 6 && text_equal(order->unit + length - 6, ".slice");
	text_printf(&description, "husk container (%s)", order->unit);
	add_one(properties, "Description", "s", text_string(&description));
	add_one(properties, "DefaultDependencies", "b", "false");
	add_one(properties, "CollectMode", "s", "inactive-or-failed");
	for (size_t i = 0; i < array_size(accounting); i++)
		add_optional(properties, accounting[i], "true");
	if (slice) {
		add_one(properties, "Wants", "as", order->slice);
		return;
	}
	add_one(properties, "Slice", "s", order->slice);
	add_one(properties, "Delegate", "b", "true");
	add_one(properties, "PIDs", "au", pid);
}

// The user's manager has no say in devices. In a user namespace without rules there is nothing to take away; see the
// container's own device program.
static int add_devices(struct scope_properties *properties, const struct order *order,
		       const struct spec *spec, struct error *err)
{
	const struct spec_linux *linux_ = &spec->linux_;
	auto_free char *drivers = NULL;
	size_t length;
	if (order->user ||
	    (!linux_->resources.devices_set && linux_->namespaces[spec_namespace_type_user].listed))
		return 0;
	if (fd_read_file(AT_FDCWD, "/proc/devices", 1 << 20, &drivers, &length) < 0)
		return error_errno(err, "read /proc/devices");
	size_t listed = linux_->resources.devices_count ? 0 : linux_->devices_count;
	return scope_properties_add_devices(properties, &linux_->resources, linux_->devices, listed,
					    drivers, err);
}

// ---- what can be ordered ---------------------------------------------------------------------------

static int start(struct bus *bus, const struct order *order, struct error *err)
{
	struct scope_properties properties = {0};
	const struct spec *spec = NULL;
	struct spec_resources wider;
	struct spec_error why;
	auto_free char *path = NULL;
	if (spec_parse(order->body, order->length, &spec, &why) < 0)
		return error_set(err, EINVAL, "%s: %s", why.path, why.reason);
	scope_make_room(&spec->linux_.resources, &wider);
	add_basics(&properties, order, "0");
	int result = scope_properties_add_resources(&properties, &wider, err);
	if (result == 0)
		result = add_devices(&properties, order, spec, err);
	if (result == 0)
		result = scope_properties_add_annotations(&properties, spec, err);
	if (result == 0 && properties.failed)
		result = error_set(err, ENOMEM, "out of memory");
	if (result == 0)
		result = unit_start(bus, order->unit, &properties, err);
	if (result == 0) {
		result = unit_cgroup(bus, order->unit, &path, err);
		if (result < 0)
			unit_abandon(bus, order->unit);
	}
	if (result == 0)
		answer("ok", path);
	scope_properties_done(&properties);
	spec_free(spec);
	return result;
}

// Stays in the unit until husk lets go.
static int start_and_stay(struct bus *bus, const struct order *order, struct error *err)
{
	char byte;
	if (start(bus, order, err) < 0)
		return -1;
	stop_alarm();
	while (fd_read(0, &byte, 1) > 0)
		;
	return 0;
}

static int enter(struct bus *bus, const struct order *order, struct error *err)
{
	struct scope_properties properties = {0};
	char pid[16];
	snprintf(pid, sizeof pid, "%d", (int)getppid());
	add_one(&properties, "Description", "s", "husk");
	add_one(&properties, "CollectMode", "s", "inactive-or-failed");
	add_one(&properties, "Slice", "s", order->slice);
	add_one(&properties, "PIDs", "au", pid);
	int result = properties.failed ? error_set(err, ENOMEM, "out of memory")
				       : unit_start(bus, order->unit, &properties, err);
	scope_properties_done(&properties);
	if (result == 0)
		answer("ok", "");
	return result;
}

static int update(struct bus *bus, const struct order *order, struct error *err)
{
	struct scope_properties properties = {0};
	const struct spec *spec = NULL;
	struct spec_error why;
	if (spec_parse_resources(order->body, order->length, &spec, &why) < 0)
		return error_set(err, EINVAL, "%s: %s", why.path, why.reason);
	int result = scope_properties_add_resources(&properties, &spec->linux_.resources, err);
	if (result == 0)
		result = unit_update(bus, order->unit, &properties, err);
	if (result == 0)
		answer("ok", "");
	scope_properties_done(&properties);
	spec_free(spec);
	return result;
}

static int stop(struct bus *bus, const struct order *order, struct error *err)
{
	if (bus_listen(bus, err) < 0 || unit_stop(bus, order->unit, err) < 0)
		return -1;
	answer("ok", "");
	return 0;
}

static int forget(struct bus *bus, const struct order *order, struct error *err)
{
	if (unit_forget(bus, order->unit, err) < 0)
		return -1;
	answer("ok", "");
	return 0;
}

static int carry_out(const struct order *order, struct error *err)
{
	static const struct {
		const char *word;
		int (*run)(struct bus *, const struct order *, struct error *);
		bool slice;
	} orders[] = {
		{"start", start_and_stay, true}, {"enter", enter, true},
		{"update", update, false},       {"stop", stop, false},
		{"forget", forget, false},
	};
	for (size_t i = 0; i < array_size(orders); i++) {
		struct bus bus = {0};
		if (!text_equal(order->what, orders[i].word) || (orders[i].slice && !order->slice))
			continue;
		set_alarm(order->timeout_ms);
		int result = bus_open(&bus, order->user, order->timeout_ms, err);
		if (result == 0)
			result = orders[i].run(&bus, order, err);
		bus_close(&bus);
		return result;
	}
	return error_set(err, EINVAL, "\"%s\" cannot be ordered", order->what);
}

int main(void)
{
	struct order order = {0};
	struct error err = {0};
	int result = read_order(&order, &err);
	if (result == 0)
		result = carry_out(&order, &err);
	if (result < 0)
		answer("error", err.message);
	free(order.body);
	return result < 0;
}
