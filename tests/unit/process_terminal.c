// SPDX-License-Identifier: Apache-2.0
// Terminals: made from a devpts and from nothing else, and the foreground session, with a reader that stops, programs that
// end at once, and the caller's own terminal before and after. The session runs in a child whose 0 and 1 are the test's.
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/socket.h"
#include "libcontainer/process/process.h"
#include "state_scratch.h"

static struct error err;

// ---- programs in a pty ---------------------------------------------------------------------------

// Starts argv on a new pty as terminal_open would make it.
static pid_t start_program(char *const *argv, int *master)
{
	int peer = -1;
	ck_assert_int_eq(openpty(master, &peer, NULL, NULL, NULL), 0);
	fcntl(*master, F_SETFD, FD_CLOEXEC);
	fcntl(peer, F_SETFD, FD_CLOEXEC);
	struct termios settings;
	tcgetattr(*master, &settings);
	settings.c_oflag &= ~(tcflag_t)ONLCR;
	tcsetattr(*master, TCSANOW, &settings);
	pid_t pid = fork();
	if (pid == 0) {
		const struct spec_user user = {.uid = geteuid(), .gid = getegid()};
		close(*master);
		setsid();
		if (terminal_use(peer, &user, NULL) < 0 || terminal_control(NULL) < 0)
			_exit(126);
		(void)!signals_reset();
		execvp(argv[0], argv);
		_exit(127);
	}
	close(peer);
	return pid;
}

static int forwarded[65];
static bool forward(void *data, int signal)
{
	pid_t *pid = data;
	forwarded[signal]++;
	kill(*pid, signal);
	return false;
}

// The foreground run: what husk does around a session. Returns the exit code of the program.
static int foreground(char *const *argv)
{
	sigset_t before, wanted;
	struct terminal_session *session = NULL;
	int master = -1, status = 0;
	(void)!signals_block_all(&before);
	sigfillset(&wanted);
	sigdelset(&wanted, SIGCHLD);
	sigdelset(&wanted, SIGPIPE);
	auto_close int signals = signalfd(-1, &wanted, SFD_CLOEXEC);
	pid_t pid = start_program(argv, &master);
	auto_close int pidfd = sys_pidfd_open(pid);
	terminal_session_copy_size(master);
	if (terminal_session_begin(master, &session, &err) < 0 ||
	    terminal_session_run(session, pidfd, signals, forward, &pid, &err) < 0)
		_exit(125);
	terminal_session_end(session);
	close(master);
	(void)!process_reap(pid, &status);
	return process_exit_code(status);
}

// A process with the given 0 and 1 that runs foreground.
static pid_t start_foreground(char *const *argv, int input, int output)
{
	pid_t pid = fork();
	if (pid)
		return pid;
	int null = open("/dev/null", O_RDWR);
	dup2(null, 2);
	dup2(input, 0);
	dup2(output, 1);
	(void)!sys_close_range(3, ~0U, 0);
	_exit(foreground(argv));
}

static int code_of(pid_t pid)
{
	int status = -1;
	ck_assert_int_eq(process_reap(pid, &status), 0);
	return process_exit_code(status);
}

