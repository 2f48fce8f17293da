// SPDX-License-Identifier: Apache-2.0
// The steps of rootfs/ from plan to finish on a real tree, in namespaces of their own. A busybox shell then looks around in
// the result and prints what it sees. As root, as root with a user namespace, and as a plain user.
//
// All of it happens in a mount namespace of the test, on a tmpfs that is shared like a host's mounts are, so that
// what leaks would be seen, and would not stay.
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/path.h"
#include "libcontainer/kernel/syscalls.h"
#include "libcontainer/rootfs/rootfs.h"

#define BASE "/tmp"
#define PLAIN_USER 1000
#define NAMESPACES                                                                                 \
	(KERNEL_CLONE_NEWNS | KERNEL_CLONE_NEWPID | KERNEL_CLONE_NEWIPC | KERNEL_CLONE_NEWUTS |    \
	 KERNEL_CLONE_NEWNET | KERNEL_CLONE_NEWCGROUP)

#define MOUNT_PROC "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}"
#define MOUNT_DEV                                                                                  \
	"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","                       \
	"\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]}"
#define MOUNT_PTS                                                                                  \
	"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\","                 \
	"\"options\":[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\"]}"
#define MOUNT_SHM                                                                                  \
	"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\","                     \
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]}"
#define MOUNT_MQUEUE                                                                               \
	"{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\","              \
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\"]}"
#define MOUNT_SYS                                                                                  \
	"{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\","                       \
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]}"
#define MOUNT_CGROUP                                                                               \
	"{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\","           \
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"ro\"]}"
#define SEVEN_MOUNTS                                                                               \
	MOUNT_PROC "," MOUNT_DEV "," MOUNT_PTS "," MOUNT_SHM "," MOUNT_MQUEUE "," MOUNT_SYS        \
		   "," MOUNT_CGROUP
#define MASKS                                                                                      \
	"\"maskedPaths\":[\"/proc/keys\",\"/proc/acpi\","                                          \
	"\"/sys/firmware\",\"/proc/no-such\",\"/etc/secret\"],"                                    \
	"\"readonlyPaths\":[\"/proc/sys\",\"/proc/bus\",\"/etc/keep\"]"

// Root of the test's tree, "/tmp/husk-rootfs-XXXXXX"; below it rootfs/, canary/, data/.
static char base[64];
static const char *missing;

struct trial {
	struct rootfs_options options;
	unsigned long long namespaces;
	const char *mounts;   // JSON inside of "mounts": []
	const char *linux_;   // JSON inside of "linux": {}, after the namespaces
	const char *root;     // further JSON inside of "root": {}
	bool plain_user;      // the caller is not root
	bool user_namespace;  // root maps 0 to 100000
	bool keep_network, host_mounts, console;
	const char *cwd;
};

// ---- the tree -----------------------------------------------------------------------------------

static void format_path(char path[PATH_MAX], const char *name)
{
	ck_assert_int_lt(snprintf(path, PATH_MAX, "%s/%s", base, name), PATH_MAX);
}

static void make_directory(const char *name)
{
	char path[PATH_MAX];
	format_path(path, name);
	ck_assert_msg(mkdir(path, 0755) == 0 || errno == EEXIST, "mkdir %s: %s", path,
		      strerror(errno));
}

static void make_file(const char *name, const char *content)
{
	char path[PATH_MAX];
	format_path(path, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, content, strlen(content)), (ssize_t)strlen(content));
	close(fd);
}

static void make_symlink(const char *name, const char *text)
{
	char path[PATH_MAX];
	format_path(path, name);
	ck_assert_int_eq(symlink(text, path), 0);
}

static void remove_name(const char *name)
{
	char path[PATH_MAX];
	format_path(path, name);
	ck_assert_int_eq(remove(path), 0);
}

static void copy_busybox(void)
{
	static char block[65536];
	char path[PATH_MAX];
	format_path(path, "rootfs/bin/busybox");
	int from = open("/bin/busybox", O_RDONLY | O_CLOEXEC);
	int to = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	ck_assert_int_ge(from, 0);
	ck_assert_int_ge(to, 0);
	ssize_t n;
	while ((n = read(from, block, sizeof block)) > 0)
		ck_assert_int_eq(write(to, block, (size_t)n), n);
	close(from);
	close(to);
}

static void give_to(const char *name, int id)
{
	char command[PATH_MAX];
	snprintf(command, sizeof command, "chown -R %d:%d %s/%s", id, id, base, name);
	ck_assert_int_eq(system(command), 0);
}

static void setup(void)
{
	static const char *const directories[] = {
		"rootfs",     "rootfs/bin", "rootfs/proc", "rootfs/sys",
		"rootfs/dev", "rootfs/etc", "rootfs/tmp",  "rootfs/etc/keep",
		"canary",     "data",       "data/below",
	};
	static const char *const applets[] = {
		"cat",      "cut", "df",  "grep", "head", "id",   "ln",    "ls", "mount", "od",
		"readlink", "rm",  "sed", "sort", "stat", "tail", "touch", "tr", "wc",
	};
	snprintf(base, sizeof base, BASE "/husk-rootfs-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(base));
	ck_assert_int_eq(mount("host", base, "tmpfs", 0, "mode=755"), 0);
	ck_assert_int_eq(mount(NULL, base, NULL, MS_SHARED, NULL), 0);
	(void)umask(022);
	for (size_t i = 0; i < array_size(directories); i++)
		make_directory(directories[i]);
	copy_busybox();
	for (size_t i = 0; i < array_size(applets); i++) {
		char name[64];
		snprintf(name, sizeof name, "rootfs/bin/%s", applets[i]);
		make_symlink(name, "busybox");
	}
	make_file("rootfs/etc/secret", "secret\n");
	make_file("canary/ptmx", "canary\n");
	make_file("data/file", "data\n");
}

static void teardown(void)
{
	umount2(base, MNT_DETACH);
	rmdir(base);
}

// ---- running ------------------------------------------------------------------------------------

static char output[65536];

static int write_maps(pid_t pid, const struct trial *trial)
{
	char path[64], map[64];
	static const char *const files[] = {"setgroups", "uid_map", "gid_map"};
	for (size_t i = 0; i < array_size(files); i++) {
		if (i == 0)
			snprintf(map, sizeof map, "deny");
		else if (trial->plain_user)
			snprintf(map, sizeof map, "0 %d 1", PLAIN_USER);
		else
			snprintf(map, sizeof map, "0 100000 65536");
		snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, files[i]);
		int fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, map, strlen(map)) != (ssize_t)strlen(map))
			return -1;
		close(fd);
	}
	return 0;
}

