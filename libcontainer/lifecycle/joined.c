// SPDX-License-Identifier: Apache-2.0
// See joined.h.
#include "libcontainer/lifecycle/joined.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/namespaces/namespaces.h"

// How long the startContainer hooks of a container may take before who enters it is refused.
#define BEGIN_MS 2000
#define LOOK_AGAIN_MS 5

// Until it executes its program, init is husk: protected from those whose container it is.
static int cannot_look(const struct opened *opened, const char *name, struct error *err)
{
	if (errno == ENOENT || errno == ESRCH)
		return error_set(err, ESRCH, "container not running: %s", error_text(ESRCH));
	if (errno == EACCES && opened->status == state_status_created)
		return error_set(err, EACCES,
				 "container `%s` has not been started, and until then only root "
				 "can enter it",
				 opened->record.id);
	int code = errno;
	if (code == EACCES &&
	    process_has_executed(opened->record.pid, opened->record.start_time) == 0)
		return error_set(err, EACCES,
				 "the program of container `%s` does not run yet, and until then "
				 "only root can enter it",
				 opened->record.id);
	errno = code;
	return error_errno(err, "stat %s of the container's init", name);
}

// `start` has let it go on, but it shows nothing of itself to its own user yet. Whether that is over.
static bool has_begun(const struct opened *opened, int init_pidfd)
{
	const struct state_record *record = &opened->record;
	for (int waited = 0; waited < BEGIN_MS; waited += LOOK_AGAIN_MS) {
		if (process_has_executed(record->pid, record->start_time) == 1)
			return true;
		if (process_wait_pidfd(init_pidfd, LOOK_AGAIN_MS) != 0)
			return false;
	}
	return false;
}

static int look(const struct opened *opened, int init_pidfd, int proc, const char *name,
		struct stat *result)
{
	if (fstatat(proc, name, result, 0) == 0)
		return 0;
	if (errno != EACCES || opened->status != state_status_running)
		return -1;
	if (has_begun(opened, init_pidfd))
		return fstatat(proc, name, result, 0);
	errno = EACCES;
	return -1;
}

static int differs(const struct opened *opened, int init_pidfd, int proc, const char *name,
		   bool *result, struct error *err)
{
	char own[32];
	struct stat mine, theirs;
	snprintf(own, sizeof own, "/proc/self/%s", name);
	if (stat(own, &mine) < 0)
		return error_errno(err, "stat %s", own);
	if (look(opened, init_pidfd, proc, name, &theirs) < 0)
		return cannot_look(opened, name, err);
	*result = mine.st_ino != theirs.st_ino || mine.st_dev != theirs.st_dev;
	return 0;
}

int joined_find(const struct opened *opened, const struct spec *spec, int init_pidfd,
		const char *what, int *flags, int *root, struct error *err)
{
	static const struct {
		enum spec_namespace_type type;
		const char *name;
	} files[] = {
		{spec_namespace_type_user, "ns/user"},     {spec_namespace_type_pid, "ns/pid"},
		{spec_namespace_type_network, "ns/net"},   {spec_namespace_type_mount, "ns/mnt"},
		{spec_namespace_type_ipc, "ns/ipc"},       {spec_namespace_type_uts, "ns/uts"},
		{spec_namespace_type_cgroup, "ns/cgroup"}, {spec_namespace_type_time, "ns/time"},
	};
	char path[32];
	*flags = 0;
	snprintf(path, sizeof path, "/proc/%d", (int)opened->record.pid);
	auto_close int proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return opened_not_running(opened, what, err);
	for (size_t i = 0; i < array_size(files); i++) {
		bool different = false;
		// a user namespace may have been added for a plain user
		const struct spec_namespace *listed = &spec->linux_.namespaces[files[i].type];
		if (!listed->listed && files[i].type != spec_namespace_type_user)
			continue;
		// one that was made for the container is not ours; and to join it once more would change nothing
		if (listed->listed && !listed->path && files[i].type != spec_namespace_type_user)
			different = true;
		// (who is not in the host's himself cannot enter that, and the kernel says so)
		else if (files[i].type == spec_namespace_type_user &&
			 process_in_first_user_namespace(proc) == 1)
			continue;
		else if (differs(opened, init_pidfd, proc, files[i].name, &different, err) < 0)
			return -1;
		if (different)
			*flags |= (int)namespaces_clone_flag(files[i].type);
	}
	if (!(*flags & CLONE_NEWNS)) {
		int fd = openat(proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return error_errno(err, "open the container's root");
		*root = fd;
	}
	// what was read belongs to init only if init still lives now
	if (process_wait_pidfd(init_pidfd, 0) != 0)
		return opened_not_running(opened, what, err);
	return 0;
}
