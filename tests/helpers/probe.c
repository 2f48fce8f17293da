// SPDX-License-Identifier: Apache-2.0
// What a process in a container sees, and what it can do there. Runs inside as the container's program, prints JSON on standard
// output and shares no code with husk: it asks the kernel by itself.
//
//	probe see [SYSCTL...]           one object with everything that can be asked
//	probe try OP ARG... [, OP ...]  an object a line for each operation: {"op","arg","result","errno"}
//
// Operations are in the table at the end. A few never return (sleep, exit) and come last in a sequence.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

// ---- JSON ----------------------------------------------------------------------------------------

static bool first = true;

static void comma(void)
{
	if (!first)
		putchar(',');
	first = false;
}

static void quoted(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void key(const char *name)
{
	comma();
	if (name) {
		quoted(name);
		putchar(':');
	}
}

static void open_bracket(const char *name, char bracket)
{
	key(name);
	putchar(bracket);
	first = true;
}

static void close_bracket(char bracket)
{
	putchar(bracket);
	first = false;
}

static void string(const char *name, const char *value)
{
	key(name);
	quoted(value);
}

static void number(const char *name, int64_t value)
{
	key(name);
	printf("%" PRId64, value);
}

// ---- reading -------------------------------------------------------------------------------------

static char *slurp(const char *path)
{
	static char buffer[1 << 18];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t used = 0;
	if (fd < 0)
		return NULL;
	for (;;) {
		ssize_t n = read(fd, buffer + used, sizeof(buffer) - 1 - used);
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	close(fd);
	buffer[used] = 0;
	while (used && (buffer[used - 1] == '\n' || buffer[used - 1] == 0))
		buffer[--used] = 0;
	return buffer;
}

static void file(const char *name, const char *path)
{
	char *text = slurp(path);
	if (text)
		string(name, text);
}

// The lines of a text as an array.
static void lines(const char *name, char *text)
{
	char *save = NULL;
	open_bracket(name, '[');
	for (char *l = text ? strtok_r(text, "\n", &save) : NULL; l; l = strtok_r(NULL, "\n", &save))
		string(NULL, l);
	close_bracket(']');
}

static void words(const char *name, char *list, const char *separators)
{
	char *save = NULL;
	open_bracket(name, '[');
	for (char *w = strtok_r(list, separators, &save); w; w = strtok_r(NULL, separators, &save))
		string(NULL, w);
	close_bracket(']');
}

// ---- see -----------------------------------------------------------------------------------------

static const char *const capability_names[] = {
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
	"SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
	"IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT",
	"SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD",
	"LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
	"WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
};

static const char *status_field(const char *status, const char *name)
{
	size_t length = strlen(name);
	for (const char *l = status; l; l = strchr(l, '\n') ? strchr(l, '\n') + 1 : NULL)
		if (strncmp(l, name, length) == 0 && l[length] == ':')
			return l + length + 1 + strspn(l + length + 1, " \t");
	return "";
}

static void capability_set(const char *name, const char *status, const char *field)
{
	uint64_t set = strtoull(status_field(status, field), NULL, 16);
	open_bracket(name, '[');
	for (unsigned n = 0; n < 64; n++) {
		char label[40];
		if (!(set >> n & 1))
			continue;
		if (n < sizeof(capability_names) / sizeof(*capability_names))
			snprintf(label, sizeof(label), "CAP_%s", capability_names[n]);
		else
			snprintf(label, sizeof(label), "CAP_%u", n);
		string(NULL, label);
	}
	close_bracket(']');
}

static void see_status(void)
{
	static char status[16384];
	char *text = slurp("/proc/self/status");
	snprintf(status, sizeof(status), "%s", text ? text : "");
	open_bracket("caps", '{');
	capability_set("bounding", status, "CapBnd");
	capability_set("effective", status, "CapEff");
	capability_set("permitted", status, "CapPrm");
	capability_set("inheritable", status, "CapInh");
	capability_set("ambient", status, "CapAmb");
	close_bracket('}');
	number("no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	number("securebits", prctl(PR_GET_SECUREBITS));
	number("seccomp", strtol(status_field(status, "Seccomp"), NULL, 10));
	number("seccomp_filters", strtol(status_field(status, "Seccomp_filters"), NULL, 10));
	open_bracket("signals", '{');
	for (int i = 0; i < 3; i++) {
		static const char *const names[][2] = {
			{"blocked", "SigBlk"}, {"ignored", "SigIgn"}, {"caught", "SigCgt"}};
		char value[17];
		snprintf(value, sizeof(value), "%.16s", status_field(status, names[i][1]));
		string(names[i][0], value);
	}
	close_bracket('}');
}

static void see_identity(void)
{
	uid_t r, e, s;
	gid_t rg, eg, sg, groups[1024];
	int count = getgroups(1024, groups);
	mode_t mask = umask(0);
	umask(mask);
	getresuid(&r, &e, &s);
	getresgid(&rg, &eg, &sg);
	number("pid", getpid());
	number("ppid", getppid());
	number("sid", getsid(0));
	number("pgid", getpgid(0));
	open_bracket("uid", '[');
	number(NULL, r), number(NULL, e), number(NULL, s);
	close_bracket(']');
	open_bracket("gid", '[');
	number(NULL, rg), number(NULL, eg), number(NULL, sg);
	close_bracket(']');
	open_bracket("groups", '[');
	for (int i = 0; i < count; i++)
		number(NULL, groups[i]);
	close_bracket(']');
	char octal[8];
	snprintf(octal, sizeof(octal), "%04o", mask);
	string("umask", octal);
	number("dumpable", prctl(PR_GET_DUMPABLE));
}

static void see_namespaces(void)
{
	DIR *dir = opendir("/proc/self/ns");
	open_bracket("ns", '{');
	for (struct dirent *e; dir && (e = readdir(dir));) {
		char target[256];
		ssize_t n = readlinkat(dirfd(dir), e->d_name, target, sizeof(target) - 1);
		if (n <= 0)
			continue;
		target[n] = 0;
		string(e->d_name, target);
	}
	close_bracket('}');
	if (dir)
		closedir(dir);
}

// "36 35 98:0 /root /point opts optional... - type source super"
static void see_mounts(void)
{
	char *save = NULL, *text = slurp("/proc/self/mountinfo");
	open_bracket("mounts", '[');
	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save)) {
		char *field[64], *inner = NULL;
		int n = 0, dash = 0;
		for (char *w = strtok_r(line, " ", &inner); w && n < 64; w = strtok_r(NULL, " ", &inner)) {
			if (strcmp(w, "-") == 0 && !dash)
				dash = n;
			field[n++] = w;
		}
		if (!dash || n < dash + 4)
			continue;
		open_bracket(NULL, '{');
		number("id", atol(field[0]));
		number("parent", atol(field[1]));
		string("dev", field[2]);
		string("root", field[3]);
		string("point", field[4]);
		words("options", field[5], ",");
		open_bracket("propagation", '[');
		for (int i = 6; i < dash; i++)
			string(NULL, field[i]);
		close_bracket(']');
		string("type", field[dash + 1]);
		string("source", field[dash + 2]);
		words("super", field[dash + 3], ",");
		close_bracket('}');
	}
	close_bracket(']');
}

static void see_limits(void)
{
	static const char *const names[] = {"CPU", "FSIZE", "DATA", "STACK", "CORE", "RSS", "NPROC",
		"NOFILE", "MEMLOCK", "AS", "LOCKS", "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME"};
	open_bracket("rlimits", '{');
	for (int i = 0; i < 16; i++) {
		struct rlimit l;
		if (getrlimit((__rlimit_resource_t)i, &l) < 0)
			continue;
		char text[64];
		snprintf(text, sizeof(text), "%" PRId64 " %" PRId64, (int64_t)l.rlim_cur, (int64_t)l.rlim_max);
		string(names[i], text);
	}
	close_bracket('}');
}

static void see_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	open_bracket("fds", '{');
	for (struct dirent *e; dir && (e = readdir(dir));) {
		char target[PATH_MAX];
		ssize_t n = readlinkat(dirfd(dir), e->d_name, target, sizeof(target) - 1);
		if (n <= 0 || atoi(e->d_name) == dirfd(dir))
			continue;
		target[n] = 0;
		string(e->d_name, target);
	}
	close_bracket('}');
	if (dir)
		closedir(dir);
}

