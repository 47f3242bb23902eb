/* SPDX-License-Identifier: BSD-2-Clause */
/* What was installed: there, root's, and an account for what must not be root. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/paths.h"
#include "doctor.h"
#include "host/local.h"

static void
check_installed(const struct doctor *d, const char *id, const char *path, mode_t needed,
    const char *what)
{
	static const char again[] = "install the package again, or: make install";
	struct stat st;

	if (stat(path, &st) < 0)
		doctor_fail(d, id, again, "%s: %s: %s", path, strerror(errno), what);
	else if (!S_ISREG(st.st_mode))
		doctor_fail(d, id, again, "%s: is not a regular file: %s", path, what);
	else if (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		doctor_fail(d, id, "find out who changed it, then install it again",
		    "%s: belongs to somebody else than root, or others can write it: "
		    "they "
		    "could become root",
		    path);
	else if ((st.st_mode & needed) != needed)
		doctor_fail(d, id, again, "%s: has mode %04o: %s", path,
		    (unsigned)(st.st_mode & 07777), what);
	else
		doctor_pass(d, id, "%s", path);
}

static void
check_account(const struct doctor *d)
{
	static const char id[] = "account", cure[] = "systemd-sysusers, or: adduser "
						     "--system --group " OKTA_SYSTEM_USER;
	uint32_t uid = 0, gid = 0;
	struct okta_err err = { 0 };

	if (okta_local_ids_of("/etc/passwd", okta_view_str(OKTA_SYSTEM_USER), &uid, &gid,
		&err) != OKTA_OK)
		doctor_fail(d, id, cure,
		    "%s: %s: the helper has nobody to run as, nobody from Okta can log "
		    "in",
		    OKTA_SYSTEM_USER, err.msg);
	else if (uid == 0 || gid == 0)
		doctor_fail(d, id, cure, "%s has uid %u and gid %u: it must not be root",
		    OKTA_SYSTEM_USER, uid, gid);
	else
		doctor_pass(d, id, "%s has uid %u", OKTA_SYSTEM_USER, uid);
}

const char *
doctor_files(const struct doctor *d)
{
	check_installed(d, "module.nss", OKTA_LIB_DIR "/libnss_okta.so.2", S_IROTH,
	    "no program can know people from Okta");
	check_installed(d, "module.pam", OKTA_PAM_DIR "/pam_okta.so", S_IRUSR,
	    "nobody from Okta can log in");
	check_installed(d, "helper", OKTA_HELPER_PATH, S_IROTH | S_IXOTH,
	    "nobody from Okta can log in");
	check_account(d);
	return NULL;
}
