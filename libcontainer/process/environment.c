// SPDX-License-Identifier: Apache-2.0
// The program's variables.
//
// /etc/passwd belongs to the root file system and may be anything: a fifo, a device, a gigabyte of zeros, one endless
// line. It is read once through a small buffer, at most PASSWD_MAX_BYTES of it, and never waited for. Nothing of the C
// library's name services is used: they would load code and configuration of the container.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/path.h"
#include "libcontainer/process/process.h"

#define PASSWD_MAX_BYTES ((size_t)10 * 1024 * 1024)
#define PASSWD_FIELD_UID 2
#define PASSWD_FIELD_HOME 5

// ---- home directory ------------------------------------------------------------------------------

struct passwd_reader {
	uint32_t wanted;
	unsigned field;  // of the current line
	uint64_t uid;
	bool uid_valid;
	bool home_valid;
	size_t home_length;
	char home[PATH_MAX];
};

static void line_begin(struct passwd_reader *reader)
{
	reader->field = 0;
	reader->uid = 0;
	reader->uid_valid = false;
	reader->home_valid = true;
	reader->home_length = 0;
}

static void uid_byte(struct passwd_reader *reader, char c)
{
	bool digit = c >= '0' && c <= '9';
	if (!digit || reader->uid > UINT32_MAX) {
		reader->uid = UINT64_MAX;
		return;
	}
	reader->uid = reader->uid * 10 + (uint64_t)(c - '0');
	reader->uid_valid = true;
}

static void home_byte(struct passwd_reader *reader, char c)
{
	if (!c || reader->home_length + 1 >= sizeof reader->home)
		reader->home_valid = false;
	else
		reader->home[reader->home_length++] = c;
}

// True when the line that ends here is the wanted user's and has a home directory.
static bool line_matches(struct passwd_reader *reader)
{
	if (reader->field < PASSWD_FIELD_HOME || !reader->uid_valid ||
	    reader->uid != reader->wanted)
		return false;
	reader->home[reader->home_length] = '\0';
	return reader->home_valid && reader->home_length > 0 && reader->home[0] == '/';
}

// Feeds one byte; true when the answer is complete.
static bool passwd_byte(struct passwd_reader *reader, char c)
{
	if (c == '\n') {
		if (line_matches(reader))
			return true;
		line_begin(reader);
	} else if (c == ':') {
		reader->field++;
	} else if (reader->field == PASSWD_FIELD_UID) {
		uid_byte(reader, c);
	} else if (reader->field == PASSWD_FIELD_HOME) {
		home_byte(reader, c);
	}
	return false;
}

// 1: found, 0: not, -1
static int passwd_search(int fd, struct passwd_reader *reader)
{
	char buffer[4096];
	line_begin(reader);
	for (size_t total = 0; total < PASSWD_MAX_BYTES;) {
		ssize_t n = read(fd, buffer, sizeof buffer);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			return line_matches(reader);
		for (ssize_t i = 0; i < n; i++)
			if (passwd_byte(reader, buffer[i]))
				return 1;
		total += (size_t)n;
	}
	return 0;
}

// "/" when there is no usable entry: that a container has no passwd file is common and no failure. One that is there and cannot be
// read is: NULL.
static const char *find_home(int root_fd, struct passwd_reader *reader)
{
	struct stat st;
	auto_close int fd = path_open(root_fd, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY,
				      path_rule_scoped);
	if (fd < 0 && (errno == EIO || errno == EMFILE || errno == ENFILE || errno == ENOMEM))
		return NULL;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return "/";
	int found = passwd_search(fd, reader);
	return found < 0 ? NULL : found ? reader->home : "/";
}

// ---- the list ------------------------------------------------------------------------------------

static size_t name_length(const char *variable)
{
	return strcspn(variable, "=");
}

static bool same_name(const char *a, const char *b)
{
	size_t length = name_length(a);
	return length == name_length(b) && memcmp(a, b, length) == 0;
}

// Names seen so far, in open addressing: thousands of variables are real (service links), and quadratic time is felt.
struct names {
	const char **slots;
	size_t mask;
};

