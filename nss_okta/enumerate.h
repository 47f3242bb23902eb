/* SPDX-License-Identifier: BSD-2-Clause */
/* nss_okta/enumerate.h - all users and all groups, one after the other.
 *
 * MUST: give each person and group that stays unchanged exactly once, also when the
 * snapshot is replaced in between; stay on an entry that the caller's buffer was too
 * small for; take time in proportion to the number of entries.
 *
 * Local groups that people join are not listed: `files` lists them already, and glibc
 * merges entries of two services only when they are looked up.
 */
#ifndef OKTA_NSS_ENUMERATE_H
#define OKTA_NSS_ENUMERATE_H

#include <grp.h>
#include <pwd.h>
#include <stddef.h>

#include "snap/read.h"

void okta_nss_rewind_users(void);
void okta_nss_rewind_groups(void);

/* OKTA_OK, OKTA_E_NOTFOUND (the end), OKTA_E_RANGE, OKTA_E_INPUT or OKTA_E_UNAVAIL. */
OKTA_MUST_CHECK enum okta_rc okta_nss_next_user(
    struct passwd *pw, char *buffer, size_t buflen);
OKTA_MUST_CHECK enum okta_rc okta_nss_next_group(
    struct group *gr, char *buffer, size_t buflen);

#endif /* OKTA_NSS_ENUMERATE_H */
