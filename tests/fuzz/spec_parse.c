// SPDX-License-Identifier: Apache-2.0
// libFuzzer target: any bytes as a configuration, as a process and as resources. What is accepted must
// keep the promises of spec.h that later code relies on; what is refused must say why.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spec/spec.h"

static void require(bool condition)
{
	if (!condition)
		abort();
}

// Reads every string to its end, so that the sanitizer sees one that has none.
static void walk_strings(const struct spec_strings *strings)
{
	for (size_t i = 0; i < strings->count; i++)
		require(strlen(strings->items[i]) < SPEC_MAX_BYTES);
	require(strings->items == NULL ? strings->count == 0
	                               : strings->items[strings->count] == NULL);
}

static void walk_map(const struct spec_string_map *map)
{
	for (size_t i = 0; i < map->count; i++)
		require(map->items[i].key[0] != '\0' &&
		        strlen(map->items[i].value) < SPEC_MAX_BYTES);
}

static void walk_process(const struct spec_process *process)
{
	if (!process->set)
		return;
	require(process->cwd[0] == '/' && process->args.count > 0);
	walk_strings(&process->args);
	walk_strings(&process->env);
	walk_strings(&process->capabilities.bounding);
	for (size_t i = 0; i < process->rlimits_count; i++)
		require(process->rlimits[i].soft <= process->rlimits[i].hard);
	require(!process->user.umask.set || process->user.umask.value <= 0777);
}

static void walk_spec(const struct spec *spec)
{
	require(spec->oci_version[0] == '1' && spec->root_path[0] != '\0');
	walk_process(&spec->process);
	for (size_t i = 0; i < spec->mounts_count; i++) {
		require(spec->mounts[i].destination[0] != '\0');
		walk_strings(&spec->mounts[i].options);
	}
	for (int kind = 0; kind < spec_hook_kind_count; kind++)
		for (size_t i = 0; i < spec->hooks[kind].count; i++)
			require(spec->hooks[kind].items[i].path[0] == '/');
	walk_map(&spec->annotations);
	walk_map(&spec->linux_.sysctl);
	walk_map(&spec->linux_.resources.unified);
	walk_strings(&spec->linux_.masked_paths);
	for (size_t i = 0; i < spec->linux_.seccomp.rules_count; i++) {
		const struct spec_seccomp_rule *rule = &spec->linux_.seccomp.rules[i];
		require(rule->names.count > 0);
		walk_strings(&rule->names);
		for (size_t j = 0; j < rule->args_count; j++)
			require(rule->args[j].index <= 5);
	}
}

static void check_error(const struct spec *spec, const struct spec_error *error)
{
	require(spec == NULL && error->reason[0] != '\0');
	require(memchr(error->reason, '\0', sizeof(error->reason)) != NULL);
	require(memchr(error->path, '\0', sizeof(error->path)) != NULL);
	for (const char *at = error->path; *at != '\0'; at++)
		require((unsigned char)*at >= 0x20);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const struct spec *spec;
	struct spec_error error;
	if (spec_parse(text, size, &spec, &error) == 0) {
		walk_spec(spec);
		require(spec_validate(spec, &error) == 0);
		spec_free(spec);
	} else {
		check_error(spec, &error);
	}
	if (spec_parse_process(text, size, &spec, &error) == 0) {
		walk_process(&spec->process);
		spec_free(spec);
	} else {
		check_error(spec, &error);
	}
	if (spec_parse_mounts(text, size, &spec, &error) == 0)
		spec_free(spec);
	else
		check_error(spec, &error);
	if (spec_parse_resources(text, size, &spec, &error) == 0)
		spec_free(spec);
	else
		check_error(spec, &error);
	return 0;
}
