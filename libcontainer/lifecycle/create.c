// SPDX-License-Identifier: Apache-2.0
// create: the table of stages from a bundle to a waiting init, and its runner, which walks the undo column backwards when
// a stage fails. The state directory is the first thing made and the last removed, so that whatever happens in between,
// `delete --force` finds everything.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/init/hook_state.h"
#include "libcontainer/init/sync.h"
#include "libcontainer/kernel/fd.h"
#include "libcontainer/kernel/process.h"
#include "libcontainer/kernel/socket.h"
#include "libcontainer/lifecycle/attend.h"
#include "libcontainer/lifecycle/creation.h"
#include "libcontainer/lifecycle/hook_calls.h"
#include "libcontainer/lifecycle/late_birth.h"
#include "libcontainer/lifecycle/notify.h"
#include "libcontainer/lifecycle/opened.h"
#include "libcontainer/lifecycle/remove.h"

#define UNDO_CGROUP_MS 10000

static int reserve(struct creation *creation, struct error *err)
{
	if (opened_root(creation->context, true, &creation->root_fd, err) < 0)
		return -1;
	return state_reserve(creation->root_fd, creation->options->id, &creation->dir_fd, err);
}

static void unreserve(struct creation *creation)
{
	struct error ignored;
	(void)!remove_root_mounts(creation->rootfs_path, creation->record.root_mount, &ignored);
	if (creation->dir_fd >= 0)
		(void)!state_remove_opened(creation->root_fd, creation->options->id,
					   creation->dir_fd, &ignored);
}

// Days since 1970 to a date of the Gregorian calendar, in years that begin in March, so that the leap day is the last.
// gmtime_r would read the time zone's file first.
static void civil_date(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	days += 719468;  // from 0000-03-01
	int64_t era = days / 146097;
	unsigned of_era = (unsigned)(days - era * 146097);
	unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned shifted = (5 * of_year + 2) / 153;
	*day = of_year - (153 * shifted + 2) / 5 + 1;
	*month = shifted < 10 ? shifted + 3 : shifted - 9;
	*year = (int64_t)year_of_era + era * 400 + (*month <= 2);
}

static int now(char text[96], struct error *err)
{
	struct timespec ts;
	int64_t year;
	unsigned month, day;
	if (clock_gettime(CLOCK_REALTIME, &ts) < 0)
		return error_errno(err, "read the clock");
	civil_date(ts.tv_sec / 86400, &year, &month, &day);
	unsigned second = (unsigned)(ts.tv_sec % 86400);
	snprintf(text, 96, "%04lld-%02u-%02uT%02u:%02u:%02u.%09ldZ", (long long)year, month, day,
		 second / 3600, second / 60 % 60, second % 60, ts.tv_nsec);
	return 0;
}

// Everything that is needed to find and remove the resources, before the first of them is made.
static int record(struct creation *creation, struct error *err)
{
	struct state_record *r = &creation->record;
	char created[96];
	if (now(created, err) < 0)
		return -1;
	// until init works the number alone tells the boot, where later commands look at the cgroup
	r->hierarchy = creation->host.number;
	if ((!r->hierarchy || !creation->cgroup_path) && creation_note_boot(creation, err) < 0)
		return -1;
	r->id = strdup(creation->options->id);
	r->bundle = strdup(creation->bundle);
	r->rootfs = strdup(creation->rootfs_path);
	r->cgroup_path = creation->cgroup_path ? strdup(creation->cgroup_path) : NULL;
	r->created = strdup(created);
	r->systemd_scope = creation->scope.unit ? strdup(creation->scope.unit) : NULL;
	if (!r->id || !r->bundle || !r->rootfs || !r->created ||
	    (creation->scope.unit && !r->systemd_scope))
		return error_set(err, ENOMEM, "out of memory");
	r->creator = getpid();
	bool zombie;
	if (process_start_time(r->creator, &r->creator_start_time, &zombie) < 0)
		return error_errno(err, "read /proc/%d/stat", (int)r->creator);
	r->owner = geteuid();
	if (creation->cgroup_path && cgroup_foresee_made(&creation->host, creation->cgroup_path,
							 &r->cgroup_made_from, err) < 0)
		return -1;
	if (!namespaces_has(&creation->namespaces, spec_namespace_type_mount) &&
	    remove_find_root_mount(creation->rootfs_path, &r->root_mount, err) < 0)
		return -1;
	r->private_pid_namespace =
		namespaces_is_new(&creation->namespaces, spec_namespace_type_pid);
	r->rootless = creation->rootless;
	r->callers_keyring = creation->options->no_new_keyring;
	r->plain_start = creation->spec->process.set &&
			 creation->spec->hooks[spec_hook_kind_poststart].count == 0;
	r->plain_end = creation->spec->hooks[spec_hook_kind_poststop].count == 0 &&
		       !creation->spec->linux_.intel_rdt.set;
	return state_write(creation->dir_fd, r, err);
}

