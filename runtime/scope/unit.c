// SPDX-License-Identifier: Apache-2.0
// See unit.h.
#include "runtime/scope/unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/memory.h"

#define NO_SUCH_UNIT "org.freedesktop.systemd1.NoSuchUnit"
#define UNIT_EXISTS "org.freedesktop.systemd1.UnitExists"
// How long a unit that is just dying may take until its name is free.
#define FREE_NAME_MS 100
// How long, and how often, systemd is asked whether a unit has ended.
#define END_ATTEMPTS 100
#define END_POLL_MS 20

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
		const struct scope_property *property = &properties->items[i];
		result = append_property(message, property);
		if (result < 0 && property->annotation)
			return error_set(
				err, -result,
				"annotations[\"%s\"]: the bus does not take such a value: %s",
				property->annotation, error_text(-result));
		if (result < 0)
			return bus_error(err, result, property->name);
	}
	if (result >= 0)
		result = sd_bus_message_close_container(message);
	return result < 0 ? bus_error(err, result, "write the properties") : 0;
}

// ---- which property it was ---------------------------------------------------------------------------

static bool is_named(const struct scope_property *property, const char *message)
{
	const char *at = strstr(message, property->name);
	return at && !strspn(at + strlen(property->name),
			     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

static bool is_quoted(const struct scope_property *property, const char *message)
{
	const char *element = text_string(&property->value);
	if (strchr("sog", property->signature[strlen(property->signature) - 1]) == NULL)
		return false;
	for (size_t i = 0; i < property->count; i++, element += strlen(element) + 1)
		if (strlen(element) >= 3 && strstr(message, element))
			return true;
	return false;
}

// The type that systemd has the property in, as a scope that is always there tells it. "": it has none of that name.
static void ask_type(struct bus *bus, const char *name, char type[16])
{
	static const char *const interfaces[] = {"org.freedesktop.systemd1.Scope",
						 "org.freedesktop.systemd1.Unit"};
	auto_free char *object = NULL;
	type[0] = '\0';
	if (sd_bus_path_encode("/org/freedesktop/systemd1/unit", "init.scope", &object) < 0)
		return;
	for (size_t i = 0; i < array_size(interfaces) && !type[0]; i++) {
		sd_bus_message *reply = NULL;
		const char *contents;
		char kind;
		if (sd_bus_call_method(bus->bus, bus->destination, object,
				       "org.freedesktop.DBus.Properties", "Get", NULL, &reply, "ss",
				       interfaces[i], name) >= 0 &&
		    sd_bus_message_peek_type(reply, &kind, &contents) > 0 && kind == 'v')
			snprintf(type, 16, "%s", contents);
		sd_bus_message_unref(reply);
	}
}

static bool has_wrong_type(struct bus *bus, const struct scope_property *property,
			   struct error *err)
{
	char type[16], is[48], wanted[48];
	ask_type(bus, property->name, type);
	if (!type[0] || text_equal(type, property->signature))
		return false;
	scope_type_name(property->signature, is);
	scope_type_name(type, wanted);
	error_set(err, EINVAL, "annotations[\"%s\"]: systemd wants %s, and the value is %s",
		  property->annotation, wanted, is);
	return true;
}

// systemd names a property only now and then; whose annotation it was is said where that can be found out.
static void name_annotation(struct bus *bus, const struct scope_properties *properties,
			    const sd_bus_error *failure, struct error *err)
{
	const char *message = failure->message ? failure->message : "";
	const struct scope_property *blamed = NULL;
	size_t count = 0;
	for (size_t i = 0; i < properties->count; i++)
		count += properties->items[i].annotation != NULL;
	for (size_t i = 0; i < properties->count && !blamed; i++) {
		const struct scope_property *property = &properties->items[i];
		if (!property->annotation)
			continue;
		if (is_named(property, message) || is_quoted(property, message))
			blamed = property;
		else if (has_wrong_type(bus, property, err))
			return;
		else if (count == 1 && sd_bus_error_has_name(failure, SD_BUS_ERROR_INVALID_ARGS))
			blamed = property;
	}
	if (blamed)
		(void)!error_context(err, "annotations[\"%s\"]", blamed->annotation);
}

// Leaves out the optional property that systemd's refusal names. False: there is none.
static bool leave_out(struct scope_properties *properties, const sd_bus_error *failure)
{
	for (size_t i = 0; failure->message && i < properties->count; i++) {
		struct scope_property *property = &properties->items[i];
		if (!property->optional || !is_named(property, failure->message))
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

// "active", "failed", ... of a unit; one that is not there is "inactive".
static int ask_state(struct bus *bus, const char *unit, char **state, struct error *err)
{
	sd_bus_error failure = SD_BUS_ERROR_NULL;
	auto_free char *object = NULL;
	int result = sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &object);
	if (result >= 0)
		result = sd_bus_get_property_string(bus->bus, bus->destination, object,
						    "org.freedesktop.systemd1.Unit", "ActiveState",
						    &failure, state);
	if (result < 0)
		error_set(err, -result, "ask for its state: %s",
			  failure.message ? failure.message : error_text(-result));
	sd_bus_error_free(&failure);
	return result < 0 ? -1 : 0;
}

int unit_forget(struct bus *bus, const char *unit, struct error *err)
{
	for (int attempt = 0; attempt < END_ATTEMPTS; attempt++) {
		auto_free char *state = NULL;
		if (ask_state(bus, unit, &state, err) < 0)
			return -1;
		if (text_equal(state, "inactive"))
			return 0;
		if (text_equal(state, "failed"))
			return call_on(bus, "ResetFailedUnit", unit, NULL, NULL, err);
		poll(NULL, 0, END_POLL_MS);
	}
	return error_set(err, ETIMEDOUT, "it has not ended");
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
		if (result < 0 && sd_bus_error_is_set(&failure))
			name_annotation(bus, properties, &failure, err);
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
