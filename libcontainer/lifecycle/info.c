// SPDX-License-Identifier: Apache-2.0
// What this machine has for containers, as the caller can use it: read from the kernel's own files, nothing is tried out
// but the loading of a device program, which is forgotten at once.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/cgroup/controllers.h"
#include "libcontainer/cgroup/resctrl.h"
#include "libcontainer/cgroup/scope.h"
#include "libcontainer/container.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/namespaces/namespaces.h"
#include "libcontainer/network/network.h"
#include "libcontainer/security/security.h"
#include "libcontainer/state/state.h"

struct facts {
	struct container_fact *items;  // owned
	size_t count, size;
	bool failed;
};

static void add(struct facts *facts, const char *name, const char *value)
{
	if (facts->count == facts->size) {
		size_t size = facts->size ? facts->size * 2 : 32;
		struct container_fact *items = reallocarray(facts->items, size, sizeof *items);
		if (!items) {
			facts->failed = true;
			return;
		}
		facts->items = items;
		facts->size = size;
	}
	char *copy = strdup(value);
	facts->failed |= !copy;
	facts->items[facts->count++] = (struct container_fact){name, copy};
}

// Takes what text has, and empties it.
static void add_text(struct facts *facts, const char *name, struct text *text)
{
	facts->failed |= text_failed(text);
	add(facts, name, text_string(text));
	text_done(text);
	*text = (struct text){0};
}

// A file of the kernel as it is, but on one line.
static void add_file(struct facts *facts, const char *name, const char *path)
{
	char value[1024];
	if (fd_read_value(AT_FDCWD, path, value, sizeof value) < 0)
		snprintf(value, sizeof value, "unknown: %s: %s", path, error_text(errno));
	for (char *c = value; *c; c++)
		if (*c == '\n' || *c == ',')
			*c = ' ';
	add(facts, name, value);
}

// The value of KEY=VALUE or KEY: VALUE in a file of such lines, cleared of quotes and blanks; false: there is none.
static bool find_line(const char *path, const char *key, char *value, size_t size)
{
	auto_free char *data = NULL;
	size_t length, key_length = strlen(key);
	if (fd_read_file(AT_FDCWD, path, 1 << 20, &data, &length) < 0)
		return false;
	for (char *line = data; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, key_length) != 0)
			continue;
		line += key_length;
		line += strspn(line, "\" \t");
		snprintf(value, size, "%.*s", (int)strcspn(line, "\"\n"), line);
		return true;
	}
	return false;
}

// ---- the machine -----------------------------------------------------------------------------------

static void add_machine(struct facts *facts)
{
	struct utsname name;
	struct text text = {0};
	char value[256];
	if (uname(&name) == 0)
		text_printf(&text, "%s %s %s", name.sysname, name.release, name.machine);
	add_text(facts, "kernel", &text);
	add(facts, "operating system",
	    find_line("/etc/os-release", "PRETTY_NAME=", value, sizeof value) ? value : "unknown");
	text_add_signed(&text, sysconf(_SC_NPROCESSORS_ONLN));
	add_text(facts, "processors", &text);
	add(facts, "memory",
	    find_line("/proc/meminfo", "MemTotal:", value, sizeof value) ? value : "unknown");
}

// ---- cgroups ---------------------------------------------------------------------------------------

static void add_words(struct text *text, uint32_t bits)
{
	for (unsigned i = 0; i < cgroup_controller_count; i++)
		if (bits & (1U << i))
			text_printf(text, "%s%s", text->length ? " " : "",
				    cgroup_controller_name((enum cgroup_controller)i));
	if (text->length == 0)
		text_add(text, "none");
}

static const char *bpf_word(void)
{
	static const struct spec_device_rule rule = {.allow = false, .type = 'a'};
	static const struct spec_resources resources = {
		.set = true, .devices_set = true, .devices = &rule, .devices_count = 1};
	return cgroup_devices_loadable(&resources) ? "can be put in force"
						   : "cannot: bpf(2) is not permitted here";
}

// Where a container without linux.cgroupsPath would get its cgroup, and whether it may.
static void add_own_cgroup(struct facts *facts, const struct cgroup_host *host)
{
	struct text text = {0};
	struct error why = {0};
	auto_free char *path = NULL;
	if (cgroup_place(host, NULL, "ID", &path, &why) < 0 ||
	    cgroup_foresee_denial(host, path, NULL, &why) < 0)
		text_printf(&text, "none: %s", why.message);
	else
		text_printf(&text, "%s%s", host->mount, path);
	add_text(facts, "cgroup of a container", &text);
}

static int add_cgroups(struct facts *facts, struct error *err)
{
	static const char *const kinds[] = {
		[cgroup_host_kind_none] = "none: no cgroup2 on /sys/fs/cgroup",
		[cgroup_host_kind_unified] = "unified: cgroup2 on /sys/fs/cgroup",
		[cgroup_host_kind_hybrid] =
			"hybrid: cgroup2 on /sys/fs/cgroup/unified, cgroup v1 for the rest",
	};
	struct cgroup_host host;
	struct text text = {0};
	uint32_t bits = 0;
	if (cgroup_host_open(&host, err) < 0)
		return -1;
	add(facts, "cgroups", kinds[host.kind]);
	if (host.kind != cgroup_host_kind_none) {
		if (cgroup_controllers_read(host.fd, "cgroup.controllers", &bits) == 0)
			add_words(&text, bits);
		add_text(facts, "controllers", &text);
		add_own_cgroup(facts, &host);
		add(facts, "device rules", bpf_word());
	}
	cgroup_host_close(&host);
	return 0;
}

