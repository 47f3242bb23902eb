/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/source.h - where lists of people and groups come from.
 *
 * A source reads lists page by page, each page the JSON array Okta's API answers with.
 * New sources add a constructor; what is done with the pages (fetch.c) is the same for
 * all.
 */
#ifndef OKTA_SYNC_SOURCE_H
#define OKTA_SYNC_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"
#include "handover.h"
#include "model/conf.h"

enum sync_list_kind {
	SYNC_LIST_USERS,   /* everybody */
	SYNC_LIST_GROUPS,  /* every group */
	SYNC_LIST_APP,	   /* who is assigned to app ID */
	SYNC_LIST_MEMBERS, /* who is in group ID */
	/* for --watch, Okta only */
	SYNC_LIST_CHANGED_USERS,  /* since SINCE, from the search index, which lags */
	SYNC_LIST_CHANGED_GROUPS, /* since SINCE, their names or their members */
	SYNC_LIST_USER,		  /* the one ID; an empty page: there is none */
	SYNC_LIST_GROUP,	  /* the same */
	SYNC_LIST_GROUPS_OF,	  /* the groups user ID is in; the same */
	SYNC_LIST_APP_USER,	  /* user ID, if he is assigned to APP; the same */
	SYNC_LIST_LOG /* the System Log from the link ID on; NULL: since SINCE */
};

struct sync_list {
	enum sync_list_kind kind;
	const char *id;	   /* of the app or group */
	size_t group;	   /* number of the group in the handover */
	bool with_persons; /* MEMBERS: these are people in scope, not only ids */
	bool may_be_gone;  /* MEMBERS: there may be no such group; an empty page then */
	const char *start; /* full: where to go on instead of at its beginning, or NULL */
	const char *app;
	const char *since;	   /* ISO 8601, by Okta's clock */
	struct okta_buf *ret_next; /* LOG: where to go on, initialised by the caller */
};

/* How much of Okta's limits an errand may use, where two are on their way. */
enum sync_share {
	SYNC_SHARE_ALL,	 /* there is no other */
	SYNC_SHARE_MOST, /* everything is read: it takes long, and leaves some */
	SYNC_SHARE_REST	 /* meanwhile Okta is asked what changed */
};

struct sync_source {
	/*
	 * Read N lists to their last page; PAGE gets the list's index.  A list that
	 * cannot be read to its end is a failure.  Codes as okta_listing_run().
	 */
	enum okta_rc (*read)(struct sync_source *self, const struct sync_list *lists,
	    size_t n,
	    enum okta_rc (*page)(
		void *ctx, size_t i, struct okta_view body, struct okta_err *err),
	    void *ctx, struct okta_err *err);
	void (*free)(struct sync_source **self);
	/* For the caller to read, and to set to 0: Okta's clock (0: unknown) at the first
	 * page since; and how many pages were answered. */
	int64_t asked_s;
	uint64_t requests;
	enum sync_share share; /* for the caller to set */
	struct okta_view
	    next; /* while PAGE runs: where the list goes on; empty: its end */
};

/* Okta's management API, for a full sync or (WATCH) for changes too.  SECRET is copied
 * where it is needed.  OKTA_E_CONFIG, OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc sync_source_okta(const struct okta_conf *conf, bool watch,
    struct okta_view secret, struct sync_sink *sink, struct sync_source **ret,
    struct okta_err *err);

/*
 * The same JSON from disk, below CONF's source_dir.  One file is one page; files of one
 * list are read in the order of their names:
 *
 *   users*.json                   GET /api/v1/users
 *   groups*.json                  GET /api/v1/groups
 *   group-<group id>-users*.json  GET /api/v1/groups/<group id>/users
 *   app-<app id>-users*.json      GET /api/v1/apps/<app id>/users?expand=user
 *
 * Each list that is needed must have at least one file ("[]" when it is empty).  The
 * files must be readable by the account that fetches (_okta), writable by their owner
 * alone.
 */
OKTA_MUST_CHECK enum okta_rc sync_source_file(
    const struct okta_conf *conf, struct sync_source **ret, struct okta_err *err);

#endif /* OKTA_SYNC_SOURCE_H */
