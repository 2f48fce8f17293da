// SPDX-License-Identifier: Apache-2.0
// Binds the directory of its first argument onto DIR/0 ... DIR/(COUNT-1):  many_mounts FROM DIR COUNT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
	char path[512];
	if (argc != 4)
		return 2;
	for (int i = 0, n = atoi(argv[3]); i < n; i++) {
		snprintf(path, sizeof(path), "%s/%d", argv[2], i);
		if (mkdir(path, 0755) < 0 && errno != EEXIST) {
			perror(path);
			return 1;
		}
		if (mount(argv[1], path, NULL, MS_BIND, NULL) < 0) {
			perror(path);
			return 1;
		}
	}
	return 0;
}