static bool sees_cgroup_writable(const struct spec *spec)
{
	bool writable = false;
	for (size_t i = 0; i < spec->mounts_count; i++) {
		const struct spec_mount *mount = &spec->mounts[i];
		if (!mount->type ||
		    (!text_equal(mount->type, "cgroup") && !text_equal(mount->type, "cgroup2")))
			continue;
		writable = true;
		for (size_t k = 0; k < mount->options.count; k++)
			if (text_equal(mount->options.items[k], "ro"))
				writable = false;
	}
	return writable;
}

// Root of a user namespace may divide the cgroup that it sees as its own: below the limits, which stay the runtime's.
static int give_cgroup(struct creation *creation, struct cgroup *cgroup, struct error *err)
{
	const struct spec_linux *linux_ = &creation->spec->linux_;
	if (creation->rootless ||
	    !namespaces_is_new(&creation->namespaces, spec_namespace_type_user) ||
	    !namespaces_is_new(&creation->namespaces, spec_namespace_type_cgroup) ||
	    !sees_cgroup_writable(creation->spec))
		return 0;
	int64_t uid = id_map_to_host(&linux_->uid_mappings, 0),
		gid = id_map_to_host(&linux_->gid_mappings, 0);
	if (uid <= 0 || gid < 0)
		return 0;
	return cgroup_delegate(cgroup, (uid_t)uid, (gid_t)gid, err);
}

static int make_directory(struct creation *creation, struct error *err)
{
	const struct spec_linux *linux_ = &creation->spec->linux_;
	const struct log *log = creation->context->log;
	if (!creation->cgroup_path)
		return 0;
	if (cgroup_create(&creation->host, creation->cgroup_path, &linux_->resources,
			  &creation->cgroup, log, err) < 0)
		return -1;
	free(take_ptr(&creation->record.cgroup_made_from));
	if (creation->cgroup.made_from) {
		creation->record.cgroup_made_from = strdup(creation->cgroup.made_from);
		if (!creation->record.cgroup_made_from)
			return error_set(err, ENOMEM, "out of memory");
	}
	return 0;
}

static int set_limits(struct creation *creation, struct error *err)
{
	const struct spec_linux *linux_ = &creation->spec->linux_;
	const struct log *log = creation->context->log;
	struct spec_resources wider;
	bool room = creation->scope.unit && scope_make_room(&linux_->resources, &wider);
	if (cgroup_set_resources(&creation->cgroup, room ? &wider : &linux_->resources, log, err) <
	    0)
		return -1;
	if (give_cgroup(creation, &creation->cgroup, err) < 0)
		return -1;
	return creation_limit_devices(creation, creation_moment_before_init, err);
}

