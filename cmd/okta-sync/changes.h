/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/changes.h - the fetcher asks Okta what changed, and reads that anew.
 *
 *   people   those whose lastUpdated is new (search=), a few of them each by itself
 *            again: the search index may be older than what we know; with scope = app
 *            all who are assigned, because nothing says when that changed
 *   groups   those whose lastUpdated or lastMembershipUpdated is new, and all members of
 *            the ones some rule wants
 */
#ifndef OKTA_SYNC_CHANGES_H
#define OKTA_SYNC_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "grouplist.h"
#include "handover.h"
#include "model/conf.h"
#include "net/directory.h"
#include "seen.h"
#include "source.h"

#define SYNC_STAMP_BYTES 32

/* What the fetcher keeps from errand to errand; { 0 } at first. */
struct sync_memory {
	bool may_search; /* known: the app was granted okta.users.read */
	/* What the last sync_changes() asks Okta also where nothing changes. */
	uint64_t standing_requests;
	struct sync_seen users, groups;
};
void sync_memory_clear(struct sync_memory *memory);
/* USER was handed over, and is newer than what the search index said of him. */
void sync_memory_newer(
    struct sync_memory *memory, const struct okta_directory_user *user);

struct sync_asking {
	const struct okta_conf *conf;
	struct sync_source *source;
	struct sync_sink *sink;
	struct sync_memory *memory;
};

/* Everything that changed after SINCE_S, by Okta's clock.  Codes as okta_listing_run().
 */
OKTA_MUST_CHECK enum okta_rc sync_changes(
    const struct sync_asking *ask, int64_t since_s, struct okta_err *err);

/* Hands over the group itself.  OKTA_OK, OKTA_E_NOMEM or what the sink said. */
OKTA_MUST_CHECK enum okta_rc sync_changed_add(const struct sync_asking *ask,
    struct sync_grouplist *groups, struct okta_view id, struct okta_view name);
/* Reads the members of those a rule wants, and hands them over as LISTED. */
OKTA_MUST_CHECK enum okta_rc sync_changed_members(const struct sync_asking *ask,
    const struct sync_grouplist *groups, struct okta_err *err);
/* All who are assigned to the app, handed over as SCOPE. */
OKTA_MUST_CHECK enum okta_rc sync_changed_app(
    const struct sync_asking *ask, struct okta_err *err);

/*
 * The people of IDS (each with a NUL behind it), each read by itself: what the search
 * index says lags, this does not.  Who is not there is handed over as GONE_USER; with
 * scope = app everybody is IN or OUT.
 */
OKTA_MUST_CHECK enum okta_rc sync_reread_users(const struct sync_asking *ask,
    const struct okta_view *ids, size_t n, struct okta_err *err);

/* S as Okta writes it: 2026-01-31T12:00:00.000Z. */
void sync_stamp(int64_t s, char ret[SYNC_STAMP_BYTES]);

#endif /* OKTA_SYNC_CHANGES_H */
