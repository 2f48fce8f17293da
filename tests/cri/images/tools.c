// SPDX-License-Identifier: Apache-2.0
// What critest's specs call and Debian's busybox-static lacks, by the name it is called: brctl addbr NAME, ipcs, pgrep NAME.
#include <ctype.h>
#include <dirent.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static int add_bridge(int argc, char **argv)
{
	if (argc < 3 || strcmp(argv[1], "addbr") != 0)
		return 2;
	if (ioctl(socket(AF_UNIX, SOCK_STREAM, 0), SIOCBRADDBR, argv[2]) == 0)
		return 0;
	perror("brctl: bridge add");
	return 1;
}

static int show_shared_memory(void)
{
	FILE *f = fopen("/proc/sysvipc/shm", "r");
	int c;
	if (!f) {
		perror("ipcs");
		return 1;
	}
	while ((c = getc(f)) != EOF)
		putchar(c);
	fclose(f);
	return 0;
}

static int find_processes(int argc, char **argv)
{
	DIR *dir = opendir("/proc");
	int status = 1;
	if (argc < 2 || !dir)
		return 2;
	for (struct dirent *e; (e = readdir(dir));) {
		char path[300], name[64] = "";
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		FILE *f = fopen(path, "r");
		if (!f)
			continue;
		if (fgets(name, sizeof(name), f) && strstr(name, argv[1])) {
			puts(e->d_name);
			status = 0;
		}
		fclose(f);
	}
	closedir(dir);
	return status;
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	name = name ? name + 1 : argv[0];
	if (strcmp(name, "brctl") == 0)
		return add_bridge(argc, argv);
	if (strcmp(name, "ipcs") == 0)
		return show_shared_memory();
	if (strcmp(name, "pgrep") == 0)
		return find_processes(argc, argv);
	return 127;
}
