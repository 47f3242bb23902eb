/* SPDX-License-Identifier: BSD-2-Clause */
/* nss_okta/fill.h - copy a record into the struct and the buffer a caller of NSS brought.
 */
#ifndef OKTA_NSS_FILL_H
#define OKTA_NSS_FILL_H

#include <grp.h>
#include <pwd.h>
#include <stddef.h>

#include "snap/read.h"

/*
 * Fill *PW or *GR; every pointer leads into BUFFER, of which no byte from BUFLEN on is
 * touched.  OKTA_OK, OKTA_E_RANGE (a larger buffer succeeds) or OKTA_E_INPUT (the record
 * contradicts itself).
 */
OKTA_MUST_CHECK enum okta_rc okta_nss_fill_passwd(
    const struct okta_snap_passwd *user, struct passwd *pw, char *buffer, size_t buflen);
OKTA_MUST_CHECK enum okta_rc okta_nss_fill_group(
    const struct okta_snap_group *group, struct group *gr, char *buffer, size_t buflen);

#endif /* OKTA_NSS_FILL_H */
