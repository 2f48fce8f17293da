// SPDX-License-Identifier: Apache-2.0
// See unit.h.
#include "runtime/scope/unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/memory.h"

#define NO_SUCH_UNIT "org.freedesktop.systemd1.NoSuchUnit"
#define UNIT_EXISTS "org.freedesktop.systemd1.UnitExists"
// How long a unit that is just dying may take until its name is free.
#define FREE_NAME_MS 100

// ---- properties ------------------------------------------------------------------------------------

static int append_basic(sd_bus_message *message, char type, const char *text)
{
	switch (type) {
	case 'b':
		return sd_bus_message_append(message, "b", (int)text_equal(text, "true"));
	case 'y':
		return sd_bus_message_append(message, "y", (int)strtoul(text, NULL, 10));
	case 'n':
		return sd_bus_message_append(message, "n", (int)strtol(text, NULL, 10));
	case 'q':
		return sd_bus_message_append(message, "q", (unsigned)strtoul(text, NULL, 10));
	case 'i':
		return sd_bus_message_append(message, "i", (int32_t)strtol(text, NULL, 10));
	case 'u':
		return sd_bus_message_append(message, "u", (uint32_t)strtoul(text, NULL, 10));
	case 'x':
		return sd_bus_message_append(message, "x", (int64_t)strtoll(text, NULL, 10));
	case 't':
		return sd_bus_message_append(message, "t", (uint64_t)strtoull(text, NULL, 10));
	case 'd':
		return sd_bus_message_append(message, "d", strtod(text, NULL));
	default:
		return sd_bus_message_append_basic(message, type, text);
	}
}

static int append_elements(sd_bus_message *message, const struct scope_property *property)
{
	const char *signature = property->signature, *element = text_string(&property->value);
	bool pairs = text_equal(signature, "a(ss)");
	int result = sd_bus_message_open_container(message, 'a', signature + 1);
	for (size_t i = 0; i < property->count && result >= 0; i += pairs ? 2 : 1) {
		const char *next = element + strlen(element) + 1;
		result = pairs ? sd_bus_message_append(message, "(ss)", element, next)
			       : append_basic(message, signature[1], element);
		element = pairs ? next + strlen(next) + 1 : next;
	}
	return result < 0 ? result : sd_bus_message_close_container(message);
}

static int append_value(sd_bus_message *message, const struct scope_property *property)
{
	if (text_equal(property->signature, "ay"))
		return sd_bus_message_append_array(message, 'y', text_string(&property->value),
						   property->count);
	if (property->signature[0] == 'a')
		return append_elements(message, property);
	return append_basic(message, property->signature[0], text_string(&property->value));
}

static int append_property(sd_bus_message *message, const struct scope_property *property)
{
	int result = sd_bus_message_open_container(message, 'r', "sv");
	if (result >= 0)
		result = sd_bus_message_append(message, "s", property->name);
	if (result >= 0)
		result = sd_bus_message_open_container(message, 'v', property->signature);
	if (result >= 0)
		result = append_value(message, property);
	if (result >= 0)
		result = sd_bus_message_close_container(message);
	return result < 0 ? result : sd_bus_message_close_container(message);
}

static int append_properties(sd_bus_message *message, const struct scope_properties *properties,
			     struct error *err)
{
	int result = sd_bus_message_open_container(message, 'a', "(sv)");
	for (size_t i = 0; i < properties->count && result >= 0; i++) {
		result = append_property(message, &properties->items[i]);
		if (result < 0)
			return bus_error(err, result, properties->items[i].name);
	}
	if (result >= 0)
		result = sd_bus_message_close_container(message);
	return result < 0 ? bus_error(err, result, "write the properties") : 0;
}