static bool names_add(struct names *names, const char *variable)
{
	size_t length = name_length(variable);
	size_t hash = 5381;
	for (size_t i = 0; i < length; i++)
		hash = hash * 33 ^ (unsigned char)variable[i];
	for (size_t at = hash & names->mask;; at = (at + 1) & names->mask) {
		if (!names->slots[at]) {
			names->slots[at] = variable;
			return true;
		}
		if (same_name(names->slots[at], variable))
			return false;
	}
}

struct list {
	const char **items;  // in reverse order
	size_t count;
	size_t bytes;
	struct names names;
};

static void list_add(struct list *list, const char *variable)
{
	if (!names_add(&list->names, variable))
		return;
	list->items[list->count++] = variable;
	list->bytes += strlen(variable) + 1;
}

// One block: the pointers, then the strings.
static char **list_copy(const struct list *list)
{
	size_t pointers = (list->count + 1) * sizeof(char *);
	char **variables = malloc(pointers + list->bytes);
	if (!variables)
		return NULL;
	char *at = (char *)variables + pointers;
	for (size_t i = 0; i < list->count; i++) {
		const char *item = list->items[list->count - 1 - i];
		size_t size = strlen(item) + 1;
		memcpy(at, item, size);
		variables[i] = at;
		at += size;
	}
	variables[list->count] = NULL;
	return variables;
}

static bool sets_home(const char *variable)
{
	return strncmp(variable, "HOME=", 5) == 0 && variable[5];
}

// The later wins, so the later is looked at first.
static void collect(struct list *list, const struct spec_process *process, const char *home,
		    const char *const *extra, size_t extra_count)
{
	if (home)
		list_add(list, home);
	for (size_t i = extra_count; i-- > 0;)
		list_add(list, extra[i]);
	for (size_t i = process->env.count; i-- > 0;)
		list_add(list, process->env.items[i]);
}

// Whether the HOME that would win is one. An empty one counts as none.
static bool has_home(const struct spec_process *process, const char *const *extra,
		     size_t extra_count)
{
	for (size_t i = extra_count; i-- > 0;)
		if (same_name(extra[i], "HOME="))
			return sets_home(extra[i]);
	for (size_t i = process->env.count; i-- > 0;)
		if (same_name(process->env.items[i], "HOME="))
			return sets_home(process->env.items[i]);
	return false;
}

static int make_home(const struct spec_process *process, int root_fd, char **home,
		     struct error *err)
{
	struct passwd_reader reader = {.wanted = process->user.uid};
	auto_text struct text text = {0};
	text_add(&text, "HOME=");
	const char *found = find_home(root_fd, &reader);
	if (!found)
		return error_errno(err, "process.env: HOME: read /etc/passwd of the container");
	text_add(&text, found);
	*home = text_take(&text);
	return *home ? 0 : error_set(err, ENOMEM, "process.env: out of memory");
}

int environment_make(const struct spec_process *process, int root_fd, const char *const *extra,
		     struct environment *environment, struct error *err)
{
	auto_free char *home = NULL;
	size_t extra_count = 0, slots = 16;
	while (extra && extra[extra_count])
		extra_count++;
	size_t most = process->env.count + extra_count + 1;
	while (slots < most * 2)
		slots *= 2;
	if (!has_home(process, extra, extra_count) && make_home(process, root_fd, &home, err) < 0)
		return -1;

	// one block for both: the list and the names
	const char **items = calloc(most + slots, sizeof *items);
	if (items) {
		struct list list = {.items = items,
				    .names = {.slots = items + most, .mask = slots - 1}};
		collect(&list, process, home, extra, extra_count);
		environment->variables = list_copy(&list);
		free(items);
	} else {
		environment->variables = NULL;
	}
	return environment->variables ? 0 : error_set(err, ENOMEM, "process.env: out of memory");
}

char *environment_value(struct environment *environment, const char *name)
{
	size_t length = strlen(name);
	for (char **v = environment->variables; v && *v; v++)
		if (strncmp(*v, name, length) == 0 && (*v)[length] == '=')
			return *v + length + 1;
	return NULL;
}

const char *environment_get(const struct environment *environment, const char *name)
{
	struct environment same = *environment;
	return environment_value(&same, name);
}
