/* SPDX-License-Identifier: MIT */
#include "system/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/locale.h"

#define STEP PRIVILEGES_STEP

bool privileges_find_user(const char *name, struct privileges_user *user, struct err *err)
{
	const struct passwd *found;

	errno = 0;
	found = getpwnam(name);
	if (found != NULL) {
		*user = (struct privileges_user){ name, found->pw_uid, found->pw_gid };
		return true;
	}
	if (errno == 0 || errno == ENOENT || errno == ESRCH)
		err_set(err, ERROR_FILE_NOT_FOUND, STEP,
		        "this computer has no such user; create it (systemd-sysusers does so for "
		        "netsession), or name another one, or root");
	else
		err_format(err, ERROR_ACCESS_DENIED, STEP, "the user cannot be looked up: %s",
		           locale_error_text(errno));
	return false;
}

/* Sets the capabilities of this thread to those of the mask. */
static bool privileges_set_capabilities(uint32_t mask)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{ .effective = mask, .permitted = mask },
	};

	return syscall(SYS_capset, &header, data) == 0;
}

/* Without it, no program that this process might run has more rights than it. */
static void privileges_empty_bounding_set(void)
{
	for (unsigned long capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0;
	     capability++)
		;
}

static bool privileges_have_root(void)
{
	uid_t real, effective, saved;

	return getresuid(&real, &effective, &saved) != 0 || real == 0 || effective == 0 ||
	       saved == 0 || setuid(0) == 0;
}

bool privileges_become_user(const struct privileges_user *user, struct err *err)
{
	if (user->uid == 0)
		return true;
	privileges_empty_bounding_set();
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || initgroups(user->name, user->gid) != 0 ||
	    setresgid(user->gid, user->gid, user->gid) != 0 ||
	    setresuid(user->uid, user->uid, user->uid) != 0 ||
	    !privileges_set_capabilities(1u << CAP_NET_BIND_SERVICE))
		err_format(err, ERROR_ACCESS_DENIED, STEP,
		           "the process cannot become this user: %s", locale_error_text(errno));
	else if (privileges_have_root())
		err_set(err, ERROR_ACCESS_DENIED, STEP, "the process could become root again");
	return err->status == NERR_Success;
}

void privileges_drop_capabilities(void)
{
	if (geteuid() != 0)
		(void)privileges_set_capabilities(0);
}