static int make_cgroup(struct creation *creation, struct error *err)
{
	int made = creation->scope.unit ? creation_start_scope(creation, err)
					: make_directory(creation, err);
	if (made < 0 || creation->cgroup.fd < 0)
		return made;
	if (set_limits(creation, err) < 0 || creation_make_delegated(creation, err) < 0)
		return -1;
	return creation->delegated.fd < 0 ? 0 : give_cgroup(creation, &creation->delegated, err);
}

static int limit_devices(struct creation *creation, struct error *err)
{
	if (creation->cgroup.fd < 0)
		return 0;
	return creation_limit_devices(creation, creation_moment_beside_init, err);
}

static void unmake_cgroup(struct creation *creation)
{
	struct error ignored;
	creation_stop_scope(creation);
	if (creation->cgroup.fd >= 0)
		(void)!cgroup_destroy(&creation->cgroup, creation->cgroup.made_from, UNDO_CGROUP_MS,
				      &ignored);
}

static int make_resctrl(struct creation *creation, struct error *err)
{
	if (creation->resctrl < 0)
		return 0;
	return resctrl_create(creation->resctrl, &creation->spec->linux_.intel_rdt,
			      creation->options->id, &creation->resctrl_made, err);
}

static void unmake_resctrl(struct creation *creation)
{
	if (creation->resctrl >= 0)
		resctrl_undo(creation->resctrl, &creation->spec->linux_.intel_rdt,
			     creation->options->id, &creation->resctrl_made);
}

// Before the program runs: what it starts inherits the group.
static int join_resctrl(struct creation *creation, struct error *err)
{
	if (creation->resctrl < 0)
		return 0;
	return resctrl_join(creation->resctrl, &creation->spec->linux_.intel_rdt,
			    creation->options->id, creation->pid, err);
}

// (of a new user namespace: create_converse.c, when it is there)
static int give_joined_idmaps(struct creation *creation, struct error *err)
{
	int user = creation->namespaces.join[spec_namespace_type_user];
	if (user < 0 || !rootfs_needs_user_namespace_fd(creation->rootfs))
		return 0;
	return rootfs_prepare_idmaps(creation->rootfs, user, err);
}

static int open_host(struct creation *creation, struct error *err)
{
	bool notify = creation->context->notify_socket != NULL;
	if (hooks_files_open(creation->spec, &creation->hooks_files, err) < 0)
		return -1;
	if (notify && notify_make_directory(creation->dir_fd, err) < 0)
		return -1;
	if (namespaces_open(&creation->namespaces, err) < 0 ||
	    namespaces_check_settings(&creation->namespaces, err) < 0 ||
	    rootfs_open(creation->rootfs, err) < 0 || give_joined_idmaps(creation, err) < 0)
		return -1;
	if (creation->kind != creation_kind_create && notify)
		return notify_listen(creation->dir_fd, &creation->notify, err);
	return 0;
}

static int listen_for_start(struct creation *creation, struct error *err)
{
	if (creation->kind != creation_kind_create)
		return 0;
	return start_gate_listen(creation->dir_fd, &creation->gate, err);
}

static void take_back(struct creation *creation)
{
	rootfs_take_back(creation->rootfs);
	rootfs_free(take_ptr(&creation->rootfs));
}

// A process that is alone in a new pid namespace, with a mount namespace of its own, does it itself, for less. (Not when the host's
// mounts stay in that namespace: who has all capabilities could make them writable again.)
static int protect(struct creation *creation, struct error *err)
{
	const struct namespace_plan *ns = &creation->namespaces;
	if (namespaces_is_new(ns, spec_namespace_type_pid) &&
	    namespaces_is_new(ns, spec_namespace_type_mount) && !creation->options->no_pivot &&
	    own_binary_can_leave(&creation->own_binary))
		return 0;
	creation->own_binary.path[0] = '\0';
	return own_binary_protect(creation->context->argv, NULL, err);
}

static void return_devices(struct creation *creation)
{
	struct error err;
	if (network_return_devices(&creation->net_moved, &err) < 0)
		log_warning(creation->context->log, "%s", err.message);
}

