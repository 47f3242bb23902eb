/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/grouplist.h - the groups a fetcher has heard of, and whether the members
 * of each are to be read.
 */
#ifndef OKTA_SYNC_GROUPLIST_H
#define OKTA_SYNC_GROUPLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/view.h"
#include "model/conf.h"
#include "model/groups.h"

struct sync_listed_group {
	char *id, *name;
	size_t number; /* in the handover */
	bool wanted;   /* by some rule */
	bool in_scope; /* [sync] scope_groups names it */
};

/* { 0 }: none. */
struct sync_grouplist {
	struct sync_listed_group *group;
	size_t n, max;
};

void sync_grouplist_clear(struct sync_grouplist *list);

/* Its number is its place in LIST.  OKTA_OK or OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc sync_grouplist_add(
    struct sync_grouplist *list, struct okta_view id, struct okta_view name);

struct okta_group_in sync_listed_group_in(const struct sync_listed_group *group);

/* Some rule of CONF wants its members. */
bool sync_listed_group_is_wanted(
    const struct okta_conf *conf, const struct sync_listed_group *group);

/*
 * It may be deleted while everything is read: then nobody is in it any more.  One that
 * denies, or that says who is in scope, must be there: without it people would be let in,
 * or everybody be gone.
 */
bool sync_listed_group_may_go(
    const struct okta_conf *conf, const struct sync_listed_group *group);

#endif /* OKTA_SYNC_GROUPLIST_H */
