// SPDX-License-Identifier: Apache-2.0
// The floor: the least time that starting one OCI container can take on Linux (x86-64).
//
// By hard-coded system calls it does everything that the default configuration asks for (7 mounts, 6 devices and 6 symbolic links,
// masked and read-only paths, read-only root, host name, lo, a cgroup with a device program, session keyring, limits,
// capabilities, no_new_privs, an engine's default seccomp filter for 3 ABIs), then runs the command, waits, and removes the cgroup.
// It reads no configuration, keeps no state, recovers from nothing and trusts the paths in the root: it is not a runtime.
//
//   floor [OPTION...] ROOTFS CMD [ARG...]     as root; /sys/fs/cgroup is a cgroup2 mount
//   -t       microseconds of each phase, to stderr    -n       no new network namespace
//   -h       no new cgroup namespace: the host's cgroup2 is bound in (a new mount of it from the first
//            cgroup namespace waits for an RCU grace period: milliseconds)      -H       that wait, to show it
//   -P       make the network namespace in a helper at the same time (saves time, not work)
//   -B PATH  take the device program from this pin in bpffs (made on first use)
//   -S FILE  the child first executes a sealed copy of FILE (give floor itself): defence of the host's binary by a second exec
//   -M       the same defence without exec: own pages copied, /proc/self/exe pointed at an empty sealed file
//   -1       seccomp for x86-64 only     -c  no seccomp     -d  no device program
//   -k       do not wait: print PID,CGROUP and leave the container
//   -F       a copy of this process as the child instead of CLONE_VM|CLONE_VFORK
//   -W FIFO  create: init waits on FIFO (made here) before exec; prints PID,CGROUP    -R FIFO  start: releases it
//   -D ID    delete: cgroup.kill, wait, rmdir (ID as printed)    -X ID  exec: CMD inside that container (ROOTFS: .)
//
// Why it is fast: one clone3 makes every namespace and joins the cgroup (a write to cgroup.procs waits for RCU); CLONE_VM|CLONE_VFORK
// (no page tables copied, no handshake); mount(2) where no fd is needed; no detached mount is ever closed, one umount only; bind
// mounts for masks; mknod with umask 0; a short device program; seccomp as a balanced tree.
#include "tests/bench/raw.h"

#include "tests/bench/floor_filter.h"

#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/elf.h>
#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/if.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>

#define MNT_DETACH 2
#define S_IFCHR 0020000
#define S_IFIFO 0010000
#define NO_SUID_DEV_EXEC (MS_NOSUID | MS_NODEV | MS_NOEXEC)
#define DEVICE(major, minor) ((major) << 8 | (minor))
enum {
	LAST_CAPABILITY = 40,
	CAP_KILL_ = 5,
	CAP_NET_BIND_SERVICE_ = 10,
	CAP_AUDIT_WRITE_ = 29,
	SIGCHLD_ = 17
};

static struct options {
	int net, cgroup_ns, fresh_cgroup, swap_exe, parallel_net, seccomp, devices, keep, fork;
	int stage_fd, fifo_fd, join_pid, join_fd;
	const char *root, *pin, *stage, *fifo;
	char **argv, **envp;
} o = {.net = 1, .cgroup_ns = 1, .devices = 1, .seccomp = 3, .stage_fd = -1, .fifo_fd = -1};

static char cgroup_path[128];
static volatile int net_ready, net_done;
static int net_pidfd = -1;
static char child_stack[16384] __attribute__((aligned(16))),
	helper_stack[8192] __attribute__((aligned(16)));

static long must(long r, const char *what)
{
	char number[24];
	if (r >= 0)
		return r;
	raw_say("floor: ");
	raw_say(what);
	raw_say(": errno ");
	raw_put_number(number, (unsigned long)-r);
	raw_say(number);
	raw_say("\n");
	RAW(exit_group, 111);
	return r;
}

// ---- phases -------------------------------------------------------------------------------------------------
// shared with the child through CLONE_VM; with -F the child's are lost

static int timing;
static volatile int n_marks;
static struct {
	const char *name;
	uint64_t time;
} marks[64];

static void mark(const char *name)
{
	if (timing && n_marks < 64) {
		marks[n_marks].name = name;
		marks[n_marks].time = raw_now_ns();
		n_marks++;
	}
}

