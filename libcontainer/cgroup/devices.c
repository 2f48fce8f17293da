// SPDX-License-Identifier: Apache-2.0
// Putting device rules in force: load the program, attach it to the cgroup. Programs are attached with
// BPF_F_ALLOW_MULTI, so that all of those along the tree must agree. On a cgroup that was just made
// nothing else can be attached, so nothing is asked; otherwise our own former program, known by its
// name, is replaced, and those of others are left alone.
//
// In a user namespace the kernel refuses bpf(2) to everybody but the host's administrator. There a process can
// make no device nodes and open none on file systems of its own, so the usual list (deny everything, then
// allow some wholly) gives nothing that the namespace does not take already, but for nodes that the configuration mounts and
// that the user could open anyway. That EPERM is tolerated, with a warning. A rule that takes a particular device or a
// part of the access away is a wish of its own: then it is an error.
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/cgroup/device_filter.h"
#include "libcontainer/kernel/syscalls.h"

#define PROGRAM_NAME "husk_devices"
#define LOG_BYTES 16384
// More programs on one cgroup than the kernel allows.
#define ATTACHED_MAX 64

// NOLINTNEXTLINE(readability-non-const-parameter): the kernel writes to the log
static int load(const struct cgroup_device_program *program, char *log, size_t log_size)
{
	union bpf_attr attr;
	memset(&attr, 0, sizeof attr);
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uintptr_t)program->items;
	attr.insn_cnt = (uint32_t)program->count;
	attr.license = (uintptr_t) "Apache-2.0";
	strcpy(attr.prog_name, PROGRAM_NAME);
	if (log) {
		attr.log_buf = (uintptr_t)log;
		attr.log_size = (uint32_t)log_size;
		attr.log_level = 1;
	}
	return sys_bpf(BPF_PROG_LOAD, &attr, sizeof attr);
}

// The verifier's last words; its statistics behind them are cut off.
static const char *last_words(char *log)
{
	char *statistics = strstr(log, "\nprocessed ");
	if (statistics)
		*statistics = '\0';
	size_t length = strlen(log);
	while (length > 0 && log[length - 1] == '\n')
		log[--length] = '\0';
	const char *line = strrchr(log, '\n');
	return line ? line + 1 : log;
}

// The program is loaded once more, this time asking for the verifier's reason.
static int explain_load(const struct cgroup_device_program *program, struct error *err)
{
	int code = errno;
	auto_free char *log = NULL;
	// only for these two is it the verifier who said no
	if ((code == EINVAL || code == EACCES) && (log = calloc(1, LOG_BYTES)))
		memory_close(load(program, log, LOG_BYTES - 1));
	const char *words = log ? last_words(log) : "";
	const char *mend =
		code == EINVAL && !*words ? ": this kernel may lack CONFIG_CGROUP_BPF" : "";
	return error_set(err, code, "linux.resources.devices: load the device program: %s%s%s%s",
			 error_text(code), *words ? ": " : "", words, mend);
}

static int attach(int cgroup_fd, int program_fd, int replace_fd)
{
	union bpf_attr attr;
	memset(&attr, 0, sizeof attr);
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)program_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (replace_fd >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)replace_fd;
	}
	return sys_bpf(BPF_PROG_ATTACH, &attr, sizeof attr);
}

static int detach(int cgroup_fd, int program_fd)
{
	union bpf_attr attr;
	memset(&attr, 0, sizeof attr);
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)program_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	return sys_bpf(BPF_PROG_DETACH, &attr, sizeof attr);
}

static bool is_ours(int program_fd)
{
	struct bpf_prog_info info;
	memset(&info, 0, sizeof info);
	union bpf_attr attr;
	memset(&attr, 0, sizeof attr);
	attr.info.bpf_fd = (uint32_t)program_fd;
	attr.info.info = (uintptr_t)&info;
	attr.info.info_len = sizeof info;
	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof attr) == 0 &&
	       strncmp(info.name, PROGRAM_NAME, sizeof info.name) == 0;
}