static void link_target(const char *name, const char *path)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return;
	target[n] = 0;
	string(name, target);
}

struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static void see_scheduling(void)
{
	struct attributes a = {.size = sizeof(a)};
	if (syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0) == 0) {
		open_bracket("scheduler", '{');
		number("policy", a.policy);
		number("flags", (int64_t)a.flags);
		number("nice", a.nice);
		number("priority", a.priority);
		number("runtime", (int64_t)a.runtime);
		number("deadline", (int64_t)a.deadline);
		number("period", (int64_t)a.period);
		close_bracket('}');
	}
	long io = syscall(SYS_ioprio_get, 1, 0);
	open_bracket("ioprio", '[');
	number(NULL, io >> 13), number(NULL, io & 0x1fff);
	close_bracket(']');
	cpu_set_t set;
	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	open_bracket("affinity", '[');
	for (unsigned i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set))
			number(NULL, i);
	close_bracket(']');
	int mode = 0;
	unsigned long nodes[16] = {0};
	if (syscall(SYS_get_mempolicy, &mode, nodes, 1024UL, 0UL, 0UL) == 0) {
		open_bracket("mempolicy", '{');
		number("mode", mode);
		number("nodes", (int64_t)nodes[0]);
		close_bracket('}');
	}
	number("personality", personality(0xffffffff));
}