static void print_marks(void)
{
	char line[128], *end;
	for (int i = 1; timing && i < n_marks; i++) {
		uint64_t ns = marks[i].time - marks[i - 1].time;
		end = raw_put_number(line, ns / 1000);
		end = raw_put_number(raw_put(end, "."), ns / 100 % 10);
		raw_put(raw_put(raw_put(end, "\t"), marks[i].name), "\n");
		raw_say(line);
	}
}

// ---- devices ------------------------------------------------------------------------------------------------

#define INS(op, d, s, o, i)                                                                        \
	{                                                                                          \
		.code = (op), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)               \
	}
#define ALLOW_KEY(distance, major, minor)                                                          \
	INS(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, distance, (major) << 20 | (minor))
// The rules that every OCI runtime adds: mknod of anything; use of null zero full random urandom tty console pts/* ptmx tun; nothing
// else. One comparison a device on (major << 20 | minor), one shared exit.
static const struct bpf_insn device_program[] = {
	INS(BPF_LDX | BPF_W | BPF_MEM, 2, 1, 0, 0),                     // r2 = access << 16 | type
	INS(BPF_LDX | BPF_W | BPF_MEM, 4, 1, 4, 0),                     // r4 = major
	INS(BPF_LDX | BPF_W | BPF_MEM, 5, 1, 8, 0),                     // r5 = minor
	INS(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1),                   // r0 = allow
	INS(BPF_ALU64 | BPF_MOV | BPF_X, 3, 2, 0, 0),                   //
	INS(BPF_ALU64 | BPF_RSH | BPF_K, 3, 0, 0, 16),                  // r3 = access
	INS(BPF_JMP | BPF_JEQ | BPF_K, 3, 0, 15, BPF_DEVCG_ACC_MKNOD),  // to the exit
	INS(BPF_ALU64 | BPF_AND | BPF_K, 2, 0, 0, 0xffff),              //
	INS(BPF_JMP | BPF_JNE | BPF_K, 2, 0, 12, BPF_DEVCG_DEV_CHAR),   // to "deny"
	INS(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 12, 136),                  // pts/*
	INS(BPF_ALU64 | BPF_LSH | BPF_K, 4, 0, 0, 20),                  //
	INS(BPF_ALU64 | BPF_OR | BPF_X, 4, 5, 0, 0),                    // r4 = key
	ALLOW_KEY(9, 1, 3),                                             // null
	ALLOW_KEY(8, 1, 5),                                             // zero
	ALLOW_KEY(7, 1, 7),                                             // full
	ALLOW_KEY(6, 1, 8),                                             // random
	ALLOW_KEY(5, 1, 9),                                             // urandom
	ALLOW_KEY(4, 5, 0),                                             // tty
	ALLOW_KEY(3, 5, 1),                                             // console
	ALLOW_KEY(2, 5, 2),                                             // ptmx
	ALLOW_KEY(1, 10, 200),                                          // tun
	INS(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0),                   // deny
	INS(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
};

static long bpf(int command, union bpf_attr *a)
{
	return RAW(bpf, command, a, sizeof(*a));
}

static int load_device_program(void)
{
	union bpf_attr a;
	long fd;
	if (o.pin) {
		memset(&a, 0, sizeof(a));
		a.pathname = (uintptr_t)o.pin;
		if ((fd = bpf(BPF_OBJ_GET, &a)) >= 0)
			return (int)fd;
	}
	memset(&a, 0, sizeof(a));
	a.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	a.insn_cnt = sizeof(device_program) / sizeof(*device_program);
	a.insns = (uintptr_t)device_program;
	a.license = (uintptr_t) "GPL";
	fd = must(bpf(BPF_PROG_LOAD, &a), "load the device program");
	if (o.pin) {
		memset(&a, 0, sizeof(a));
		a.pathname = (uintptr_t)o.pin;
		a.bpf_fd = (uint32_t)fd;
		bpf(BPF_OBJ_PIN, &a);
	}
	return (int)fd;
}

static void attach_device_program(int cgroup)
{
	union bpf_attr a;
	int program = load_device_program();
	mark("device program load/get");
	memset(&a, 0, sizeof(a));
	a.target_fd = (uint32_t)cgroup;
	a.attach_bpf_fd = (uint32_t)program;
	a.attach_type = BPF_CGROUP_DEVICE;
	a.attach_flags = BPF_F_ALLOW_MULTI;
	must(bpf(BPF_PROG_ATTACH, &a), "attach the device program");
	RAW(close, program);
	mark("device program attach");
}

static void make_devices(void)
{
	static const struct {
		const char *path;
		int device;
	} nodes[] = {
		{"dev/null", DEVICE(1, 3)},    {"dev/zero", DEVICE(1, 5)},
		{"dev/full", DEVICE(1, 7)},    {"dev/random", DEVICE(1, 8)},
		{"dev/urandom", DEVICE(1, 9)}, {"dev/tty", DEVICE(5, 0)},
	};
	static const struct {
		const char *to, *path;
	} links[] = {
		{"/proc/self/fd", "dev/fd"},       {"/proc/self/fd/0", "dev/stdin"},
		{"/proc/self/fd/1", "dev/stdout"}, {"/proc/self/fd/2", "dev/stderr"},
		{"/proc/kcore", "dev/core"},       {"pts/ptmx", "dev/ptmx"},
	};
	for (size_t i = 0; i < sizeof(nodes) / sizeof(*nodes); i++)
		must(RAW(mknod, nodes[i].path, S_IFCHR | 0666, nodes[i].device), nodes[i].path);
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		RAW(symlink, links[i].to, links[i].path);
	mark("devices, symlinks");
}

// ---- mounts -------------------------------------------------------------------------------------------------

static void mount(const char *from, const char *to, const char *type, unsigned flags,
		  const char *data)
{
	must(RAW(mount, from, to, type, flags, data), to);
}

static void mask(const char *path, const char *with)
{
	long r = RAW(mount, with, path, 0, MS_BIND, 0);
	if (r != -2)  // what does not exist needs no mask
		must(r, path);
}

static void make_readonly(const char *path)
{
	long r = RAW(mount, path, path, 0, MS_BIND | MS_REC, 0);
	if (r == -2)
		return;
	must(r, path);
	mount(0, path, 0, MS_BIND | MS_REMOUNT | MS_RDONLY, 0);
}

static void mount_sys(void)
{
	if (o.net || o.parallel_net) {
		mount("sysfs", "sys", "sysfs", NO_SUID_DEV_EXEC | MS_RDONLY, 0);
	} else {
		mount("/sys", "sys", 0, MS_BIND, 0);
		mount(0, "sys", 0, MS_BIND | MS_REMOUNT | MS_RDONLY | NO_SUID_DEV_EXEC, 0);
	}
	mark("mount sysfs");
	if (o.cgroup_ns || o.fresh_cgroup) {
		mount("cgroup2", "sys/fs/cgroup", "cgroup2",
		      NO_SUID_DEV_EXEC | MS_RELATIME | (o.fresh_cgroup ? 0 : MS_RDONLY), 0);
	} else {
		mount("/sys/fs/cgroup", "sys/fs/cgroup", 0, MS_BIND, 0);
		mount(0, "sys/fs/cgroup", 0,
		      MS_BIND | MS_REMOUNT | MS_RDONLY | NO_SUID_DEV_EXEC | MS_RELATIME, 0);
	}
	mark("mount cgroup");
}

static void mount_dev(void)
{
	mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
	RAW(mkdir, "dev/pts", 0755);
	RAW(mkdir, "dev/shm", 0755);
	RAW(mkdir, "dev/mqueue", 0755);
	mark("mount dev, mkdir");
	mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
	      "newinstance,ptmxmode=0666,mode=0620,gid=5");
	mount("shm", "dev/shm", "tmpfs", NO_SUID_DEV_EXEC, "mode=1777,size=65536k");
	mount("mqueue", "dev/mqueue", "mqueue", NO_SUID_DEV_EXEC, 0);
	mark("pts, shm, mqueue");
}

