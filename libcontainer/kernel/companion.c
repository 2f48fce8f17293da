// SPDX-License-Identifier: Apache-2.0
// See companion.h.
#include "libcontainer/kernel/companion.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"

#define MEMORY "/memfd:"

// Returns whether it is there; errno says why not.
static bool try_directory(const char *directory, size_t length, const char *name, char **path)
{
	auto_text struct text text = {0};
	text_add_bytes(&text, directory, length);
	text_add(&text, "/");
	text_add(&text, name);
	free(take_ptr(path));
	*path = text_take(&text);
	if (*path)
		return access(*path, X_OK) == 0;
	errno = ENOMEM;
	return false;
}

int companion_find(const char *name, char **path)
{
	char own[4096];
	*path = NULL;
	ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
	own[length > 0 ? length : 0] = '\0';
	// a copy in memory bears the name of the file (security/own_binary.c)
	if (text_has_prefix(own, MEMORY))
		memmove(own, own + strlen(MEMORY), strlen(own + strlen(MEMORY)) + 1);
	const char *slash = strrchr(own, '/');
	if (own[0] == '/' && try_directory(own, (size_t)(slash - own), name, path))
		return 0;
	return try_directory(HUSK_LIBEXECDIR, strlen(HUSK_LIBEXECDIR), name, path) ? 0 : -1;
}
