// SPDX-License-Identifier: Apache-2.0
// Set-user-ID in its image: says as whom it runs, which no_new_privs decides. The words are those that critest looks for.
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	printf("Effective uid: %d\n", (int)geteuid());
	return 0;
}