static void see_terminal(void)
{
	open_bracket("tty", '{');
	for (int fd = 0; fd < 3; fd++) {
		char name[2] = {(char)('0' + fd), 0}, path[64];
		struct stat st;
		if (!isatty(fd))
			continue;
		open_bracket(name, '{');
		struct winsize size = {0};
		struct termios t;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		link_target("path", path);
		ioctl(fd, TIOCGWINSZ, &size);
		number("rows", size.ws_row);
		number("columns", size.ws_col);
		if (tcgetattr(fd, &t) == 0)
			number("onlcr", (t.c_oflag & ONLCR) != 0);
		if (fstat(fd, &st) == 0) {
			number("uid", st.st_uid);
			number("major", major(st.st_rdev));
		}
		number("foreground", tcgetpgrp(fd));
		close_bracket('}');
	}
	int ctty = open("/dev/tty", O_RDWR | O_CLOEXEC);
	number("controlling", ctty >= 0);
	if (ctty >= 0)
		close(ctty);
	close_bracket('}');
}

static void see_cgroup(void)
{
	static const char *const names[] = {"cgroup.controllers", "cgroup.type", "memory.max", "memory.low",
		"memory.high", "memory.swap.max", "pids.max", "cpu.max", "cpu.max.burst", "cpu.weight", "cpu.idle",
		"cpuset.cpus", "cpuset.mems", "io.max", "io.weight", "hugetlb.2MB.max"};
	char *text = slurp("/proc/self/cgroup");
	lines("cgroup", text);
	open_bracket("cgroup_files", '{');
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[PATH_MAX];
		snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", names[i]);
		file(names[i], path);
	}
	close_bracket('}');
}

static void see_network(void)
{
	open_bracket("net", '[');
	struct if_nameindex *list = if_nameindex();
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	for (struct if_nameindex *i = list; i && i->if_index; i++) {
		struct ifreq request = {0};
		open_bracket(NULL, '{');
		string("name", i->if_name);
		snprintf(request.ifr_name, IFNAMSIZ, "%s", i->if_name);
		if (s >= 0 && ioctl(s, SIOCGIFFLAGS, &request) == 0)
			number("up", (request.ifr_flags & IFF_UP) != 0);
		close_bracket('}');
	}
	if (list)
		if_freenameindex(list);
	if (s >= 0)
		close(s);
	close_bracket(']');
}

static void see_rest(void)
{
	struct utsname u;
	char description[256] = "";
	struct timespec t;
	uname(&u);
	string("hostname", u.nodename);
	string("domainname", u.domainname);
	string("machine", u.machine);
	file("oom_score_adj", "/proc/self/oom_score_adj");
	long n = syscall(SYS_keyctl, 6L /* KEYCTL_DESCRIBE */, -3L /* session */, description,
			 sizeof(description), 0L);
	if (n > 0)
		string("keyring", description);
	n = syscall(SYS_keyctl, 17L /* KEYCTL_GET_SECURITY */, -3L, description, sizeof(description), 0L);
	if (n > 1)
		string("keyring_label", description);
	lines("timens", slurp("/proc/self/timens_offsets"));
	clock_gettime(CLOCK_MONOTONIC, &t);
	number("monotonic", t.tv_sec);
	clock_gettime(CLOCK_BOOTTIME, &t);
	number("boottime", t.tv_sec);
	file("label", "/proc/self/attr/current");
	lines("uid_map", slurp("/proc/self/uid_map"));
	lines("gid_map", slurp("/proc/self/gid_map"));
	file("setgroups", "/proc/self/setgroups");
}

