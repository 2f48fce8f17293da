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
	struct names names;
};

static void list_add(struct list *list, const char *variable)
{
	if (!names_add(&list->names, variable))
		return;
	list->items[list->count++] = variable;
}

// The pointers, then the strings: into the one block that environment_reserve has made for them.
static void list_write(const struct list *list, char **variables)
{
	char *at = (char *)(variables + list->count + 1);
	for (size_t i = 0; i < list->count; i++) {
		const char *item = list->items[list->count - 1 - i];
		variables[i] = at;
		at = stpcpy(at, item) + 1;
	}
	variables[list->count] = NULL;
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

// ---- the whole -----------------------------------------------------------------------------------

#define HOME "HOME="
#define HOME_SIZE (sizeof HOME - 1 + PATH_MAX)

struct environment_room {
	size_t extra_count, most, slots;
	char *home;           // HOME=..., or NULL: there is one
	const char *items[];  // most for the list, then slots for the names
};

static int make_home(const struct spec_process *process, int root_fd, char *home, struct error *err)
{
	struct passwd_reader reader = {.wanted = process->user.uid};
	const char *found = find_home(root_fd, &reader);
	if (!found)
		return error_errno(err, "process.env: HOME: read /etc/passwd of the container");
	stpcpy(stpcpy(home, HOME), found);
	return 0;
}

static size_t strings_size(const char *const *strings, size_t count)
{
	size_t size = 0;
	for (size_t i = 0; i < count; i++)
		size += strlen(strings[i]) + 1;
	return size;
}

// home: bytes for HOME=..., 0: there is one.
static int reserve(const struct spec_process *process, const char *const *extra, size_t home,
		   struct environment *environment, struct error *err)
{
	size_t extra_count = text_count(extra), slots = 16;
	size_t most = process->env.count + extra_count + 1;
	while (slots < most * 2)
		slots *= 2;
	size_t lists = (most + slots) * sizeof(char *);
	struct environment_room *room = malloc(sizeof *room + lists + home);
	environment->variables =
		malloc((most + 1) * sizeof(char *) + home + strings_size(extra, extra_count) +
		       strings_size(process->env.items, process->env.count));
	environment->room = room;
	if (!room || !environment->variables) {
		environment_done(environment);
		return error_set(err, ENOMEM, "process.env: out of memory");
	}
	*room = (struct environment_room){extra_count, most, slots, NULL};
	if (home)
		room->home = (char *)(room->items + most + slots);
	environment->variables[0] = NULL;
	return 0;
}

static void fill(const struct spec_process *process, const char *const *extra,
		 const struct environment *environment)
{
	struct environment_room *room = environment->room;
	struct list list = {
		.items = room->items,
		.names = {.slots = room->items + room->most, .mask = room->slots - 1},
	};
	memset(list.names.slots, 0, room->slots * sizeof *list.names.slots);
	collect(&list, process, room->home, extra, room->extra_count);
	list_write(&list, environment->variables);
}

int environment_reserve(const struct spec_process *process, const char *const *extra,
			struct environment *environment, struct error *err)
{
	size_t home = has_home(process, extra, text_count(extra)) ? 0 : HOME_SIZE;
	return reserve(process, extra, home, environment, err);
}

int environment_fill(const struct spec_process *process, int root_fd, const char *const *extra,
		     const struct environment *environment, struct error *err)
{
	char *home = environment->room->home;
	if (home && make_home(process, root_fd, home, err) < 0)
		return -1;
	fill(process, extra, environment);
	return 0;
}

// In the order in which nothing is longer than it has to be: a created container keeps this until it is started.
int environment_make(const struct spec_process *process, int root_fd, const char *const *extra,
		     struct environment *environment, struct error *err)
{
	char home[HOME_SIZE];
	home[0] = '\0';
	if (!has_home(process, extra, text_count(extra)) &&
	    make_home(process, root_fd, home, err) < 0)
		return -1;
	if (reserve(process, extra, home[0] ? strlen(home) + 1 : 0, environment, err) < 0)
		return -1;
	if (environment->room->home)
		stpcpy(environment->room->home, home);
	fill(process, extra, environment);
	free(take_ptr(&environment->room));
	return 0;
}

void environment_done(struct environment *environment)
{
	free(environment->room);
	free(environment->variables);
	*environment = (struct environment){0};
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
