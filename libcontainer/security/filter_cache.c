// SPDX-License-Identifier: Apache-2.0
// Compiled system call filters, kept for the next container with the same profile: /var/cache/husk/filters/HASH, and for others than the
// superuser ~/.cache/husk/filters/HASH.
//
// An entry holds the text that it was made from, all of it, and counts only when that is the same byte for byte; the hash is no more
// than a name. It also says which build of husk made it, for which kernel, and a sum of its content. Entries are made whole and
// linked in, and never written again. The directory must belong to the caller and be writable by nobody else: who can write there
// could give any container any filter. Whatever is wrong with it, the filter is compiled as if there were no entry.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "libcontainer/base/build_id.h"
#include "libcontainer/base/memory.h"
#include "libcontainer/base/sum.h"
#include "libcontainer/base/text.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/security/security.h"

#define SYSTEM_PATH "/var/cache/husk/filters"
#define KEY_MIN 1024  // below that, looking is no cheaper than compiling
#define KEY_MAX (768 * 1024)
#define ENTRY_MAX (KEY_MAX + 512 * 1024)
#define ENTRIES_MAX 64

struct entry_head {
	char magic[8];
	char maker[BUILD_ID_ROOM];
	char release[64];  // of the kernel: what its flags mean, and which it has
	uint64_t sum;      // of the value
	uint32_t key_length, value_length;
};

struct entry_name {
	char text[24];
};

static struct entry_name name_of(const void *key, size_t length)
{
	struct entry_name name;
	(void)snprintf(name.text, sizeof name.text, "%016llx",
		       (unsigned long long)sum_of(key, length));
	return name;
}

static bool fill_head(struct entry_head *head)
{
	struct utsname kernel;
	*head = (struct entry_head){.magic = "filter1"};
	if (!build_id_copy(head->maker) || uname(&kernel) < 0)
		return false;
	memcpy(head->release, kernel.release, strnlen(kernel.release, sizeof head->release));
	return true;
}

// ---- the directory -------------------------------------------------------------------------------

static char *home_path(void)
{
	auto_text struct text path = {0};
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	if (cache && cache[0] == '/')
		text_printf(&path, "%s/husk/filters", cache);
	else if (home && home[0] == '/')
		text_printf(&path, "%s/.cache/husk/filters", home);
	else
		return NULL;
	return text_take(&path);
}

// If it is ours alone.
static int open_path(const char *path, bool make)
{
	struct stat st;
	auto_close int fd = fd_open_directory(path, make);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 0022))
		return -1;
	return take_fd(&fd);
}

// The superuser of a user namespace has no business in /var, but may have a home.
static int open_directory(bool make)
{
	int fd = geteuid() == 0 ? open_path(SYSTEM_PATH, make) : -1;
	if (fd >= 0)
		return fd;
	auto_free char *path = home_path();
	return path ? open_path(path, make && geteuid() != 0) : -1;
}

// ---- entries -------------------------------------------------------------------------------------

static bool is_wanted(size_t key_length)
{
	return key_length >= KEY_MIN && key_length <= KEY_MAX;
}

static bool is_valid(const char *data, size_t length, const struct entry_head *wanted,
		     const void *key, size_t key_length)
{
	struct entry_head head;
	if (length < sizeof head + key_length)
		return false;
	memcpy(&head, data, sizeof head);
	const char *value = data + sizeof head + key_length;
	return memcmp(&head, wanted, offsetof(struct entry_head, sum)) == 0 &&
	       head.key_length == key_length &&
	       head.value_length == length - sizeof head - key_length &&
	       memcmp(data + sizeof head, key, key_length) == 0 &&
	       sum_of(value, head.value_length) == head.sum;
}

int filter_cache_find(const void *key, size_t key_length, void **value, size_t *value_length)
{
	struct entry_head wanted;
	auto_close int dir_fd = is_wanted(key_length) ? open_directory(false) : -1;
	auto_free char *data = NULL;
	size_t length;
	if (dir_fd < 0 || !fill_head(&wanted) ||
	    fd_read_file(dir_fd, name_of(key, key_length).text, ENTRY_MAX, &data, &length) < 0 ||
	    !is_valid(data, length, &wanted, key, key_length))
		return -1;
	size_t before = sizeof wanted + key_length;
	*value_length = length - before;
	memmove(data, data + before, *value_length);
	*value = take_ptr(&data);
	return 0;
}

// Too many: whatever is needed comes back.
static void make_room(int dir_fd)
{
	size_t count = 0;
	DIR *dir = fdopendir(openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (!dir)
		return;
	for (const struct dirent *entry; (entry = readdir(dir));)
		count += entry->d_name[0] != '.';
	rewinddir(dir);
	for (const struct dirent *entry; count >= ENTRIES_MAX && (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			unlinkat(dir_fd, entry->d_name, 0);
	closedir(dir);
}

void filter_cache_keep(const void *key, size_t key_length, const void *value, size_t value_length)
{
	struct entry_head head;
	if (!is_wanted(key_length) || value_length > ENTRY_MAX - KEY_MAX - sizeof head ||
	    !fill_head(&head))
		return;
	auto_close int dir_fd = open_directory(true);
	auto_close int fd =
		dir_fd < 0 ? -1 : openat(dir_fd, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	head.sum = sum_of(value, value_length);
	head.key_length = (uint32_t)key_length;
	head.value_length = (uint32_t)value_length;
	if (fd_write(fd, &head, sizeof head) < 0 || fd_write(fd, key, key_length) < 0 ||
	    fd_write(fd, value, value_length) < 0)
		return;
	make_room(dir_fd);
	struct entry_name name = name_of(key, key_length);
	struct fd_path path = fd_proc_path(fd);
	if (linkat(AT_FDCWD, path.text, dir_fd, name.text, AT_SYMLINK_FOLLOW) == 0 ||
	    errno != EEXIST)
		return;
	// another build's, another kernel's, or damaged
	if (unlinkat(dir_fd, name.text, 0) == 0)
		(void)!linkat(AT_FDCWD, path.text, dir_fd, name.text, AT_SYMLINK_FOLLOW);
}
