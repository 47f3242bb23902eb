/* SPDX-License-Identifier: BSD-2-Clause */
/* When to ask the token endpoint again, and when to stop (RFC 8628 section 3.5). */
#include <stdio.h>
#include <string.h>

#include "net/oidc.h"

#define SLOW_DOWN_MS   5000
#define BACKOFF_MAX_MS 30000
#define JITTER_MS      1000
#define LAST_ASK_MS    3000 /* before the end: time for the answer and the verdict */
#define MAX_STRIKES    5
#define MAX_DPOP       2 /* one for "a proof, please", one for the nonce */
#define MAX_SHIFT      5

static const char too_late[] = "nobody approved before the login's time was up";

/*
 * WHEN_MS is later than Okta wants, which is at SOON_MS: not so late that nobody would
 * ask before the end.
 */
static int64_t
before_end(const struct okta_poll *p, int64_t soon_ms, int64_t when_ms)
{
	int64_t end_ms = p->expires_ms < p->deadline_ms ? p->expires_ms : p->deadline_ms;

	end_ms -= LAST_ASK_MS;
	if (when_ms > end_ms)
		when_ms = end_ms;
	return when_ms > soon_ms ? when_ms : soon_ms;
}

void
okta_poll_init(struct okta_poll *p, uint64_t interval_s, uint64_t expires_in_s,
    int64_t now_ms, int64_t deadline_ms)
{
	memset(p, 0, sizeof(*p));
	p->interval_ms = (int64_t)interval_s * 1000;
	p->expires_ms = now_ms + (int64_t)expires_in_s * 1000;
	p->deadline_ms = deadline_ms;
	p->next_ms = now_ms + p->interval_ms;
	/* an interval longer than the login must not keep its verdict back */
	if (p->next_ms > p->expires_ms)
		p->next_ms = p->expires_ms;
	if (p->next_ms > p->deadline_ms)
		p->next_ms = p->deadline_ms;
	p->failure = OKTA_FAIL_DEADLINE;
	(void)snprintf(p->detail, sizeof(p->detail), "%s", too_late);
}

void
okta_poll_spread(struct okta_poll *p, uint64_t spread_s)
{
	const int64_t more_ms = (int64_t)spread_s * 1000 - p->interval_ms;

	p->spread_ms = (int64_t)spread_s * 1000;
	if (more_ms > 0)
		p->next_ms = before_end(p, p->next_ms, p->next_ms + more_ms);
}

static enum okta_poll_step
failed(struct okta_poll *p, enum okta_failure_code failure, const char *detail)
{
	p->failure = failure;
	(void)snprintf(p->detail, sizeof(p->detail), "%s", detail);
	return OKTA_POLL_FAILED;
}

/* Ask again at WHEN_MS, unless that is too late. */
static enum okta_poll_step
again(struct okta_poll *p, int64_t when_ms, const struct okta_oidc_reading *reading)
{
	p->next_ms = when_ms;
	if (when_ms < p->expires_ms && when_ms < p->deadline_ms)
		return OKTA_POLL_AGAIN;
	if (reading->meaning == OKTA_OIDC_LATER) /* that is why nobody could be let in */
		return failed(p, reading->failure, reading->detail);
	if (p->expires_ms <= p->deadline_ms)
		return failed(
		    p, OKTA_FAIL_EXPIRED, "nobody approved before the code expired");
	return failed(p, OKTA_FAIL_DEADLINE, too_late);
}

/* Each trouble in a row doubles the interval, as the RFC wants for timeouts. */
static enum okta_poll_step
later(struct okta_poll *p, const struct okta_oidc_reading *reading, int64_t retry_after_s,
    int64_t now_ms, uint32_t jitter)
{
	/* in trouble no sooner than when all is well */
	const int64_t least_ms = p->spread_ms > p->interval_ms ? p->spread_ms
							       : p->interval_ms;
	int64_t wait_ms = least_ms << p->troubles, when_ms;

	if (wait_ms > BACKOFF_MAX_MS)
		wait_ms = BACKOFF_MAX_MS;
	if (p->troubles < MAX_SHIFT)
		p->troubles++;
	if (wait_ms < least_ms)
		wait_ms = least_ms;
	if (reading->failure == OKTA_FAIL_RATE_LIMITED && retry_after_s > 0)
		wait_ms = retry_after_s * 1000;
	if (reading->failure == OKTA_FAIL_ANSWER && ++p->strikes >= MAX_STRIKES)
		return failed(p, OKTA_FAIL_ANSWER, reading->detail);
	/* all the hosts that were throttled together must not come back together */
	when_ms = now_ms + wait_ms + (int64_t)(jitter % JITTER_MS);
	if (p->spread_ms > p->interval_ms && retry_after_s == 0)
		when_ms = before_end(p, now_ms + p->interval_ms, when_ms);
	return again(p, when_ms, reading);
}

static enum okta_poll_step
with_proof(struct okta_poll *p, const struct okta_oidc_reading *reading, int64_t now_ms)
{
	if (++p->dpop_tries > MAX_DPOP)
		return failed(p, OKTA_FAIL_CLIENT, reading->detail);
	return again(p, now_ms, reading);
}

enum okta_poll_step
okta_poll_feed(struct okta_poll *p, const struct okta_oidc_reading *reading,
    int64_t retry_after_s, int64_t now_ms, uint32_t jitter)
{
	int64_t soon_ms;

	switch (reading->meaning) {
	case OKTA_OIDC_LATER:
		return later(p, reading, retry_after_s, now_ms, jitter);
	case OKTA_OIDC_DPOP:
		return with_proof(p, reading, now_ms);
	case OKTA_OIDC_SLOW_DOWN:
		p->interval_ms += SLOW_DOWN_MS;
		break;
	case OKTA_OIDC_PENDING:
		break;
	case OKTA_OIDC_SUCCESS:
		return OKTA_POLL_DONE;
	case OKTA_OIDC_FAILED:
		return failed(p, reading->failure, reading->detail);
	}
	p->troubles = p->strikes = p->dpop_tries = 0;
	soon_ms = now_ms + p->interval_ms;
	return again(p,
	    p->spread_ms > p->interval_ms ? before_end(p, soon_ms, now_ms + p->spread_ms)
					  : soon_ms,
	    reading);
}
