/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/ratelimit.h - how fast we may ask Okta, and when to ask again.
 * Floor 2: base.  Pure: the clock and the jitter come in, so tests bring theirs.
 *
 * MUST: stay below a bucket by its headers, before a 429; wait after a 429 by Okta's
 * clock, not ours (reset - Date + 1 s, and jitter, so that a fleet does not come back as
 * one); never divide by a limit (0 means "too many at once"); try a 4xx once only.
 */
#ifndef OKTA_NET_RATELIMIT_H
#define OKTA_NET_RATELIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "net/http.h"

#define OKTA_RATE_TRIES_429   20 /* of one request, before it is given up */
#define OKTA_RATE_TRIES_OTHER 4	 /* 5xx, connection lost */
#define OKTA_RATE_WAIT_MAX_MS 3600000

/* What one answer says; has_* are false where a header is absent or no number. */
struct okta_rate_headers {
	bool has_limit, has_remaining, has_reset, has_date, has_retry_after;
	int64_t limit, remaining, reset_s, date_s, retry_after_s;
};
struct okta_rate_headers okta_rate_read(const struct okta_http_answer *answer);

/*
 * One of Okta's buckets as this process sees it; { 0 } is one nothing is known of.  A
 * window begins with its first request, and what is left of it is known from the first
 * answer: so one request goes ahead alone, and again after each reset.
 */
struct okta_rate {
	enum { OKTA_RATE_UNASKED, OKTA_RATE_SILENT, OKTA_RATE_KNOWN } state;
	int64_t limit;	   /* requests of one window */
	int64_t remaining; /* the lowest Okta has said in this window */
	int64_t reset_s;   /* Okta's clock: names the window */
	int64_t reset_ms;  /* monotonic: when it is over, 1 s of margin included */
	size_t in_flight;
	bool is_shared; /* a fiftieth of each window, and one, is left to others */
};

/* Milliseconds to wait before one more request may start; 0: now. */
int64_t okta_rate_wait_ms(const struct okta_rate *rate, int64_t now_ms);
/* The same, but only an answer to what is in flight can tell. */
#define OKTA_RATE_FOR_ANSWER ((int64_t)-1)
/* A request starts; one ended, with or without an answer; what an answer says. */
void okta_rate_started(struct okta_rate *rate);
void okta_rate_ended(struct okta_rate *rate);
void okta_rate_learn(
    struct okta_rate *rate, const struct okta_rate_headers *headers, int64_t now_ms);

/* Why a request failed, as far as trying again is concerned. */
enum okta_rate_cause {
	OKTA_RATE_BUCKET,      /* 429 */
	OKTA_RATE_CONCURRENCY, /* 429 with Limit 0: the reset is only a suggestion */
	OKTA_RATE_SERVER,      /* 5xx */
	OKTA_RATE_TRANSPORT,   /* no answer, or none in time */
	OKTA_RATE_FINAL	       /* anything else: asking again gives the same */
};
enum okta_rate_cause okta_rate_cause(
    enum okta_http_end end, long status, const struct okta_rate_headers *headers);

/* True if a page with fewer items may succeed where this one failed (FACTS 9). */
bool okta_rate_is_too_much(enum okta_http_end end, long status);

/*
 * True if try number TRY (1 was the first) may be followed by another, after *ret_ms.
 * RANDOM is the jitter's source.
 */
bool okta_rate_again(enum okta_rate_cause cause, unsigned tries,
    const struct okta_rate_headers *headers, uint32_t random, int64_t *ret_ms);

#endif /* OKTA_NET_RATELIMIT_H */
