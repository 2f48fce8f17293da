// SPDX-License-Identifier: Apache-2.0
// See notify.h.
#include "libcontainer/lifecycle/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/socket.h"

#define DIRECTORY "notify"
#define SOCKET "notify.sock"
// As much as the service manager takes.
#define MESSAGE_BYTES 4096
#define BARRIER_MS 30000

// ---- files -----------------------------------------------------------------------------------------

static int make_source(const char *state_root, const char *id, struct text *source,
		       struct error *err)
{
	char cwd[PATH_MAX];
	if (state_root[0] != '/') {
		if (!getcwd(cwd, sizeof cwd))
			return error_errno(err, "NOTIFY_SOCKET: the state root is relative to an "
						"unknown directory");
		text_printf(source, "%s/", cwd);
	}
	text_printf(source, "%s/%s/" DIRECTORY, state_root, id);
	return text_failed(source) ? error_set(err, ENOMEM, "out of memory") : 0;
}

int notify_add_mount(const struct spec *config, const char *state_root, const char *id,
		     struct arena *arena, struct spec *copy, struct error *err)
{
	static const char *const options[] = {"bind", "ro", "nosuid", "nodev", "noexec", NULL};
	auto_text struct text source = {0};
	if (make_source(state_root, id, &source, err) < 0)
		return -1;
	struct spec_mount *mounts = arena_array(arena, config->mounts_count + 1, sizeof *mounts);
	const char *path = arena_copy(arena, text_string(&source), source.length);
	if (!mounts || !path)
		return error_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < config->mounts_count; i++)
		mounts[i] = config->mounts[i];
	mounts[config->mounts_count] = (struct spec_mount){
		.destination = "/run/notify",
		.type = "bind",
		.source = path,
		.options = {options, array_size(options) - 1},
	};
	*copy = *config;
	copy->mounts = mounts;
	copy->mounts_count++;
	return 0;
}

int notify_make_directory(int state_dir, struct error *err)
{
	// searchable for the container's users, who need not be the host's root
	if (mkdirat(state_dir, DIRECTORY, 0755) < 0 || fchmodat(state_dir, DIRECTORY, 0755, 0) < 0)
		return error_errno(err,
				   "NOTIFY_SOCKET: make the directory of the container's socket");
	return 0;
}

int notify_listen(int state_dir, int *socket, struct error *err)
{
	auto_close int dir =
		openat(state_dir, DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return error_errno(err, "NOTIFY_SOCKET: the container has no socket");
	if (unlinkat(dir, SOCKET, 0) < 0 && errno != ENOENT)
		return error_errno(err, "NOTIFY_SOCKET: make the container's socket anew");
	*socket = socket_bind_datagram(dir, SOCKET, 0777);
	return *socket < 0 ? error_errno(err, "NOTIFY_SOCKET: make the container's socket") : 0;
}

// ---- messages --------------------------------------------------------------------------------------

static bool is_line(const char *line, size_t length, const char *wanted)
{
	return length == strlen(wanted) && strncmp(line, wanted, length) == 0;
}

static bool is_left_out(const char *line)
{
	static const char *const prefixes[] = {"MAINPID=",      "MAINPIDFDID=", "FDSTORE",
					       "FDNAME=",       "FDPOLL=",      "WATCHDOG_USEC=",
					       "NOTIFYACCESS=", "BARRIER="};
	for (size_t i = 0; i < array_size(prefixes); i++)
		if (text_has_prefix(line, prefixes[i]))
			return true;
	return false;
}

void notify_translate(const char *message, pid_t pid, struct text *to, bool *ready)
{
	bool main_pid = false;
	for (const char *line = message; *line;) {
		size_t length = strcspn(line, "\n");
		bool is_ready = is_line(line, length, "READY=1");
		*ready = *ready || is_ready;
		main_pid = main_pid || is_ready || text_has_prefix(line, "MAINPID=");
		if (length && !is_left_out(line)) {
			text_add_bytes(to, line, length);
			text_add(to, "\n");
		}
		line += length + (line[length] == '\n');
	}
	if (main_pid)
		text_printf(to, "MAINPID=%d\n", (int)pid);
}

static int connect_manager(const struct notify *notify)
{
	if (notify->manager[0] == '@')
		return socket_connect_abstract(notify->manager + 1, SOCK_DGRAM);
	return socket_connect_path(notify->manager, SOCK_DGRAM);
}

// fd: goes along, or -1.
static int tell_manager(const struct notify *notify, const char *message, int fd)
{
	auto_close int manager = connect_manager(notify);
	if (manager >= 0 && socket_send_fd(manager, message, strlen(message), fd) == 0)
		return 0;
	log_warning(notify->log, "NOTIFY_SOCKET %s: %s", notify->manager, error_text(errno));
	return -1;
}

// The manager looks a sender up by its process id: it must have read what was said before this process ends. It closes the
// descriptor of a barrier when it comes to it.
static void await_manager(const struct notify *notify)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	auto_close int reader = ends[0];
	int told = tell_manager(notify, "BARRIER=1", ends[1]);
	memory_close(ends[1]);
	struct pollfd closed = {.fd = reader};
	if (told == 0)
		(void)!poll(&closed, 1, BARRIER_MS);
}

// One datagram. True when the container is ready.
static bool relay(const struct notify *notify)
{
	char message[MESSAGE_BYTES + 1];
	auto_close int fd = -1;
	auto_text struct text translated = {0};
	bool ready = false;
	ssize_t length = socket_receive_fd(notify->socket, message, MESSAGE_BYTES, &fd);
	// too long, or with more descriptors than any message has
	if (length <= 0)
		return false;
	message[length] = '\0';
	notify_translate(message, notify->pid, &translated, &ready);
	if (translated.length && !text_failed(&translated))
		(void)!tell_manager(notify, text_string(&translated), -1);
	// a barrier's descriptor is closed when the manager has read what came before it
	if (fd >= 0 && is_line(message, strcspn(message, "\n"), "BARRIER=1"))
		await_manager(notify);
	return ready;
}

// ---- relays ----------------------------------------------------------------------------------------

static void relay_until(const struct notify *notify, bool until_ready)
{
	struct pollfd fds[2] = {{.fd = notify->socket, .events = POLLIN},
				{.fd = notify->pidfd, .events = POLLIN}};
	for (;;) {
		if (poll(fds, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		// the last messages of a program that has ended are still passed on
		if (fds[0].revents & POLLIN) {
			if (relay(notify) && until_ready)
				break;
		} else if (fds[0].revents || fds[1].revents) {
			return;
		}
	}
	await_manager(notify);
}

void notify_relay_until_ready(const struct notify *notify)
{
	relay_until(notify, true);
}

pid_t notify_relay_in_child(const struct notify *notify)
{
	pid_t parent = getpid();
	pid_t pid = fork();
	if (pid < 0)
		log_warning(notify->log, "NOTIFY_SOCKET: fork: %s", error_text(errno));
	if (pid != 0)
		return pid < 0 ? 0 : pid;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent)
		relay_until(notify, false);
	_exit(0);
}