#define MUST(call)                                                                                 \
	do {                                                                                       \
		if ((call) < 0) {                                                                  \
			dprintf(1, "error: %s", err.message);                                      \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

// As the terminal's owner does it: a pty of the container's own devpts, its peer on /dev/console.
static void bind_console(struct rootfs *rootfs)
{
	struct error err = {0};
	int unlock = 0;
	int master =
		path_open(rootfs_fd(rootfs), "dev/pts/ptmx", O_RDWR | O_NOCTTY, path_rule_strict);
	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0)
		_exit(7);
	int peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (peer < 0)
		_exit(8);
	MUST(rootfs_bind_console(rootfs, peer, &err));
}

static void new_process(struct rootfs *rootfs, const struct trial *trial, int go,
			const char *script)
{
	struct error err = {0};
	char byte;
	if (read(go, &byte, 1) != 1)
		_exit(1);
	if (trial->namespaces & KERNEL_CLONE_NEWUSER)
		if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
			_exit(2);
	MUST(rootfs_isolate(rootfs, &err));
	MUST(rootfs_attach(rootfs, &err));
	MUST(rootfs_mount(rootfs, &err));
	MUST(rootfs_make_devices(rootfs, &err));
	if (trial->console)
		bind_console(rootfs);
	MUST(rootfs_make_cwd(rootfs, trial->cwd ? trial->cwd : "/", &err));
	MUST(rootfs_enter(rootfs, &err));
	MUST(rootfs_finish(rootfs, &err));
	rootfs_free(rootfs);
	char *const argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
			      (char *)(uintptr_t)script, NULL};
	char *const env[] = {(char *)(uintptr_t) "PATH=/bin", NULL};
	execve("/bin/busybox", argv, env);
	dprintf(1, "execve: %s", strerror(errno));
	_exit(3);
}

static void start(struct rootfs *rootfs, const struct trial *trial, const char *script)
{
	int go[2];
	struct kernel_clone_args args = {.flags = trial->namespaces, .exit_signal = SIGCHLD};
	if (pipe2(go, O_CLOEXEC) < 0)
		_exit(4);
	pid_t pid = sys_clone3(&args);
	if (pid < 0) {
		dprintf(1, "clone3: %s", strerror(errno));
		_exit(4);
	}
	if (pid == 0) {
		close(go[1]);
		new_process(rootfs, trial, go[0], script);
	}
	if ((trial->namespaces & KERNEL_CLONE_NEWUSER) && write_maps(pid, trial) < 0) {
		dprintf(1, "maps: %s", strerror(errno));
		_exit(4);
	}
	struct error err = {0};
	if (rootfs_needs_user_namespace_fd(rootfs)) {
		char path[64];
		snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		MUST(rootfs_prepare_idmaps(rootfs, fd, &err));
		close(fd);
	}
	if (write(go[1], "x", 1) != 1)
		_exit(4);
	int status;
	if (waitpid(pid, &status, 0) != pid)
		_exit(4);
	rootfs_free(rootfs);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status));
}

static void calling_process(const struct trial *trial, const char *config, const char *script)
{
	struct error err = {0};
	struct spec_error spec_error;
	const struct spec *spec;
	struct rootfs *rootfs;
	if (trial->plain_user && (setresgid(PLAIN_USER, PLAIN_USER, PLAIN_USER) < 0 ||
				  setresuid(PLAIN_USER, PLAIN_USER, PLAIN_USER) < 0))
		_exit(5);
	// a change of identity hid /proc/self from us
	if (prctl(PR_SET_DUMPABLE, 1) < 0)
		_exit(5);
	if (spec_parse(config, strlen(config), &spec, &spec_error) < 0) {
		dprintf(1, "spec: %s: %s", spec_error.path, spec_error.reason);
		_exit(6);
	}
	MUST(rootfs_plan(spec, &trial->options, NULL, &rootfs, &err));
	MUST(rootfs_open(rootfs, &err));
	start(rootfs, trial, script);
}

static int run(struct trial *trial, const char *script)
{
	static char config[32768];
	int pipe_fds[2];
	bool user = trial->plain_user || trial->user_namespace;
	if (!trial->namespaces)
		trial->namespaces = NAMESPACES;
	if (trial->keep_network)
		trial->namespaces &= ~KERNEL_CLONE_NEWNET;
	if (user)
		trial->namespaces |= KERNEL_CLONE_NEWUSER;
	trial->options.bundle = base;
	trial->options.user_namespace = trial->options.user_namespace_new = user;
	trial->options.rootless = trial->plain_user;
	if (trial->host_mounts)
		trial->namespaces &= ~KERNEL_CLONE_NEWNS;
	trial->options.new_mount_namespace = !trial->host_mounts;
	trial->options.cgroup_namespace = trial->namespaces & KERNEL_CLONE_NEWCGROUP;
	trial->options.cgroup_namespace_new = trial->options.cgroup_namespace;
	trial->options.network_namespace_new = trial->namespaces & KERNEL_CLONE_NEWNET;
	snprintf(config, sizeof config,
		 "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"rootfs\"%s},\"mounts\":[%s],"
		 "\"linux\":{\"namespaces\":[%s{\"type\":\"pid\"}%s]%s%s%s}}",
		 trial->root ? trial->root : "", trial->mounts ? trial->mounts : "",
		 trial->host_mounts ? "" : "{\"type\":\"mount\"},",
		 user ? ",{\"type\":\"user\"}" : "",
		 user ? ",\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}],"
			"\"gidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}]"
		      : "",
		 trial->linux_ ? "," : "", trial->linux_ ? trial->linux_ : "");
	ck_assert_int_eq(pipe(pipe_fds), 0);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		dup2(pipe_fds[1], 1);
		close(pipe_fds[0]);
		calling_process(trial, config, script);
	}
	close(pipe_fds[1]);
	size_t used = 0;
	ssize_t n;
	while ((n = read(pipe_fds[0], output + used, sizeof output - 1 - used)) > 0)
		used += (size_t)n;
	output[used] = '\0';
	close(pipe_fds[0]);
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static void expect(struct trial *trial, const char *script, const char *wanted)
{
	int status = run(trial, script);
	ck_assert_msg(status == 0 && strcmp(output, wanted) == 0,
		      "status %d, output:\n%s\nwanted:\n%s", status, output, wanted);
}

