// SPDX-License-Identifier: Apache-2.0
// Which kernel parameters a container may set: those of its own namespaces. All others would change the
// host. Names are brought into one form first, so that no spelling leads past the list.
#include <stdio.h>
#include <string.h>

#include "spec/validate.h"

// The path below /proc/sys of a name that is written with dots or with slashes: as in sysctl(8), the
// separator that comes first separates, the other one stands for itself. false for a name that
// could not be one, among them every one with "." or ".." as a part.
static bool normalise_sysctl(const char *name, char *path, size_t size)
{
	size_t length = strlen(name);
	bool dots = name[strcspn(name, "./")] == '.';
	size_t part = 0;
	if (length == 0 || length >= size)
		return false;
	for (size_t i = 0; i <= length; i++) {
		path[i] = !dots || (name[i] != '.' && name[i] != '/') ? name[i]
			  : name[i] == '.'                            ? '/'
								      : '.';
		if (path[i] != '/' && path[i] != '\0')
			continue;
		size_t part_length = i - part;
		if (part_length == 0 || (part_length == 1 && path[part] == '.') ||
		    (part_length == 2 && path[part] == '.' && path[part + 1] == '.'))
			return false;
		part = i + 1;
	}
	return true;
}

struct sysctl_rule {
	const char *path;  // with a slash at the end: everything below
	enum spec_namespace_type namespace;
};

// The ones that belong to a namespace. Everything else belongs to the host.
static const struct sysctl_rule sysctl_rules[] = {
	{"net/", spec_namespace_type_network},
	{"kernel/msgmax", spec_namespace_type_ipc},
	{"kernel/msgmnb", spec_namespace_type_ipc},
	{"kernel/msgmni", spec_namespace_type_ipc},
	{"kernel/sem", spec_namespace_type_ipc},
	{"kernel/shmall", spec_namespace_type_ipc},
	{"kernel/shmmax", spec_namespace_type_ipc},
	{"kernel/shmmni", spec_namespace_type_ipc},
	{"kernel/shm_rmid_forced", spec_namespace_type_ipc},
	{"fs/mqueue/", spec_namespace_type_ipc},
	{"kernel/domainname", spec_namespace_type_uts},
	{"user/", spec_namespace_type_user},
};

static const struct sysctl_rule *find_sysctl(const char *path)
{
	for (size_t i = 0; i < sizeof(sysctl_rules) / sizeof(sysctl_rules[0]); i++) {
		const struct sysctl_rule *rule = &sysctl_rules[i];
		size_t length = strlen(rule->path);
		if (rule->path[length - 1] == '/' ? strncmp(path, rule->path, length) == 0
						  : strcmp(path, rule->path) == 0)
			return rule;
	}
	return NULL;
}

bool spec_sysctl_namespace(const char *name, enum spec_namespace_type *type)
{
	char path[512];
	const struct sysctl_rule *rule =
		normalise_sysctl(name, path, sizeof(path)) ? find_sysctl(path) : NULL;
	if (rule != NULL)
		*type = rule->namespace;
	return rule != NULL;
}

static int fail_sysctl(struct spec_error *error, const char *name, const char *reason)
{
	char shown[64];
	(void)snprintf(shown, sizeof(shown), "%s", name);
	for (char *at = shown; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = '?';
	(void)snprintf(error->path, sizeof(error->path), "linux.sysctl[\"%s\"]", shown);
	(void)snprintf(error->reason, sizeof(error->reason), "%s", reason);
	return -1;
}

static int check_sysctl(const struct spec *spec, const char *name, struct spec_error *error)
{
	char path[512], reason[64];
	if (!normalise_sysctl(name, path, sizeof(path)))
		return fail_sysctl(error, name, "must be the name of a sysctl");
	if (strcmp(path, "kernel/hostname") == 0)
		return fail_sysctl(error, name, "conflicts with hostname: set that one");
	if (strcmp(path, "kernel/domainname") == 0 && spec->domainname != NULL)
		return fail_sysctl(error, name, "conflicts with domainname: set only one of them");
	const struct sysctl_rule *rule = find_sysctl(path);
	if (rule == NULL)
		return fail_sysctl(error, name, "belongs to the host, not to a namespace");
	if (spec->linux_.namespaces[rule->namespace].listed)
		return 0;
	(void)snprintf(reason, sizeof(reason), "needs a namespace of type %s",
		       spec_namespace_name(rule->namespace));
	return fail_sysctl(error, name, reason);
}

int validate_sysctls(const struct spec *spec, struct spec_error *error)
{
	const struct spec_string_map *sysctl = &spec->linux_.sysctl;
	for (size_t i = 0; i < sysctl->count; i++)
		if (check_sysctl(spec, sysctl->items[i].key, error) < 0)
			return -1;
	return 0;
}
