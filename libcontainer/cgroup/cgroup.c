// SPDX-License-Identifier: Apache-2.0
// Making, opening and giving away one cgroup directory.
//
// Many creates may run at the same time below a parent that another delete is just removing, so a
// directory that vanishes on the way only means starting again, a bounded number of times. Parents that are
// made here are marked with an extended attribute: whichever of the containers below goes last may then
// remove them, not only the one whose create happened to come first.
#include "libcontainer/cgroup/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/controllers.h"
#include "libcontainer/cgroup/events.h"
#include "libcontainer/cgroup/place.h"
#include "libcontainer/cgroup/settings.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/path.h"

#define MADE_BY_US "user.husk.made"
#define CREATE_ATTEMPTS 100

static int open_directory(int dir_fd, const char *name)
{
	return openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

bool cgroup_is_made_by_us(const struct cgroup_host *host, const char *path)
{
	auto_close int fd = open_directory(host->fd, cgroup_path_relative(path));
	return fd >= 0 && fgetxattr(fd, MADE_BY_US, NULL, 0) > 0;
}

// The way down to a new cgroup.
struct descent {
	int parent_fd;  // owned: the last directory above the leaf
	size_t made_from;  // length of the part of the path whose last component was made by husk; 0 = none
	bool fresh;  // the leaf was made
};

// Enters, or makes and enters, a directory above the leaf. end: length of the path up to and with it.
static int enter_parent(struct descent *descent, const char *name, size_t end)
{
	int fd = open_directory(descent->parent_fd, name);
	bool made = false;
	if (fd < 0 && errno == ENOENT) {
		made = mkdirat(descent->parent_fd, name, 0755) == 0;
		if (!made && errno != EEXIST)
			return -1;
		if (made && descent->made_from == 0)
			descent->made_from = end;
		fd = open_directory(descent->parent_fd, name);
	}
	if (fd < 0)
		return -1;
	memory_close(descent->parent_fd);
	descent->parent_fd = fd;
	// without the mark an empty parent is left behind at worst
	if (made)
		(void)!fsetxattr(fd, MADE_BY_US, "1", 1, 0);
	if (descent->made_from == 0 && fgetxattr(fd, MADE_BY_US, NULL, 0) > 0)
		descent->made_from = end;
	return 0;
}

int cgroup_foresee_made(const struct cgroup_host *host, const char *path, char **made_from,
			struct error *err)
{
	auto_close int above = open_directory(host->fd, ".");
	const char *end = strchr(path + 1, '/');
	for (; above >= 0 && end; end = strchr(end + 1, '/')) {
		const char *name = end;
		char component[256];
		while (name[-1] != '/')
			name--;
		snprintf(component, sizeof component, "%.*s", (int)(end - name), name);
		int fd = open_directory(above, component);
		memory_close(above);
		above = fd;
		if (fd < 0 || fgetxattr(fd, MADE_BY_US, NULL, 0) > 0)
			break;
	}
	*made_from = end ? strndup(path, (size_t)(end - path)) : strdup(path);
	return *made_from ? 0 : error_set(err, ENOMEM, "cgroup %s: out of memory", path);
}

static int enter_parents(const struct cgroup_host *host, const char *path, struct descent *descent)
{
	descent->parent_fd = open_directory(host->fd, ".");
	if (descent->parent_fd < 0)
		return -1;
	for (const char *name = path + 1, *slash; (slash = strchr(name, '/')); name = slash + 1) {
		char component[256];
		snprintf(component, sizeof component, "%.*s", (int)(slash - name), name);
		if (enter_parent(descent, component, (size_t)(slash - path)) < 0)
			return -1;
	}
	return 0;
}

static const char *leaf_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

// The name of the directory above the leaf, for messages and for the controllers.
static char *parent_of(const char *path)
{
	size_t length = (size_t)(leaf_of(path) - path);
	return strndup(path, length > 1 ? length - 1 : 1);
}

// Every controller that this host can give is needed by somebody later (update, statistics); when the parent
// already hands all of them down, two small reads are the whole price.
static int enable_controllers(const struct cgroup_host *host, const char *path, int parent_fd,
			      const struct spec_resources *resources, struct error *err)
{
	uint32_t needed = 0, available = 0, enabled = 0;
	if (resources && cgroup_settings_controllers(resources, &needed, err) < 0)
		return -1;
	if (cgroup_controllers_read(host->fd, "cgroup.controllers", &available) < 0 ||
	    cgroup_controllers_read(parent_fd, "cgroup.subtree_control", &enabled) < 0)
		return error_errno(err, "cgroup %s: read the controllers", path);
	if (((available | needed) & ~enabled) == 0)
		return 0;
	auto_free char *parent = parent_of(path);
	if (!parent)
		return error_set(err, ENOMEM, "cgroup %s: out of memory", path);
	enum cgroup_controller failed;
	if (cgroup_controllers_enable(host, parent, needed, &failed, err) == 0)
		return 0;
	char json[200] = "linux.resources";
	if (resources && failed != cgroup_controller_count)
		cgroup_settings_name(resources, failed, json);
	return error_context(err, "%s", json);
}

static int count_processes(struct cgroup *cgroup, size_t *count, struct error *err)
{
	auto_free pid_t *pids = NULL;
	return cgroup_processes(cgroup, &pids, count, err);
}

// One that was there before is taken over only if nobody lives in it.
static int check_existing(struct cgroup *cgroup, struct error *err)
{
	struct cgroup_events events;
	size_t count = 0;
	uint32_t enabled = 0;
	if (cgroup_events_read(cgroup->fd, &events) < 0)
		return error_errno(err, "cgroup %s: read cgroup.events", cgroup->path);
	if (events.populated) {
		if (count_processes(cgroup, &count, err) < 0)
			return -1;
		return error_set(
			err, EBUSY,
			"cgroup %s: container's cgroup is not empty: %zu process(es) found",
			cgroup->path, count);
	}
	if (events.frozen || cgroup_is_frozen(cgroup))
		return error_set(err, EBUSY, "cgroup %s: container's cgroup unexpectedly frozen",
				 cgroup->path);
	if (cgroup_controllers_read(cgroup->fd, "cgroup.subtree_control", &enabled) < 0)
		return error_errno(err, "cgroup %s: read cgroup.subtree_control", cgroup->path);
	if (enabled)
		return error_set(err, EBUSY,
				 "cgroup %s: it hands controllers down to cgroups below it, so no "
				 "process can live in it",
				 cgroup->path);
	return 0;
}

// Below a threaded cgroup a new one is of no use ("domain invalid") until it is threaded, too. There are no controllers for whole
// processes there, memory for example.
static int check_type(const struct cgroup *cgroup, const struct spec_resources *resources,
		      struct error *err)
{
	const uint32_t of_threads = cgroup_controller_bit(cgroup_controller_cpu) |
				    cgroup_controller_bit(cgroup_controller_cpuset) |
				    cgroup_controller_bit(cgroup_controller_pids);
	char type[32], json[200];
	uint32_t needed = 0;
	if (fd_read_value(cgroup->fd, "cgroup.type", type, sizeof type) < 0)
		return error_errno(err, "cgroup %s: read cgroup.type", cgroup->path);
	if (text_equal(type, "domain") || text_equal(type, "domain threaded"))
		return 0;
	if (resources && cgroup_settings_controllers(resources, &needed, err) < 0)
		return -1;
	needed &= ~of_threads;
	if (needed) {
		enum cgroup_controller first = (enum cgroup_controller)__builtin_ctz(needed);
		cgroup_settings_name(resources, first, json);
		return error_set(err, EOPNOTSUPP,
				 "%s: cgroup %s is in a threaded subtree, which has no controller "
				 "%s: choose another linux.cgroupsPath",
				 json, cgroup->path, cgroup_controller_name(first));
	}
	if (!text_equal(type, "threaded") &&
	    fd_write_value(cgroup->fd, "cgroup.type", "threaded") < 0)
		return error_errno(err, "cgroup %s: make it threaded", cgroup->path);
	return 0;
}

static int make_leaf(struct descent *descent, struct cgroup *cgroup)
{
	const char *name = leaf_of(cgroup->path);
	descent->fresh = mkdirat(descent->parent_fd, name, 0755) == 0;
	if (!descent->fresh && errno != EEXIST)
		return -1;
	cgroup->fd = open_directory(descent->parent_fd, name);
	return cgroup->fd < 0 ? -1 : 0;
}

static int set_made_from(const struct descent *descent, struct cgroup *cgroup)
{
	if (!descent->fresh)
		return 0;
	size_t length = descent->made_from ? descent->made_from : strlen(cgroup->path);
	cgroup->made_from = strndup(cgroup->path, length);
	return cgroup->made_from ? 0 : -1;
}

// Takes back what this attempt made. Parents go only if nothing else is in them.
static void undo(const struct descent *descent, const char *path)
{
	int saved = errno;
	if (descent->fresh && descent->parent_fd >= 0)
		unlinkat(descent->parent_fd, leaf_of(path), AT_REMOVEDIR);
	errno = saved;
}

// mkdir's own words for the two limits that an administrator can set on a subtree.
static int explain_make(const char *path, const struct spec_resources *resources, struct error *err)
{
	int cause = errno;
	uint32_t needed = 0;
	bool denied = cause == EACCES || cause == EPERM || cause == EROFS;
	if (denied && resources && cgroup_settings_controllers(resources, &needed, NULL) == 0 &&
	    needed) {
		char json[200];
		cgroup_settings_name(resources, (enum cgroup_controller)__builtin_ctz(needed),
				     json);
		errno = cause;
		return error_errno(
			err,
			"%s needs a cgroup of one's own, such as systemd-run --user --scope "
			"-p Delegate=yes gives: make cgroup %s",
			json, path);
	}
	errno = cause;
	if (errno == EAGAIN)
		return error_errno(
			err,
			"make cgroup %s: cgroup.max.depth or cgroup.max.descendants of a "
			"parent is reached",
			path);
	return error_errno(err, "make cgroup %s", path);
}

int cgroup_foresee_denial(const struct cgroup_host *host, const char *path,
			  const struct spec_resources *resources, struct error *err)
{
	auto_free char *above = strdup(path);
	int result = -1;
	if (!above)
		return error_set(err, ENOMEM, "cgroup %s: out of memory", path);
	for (;;) {
		result = faccessat(host->fd, cgroup_path_relative(above), W_OK | X_OK, AT_EACCESS);
		char *slash = strrchr(above, '/');
		if (result == 0 || errno != ENOENT || !slash || !above[1])
			break;
		slash[slash == above] = '\0';
	}
	// what else is wrong is for cgroup_create to say
	if (result == 0 || (errno != EACCES && errno != EPERM && errno != EROFS))
		return 0;
	return explain_make(path, resources, err);
}

static int create_once(const struct cgroup_host *host, const struct spec_resources *resources,
		       struct descent *descent, struct cgroup *cgroup, struct error *err)
{
	if (enter_parents(host, cgroup->path, descent) < 0)
		return explain_make(cgroup->path, resources, err);
	if (enable_controllers(host, cgroup->path, descent->parent_fd, resources, err) < 0)
		return -1;
	if (make_leaf(descent, cgroup) < 0)
		return explain_make(cgroup->path, resources, err);
	if (check_type(cgroup, resources, err) < 0)
		return -1;
	if (!descent->fresh && check_existing(cgroup, err) < 0)
		return -1;
	if (set_made_from(descent, cgroup) < 0)
		return error_set(err, ENOMEM, "cgroup %s: out of memory", cgroup->path);
	return 0;
}

static void remove_parents_made(const struct cgroup_host *host, const struct descent *descent,
				const char *path)
{
	int saved = errno;
	auto_free char *copy = strdup(path);
	char *slash;
	while (copy && descent->made_from && (slash = strrchr(copy, '/'))) {
		*slash = '\0';
		if ((size_t)(slash - copy) < descent->made_from)
			break;
		if (unlinkat(host->fd, cgroup_path_relative(copy), AT_REMOVEDIR) < 0)
			break;
	}
	errno = saved;
}

int cgroup_create(const struct cgroup_host *host, const char *path,
		  const struct spec_resources *resources, struct cgroup *cgroup,
		  const struct log *log, struct error *err)
{
	struct error own;
	*cgroup = (struct cgroup){.fd = -1, .host = host};
	if (!err)
		err = &own;  // its code decides below
	if (host->kind == cgroup_host_kind_none)
		return error_set(err, ENOENT, "cgroup %s: no cgroup2 is mounted", path);
	if (cgroup_path_clean("cgroup path", path, &cgroup->path, err) < 0)
		return -1;
	for (int attempt = 1;; attempt++) {
		struct descent descent = {.parent_fd = -1};
		int result = create_once(host, resources, &descent, cgroup, err);
		if (result < 0) {
			undo(&descent, cgroup->path);
			remove_parents_made(host, &descent, cgroup->path);
			memory_close(take_fd(&cgroup->fd));
		}
		memory_close(descent.parent_fd);
		bool vanished = result < 0 && (err->code == ENOENT || err->code == ENODEV);
		if (result == 0)
			return 0;
		if (!vanished || attempt == CREATE_ATTEMPTS) {
			cgroup_close(cgroup);
			return -1;
		}
		log_debug(log, "cgroup %s: a directory vanished, starting again", path);
		if (attempt > 3)
			poll(NULL, 0, 1);
	}
}

int cgroup_open(const struct cgroup_host *host, const char *path, struct cgroup *cgroup,
		struct error *err)
{
	*cgroup = (struct cgroup){.fd = -1, .host = host};
	if (host->kind == cgroup_host_kind_none)
		return error_set(err, ENOENT, "cgroup %s: no cgroup2 is mounted", path);
	if (cgroup_path_clean("cgroup path", path, &cgroup->path, err) < 0)
		return -1;
	cgroup->fd = path_open(host->fd, cgroup->path, O_RDONLY | O_DIRECTORY, path_rule_strict);
	if (cgroup->fd >= 0)
		return 0;
	error_errno(err, "open cgroup %s", cgroup->path);
	cgroup_close(cgroup);
	return -1;
}

void cgroup_close(struct cgroup *cgroup)
{
	int saved = errno;
	memory_close(take_fd(&cgroup->fd));
	free(take_ptr(&cgroup->path));
	free(take_ptr(&cgroup->made_from));
	errno = saved;
}

int cgroup_delegate(struct cgroup *cgroup, uid_t uid, gid_t gid, struct error *err)
{
	char list[1024];
	if (fd_read_value(AT_FDCWD, "/sys/kernel/cgroup/delegate", list, sizeof list) < 0)
		strcpy(list, "cgroup.procs\ncgroup.threads\ncgroup.subtree_control");
	if (fchown(cgroup->fd, uid, gid) < 0)
		return error_errno(err, "cgroup %s: give it to %u:%u", cgroup->path, uid, gid);
	for (char *name = list, *next; name && *name; name = next) {
		next = strchr(name, '\n');
		if (next)
			*next++ = '\0';
		if (strchr(name, '/'))
			continue;
		// files of controllers that are not enabled are not there
		if (fchownat(cgroup->fd, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0 &&
		    errno != ENOENT)
			return error_errno(err, "cgroup %s: give %s to %u:%u", cgroup->path, name,
					   uid, gid);
	}
	return 0;
}
