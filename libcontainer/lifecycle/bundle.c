// SPDX-License-Identifier: Apache-2.0
// From a bundle directory to a const struct spec.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/json.h"
#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/lifecycle/creation.h"

static int absolute_path(int fd, char **path, struct error *err)
{
	char buffer[4096];
	struct fd_path link = fd_proc_path(fd);
	ssize_t length = readlink(link.text, buffer, sizeof buffer);
	if (length < 0)
		return error_errno(err, "readlink %s", link.text);
	if ((size_t)length == sizeof buffer)
		return error_set(err, ENAMETOOLONG, "the path of the bundle is too long");
	*path = strndup(buffer, (size_t)length);
	return *path ? 0 : error_set(err, ENOMEM, "out of memory");
}

// Whether it is absolute and as the kernel would say it, but for links.
static bool is_plain(const char *path)
{
	for (const char *at = path; *at;) {
		size_t length = *at == '/' ? strcspn(at + 1, "/") : 0;
		if (length == 0 || (length <= 2 && strncmp(at + 1, "..", length) == 0))
			return false;
		at += 1 + length;
	}
	return *path != '\0';
}

// What /proc would say of it, where it must be asked: a process's first look at its own part of /proc takes long.
static int open_directory(const char *path, int *fd, char **absolute, struct error *err)
{
	const struct kernel_open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = KERNEL_RESOLVE_NO_SYMLINKS,
	};
	*fd = is_plain(path) ? sys_openat2(AT_FDCWD, path, &how) : -1;
	if (*fd >= 0) {
		*absolute = strdup(path);
		return *absolute ? 0 : error_set(err, ENOMEM, "out of memory");
	}
	*fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *fd < 0 ? error_errno(err, "bundle %s", path) : absolute_path(*fd, absolute, err);
}

static int explain_read(const char *name, const char *bundle, struct error *err)
{
	switch (errno) {
	case ENOENT:
		return error_set(err, ENOENT,
				 "JSON specification file config.json not found: %s in %s "
				 "(`husk spec` writes a default one)",
				 name, bundle);
	case EISDIR:
	case EINVAL:
	case ENXIO:
	case ENODEV:
		return error_set(err, EINVAL, "%s in %s is no regular file", name, bundle);
	case EFBIG:
		return error_set(err, EFBIG, "%s in %s is larger than %zu bytes", name, bundle,
				 SPEC_MAX_BYTES);
	default:
		return error_errno(err, "read %s in %s", name, bundle);
	}
}

// For state and hooks, which show an absolute path.
static int rootfs_path(struct creation *creation, struct error *err)
{
	const char *path = creation->spec->root_path;
	auto_text struct text joined = {0};
	if (path[0] != '/') {
		text_add(&joined, creation->bundle);
		text_add(&joined, "/");
	}
	text_add(&joined, path);
	creation->rootfs_path = text_take(&joined);
	return creation->rootfs_path ? 0 : error_set(err, ENOMEM, "out of memory");
}

// A profile that notifies and says nowhere whom gets the caller's agent for its listenerPath, and so it is recorded: later commands, and
// exec above all, have the same from the stored configuration.
static int add_receiver(struct creation *creation, struct error *err)
{
	struct spec_section section;
	auto_text struct text text = {0};
	struct json json = {.text = &text};
	const char *receiver = creation->context->seccomp_receiver;
	const char *config = creation->config_text;
	if (!spec_find_seccomp(config, creation->config_length, &section) ||
	    config[section.begin] != '{')
		return 0;
	text_add_bytes(&text, config, section.begin);
	json_begin_object(&json, NULL);
	json_string(&json, "listenerPath", receiver);
	text_add(&text, ",");
	text_add_bytes(&text, config + section.begin + 1,
		       creation->config_length - section.begin - 1);
	if (text_failed(&text))
		return error_set(err, ENOMEM, "out of memory");
	creation->config_length = text.length;
	free(creation->config_text);
	creation->config_text = text_take(&text);
	return 0;
}

static int parse(struct creation *creation, struct spec_error *why)
{
	return profile_parse(&creation->profile, creation->context->log, creation->config_text,
			     creation->config_length, &creation->document, why);
}

static int parse_document(struct creation *creation, const char *name, struct error *err)
{
	const char *receiver = creation->context->seccomp_receiver;
	struct spec_error why = {0};
	int result = parse(creation, &why);
	if (result < 0 && receiver) {
		if (add_receiver(creation, err) < 0)
			return -1;
		// if it was something else, it still is
		result = parse(creation, &why);
		if (result == 0 && receiver[0] != '/')
			return error_set(
				err, EINVAL,
				"the variable RUN_OCI_SECCOMP_RECEIVER is \"%.64s\", which is no "
				"absolute path",
				receiver);
	}
	return result == 0 ? 0
			   : error_set(err, EINVAL, "%s: %s%s%s", name, why.path,
				       why.path[0] ? ": " : "", why.reason);
}

int creation_read_bundle(struct creation *creation, struct error *err)
{
	const struct container_create_options *options = creation->options;
	// what is wrong with the command line is said before what is wrong with a file
	if (state_check_id(options->id, err) < 0)
		return -1;
	const char *bundle = options->bundle ? options->bundle : ".";
	auto_close int fd = -1;
	if (open_directory(bundle, &fd, &creation->bundle, err) < 0)
		return -1;
	const char *name = options->config ? options->config : "config.json";
	if (fd_read_file(options->config ? AT_FDCWD : fd, name, SPEC_MAX_BYTES,
			 &creation->config_text, &creation->config_length) < 0)
		return explain_read(name, creation->bundle, err);
	if (parse_document(creation, name, err) < 0)
		return -1;
	creation->spec = creation->document;
	return rootfs_path(creation, err);
}
