// SPDX-License-Identifier: Apache-2.0
// See scope.h.
#include "libcontainer/cgroup/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/base/text.h"
#include "libcontainer/cgroup/controllers.h"
#include "libcontainer/cgroup/events.h"
#include "libcontainer/cgroup/place.h"
#include "libcontainer/cgroup/settings.h"
#include "libcontainer/kernel/companion.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/process.h"

// The program keeps the deadline itself; this much later it is given up.
#define GRACE_MS 3000
// More than the program ever says.
#define ANSWER_MAX 65536

int scope_find_program(char **path, struct error *err)
{
	if (companion_find(SCOPE_PROGRAM, path) == 0)
		return 0;
	return error_errno(err,
			   "the systemd cgroup manager needs the program " SCOPE_PROGRAM
			   ", which is neither beside husk nor %s",
			   *path ? *path : "found");
}

int scope_check_host(struct error *err)
{
	struct stat st;
	if (lstat("/run/systemd/system", &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return error_set(err, ENOTSUP,
			 "the systemd cgroup manager was asked for, but systemd does not run here "
			 "(there is no "
			 "/run/systemd/system): use --cgroup-manager cgroupfs");
}

bool scope_make_room(const struct spec_resources *resources, struct spec_resources *wider)
{
	*wider = *resources;
	if (!resources->pids_limit.set || resources->pids_limit.value < 0 ||
	    resources->pids_limit.value > 2)
		return false;
	wider->pids_limit.value = 4;
	return true;
}

// ---- the program -----------------------------------------------------------------------------------

struct call {
	const struct scope_manager *manager;
	const char *what;  // for messages: "start systemd unit box.scope"
	int socket;        // owned
	pid_t pid;
	struct text answer;
	char *value;  // owned: behind "ok"
	int killed;   // by which signal, before it had answered
};

// Of the caller's environment only what says where systemd listens.
static void pick_environment(const char *picked[4])
{
	static const char *const names[] = {
		"DBUS_SYSTEM_BUS_ADDRESS=", "DBUS_SESSION_BUS_ADDRESS=", "XDG_RUNTIME_DIR="};
	size_t count = 0;
	for (char **variable = environ; variable && *variable; variable++)
		for (size_t i = 0; i < array_size(names); i++)
			if (count < 3 && text_has_prefix(*variable, names[i]))
				picked[count++] = *variable;
	picked[count] = NULL;
}

static _Noreturn void execute(const char *program, int socket)
{
	// execve takes char *const[] for history's sake and writes to none of it
	union {
		const char *constant[4];
		char *plain[4];
	} environment = {{NULL}}, arguments = {{SCOPE_PROGRAM, NULL}};
	pick_environment(environment.constant);
	int from = fcntl(socket, F_DUPFD_CLOEXEC, 3);
	// the loader's own words about a missing library come over the socket, too
	if (from >= 0 && dup2(from, 0) >= 0 && dup2(from, 1) >= 0 && dup2(from, 2) >= 0 &&
	    fd_cloexec_from(3) == 0 && signals_reset() == 0) {
		execve(program, arguments.plain, environment.plain);
		dprintf(1, "error execute %s: %s\n", program, error_text(errno));
	}
	_exit(127);
}

static int begin(struct call *call, struct error *err)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(err, "%s: socketpair", call->what);
	call->socket = ends[0];
	call->pid = fork();
	if (call->pid == 0)
		execute(call->manager->program, ends[1]);
	memory_close(ends[1]);
	return call->pid < 0 ? error_errno(err, "%s: fork", call->what) : 0;
}

static void end(struct call *call)
{
	int status;
	memory_close(take_fd(&call->socket));
	if (call->pid > 0) {
		kill(call->pid, SIGKILL);
		(void)!process_reap(call->pid, &status);
	}
	text_done(&call->answer);
	free(take_ptr(&call->value));
}

static int send_all(int socket, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(socket, data, size, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return -1;
		data += sent;
		size -= (size_t)sent;
	}
	return 0;
}

static int give_order(struct call *call, const struct text *order, const char *body, size_t length)
{
	auto_text struct text header = {0};
	text_add(&header, text_string(order));
	text_printf(&header, "bus %s\ntimeout %d\nbody %zu\n\n",
		    call->manager->user ? "user" : "system",
		    call->manager->timeout_ms ? call->manager->timeout_ms : SCOPE_TIMEOUT_MS,
		    length);
	if (text_failed(&header)) {
		errno = ENOMEM;
		return -1;
	}
	if (send_all(call->socket, header.data, header.length) < 0)
		return -1;
	return send_all(call->socket, body, length);
}

// ---- the answer ------------------------------------------------------------------------------------

// Takes the complete lines out of the answer. Returns 1 ok, 0 not yet, -1 with the program's error.
static int read_lines(struct call *call, struct error *err)
{
	char *line = call->answer.data, *newline;
	for (; line && (newline = strchr(line, '\n')); line = newline + 1) {
		*newline = '\0';
		if (text_has_prefix(line, "warning ")) {
			log_warning(call->manager->log, "%s", line + strlen("warning "));
		} else if (text_equal(line, "ok") || text_has_prefix(line, "ok ")) {
			call->value = strdup(line[2] ? line + 3 : "");
			return call->value ? 1 : error_set(err, ENOMEM, "out of memory");
		} else {
			return error_set(err, 0, "%s: %s", call->what,
					 text_has_prefix(line, "error ") ? line + strlen("error ")
									 : line);
		}
	}
	size_t rest = line ? strlen(line) : 0;
	if (line)
		memmove(call->answer.data, line, rest + 1);
	call->answer.length = rest;
	return 0;
}

static int wait_readable(struct call *call, int64_t deadline, struct error *err)
{
	struct pollfd poller = {.fd = call->socket, .events = POLLIN};
	int left = (int)cgroup_deadline_left(deadline);
	int ready = left > 0 ? poll(&poller, 1, left) : 0;
	if (ready > 0 || (ready < 0 && errno == EINTR))
		return ready < 0 ? 0 : 1;
	if (ready < 0)
		return error_errno(err, "%s: poll", call->what);
	return error_set(err, ETIMEDOUT, "%s: " SCOPE_PROGRAM " did not answer in time",
			 call->what);
}

static int ended_early(struct call *call, struct error *err)
{
	int status = 0;
	if (process_reap(call->pid, &status) == 0)
		call->pid = 0;
	if (call->answer.length)
		return error_set(err, 0, "%s: %s", call->what, call->answer.data);
	if (WIFSIGNALED(status)) {
		call->killed = WTERMSIG(status);
		return error_set(err, 0, "%s: " SCOPE_PROGRAM " was killed by signal %d",
				 call->what, call->killed);
	}
	return error_set(err, 0, "%s: " SCOPE_PROGRAM " ended with status %d", call->what,
			 process_exit_code(status));
}

static int await_answer(struct call *call, struct error *err)
{
	int timeout = call->manager->timeout_ms ? call->manager->timeout_ms : SCOPE_TIMEOUT_MS;
	int64_t deadline = cgroup_deadline(timeout + GRACE_MS);
	for (;;) {
		char part[1024];
		int ready = wait_readable(call, deadline, err);
		if (ready < 0)
			return -1;
		if (ready == 0)
			continue;
		ssize_t got = read(call->socket, part, sizeof part);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0 || call->answer.length > ANSWER_MAX)
			return ended_early(call, err);
		text_add_bytes(&call->answer, part, (size_t)got);
		int done = read_lines(call, err);
		if (done != 0)
			return done < 0 ? -1 : 0;
	}
}

