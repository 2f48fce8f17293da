// SPDX-License-Identifier: Apache-2.0
// org.systemd.property.* annotations: the text form of a GVariant, as far as properties of units need it: one basic value, or
// an array of them. A tuple, a dictionary or an array of arrays is refused by name.
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/scope_properties.h"

struct reader {
	const char *at;
	char type;  // of the elements, once known
};

static const struct {
	const char *word;
	char type;
} words[] = {
	{"boolean", 'b'}, {"byte", 'y'},   {"int16", 'n'},      {"uint16", 'q'},
	{"int32", 'i'},   {"uint32", 'u'}, {"int64", 'x'},      {"uint64", 't'},
	{"double", 'd'},  {"string", 's'}, {"objectpath", 'o'}, {"signature", 'g'},
};

void scope_type_name(const char *signature, char name[48])
{
	bool array = signature[0] == 'a' && signature[1];
	const char *element = signature + array;
	for (size_t i = 0; i < array_size(words); i++) {
		if (element[0] != words[i].type || element[1])
			continue;
		snprintf(name, 48, "%s%s", array ? "array of " : "", words[i].word);
		return;
	}
	snprintf(name, 48, "%.32s of D-Bus", signature);
}

static void skip_space(struct reader *r)
{
	while (isspace((unsigned char)*r->at))
		r->at++;
}

// ---- one element -----------------------------------------------------------------------------------

static int read_quoted(struct reader *r, struct text *value)
{
	char quote = *r->at++;
	for (; *r->at && *r->at != quote; r->at++) {
		if (*r->at != '\\') {
			text_add_bytes(value, r->at, 1);
			continue;
		}
		static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
		const char *escape = *++r->at ? strchr(from, *r->at) : NULL;
		if (!escape)
			return -1;
		text_add_bytes(value, &to[escape - from], 1);
	}
	if (*r->at != quote)
		return -1;
	r->at++;
	return 0;
}

static bool fits(int64_t number, char type)
{
	switch (type) {
	case 'y':
		return number >= 0 && number <= UINT8_MAX;
	case 'n':
		return number >= INT16_MIN && number <= INT16_MAX;
	case 'q':
		return number >= 0 && number <= UINT16_MAX;
	case 'i':
		return number >= INT32_MIN && number <= INT32_MAX;
	case 'u':
		return number >= 0 && number <= UINT32_MAX;
	default:
		return true;
	}
}

static int read_integer(const char *token, char type, struct text *value)
{
	char *end;
	bool negative = token[0] == '-';
	errno = 0;
	if (type == 't') {
		uint64_t number = strtoull(token, &end, 0);
		if (negative || errno || *end)
			return -1;
		text_add_unsigned(value, number);
		return 0;
	}
	int64_t number = strtoll(token, &end, 0);
	if (errno || *end || !fits(number, type))
		return -1;
	text_add_signed(value, number);
	return 0;
}

static int read_number(struct reader *r, struct text *value)
{
	char token[64], *end;
	size_t length = strcspn(r->at, " \t\n,]");
	if (length == 0 || length >= sizeof token || !strpbrk(r->at, "0123456789"))
		return -1;
	snprintf(token, sizeof token, "%.*s", (int)length, r->at);
	bool fraction = strpbrk(token, ".eE") && !strpbrk(token, "xX");
	if (!r->type)
		r->type = fraction ? 'd' : 'i';
	r->at += length;
	if (r->type != 'd')
		return strchr("ynqiuxt", r->type) ? read_integer(token, r->type, value) : -1;
	double number = strtod(token, &end);
	if (*end || number != number)
		return -1;
	text_add(value, token);
	return 0;
}

static size_t word_length(const char *at)
{
	size_t length = 0;
	while (isalnum((unsigned char)at[length]))
		length++;
	return length;
}

// "uint64" in front of a value.
static void read_type_word(struct reader *r)
{
	size_t length = word_length(r->at);
	for (size_t i = 0; i < array_size(words); i++) {
		if (strlen(words[i].word) != length || strncmp(r->at, words[i].word, length) != 0)
			continue;
		r->type = words[i].type;
		r->at += length;
		skip_space(r);
		return;
	}
}

static bool read_word(struct reader *r, const char *word)
{
	size_t length = strlen(word);
	if (word_length(r->at) != length || strncmp(r->at, word, length) != 0)
		return false;
	r->at += length;
	return true;
}

static int read_element(struct reader *r, struct scope_property *property)
{
	auto_text struct text value = {0};
	int result = 0;
	char before = r->type;
	skip_space(r);
	read_type_word(r);
	if (before && r->type != before)
		return -1;
	bool yes = read_word(r, "true");
	if (yes || read_word(r, "false")) {
		r->type = r->type ? r->type : 'b';
		text_add(&value, yes ? "true" : "false");
		result = r->type == 'b' ? 0 : -1;
	} else if (*r->at == '\'' || *r->at == '"') {
		r->type = r->type ? r->type : 's';
		result = strchr("sog", r->type) ? read_quoted(r, &value) : -1;
	} else {
		result = read_number(r, &value);
	}
	skip_space(r);
	if (result == 0 && text_failed(&value))
		result = -1;
	if (result == 0)
		scope_property_add_element(property, text_string(&value));
	return result;
}

// ---- the whole -------------------------------------------------------------------------------------

static int read_array(struct reader *r, struct scope_property *property)
{
	r->at++;
	skip_space(r);
	if (*r->at == ']' && r->type) {
		r->at++;
		return 0;
	}
	for (;;) {
		if (read_element(r, property) < 0)
			return -1;
		if (*r->at == ']') {
			r->at++;
			return 0;
		}
		if (*r->at != ',')
			return -1;
		r->at++;
	}
}

