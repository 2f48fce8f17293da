// SPDX-License-Identifier: Apache-2.0
// A session keyring of the container's own, so that it cannot see the keys of the caller's session.
//
// Keys are a service that kernels and outer sandboxes may lack, and their number has a quota per user: to do without is
// reported, not refused. The old keyring stays then, and what it holds is guarded by its permissions.
#include <errno.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/security/label_attribute.h"
#include "libcontainer/security/security.h"

#define USER_SEARCH 0x00080000UL  // KEY_USR_SEARCH

static bool is_absence(int code)
{
	return code == ENOSYS || code == EPERM || code == EACCES || code == EDQUOT ||
	       code == EOPNOTSUPP;
}

static const char *explain(int code)
{
	if (code == EDQUOT)
		return "no new session keyring: the user's quota of keys is used up "
		       "(kernel.keys.maxkeys)";
	if (code == ENOSYS || code == EOPNOTSUPP)
		return "no new session keyring: this kernel has no key management";
	return "no new session keyring: key management is not permitted here";
}

static int set_label(int proc_fd, const char *label)
{
	return label_attribute_set(label_module_selinux, label_attribute_keycreate, proc_fd, label);
}

// strtoul would read the tables of the C library's locale for it, another page fault of every exec.
static unsigned long hexadecimal(const char *at)
{
	static const char digits[] = "0123456789abcdef";
	unsigned long value = 0;
	for (const char *digit; *at && (digit = strchr(digits, *at)); at++)
		value = value << 4 | (unsigned long)(digit - digits);
	return value;
}

// Description of a key: "type;uid;gid;permissions;name", the permissions in hexadecimal.
static int allow_search(unsigned long key)
{
	char text[512] = "";  // an id may have 255 bytes
	long length = sys_keyctl(KEYCTL_DESCRIBE, key, (unsigned long)text, sizeof text - 1, 0);
	if (length < 0)
		return -1;
	const char *field = text;
	for (int i = 0; i < 3 && field; i++) {
		field = strchr(field, ';');
		field = field ? field + 1 : NULL;
	}
	if (!field) {
		errno = EINVAL;
		return -1;
	}
	return (int)sys_keyctl(KEYCTL_SETPERM, key, hexadecimal(field) | USER_SEARCH, 0, 0);
}

static long join(const char *name)
{
	return sys_keyctl(KEYCTL_JOIN_SESSION_KEYRING, (unsigned long)name, 0, 0, 0);
}

int keyring_join(const char *id, const char *selinux_label, int proc_fd, const char **note,
		 struct error *err)
{
	char name[512];
	bool labelled = selinux_label && *selinux_label;
	if (note)
		*note = NULL;
	snprintf(name, sizeof name, "_ses.%s", id);
	if (labelled && set_label(proc_fd, selinux_label) < 0)
		return error_errno(err,
				   "process.selinuxLabel %s: session keyring: write to "
				   "`/proc/thread-self/attr/keycreate`",
				   selinux_label);
	long key = join(name);
	int joining = errno;
	if (labelled && set_label(proc_fd, "") < 0)
		return error_errno(err,
				   "session keyring: write to `/proc/thread-self/attr/keycreate`");
	errno = joining;
	if (key >= 0 && allow_search((unsigned long)key) == 0)
		return 0;
	if (!is_absence(errno))
		return error_errno(err, "session keyring %s", name);
	if (note)
		*note = explain(errno);
	return 0;
}
