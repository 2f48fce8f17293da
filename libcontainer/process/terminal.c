// SPDX-License-Identifier: Apache-2.0
// The container's terminal: a pty of its own devpts, made through descriptors only.
//
// Nothing is believed because of its name: the directory must be a devpts, the multiplexer must be device 5:2 in it, and the
// other end comes from the master itself (TIOCGPTPEER), not from a path that somebody may have covered.
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "libcontainer/base/memory.h"
#include "libcontainer/kernel/path.h"
#include "libcontainer/kernel/socket.h"
#include "libcontainer/process/process.h"

static bool is_devpts(int fd)
{
	struct statfs fs;
	return fstatfs(fd, &fs) == 0 && fs.f_type == DEVPTS_SUPER_MAGIC;
}

static int open_multiplexer(int root_fd, int *master, struct error *err)
{
	struct stat st;
	auto_close int directory =
		path_open(root_fd, "/dev/pts", O_PATH | O_DIRECTORY, path_rule_strict);
	if (directory < 0)
		return error_errno(err, "process.terminal: /dev/pts in the container");
	if (!is_devpts(directory))
		return error_set(
			err, ENODEV,
			"process.terminal: /dev/pts in the container is no devpts (mount one)");
	auto_close int fd = openat(directory, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "process.terminal: /dev/pts/ptmx in the container");
	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2) ||
	    !is_devpts(fd))
		return error_set(
			err, ENODEV,
			"process.terminal: /dev/pts/ptmx in the container is no pty multiplexer");
	*master = take_fd(&fd);
	return 0;
}

// A program's newline shall arrive as the one byte it wrote.
static int clear_onlcr(int master)
{
	struct termios settings;
	if (tcgetattr(master, &settings) < 0)
		return -1;
	settings.c_oflag &= ~(tcflag_t)ONLCR;
	return tcsetattr(master, TCSANOW, &settings);
}

int terminal_open(int root_fd, int *master, int *peer, struct error *err)
{
	auto_close int fd = -1;
	const int unlock = 0;
	if (open_multiplexer(root_fd, &fd, err) < 0)
		return -1;
	if (ioctl(fd, TIOCSPTLCK, &unlock) < 0)
		return error_errno(err, "process.terminal: unlock the pty");
	auto_close int other = ioctl(fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (other < 0)
		return error_errno(err, "process.terminal: open the other end of the pty");
	if (clear_onlcr(fd) < 0)
		return error_errno(err, "process.terminal: set up the pty");
	*master = take_fd(&fd);
	*peer = take_fd(&other);
	return 0;
}

static unsigned short clamp(unsigned value)
{
	return value > 0xffff ? 0xffff : (unsigned short)value;
}

int terminal_set_size(int master, unsigned rows, unsigned columns, struct error *err)
{
	const struct winsize size = {.ws_row = clamp(rows), .ws_col = clamp(columns)};
	if (!rows && !columns)
		return 0;
	if (ioctl(master, TIOCSWINSZ, &size) < 0)
		return error_errno(err, "process.consoleSize");
	return 0;
}

int terminal_use(int peer, const struct spec_user *user, struct error *err)
{
	// the group is the mount's to choose (gid=5 is "tty")
	if (fchown(peer, user->uid, (gid_t)-1) < 0 && errno != EPERM && errno != EROFS)
		return error_errno(err, "process.terminal: give the terminal to uid %u", user->uid);
	for (int fd = 0; fd <= 2; fd++)
		if (peer == fd ? fcntl(fd, F_SETFD, 0) < 0 : dup2(peer, fd) < 0)
			return error_errno(err, "process.terminal: make it descriptor %d", fd);
	return 0;
}

int terminal_control(struct error *err)
{
	if (ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
		return error_errno(err, "process.terminal: make it the controlling terminal");
	return 0;
}

int terminal_send(const char *socket_path, int master, int interrupts, struct error *err)
{
	char name[32];
	unsigned number;
	if (ioctl(master, TIOCGPTN, &number) < 0)
		return error_errno(err, "process.terminal: number of the pty");
	int length = snprintf(name, sizeof name, "/dev/pts/%u", number);
	auto_close int fd = socket_connect_path_unless(socket_path, SOCK_STREAM, interrupts);
	if (fd < 0)
		return error_errno(err, "console socket %s: connect", socket_path);
	if (socket_send_fd(fd, name, (size_t)length, master) < 0)
		return error_errno(err, "console socket %s: send the terminal", socket_path);
	return 0;
}
