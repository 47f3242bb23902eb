/* SPDX-License-Identifier: BSD-2-Clause */
/* pam_okta/host.h - the places and the clock a transaction works with, so that a test can
 * bring its own.
 */
#ifndef PAM_OKTA_HOST_H
#define PAM_OKTA_HOST_H

#include <sys/types.h>

#include "base/clock.h"

struct po_host {
	const char *config_file;
	const char *snapshot_file;
	const char *passwd_file, *group_file; /* read as files, never through NSS */
	const char *run_dir;		      /* holds claims/UID */
	const char *helper;		      /* absolute path */
	const char *helper_user;	      /* looked up in passwd_file */
	uid_t owner; /* of the files above, and of this process */
	const struct okta_clock *clock;
};

extern const struct po_host po_host_system;

#endif /* PAM_OKTA_HOST_H */
