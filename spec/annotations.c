// SPDX-License-Identifier: Apache-2.0
// See annotations.h. What other runtimes do when an annotation is not theirs, to pass it over, would here start a container that is
// less than what was asked for: no virtual machine around it, nobody who answers its system calls.
#include "spec/annotations.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(struct spec_error *error, const char *key, const char *reason)
{
	(void)snprintf(error->path, sizeof(error->path), "annotations[\"%s\"]", key);
	(void)snprintf(error->reason, sizeof(error->reason), "%s", reason);
	return -1;
}

static int refuse_foreign(const struct spec *spec, struct spec_error *error)
{
	static const struct {
		const char *key, *reason;
	} foreign[] = {
		{"run.oci.handler",
		 "husk runs programs of this machine itself and has no other handlers"},
		{"run.oci.seccomp.plugins",
		 "husk loads no plugins; linux.seccomp.listenerPath names an agent"},
	};
	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		if (spec_annotation(spec, foreign[i].key) != NULL)
			return fail(error, foreign[i].key, foreign[i].reason);
	return 0;
}

static int apply_receiver(struct spec *spec, struct spec_error *error)
{
	static const char key[] = "run.oci.seccomp.receiver";
	const char *path = spec_annotation(spec, key);
	struct spec_seccomp *seccomp = &spec->linux_.seccomp;
	if (path == NULL || !seccomp->set || seccomp->listener_path != NULL)
		return 0;
	if (path[0] != '/')
		return fail(error, key, "not an absolute path");
	seccomp->listener_path = path;
	return 0;
}

// ---- run.oci.timens_offset ------------------------------------------------------------------------

// "CLOCK SECONDS NANOSECONDS", as in /proc/PID/timens_offsets. Where the line ends, or NULL.
static const char *read_offset(const char *line, struct spec *spec)
{
	static const char *const names[] = {"monotonic ", "1 ", "boottime ", "7 "};
	struct spec_time_offset *const clocks[] = {&spec->linux_.monotonic, &spec->linux_.boottime};
	char *end = NULL;
	size_t clock = 0;
	while (clock < 4 && strncmp(line, names[clock], strlen(names[clock])) != 0)
		clock++;
	if (clock == 4)
		return NULL;
	errno = 0;
	const char *number = line + strlen(names[clock]);
	long long seconds = strtoll(number, &end, 10);
	if (end == number || *end != ' ')
		return NULL;
	number = end + 1;
	long long nanoseconds = strtoll(number, &end, 10);
	if (end == number || errno != 0 || nanoseconds < 0 || nanoseconds > 999999999)
		return NULL;
	if (!clocks[clock / 2]->set)
		*clocks[clock / 2] = (struct spec_time_offset){
			.set = true, .secs = seconds, .nanosecs = (uint32_t)nanoseconds};
	return *end == '\n' ? end + 1 : *end == '\0' ? end : NULL;
}

static int apply_time_offsets(struct spec *spec, struct spec_error *error)
{
	static const char key[] = "run.oci.timens_offset";
	const char *line = spec_annotation(spec, key);
	if (line == NULL)
		return 0;
	do {
		line = read_offset(line, spec);
		if (line == NULL)
			return fail(error, key,
				    "wants lines \"monotonic SECONDS NANOSECONDS\" or \"boottime "
				    "SECONDS NANOSECONDS\"");
	} while (*line != '\0');
	return 0;
}

// ---- run.oci.systemd.force_cgroup_v1 --------------------------------------------------------------

static bool is_cgroup_mount(const struct spec_mount *mount, const char *destination)
{
	return strcmp(mount->destination, destination) == 0 && mount->type != NULL &&
	       strncmp(mount->type, "cgroup", strlen("cgroup")) == 0;
}

// An old systemd in the container wants its hierarchy of cgroup v1, which has no controllers: a directory "systemd" in a tmpfs, in
// the place of the mount of type cgroup with this destination.
static int apply_named_hierarchy(struct spec *spec, struct pool *pool, struct spec_error *error)
{
	static const char key[] = "run.oci.systemd.force_cgroup_v1", name[] = "/systemd";
	static const char *const around[] = {"nosuid", "nodev", "noexec", "mode=755"};
	static const char *const named[] = {"nosuid", "nodev",        "noexec",
					    "none",   "name=systemd", "xattr"};
	const char *path = spec_annotation(spec, key);
	size_t count = spec->mounts_count, found = 0;
	if (path == NULL)
		return 0;
	while (found < count && !is_cgroup_mount(&spec->mounts[found], path))
		found++;
	if (found == count)
		return fail(error, key,
			    "wants the destination of a mount of type cgroup in mounts");
	struct spec_mount *mounts = pool_alloc_array(pool, count + 1, sizeof(*mounts));
	char *below = pool_alloc(pool, strlen(path) + sizeof(name), 1);
	if (mounts == NULL || below == NULL)
		return fail(error, key, "out of memory");
	(void)sprintf(below, "%s%s", path, name);
	memcpy(mounts, spec->mounts, count * sizeof(*mounts));
	mounts[found] = (struct spec_mount){
		.destination = path,
		.type = "tmpfs",
		.source = "tmpfs",
		.options = {around, sizeof(around) / sizeof(*around)},
	};
	// at the end, so that messages about the others have the numbers of the configuration
	mounts[count] = (struct spec_mount){
		.destination = below,
		.type = "cgroup",
		.source = "cgroup",
		.options = {named, sizeof(named) / sizeof(*named)},
	};
	spec->mounts = mounts;
	spec->mounts_count++;
	return 0;
}

int annotations_apply(struct spec *spec, struct pool *pool, struct spec_error *error)
{
	if (refuse_foreign(spec, error) < 0 || apply_receiver(spec, error) < 0 ||
	    apply_time_offsets(spec, error) < 0 || apply_named_hierarchy(spec, pool, error) < 0)
		return -1;
	spec->linux_.seccomp.unknown_names_fail =
		spec_annotation_is_on(spec, "run.oci.seccomp_fail_unknown_syscall");
	return 0;
}
