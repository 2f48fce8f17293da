// SPDX-License-Identifier: Apache-2.0
// The configuration that `husk spec` writes: a hardened container with a shell, in the form that people
// edit by hand. It is text from the start, so that its order and its indentation are ours; only what
// depends on the caller or the machine is put in between.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spec/default_profile.h"
#include "spec/spec.h"

// ---- a growing text -------------------------------------------------------------------------------

struct text {
	char *bytes;  // owned, NUL-terminated
	size_t length, capacity;
	bool failed;  // memory ran out; everything after that is ignored
};

static bool reserve(struct text *text, size_t more)
{
	if (text->failed)
		return false;
	if (text->length + more < text->capacity)
		return true;
	size_t capacity = (text->length + more) * 2 + 1024;
	char *bytes = realloc(text->bytes, capacity);
	if (bytes == NULL) {
		text->failed = true;
		return false;
	}
	text->bytes = bytes;
	text->capacity = capacity;
	return true;
}

static void put_bytes(struct text *text, const char *bytes, size_t length)
{
	if (!reserve(text, length + 1))
		return;
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

static void put(struct text *text, const char *string)
{
	put_bytes(text, string, strlen(string));
}

// ---- its parts ------------------------------------------------------------------------------------

static const char head[] =
	"{\n"
	"\t\"ociVersion\": \"" SPEC_VERSION "\",\n"
	"\t\"process\": {\n"
	"\t\t\"terminal\": true,\n"
	"\t\t\"user\": {\n"
	"\t\t\t\"uid\": 0,\n"
	"\t\t\t\"gid\": 0\n"
	"\t\t},\n"
	"\t\t\"args\": [\n"
	"\t\t\t\"sh\"\n"
	"\t\t],\n"
	"\t\t\"env\": [\n"
	"\t\t\t\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\n"
	"\t\t\t\"TERM=xterm\"\n"
	"\t\t],\n"
	"\t\t\"cwd\": \"/\",\n"
	"\t\t\"capabilities\": {\n"
	"\t\t\t\"bounding\": [\n"
	"\t\t\t\t\"CAP_AUDIT_WRITE\",\n"
	"\t\t\t\t\"CAP_KILL\",\n"
	"\t\t\t\t\"CAP_NET_BIND_SERVICE\"\n"
	"\t\t\t],\n"
	"\t\t\t\"effective\": [\n"
	"\t\t\t\t\"CAP_AUDIT_WRITE\",\n"
	"\t\t\t\t\"CAP_KILL\",\n"
	"\t\t\t\t\"CAP_NET_BIND_SERVICE\"\n"
	"\t\t\t],\n"
	"\t\t\t\"permitted\": [\n"
	"\t\t\t\t\"CAP_AUDIT_WRITE\",\n"
	"\t\t\t\t\"CAP_KILL\",\n"
	"\t\t\t\t\"CAP_NET_BIND_SERVICE\"\n"
	"\t\t\t]\n"
	"\t\t},\n"
	"\t\t\"rlimits\": [\n"
	"\t\t\t{\n"
	"\t\t\t\t\"type\": \"RLIMIT_NOFILE\",\n"
	"\t\t\t\t\"hard\": 1024,\n"
	"\t\t\t\t\"soft\": 1024\n"
	"\t\t\t}\n"
	"\t\t],\n"
	"\t\t\"noNewPrivileges\": true\n"
	"\t},\n"
	"\t\"root\": {\n"
	"\t\t\"path\": \"rootfs\",\n"
	"\t\t\"readonly\": true\n"
	"\t},\n"
	"\t\"hostname\": \"husk\",\n";

struct default_mount {
	const char *destination, *type, *source;
	const char *options[8];
};

static const struct default_mount mounts[] = {
	{"/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}},
	{"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
	{"/dev/pts",
	 "devpts",
	 "devpts",
	 {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
	{"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
	{"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}},
	{"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}},
	{"/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}},
};

// A sysfs of one's own needs a network namespace of one's own. rro: without a cgroup mount of the
// container's own the one of the host shows through, and must not be writable either.
static const struct default_mount rootless_sys = {
	"/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro", "rro"}};

static const char *const masked_paths[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/sys/firmware",
	"/sys/devices/virtual/powercap",
	NULL,
};

static const char *const readonly_paths[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};

static const char *const namespaces[] = {"pid", "ipc", "uts", "mount", "cgroup", "network", NULL};
static const char *const rootless_namespaces[] = {"pid",    "ipc",  "uts", "mount",
						  "cgroup", "user", NULL};

// ---- putting it together --------------------------------------------------------------------------

// An element of an array: what comes before it, then the string in quotes.
static void put_element(struct text *text, bool first, const char *indent, const char *string)
{
	put(text, first ? "\n" : ",\n");
	put(text, indent);
	put(text, "\"");
	put(text, string);
	put(text, "\"");
}

static void put_mount(struct text *text, const struct default_mount *mount, bool rootless)
{
	put(text, "\t\t{\n\t\t\t\"destination\": \"");
	put(text, mount->destination);
	put(text, "\",\n\t\t\t\"type\": \"");
	put(text, mount->type);
	put(text, "\",\n\t\t\t\"source\": \"");
	put(text, mount->source);
	put(text, "\",\n\t\t\t\"options\": [");
	for (size_t i = 0; mount->options[i] != NULL; i++)
		if (!rootless || strncmp(mount->options[i], "gid=", 4) != 0)  // not mapped
			put_element(text, i == 0, "\t\t\t\t", mount->options[i]);
	put(text, "\n\t\t\t]\n\t\t}");
}

static void put_mounts(struct text *text, bool rootless)
{
	put(text, "\t\"mounts\": [\n");
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		if (rootless && strncmp(mounts[i].destination, "/sys", 4) == 0)
			continue;
		put(text, i == 0 ? "" : ",\n");
		put_mount(text, &mounts[i], rootless);
	}
	if (rootless) {
		put(text, ",\n");
		put_mount(text, &rootless_sys, rootless);
	}
	put(text, "\n\t],\n");
}

static void put_mapping(struct text *text, const char *key, uint32_t host_id)
{
	char line[160];
	(void)snprintf(line, sizeof(line),
		       "\t\t\"%s\": [\n\t\t\t{\n\t\t\t\t\"containerID\": 0,\n"
		       "\t\t\t\t\"hostID\": %" PRIu32 ",\n\t\t\t\t\"size\": 1\n\t\t\t}\n\t\t],\n",
		       key, host_id);
	put(text, line);
}

static void put_namespaces(struct text *text, const char *const *types)
{
	put(text, "\t\t\"namespaces\": [");
	for (size_t i = 0; types[i] != NULL; i++) {
		put(text, i == 0 ? "\n" : ",\n");
		put(text, "\t\t\t{\n\t\t\t\t\"type\": \"");
		put(text, types[i]);
		put(text, "\"\n\t\t\t}");
	}
	put(text, "\n\t\t],\n");
}

// Per-cpu directories tell about the heat of the host, and thereby about its load.
static void put_thermal_paths(struct text *text)
{
	char path[80];
	long count = sysconf(_SC_NPROCESSORS_CONF);
	for (long i = 0; i < count; i++) {
		(void)snprintf(path, sizeof(path),
			       "/sys/devices/system/cpu/cpu%ld/thermal_throttle", i);
		if (access(path, F_OK) == 0)
			put_element(text, false, "\t\t\t", path);
	}
}

static void put_paths(struct text *text)
{
	put(text, "\t\t\"maskedPaths\": [");
	for (size_t i = 0; masked_paths[i] != NULL; i++)
		put_element(text, i == 0, "\t\t\t", masked_paths[i]);
	put_thermal_paths(text);
	put(text, "\n\t\t],\n\t\t\"readonlyPaths\": [");
	for (size_t i = 0; readonly_paths[i] != NULL; i++)
		put_element(text, i == 0, "\t\t\t", readonly_paths[i]);
	put(text, "\n\t\t],\n");
}

// The profile, indented to where it stands.
static void put_seccomp(struct text *text)
{
	const char *at = default_profile;
	const char *end = at + strlen(at);
	while (end > at && end[-1] == '\n')
		end--;
	put(text, "\t\t\"seccomp\": ");
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *next = newline != NULL ? newline + 1 : end;
		put_bytes(text, at, (size_t)(next - at));
		if (newline != NULL)
			put(text, "\t\t");
		at = next;
	}
	put(text, "\n");
}

char *spec_default_text(bool rootless, uint32_t uid, uint32_t gid)
{
	struct text text = {.bytes = NULL};
	put(&text, head);
	put_mounts(&text, rootless);
	put(&text, "\t\"linux\": {\n");
	if (rootless) {
		put_mapping(&text, "uidMappings", uid);
		put_mapping(&text, "gidMappings", gid);
	} else {
		put(&text, "\t\t\"resources\": {\n\t\t\t\"devices\": [\n\t\t\t\t{\n"
			   "\t\t\t\t\t\"allow\": false,\n\t\t\t\t\t\"access\": \"rwm\"\n"
			   "\t\t\t\t}\n\t\t\t]\n\t\t},\n");
	}
	put_namespaces(&text, rootless ? rootless_namespaces : namespaces);
	put_paths(&text);
	put_seccomp(&text);
	put(&text, "\t}\n}\n");
	if (!text.failed)
		return text.bytes;
	free(text.bytes);
	return NULL;
}