static void see(char **argv, char **sysctls, char **env)
{
	open_bracket(NULL, '{');
	see_descriptors();
	see_identity();
	see_status();
	see_namespaces();
	see_limits();
	link_target("cwd", "/proc/self/cwd");
	link_target("root", "/proc/self/root");
	link_target("exe", "/proc/self/exe");
	open_bracket("args", '[');
	for (; *argv; argv++)
		string(NULL, *argv);
	close_bracket(']');
	open_bracket("env", '[');
	for (; *env; env++)
		string(NULL, *env);
	close_bracket(']');
	see_scheduling();
	see_terminal();
	see_cgroup();
	see_network();
	see_rest();
	open_bracket("sysctls", '{');
	for (; *sysctls; sysctls++) {
		char path[PATH_MAX];
		snprintf(path, sizeof(path), "/proc/sys/%s", *sysctls);
		for (char *p = path + 10; *p; p++)
			if (*p == '.')
				*p = '/';
		file(*sysctls, path);
	}
	close_bracket('}');
	see_mounts();
	close_bracket('}');
	putchar('\n');
}

// ---- try -----------------------------------------------------------------------------------------

// what must be seen before the operation is over
static void say(const char *text)
{
	ssize_t n = write(1, text, strlen(text));
	(void)n;
}

static long argument(char **args, int n)
{
	for (int i = 0; i <= n; i++)
		if (!args[i])
			return 0;
	return strtol(args[n], NULL, 0);
}

