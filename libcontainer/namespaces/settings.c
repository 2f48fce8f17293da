// SPDX-License-Identifier: Apache-2.0
// What is written into new namespaces: host name, domain name, sysctls.
//
// sysctls are written through the host's /proc before any mount of the container exists: no mount that the configuration
// asks for can redirect them. Which names are allowed with which namespaces was checked with the specification.
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/namespaces/namespaces.h"

#define PROC_ROOT_INODE 1

int namespaces_set_names(const struct spec *spec, struct error *err)
{
	if (spec->hostname && sethostname(spec->hostname, strlen(spec->hostname)) < 0)
		return error_errno(err, "hostname: set to \"%s\"", spec->hostname);
	if (spec->domainname && setdomainname(spec->domainname, strlen(spec->domainname)) < 0)
		return error_errno(err, "domainname: set to \"%s\"", spec->domainname);
	return 0;
}

int namespaces_open_proc(int *proc_fd, struct error *err)
{
	auto_close int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;
	struct stat st;
	if (fd < 0 || fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return error_errno(err, "open /proc");
	if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != PROC_ROOT_INODE)
		return error_set(err, EINVAL, "/proc is not the root of a procfs");
	*proc_fd = take_fd(&fd);
	return 0;
}

// sysctl(8): when the first separator is a dot, dots separate and slashes stand for dots; else as it is.
static void to_path(char *name)
{
	char *first = strpbrk(name, "./");
	if (!first || *first == '/')
		return;
	for (char *p = name; *p; p++)
		if (*p == '.')
			*p = '/';
		else if (*p == '/')
			*p = '.';
}

static int set_one(int proc_fd, const struct spec_string_pair *pair, struct error *err)
{
	// its file belongs to the host's root, also where the system call is allowed
	if (text_equal(pair->key, "kernel.domainname") ||
	    text_equal(pair->key, "kernel/domainname"))
		return setdomainname(pair->value, strlen(pair->value)) == 0
			       ? 0
			       : error_errno(err, "linux.sysctl.%s: set to \"%s\"", pair->key,
					     pair->value);
	auto_text struct text path = {0};
	text_add(&path, "sys/");
	text_add(&path, pair->key);
	if (text_failed(&path))
		return error_set(err, ENOMEM, "linux.sysctl.%s: out of memory", pair->key);
	to_path(path.data + strlen("sys/"));
	struct kernel_open_how how = {
		.flags = O_WRONLY | O_CLOEXEC,
		.resolve = KERNEL_RESOLVE_BENEATH | KERNEL_RESOLVE_NO_SYMLINKS |
			   KERNEL_RESOLVE_NO_XDEV,
	};
	auto_close int fd = sys_openat2(proc_fd, text_string(&path), &how);
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = openat(proc_fd, text_string(&path), O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "linux.sysctl.%s: open /proc/%s", pair->key,
				   text_string(&path));
	// one write: the kernel takes a value as a whole
	size_t length = strlen(pair->value);
	ssize_t written = write(fd, pair->value, length);
	if (written < 0)
		return error_errno(err, "linux.sysctl.%s: write \"%s\"", pair->key, pair->value);
	if ((size_t)written != length)
		return error_set(err, EINVAL, "linux.sysctl.%s: \"%s\" was not taken whole",
				 pair->key, pair->value);
	return 0;
}

int namespaces_set_sysctls(const struct spec *spec, int proc_fd, struct error *err)
{
	for (size_t i = 0; i < spec->linux_.sysctl.count; i++)
		if (set_one(proc_fd, &spec->linux_.sysctl.items[i], err) < 0)
			return -1;
	return 0;
}
