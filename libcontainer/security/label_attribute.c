// SPDX-License-Identifier: Apache-2.0
// See label_attribute.h.
#include "libcontainer/security/label_attribute.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"

#ifndef SYS_lsm_set_self_attr
#define SYS_lsm_set_self_attr 460
#endif
#ifndef SYS_lsm_list_modules
#define SYS_lsm_list_modules 461
#endif

#define MODULES_MAX 64

// struct lsm_ctx of <linux/lsm.h>
struct context {
	uint64_t id, flags, len, ctx_len;
	char ctx[];
};

int label_attribute_module_present(enum label_module module)
{
	uint64_t ids[MODULES_MAX];
	uint32_t size = sizeof ids;
	long count = syscall(SYS_lsm_list_modules, ids, &size, 0U);
	if (count < 0)
		return -1;
	for (long i = 0; i < count; i++)
		if (ids[i] == (uint64_t)module)
			return 1;
	return 0;
}

static int set_by_call(enum label_module module, enum label_attribute attribute, const char *value,
		       size_t length)
{
	size_t size = (sizeof(struct context) + length + 1 + 7) & ~(size_t)7;
	_Alignas(struct context) char room[sizeof(struct context) + LABEL_VALUE_MAX + 8] = "";
	const struct context context = {
		.id = (uint64_t)module,
		.len = size,
		.ctx_len = length + 1,
	};
	memcpy(room, &context, sizeof context);
	memcpy(room + sizeof context, value, length);
	return (int)syscall(SYS_lsm_set_self_attr, (unsigned)attribute, room, (uint32_t)size, 0U);
}

static int mount_of(int fd, uint64_t *mount)
{
	struct statx sx;
	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &sx) < 0)
		return -1;
	if (!(sx.stx_mask & STATX_MNT_ID)) {
		errno = ENOSYS;
		return -1;
	}
	*mount = sx.stx_mnt_id;
	return 0;
}

// Opens path below proc_fd, and proves that it is procfs's own file.
static int open_genuine(int proc_fd, const char *path)
{
	struct statfs fs;
	uint64_t root, mine;
	auto_close int fd = openat(proc_fd, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstatfs(fd, &fs) < 0 || mount_of(fd, &mine) < 0 ||
	    mount_of(proc_fd, &root) < 0)
		return -1;
	if (fs.f_type == PROC_SUPER_MAGIC && mine == root)
		return take_fd(&fd);
	errno = EXDEV;
	return -1;
}

static int open_file(enum label_module module, enum label_attribute attribute, int proc_fd)
{
	if (attribute == label_attribute_keycreate)
		return open_genuine(proc_fd, "thread-self/attr/keycreate");
	if (module == label_module_apparmor) {
		// its own directory since 5.8; without it, the file that all modules share
		int fd = open_genuine(proc_fd, "thread-self/attr/apparmor/exec");
		if (fd >= 0 || errno != ENOENT)
			return fd;
	}
	return open_genuine(proc_fd, "thread-self/attr/exec");
}

static int set_by_file(enum label_module module, enum label_attribute attribute, int proc_fd,
		       const char *value, size_t length)
{
	auto_close int fd = open_file(module, attribute, proc_fd);
	if (fd < 0)
		return -1;
	// a write of nothing never reaches the module: SELinux takes a lone NUL for "none"
	ssize_t written = write(fd, value, length ? length : 1);
	if (written < 0)
		return -1;
	if ((size_t)written == (length ? length : 1))
		return 0;
	errno = EIO;
	return -1;
}

int label_attribute_set(enum label_module module, enum label_attribute attribute, int proc_fd,
			const char *value)
{
	size_t length = strlen(value);
	if (length >= LABEL_VALUE_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	// whatever the call says, the file says it too, and there a caller's tools look for the error
	if (set_by_call(module, attribute, value, length) == 0)
		return 0;
	return set_by_file(module, attribute, proc_fd, value, length);
}