// A start that must fail, with these words in its message.
static void expect_error(struct trial *trial, const char *words)
{
	int status = run(trial, "echo started");
	ck_assert_msg(status != 0 && strstr(output, "started") == NULL && strstr(output, words),
		      "status %d, output:\n%s\nwanted an error with: %s", status, output, words);
}

static int count_mounts(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	ck_assert_ptr_nonnull(file);
	int lines = 0;
	for (int c; (c = fgetc(file)) != EOF;)
		lines += c == '\n';
	fclose(file);
	return lines;
}

static void expect_canary(void)
{
	char path[PATH_MAX], text[16] = "";
	format_path(path, "canary/ptmx");
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(read(fd, text, sizeof text), 7);
	close(fd);
	ck_assert_str_eq(text, "canary\n");
	format_path(path, "canary");
	struct stat st;
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_nlink, 2);
	char command[PATH_MAX + 64];
	snprintf(command, sizeof command, "[ $(ls -A %s | wc -l) = 1 ]", path);
	ck_assert_int_eq(system(command), 0);
}

// ---- the usual container ------------------------------------------------------------------------

// fields: mount point, the mount's own options, type
#define SHOW_MOUNTS                                                                                \
	"while read a b c d e f g; do g=${g#*- }; echo \"$e $f ${g%% *}\"; done "                  \
	"</proc/self/mountinfo | sort"

START_TEST(default_mounts)
{
	int before = count_mounts();
	struct trial trial = {
		.mounts = SEVEN_MOUNTS, .linux_ = MASKS, .root = ",\"readonly\":true"};
	expect(&trial, SHOW_MOUNTS,
	       "/ ro,relatime tmpfs\n"
	       "/dev rw,nosuid tmpfs\n"
	       "/dev/mqueue rw,nosuid,nodev,noexec,relatime mqueue\n"
	       "/dev/pts rw,nosuid,noexec,relatime devpts\n"
	       "/dev/shm rw,nosuid,nodev,noexec,relatime tmpfs\n"
	       "/etc/keep ro,relatime tmpfs\n"
	       "/etc/secret rw,relatime devtmpfs\n"
	       "/proc rw,relatime proc\n"
	       "/proc/acpi ro,nosuid,nodev,noexec,relatime tmpfs\n"
	       "/proc/bus ro,relatime proc\n"
	       "/proc/keys rw,relatime devtmpfs\n"
	       "/proc/sys ro,relatime proc\n"
	       "/sys ro,nosuid,nodev,noexec,relatime sysfs\n"
	       "/sys/firmware ro,nosuid,nodev,noexec,relatime tmpfs\n"
	       "/sys/fs/cgroup ro,nosuid,nodev,noexec,relatime cgroup2\n");
	ck_assert_int_eq(count_mounts(), before);
}
END_TEST

#define SHOW_DEVICES                                                                               \
	"cd /dev; test -e /proc/kcore || ln -s /proc/kcore core; for f in null zero full random "  \
	"urandom tty; do stat -c '%n %F %t:%T %a %u:%g' $f; "                                      \
	"done; for l in fd stdin stdout stderr ptmx core; do echo $l $(readlink $l); done; "       \
	"echo x >null && head -c 3 zero | od -An -tx1"
#define SIX_LINKS                                                                                  \
	"fd /proc/self/fd\nstdin /proc/self/fd/0\nstdout /proc/self/fd/1\n"                        \
	"stderr /proc/self/fd/2\nptmx pts/ptmx\ncore /proc/kcore\n 00 00 00\n"
#define SIX_DEVICES                                                                                \
	"null character special file 1:3 666 0:0\nzero character special file 1:5 666 0:0\n"       \
	"full character special file 1:7 666 0:0\nrandom character special file 1:8 666 0:0\n"     \
	"urandom character special file 1:9 666 0:0\ntty character special file 5:0 666 0:0\n"

START_TEST(default_devices)
{
	struct trial trial = {.mounts = SEVEN_MOUNTS};
	expect(&trial, SHOW_DEVICES, SIX_DEVICES SIX_LINKS);
}
END_TEST

START_TEST(masked_files_are_empty)
{
	struct trial trial = {.mounts = SEVEN_MOUNTS, .linux_ = MASKS};
	expect(&trial,
	       "cat /etc/secret /proc/keys; ls -A /sys/firmware /proc/acpi | grep -v -e : -e '^$'; "
	       "echo 1 2>/dev/null >/proc/sys/kernel/domainname || echo ro; "
	       "touch /etc/keep/x 2>/dev/null || echo ro; touch /etc/y && echo rw",
	       "ro\nro\nrw\n");
	// control: without masks the secret is there
	struct trial control = {.mounts = SEVEN_MOUNTS};
	expect(&control, "cat /etc/secret; touch /etc/keep/x && echo rw", "secret\nrw\n");
}
END_TEST

START_TEST(old_root_is_gone)
{
	struct trial trial = {.mounts = SEVEN_MOUNTS};
	expect(&trial, "ls -A / | tr '\\n' ' '; grep -c ' / / ' /proc/self/mountinfo; ls /..",
	       "bin dev etc proc sys tmp 0\nbin\ndev\netc\nproc\nsys\ntmp\n");
	struct trial chrooted = {.mounts = SEVEN_MOUNTS, .options.no_pivot = true};
	expect(&chrooted, "ls -A / | tr '\\n' ' '; ls -d /proc/self >/dev/null && ls /../..",
	       "bin dev etc proc sys tmp bin\ndev\netc\nproc\nsys\ntmp\n");
}
END_TEST

START_TEST(host_is_untouched_when_shared)
{
	int before = count_mounts();
	struct trial trial = {.mounts = SEVEN_MOUNTS,
			      .linux_ = "\"rootfsPropagation\":\"rshared\""};
	expect(&trial,
	       "sed -n 's/.* shared:[0-9]* .*- \\(.*\\) .* .*/\\1/p' /proc/self/mountinfo | "
	       "sort | tr '\\n' ' '",
	       "cgroup2 devpts mqueue proc sysfs tmpfs tmpfs tmpfs ");
	ck_assert_int_eq(count_mounts(), before);
	trial = (struct trial){.mounts = SEVEN_MOUNTS,
			       .linux_ = "\"rootfsPropagation\":\"private\""};
	expect(&trial, "grep -e shared: -e master: /proc/self/mountinfo | wc -l", "0\n");
}
END_TEST

