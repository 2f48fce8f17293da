// SPDX-License-Identifier: Apache-2.0
// A configuration and its system call filter, which another container with the same profile may have compiled already.
#ifndef HUSK_LIFECYCLE_PROFILE_H
#define HUSK_LIFECYCLE_PROFILE_H

#include <stdbool.h>

#include "libcontainer/base/log.h"
#include "libcontainer/security/security.h"
#include "spec/section.h"
#include "spec/spec.h"

struct profile {
	struct spec_section section;   // linux.seccomp in the text
	bool kept;                     // the filter below is of the cache
	bool keep;                     // the one that is compiled may go there
	struct syscall_filter filter;  // owned, until it is compiled
};

// spec_parse, but a linux.seccomp whose filter is in the cache is left out: spec->linux_.seccomp is not set then.
int profile_parse(struct profile *profile, const struct log *log, const char *text, size_t length,
		  const struct spec **spec, struct spec_error *why) must_check;

// The text with null where linux.seccomp stood. *rest: malloc'ed.
int profile_text_without(const struct spec_section *section, const char *text, size_t length,
			 char **rest, size_t *rest_length) must_check;

// The filter of linux.seccomp, or what the annotation run.oci.seccomp_bpf_data puts in its place.
int profile_compile(struct profile *profile, const struct spec *spec, const struct log *log,
		    struct syscall_filter *filter, struct error *err) must_check;

// Puts what was compiled from the text into the cache, unless it came from there. When nobody waits for it.
void profile_keep(const struct profile *profile, const char *text,
		  const struct syscall_filter *filter);

void profile_done(struct profile *profile);

#endif