// directories get one empty read-only directory, files /dev/null
static void hide_paths(void)
{
	static const char *const directories[] = {"proc/asound", "proc/scsi", "sys/firmware",
						  "sys/devices/virtual/powercap"};
	static const char *const files[] = {
		"proc/interrupts", "proc/kcore",       "proc/keys",       "proc/latency_stats",
		"proc/timer_list", "proc/timer_stats", "proc/sched_debug"};
	static const char *const readonly[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys",
					       "proc/sysrq-trigger"};
	long r = RAW(mount, "tmpfs", "proc/acpi", "tmpfs", MS_RDONLY, "size=0k,nr_inodes=1");
	for (size_t i = 0; r == 0 && i < sizeof(directories) / sizeof(*directories); i++)
		mask(directories[i], "proc/acpi");
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		mask(files[i], "dev/null");
	mark("masked");
	for (size_t i = 0; i < sizeof(readonly) / sizeof(*readonly); i++)
		make_readonly(readonly[i]);
	mark("readonly");
}

// ---- the process --------------------------------------------------------------------------------------------

static void bring_lo_up(void)
{
	struct ifreq r;
	long s = must(RAW(socket, 2, 2 | O_CLOEXEC, 0), "socket");
	memset(&r, 0, sizeof(r));
	memcpy(r.ifr_name, "lo", 3);
	r.ifr_flags = IFF_UP | IFF_RUNNING;
	must(RAW(ioctl, s, SIOCSIFFLAGS, &r), "lo up");
	RAW(close, s);
}