START_TEST(read_only_tmpfs_takes_devices_first)
{
	struct trial trial = {.mounts = MOUNT_PROC
			      ",{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"options\":"
			      "[\"ro\",\"mode=755\"]}," MOUNT_PTS "," MOUNT_SHM};
	expect(&trial,
	       "test -c /dev/null && touch /dev/shm/a && ! touch /dev/a 2>/dev/null && echo good",
	       "good\n");
}
END_TEST

START_TEST(own_devices)
{
	struct trial trial = {
		.mounts = SEVEN_MOUNTS,
		.linux_ = "\"devices\":[{\"path\":\"/dev/net/tun\",\"type\":\"c\",\"major\":10,"
			  "\"minor\":200,\"fileMode\":432,\"uid\":3,\"gid\":4},"
			  "{\"path\":\"/tmp/pipe\",\"type\":\"p\",\"fileMode\":384},"
			  "{\"path\":\"/dev/null\",\"type\":\"c\",\"major\":1,\"minor\":3,"
			  "\"fileMode\":384}]"};
	expect(&trial, "stat -c '%n %F %t:%T %a %u:%g' /dev/net/tun /tmp/pipe /dev/null",
	       "/dev/net/tun character special file a:c8 660 3:4\n"
	       "/tmp/pipe fifo 0:0 600 0:0\n"
	       "/dev/null character special file 1:3 600 0:0\n");
}
END_TEST

START_TEST(existing_devices)
{
	char path[PATH_MAX];
	struct trial trial = {.mounts = MOUNT_PROC};
	format_path(path, "rootfs/dev/zero");
	ck_assert_int_eq(mknod(path, S_IFCHR | 0600, makedev(1, 5)), 0);
	expect(&trial, "stat -c '%t:%T %a' /dev/zero; stat -c %t:%T /dev/full", "1:5 600\n1:7\n");
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mknod(path, S_IFCHR | 0600, makedev(1, 8)), 0);
	expect_error(&trial, "device /dev/zero: something else is there already");
}
END_TEST

START_TEST(bound_dev_is_left_alone)
{
	make_directory("hostdev");
	make_file("hostdev/mine", "");
	struct trial trial = {.mounts = MOUNT_PROC
			      ",{\"destination\":\"/dev\",\"source\":\"hostdev\","
			      "\"type\":\"bind\",\"options\":[\"rbind\"]}"};
	expect(&trial, "ls /dev", "mine\n");
}
END_TEST

START_TEST(cwd_is_made)
{
	struct trial trial = {.mounts = SEVEN_MOUNTS, .cwd = "/srv/here"};
	expect(&trial, "stat -c '%n %a' /srv/here", "/srv/here 755\n");
	trial.cwd = "/proc/self/fd/3";
	expect_error(&trial, "process.cwd /proc/self/fd/3");
}
END_TEST

START_TEST(console)
{
	struct trial trial = {.mounts = SEVEN_MOUNTS, .console = true};
	expect(&trial, "stat -c '%F %t:%T' /dev/console; stat -c '%t' -f /dev/console",
	       "character special file 88:0\n1cd1\n");
	char canary[PATH_MAX + 8];
	format_path(canary, "canary");
	strcat(canary, "/new");
	make_symlink("rootfs/dev/console", canary);
	make_directory("rootfs/dev/pts");
	trial.mounts = MOUNT_PROC "," MOUNT_PTS;
	expect_error(&trial, "/dev/console: a part of it is a symbolic link, refused");
	expect_canary();
}
END_TEST

START_TEST(no_mount_namespace)
{
	char path[PATH_MAX];
	int before = count_mounts();
	struct trial trial = {
		.mounts = SEVEN_MOUNTS, .root = ",\"readonly\":true", .host_mounts = true};
	expect(&trial,
	       "test -c /dev/null && test -e /proc/self/status && ls /; touch /x 2>/dev/null || "
	       "echo ro",
	       "bin\ndev\netc\nproc\nsys\ntmp\nro\n");
	ck_assert_int_eq(count_mounts(), before + 8);
	format_path(path, "rootfs");
	ck_assert_int_eq(umount2(path, MNT_DETACH), 0);
	ck_assert_int_eq(count_mounts(), before);
	// nothing to mount: nothing is mounted
	struct trial bare = {.host_mounts = true};
	expect(&bare, "ls -d /etc/keep", "/etc/keep\n");
	ck_assert_int_eq(count_mounts(), before);
}
END_TEST

// ---- mounts of the configuration ----------------------------------------------------------------

#define ONE(destination, source, type, options)                                                    \
	"{\"destination\":\"" destination "\",\"source\":\"" source "\",\"type\":\"" type          \
	"\",\"options\":[" options "]}"

START_TEST(binds)
{
	struct trial trial = {
		.mounts = MOUNT_PROC
		"," ONE("/mnt/new/dir", "data", "none", "\"bind\",\"ro\"") "," ONE(
			"/etc/file", "data/file", "bind",
			"\"rw\"") "," ONE("relative", "data", "",
					  "\"rbind\",\"nosuid\",\"nodev\",\"noatime\"")};
	expect(&trial,
	       "cat /mnt/new/dir/file /etc/file /relative/file; touch /mnt/new/dir/x 2>/dev/null "
	       "|| echo ro; "
	       "grep ' /relative ' /proc/self/mountinfo | cut -d' ' -f6",
	       "data\ndata\ndata\nro\nrw,nosuid,nodev,noatime\n");
}
END_TEST

START_TEST(recursive_read_only)
{
	char path[PATH_MAX];
	format_path(path, "data/below");
	ck_assert_int_eq(mount("below", path, "tmpfs", 0, NULL), 0);
	struct trial trial = {.mounts = ONE("/a", "data", "", "\"rbind\",\"rro\"") "," ONE(
				      "/b", "data", "", "\"rbind\",\"ro\"")};
	expect(&trial,
	       "touch /a/x 2>/dev/null || echo ro; touch /a/below/x 2>/dev/null || echo ro; "
	       "touch /b/x 2>/dev/null || echo ro; touch /b/below/x && echo rw",
	       "ro\nro\nro\nrw\n");
}
END_TEST