static long op_open(char **args)
{
	const char *mode = args[1] ? args[1] : "r";
	int flags = strcmp(mode, "rw") == 0 ? O_RDWR : strcmp(mode, "w") == 0 ? O_WRONLY : O_RDONLY;
	int fd = open(args[0], flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? -1 : close(fd);
}

static long op_write(char **args)
{
	int fd = open(args[0], O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	const char *text = args[1] ? args[1] : "";
	long n = write(fd, text, strlen(text));
	int keep = errno;
	close(fd);
	errno = keep;
	return n;
}

static long op_create(char **args)
{
	int fd = open(args[0], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	unlink(args[0]);
	return close(fd);
}

static long op_mkdir(char **args)
{
	return mkdir(args[0], 0755) < 0 ? -1 : rmdir(args[0]);
}

static long op_mknod(char **args)
{
	mode_t type = args[1] && args[1][0] == 'b' ? S_IFBLK : S_IFCHR;
	dev_t dev = makedev((unsigned)argument(args, 2), (unsigned)argument(args, 3));
	return mknod(args[0], type | 0600, dev) < 0 ? -1 : unlink(args[0]);
}

// owner, mode and device numbers of a path, as fields of their own
static long op_stat(char **args)
{
	struct stat st;
	if (lstat(args[0], &st) < 0)
		return -1;
	char octal[16];
	snprintf(octal, sizeof(octal), "%06o", st.st_mode);
	string("mode", octal);
	number("uid", st.st_uid);
	number("gid", st.st_gid);
	number("major", major(st.st_rdev));
	number("minor", minor(st.st_rdev));
	number("size", st.st_size);
	return 0;
}

static long op_mount(char **args)
{
	return mount(args[0], args[1], args[2], 0, args[2] && args[3] ? args[3] : NULL);
}

static long op_umount(char **args)
{
	return umount2(args[0], MNT_DETACH);
}

// a raw system call, by number or by one of these names
static long op_sys(char **args)
{
	static const struct { const char *name; long number; } names[] = {
		{"unshare", SYS_unshare}, {"setns", SYS_setns}, {"keyctl", SYS_keyctl}, {"add_key", SYS_add_key},
		{"bpf", SYS_bpf}, {"kexec_load", SYS_kexec_load}, {"ptrace", SYS_ptrace}, {"mount", SYS_mount},
		{"personality", SYS_personality}, {"perf_event_open", SYS_perf_event_open}, {"userfaultfd", SYS_userfaultfd},
		{"init_module", SYS_init_module}, {"clock_settime", SYS_clock_settime}, {"acct", SYS_acct},
		{"swapon", SYS_swapon}, {"getpid", SYS_getpid}, {"getcwd", SYS_getcwd}, {"io_uring_setup", 425},
		{"quotactl", SYS_quotactl}, {"open_by_handle_at", SYS_open_by_handle_at}, {"clone3", 435},
		{"sethostname", SYS_sethostname}, {"chroot", SYS_chroot}, {"kcmp", SYS_kcmp},
	};
	long number_ = -1;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(args[0], names[i].name) == 0)
			number_ = names[i].number;
	if (number_ < 0)
		number_ = strtol(args[0], NULL, 0);
	return syscall(number_, argument(args, 1), argument(args, 2), argument(args, 3), argument(args, 4),
		       argument(args, 5), argument(args, 6));
}

// opens a file of the same file system by its handle: what CAP_DAC_READ_SEARCH would allow
static long op_handle(char **args)
{
	struct {
		struct file_handle h;
		unsigned char bytes[128];
	} handle = {.h = {.handle_bytes = 128}};
	int id, where = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (name_to_handle_at(AT_FDCWD, args[0], &handle.h, &id, 0) < 0)
		return -1;
	return open_by_handle_at(where, &handle.h, O_RDONLY | O_CLOEXEC);
}

// touches this many MiB; killed or refused when there are not so many
static long op_eat(char **args)
{
	long size = argument(args, 0);
	for (long i = 0; i < size; i++) {
		char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			return -1;
		memset(p, (int)i | 1, 1 << 20);
	}
	return size;
}

// touches this many huge pages of 2 MiB
static long op_hugepages(char **args)
{
	const size_t size = 2 << 20;
	long wanted = argument(args, 0), n = 0;
	int failure = 0;
	for (; n < wanted && !failure; n += !failure) {
		char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
		if (p == MAP_FAILED)
			failure = errno;
		else
			*p = 1;
	}
	number("pages", n);
	errno = failure;
	return failure ? -1 : n;
}

// keeps a child busy on each processor there is, for ARG milliseconds; says on how many different ones they ran
static long op_processors(char **args)
{
	unsigned char *seen = mmap(NULL, 1024, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long n = sysconf(_SC_NPROCESSORS_CONF) + 1, count = 0;
	struct timespec start, now;
	if (seen == MAP_FAILED)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (long i = 0; i < n; i++) {
		if (fork() != 0)
			continue;
		do {
			int cpu = sched_getcpu();
			if (cpu >= 0 && cpu < 1024)
				seen[cpu] = 1;
			clock_gettime(CLOCK_MONOTONIC, &now);
		} while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < argument(args, 0));
		_exit(0);
	}
	while (wait(NULL) > 0 || errno == EINTR)
		;
	open_bracket("processors", '[');
	for (int i = 0; i < 1024; i++)
		if (seen[i]) {
			number(NULL, i);
			count++;
		}
	close_bracket(']');
	errno = 0;
	return count;
}

// forks until it fails or there are ARG children; the children are ended; says how many there were
static long op_fork(char **args)
{
	long wanted = argument(args, 0), n = 0;
	pid_t children[4096];
	int failure = 0;
	while (n < wanted && n < 4096) {
		pid_t pid = fork();
		if (pid == 0) {
			pause();
			_exit(0);
		}
		if (pid < 0) {
			failure = errno;
			break;
		}
		children[n++] = pid;
	}
	for (long i = 0; i < n; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
	number("children", n);
	errno = failure;
	return failure ? -1 : 0;
}

static long op_burn(char **args)
{
	struct timespec start, now;
	clock_gettime(CLOCK_MONOTONIC, &start);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < argument(args, 0));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	number("cpu_ms", now.tv_sec * 1000 + now.tv_nsec / 1000000);
	return 0;
}

static long op_exit(char **args)
{
	fflush(stdout);
	_exit((int)argument(args, 0));
}

static long op_raise(char **args)
{
	fflush(stdout);
	signal((int)argument(args, 0), SIG_DFL);
	return kill(getpid(), (int)argument(args, 0));
}

static long op_sleep(char **args)
{
	fflush(stdout);
	return (long)sleep((unsigned)argument(args, 0));
}

// waits for signal ARG0, then exits with ARG1; "ready" on standard output when it waits
static long op_await(char **args)
{
	sigset_t set;
	int got = 0;
	sigemptyset(&set);
	sigaddset(&set, (int)argument(args, 0));
	sigprocmask(SIG_BLOCK, &set, NULL);
	say("ready\n");
	sigwait(&set, &got);
	_exit((int)argument(args, 1));
}

static long op_cat(char **args)
{
	char buffer[4096];
	ssize_t n;
	(void)args;
	fflush(stdout);
	while ((n = read(0, buffer, sizeof(buffer))) > 0)
		if (write(1, buffer, (size_t)n) != n)
			return -1;
	return n;
}

// puts a character into the terminal's input, as if typed
static long op_tiocsti(char **args)
{
	(void)args;
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	return ioctl(fd < 0 ? 0 : fd, TIOCSTI, "x");
}

static long op_ptrace(char **args)
{
	long r = ptrace(PTRACE_SEIZE, (pid_t)argument(args, 0), NULL, NULL);
	return r;
}

// Whether the program that a process executes is none of this root file system's mount. (What execve has just put in place counts: that
// the process can be traced from there on is as it should be.)
static bool is_foreign(pid_t pid)
{
	char path[40];
	struct statx own, other;
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	int fd = open(path, O_PATH | O_CLOEXEC);
	bool foreign = fd >= 0 && statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &own) == 0 &&
		       statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &other) == 0 && own.stx_mnt_id != other.stx_mnt_id;
	if (fd >= 0)
		close(fd);
	return foreign;
}

