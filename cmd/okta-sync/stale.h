/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/stale.h - must a snapshot be made anew although Okta says nothing new? */
#ifndef OKTA_SYNC_STALE_H
#define OKTA_SYNC_STALE_H

#include <stdbool.h>
#include <stdint.h>

#include "base.h"
#include "model/conf.h"

/* Of /etc/passwd, group, subuid and subgid as they are: local names and ids win.  And of
 * this release: what it refuses, an older one may have let in. */
uint64_t sync_local_sum(void);

/*
 * True if the account files, or the release, are others than when HEAD's snapshot was
 * made, or if that is so long ago that hosts would soon refuse logins for its age.
 */
bool sync_is_stale(const struct sync_base_head *head, const struct okta_conf *conf,
    uint64_t local_sum, int64_t now_s);

#endif /* OKTA_SYNC_STALE_H */