START_TEST(propagation)
{
	struct trial trial = {
		.mounts = MOUNT_PROC "," ONE("/a", "data", "", "\"bind\",\"rshared\"") "," ONE(
			"/b", "data", "",
			"\"bind\",\"rprivate\"") "," ONE("/c", "data", "",
							 "\"bind\",\"slave\","
							 "\"shared\"") "," ONE("/d", "data", "",
									       "\"bind"
									       "\","
									       "\"unbin"
									       "dable"
									       "\"") "," ONE("/e",
											     "data",
											     "",
											     "\"bin"
											     "d"
											     "\"")};
	expect(&trial,
	       "grep -e ' /[a-e] ' /proc/self/mountinfo | sed 's/:[0-9]*//g' | "
	       "sed 's/.*relatime \\(.*\\)- .*/<\\1>/'",
	       "<shared master >\n<>\n<shared master >\n<unbindable >\n<master >\n");
}
END_TEST

START_TEST(bidirectional_propagation)
{
	char path[PATH_MAX];
	struct stat st;
	struct trial trial = {.mounts = MOUNT_PROC
			      "," ONE("/a", "share", "", "\"rbind\",\"rshared\""),
			      .linux_ = "\"rootfsPropagation\":\"rshared\""};
	make_directory("share");
	make_directory("share/sub");
	format_path(path, "share");
	ck_assert_int_eq(mount("share", path, "tmpfs", 0, NULL), 0);
	ck_assert_int_eq(mount(NULL, path, NULL, MS_SHARED, NULL), 0);
	make_directory("share/sub");
	expect(&trial, "mount -t tmpfs back /a/sub && touch /a/sub/here && echo done", "done\n");
	format_path(path, "share/sub/here");
	ck_assert_int_eq(stat(path, &st), 0);
}
END_TEST

START_TEST(tmpfs_looks_like_what_it_covers)
{
	char path[PATH_MAX];
	format_path(path, "rootfs/tmp");
	ck_assert_int_eq(chmod(path, 01777), 0);
	struct trial trial = {.mounts = MOUNT_PROC "," ONE("/tmp", "tmpfs", "tmpfs", "") "," ONE(
				      "/etc/new", "tmpfs", "tmpfs",
				      "\"size=1m,nr_inodes=10\"") "," ONE("/etc/keep", "tmpfs",
									  "tmpfs", "\"mode=700\"")};
	expect(&trial,
	       "stat -c %a /tmp /etc/new /etc/keep; df -k /etc/new | tail -1 | tr -s ' ' | cut -d' "
	       "' -f2",
	       "1777\n755\n700\n1024\n");
}
END_TEST

START_TEST(tmpfs_copies_up)
{
	make_directory("rootfs/etc/keep/sub");
	make_file("rootfs/etc/keep/sub/file", "copied\n");
	make_symlink("rootfs/etc/keep/link", "../secret");
	struct trial trial = {.mounts = ONE("/etc/keep", "tmpfs", "tmpfs", "\"tmpcopyup\",\"ro\"")};
	expect(&trial,
	       "cd /etc/keep; cat sub/file link; readlink link; touch x 2>/dev/null || echo ro",
	       "copied\nsecret\n../secret\nro\n");
	trial.mounts = ONE("/etc/keep", "data", "", "\"bind\",\"tmpcopyup\"");
	expect_error(&trial, "mounts[0] /etc/keep: option 'tmpcopyup' is for type tmpfs only");
}
END_TEST

START_TEST(symlink_options)
{
	make_symlink("data/link", "/etc/secret");
	make_symlink("rootfs/etc/pointer", "keep");
	struct trial trial = {
		.mounts = MOUNT_PROC
		"," ONE("/etc/copied", "data/link", "", "\"bind\",\"copy-symlink\"") "," ONE(
			"/etc/nolink", "data/file", "",
			"\"bind\",\"copy-symlink\"") "," ONE("/etc/pointer", "data/link", "",
							     "\"bind\",\"src-nofollow\",\"dest-"
							     "nofollow\"")};
	expect(&trial,
	       "readlink /etc/copied; cat /etc/nolink; readlink /etc/pointer; cat /etc/pointer",
	       "/etc/secret\ndata\n/etc/secret\nsecret\n");
}
END_TEST

START_TEST(remounts)
{
	struct trial trial = {
		.mounts = MOUNT_PROC "," ONE("/tmp", "tmpfs", "tmpfs", "\"size=1m\"") "," ONE(
			"/tmp", "tmpfs", "tmpfs",
			"\"remount\",\"size=2m\",\"nosuid\"") "," ONE("/etc/keep", "data", "",
								      "\"bind\"") "," ONE("/etc/"
											  "keep",
											  "", "",
											  "\"remoun"
											  "t\","
											  "\"bind\""
											  ",\"ro"
											  "\"")};
	expect(&trial,
	       "df -k /tmp | tail -1 | tr -s ' ' | cut -d' ' -f2; "
	       "sed -n 's/.* \\/tmp \\([^ ]*\\) .*/\\1/p; s/.* \\/etc\\/keep \\([^ ]*\\) .*/\\1/p' "
	       "/proc/self/mountinfo",
	       "2048\nrw,nosuid,relatime\nro,relatime\n");
	trial.mounts = ONE("/etc", "", "", "\"remount\",\"bind\",\"ro\"");
	expect_error(&trial, "mounts[0] /etc: remount: nothing is mounted there");
}
END_TEST

START_TEST(source_below_the_root)
{
	// what an earlier entry mounted is seen, and a link leads nowhere outside
	char link[PATH_MAX];
	format_path(link, "canary");
	make_symlink("rootfs/out", link);
	make_directory("rootfs/in");
	struct trial trial = {.mounts = ONE("/in", "data", "", "\"bind\"") "," ONE(
				      "/again", "rootfs/in", "", "\"bind\"")};
	expect(&trial, "cat /again/file", "data\n");
	trial.mounts = ONE("/again", "rootfs/out", "", "\"bind\"");
	expect_error(&trial, "mounts[0].source rootfs/out: No such file or directory");
}
END_TEST