static int ask(struct call *call, const struct text *order, const char *body, size_t length,
	       struct error *err)
{
	if (text_failed(order))
		return error_set(err, ENOMEM, "out of memory");
	if (begin(call, err) < 0)
		return -1;
	// a program that has ended already says why in what can still be read
	if (give_order(call, order, body, length) < 0 && errno != EPIPE && errno != ECONNRESET)
		return error_errno(err, "%s: give the order", call->what);
	return await_answer(call, err);
}

static int ask_once(const struct scope_manager *manager, const char *what, const struct text *order,
		    const char *body, size_t length, struct error *err)
{
	struct call call = {.manager = manager, .what = what, .socket = -1};
	int result = ask(&call, order, body, length, err);
	end(&call);
	return result;
}

// ---- orders ----------------------------------------------------------------------------------------

// Killed as soon as it was in the unit. That one may be kept as failed (CollectMode), with nobody who would stop it.
static int killed_in_the_unit(const struct call *call, const char *unit, const char *config,
			      size_t length, struct error *err)
{
	struct error ignored;
	auto_text struct text order = {0}, causes = {0};
	text_printf(&order, "do forget\nunit %s\n", unit);
	(void)!ask_once(call->manager, call->what, &order, "", 0, &ignored);
	scope_name_causes(call->killed, config, length, &causes);
	return error_set(
		err, 0, "%s: " SCOPE_PROGRAM ", its first process, was killed by signal %d%s%s%s",
		call->what, call->killed, call->killed == SIGKILL ? " (out of memory?)" : "",
		causes.length ? "; asked for: " : "", text_string(&causes));
}