// ---- what confines ---------------------------------------------------------------------------------

static void add_namespaces(struct facts *facts)
{
	static const char *const names[] = {"cgroup", "ipc",  "mnt",  "net",
					    "pid",    "time", "user", "uts"};
	struct text text = {0};
	char path[32], value[64];
	for (size_t i = 0; i < array_size(names); i++) {
		snprintf(path, sizeof path, "/proc/self/ns/%s", names[i]);
		if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			text_printf(&text, "%s%s", text.length ? " " : "", names[i]);
	}
	add_text(facts, "namespaces", &text);
	add_file(facts, "user namespaces, at most", "/proc/sys/user/max_user_namespaces");
	if (fd_read_value(AT_FDCWD, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", value,
			  sizeof value) > 0)
		add(facts, "of plain users",
		    text_equal(value, "0") ? "allowed" : "restricted by AppArmor");
	else if (fd_read_value(AT_FDCWD, "/proc/sys/kernel/unprivileged_userns_clone", value,
			       sizeof value) > 0)
		add(facts, "of plain users", text_equal(value, "0") ? "refused" : "allowed");
}

// Which of the capabilities that husk knows the caller has not.
static void add_capabilities(struct facts *facts)
{
	struct text text = {0};
	uint64_t effective = capabilities_of_caller();
	unsigned count = 0;
	const char *const *words = capabilities_words();
	for (size_t i = 0; words[i]; i++) {
		int number = capabilities_from_name(words[i]);
		if (number >= 0 && !(effective & (1ULL << number)))
			text_printf(&text, "%s%s", count++ ? " " : "all but ", words[i]);
	}
	if (effective == 0)
		add(facts, "capabilities", "none");
	else
		add(facts, "capabilities", count ? text_string(&text) : "all");
	text_done(&text);
}

static void add_modules(struct facts *facts)
{
	char value[16] = "N";
	(void)!fd_read_value(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", value,
			     sizeof value);
	add(facts, "apparmor", text_equal(value, "Y") ? "on" : "off");
	if (fd_read_value(AT_FDCWD, "/sys/fs/selinux/enforce", value, sizeof value) <= 0)
		add(facts, "selinux", "off");
	else
		add(facts, "selinux", text_equal(value, "1") ? "enforcing" : "permissive");
}

static void add_security(struct facts *facts)
{
	add_capabilities(facts);
	add_file(facts, "seccomp actions", "/proc/sys/kernel/seccomp/actions_avail");
	add_modules(facts);
}

// ---- what else -------------------------------------------------------------------------------------

static void add_program(struct facts *facts, const char *name, int found, char *path,
			const struct error *why)
{
	add(facts, name, found == 0 ? path : why->message);
	free(path);
}

static void add_programs(struct facts *facts)
{
	struct error why = {0};
	char *path = NULL;
	add(facts, "systemd",
	    scope_check_host(&why) == 0 ? "manages this host" : "does not run here");
	int found = scope_find_program(&path, &why);
	add_program(facts, "husk-scope", found, path, &why);
	path = NULL;
	found = network_find_mover(&path, &why);
	add_program(facts, "husk-link", found, path, &why);
	int resctrl = -1;
	add(facts, "resctrl",
	    resctrl_open(&resctrl, &why) == 0 ? "mounted" : "not mounted on /sys/fs/resctrl");
	memory_close(resctrl);
}

static int add_state(struct facts *facts, const struct container_context *context,
		     struct error *err)
{
	auto_free char *root = NULL;
	add(facts, "privileges",
	    namespaces_caller_is_rootless() ? "rootless: a plain user, or in a user namespace"
					    : "root of the host");
	if (context->root) {
		add(facts, "state root", context->root);
		return 0;
	}
	if (state_root_default(&root, err) < 0)
		return -1;
	add(facts, "state root", root);
	return 0;
}

int container_info(const struct container_context *context, struct container_fact **items,
		   size_t *count, struct error *err)
{
	struct facts facts = {0};
	add_machine(&facts);
	int result = add_state(&facts, context, err);
	if (result == 0)
		result = add_cgroups(&facts, err);
	if (result == 0) {
		add_namespaces(&facts);
		add_security(&facts);
		add_programs(&facts);
	}
	if (result == 0 && facts.failed)
		result = error_set(err, ENOMEM, "out of memory");
	*items = result == 0 ? facts.items : NULL;
	*count = result == 0 ? facts.count : 0;
	if (result < 0)
		container_info_free(facts.items, facts.count);
	return result;
}

void container_info_free(struct container_fact *facts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(facts[i].value);
	free(facts);
}