START_TEST(overlay_entry_replaces_the_root)
{
	char mounts[2048];
	make_directory("up");
	make_directory("work");
	make_file("up/added", "new\n");
	snprintf(
		mounts, sizeof mounts,
		ONE("/", "overlay", "overlay",
		    "\"lowerdir=%s/rootfs\",\"upperdir=%s/up\",\"workdir=%s/work\"") "," SEVEN_MOUNTS,
		base, base, base);
	struct trial trial = {.mounts = mounts};
	expect(&trial,
	       "cat /added; echo x >/etc/made && head -1 /proc/self/mountinfo | cut -d' ' -f5,9",
	       "new\n/ overlay\n");
	char path[PATH_MAX];
	format_path(path, "up/etc/made");
	ck_assert_int_eq(access(path, F_OK), 0);
	trial.mounts = ONE("/", "tmpfs", "tmpfs", "");
	expect_error(&trial,
		     "mounts[0] /: only a bind or an overlay can replace the root, not tmpfs");
}
END_TEST

START_TEST(long_overlay_values)
{
	char name[256], mounts[4096];
	memset(name, 'l', 200);
	name[200] = '\0';
	char first[300], second[300];
	snprintf(first, sizeof first, "%s1", name);
	snprintf(second, sizeof second, "%s2", name);
	make_directory(first);
	make_directory(second);
	make_directory("up");
	make_directory("work");
	char file[400];
	snprintf(file, sizeof file, "%s/one", first);
	make_file(file, "1\n");
	snprintf(mounts, sizeof mounts,
		 MOUNT_PROC "," ONE("/over", "overlay", "overlay",
				    "\"lowerdir=%s/%s:%s/%s\",\"upperdir=%s/up\",\"workdir=%s/"
				    "work\",\"nodev\",\"rprivate\""),
		 base, first, base, second, base, base);
	struct trial trial = {.mounts = mounts};
	expect(&trial,
	       "cat /over/one; sed -n 's/.* \\/over \\([^ ]*\\) .*/\\1/p' /proc/self/mountinfo",
	       "1\nrw,nodev,relatime\n");
}
END_TEST

START_TEST(overlay_option)
{
	char path[PATH_MAX], with[PATH_MAX];
	struct stat st;
	struct trial trial = {.mounts = SEVEN_MOUNTS, .options.overlay = "tmpfs:size=4m"};
	expect(&trial, "echo x >/etc/new && cat /etc/secret && rm /etc/secret && ls /etc",
	       "secret\nkeep\nnew\n");
	format_path(path, "rootfs/etc/secret");
	ck_assert_int_eq(stat(path, &st), 0);
	format_path(path, "rootfs/etc/new");
	ck_assert_int_eq(stat(path, &st), -1);
	// a name with everything that option strings stumble over
	make_directory("la,y:e\\r");
	format_path(with, "la,y:e\\r");
	trial.options.overlay = with;
	expect(&trial, "echo x >/etc/new && echo good", "good\n");
	format_path(path, "la,y:e\\r/upper/etc/new");
	ck_assert_int_eq(stat(path, &st), 0);
	expect(&trial, "cat /etc/new", "x\n");
	trial.options.overlay = "tmpfs:mode=777";
	expect_error(&trial, "overlay: tmpfs takes size=, nr_blocks= and nr_inodes=, not 'mode'");
	static const char *const numbers[] = {"0",   "-1", "1x", "+1", "99999999999999999999",
					      "20e", "k",  " 1", "1kk"};
	for (size_t i = 0; i < array_size(numbers); i++) {
		snprintf(with, sizeof with, "tmpfs:size=%s", numbers[i]);
		trial.options.overlay = with;
		expect_error(&trial, "wants a number from 1 up");
	}
	trial.options.overlay = "tmpfs:size=50%,nr_inodes=1K";
	expect(&trial, "echo x >/etc/new && echo good", "good\n");
}
END_TEST

START_TEST(refusals)
{
	static const struct {
		const char *mounts, *words;
	} cases[] = {
		{ONE("/a", "nowhere", "", "\"bind\""),
		 "mounts[0].source nowhere: No such file or directory"},
		{ONE("/a", "data", "", "\"bind\",\"size=1\",\"noexecc\""),
		 "mounts[0] /a: a bind takes no file system option: 'noexecc'"},
		{ONE("/a", "x", "nosuchfs", ""), "mounts[0] /a: mount nosuchfs: No such device"},
		{ONE("/a", "x", "tmpfs", "\"nonsense=1\""), "nonsense"},
		{ONE("/proc", "x", "tmpfs", ""), "mounts[0] /proc: type 'tmpfs': only procfs"},
		{ONE("/proc", "data", "", "\"bind\""), "mounts[0] /proc: only procfs"},
		{MOUNT_PROC "," ONE("/proc/self/attr", "data", "", "\"bind\""),
		 "a mount inside of /proc is refused"},
		{MOUNT_PROC "," ONE("/x/../proc/1", "data", "", "\"bind\""),
		 "a mount inside of /proc is refused"},
		{MOUNT_PROC "," ONE("/link/self", "data", "", "\"bind\""),
		 "refused, because it leads into procfs"},
		{ONE("/a", "data", "", "\"bind\",\"idmap\""), "user namespace"},
		{ONE("/a", "data", "", "\"bind\",\"idmap=uids=0-x-1\""), "is not FILE-MAPPED-SIZE"},
		{ONE("/a", "data", "", "\"bind\",\"idmap=uids=0-1-1\""),
		 "needs mappings for uids and for gids"},
	};
	make_symlink("rootfs/link", "proc");
	for (size_t i = 0; i < array_size(cases); i++) {
		struct trial trial = {.mounts = cases[i].mounts};
		expect_error(&trial, cases[i].words);
	}
	struct trial allowed = {.mounts = MOUNT_PROC
				"," ONE("/proc/uptime", "data/file", "", "\"bind\",\"ro\"")};
	expect(&allowed, "cat /proc/uptime", "data\n");
	struct trial bound = {.mounts = ONE("/proc", "/proc", "", "\"rbind\",\"ro\"")};
	expect(&bound, "test -e /proc/version && echo good", "good\n");
}
END_TEST