// After a failed create the specification owes the poststop hooks to whoever saw the first hooks run.
static void poststop(struct creation *creation)
{
	if (creation->hooks_begun)
		hook_calls_poststop(creation->spec, creation->options->id, creation->bundle,
				    creation->rootfs_path, creation->interrupts,
				    creation->context->log);
}

static void unconverse(struct creation *creation)
{
	return_devices(creation);
	poststop(creation);
}

static int keep_filter(struct creation *creation, struct error *err unused_result)
{
	profile_keep(&creation->profile, creation->config_text, &creation->filter);
	return 0;
}

static const struct stage {
	const char *what;
	int (*run)(struct creation *, struct error *);
	void (*undo)(struct creation *);  // also called for the stage that failed half-way
} stages[] = {
	{"read the configuration", creation_read_bundle, NULL},
	{"plan", creation_plan, NULL},
	// ---- a plan that is only shown ends here ----
	{"compile the system call filter", creation_compile, NULL},
	// before anything is made: where it cannot be done in place, husk is executed anew from a copy
	{"protect husk's own binary", protect, NULL},
	{"reserve the id", reserve, unreserve},
	{"record", record, NULL},
	{"make the cgroup and set its limits", make_cgroup, unmake_cgroup},
	{"make the resctrl group", make_resctrl, unmake_resctrl},
	{"open what only the host can open", open_host, take_back},
	{"clone the container's process", creation_clone, creation_kill},
	{"map the ids", creation_map_ids, NULL},
	// while it works, so that neither has to wait for the other later
	{"make the network namespace", creation_make_network, NULL},
	{"limit the devices", limit_devices, NULL},
	{"listen for start", listen_for_start, NULL},
	{"record the container's process", creation_record_process, NULL},
	{"leave systemd's unit to it", creation_hand_over_scope, NULL},
	{"converse until it is ready", creation_converse, unconverse},
	{"join the resctrl group", join_resctrl, NULL},
	{"commit", creation_commit, creation_uncommit},
	{"keep the filter", keep_filter, NULL},
};

#define PLANNED_STAGES 2

void creation_begin(struct creation *creation, const struct container_context *context,
		    const struct container_create_options *options, enum creation_kind kind)
{
	*creation = (struct creation){
		.context = context,
		.options = options,
		.kind = kind,
		.root_fd = -1,
		.dir_fd = -1,
		.gate = -1,
		.sync = -1,
		.pidfd = -1,
		.master = -1,
		.resctrl = -1,
		.notify = -1,
		.interrupts = -1,
		.hooks_files = HOOKS_FILES_NONE,
		.net_moved = NETWORK_NOTHING_MOVED,
		.host = {.fd = -1},
		.cgroup = {.fd = -1},
		.delegated = {.fd = -1},
		.scope_holder = SCOPE_HOLDER_NONE,
	};
	for (int i = 0; i < spec_namespace_type_count; i++)
		creation->namespaces.join[i] = -1;
}

// What nobody needs any more when there is no container, or it is complete.
static void close_descriptors(struct creation *creation)
{
	memory_close(take_fd(&creation->sync));
	memory_close(take_fd(&creation->gate));
	memory_close(take_fd(&creation->pidfd));
	memory_close(take_fd(&creation->master));
	memory_close(take_fd(&creation->notify));
	hooks_files_close(&creation->hooks_files);
	namespaces_done(&creation->namespaces);
}

static void undo_from(struct creation *creation, size_t stage)
{
	// what failed may be that there are no more descriptors; undoing takes a few
	struct limits_saved ignored;
	limits_raise_files(&ignored);
	close_descriptors(creation);
	for (size_t i = stage + 1; i-- > 0;)
		if (stages[i].undo)
			stages[i].undo(creation);
}

