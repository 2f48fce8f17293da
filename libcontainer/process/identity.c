// SPDX-License-Identifier: Apache-2.0
// Who the program runs as. Groups go first, because only the old identity may set them; what was taken is read back.
#include <errno.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "libcontainer/process/process.h"

static int apply_groups(const struct spec_user *user, bool may_set_groups, struct error *err)
{
	if (!may_set_groups) {
		if (!user->additional_gids_count)
			return 0;
		return error_set(err, EPERM,
				 "process.user.additionalGids: setgroups is denied in this user "
				 "namespace (map gids with newgidmap): %s",
				 error_text(EPERM));
	}
	if (setgroups(user->additional_gids_count, user->additional_gids) < 0)
		return error_errno(
			err, "process.user.additionalGids: setgroups%s",
			errno == EINVAL ? " (a group has no mapping in the user namespace)" : "");
	return 0;
}

static const char *unmapped_hint(int code)
{
	return code == EINVAL ? " (it has no mapping in the user namespace)" : "";
}

static int verify(const struct spec_user *user, struct error *err)
{
	uid_t r, e, s;
	if (getresuid(&r, &e, &s) < 0)
		return error_errno(err, "process.user.uid: read back");
	if (r != user->uid || e != user->uid || s != user->uid)
		return error_set(err, EPERM, "process.user.uid %u was not taken", user->uid);
	if (getresgid(&r, &e, &s) < 0)
		return error_errno(err, "process.user.gid: read back");
	if (r != user->gid || e != user->gid || s != user->gid)
		return error_set(err, EPERM, "process.user.gid %u was not taken", user->gid);
	return 0;
}

int identity_apply(const struct spec_user *user, bool keep_groups, bool may_set_groups,
		   struct error *err)
{
	// -1 means "as it is" to the kernel
	if (user->uid == UINT32_MAX || user->gid == UINT32_MAX)
		return error_set(err, EINVAL, "process.user: 4294967295 is no valid id");
	if (prctl(PR_SET_KEEPCAPS, 1UL, 0UL, 0UL, 0UL) < 0)
		return error_errno(err, "process.user: keep capabilities");
	if (!keep_groups && apply_groups(user, may_set_groups, err) < 0)
		return -1;
	if (setresgid(user->gid, user->gid, user->gid) < 0)
		return error_errno(err, "process.user.gid %u%s", user->gid, unmapped_hint(errno));
	if (setresuid(user->uid, user->uid, user->uid) < 0)
		return error_errno(err, "process.user.uid %u%s", user->uid, unmapped_hint(errno));
	return verify(user, err);
}

void identity_apply_umask(const struct spec_user *user)
{
	umask(user->umask.set ? (mode_t)user->umask.value & 0777 : 0022);
}

static bool is_null_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

int identity_own_stdio(const struct spec_user *user, struct error *err)
{
	for (int fd = 0; fd <= 2; fd++) {
		struct stat st;
		if (fstat(fd, &st) < 0) {
			if (errno == EBADF)
				continue;
			return error_errno(err, "stdio descriptor %d", fd);
		}
		if (st.st_uid == user->uid || is_null_device(&st))
			continue;
		// the group stays: terminals have one of their own
		if (fchown(fd, user->uid, (gid_t)-1) == 0)
			continue;
		if (errno != EROFS && errno != EPERM && errno != EINVAL)
			return error_errno(err, "give stdio descriptor %d to uid %u", fd,
					   user->uid);
	}
	return 0;
}