START_TEST(idmapped_bind)
{
	struct trial trial = {
		.mounts = ONE("/a", "data", "", "\"bind\",\"idmap=uids=0-1234-1;gids=0-77-1\"")};
	expect(&trial, "stat -c %u:%g /a/file", "1234:77\n");
	give_to("rootfs", 100000);
	struct trial mapped = {
		.user_namespace = true,
		.mounts = ONE("/a", "data", "", "\"rbind\",\"ridmap\"") "," ONE(
			"/b", "data", "",
			"\"bind\",\"idmap=uids=@0-5-1;gids=@0-6-1\"") "," ONE("/c", "data", "",
									      "\"bind\"")};
	expect(&mapped, "stat -c %u:%g /a/file /b/file /c/file", "0:0\n5:6\n65534:65534\n");
}
END_TEST

START_TEST(cgroup_without_namespace)
{
	struct trial trial = {.mounts = SEVEN_MOUNTS,
			      .namespaces = NAMESPACES & ~KERNEL_CLONE_NEWCGROUP};
	expect(&trial,
	       "sed -n 's/.* \\/sys\\/fs\\/cgroup \\(r[ow]\\).* - \\([^ ]*\\).*/\\1 \\2/p' "
	       "/proc/self/mountinfo",
	       "ro cgroup2\n");
	trial.mounts = MOUNT_PROC "," MOUNT_SYS
				  "," ONE("/sys/fs/cgroup", "cgroup", "cgroup", "\"nosuid\"");
	expect(&trial,
	       "sed -n 's/.* \\/sys\\/fs\\/cgroup \\(r[ow]\\).* - \\([^ ]*\\).*/\\1 \\2/p' "
	       "/proc/self/mountinfo",
	       "ro cgroup2\n");
}
END_TEST

// ---- hostile trees ------------------------------------------------------------------------------

START_TEST(dev_is_a_symlink)
{
	char canary[PATH_MAX];
	format_path(canary, "canary");
	remove_name("rootfs/dev");
	make_symlink("rootfs/dev", canary);
	struct trial trial = {.mounts = MOUNT_PROC};
	expect_error(&trial, "/dev: is a symbolic link, refused");
	trial.mounts = SEVEN_MOUNTS;
	expect_error(&trial,
		     "mounts[1] /dev: refused, because a part of the path is a symbolic link");
	remove_name("rootfs/dev");
	make_symlink("rootfs/dev", "etc");
	expect_error(&trial, "mounts[1] /dev: refused");
	expect_canary();
}
END_TEST

START_TEST(proc_and_sys_are_symlinks)
{
	static const char *const names[] = {"rootfs/proc", "rootfs/sys"};
	char canary[PATH_MAX];
	format_path(canary, "canary");
	const char *const texts[] = {canary, "etc", "/", "../../../../tmp", "nowhere"};
	for (size_t i = 0; i < array_size(names); i++) {
		for (size_t j = 0; j < array_size(texts); j++) {
			remove_name(names[i]);
			make_symlink(names[i], texts[j]);
			struct trial trial = {.mounts = SEVEN_MOUNTS, .linux_ = MASKS};
			expect_error(&trial,
				     "refused, because a part of the path is a symbolic link");
		}
		remove_name(names[i]);
		make_directory(names[i]);
	}
	expect_canary();
}
END_TEST

START_TEST(device_names_are_symlinks)
{
	static const char *const names[] = {"null", "ptmx", "fd", "console", "tty"};
	char canary[PATH_MAX + 16], name[64];
	format_path(canary, "canary");
	for (size_t i = 0; i < array_size(names); i++) {
		char text[PATH_MAX + 32];
		snprintf(text, sizeof text, "%s/%s", canary, names[i]);
		snprintf(name, sizeof name, "rootfs/dev/%s", names[i]);
		make_symlink(name, text);
	}
	struct trial trial = {.mounts = MOUNT_PROC};
	expect_error(&trial, "device /dev/null: something else is there already");
	remove_name("rootfs/dev/null");
	expect_error(&trial, "device /dev/tty: something else is there already");
	remove_name("rootfs/dev/tty");
	expect(&trial, "readlink /dev/ptmx; test -c /dev/null && echo good", "pts/ptmx\ngood\n");
	expect_canary();
}
END_TEST

START_TEST(mount_points_are_symlinks)
{
	char canary[PATH_MAX];
	format_path(canary, "canary");
	make_symlink("rootfs/escape", canary);
	make_symlink("rootfs/etc/escape", "../../../../../../../../tmp/../escape");
	struct trial trial = {.mounts = ONE("/escape/a/b", "data", "", "\"bind\"") "," ONE(
				      "/etc/escape/c", "data/file", "", "\"bind\"")};
	char script[PATH_MAX * 2 + 64];
	snprintf(script, sizeof script, "cat %s/a/b/file %s/c", canary, canary);
	expect(&trial, script, "data\ndata\n");
	expect_canary();
}
END_TEST

START_TEST(mask_through_symlink)
{
	char canary[PATH_MAX];
	format_path(canary, "canary");
	make_symlink("rootfs/etc/hidden", "secret");
	struct trial trial = {
		.mounts = SEVEN_MOUNTS,
		.linux_ = "\"maskedPaths\":[\"/etc/hidden\",\"/sys/class/net\",\"/proc/net/tcp\"]"};
	expect(&trial, "cat /etc/secret; ls /sys/class/net; echo end", "end\n");
	remove_name("rootfs/sys");
	make_symlink("rootfs/sys", "etc");
	trial.mounts = MOUNT_PROC "," MOUNT_DEV;
	trial.linux_ = "\"maskedPaths\":[\"/sys/secret\"]";
	expect_error(&trial,
		     "linux.maskedPaths[0] /sys/secret: open: Too many levels of symbolic links");
}
END_TEST

// ---- user namespaces ----------------------------------------------------------------------------

