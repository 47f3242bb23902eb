/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/listing.h - read lists of the management API to their last page.
 * Floor 2: base, model.
 *
 * Pages of one list come one after the other (the cursor is opaque); several lists are
 * read at once, in the order they are given.  MUST: stay below Okta's limits by what its
 * answers say, before a 429, with at most in_flight_max requests at once.  MUST: a
 * list that could not be read to its end is a failure of the whole run, never a shorter
 * list.
 */
#ifndef OKTA_NET_LISTING_H
#define OKTA_NET_LISTING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"
#include "net/page_size.h"
#include "net/patience.h"
#include "net/ratelimit.h"
#include "net/token.h"

#define OKTA_LISTING_PAGE_MAX 33554432 /* bytes of one page, unpacked */
#define OKTA_LISTING_PAGES_MAX                                                           \
	100000 /* of one list: a link that leads round ends too                          \
		*/
#define OKTA_LISTING_POLL_MAX                                                            \
	20 /* pages of a polling list: the rest is for the next run */

/* Buckets that Okta counts separately (FACTS 6.9). */
enum okta_api_bucket {
	OKTA_API_USERS,
	OKTA_API_GROUPS,
	OKTA_API_APPS,
	OKTA_API_USER,	/* /users/{id} */
	OKTA_API_GROUP, /* /groups/{id} */
	OKTA_API_LOGS,
	OKTA_API_BUCKETS
};

/* How far a run is, for people who watch. */
struct okta_pace {
	size_t lists, lists_done, pages;
	int64_t left_s; /* at Okta's limit, as far as it can be told now; -1: it cannot */
};

struct okta_api {
	const char *org_url;
	struct okta_token *token;
	const struct okta_patience *patience;
	size_t in_flight_max; /* 0: OKTA_HTTP_IN_FLIGHT, which is the most */
	bool is_shared;	      /* another run asks meanwhile: leave it some requests */
	/* Told after a page, at most once a second.  May be NULL. */
	void (*pace)(void *ctx, const struct okta_pace *pace);
	void *ctx;
	/* the rest is set by okta_listing_run() */
	struct okta_rate rate[OKTA_API_BUCKETS];
	size_t pages;	     /* answered so far */
	int64_t server_s;    /* Okta's own clock in its last answer; 0: none yet */
	int64_t paced_at_ms; /* when PACE was told last */
	struct okta_view
	    next; /* while PAGE runs: the link to the page behind; empty: the last */
};

/* One list.  Set the first members, zero the rest, and clear after the run. */
struct okta_listing {
	const char
	    *path; /* of the first page: /api/v1/...; must live until the run ends */
	enum okta_api_bucket bucket;
	const char
	    *named_by; /* configuration key that named it, or NULL: a 404 is its fault */
	const char
	    *start; /* NULL, or the whole address to begin with: a saved next link */
	/* The System Log, whose every page has a next link: the list ends at a page that
	 * is not full, or after OKTA_LISTING_POLL_MAX of them, and `next`, which the
	 * caller clears, says where to go on. */
	bool polling;
	/* What is asked for by an id: a 404 for its first page gives PAGE an empty body,
	 * and is no failure.  A later page may be one that Okta knows no more. */
	bool may_be_gone;
	struct okta_buf next; /* the address of the next page */
	struct okta_page_size size;
	size_t pages;
	unsigned tries;
	int64_t not_before_ms;
	bool renewed; /* one 401 was answered with another token */
	bool in_flight;
};

/*
 * Read all N lists.  PAGE gets the index of the list and the body of one page; its
 * failure ends the run.  OKTA_OK; OKTA_E_CONFIG: Okta refuses us, the message names the
 * scope, role or id and the remedy; OKTA_E_UNAVAIL, _TIMEOUT, _INPUT, _TOOBIG, _NOMEM:
 * try again later. After a failure requests may be in flight: free the http.
 */
OKTA_MUST_CHECK enum okta_rc okta_listing_run(struct okta_api *api,
    struct okta_listing *listings, size_t n,
    enum okta_rc (*page)(
	void *ctx, size_t i, struct okta_view body, struct okta_err *err),
    void *ctx, struct okta_err *err);

#endif /* OKTA_NET_LISTING_H */
