/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/account.h - the unprivileged account, from the file, never through NSS.
 */
#ifndef OKTA_SYNC_ACCOUNT_H
#define OKTA_SYNC_ACCOUNT_H

#include <sys/types.h>

#include "base/err.h"

/*
 * uid and gid of account NAME in the passwd file PATH; neither may be 0.  OKTA_OK, or
 * OKTA_E_CONFIG with the remedy (no such account, file unreadable or not trusted).
 */
OKTA_MUST_CHECK enum okta_rc sync_account_find(const char *path, const char *name,
    uid_t *ret_uid, gid_t *ret_gid, struct okta_err *err);

#endif /* OKTA_SYNC_ACCOUNT_H */