START_TEST(root_with_user_namespace)
{
	char path[PATH_MAX];
	struct trial trial = {.mounts = SEVEN_MOUNTS "," ONE("/a", "data", "", "\"rbind\",\"ro\""),
			      .linux_ = MASKS,
			      .user_namespace = true,
			      .root = ",\"readonly\":true"};
	// what only the caller can reach: the new process's root is a stranger here
	format_path(path, "data");
	ck_assert_int_eq(chown(path, 100000, 100000), 0);
	ck_assert_int_eq(chown(base, 0, 0), 0);
	ck_assert_int_eq(chmod(base, 0700), 0);
	give_to("rootfs", 100000);
	expect(&trial,
	       "cd /dev; for f in null zero full random urandom tty; do stat -c %t:%T $f; done; "
	       "echo x >null; cat /a/file; touch /x 2>/dev/null || echo ro",
	       "1:3\n1:5\n1:7\n1:8\n1:9\n5:0\ndata\nro\n");
	trial.options.overlay = "tmpfs";
	trial.root = NULL;
	expect(&trial, "echo x >/etc/new && cat /etc/new; stat -c %u:%a /", "x\n0:755\n");
	make_directory("layers");
	trial.options.overlay = "layers";
	expect(&trial, "echo y >/etc/new && cat /etc/new", "y\n");
	format_path(path, "layers/upper/etc/new");
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(plain_user)
{
	struct trial trial = {.mounts = MOUNT_PROC "," MOUNT_DEV "," MOUNT_PTS "," MOUNT_SHM
						   "," MOUNT_MQUEUE "," MOUNT_SYS "," MOUNT_CGROUP
						   "," ONE("/a", "data", "", "\"rbind\",\"ro\""),
			      .linux_ = MASKS,
			      .plain_user = true,
			      .root = ",\"readonly\":true"};
	give_to("", PLAIN_USER);
	expect(&trial,
	       "cat /a/file /etc/secret; test -c /dev/null && echo x >/dev/null && echo dev; touch "
	       "/x 2>/dev/null || echo ro; "
	       "ls -A /sys/firmware; id -u",
	       "data\ndev\nro\n0\n");
	trial.options.overlay = "tmpfs";
	trial.root = trial.linux_ = NULL;
	expect(&trial, "echo x >/etc/new && cat /etc/new && rm -r /etc/keep", "x\n");
	// without a network namespace sysfs is not ours: the host's, read-only all the way down
	struct trial host_network = {.mounts = MOUNT_PROC "," MOUNT_DEV "," MOUNT_SYS,
				     .plain_user = true,
				     .keep_network = true};
	expect(&host_network,
	       "test -d /sys/class/net && grep ' /sys' /proc/self/mountinfo | grep -v ' ro,' | wc "
	       "-l",
	       "0\n");
}
END_TEST

START_TEST(locked_flags_stay)
{
	char path[PATH_MAX];
	format_path(path, "data");
	ck_assert_int_eq(
		mount("locked", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_RDONLY, "mode=755"), 0);
	ck_assert_int_eq(chown(base, PLAIN_USER, PLAIN_USER), 0);
	give_to("rootfs", PLAIN_USER);
	struct trial trial = {.plain_user = true,
			      .mounts =
				      MOUNT_PROC "," ONE("/a", "data", "", "\"bind\",\"noexec\"")};
	expect(&trial, "sed -n 's/.* \\/a \\([^ ]*\\) .*/\\1/p' /proc/self/mountinfo",
	       "ro,nosuid,nodev,noexec,relatime\n");
	trial.mounts = MOUNT_PROC "," ONE("/a", "data", "", "\"bind\",\"rw\"");
	expect_error(&trial, "mounts[1] /a: set mount attributes: Operation not permitted");
}
END_TEST

// ---- the same without openat2 -------------------------------------------------------------------

struct filter_code {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};

static void forbid_openat2(uint32_t error)
{
	struct filter_code codes[] = {
		{0x20, 0, 0, 0},
		{0x15, 0, 1, 437},
		{0x06, 0, 0, 0x00050000U | error},
		{0x06, 0, 0, 0x7fff0000U},
	};
	struct {
		unsigned short length;
		struct filter_code *codes;
	} program = {array_size(codes), codes};
	ck_assert_int_eq(sys_seccomp(1, 0, &program), 0);
	struct kernel_open_how how = {0};
	ck_assert_int_eq(sys_openat2(AT_FDCWD, "/", &how), -1);
	ck_assert_int_eq(errno, (int)error);
}

START_TEST(without_openat2)
{
	forbid_openat2(_i ? EPERM : ENOSYS);
	struct trial trial = {.mounts =
				      SEVEN_MOUNTS "," ONE("/mnt/new/dir", "data", "", "\"bind\""),
			      .linux_ = MASKS};
	expect(&trial,
	       "cat /mnt/new/dir/file /etc/secret; test -c /dev/null && ls -A /sys/firmware && "
	       "echo good",
	       "data\ngood\n");
	remove_name("rootfs/etc/secret");
	char canary[PATH_MAX];
	format_path(canary, "canary");
	remove_name("rootfs/dev");
	make_symlink("rootfs/dev", canary);
	expect_error(&trial,
		     "mounts[1] /dev: refused, because a part of the path is a symbolic link");
	make_symlink("rootfs/escape", canary);
	trial.mounts = ONE("/escape/a/b", "data", "", "\"bind\"");
	expect_error(&trial, "/dev: is a symbolic link, refused");
	expect_canary();
}
END_TEST

START_TEST(skipped)
{
	ck_assert_ptr_nonnull(missing);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		default_mounts,
		default_devices,
		masked_files_are_empty,
		old_root_is_gone,
		host_is_untouched_when_shared,
		read_only_tmpfs_takes_devices_first,
		own_devices,
		existing_devices,
		bound_dev_is_left_alone,
		cwd_is_made,
		console,
		no_mount_namespace,
		binds,
		recursive_read_only,
		propagation,
		bidirectional_propagation,
		tmpfs_looks_like_what_it_covers,
		tmpfs_copies_up,
		symlink_options,
		remounts,
		source_below_the_root,
		overlay_entry_replaces_the_root,
		long_overlay_values,
		overlay_option,
		refusals,
		idmapped_bind,
		cgroup_without_namespace,
		dev_is_a_symlink,
		proc_and_sys_are_symlinks,
		device_names_are_symlinks,
		mount_points_are_symlinks,
		mask_through_symlink,
		root_with_user_namespace,
		plain_user,
		locked_flags_stay,
	};
	Suite *suite = suite_create("rootfs_steps");
	TCase *cases = tcase_create("real");
	tcase_set_timeout(cases, 60);
	if (access("/bin/busybox", X_OK) < 0)
		missing = "no /bin/busybox";
	else if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		missing = "needs root: cannot make a mount namespace";
	if (missing) {
		printf("rootfs_steps: skipped: %s\n", missing);
		tcase_add_test(cases, skipped);
	} else {
		tcase_add_checked_fixture(cases, setup, teardown);
		tcase_add_loop_test(cases, without_openat2, 0, 2);
	}
	for (size_t i = 0; !missing && i < array_size(tests); i++)
		tcase_add_test(cases, tests[i]);
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
