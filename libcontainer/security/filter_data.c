// SPDX-License-Identifier: Apache-2.0
// A filter that somebody else has compiled (annotation run.oci.seccomp_bpf_data): classic BPF of this machine, in base64.
//
// It replaces linux.seccomp. The kernel checks it when it is loaded; here it must only be what it says it is.
#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/security/security.h"

static int digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

// Returns the number of bytes, or -1. data has room for 3 bytes for every 4 characters.
static ssize_t decode(const char *text, unsigned char *data)
{
	size_t length = strlen(text), used = 0;
	if (length == 0 || length % 4 != 0)
		return -1;
	for (size_t i = 0; i < length; i += 4) {
		int values[4] = {0};
		size_t kept = 4;
		// only the last group may be padded
		while (i + 4 == length && kept > 2 && text[i + kept - 1] == '=')
			kept--;
		unsigned bits = 0;
		for (size_t j = 0; j < 4; j++) {
			values[j] = j < kept ? digit(text[i + j]) : 0;
			if (values[j] < 0)
				return -1;
			bits = bits << 6 | (unsigned)values[j];
		}
		for (size_t j = 0; j + 1 < kept; j++)
			data[used++] = (unsigned char)(bits >> (16 - 8 * j));
	}
	return (ssize_t)used;
}

int syscall_filter_from_data(const char *text, struct syscall_filter *filter, struct error *err)
{
	*filter = (struct syscall_filter){.instructions = NULL};
	auto_free unsigned char *data = malloc(strlen(text) / 4 * 3 + 4);
	if (!data)
		return error_set(err, ENOMEM, "run.oci.seccomp_bpf_data: out of memory");
	ssize_t size = decode(text, data);
	if (size < 0)
		return error_set(err, EINVAL, "annotation run.oci.seccomp_bpf_data: no base64");
	size_t count = (size_t)size / sizeof(struct sock_filter);
	if ((size_t)size % sizeof(struct sock_filter) || count == 0 || count > BPF_MAXINSNS)
		return error_set(err, EINVAL,
				 "annotation run.oci.seccomp_bpf_data: %zd bytes are no 1 to %d "
				 "BPF instructions "
				 "of %zu bytes",
				 size, BPF_MAXINSNS, sizeof(struct sock_filter));
	filter->count = (uint16_t)count;
	filter->instructions = take_ptr(&data);
	return 0;
}