// "@as", "@t": returns whether it is an array, -1 when it is of another kind.
static int read_signature(struct reader *r)
{
	if (*r->at != '@')
		return 0;
	r->at++;
	int array = *r->at == 'a';
	r->at += array;
	if (!*r->at || !strchr("bynqiuxtdsog", *r->at))
		return -1;
	r->type = *r->at++;
	if (!isspace((unsigned char)*r->at))
		return -1;
	skip_space(r);
	return array;
}

// Bytes are kept as bytes.
static void pack_bytes(struct scope_property *property)
{
	char *out = property->value.data;
	const char *in = out;
	for (size_t i = 0; i < property->count; i++) {
		unsigned long byte = strtoul(in, NULL, 10);
		in += strlen(in) + 1;
		*out++ = (char)byte;
	}
	property->value.length = property->count;
}

int scope_variant_parse(const char *text, struct scope_property *property, struct error *err)
{
	struct reader r = {.at = text};
	skip_space(&r);
	int array = read_signature(&r);
	bool is_array = *r.at == '[';
	int result = array < 0 || (array == 1 && !is_array) ? -1
		     : is_array                             ? read_array(&r, property)
							    : read_element(&r, property);
	skip_space(&r);
	if (result < 0 || *r.at)
		return error_set(
			err, EINVAL,
			"\"%.128s\" is no value that husk can pass on (true, 'text', 5, uint64 5, "
			"['a', 'b'], @as [])",
			text);
	if (text_failed(&property->value))
		return error_set(err, ENOMEM, "out of memory");
	snprintf(property->signature, sizeof property->signature, "%s%c", is_array ? "a" : "",
		 r.type);
	if (is_array && r.type == 'y' && property->count)
		pack_bytes(property);
	return 0;
}

// ---- annotations -----------------------------------------------------------------------------------

// Times may be given in seconds: TimeoutStopSec=30 is TimeoutStopUSec=uint64 30000000.
static int convert_seconds(struct scope_property *property, struct error *err)
{
	size_t length = strlen(property->name);
	if (length < 4 || !text_equal(property->name + length - 3, "Sec") ||
	    (length > 4 && property->name[length - 4] == 'U'))
		return 0;
	char *end;
	double seconds = property->count == 1 && strchr("ynqiuxtd", property->signature[0])
				 ? strtod(text_string(&property->value), &end)
				 : -1;
	if (seconds < 0 || seconds > 1e12 || length + 2 > sizeof property->name)
		return error_set(err, EINVAL, "must be a number of seconds");
	char digits[24];
	snprintf(digits, sizeof digits, "%" PRIu64, (uint64_t)(seconds * 1e6 + 0.5));
	text_done(&property->value);
	property->count = 0;
	scope_property_add_element(property, digits);
	strcpy(property->signature, "t");
	strcpy(property->name + length - 3, "USec");
	return 0;
}

static bool is_name(const char *name)
{
	size_t letters = 0;
	while (isalpha((unsigned char)name[letters]))
		letters++;
	return letters >= 3 && letters < 60 && !name[letters];
}

// What makes the scope this container's cannot come from an annotation.
static bool is_ours(const char *name)
{
	static const char *const ours[] = {"PIDs", "Slice", "Delegate", "ControlGroup", "PIDFDs"};
	for (size_t i = 0; i < array_size(ours); i++)
		if (text_equal(name, ours[i]))
			return true;
	return false;
}

// The process that keeps the unit until init is there has a place, too.
static int check_room(const struct scope_property *property, struct error *err)
{
	if (!text_equal(property->name, "TasksMax") || !text_equal(property->signature, "t") ||
	    strtoull(text_string(&property->value), NULL, 10) >= 2)
		return 0;
	return error_set(err, EINVAL,
			 "must be at least 2, of which the start needs one; "
			 "linux.resources.pids.limit can be 1");
}

static int add_annotation(struct scope_properties *properties, const struct spec_string_pair *pair,
			  struct error *err)
{
	const char *name = pair->key + strlen(SCOPE_PROPERTY_PREFIX);
	if (!is_name(name))
		return error_set(err, EINVAL,
				 "what follows \"" SCOPE_PROPERTY_PREFIX
				 "\" must be at least three letters");
	if (is_ours(name))
		return error_set(err, EINVAL, "this property is set by husk");
	struct scope_property parsed = {0};
	parsed.annotation = pair->key;
	snprintf(parsed.name, sizeof parsed.name, "%s", name);
	if (scope_variant_parse(pair->value, &parsed, err) < 0 ||
	    convert_seconds(&parsed, err) < 0 || check_room(&parsed, err) < 0) {
		text_done(&parsed.value);
		return -1;
	}
	struct scope_property *property =
		scope_properties_add(properties, parsed.name, parsed.signature);
	if (!property) {
		text_done(&parsed.value);
		return error_set(err, ENOMEM, "out of memory");
	}
	*property = parsed;
	return 0;
}

int scope_properties_add_annotations(struct scope_properties *properties, const struct spec *spec,
				     struct error *err)
{
	for (size_t i = 0; i < spec->annotations.count; i++) {
		const struct spec_string_pair *pair = &spec->annotations.items[i];
		if (text_has_prefix(pair->key, SCOPE_PROPERTY_PREFIX) &&
		    add_annotation(properties, pair, err) < 0)
			return error_context(err, "annotations[\"%s\"]", pair->key);
	}
	return 0;
}
