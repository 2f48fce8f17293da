// SPDX-License-Identifier: Apache-2.0
// What is written into new namespaces: host name, domain name, sysctls.
//
// sysctls are written through the host's /proc before any mount of the container exists: no mount that the configuration
// asks for can redirect them. Which names are allowed with which namespaces was checked with the specification; that a namespace
// which is joined is not the host's own is checked here.
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/namespaces/namespaces.h"

#define PROC_ROOT_INODE 1

int namespaces_joins_own(const struct namespace_plan *plan, enum spec_namespace_type type,
			 bool *own, struct error *err)
{
	static const char *const files[spec_namespace_type_count] = {
		[spec_namespace_type_user] = "/proc/self/ns/user",
		[spec_namespace_type_network] = "/proc/self/ns/net",
		[spec_namespace_type_ipc] = "/proc/self/ns/ipc",
		[spec_namespace_type_uts] = "/proc/self/ns/uts",
	};
	*own = false;
	if (!files[type] || plan->join[type] < 0)
		return 0;
	int same = fd_is_file(plan->join[type], AT_FDCWD, files[type]);
	if (same < 0)
		return error_errno(err, "compare linux.namespaces %s with %s",
				   spec_namespace_name(type), files[type]);
	*own = same;
	return 0;
}

static int refuse_own(const struct namespace_plan *plan, enum spec_namespace_type type,
		      const char *object, const char *name, struct error *err)
{
	return error_set(err, EINVAL,
			 "%s: %s%s%snot allowed in host %s namespace (linux.namespaces joins %s, "
			 "which is husk's own)",
			 object, name ? "sysctl \"" : "", name ? name : "", name ? "\" " : "",
			 spec_namespace_name(type), plan->spec->linux_.namespaces[type].path);
}

static int check_names(const struct namespace_plan *plan, struct error *err)
{
	const struct spec *spec = plan->spec;
	bool own = false;
	if (!spec->hostname && !spec->domainname)
		return 0;
	if (namespaces_joins_own(plan, spec_namespace_type_uts, &own, err) < 0)
		return -1;
	return own ? refuse_own(plan, spec_namespace_type_uts,
				spec->hostname ? "hostname" : "domainname", NULL, err)
		   : 0;
}

int namespaces_check_settings(const struct namespace_plan *plan, struct error *err)
{
	const struct spec_string_map *sysctl = &plan->spec->linux_.sysctl;
	for (size_t i = 0; i < sysctl->count; i++) {
		const char *name = sysctl->items[i].key;
		char object[128];
		bool own = false;
		enum spec_namespace_type type;
		if (!spec_sysctl_namespace(name, &type))
			continue;
		if (namespaces_joins_own(plan, type, &own, err) < 0)
			return -1;
		if (!own)
			continue;
		snprintf(object, sizeof object, "linux.sysctl[\"%s\"]", name);
		return refuse_own(plan, type, object, name, err);
	}
	return check_names(plan, err);
}

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
