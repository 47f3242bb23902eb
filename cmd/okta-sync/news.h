/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/news.h - what the fetcher says besides people, groups and members when it
 * is asked for changes; and how it is asked.  handover.h's rules hold.
 *
 * The writer asks by one frame of type SYNC_FRAME_COMMAND: u64 errand (plan.h), u64 since
 * (by Okta's clock, seconds since 1970), u64 1 if another errand is on its way meanwhile,
 * text link of the System Log ("" for none).
 *
 * Each of these records is u64 kind, u64 number, text a, text b:
 *   CLOCK       number: Okta's clock when this errand began
 *   LINK        a: where the System Log goes on
 *   GONE_USER   a: there is no such person any more
 *   GONE_GROUP  a
 *   LISTED      a: the MEMBER records of this group are all it has
 *   SCOPE       the USER records are everybody in scope
 *   IN, OUT     a: this person is in scope now, or is not (scope = app)
 *   JOINED      a: user, b: group he is in
 *   LEFT        a: user, b: group he is not in
 *   NO_LOG      a: why the System Log cannot be read
 *   NO_SEARCH   a: why Okta cannot be asked which people changed
 *   REQUESTS    number: how many it took; when asked what changed, how many it takes
 *               where nothing did
 *   PAGE        number: kind of a list, a: where it goes on ("": it is at its end),
 *               b: its id; what came since the last of these is one page of it
 */
#ifndef OKTA_SYNC_NEWS_H
#define OKTA_SYNC_NEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/frame.h"
#include "base/view.h"
#include "handover.h"
#include "idmap.h"
#include "plan.h"
#include "points.h"
#include "resume.h"

#define SYNC_FRAME_COMMAND 2
#define SYNC_LINK_MAX	   8192
#define SYNC_SINCE_MAX	   INT64_C(253402300799) /* the year 9999 */

enum sync_news_kind {
	SYNC_NEWS_CLOCK = 16,
	SYNC_NEWS_LINK,
	SYNC_NEWS_GONE_USER,
	SYNC_NEWS_GONE_GROUP,
	SYNC_NEWS_LISTED,
	SYNC_NEWS_SCOPE,
	SYNC_NEWS_IN,
	SYNC_NEWS_OUT,
	SYNC_NEWS_JOINED,
	SYNC_NEWS_LEFT,
	SYNC_NEWS_NO_LOG,
	SYNC_NEWS_NO_SEARCH,
	SYNC_NEWS_REQUESTS,
	SYNC_NEWS_PAGE
};

/* --- the fetcher's side ---------------------------------------------------------- */

OKTA_MUST_CHECK enum okta_rc sync_sink_news(struct sync_sink *sink,
    enum sync_news_kind kind, uint64_t number, struct okta_view a, struct okta_view b);

struct sync_command {
	enum sync_errand errand;
	int64_t since_s;
	bool is_beside;		      /* another one */
	char link[SYNC_LINK_MAX + 1]; /* "" for none */
};
/* Waits as long as it takes; what came before the command is in *ret_resume, which the
 * caller clears.  OKTA_OK; OKTA_E_UNAVAIL: the writer is gone; OKTA_E_INPUT, _NOMEM. */
OKTA_MUST_CHECK enum okta_rc sync_command_wait(int fd, const struct okta_clock *clock,
    struct sync_command *ret, struct sync_resume *ret_resume);

/* --- the writer's side ----------------------------------------------------------- */

OKTA_MUST_CHECK enum okta_rc sync_command_send(
    int fd, const struct okta_clock *clock, const struct sync_command *command);

/* Two ids. */
struct sync_pair {
	struct okta_view user, group;
};

/* { 0 } is empty. */
struct sync_news {
	int64_t clock_s;
	uint64_t requests, pages;
	struct sync_points points;
	bool scope, no_log, no_search;
	bool searched; /* the log's people were: what Okta's index lags behind lacks */
	char why[320]; /* of no_log or no_search; printable */
	char *link;    /* or NULL */
	struct sync_idmap gone_users, gone_groups, listed, in, out;
	struct sync_pair *joined, *left;
	size_t n_joined, max_joined, n_left, max_left;
	char **text; /* what the views above point to */
	size_t n_text, max_text;
};

void sync_news_clear(struct sync_news *news);
/* For struct sync_records' member `other`; CTX is a struct sync_news. */
OKTA_MUST_CHECK enum okta_rc sync_news_take(
    void *ctx, uint64_t kind, struct okta_frame_reader *r);
/* True if nothing in it changes anybody. */
bool sync_news_is_empty(const struct sync_news *news);

#endif /* OKTA_SYNC_NEWS_H */
