// SPDX-License-Identifier: Apache-2.0
// uid_map and gid_map of a new user namespace.
//
// The host's root writes them. A plain user may write one line that maps himself, once setgroups is denied;
// anything more goes through the set-user-id helpers newuidmap and newgidmap, which check /etc/subuid and /etc/subgid.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/namespaces/namespaces.h"

struct map_kind {
	const char *what;    // "uidMappings"
	const char *file;    // "uid_map"
	const char *helper;  // "newuidmap"
	const char *ranges;  // "/etc/subuid"
};

static const struct map_kind uid_kind = {"uidMappings", "uid_map", "newuidmap", "/etc/subuid"};
static const struct map_kind gid_kind = {"gidMappings", "gid_map", "newgidmap", "/etc/subgid"};

int64_t id_map_to_host(const struct spec_id_mappings *mappings, uint32_t id)
{
	if (mappings->count == 0)
		return id;
	for (size_t i = 0; i < mappings->count; i++) {
		const struct spec_id_mapping *map = &mappings->items[i];
		if (id >= map->container_id && id - map->container_id < map->size)
			return (int64_t)map->host_id + (id - map->container_id);
	}
	return -1;
}

// The kernel takes so many lines, in one write, which must be shorter than a page.
#define MAX_LINES 340
#define MAPS_MAX_BYTES ((size_t)MAX_LINES * 64)

static int make_lines(const struct map_kind *kind, const struct spec_id_mappings *mappings,
		      struct text *lines, struct error *err)
{
	// (sysconf is a page of code that nothing else here needs)
	const size_t page = getauxval(AT_PAGESZ);
	if (mappings->count > MAX_LINES)
		return error_set(err, EINVAL,
				 "linux.%s: %zu mappings; the kernel takes no more than %d",
				 kind->what, mappings->count, MAX_LINES);
	for (size_t i = 0; i < mappings->count; i++) {
		const struct spec_id_mapping *map = &mappings->items[i];
		text_printf(lines, "%u %u %u\n", map->container_id, map->host_id, map->size);
	}
	if (text_failed(lines))
		return error_set(err, ENOMEM, "linux.%s: out of memory", kind->what);
	if (lines->length >= page)
		return error_set(
			err, EINVAL,
			"linux.%s: %zu mappings are %zu bytes of text, and the kernel takes no "
			"more than %zu; fewer and longer ranges, or smaller numbers, fit",
			kind->what, mappings->count, lines->length, page - 1);
	return 0;
}

static int write_direct(const struct map_kind *kind, const struct spec_id_mappings *mappings,
			pid_t pid, struct error *err)
{
	auto_text struct text lines = {0};
	if (make_lines(kind, mappings, &lines, err) < 0)
		return -1;
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, kind->file);
	if (fd_write_value(AT_FDCWD, path, text_string(&lines)) < 0)
		return error_errno(err, "linux.%s: write %s", kind->what, path);
	return 0;
}