// For ARG0 milliseconds tries to trace every process with a low number, and says how often it was refused, how often it traced one, and how
// often one that still was a program from outside.
static long op_enter_race(char **args)
{
	struct timespec start, now;
	long refused = 0, traced = 0, foreign = 0;
	clock_gettime(CLOCK_MONOTONIC, &start);
	say("{\"op\":\"enter_race\",\"state\":\"racing\"}\n");
	do {
		int status;
		for (pid_t pid = 2; pid < 400; pid++) {
			if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0) {
				traced++;
				foreign += is_foreign(pid);
			} else if (errno == EPERM) {
				refused++;
			}
		}
		for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0;) {
			if (WIFSTOPPED(status))
				ptrace(PTRACE_CONT, pid, NULL, status >> 16 ? 0L : (long)WSTOPSIG(status));
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < argument(args, 0));
	number("refused", refused);
	number("traced", traced);
	number("foreign", foreign);
	return foreign;
}

static unsigned long long capabilities_of(const char *process, const char *set)
{
	char path[40], text[4096];
	snprintf(path, sizeof(path), "/proc/%s/status", process);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[size < 0 ? 0 : size] = '\0';
	const char *line = strstr(text, set);
	return line ? strtoull(line + strlen(set), NULL, 16) : 0;
}

static bool has_more_capabilities(const char *process)
{
	static const char *const sets[] = {"CapPrm:\t", "CapBnd:\t"};
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
		if (capabilities_of(process, sets[i]) & ~capabilities_of("self", sets[i]))
			return true;
	return false;
}

static bool has_other_descriptors(const char *process)
{
	char path[40];
	struct stat other;
	for (int fd = 3; fd < 64; fd++) {
		snprintf(path, sizeof(path), "/proc/%s/fd/%d", process, fd);
		if (stat(path, &other) == 0 && !S_ISSOCK(other.st_mode))
			return true;
	}
	return false;
}

// Whether a process that is being traced has what this one lacks: a capability, other mounts, a descriptor of another root's.
static bool is_stronger(const char *process)
{
	char path[40];
	struct stat own, other;
	snprintf(path, sizeof(path), "/proc/%s/ns/mnt", process);
	return has_more_capabilities(process) || has_other_descriptors(process) ||
	       (stat("/proc/self/ns/mnt", &own) == 0 && stat(path, &other) == 0 && own.st_ino != other.st_ino);
}

// Makes the process that is stopped try mount(2): whether it goes on to its end after that.
static bool can_mount(pid_t pid)
{
#ifdef __x86_64__
	struct user_regs_struct registers;
	int status = 0;
	if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) < 0)
		return false;
	// the instruction by which it called the kernel, once more; where it was stopped elsewhere, nothing can be said of it
	registers.rip -= 2;
	errno = 0;
	long code = ptrace(PTRACE_PEEKTEXT, pid, (void *)(uintptr_t)registers.rip, NULL);
	if (errno != 0 || (code & 0xffff) != 0x050f)
		return false;
	registers.rax = SYS_mount;
	registers.orig_rax = (unsigned long long)-1;
	if (ptrace(PTRACE_SETREGS, pid, NULL, &registers) < 0 || ptrace(PTRACE_CONT, pid, NULL, 0L) < 0)
		return false;
	while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status))
		ptrace(PTRACE_CONT, pid, NULL, status >> 16 ? 0L : (long)WSTOPSIG(status));
	return WIFEXITED(status);
#else
	(void)pid;
	return true;
#endif
}

// The same of a process that belongs to another container: it has other mounts, but the host's (the file) must not be among them. One
// that has the capability to mount must have a filter against it.
struct neighbours {
	long reach_host, have_descriptors, can_mount, confined;
};

static void look_at_neighbour(pid_t pid, const char *process, const char *file, struct neighbours *seen)
{
	static const char *const ways[] = {"root", "cwd", "root/../../../../../../../..", "cwd/../../../../../../../.."};
	char path[4096];
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		snprintf(path, sizeof(path), "/proc/%s/%s%s", process, ways[i], file);
		if (access(path, F_OK) == 0) {
			seen->reach_host++;
			break;
		}
	}
	seen->have_descriptors += has_other_descriptors(process);
	if (!has_more_capabilities(process))
		return;
	bool mounts = capabilities_of(process, "Seccomp:\t") != 2 || can_mount(pid);
	*(mounts ? &seen->can_mount : &seen->confined) += 1;
}

// Seizes the process and stops it; its number as text goes to process. False: there is none, it may not be, or it has ended.
static bool take_over(pid_t pid, char process[16])
{
	int status;
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		return false;
	snprintf(process, 16, "%d", pid);
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	return waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status);
}

