/* SPDX-License-Identifier: BSD-2-Clause */
/* common/host/local.h - the host's own accounts: /etc/passwd, /etc/group, /etc/subuid
 * read as files, never through NSS (that would ask us).  Floor 2: base and model.
 */
#ifndef OKTA_HOST_LOCAL_H
#define OKTA_HOST_LOCAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

struct okta_local; /* names and ids, sorted */

/* ETC is "/etc" in production.  OKTA_OK, OKTA_E_SYS, OKTA_E_INPUT, OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc okta_local_new(
    const char *etc, struct okta_local **ret, struct okta_err *err);
void okta_local_free(struct okta_local **local);

bool okta_local_has_user(const struct okta_local *local, struct okta_view name);
bool okta_local_has_uid(const struct okta_local *local, uint32_t uid);
bool okta_local_has_gid(const struct okta_local *local, uint32_t gid);
/* ret_gid may be NULL. */
bool okta_local_has_group(
    const struct okta_local *local, struct okta_view name, uint32_t *ret_gid);
/* True if ID lies in a range of /etc/subuid or /etc/subgid. */
bool okta_local_has_subid(const struct okta_local *local, uint32_t id);

/*
 * The one question the login path asks, without reading everything into memory: does PATH
 * (/etc/passwd) have a line for NAME?  *ret is set on OKTA_OK.  A file that cannot be
 * read is a failure: the caller denies.
 */
OKTA_MUST_CHECK enum okta_rc okta_local_find_user(
    const char *path, struct okta_view name, bool *ret, struct okta_err *err);

/*
 * Does PATH (/etc/passwd or /etc/group) have a line whose id is ID?  As above.
 */
OKTA_MUST_CHECK enum okta_rc okta_local_find_id(
    const char *path, uint32_t id, bool *ret, struct okta_err *err);

/* Uid and gid of NAME's line in PATH (/etc/passwd).  OKTA_OK, OKTA_E_NOTFOUND,
 * OKTA_E_SYS, OKTA_E_INPUT (the line is malformed) or OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc okta_local_ids_of(const char *path, struct okta_view name,
    uint32_t *ret_uid, uint32_t *ret_gid, struct okta_err *err);

#endif /* OKTA_HOST_LOCAL_H */
