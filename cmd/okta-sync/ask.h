/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/ask.h - what a turn has the fetcher ask, and what came of it.  Pages of a
 * full synchronisation are kept (spool.h), and one that was interrupted goes on.
 */
#ifndef OKTA_SYNC_ASK_H
#define OKTA_SYNC_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "news.h"
#include "records.h"
#include "turn.h"

/* { 0 } is empty. */
struct sync_asked {
	struct sync_records fresh;
	struct sync_news news;
	int64_t began_s;     /* this host's clock: what was read is at least as new */
	bool is_interrupted; /* what was read is kept: the next one goes on */
	bool must_begin_anew;
};
void sync_asked_clear(struct sync_asked *asked);

/*
 * TURN's errand, which began at NOW_S by this host's clock.  OKTA_OK, also if it must
 * begin anew; else what the fetcher says, or OKTA_E_NOMEM, OKTA_E_INPUT (it talks
 * nonsense).
 */
OKTA_MUST_CHECK enum okta_rc sync_ask(const struct sync_turn *turn, int64_t now_s,
    struct sync_asked *ret, struct okta_err *err);

#endif /* OKTA_SYNC_ASK_H */