// The program that an earlier call attached to this cgroup: a descriptor, -1 for none.
static int find_former(int cgroup_fd)
{
	uint32_t ids[ATTACHED_MAX] = {0};
	union bpf_attr attr;
	memset(&attr, 0, sizeof attr);
	attr.query.target_fd = (uint32_t)cgroup_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = ATTACHED_MAX;
	if (sys_bpf(BPF_PROG_QUERY, &attr, sizeof attr) < 0)
		return -1;
	uint32_t count = attr.query.prog_cnt;
	for (uint32_t i = 0; i < count && i < ATTACHED_MAX; i++) {
		memset(&attr, 0, sizeof attr);
		attr.prog_id = ids[i];
		auto_close int fd = sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr, sizeof attr);
		if (fd >= 0 && is_ours(fd))
			return take_fd(&fd);
	}
	return -1;
}

static bool allows_everything(const struct cgroup_device_rules *rules)
{
	return rules->allow && rules->count == 0;
}

static int put_in_force(struct cgroup *cgroup, const struct cgroup_device_rules *rules,
			struct error *err)
{
	auto_close int former = cgroup->made_from ? -1 : find_former(cgroup->fd);
	if (allows_everything(rules)) {
		if (former >= 0 && detach(cgroup->fd, former) < 0)
			return error_errno(err, "linux.resources.devices: detach the former device "
						"program");
		return 0;
	}
	struct cgroup_device_program program;
	if (cgroup_device_filter_compile(rules, &program, err) < 0)
		return -1;
	auto_close int fd = load(&program, NULL, 0);
	int result = fd < 0 ? explain_load(&program, err) : 0;
	cgroup_device_program_done(&program);
	if (result < 0)
		return -1;
	if (attach(cgroup->fd, fd, former) < 0)
		return error_errno(
			err, "linux.resources.devices: attach the device program to cgroup %s",
			cgroup->path);
	return 0;
}

enum cgroup_devices_need cgroup_devices_need(const struct spec_resources *resources)
{
	struct cgroup_device_rules rules;
	enum cgroup_devices_need need = cgroup_devices_need_no_mknod;
	if (!resources->devices_set)
		return cgroup_devices_need_none;
	if (cgroup_device_rules_collect(resources, NULL, 0, &rules, NULL) < 0)
		return cgroup_devices_need_cgroup;
	if (allows_everything(&rules))
		need = cgroup_devices_need_none;
	else if (rules.allow)
		need = cgroup_devices_need_cgroup;
	for (size_t i = 0; i < rules.count; i++) {
		const struct cgroup_device_rule *rule = &rules.items[i];
		bool readable = rule->access & CGROUP_DEVICE_READ;
		bool writable = rule->access & CGROUP_DEVICE_WRITE;
		if (!rule->allow || readable != writable)
			need = cgroup_devices_need_cgroup;
	}
	cgroup_device_rules_done(&rules);
	return need;
}

bool cgroup_devices_loadable(const struct spec_resources *resources)
{
	struct cgroup_device_rules rules;
	struct cgroup_device_program program;
	if (cgroup_device_rules_collect(resources, NULL, 0, &rules, NULL) < 0)
		return false;
	int result = cgroup_device_filter_compile(&rules, &program, NULL);
	cgroup_device_rules_done(&rules);
	if (result < 0)
		return false;
	auto_close int fd = load(&program, NULL, 0);
	cgroup_device_program_done(&program);
	return fd >= 0;
}

int cgroup_set_devices(struct cgroup *cgroup, const struct spec_resources *resources,
		       const struct spec_device *extra, size_t extra_count, bool in_user_namespace,
		       const struct log *log, struct error *err)
{
	struct cgroup_device_rules rules;
	struct error own;
	if (!err)
		err = &own;  // its code decides below
	int result = cgroup_device_rules_collect(resources, extra, extra_count, &rules, err);
	if (result == 0)
		result = put_in_force(cgroup, &rules, err);
	cgroup_device_rules_done(&rules);
	if (result < 0 && in_user_namespace && (err->code == EPERM || err->code == EACCES) &&
	    cgroup_devices_need(resources) != cgroup_devices_need_cgroup) {
		log_warning(log,
			    "linux.resources.devices: not limited by a cgroup: bpf(2) is not "
			    "permitted here: no device can be made in the container, but one that "
			    "it finds there can be used");
		return 0;
	}
	return result;
}