// The foreground forwards all others to the container later: they must not get lost before.
int creation_hold_signals(struct creation *creation, struct error *err)
{
	int blocked = creation->kind == creation_kind_foreground
			      ? signals_block_all(&creation->before)
			      : signals_block_interrupts(&creation->before);
	if (blocked < 0)
		return error_errno(err, "block signals");
	creation->interrupts = signals_open_interrupts();
	if (creation->interrupts >= 0)
		return 0;
	error_errno(err, "signalfd");
	sigprocmask(SIG_SETMASK, &creation->before, NULL);
	return -1;
}

void creation_release_signals(struct creation *creation)
{
	auto_close int interrupts = take_fd(&creation->interrupts);
	if (interrupts < 0)
		return;
	// who had it now would tell of a failure, and the container would be there
	if (creation->kept_to_the_end)
		return;
	if (creation->kind != creation_kind_foreground)
		signals_drop_interrupts(interrupts);
	sigprocmask(SIG_SETMASK, &creation->before, NULL);
}

int creation_run(struct creation *creation, struct error *err)
{
	for (size_t i = 0; i < array_size(stages); i++) {
		unsigned number = trace_begin(creation->context->trace, stages[i].what);
		int result = stages[i].run(creation, err);
		trace_end(creation->context->trace, number);
		if (result < 0) {
			undo_from(creation, i);
			return -1;
		}
	}
	return 0;
}

void creation_undo(struct creation *creation)
{
	creation->hooks_begun = true;
	undo_from(creation, array_size(stages) - 1);
}

void creation_done(struct creation *creation)
{
	network_keep_devices(&creation->net_moved);
	scope_release(&creation->scope_holder);
	creation_release_signals(creation);
	if (creation->context->ends)
		return;
	close_descriptors(creation);
	memory_close(take_fd(&creation->resctrl));
	cgroup_close(&creation->delegated);
	cgroup_close(&creation->cgroup);
	cgroup_host_close(&creation->host);
	state_record_done(&creation->record);
	memory_close(take_fd(&creation->dir_fd));
	memory_close(take_fd(&creation->root_fd));
	profile_done(&creation->profile);
	syscall_filter_done(&creation->filter);
	rootfs_free(creation->rootfs);
	late_birth_unshare(creation->born);
	passed_on_done(&creation->passed_on);
	spec_free(creation->document);
	arena_free(&creation->arena);
	free(creation->net_mover);
	free(creation->scope_program);
	scope_name_done(&creation->scope);
	free(creation->cgroup_path);
	free(creation->cgroup_host_path);
	free(creation->devices_unlimited);
	free(creation->rootfs_path);
	free(creation->config_text);
	free(creation->bundle);
}

int container_create(const struct container_context *context,
		     const struct container_create_options *options, struct error *err)
{
	struct creation creation;
	creation_begin(&creation, context, options, creation_kind_create);
	int result = creation_hold_signals(&creation, err);
	if (result == 0)
		result = creation_run(&creation, err);
	if (result == 0 && attend_interrupted(creation.interrupts, err)) {
		creation_undo(&creation);
		result = -1;
	}
	creation.kept_to_the_end = result == 0;
	creation_done(&creation);
	return result;
}

int container_plan(const struct container_context *context,
		   const struct container_create_options *options, struct text *plan,
		   struct error *err)
{
	struct creation creation;
	creation_begin(&creation, context, options, creation_kind_foreground);
	int result = 0;
	for (size_t i = 0; i < PLANNED_STAGES && result == 0; i++)
		result = stages[i].run(&creation, err);
	if (result == 0)
		result = creation_compile(&creation, err);
	if (result == 0)
		result = creation_fill_init(&creation, -1, err);
	if (result == 0) {
		creation_describe(&creation, plan);
		text_add(plan, "stages of the runtime\n");
		for (size_t i = 0; i < array_size(stages); i++)
			text_printf(plan, "  %s\n", stages[i].what);
		text_add(plan, "steps of the new process\n");
		init_describe(&creation.init, container_init_steps, "  ", plan);
	}
	creation_done(&creation);
	return result;
}
