// SPDX-License-Identifier: Apache-2.0
// AppArmor profile and SELinux label of the next execve; see security.h.
//
// lsm_set_self_attr(2), Linux 6.8, needs no path, so nothing that is mounted in a container can redirect it. Before
// that there is only a file in /proc: it is opened below a descriptor of the host's procfs, and must be
// on the same mount as that (a fake /proc, or a file bound over the right one, is refused).
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>

#include "libcontainer/kernel/fd.h"
#include "libcontainer/security/label_attribute.h"
#include "libcontainer/security/security.h"

static bool apparmor_enabled(void)
{
	int listed = label_attribute_module_present(label_module_apparmor);
	if (listed >= 0)
		return listed == 1;
	char value[8];
	return fd_read_value(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", value,
			     sizeof value) > 0 &&
	       value[0] == 'Y';
}

static bool selinux_enabled(void)
{
	int listed = label_attribute_module_present(label_module_selinux);
	if (listed >= 0)
		return listed == 1;
	struct statfs fs;
	return statfs("/sys/fs/selinux", &fs) == 0 && (unsigned long)fs.f_type == SELINUX_MAGIC;
}

// To be unconfined is what a process without AppArmor is.
static bool wants_apparmor(const struct labels *labels)
{
	return labels->apparmor && *labels->apparmor &&
	       (!text_equal(labels->apparmor, "unconfined") || apparmor_enabled());
}

static bool wants_selinux(const struct labels *labels)
{
	return labels->selinux && *labels->selinux;
}

int labels_check(const struct labels *labels, struct error *err)
{
	if (wants_apparmor(labels) && !apparmor_enabled())
		return error_set(
			err, EOPNOTSUPP,
			"process.apparmorProfile %s: AppArmor is not enabled in this kernel",
			labels->apparmor);
	if (wants_selinux(labels) && !selinux_enabled())
		return error_set(err, EOPNOTSUPP,
				 "process.selinuxLabel %s: SELinux is not enabled in this kernel",
				 labels->selinux);
	return 0;
}

int labels_check_mount(const char *label, struct error *err)
{
	if (label && *label && !selinux_enabled())
		return error_set(err, EOPNOTSUPP,
				 "linux.mountLabel %s: SELinux is not enabled in this kernel",
				 label);
	return 0;
}

static int apply_apparmor(const char *profile, int proc_fd, struct error *err)
{
	// (one that is cut is too long for the kernel, too)
	char value[LABEL_VALUE_MAX + 1];
	snprintf(value, sizeof value, "exec %s", profile);
	if (label_attribute_set(label_module_apparmor, label_attribute_exec, proc_fd, value) == 0)
		return 0;
	return error_errno(
		err, "process.apparmorProfile %s: write to `/proc/thread-self/attr/apparmor/exec`",
		profile);
}

int labels_apply(const struct labels *labels, int proc_fd, struct error *err)
{
	if (wants_apparmor(labels) && apply_apparmor(labels->apparmor, proc_fd, err) < 0)
		return -1;
	if (!wants_selinux(labels))
		return 0;
	if (label_attribute_set(label_module_selinux, label_attribute_exec, proc_fd,
				labels->selinux) < 0)
		return error_errno(
			err, "process.selinuxLabel %s: write to `/proc/thread-self/attr/exec`",
			labels->selinux);
	return 0;
}