#define SHELL(text)                                                                                \
	((char *const[]){(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",                       \
			 (char *)(uintptr_t)(text), NULL})

static void make_pipe(int fds[2])
{
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
}

// ---- session -------------------------------------------------------------------------------------

// 10 MiB through a reader that stops for a while: every byte arrives, in order, and nobody spins meanwhile.
START_TEST(much_output_through_a_stopped_reader)
{
	int out[2];
	make_pipe(out);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid = start_foreground(
		SHELL("stty raw -echo; i=0; while [ $i -lt 40 ]; do "
		      "seq -f %06g 100000 137448; i=$((i+1)); done | cat; echo end"),
		null, out[1]);
	close(out[1]);
	pause_ms(1500);
	size_t total = 0, numbers = 0, wrong = 0;
	FILE *file = fdopen(out[0], "r");
	char line[64];
	long expected = 100000;
	bool ended = false;
	while (fgets(line, sizeof line, file)) {
		total += strlen(line);
		if (text_equal(line, "end\n")) {
			ended = true;
			continue;
		}
		numbers++;
		wrong += strtol(line, NULL, 10) != expected || strlen(line) != 7;
		expected = expected == 137448 ? 100000 : expected + 1;
	}
	fclose(file);
	ck_assert(ended);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(numbers, 40 * 37449);
	ck_assert_uint_eq(total, 40 * 37449 * 7 + 4);
	ck_assert_int_eq(code_of(pid), 0);
}
END_TEST

// While the reader stands still, the session does, too.
START_TEST(no_busy_loop)
{
	int out[2], in[2];
	make_pipe(out);
	make_pipe(in);
	// output that nobody reads, input that nobody takes, and a terminal that its program has left
	static const char *const scripts[] = {
		"while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyy; done", "exec sleep 100",
		"exec <&- >&- 2>&- setsid -w sleep 100",
		"exec </dev/null >/dev/null 2>&1; exec setsid -w sleep 100"};
	for (size_t i = 0; i < array_size(scripts); i++) {
		char stat[64], text[1024];
		unsigned long user = 0, system = 0;
		pid_t pid = start_foreground(SHELL(scripts[i]), in[0], out[1]);
		fcntl(in[1], F_SETFL, O_NONBLOCK);
		char block[4096];
		memset(block, 'x', sizeof block);
		while (write(in[1], block, sizeof block) > 0)
			;
		pause_ms(1500);
		snprintf(stat, sizeof stat, "/proc/%d/stat", (int)pid);
		int fd = open(stat, O_RDONLY);
		ssize_t n = read(fd, text, sizeof text - 1);
		ck_assert_int_gt(n, 0);
		text[n] = '\0';
		close(fd);
		sscanf(strrchr(text, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
		       &user, &system);
		ck_assert_msg(user + system < 60, "%s: %lu ticks of CPU time", scripts[i],
			      user + system);
		// signals are still served
		kill(pid, SIGKILL);
		int code = code_of(pid);
		ck_assert_msg(code == 128 + SIGKILL, "%s: %d", scripts[i], code);
	}
}
END_TEST

// Until so much waits in the pipe that nothing more comes.
static void wait_until_full(int pipe_fd)
{
	int before = -1, now = 0, same = 0;
	while (same < 5) {
		pause_ms(100);
		ck_assert_int_eq(ioctl(pipe_fd, FIONREAD, &now), 0);
		same = now == before && now > 0 ? same + 1 : 0;
		before = now;
	}
}

START_TEST(signals_pass_a_stopped_reader)
{
	int out[2];
	make_pipe(out);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid = start_foreground(SHELL("while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyy; done"),
				     null, out[1]);
	wait_until_full(out[0]);
	kill(pid, SIGTERM);
	// the program dies, and what it wrote waits for us: a later signal gives that up
	pause_ms(300);
	int status = -1;
	ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);
	for (int i = 0; i < 100 && waitpid(pid, &status, WNOHANG) == 0; i++) {
		kill(pid, SIGTERM);
		pause_ms(100);
	}
	ck_assert_int_eq(process_exit_code(status), 128 + SIGTERM);
}
END_TEST

// A program that writes and is gone: nothing of what it wrote is lost, however short it lived.
START_TEST(short_programs_lose_nothing)
{
	enum { RUNS = 500 };
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < RUNS; i++) {
		int out[2];
		char text[8192];
		size_t used = 0;
		make_pipe(out);
		pid_t pid = start_foreground(i % 2 ? SHELL("printf hello; exit 7")
						   : SHELL("printf %05000d 1; exit 7"),
					     null, out[1]);
		close(out[1]);
		for (;;) {
			ssize_t n = read(out[0], text + used, sizeof text - used);
			ck_assert_int_ge(n, 0);
			if (!n)
				break;
			used += (size_t)n;
		}
		close(out[0]);
		ck_assert_uint_eq(used, i % 2 ? 5 : 5000);
		ck_assert_int_eq(code_of(pid), 7);
	}
}
END_TEST

START_TEST(input_arrives)
{
	int in[2], out[2];
	char text[256] = {0};
	make_pipe(in), make_pipe(out);
	pid_t pid = start_foreground(
		SHELL("stty -echo; echo ready; read a; read b; echo \"$a+$b\"; cat; exit 3"), in[0],
		out[1]);
	close(in[0]), close(out[1]);
	ck_assert_int_eq(read(out[0], text, 6), 6);
	ck_assert_int_eq(write(in[1], "one\ntwo\n", 8), 8);
	ck_assert_int_eq(read(out[0], text, sizeof text), 8);
	ck_assert_mem_eq(text, "one+two\n", 8);
	ck_assert_int_eq(write(in[1], "three\n", 6), 6);
	ck_assert_int_eq(read(out[0], text, sizeof text), 6);
	// the end of the input ends cat
	close(in[1]);
	ck_assert_int_eq(read(out[0], text, sizeof text), 0);
	ck_assert_int_eq(code_of(pid), 3);
}
END_TEST

// Large input to a program that reads slowly: nothing is lost on the way in either.
START_TEST(much_input)
{
	int in[2], out[2];
	char text[64] = {0};
	make_pipe(in), make_pipe(out);
	pid_t pid = start_foreground(SHELL("stty raw -echo; echo r; head -c 1000000 | cksum"),
				     in[0], out[1]);
	close(in[0]), close(out[1]);
	ck_assert_int_eq(read(out[0], text, 2), 2);
	static char data[1000000];
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (char)('a' + i * i % 26);
	scratch_write("data", data, sizeof data, 0600);
	pid_t writer = fork();
	if (writer == 0)
		_exit(write(in[1], data, sizeof data) != sizeof data);
	char wanted[64] = {0}, command[128];
	snprintf(command, sizeof command, "cksum <%s/data", scratch_path);
	FILE *reference = popen(command, "r");
	ck_assert_ptr_nonnull(fgets(wanted, sizeof wanted, reference));
	pclose(reference);
	size_t used = 0;
	for (ssize_t n; (n = read(out[0], text + used, sizeof text - 1 - used)) > 0;)
		used += (size_t)n;
	text[used] = '\0';
	ck_assert_str_eq(text, wanted);
	ck_assert_int_eq(code_of(writer), 0);
	close(in[1]);
	ck_assert_int_eq(code_of(pid), 0);
}
END_TEST

// Output that nobody takes any more does not stop the program.
START_TEST(closed_output)
{
	int out[2];
	make_pipe(out);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid = start_foreground(SHELL("seq 100000; exit 5"), null, out[1]);
	close(out[1]), close(out[0]);
	ck_assert_int_eq(code_of(pid), 5);
}
END_TEST

START_TEST(other_kinds_of_output)
{
	int sockets[2];
	char text[16] = {0};
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	pid_t pid = start_foreground(SHELL("echo hello"), null, sockets[1]);
	close(sockets[1]);
	ck_assert_int_eq(read(sockets[0], text, sizeof text), 6);
	ck_assert_int_eq(code_of(pid), 0);
	// a file keeps what was in it
	int file = openat(scratch_fd, "out", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(write(file, "before\n", 7), 7);
	pid = start_foreground(SHELL("echo hello"), null, file);
	ck_assert_int_eq(code_of(pid), 0);
	ck_assert_int_eq(pread(file, text, sizeof text, 0), 13);
	ck_assert_mem_eq(text, "before\nhello\n", 13);
}
END_TEST

// A process that outlives the program with the terminal open keeps nobody waiting.
START_TEST(terminal_kept_open)
{
	int out[2];
	char text[64];
	make_pipe(out);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int64_t before = clock_ms();
	pid_t pid = start_foreground(SHELL("trap '' HUP; sleep 5 & echo done"), null, out[1]);
	close(out[1]);
	ck_assert_int_eq(read(out[0], text, sizeof text), 5);
	ck_assert_int_eq(code_of(pid), 0);
	ck_assert_int_lt(clock_ms() - before, 3000);
}
END_TEST

// ---- the caller's terminal -----------------------------------------------------------------------

static char *read_until(int fd, const char *wanted)
{
	static char text[16384];
	size_t used = 0;
	int64_t deadline = clock_ms() + 10000;
	text[0] = '\0';
	while (!strstr(text, wanted)) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ck_assert_msg(clock_ms() < deadline, "no \"%s\" in \"%s\"", wanted, text);
		if (poll(&p, 1, 1000) <= 0)
			continue;
		ssize_t n = read(fd, text + used, sizeof text - 1 - used);
		ck_assert_int_gt(n, 0);
		used += (size_t)n;
		text[used] = '\0';
	}
	return text;
}

// On a terminal of the test: raw meanwhile, the size handed on, and all as before afterwards.
static void on_own_terminal(const char *script, const char *ready,
			    void (*act)(int master, pid_t pid), int code)
{
	struct termios before, during, after;
	int master, peer;
	struct winsize size = {.ws_row = 31, .ws_col = 97};
	ck_assert_int_eq(openpty(&master, &peer, NULL, NULL, &size), 0);
	tcgetattr(peer, &before);
	pid_t pid = fork();
	if (pid == 0) {
		setsid();
		ioctl(peer, TIOCSCTTY, 0);
		dup2(peer, 0), dup2(peer, 1), dup2(peer, 2);
		(void)!sys_close_range(3, ~0U, 0);
		_exit(foreground(SHELL(script)));
	}
	char *text = read_until(master, ready);
	assert_has(text, "31 97\r\n");
	tcgetattr(peer, &during);
	ck_assert_uint_eq(during.c_lflag & (ICANON | ECHO | ISIG), 0);
	act(master, pid);
	int status = 0;
	ck_assert_int_eq(process_reap(pid, &status), 0);
	ck_assert_int_eq(process_exit_code(status), code);
	tcgetattr(peer, &after);
	ck_assert_uint_eq(before.c_lflag, after.c_lflag);
	ck_assert_uint_eq(before.c_iflag, after.c_iflag);
	ck_assert_uint_eq(before.c_oflag, after.c_oflag);
	ck_assert_mem_eq(before.c_cc, after.c_cc, sizeof before.c_cc);
	ck_assert_int_eq(fcntl(peer, F_GETFL) & O_NONBLOCK, 0);
	close(master), close(peer);
}

static void resize(int master, pid_t pid)
{
	(void)pid;
	const struct winsize size = {.ws_row = 40, .ws_col = 120};
	ck_assert_int_eq(ioctl(master, TIOCSWINSZ, &size), 0);
	read_until(master, "40 120");
	// ^C is a byte for the program's own terminal
	ck_assert_int_eq(write(master, "\003", 1), 1);
}

static void terminate(int master, pid_t pid)
{
	(void)master;
	kill(pid, SIGTERM);
}

START_TEST(own_terminal)
{
	on_own_terminal("trap 'exit 9' INT; trap 'stty size' WINCH; stty size; echo ready; "
			"while :; do sleep 0.05; done",
			"ready", resize, 9);
	on_own_terminal("stty size; echo ready; sleep 100", "ready", terminate, 128 + SIGTERM);
}
END_TEST

// ---- opening -------------------------------------------------------------------------------------

// In a mount namespace of its own, with a devpts in the scratch directory.
static void with_devpts(void (*test)(void))
{
	if (geteuid() != 0)
		return;
	pid_t pid = fork();
	if (pid == 0) {
		char path[128];
		if (unshare(CLONE_NEWNS) < 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
			_exit(2);
		// the old descriptor still means the old mount namespace
		close(scratch_fd);
		scratch_fd = open(scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		snprintf(path, sizeof path, "%s/dev/pts", scratch_path);
		(void)!mkdirat(scratch_fd, "dev", 0755);
		(void)!mkdirat(scratch_fd, "dev/pts", 0755);
		if (mount("devpts", path, "devpts", 0, "newinstance,ptmxmode=0666,mode=0620") < 0)
			_exit(3);
		test();
		umount2(path, MNT_DETACH);
		_exit(0);
	}
	ck_assert_int_eq(code_of(pid), 0);
}

static void opened(void)
{
	int master = -1, peer = -1;
	char text[16] = {0};
	struct winsize size;
	assert_ok(terminal_open(scratch_fd, &master, &peer, &err));
	ck_assert_int_eq(fcntl(master, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(peer, F_GETFD), FD_CLOEXEC);
	assert_ok(terminal_set_size(master, 25, 80, &err));
	ck_assert_int_eq(ioctl(peer, TIOCGWINSZ, &size), 0);
	ck_assert_int_eq(size.ws_row, 25);
	ck_assert_int_eq(size.ws_col, 80);
	assert_ok(terminal_set_size(master, 0, 0, &err));
	assert_ok(terminal_set_size(master, 1000000, 80, &err));
	ck_assert_int_eq(ioctl(peer, TIOCGWINSZ, &size), 0);
	ck_assert_int_eq(size.ws_row, 65535);
	ck_assert_int_eq(write(peer, "a\n", 2), 2);
	ck_assert_int_eq(read(master, text, sizeof text), 2);
	ck_assert_mem_eq(text, "a\n", 2);
	close(master), close(peer);
}

static void taken(void)
{
	int master = -1, peer = -1;
	struct stat st;
	const struct spec_user user = {.uid = 1234, .gid = 1234};
	assert_ok(terminal_open(scratch_fd, &master, &peer, &err));
	pid_t pid = fork();
	if (pid == 0) {
		setsid();
		if (terminal_use(peer, &user, NULL) < 0 || terminal_control(NULL) < 0)
			_exit(1);
		bool ok = isatty(0) && isatty(1) && isatty(2) && tcgetsid(0) == getpid() &&
			  fcntl(0, F_GETFD) == 0 && fstat(2, &st) == 0 && st.st_uid == 1234 &&
			  st.st_gid != 1234;
		_exit(!ok);
	}
	ck_assert_int_eq(code_of(pid), 0);
	close(master), close(peer);
}

START_TEST(open_and_take)
{
	with_devpts(opened);
	with_devpts(taken);
}
END_TEST

START_TEST(only_a_devpts_will_do)
{
	int master = -1, peer = -1;
	char name[64];
	ck_assert_int_lt(terminal_open(scratch_fd, &master, &peer, &err), 0);
	(void)!mkdirat(scratch_fd, "dev", 0755);
	(void)!mkdirat(scratch_fd, "dev/pts", 0755);
	scratch_write("dev/pts/ptmx", "", 0, 0666);
	assert_fails(terminal_open(scratch_fd, &master, &peer, &err), ENODEV);
	assert_has(err.message, "no devpts");
	// the host's devpts behind a link is the host's
	unlinkat(scratch_fd, "dev/pts/ptmx", 0);
	unlinkat(scratch_fd, "dev/pts", AT_REMOVEDIR);
	snprintf(name, sizeof name, "/dev/pts");
	ck_assert_int_eq(symlinkat(name, scratch_fd, "dev/pts"), 0);
	ck_assert_int_lt(terminal_open(scratch_fd, &master, &peer, &err), 0);
	ck_assert_int_eq(master, -1);
}
END_TEST

START_TEST(sent_to_a_socket)
{
	int master, peer, got = -1;
	char path[128], data[4096];
	ck_assert_int_eq(openpty(&master, &peer, NULL, NULL, NULL), 0);
	int listener = socket_listen(scratch_fd, "console", SOCK_STREAM);
	assert_ok(listener);
	snprintf(path, sizeof path, "%s/console", scratch_path);
	assert_ok(terminal_send(path, master, -1, &err));
	int connection = accept(listener, NULL, NULL);
	ssize_t n = socket_receive_fd(connection, data, sizeof data, &got);
	ck_assert_int_gt(n, 0);
	ck_assert(n >= 10 && memcmp(data, "/dev/pts/", 9) == 0);
	ck_assert(isatty(got));
	unsigned a = 0, b = 1;
	ioctl(master, TIOCGPTN, &a), ioctl(got, TIOCGPTN, &b);
	ck_assert_uint_eq(a, b);
	close(got);
	ck_assert_int_eq(socket_receive_fd(connection, data, sizeof data, &got), 0);
	close(listener);
	assert_fails(terminal_send(path, master, -1, &err), ECONNREFUSED);
	assert_has(err.message, path);
}
END_TEST

// Whatever the caller's 0, 1 and 2 are, or whether they are: no test's descriptor lands there, and none reads from them.
static void fill_input(void)
{
	int null = open("/dev/null", O_RDWR);
	while (null >= 0 && null <= 2)
		null = dup(null);
	dup2(null, 0);
	close(null);
}

int main(void)
{
	fill_input();
	Suite *suite = suite_create("terminal");
	TCase *session = tcase_create("session");
	tcase_set_timeout(session, 100);
	tcase_add_checked_fixture(session, scratch_make, scratch_remove);
	tcase_add_test(session, much_output_through_a_stopped_reader);
	tcase_add_test(session, no_busy_loop);
	tcase_add_test(session, signals_pass_a_stopped_reader);
	tcase_add_test(session, short_programs_lose_nothing);
	tcase_add_test(session, input_arrives);
	tcase_add_test(session, much_input);
	tcase_add_test(session, closed_output);
	tcase_add_test(session, other_kinds_of_output);
	tcase_add_test(session, terminal_kept_open);
	tcase_add_test(session, own_terminal);
	suite_add_tcase(suite, session);
	TCase *opening = tcase_create("opening");
	tcase_add_checked_fixture(opening, scratch_make, scratch_remove);
	tcase_add_test(opening, open_and_take);
	tcase_add_test(opening, only_a_devpts_will_do);
	tcase_add_test(opening, sent_to_a_socket);
	suite_add_tcase(suite, opening);
	return run_suite(suite);
}
