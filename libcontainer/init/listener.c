// SPDX-License-Identifier: Apache-2.0
// A filter whose notifications an agent answers: loading it, and getting its descriptor to the runtime.
//
// From the moment it is loaded, every call that the profile notifies waits for the agent, who has nothing to answer with
// yet; sending the descriptor may be such a call. So a messenger is made before: a process that shares the table of
// descriptors, but not the filter. It waits until the descriptor is there, under the number that is the next free one, and
// sends it. This process only waits for the messenger's end; should even that be notified, the agent has got what it needs.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/init/listener.h"
#include "libcontainer/init/sync.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/syscalls.h"

#define LOOK_AGAIN_NS 100000

static int next_descriptor(int any)
{
	int fd = fcntl(any, F_DUPFD_CLOEXEC, 0);
	memory_close(fd);
	return fd;
}

static int send_listener(const struct init *init, int listener, struct error *err)
{
	struct sync_record record = {.step = sync_step_listener};
	return sync_send(init->sync, &record, listener, err);
}

static _Noreturn void carry(const struct init *init, int number)
{
	static const struct timespec pause = {.tv_nsec = LOOK_AGAIN_NS};
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (fcntl(number, F_GETFD) < 0)
		nanosleep(&pause, NULL);
	_exit(send_listener(init, number, NULL) < 0);
}

static pid_t make_messenger(const struct init *init, int number)
{
	struct kernel_clone_args args = {.flags = CLONE_FILES, .exit_signal = SIGCHLD};
	pid_t pid = sys_clone3(&args);
	if (pid == 0)
		carry(init, number);
	return pid;
}

static void dismiss(pid_t messenger)
{
	int status;
	kill(messenger, SIGKILL);
	(void)!process_reap(messenger, &status);
}

int listener_load_filter(const struct init *init, struct error *err)
{
	auto_close int listener = -1;
	int number = next_descriptor(init->sync);
	if (number < 0)
		return error_errno(err, "linux.seccomp.listenerPath: no descriptor is free");
	pid_t messenger = make_messenger(init, number);
	if (syscall_filter_load(init->filter, &listener, err) < 0) {
		if (messenger > 0)
			dismiss(messenger);
		return -1;
	}
	// a limit of processes leaves no room for one: most profiles do not notify what comes now
	if (messenger < 0)
		return send_listener(init, listener, err);
	int status = 0;
	if (process_reap(messenger, &status) == 0 && status != 0)
		return error_set(
			err, 0,
			"linux.seccomp.listenerPath: the descriptor could not be handed over");
	return 0;
}
