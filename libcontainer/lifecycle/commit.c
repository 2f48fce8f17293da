// SPDX-License-Identifier: Apache-2.0
// The end of a creation: the record with the process, the pid for those who asked for it, and the word to init to proceed.
//
// The copy of the configuration is for later commands; until now nobody needed it.
//
// The record is complete before the pid is told to anybody, and both before init may outlive us. Where nobody can see the
// difference it is written, and the word is given, while init still prepares itself: it then finds it there
// and does not have to wait for another processor to wake up.
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/init/sync.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/socket.h"
#include "libcontainer/lifecycle/birth.h"
#include "libcontainer/lifecycle/creation.h"
#include "libcontainer/lifecycle/hook_calls.h"

static int send_pidfd(const struct creation *creation, const char *what, const char *path,
		      struct error *err)
{
	if (!path)
		return 0;
	auto_close int socket = socket_connect_path_unless(path, SOCK_STREAM, creation->interrupts);
	if (socket < 0)
		return error_errno(err, "%s %s: connect", what, path);
	if (socket_send_fd(socket, "standard", strlen("standard"), creation->pidfd) < 0)
		return error_errno(err, "%s %s: send", what, path);
	return 0;
}

static int send_pidfds(const struct creation *creation, struct error *err)
{
	const char *receiver = spec_annotation(creation->spec, "run.oci.pidfd_receiver");
	if (send_pidfd(creation, "--pidfd-socket", creation->options->pidfd_socket, err) < 0)
		return -1;
	return send_pidfd(creation, "annotation run.oci.pidfd_receiver", receiver, err);
}

int creation_note_boot(struct creation *creation, struct error *err)
{
	char boot_id[37];
	if (creation->record.boot_id)
		return 0;
	if (process_boot_id(boot_id) < 0)
		return error_errno(err, "read the boot id");
	creation->record.boot_id = strdup(boot_id);
	return creation->record.boot_id ? 0 : error_set(err, ENOMEM, "out of memory");
}

static int write_record(struct creation *creation, struct error *err)
{
	struct state_record *r = &creation->record;
	bool zombie;
	r->pid = creation->pid;
	// that one ends with `create`, and until then nobody may join what is not ready; a `run` stays (state_is_being_made)
	if (creation->kind != creation_kind_create)
		r->creator = 0;
	if (process_start_time(r->pid, &r->start_time, &zombie) < 0)
		return error_errno(err, "read /proc/%d/stat", (int)r->pid);
	if (creation_note_boot(creation, err) < 0)
		return -1;
	if (process_number(creation->pidfd, &r->number) < 0)
		r->number = 0;
	// what leads to the processes if the record should be damaged: the cgroup, or this
	if (creation->cgroup.fd < 0 && state_note_init(creation->dir_fd, r, err) < 0)
		return -1;
	if (state_write(creation->dir_fd, r, err) < 0)
		return -1;
	creation->recorded = true;
	return 0;
}

// Whether nothing is left for us to do between the last preparation of init and its program.
static bool nothing_follows(const struct creation *creation)
{
	const struct spec *spec = creation->spec;
	const struct container_create_options *options = creation->options;
	return creation->kind != creation_kind_create && spec->process.set &&
	       !spec->process.terminal && !spec->linux_.seccomp.listener_path &&
	       spec->linux_.net_devices_count == 0 && !creation->init.delegated &&
	       creation->resctrl < 0 && !creation->scope.unit && !options->pid_file &&
	       !options->pidfd_socket && !spec_annotation(spec, "run.oci.pidfd_receiver");
}

int creation_record_process(struct creation *creation, struct error *err)
{
	if (state_write_config(creation->dir_fd, creation->config_text, creation->config_length,
			       err) < 0)
		return -1;
	// a hook may ask for the state, and is told `creating`
	if (creation->pid == 0 || hook_calls_in_create(creation->spec))
		return 0;
	if (write_record(creation, err) < 0)
		return -1;
	if (!nothing_follows(creation))
		return 0;
	// it may have failed already: it is asked for the reason next; and if it has not, it is told then
	creation->let_go = sync_send_step(creation->sync, sync_step_proceed, NULL) == 0;
	return 0;
}

int creation_commit(struct creation *creation, struct error *err)
{
	if (!creation->recorded && write_record(creation, err) < 0)
		return -1;
	if (creation->let_go)
		return 0;
	if (send_pidfds(creation, err) < 0)
		return -1;
	if (birth_write_pid_file(creation->options->pid_file, creation->pid,
				 &creation->pid_file_made, err) < 0)
		return -1;
	const struct sync_record proceed = {.step = sync_step_proceed};
	if (sync_send(creation->sync, &proceed, creation->gate, err) < 0)
		return err->code == EPIPE || err->code == ECONNRESET ? creation_died(creation, err)
								     : -1;
	return 0;
}

void creation_uncommit(struct creation *creation)
{
	if (creation->pid_file_made)
		unlink(creation->options->pid_file);
}
