// SPDX-License-Identifier: Apache-2.0
// See checks.h. Plain scanning by hand: no locale, no regular expressions.
#include "spec/checks.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_white_or_control(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f;
}

const char *checks_absolute(const char *value)
{
	return value[0] == '/' ? NULL : "must be an absolute path";
}

const char *checks_not_empty(const char *value)
{
	return value[0] != '\0' ? NULL : "must not be empty";
}

// ---- versions -------------------------------------------------------------------------------------

// A number without leading zeros; NULL when there is none.
static const char *skip_version_number(const char *at)
{
	if (!is_digit(*at))
		return NULL;
	if (*at == '0')
		return is_digit(at[1]) ? NULL : at + 1;
	while (is_digit(*at))
		at++;
	return at;
}

// Dot-separated identifiers of [0-9A-Za-z-], none empty; of a pre-release, numbers have no leading
// zeros. NULL when they are not that.
static const char *skip_identifiers(const char *at, bool prerelease)
{
	for (;; at++) {
		const char *start = at;
		bool number = true;
		for (; is_digit(*at) || is_letter(*at) || *at == '-'; at++)
			number = number && is_digit(*at);
		if (at == start || (prerelease && number && *start == '0' && at - start > 1))
			return NULL;
		if (*at != '.')
			return at;
	}
}

static const char *skip_core(const char *at)
{
	for (int i = 0; i < 3; i++) {
		if (i > 0 && *at++ != '.')
			return NULL;
		at = skip_version_number(at);
		if (at == NULL)
			return NULL;
	}
	return at;
}

const char *checks_version(const char *value)
{
	static const char bad[] = "must be a version like 1.3.0";
	const char *at = skip_core(value);
	if (at != NULL && *at == '-')
		at = skip_identifiers(at + 1, true);
	if (at != NULL && *at == '+')
		at = skip_identifiers(at + 1, false);
	if (at == NULL || *at != '\0')
		return bad;
	return value[0] == '1' && value[1] == '.' ? NULL : "must be a version 1.x.y";
}

// ---- numbers --------------------------------------------------------------------------------------

// A decimal number up to 65535, more than any cpu or node has; NULL when there is none.
static const char *skip_small_number(const char *at, unsigned *value)
{
	*value = 0;
	if (!is_digit(*at))
		return NULL;
	for (; is_digit(*at); at++) {
		*value = *value * 10 + (unsigned)(*at - '0');
		if (*value > UINT16_MAX)
			return NULL;
	}
	return at;
}

const char *checks_number_list(const char *value)
{
	static const char bad[] = "must be a list of numbers like 0-3,7";
	const char *at = value;
	for (;; at++) {
		unsigned first, last;
		at = skip_small_number(at, &first);
		if (at != NULL && *at == '-') {
			at = skip_small_number(at + 1, &last);
			if (at != NULL && last < first)
				return bad;
		}
		if (at == NULL || (*at != ',' && *at != '\0'))
			return bad;
		if (*at == '\0')
			return NULL;
	}
}

const char *checks_page_size(const char *value)
{
	static const char bad[] = "must be a page size like 2MB";
	const char *at = value;
	if (*at < '1' || *at > '9')
		return bad;
	while (is_digit(*at))
		at++;
	if (at - value > 19 || (*at != 'K' && *at != 'M' && *at != 'G'))
		return bad;
	return strcmp(at + 1, "B") == 0 ? NULL : bad;
}

// ---- names ----------------------------------------------------------------------------------------

static bool is_file_name(const char *value)
{
	return value[0] != '\0' && strcmp(value, ".") != 0 && strcmp(value, "..") != 0 &&
	       strchr(value, '/') == NULL;
}

const char *checks_clos_id(const char *value)
{
	if (strcmp(value, "/") == 0)
		return NULL;
	return is_file_name(value) && strchr(value, '\n') == NULL
		       ? NULL
		       : "must be the name of a directory or '/'";
}

const char *checks_bandwidth_schema(const char *value)
{
	return strncmp(value, "MB:", 3) == 0 && strchr(value, '\n') == NULL
		       ? NULL
		       : "must be one line that begins with 'MB:'";
}

const char *checks_interface(const char *value)
{
	size_t length = strlen(value);
	if (length > 15)
		return "must not be longer than 15 characters";
	for (size_t i = 0; i < length; i++)
		if (is_white_or_control(value[i]) || value[i] == ':')
			return "must be the name of a network interface";
	return is_file_name(value) ? NULL : "must be the name of a network interface";
}

const char *checks_file_name(const char *value)
{
	return is_file_name(value) ? NULL : "must be the name of a file in a cgroup";
}

const char *checks_one_word(const char *value)
{
	if (value[0] == '\0')
		return "must not be empty";
	for (; *value != '\0'; value++)
		if (is_white_or_control(*value))
			return "must be one word";
	return NULL;
}

const char *checks_device_access(const char *value)
{
	static const char bad[] = "must be a choice of r, w and m";
	if (value[0] == '\0')
		return bad;
	return value[strspn(value, "rwm")] == '\0' ? NULL : bad;
}
