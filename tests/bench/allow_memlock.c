// SPDX-License-Identifier: Apache-2.0
// For crun before it forgave this: lets its setrlimit(RLIMIT_MEMLOCK) pass when the kernel refuses it, as it does to root without
// CAP_SYS_RESOURCE. Preloaded for that program only, and only where it cannot start otherwise.
#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int set_limit(unsigned resource, const struct rlimit *limit)
{
	long r = syscall(SYS_prlimit64, 0, resource, limit, NULL);
	return r < 0 && errno == EPERM && resource == RLIMIT_MEMLOCK ? 0 : (int)r;
}

int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	return set_limit(resource, limit);
}

int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit)
{
	struct rlimit same = {limit->rlim_cur, limit->rlim_max};  // 64-bit only
	return set_limit(resource, &same);
}