static void drop_bounding(void)
{
	for (int c = 0; c <= LAST_CAPABILITY; c++)
		if (c != CAP_KILL_ && c != CAP_NET_BIND_SERVICE_ && c != CAP_AUDIT_WRITE_)
			RAW(prctl, PR_CAPBSET_DROP, c, 0, 0, 0);
	mark("rlimit, bounding set");
}

static void set_identity(void)
{
	static const uint64_t limit[2] = {1024, 1024};
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	uint32_t mask = 1u << CAP_KILL_ | 1u << CAP_NET_BIND_SERVICE_ | 1u << CAP_AUDIT_WRITE_;
	struct __user_cap_data_struct data[2] = {{mask, mask, 0}, {0, 0, 0}};
	RAW(prlimit64, 0, 7 /* RLIMIT_NOFILE */, limit, 0);
	RAW(umask, 022);
	RAW(setgroups, 0, 0);
	if (!o.parallel_net)
		drop_bounding();
	RAW(prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0);
	RAW(setresgid, 0, 0, 0);
	RAW(setresuid, 0, 0, 0);
	must(RAW(capset, &header, data), "capset");
	RAW(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	RAW(close_range, 3, ~0u, 4 /* CLOSE_RANGE_CLOEXEC */);
	RAW(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	mark("ids, capset, nnp");
}

static void load_filter(void)
{
	struct sock_fprog p = {sizeof(filter_all) / sizeof(*filter_all), 0};
	const struct sock_filter *filter = filter_all;
	if (o.seccomp == 1) {
		p.len = sizeof(filter_native) / sizeof(*filter_native);
		filter = filter_native;
	}
	memcpy(&p.filter, &filter, sizeof(filter));  // the kernel only reads it
	must(RAW(seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &p), "seccomp");
	mark("seccomp");
}

// the last steps of `run`, `create` and `exec`
static void become_command(void)
{
	static const char *const environment[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm",
		0};
	set_identity();
	if (o.fifo_fd >= 0) {  // `create`: wait for `start`
		char path[40];
		raw_put_number(raw_put(path, "/proc/self/fd/"), (unsigned long)o.fifo_fd);
		must(RAW(open, path, O_WRONLY | O_CLOEXEC, 0), "open the fifo");
	}
	if (o.seccomp)
		load_filter();
	must(RAW(execve, o.argv[0], o.argv, environment), o.argv[0]);
	__builtin_unreachable();
}

static void join_parallel_net(void)
{
	drop_bounding();
	while (!net_ready)
		RAW(futex, &net_ready, FUTEX_WAIT, 0, 0);
	must(RAW(setns, net_pidfd, CLONE_NEWNET), "setns net");
	net_done = 1;
	RAW(futex, &net_done, FUTEX_WAKE, 1);
	mark("join netns");
	mount_sys();
	mask("sys/firmware", "proc/acpi");
	mask("sys/devices/virtual/powercap", "proc/acpi");
	mark("mask in /sys");
}

// runs in the new namespaces
static void container_init(void)
{
	mark("child runs");
	if (o.stage_fd >= 0)  // leave the host's binary before anything of the container runs
		must(RAW(execveat, o.stage_fd, "", o.argv, o.envp, AT_EMPTY_PATH),
		     "execute the stage");
	RAW(keyctl, KEYCTL_JOIN_SESSION_KEYRING, "floor");
	RAW(setsid);
	RAW(sethostname, "floor", 6);
	mount(0, "/", 0, MS_REC | MS_PRIVATE, 0);
	mount(o.root, o.root, 0, MS_BIND | MS_REC, 0);
	must(RAW(chdir, o.root), "chdir to the root");
	mark("private, bind root");
	RAW(umask, 0);
	mount("proc", "proc", "proc", NO_SUID_DEV_EXEC, 0);
	mark("mount proc");
	mount_dev();
	make_devices();
	if (!o.parallel_net) {
		if (o.net) {
			bring_lo_up();
			mark("lo up");
		}
		mount_sys();
	}
	hide_paths();
	mount(0, ".", 0, MS_BIND | MS_REMOUNT | MS_RDONLY, 0);
	must(RAW(pivot_root, ".", "."), "pivot_root");
	mark("ro root, pivot_root");
	must(RAW(umount2, ".", MNT_DETACH), "umount the old root");
	must(RAW(chdir, "/"), "chdir /");
	mark("umount old root");
	if (o.parallel_net)  // as late as can be
		join_parallel_net();
	become_command();
}

// `exec`: the parent has entered the pid namespace already (it holds for its children)
static void exec_init(void)
{
	mark("child runs");
	must(RAW(setns, o.join_fd,
		 CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP),
	     "setns");
	mark("setns x5");
	RAW(setsid);
	become_command();
}

// -P: shares memory with the parent and the container's init
static void net_helper(void)
{
	must(RAW(unshare, CLONE_NEWNET), "unshare net");
	bring_lo_up();
	net_ready = 1;
	RAW(futex, &net_ready, FUTEX_WAKE, 1);
	while (!net_done)
		RAW(futex, &net_done, FUTEX_WAIT, 0, 0);
	RAW(exit, 0);
}

// ---- defence of the host's binary ---------------------------------------------------------------------------

extern const char __ehdr_start[];

// One loaded segment is replaced by an anonymous copy of itself.
static void copy_segment(unsigned long start, unsigned long length, int protection)
{
	long copy = must(RAW(mmap, 0, length, 3, 0x8022 /* private, anonymous, populate */, -1, 0),
			 "mmap");
	memcpy((void *)copy, (const void *)start, length);
	if (protection != 3)
		must(RAW(mprotect, copy, length, protection), "mprotect");
	must(RAW(mremap, copy, length, length, 3 /* may move, fixed */, start), "mremap");
}

// After this no mapping of the host's binary is left and /proc/PID/exe is an empty, sealed, unlinked file.
static void swap_exe(char **argv)
{
	const Elf64_Ehdr *header = (const void *)__ehdr_start;
	const Elf64_Phdr *segment = (const void *)(__ehdr_start + header->e_phoff);
	struct prctl_mm_map map;
	memset(&map, 0, sizeof(map));
	for (int i = 0; i < header->e_phnum; i++, segment++) {
		if (segment->p_type != PT_LOAD || !segment->p_filesz)
			continue;
		unsigned long start = segment->p_vaddr & ~4095ul;
		unsigned long end = (segment->p_vaddr + segment->p_filesz + 4095) & ~4095ul;
		unsigned flags = segment->p_flags;
		copy_segment(start, end - start,
			     (flags & PF_R ? 1 : 0) | (flags & PF_W ? 2 : 0) |
				     (flags & PF_X ? 4 : 0));
		if (flags & PF_X)
			map.start_code = start, map.end_code = end;
		if (flags & PF_W || !map.start_data)
			map.start_data = start, map.end_data = end;
	}
	map.start_brk = map.brk = (__u64)RAW(brk, 0);
	map.start_stack = (uintptr_t)&map;
	map.arg_start = map.arg_end = map.env_start = map.env_end = (uintptr_t)argv[0];
	map.exe_fd = (uint32_t)must(
		RAW(memfd_create, "exe", 1 | 2 | 0x10 /* close on exec, sealable, executable */),
		"memfd_create");
	RAW(fcntl, map.exe_fd, 1033 /* F_ADD_SEALS */, 0xf);
	must(RAW(prctl, PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0), "PR_SET_MM_MAP");
	RAW(close, map.exe_fd);
	mark("exe swap");
}

// a sealed copy of the stage's binary; it gets our arguments and argv[0] = "stage"
static void prepare_stage(char **argv)
{
	static char bytes[65536];
	static char name[] = "stage";
	long f = must(RAW(open, o.stage, O_RDONLY | O_CLOEXEC, 0), "open the stage");
	long n = must(RAW(read, f, bytes, sizeof(bytes)), "read the stage");
	o.stage_fd = (int)must(RAW(memfd_create, "stage", 1 | 2 | 0x10), "memfd_create");
	must(RAW(write, o.stage_fd, bytes, n), "write the stage");
	RAW(fcntl, o.stage_fd, 1033, 0xf);
	RAW(close, f);
	o.argv = argv;
	argv[0] = name;
	mark("stage memfd");
}

// ---- commands -----------------------------------------------------------------------------------------------

// cgroup_path becomes /sys/fs/cgroup/floor-NAME and FILE
static void set_cgroup_path(const char *name, const char *file)
{
	char *end = raw_put(cgroup_path, "/sys/fs/cgroup/floor-");
	if (raw_length(name) + raw_length(file) < sizeof(cgroup_path) - 32)
		raw_put(raw_put(end, name), file);
}

static const char *behind_comma(const char *s)
{
	while (*s && *s != ',')
		s++;
	return *s ? s + 1 : s;
}

static int start(const char *fifo)
{
	RAW(close, must(RAW(open, fifo, O_RDONLY | O_CLOEXEC, 0), "open the fifo"));
	return RAW(unlink, fifo) < 0;
}

static int delete (const char *id)
{
	struct {
		int fd;
		short events, happened;
	} wait = {(int)RAW(pidfd_open, raw_number(id), 0), 1, 0};
	set_cgroup_path(behind_comma(id), "/cgroup.kill");
	long fd = must(RAW(open, cgroup_path, O_WRONLY | O_CLOEXEC, 0), "open cgroup.kill");
	must(RAW(write, fd, "1", 1), "cgroup.kill");
	RAW(close, fd);
	if (wait.fd >= 0)
		RAW(poll, &wait, 1, 5000);
	set_cgroup_path(behind_comma(id), "");
	for (int i = 0; i < 1000 && RAW(rmdir, cgroup_path) < 0; i++) {
		uint64_t t[2] = {0, 100000};
		RAW(nanosleep, t, 0);
	}
	return 0;
}

static long clone_child(uint64_t flags, int cgroup, void (*function)(void))
{
	struct clone_args a;
	memset(&a, 0, sizeof(a));
	a.flags = flags | CLONE_INTO_CGROUP;
	a.cgroup = (__u64)cgroup;
	a.exit_signal = SIGCHLD_;
	if (!o.fork) {
		a.flags |= CLONE_VM | (o.fifo ? 0 : CLONE_VFORK);
		a.stack = (uintptr_t)child_stack;
		a.stack_size = sizeof(child_stack);
		return must(raw_clone(&a, function), "clone3");
	}
	long pid = must(RAW(clone3, &a, sizeof(a)), "clone3");
	if (pid == 0)
		function();
	return pid;
}

static void clone_net_helper(void)
{
	struct clone_args a;
	memset(&a, 0, sizeof(a));
	a.flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_PIDFD;
	a.pidfd = (uintptr_t)&net_pidfd;
	a.stack = (uintptr_t)helper_stack;
	a.stack_size = sizeof(helper_stack);
	must(raw_clone(&a, net_helper), "clone the helper");
	mark("clone helper");
}

static int wait_status(long pid)
{
	int status = 0;
	RAW(wait4, pid, &status, 0, 0);
	return status & 127 ? 128 + (status & 127) : status >> 8 & 255;
}

static int exec(const char *join_cgroup)
{
	o.join_fd = (int)must(RAW(pidfd_open, o.join_pid, 0), "pidfd_open");
	set_cgroup_path(join_cgroup, "");
	long cgroup = must(RAW(open, cgroup_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0),
			   "open the cgroup");
	must(RAW(setns, o.join_fd, CLONE_NEWPID), "setns pid");
	mark("pidfd, cgroup, setns pid");
	long pid = clone_child(0, (int)cgroup, exec_init);
	mark("exec done (parent resumes)");
	int status = wait_status(pid);
	mark("process exited");
	return status;
}

static void print_id(long pid, long cgroup)
{
	char line[64], *end = raw_put_number(line, (unsigned long)pid);
	end = raw_put(raw_put_number(raw_put(end, ","), (unsigned long)cgroup), "\n");
	RAW(write, 1, line, end - line);
}

static int create_or_run(void)
{
	char name[24];
	long self = RAW(getpid);
	if (o.parallel_net)
		clone_net_helper();
	if (o.fifo) {
		RAW(mknod, o.fifo, S_IFIFO | 0600, 0);
		o.fifo_fd = (int)must(RAW(open, o.fifo, O_PATH | O_CLOEXEC, 0), "open the fifo");
	}
	raw_put_number(name, (unsigned long)self);
	set_cgroup_path(name, "");
	must(RAW(mkdir, cgroup_path, 0755), "mkdir the cgroup");
	long cgroup = must(RAW(open, cgroup_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0),
			   "open the cgroup");
	mark("cgroup mkdir+open");
	if (o.devices)
		attach_device_program((int)cgroup);
	uint64_t flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
	flags |= (o.cgroup_ns ? CLONE_NEWCGROUP : 0) | (o.net ? CLONE_NEWNET : 0);
	long pid = clone_child(flags, (int)cgroup, container_init);
	mark("exec done (parent resumes)");
	if (o.keep || o.fifo) {
		print_id(pid, self);
		return 0;
	}
	int status = wait_status(pid);
	mark("container exited");
	RAW(close, cgroup);
	if (RAW(rmdir, cgroup_path) < 0)
		raw_say("floor: rmdir of the cgroup failed\n");
	mark("cgroup rmdir");
	return status;
}

static int usage(void)
{
	raw_say("usage: floor [-t -n -h -H -P -M -1 -c -d -k -F] [-B PIN] [-S STAGE] [-W FIFO] [-X "
		"ID] ROOTFS CMD [ARG...]\n"
		"       floor -R FIFO | floor -D ID\n");
	return 2;
}

static int run(int argc, char **argv, char **envp)
{
	const char *join_cgroup = "";
	int i = 1;
	for (; i < argc && argv[i][0] == '-'; i++) {
		char option = argv[i][1];
		const char *value = "";
		for (const char *p = "BSWXRD"; *p; p++)
			if (*p == option && (i + 1 >= argc || !(value = argv[++i])))
				return usage();
		switch (option) {
		case 't':
			timing = 1;
			break;
		case 'n':
			o.net = 0;
			break;
		case 'h':
			o.cgroup_ns = 0;
			break;
		case 'H':
			o.cgroup_ns = 0, o.fresh_cgroup = 1;
			break;
		case 'P':
			o.parallel_net = 1, o.net = 0;
			break;
		case '1':
			o.seccomp = 1;
			break;
		case 'c':
			o.seccomp = 0;
			break;
		case 'd':
			o.devices = 0;
			break;
		case 'k':
			o.keep = 1;
			break;
		case 'F':
			o.fork = 1;
			break;
		case 'M':
			o.swap_exe = 1;
			break;
		case 'B':
			o.pin = value;
			break;
		case 'S':
			o.stage = value;
			break;
		case 'W':
			o.fifo = value;
			break;
		case 'X':
			o.join_pid = (int)raw_number(value), join_cgroup = behind_comma(value);
			break;
		case 'R':
			return start(value);
		case 'D':
			return delete (value);
		default:
			return usage();
		}
	}
	if (argc - i < 2)
		return usage();
	o.root = argv[i];
	o.argv = argv + i + 1;
	o.envp = envp;
	if (raw_equal(argv[0], "stage")) {
		o.parallel_net = 0;
		container_init();
	}
	mark("start");
	if (o.swap_exe)
		swap_exe(argv);
	if (o.stage)
		prepare_stage(argv);
	int status = o.join_pid ? exec(join_cgroup) : create_or_run();
	print_marks();
	return status;
}
RAW_START
