/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/seen.h - what the last answer to "what changed?" held.  Answers overlap,
 * because Okta's index lags: what came already, with the same content, is not passed on
 * again.  What was passed on last is what counts, wherever it came from: a person may
 * become again what an answer held, while we hold something else.
 */
#ifndef OKTA_SYNC_SEEN_H
#define OKTA_SYNC_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Sums of object and content. */
struct sync_seen_item {
	uint64_t object, content;
};

/* { 0 } is empty. */
struct sync_seen {
	struct sync_seen_item *last, *next;
	size_t n_last, n_next, max_next;
};

void sync_seen_clear(struct sync_seen *seen);
/*
 * This answer holds OBJECT with CONTENT.  *ret_known: so did the last one.  OKTA_OK or
 * OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc sync_seen_add(
    struct sync_seen *seen, uint64_t object, uint64_t content, bool *ret_known);
/* The answer was read to its end, and what it brought was passed on. */
void sync_seen_turn(struct sync_seen *seen);
/* CONTENT of OBJECT, which an answer held, was passed on behind it: that is what counts
 * as known. */
void sync_seen_newer(struct sync_seen *seen, uint64_t object, uint64_t content);

#endif /* OKTA_SYNC_SEEN_H */
