// SPDX-License-Identifier: Apache-2.0
// A cgroup below the container's, for its processes to live in: the one above keeps the limits and, without processes of its own, can
// hand controllers down.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/cgroup/controllers.h"
#include "libcontainer/cgroup/place.h"
#include "libcontainer/cgroup/settings.h"

int cgroup_make_below(const struct cgroup_host *host, const char *path, const char *name,
		      struct cgroup *below, struct error *err)
{
	auto_text struct text whole = {0};
	text_printf(&whole, "%s/%s", path, name);
	if (text_failed(&whole))
		return error_set(err, ENOMEM, "out of memory");
	auto_free char *clean = NULL;
	if (cgroup_path_clean("cgroup path", whole.data, &clean, err) < 0)
		return -1;
	for (char *end = clean + strlen(path); end; end = strchr(end + 1, '/')) {
		char *next = strchr(end + 1, '/');
		if (next)
			*next = '\0';
		if (mkdirat(host->fd, cgroup_path_relative(clean), 0755) < 0 && errno != EEXIST)
			return error_errno(err, "make cgroup %s", clean);
		if (next)
			*next = '/';
	}
	return cgroup_open(host, clean, below, err);
}

int cgroup_hand_down(const struct cgroup *below, const struct spec_resources *resources,
		     struct error *err)
{
	uint32_t needed = 0;
	enum cgroup_controller failed;
	const char *name = strrchr(below->path, '/');
	auto_free char *parent = strndup(below->path, (size_t)(name - below->path));
	if (!parent)
		return error_set(err, ENOMEM, "out of memory");
	if (cgroup_settings_controllers(resources, &needed, err) < 0)
		return -1;
	return cgroup_controllers_enable(below->host, parent, needed, &failed, err);
}
