// SPDX-License-Identifier: Apache-2.0
// The syntax of single strings of the configuration. Each check returns NULL, or why the string is
// refused, as a phrase for decode_check.
#ifndef HUSK_SPEC_CHECKS_H
#define HUSK_SPEC_CHECKS_H

// "/..." (RFC: a path of the specification that must be absolute).
const char *checks_absolute(const char *value);

// At least one character.
const char *checks_not_empty(const char *value);

// SemVer 2.0 with the major version 1, the one that this runtime knows.
const char *checks_version(const char *value);

// A list of numbers as the kernel reads it for cpus and memory nodes: "0-3,7".
const char *checks_number_list(const char *value);

// "64KB", "2MB", "1GB".
const char *checks_page_size(const char *value);

// A class of service: the name of a directory, or "/".
const char *checks_clos_id(const char *value);

// One line that begins with "MB:".
const char *checks_bandwidth_schema(const char *value);

// What the kernel takes for the name of a network interface.
const char *checks_interface(const char *value);

// A file name within a cgroup: no slash, not "." or "..".
const char *checks_file_name(const char *value);

// One word: no white space or control characters.
const char *checks_one_word(const char *value);

// A non-empty choice of r, w and m.
const char *checks_device_access(const char *value);

#endif