// For ARG0 milliseconds stops every process with a low number as soon as it is there, by means of CAP_SYS_PTRACE, and says how often
// it stopped one that still was a program from outside, and how often one that could do more than this one. ARG1: a file of the host, for
// processes of other containers, and what they could; "confined" are those that have a capability and a filter that leaves nothing of it.
static long op_takeover(char **args)
{
	struct timespec start, now;
	long foreign = 0, stronger = 0;
	struct neighbours seen = {0};
	clock_gettime(CLOCK_MONOTONIC, &start);
	say("{\"op\":\"takeover\",\"state\":\"racing\"}\n");
	do {
		for (pid_t pid = 2; pid < 400; pid++) {
			char process[16];
			if (take_over(pid, process)) {
				foreign += is_foreign(pid);
				if (args[1])
					look_at_neighbour(pid, process, args[1], &seen);
				else
					stronger += is_stronger(process);
				ptrace(PTRACE_DETACH, pid, NULL, 0L);
			}
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < argument(args, 0));
	number("foreign", foreign);
	if (args[1]) {
		number("reach_host", seen.reach_host);
		number("have_descriptors", seen.have_descriptors);
		number("can_mount", seen.can_mount);
		number("confined", seen.confined);
		stronger = seen.reach_host + seen.have_descriptors + seen.can_mount;
	}
	number("stronger", stronger);
	return stronger;
}

// Takes over the first process with a low number that has more capabilities than this one, and keeps it stopped until somebody else ends
// it, dead too: it is never waited for. For ARG0 milliseconds, then this ends.
static long op_hold(char **args)
{
	struct timespec start, now;
	long held = 0, killed = 0;
	clock_gettime(CLOCK_MONOTONIC, &start);
	say("{\"op\":\"hold\",\"state\":\"racing\"}\n");
	do {
		for (pid_t pid = 2; pid < 400 && !held; pid++) {
			char process[16];
			if (!take_over(pid, process))
				continue;
			if (has_more_capabilities(process))
				held = pid;
			else
				ptrace(PTRACE_DETACH, pid, NULL, 0L);
		}
		siginfo_t end = {0};
		if (held && !killed && waitid(P_PID, (id_t)held, &end, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 && end.si_pid == held) {
			killed = end.si_code == CLD_KILLED ? end.si_status : -1;
			say(killed == SIGKILL ? "{\"op\":\"hold\",\"state\":\"killed\"}\n" : "{\"op\":\"hold\",\"state\":\"ended\"}\n");
		}
		if (held)
			usleep(1000);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < argument(args, 0));
	return held;
}

// Connects to the socket ARG0 and stays for ARG1 milliseconds; before that it says ARG2, if it is there.
static long op_call(char **args)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", args[0]);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	if (args[2] && send(fd, args[2], strlen(args[2]) + 1, MSG_NOSIGNAL) < 0)
		return -1;
	usleep((unsigned)argument(args, 1) * 1000);
	return close(fd);
}

static long op_kill(char **args)
{
	return kill((pid_t)argument(args, 0), (int)argument(args, 1));
}

// For ARG0 milliseconds tries to open for writing the executable of every other process it sees; says how often it found
// one, was refused, and succeeded. A success is a hole: that program runs outside.
static long op_exe_race(char **args)
{
	struct timespec start, now;
	long found = 0, refused = 0, sealed = 0, opened = 0;
	struct statx own, other;
	// the mount and not the file system: the container's root may be a directory of the very file system that husk is on
	statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &own);
	clock_gettime(CLOCK_MONOTONIC, &start);
	say("{\"op\":\"exe_race\",\"state\":\"racing\"}\n");
	do {
		DIR *dir = opendir("/proc");
		for (struct dirent *e; dir && (e = readdir(dir));) {
			char path[300];
			int pid = atoi(e->d_name);
			if (pid <= 0 || pid == getpid())
				continue;
			snprintf(path, sizeof(path), "/proc/%d/exe", pid);
			int fd = open(path, O_PATH | O_CLOEXEC);
			if (fd < 0)
				continue;
			if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &other) == 0 && other.stx_mnt_id == own.stx_mnt_id) {
				close(fd); // of the container's own root
				continue;
			}
			found++;
			snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
			int w = -1;
			// while it runs it is busy; once it has ended, what was opened before still leads to it
			for (int i = 0; i < 500 && (w = open(path, O_WRONLY | O_CLOEXEC)) < 0 && errno == ETXTBSY; i++)
				usleep(1000);
			// that nobody can write to a sealed one is the kernel's promise
			int seals = w >= 0 ? fcntl(w, F_GET_SEALS) : -1;
			if (w < 0)
				refused++;
			else if (seals >= 0 && (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)))
				sealed++;
			else
				opened++;
			if (w >= 0)
				close(w);
			close(fd);
		}
		if (dir)
			closedir(dir);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < argument(args, 0));
	number("found", found);
	number("refused", refused);
	number("sealed", sealed);
	number("opened", opened);
	return 0;
}