int scope_start(const struct scope_manager *manager, const struct scope_name *name,
		const char *config, size_t length, struct scope_holder *holder, char **path,
		struct error *err)
{
	char what[300];
	auto_text struct text order = {0};
	snprintf(what, sizeof what, "start systemd unit %s", name->unit);
	struct call call = {.manager = manager, .what = what, .socket = -1};
	text_printf(&order, "do start\nunit %s\nslice %s\n", name->unit, name->slice);
	int result = ask(&call, &order, config, length, err);
	if (call.killed)
		result = killed_in_the_unit(&call, name->unit, config, length, err);
	if (result == 0)
		result = cgroup_path_clean(what, call.value, path, err);
	if (result == 0) {
		holder->socket = take_fd(&call.socket);
		holder->pid = call.pid;
		call.pid = 0;
	}
	end(&call);
	return result;
}

void scope_release(struct scope_holder *holder)
{
	int status;
	if (holder->socket < 0)
		return;
	memory_close(take_fd(&holder->socket));
	kill(holder->pid, SIGKILL);
	(void)!process_reap(holder->pid, &status);
}

int scope_update(const struct scope_manager *manager, const char *unit, const char *resources,
		 size_t length, struct error *err)
{
	char what[300];
	auto_text struct text order = {0};
	snprintf(what, sizeof what, "set properties of systemd unit %s", unit);
	text_printf(&order, "do update\nunit %s\n", unit);
	return ask_once(manager, what, &order, resources, length, err);
}

int scope_stop(const struct scope_manager *manager, const char *unit, struct error *err)
{
	char what[300];
	auto_text struct text order = {0};
	snprintf(what, sizeof what, "stop systemd unit %s", unit);
	text_printf(&order, "do stop\nunit %s\n", unit);
	return ask_once(manager, what, &order, "", 0, err);
}

int scope_make_leaf(const struct cgroup_host *host, const char *path, const char *leaf,
		    pid_t holder, const struct spec_resources *resources, struct cgroup *cgroup,
		    struct error *err)
{
	if (cgroup_make_below(host, path, leaf, cgroup, err) < 0 ||
	    cgroup_add_process(cgroup, holder, err) < 0)
		return -1;
	return cgroup_hand_down(cgroup, resources, err);
}

// ---- moving husk itself ----------------------------------------------------------------------------

static int read_own_path(char path[4096], struct error *err)
{
	if (fd_read_value(AT_FDCWD, "/proc/self/cgroup", path, 4096) < 0)
		return error_errno(err, "read /proc/self/cgroup");
	char *unified = text_has_prefix(path, "0::/") ? path : strstr(path, "\n0::/");
	if (!unified)
		return error_set(err, ENOENT, "/proc/self/cgroup: no cgroup v2 entry");
	unified = strchr(unified, '/');
	memmove(path, unified, strlen(unified) + 1);
	path[strcspn(path, "\n")] = '\0';
	return 0;
}

// The kernel wants cgroup.procs of the nearest common ancestor to be writable.
static bool may_move(const struct cgroup_host *host, const char *own, const char *path)
{
	size_t common = 0;
	for (size_t i = 0; own[i] == path[i] || !own[i] || !path[i]; i++) {
		if ((own[i] == '/' || !own[i]) && (path[i] == '/' || !path[i]))
			common = i;
		if (!own[i] || !path[i])
			break;
	}
	auto_text struct text procs = {0};
	text_add_bytes(&procs, path, common);
	text_add(&procs, "/cgroup.procs");
	return !text_failed(&procs) &&
	       faccessat(host->fd, text_string(&procs) + 1, W_OK, AT_EACCESS) == 0;
}

int scope_come_near(const struct scope_manager *manager, const struct cgroup_host *host,
		    const char *path, struct error *err)
{
	char own[4096], what[] = "move husk into a systemd scope beside the container's";
	auto_text struct text order = {0};
	if (!manager->user)
		return 0;
	if (read_own_path(own, err) < 0)
		return -1;
	if (may_move(host, own, path))
		return 0;
	text_printf(&order, "do enter\nunit husk-itself-%d.scope\nslice user.slice\n",
		    (int)getpid());
	return ask_once(manager, what, &order, "", 0, err);
}
