/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/request.h - `okta-sync --once` while `okta-sync --watch` holds the state
 * directory: the one asks the other by a file, and waits for its answer.
 *
 *   sync-request       TOKEN, or TOKEN " accept-shrink"; taken away when it is read
 *   sync-request.lock  held by the one who asks until he is answered; others wait for it;
 *                      the watcher takes it away when it cannot answer, which needs no
 *                      room on the disk
 *   sync-status.json   "request": TOKEN, with its exit status and message, is the
 *                      answer, and stays until the next one
 *
 * Only who may write the state directory can ask.  MUST: nobody waits for ever; no
 * request lifts the brake when nobody waits for its answer any more.
 */
#ifndef OKTA_SYNC_REQUEST_H
#define OKTA_SYNC_REQUEST_H

#include <stdbool.h>

#include "base/err.h"
#include "state.h"

#define SYNC_TOKEN_BYTES 40

struct sync_request {
	char token[SYNC_TOKEN_BYTES]; /* "" when nobody asks; [0-9-] only */
	bool accept_shrink;
	bool is_asked; /* by a file or a signal: it is answered whatever came of it */
};

/* The watcher's side: take what is asked; a file that cannot be understood, or whose
 * asker is gone, is removed.  *ret may hold what was asked before: only its token is
 * forgotten. */
void sync_request_take(const struct sync_state *state, struct sync_request *ret);
/* REQUEST cannot be answered: whoever waits for it is to give up. */
void sync_request_give_up(
    const struct sync_state *state, const struct sync_request *request);

/*
 * The asker's side: ask, wait, print the answer's line.  *ret_status is the exit status
 * the watcher's run would have had.  OKTA_E_UNAVAIL: the watcher ended before it
 * answered, or could not.
 */
OKTA_MUST_CHECK enum okta_rc sync_request_ask(const struct sync_state *state,
    bool accept_shrink, int *ret_status, struct okta_err *err);

#endif /* OKTA_SYNC_REQUEST_H */