// exchanges two paths as fast as it can for ARG2 milliseconds
static long op_exchange(char **args)
{
	struct timespec start, now;
	long n = 0;
	if (!args[0] || !args[1])
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		if (syscall(SYS_renameat2, AT_FDCWD, args[0], AT_FDCWD, args[1], 2L) < 0)
			return -1;
		n++;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < argument(args, 2));
	return n;
}

// tries to become another user
static long op_setuid(char **args)
{
	return setresuid((uid_t)argument(args, 0), (uid_t)-1, (uid_t)-1);
}

static const struct {
	const char *name;
	long (*run)(char **args);
	int least;
} operations[] = {
	{"open", op_open, 1}, {"write", op_write, 1}, {"create", op_create, 1}, {"mkdir", op_mkdir, 1},
	{"mknod", op_mknod, 4}, {"stat", op_stat, 1}, {"mount", op_mount, 3}, {"umount", op_umount, 1},
	{"sys", op_sys, 1}, {"handle", op_handle, 1}, {"eat", op_eat, 1}, {"fork", op_fork, 1},
	{"burn", op_burn, 1}, {"exit", op_exit, 1}, {"raise", op_raise, 1}, {"sleep", op_sleep, 1},
	{"await", op_await, 2}, {"cat", op_cat, 0}, {"tiocsti", op_tiocsti, 0}, {"ptrace", op_ptrace, 1},
	{"kill", op_kill, 2}, {"exe_race", op_exe_race, 1}, {"enter_race", op_enter_race, 1}, {"takeover", op_takeover, 1}, {"hold", op_hold, 1}, {"call", op_call, 2}, {"exchange", op_exchange, 3}, {"setuid", op_setuid, 1},
	{"hugepages", op_hugepages, 1}, {"processors", op_processors, 1},
};

static const char *errno_name(int code)
{
	const char *name = strerrorname_np(code);
	return name ? name : "?";
}

static int try_one(char **words_, int count)
{
	char *args[16] = {0};
	for (int i = 1; i < count && i < 16; i++)
		args[i - 1] = words_[i];
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		if (strcmp(words_[0], operations[i].name) != 0 || count - 1 < operations[i].least)
			continue;
		// the line is begun after the operation's own output, so it collects fields in memory
		char *fields = NULL;
		size_t size = 0;
		FILE *out = stdout, *memory = NULL;
		if ((memory = open_memstream(&fields, &size)))
			stdout = memory;
		first = false;
		errno = 0;
		long result = operations[i].run(args);
		int code = result < 0 || errno ? errno : 0;
		if (memory) {
			fclose(memory);
			stdout = out;
		}
		first = true;
		open_bracket(NULL, '{');
		string("op", words_[0]);
		string("arg", args[0] ? args[0] : "");
		number("result", result);
		string("errno", result < 0 ? errno_name(code) : "");
		if (fields)
			printf("%s", fields);
		close_bracket('}');
		putchar('\n');
		free(fields);
		fflush(stdout);
		return 0;
	}
	fprintf(stderr, "probe: no operation '%s' with %d arguments\n", words_[0], count - 1);
	return 2;
}

// Two names change places as fast as they can, until a signal ends it.
static void exchange(const char *a, const char *b)
{
	for (;;)
		if (syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2u) < 0) {
			perror("renameat2");
			exit(2);
		}
}

int main(int argc, char **argv, char **env)
{
	if (argc >= 2 && strcmp(argv[1], "see") == 0) {
		see(argv, argv + 2, env);
		return 0;
	}
	if (argc == 4 && strcmp(argv[1], "exchange") == 0)
		exchange(argv[2], argv[3]);
	if (argc < 3 || strcmp(argv[1], "try") != 0) {
		fputs("usage: probe see [SYSCTL...] | probe try OP ARG... [, OP ARG...] | probe exchange A B\n", stderr);
		return 2;
	}
	for (int i = 2; i < argc;) {
		int n = 0;
		while (i + n < argc && strcmp(argv[i + n], ",") != 0)
			n++;
		if (n && try_one(argv + i, n))
			return 2;
		i += n + 1;
	}
	return 0;
}