// Leaves out the optional property that systemd's refusal names. False: there is none.
static bool leave_out(struct scope_properties *properties, const sd_bus_error *failure)
{
	for (size_t i = 0; failure->message && i < properties->count; i++) {
		struct scope_property *property = &properties->items[i];
		const char *at = strstr(failure->message, property->name);
		const char *behind = at ? at + strlen(property->name) : NULL;
		if (!at || !property->optional ||
		    strspn(behind, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
			continue;
		text_done(&property->value);
		properties->count--;
		memmove(property, property + 1, (properties->count - i) * sizeof *property);
		return true;
	}
	return false;
}

// ---- calls with a unit's name ----------------------------------------------------------------------

// A call that takes one or two strings; a unit that is not there counts as done. reply may be NULL.
static int call_on(struct bus *bus, const char *method, const char *unit, const char *mode,
		   sd_bus_message **reply, struct error *err)
{
	sd_bus_error failure = SD_BUS_ERROR_NULL;
	sd_bus_message *message = NULL;
	int result = bus_new_call(bus, method, &message, err);
	if (result == 0 && sd_bus_message_append(message, "s", unit) < 0)
		result = error_set(err, ENOMEM, "out of memory");
	if (result == 0 && mode && sd_bus_message_append(message, "s", mode) < 0)
		result = error_set(err, ENOMEM, "out of memory");
	if (result == 0)
		result = bus_call(bus, message, &failure, reply, err);
	if (result < 0 && sd_bus_error_has_name(&failure, NO_SUCH_UNIT))
		result = 0;
	sd_bus_message_unref(message);
	sd_bus_error_free(&failure);
	return result;
}

static int kill_all(struct bus *bus, const char *unit, struct error *err)
{
	sd_bus_error failure = SD_BUS_ERROR_NULL;
	sd_bus_message *message = NULL;
	int result = bus_new_call(bus, "KillUnit", &message, err);
	if (result == 0 && sd_bus_message_append(message, "ssi", unit, "all", (int32_t)SIGKILL) < 0)
		result = error_set(err, ENOMEM, "out of memory");
	if (result == 0)
		result = bus_call(bus, message, &failure, NULL, err);
	// not there, or nobody in it
	if (result < 0 && sd_bus_error_is_set(&failure) &&
	    !sd_bus_error_has_name(&failure, SD_BUS_ERROR_NO_REPLY))
		result = 0;
	sd_bus_message_unref(message);
	sd_bus_error_free(&failure);
	return result;
}

int unit_stop(struct bus *bus, const char *unit, struct error *err)
{
	sd_bus_message *reply = NULL;
	if (kill_all(bus, unit, err) < 0)
		return -1;
	int result = call_on(bus, "StopUnit", unit, "replace", &reply, err);
	if (result == 0 && reply)
		result = bus_wait_job(bus, reply, err);
	sd_bus_message_unref(reply);
	return result < 0 ? -1 : call_on(bus, "ResetFailedUnit", unit, NULL, NULL, err);
}

void unit_abandon(struct bus *bus, const char *unit)
{
	sd_bus_message *message = NULL;
	struct error ignored;
	if (bus_new_call(bus, "StopUnit", &message, &ignored) == 0 &&
	    sd_bus_message_append(message, "ss", unit, "replace") >= 0 &&
	    sd_bus_message_set_expect_reply(message, 0) >= 0)
		(void)!sd_bus_send(bus->bus, message, NULL);
	sd_bus_message_unref(message);
}

int unit_cgroup(struct bus *bus, const char *unit, char **path, struct error *err)
{
	sd_bus_error failure = SD_BUS_ERROR_NULL;
	auto_free char *object = NULL;
	size_t length = strlen(unit);
	bool slice = length > 6 && text_equal(unit + length - 6, ".slice");
	int result = sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &object);
	if (result >= 0)
		result = sd_bus_get_property_string(bus->bus, bus->destination, object,
						    slice ? "org.freedesktop.systemd1.Slice"
							  : "org.freedesktop.systemd1.Scope",
						    "ControlGroup", &failure, path);
	if (result < 0)
		error_set(err, -result, "ask for its cgroup: %s",
			  failure.message ? failure.message : error_text(-result));
	else if (!**path)
		result = error_set(err, ENOENT, "systemd says it has no cgroup");
	sd_bus_error_free(&failure);
	return result < 0 ? -1 : 0;
}

// ---- start and update ------------------------------------------------------------------------------

// One attempt. 0 done; 1 try again; -1.
static int try_start(struct bus *bus, const char *unit, struct scope_properties *properties,
		     bool *forgotten, struct error *err)
{
	sd_bus_error failure = SD_BUS_ERROR_NULL;
	sd_bus_message *message = NULL, *reply = NULL;
	struct error ignored;
	int result = bus_new_call(bus, "StartTransientUnit", &message, err);
	if (result == 0 && sd_bus_message_append(message, "ss", unit, "fail") < 0)
		result = error_set(err, ENOMEM, "out of memory");
	if (result == 0)
		result = append_properties(message, properties, err);
	if (result == 0 && sd_bus_message_append(message, "a(sa(sv))", 0) < 0)
		result = error_set(err, ENOMEM, "out of memory");
	if (result == 0 && bus_call(bus, message, &failure, &reply, err) < 0) {
		bool exists = sd_bus_error_has_name(&failure, UNIT_EXISTS);
		result = leave_out(properties, &failure) || (exists && !*forgotten) ? 1 : -1;
		if (exists && !*forgotten) {
			*forgotten = true;
			(void)!call_on(bus, "ResetFailedUnit", unit, NULL, NULL, &ignored);
			poll(NULL, 0, FREE_NAME_MS);
		}
	} else if (result == 0) {
		result = bus_wait_job(bus, reply, err);
		if (result < 0)
			unit_abandon(bus, unit);
	}
	sd_bus_message_unref(message);
	sd_bus_message_unref(reply);
	sd_bus_error_free(&failure);
	return result;
}

int unit_start(struct bus *bus, const char *unit, struct scope_properties *properties,
	       struct error *err)
{
	bool forgotten = false;
	int result;
	if (bus_listen(bus, err) < 0)
		return -1;
	// each time there is one property less, or the name has been freed
	do
		result = try_start(bus, unit, properties, &forgotten, err);
	while (result > 0);
	return result;
}

static int try_update(struct bus *bus, const char *unit, struct scope_properties *properties,
		      struct error *err)
{
	sd_bus_error failure = SD_BUS_ERROR_NULL;
	sd_bus_message *message = NULL;
	int result = bus_new_call(bus, "SetUnitProperties", &message, err);
	if (result == 0 && sd_bus_message_append(message, "sb", unit, 1) < 0)
		result = error_set(err, ENOMEM, "out of memory");
	if (result == 0)
		result = append_properties(message, properties, err);
	if (result == 0 && bus_call(bus, message, &failure, NULL, err) < 0)
		result = leave_out(properties, &failure) ? 1 : -1;
	sd_bus_message_unref(message);
	sd_bus_error_free(&failure);
	return result;
}

int unit_update(struct bus *bus, const char *unit, struct scope_properties *properties,
		struct error *err)
{
	int result = 1;
	while (result > 0 && properties->count)
		result = try_update(bus, unit, properties, err);
	return result < 0 ? -1 : 0;
}