static const char *find_helper(const char *name, char path[64])
{
	static const char *const directories[] = {"/usr/bin", "/usr/local/bin", "/bin",
						  "/usr/sbin"};
	for (size_t i = 0; i < array_size(directories); i++) {
		snprintf(path, 64, "%s/%s", directories[i], name);
		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

// In the forked child: never returns.
static _Noreturn void exec_helper(const char *path, char *const argv[], int output)
{
	char *const environment[] = {NULL};
	if (signals_reset() == 0 && dup2(output, 1) >= 0 && dup2(output, 2) >= 0)
		execve(path, argv, environment);
	_exit(127);
}

static int run_helper(const char *path, char *const argv[], struct error *err)
{
	int output[2];
	if (pipe2(output, O_CLOEXEC) < 0)
		return error_errno(err, "pipe");
	auto_close int reader = output[0];
	auto_close int writer = output[1];
	pid_t pid = fork();
	if (pid < 0)
		return error_errno(err, "fork");
	if (pid == 0)
		exec_helper(path, argv, writer);
	memory_close(take_fd(&writer));
	char said[256];
	ssize_t length = fd_read(reader, said, sizeof said - 1);
	int status;
	if (process_reap(pid, &status) < 0)
		return error_errno(err, "wait for %s", path);
	if (status == 0)
		return 0;
	while (length > 0 && (unsigned char)said[length - 1] <= ' ')
		length--;
	said[length > 0 ? length : 0] = '\0';
	return error_set(err, EPERM, "%s failed (exit status %d)%s%s", path,
			 process_exit_code(status), *said ? ": " : "", said);
}

static int write_by_helper(const struct map_kind *kind, const struct spec_id_mappings *mappings,
			   pid_t pid, struct error *err)
{
	char path[64];
	if (!find_helper(kind->helper, path))
		return error_set(
			err, ENOENT,
			"linux.%s: a plain user needs %s for more than his own id; install uidmap",
			kind->what, kind->helper);
	auto_text struct text lines = {0};  // which the helper will write
	if (make_lines(kind, mappings, &lines, err) < 0)
		return -1;
	size_t count = 2 + mappings->count * 3;
	auto_free char **argv = calloc(count + 1, sizeof *argv);
	auto_free char *numbers = calloc(count, 12);
	if (!argv || !numbers)
		return error_set(err, ENOMEM, "linux.%s: out of memory", kind->what);
	argv[0] = path;
	argv[1] = numbers;
	snprintf(numbers, 12, "%d", (int)pid);
	for (size_t i = 0; i < mappings->count; i++) {
		const struct spec_id_mapping *map = &mappings->items[i];
		const uint32_t triple[3] = {map->container_id, map->host_id, map->size};
		for (size_t k = 0; k < 3; k++) {
			char *number = numbers + (1 + i * 3 + k) * 12;
			snprintf(number, 12, "%u", triple[k]);
			argv[2 + i * 3 + k] = number;
		}
	}
	if (run_helper(path, argv, err) < 0)
		return error_context(err, "linux.%s (see %s)", kind->what, kind->ranges);
	return 0;
}

static bool maps_only(const struct spec_id_mappings *mappings, uint32_t own)
{
	return mappings->count == 1 && mappings->items[0].size == 1 &&
	       mappings->items[0].host_id == own;
}

static int deny_setgroups(pid_t pid, struct error *err)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/setgroups", (int)pid);
	if (fd_write_value(AT_FDCWD, path, "deny") < 0)
		return error_errno(err, "write %s", path);
	return 0;
}

// ---- a namespace that is joined --------------------------------------------------------------------

static const struct spec_id_mapping *find_mapping(const struct spec_id_mappings *mappings,
						  uint32_t id)
{
	for (size_t i = 0; i < mappings->count; i++) {
		const struct spec_id_mapping *map = &mappings->items[i];
		if (id >= map->container_id && id - map->container_id < map->size)
			return map;
	}
	return NULL;
}

// Whether the mappings say the same of a range, be it in one piece or in several.
static bool agrees(const struct spec_id_mappings *mappings, uint32_t inside, uint32_t outside,
		   uint32_t size)
{
	while (size > 0) {
		const struct spec_id_mapping *map = find_mapping(mappings, inside);
		if (!map || map->host_id + (inside - map->container_id) != outside)
			return false;
		uint32_t part = map->size - (inside - map->container_id);
		part = part < size ? part : size;
		inside += part;
		outside += part;
		size -= part;
	}
	return true;
}

bool id_map_is_same(const struct spec_id_mappings *mappings, const char *lines)
{
	uint64_t configured = 0, there = 0;
	for (size_t i = 0; i < mappings->count; i++)
		configured += mappings->items[i].size;
	for (;;) {
		unsigned long number[3];
		for (size_t i = 0; i < array_size(number); i++) {
			char *end;
			number[i] = strtoul(lines, &end, 10);
			if (end == lines)
				return i == 0 && configured == there;
			lines = end;
		}
		if (!agrees(mappings, (uint32_t)number[0], (uint32_t)number[1],
			    (uint32_t)number[2]))
			return false;
		there += number[2];
	}
}

static int check_one(const struct map_kind *kind, const struct spec_id_mappings *mappings,
		     pid_t pid, const char *joined, struct error *err)
{
	char path[64];
	auto_free char *lines = NULL;
	size_t length;
	if (mappings->count == 0 || spec_id_mappings_is_placeholder(mappings))
		return 0;
	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, kind->file);
	// (a /proc that hides it: the kernel's map is the one that counts anyway)
	if (fd_read_file(AT_FDCWD, path, MAPS_MAX_BYTES, &lines, &length) < 0 ||
	    id_map_is_same(mappings, lines))
		return 0;
	for (char *p = lines; *p; p++)
		if (*p == '\n')
			*p = ',';
	return error_set(err, EINVAL,
			 "linux.%s: not those of the user namespace that is joined, %s (%.200s)",
			 kind->what, joined, lines);
}

int id_map_check_joined(const struct namespace_plan *plan, pid_t pid, struct error *err)
{
	const struct spec_linux *linux_ = &plan->spec->linux_;
	const char *path = linux_->namespaces[spec_namespace_type_user].path;
	bool own = false;
	if (!path || (linux_->uid_mappings.count == 0 && linux_->gid_mappings.count == 0))
		return 0;
	// the caller's own is shown as his parent sees it
	if (namespaces_joins_own(plan, spec_namespace_type_user, &own, err) < 0 || own)
		return own ? 0 : -1;
	return check_one(&uid_kind, &linux_->uid_mappings, pid, path, err) < 0
		       ? -1
		       : check_one(&gid_kind, &linux_->gid_mappings, pid, path, err);
}

// ---- a new one -----------------------------------------------------------------------------------

int id_map_write(const struct namespace_plan *plan, pid_t pid, bool rootless, struct error *err)
{
	const struct spec_id_mappings *uids = &plan->uid_mappings, *gids = &plan->gid_mappings;
	if (!rootless || geteuid() == 0)
		return write_direct(&gid_kind, gids, pid, err) < 0
			       ? -1
			       : write_direct(&uid_kind, uids, pid, err);
	if (maps_only(gids, getegid())) {
		if (deny_setgroups(pid, err) < 0 || write_direct(&gid_kind, gids, pid, err) < 0)
			return -1;
	} else if (write_by_helper(&gid_kind, gids, pid, err) < 0) {
		return -1;
	}
	return maps_only(uids, geteuid()) ? write_direct(&uid_kind, uids, pid, err)
					  : write_by_helper(&uid_kind, uids, pid, err);
}
