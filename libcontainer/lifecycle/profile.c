// SPDX-License-Identifier: Apache-2.0
// See profile.h. The cache is security/filter_cache.c; who asks for remarks at level debug gets those about the profile, which only compiling makes.
#include "libcontainer/lifecycle/profile.h"

#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/memory.h"

static bool find(struct profile *profile, const char *text)
{
	auto_free void *value = NULL;
	size_t length = 0;
	const struct spec_section *section = &profile->section;
	return filter_cache_find(text + section->begin, section->end - section->begin, &value,
				 &length) == 0 &&
	       syscall_filter_unpack(value, length, &profile->filter) == 0;
}

int profile_text_without(const struct spec_section *section, const char *text, size_t length,
			 char **rest, size_t *rest_length)
{
	static const char null[] = "null";
	const size_t null_length = sizeof null - 1;
	size_t after = length - section->end;
	*rest_length = section->begin + null_length + after;
	*rest = malloc(*rest_length);
	if (!*rest)
		return -1;
	memcpy(*rest, text, section->begin);
	memcpy(*rest + section->begin, null, null_length);
	memcpy(*rest + section->begin + null_length, text + section->end, after);
	return 0;
}

// -1: it does not parse; whoever has the whole text will find out why.
static int parse_without(const struct spec_section *section, const char *text, size_t length,
			 const struct spec **spec)
{
	size_t rest_length;
	struct spec_error ignored;
	auto_free char *rest = NULL;
	if (profile_text_without(section, text, length, &rest, &rest_length) < 0)
		return -1;
	return spec_parse(rest, rest_length, spec, &ignored);
}

int profile_parse(struct profile *profile, const struct log *log, const char *text, size_t length,
		  const struct spec **spec, struct spec_error *why)
{
	*profile = (struct profile){.kept = false};
	profile->keep = !(log && log->level >= log_level_debug) &&
			spec_find_seccomp(text, length, &profile->section);
	profile->kept = profile->keep && find(profile, text);
	if (profile->kept && parse_without(&profile->section, text, length, spec) == 0) {
		// the names that this asks about are in the text only
		if (!(*spec)->linux_.seccomp.unknown_names_fail)
			return 0;
		spec_free(*spec);
		*spec = NULL;
	}
	profile_done(profile);
	return spec_parse(text, length, spec, why);
}

// A profile about which there is something to say is compiled each time, to say it.
struct attentive_log {
	struct log log;
	const struct log *to;
	bool heard;
};

static void hear(void *data, enum log_level level, const char *message)
{
	struct attentive_log *attentive = data;
	attentive->heard |= level <= log_level_warning;
	if (attentive->to && level <= attentive->to->level)
		attentive->to->emit(attentive->to->data, level, message);
}

int profile_compile(struct profile *profile, const struct spec *spec, const struct log *log,
		    struct syscall_filter *filter, struct error *err)
{
	const char *data = spec_annotation(spec, "run.oci.seccomp_bpf_data");
	if (data) {
		profile->keep = false;
		return syscall_filter_from_data(data, filter, err);
	}
	if (profile->kept) {
		*filter = profile->filter;
		profile->filter = (struct syscall_filter){.instructions = NULL};
		return 0;
	}
	struct attentive_log attentive = {.to = log};
	attentive.log = (struct log){
		.level = log && log->level > log_level_warning ? log->level : log_level_warning,
		.emit = hear,
		.data = &attentive};
	if (syscall_filter_compile(&spec->linux_.seccomp, &attentive.log, filter, err) < 0)
		return -1;
	profile->keep &= !attentive.heard;
	return 0;
}

void profile_keep(const struct profile *profile, const char *text,
		  const struct syscall_filter *filter)
{
	size_t size = 0;
	const struct spec_section *section = &profile->section;
	if (!profile->keep || profile->kept)
		return;
	auto_free void *packed = syscall_filter_pack(filter, &size);
	if (packed)
		filter_cache_keep(text + section->begin, section->end - section->begin, packed,
				  size);
}

void profile_done(struct profile *profile)
{
	syscall_filter_done(&profile->filter);
	profile->kept = false;
}
