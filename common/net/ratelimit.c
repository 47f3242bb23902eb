/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/ratelimit.h"

#include <stddef.h>
#include <string.h>

#include "base/view.h"

#define SHARED_LIMIT_MIN 20

static bool
number(const struct okta_http_answer *answer, const char *name, int64_t *ret)
{
	struct okta_view v;
	uint64_t n;

	if (!okta_http_header(answer, name, 0, &v) ||
	    okta_view_u64(okta_view_trim(v), INT64_MAX / 4096, &n) != OKTA_OK)
		return false;
	*ret = (int64_t)n;
	return true;
}

/* Days since 1970 of a civil date (proleptic Gregorian). */
static int64_t
days(int64_t y, int64_t m, int64_t d)
{
	int64_t era, yoe, doy;

	y -= m <= 2;
	era = y / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static bool
two(const char *p, int64_t max, int64_t *ret)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return false;
	*ret = (p[0] - '0') * 10 + (p[1] - '0');
	return *ret <= max;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", the one form servers may send (RFC 9110
 * section 5.6.7). */
static bool
http_date(struct okta_view v, int64_t *ret_s)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t d, c, y, h, mi, s, m;

	if (v.len != 29 || memcmp(v.p + 25, " GMT", 4) != 0 || !two(v.p + 5, 31, &d) ||
	    !two(v.p + 12, 99, &c) || !two(v.p + 14, 99, &y) || !two(v.p + 17, 23, &h) ||
	    !two(v.p + 20, 59, &mi) || !two(v.p + 23, 60, &s))
		return false;
	for (m = 0; m < 12; m++)
		if (memcmp(months + 3 * m, v.p + 8, 3) == 0)
			break;
	if (m == 12 || d == 0)
		return false;
	*ret_s = days(c * 100 + y, m + 1, d) * 86400 + h * 3600 + mi * 60 + s;
	return true;
}

struct okta_rate_headers
okta_rate_read(const struct okta_http_answer *answer)
{
	struct okta_rate_headers h = { 0 };
	struct okta_view v;

	h.has_limit = number(answer, "x-rate-limit-limit", &h.limit);
	h.has_remaining = number(answer, "x-rate-limit-remaining", &h.remaining);
	h.has_reset = number(answer, "x-rate-limit-reset", &h.reset_s);
	h.has_retry_after = number(answer, "retry-after", &h.retry_after_s);
	h.has_date = okta_http_header(answer, "date", 0, &v) &&
		     http_date(okta_view_trim(v), &h.date_s);
	return h;
}

/* Milliseconds until the window ends, by Okta's clock alone; -1: not said. */
static int64_t
until_reset_ms(const struct okta_rate_headers *h)
{
	int64_t s;

	if (!h->has_reset || !h->has_date)
		return -1;
	s = h->reset_s - h->date_s;
	if (s < 0)
		s = 0;
	s += 1;
	return s > OKTA_RATE_WAIT_MAX_MS / 1000 ? OKTA_RATE_WAIT_MAX_MS : s * 1000;
}

/* Of a limit that is hardly one there is nothing to leave. */
static int64_t
left_to_others(const struct okta_rate *rate)
{
	return rate->is_shared && rate->limit >= SHARED_LIMIT_MIN ? rate->limit / 50 + 1
								  : 0;
}

int64_t
okta_rate_wait_ms(const struct okta_rate *rate, int64_t now_ms)
{
	const int64_t remaining = rate->remaining - left_to_others(rate);
	const int64_t left = remaining - (int64_t)rate->in_flight;

	if (rate->state == OKTA_RATE_SILENT)
		return 0;
	if (rate->state == OKTA_RATE_UNASKED || now_ms >= rate->reset_ms)
		return rate->in_flight == 0 ? 0 : OKTA_RATE_FOR_ANSWER;
	/* what is in flight may or may not be counted in what Okta said */
	if (left > 0)
		return 0;
	return remaining > 0 ? OKTA_RATE_FOR_ANSWER : rate->reset_ms - now_ms;
}

void
okta_rate_started(struct okta_rate *rate)
{
	rate->in_flight++;
}

void
okta_rate_ended(struct okta_rate *rate)
{
	rate->in_flight--;
}

void
okta_rate_learn(
    struct okta_rate *rate, const struct okta_rate_headers *headers, int64_t now_ms)
{
	int64_t wait = until_reset_ms(headers);

	/* Limit 0 is the concurrency limit, which says nothing of this bucket */
	if (headers->has_limit && headers->limit == 0)
		return;
	if (!headers->has_limit || !headers->has_remaining || wait < 0) {
		rate->state = OKTA_RATE_SILENT;
		return;
	}
	/*
	 * Answers overtake each other, and Okta's clock is told in whole seconds: in one
	 * window the lowest count and the earliest end are the nearest to the truth.
	 */
	if (rate->state != OKTA_RATE_KNOWN || now_ms >= rate->reset_ms ||
	    headers->reset_s > rate->reset_s) {
		rate->remaining = headers->remaining;
		rate->reset_ms = now_ms + wait;
	} else if (headers->reset_s == rate->reset_s) {
		if (headers->remaining < rate->remaining)
			rate->remaining = headers->remaining;
		if (now_ms + wait < rate->reset_ms)
			rate->reset_ms = now_ms + wait;
	} else {
		return; /* of a window that is over */
	}
	rate->state = OKTA_RATE_KNOWN;
	rate->limit = headers->limit;
	rate->reset_s = headers->reset_s;
}

enum okta_rate_cause
okta_rate_cause(
    enum okta_http_end end, long status, const struct okta_rate_headers *headers)
{
	if (end == OKTA_HTTP_UNREACHABLE || end == OKTA_HTTP_DEADLINE)
		return OKTA_RATE_TRANSPORT;
	if (end != OKTA_HTTP_ANSWERED)
		return OKTA_RATE_FINAL;
	if (status == 429 && headers->has_limit && headers->limit == 0)
		return OKTA_RATE_CONCURRENCY;
	if (status == 429)
		return OKTA_RATE_BUCKET;
	return status >= 500 ? OKTA_RATE_SERVER : OKTA_RATE_FINAL;
}

bool
okta_rate_is_too_much(enum okta_http_end end, long status)
{
	if (end == OKTA_HTTP_ANSWERED)
		return status == 500 || status == 504;
	return end == OKTA_HTTP_UNREACHABLE || end == OKTA_HTTP_DEADLINE;
}

/* FIRST_MS, doubled for each try after the first, at most MAX_MS. */
static int64_t
doubled(int64_t first_ms, unsigned tries, int64_t max_ms)
{
	unsigned i;

	for (i = 1; i < tries && first_ms < max_ms; i++)
		first_ms *= 2;
	return first_ms < max_ms ? first_ms : max_ms;
}

bool
okta_rate_again(enum okta_rate_cause cause, unsigned tries,
    const struct okta_rate_headers *headers, uint32_t random, int64_t *ret_ms)
{
	int64_t wait, jitter;

	switch (cause) {
	case OKTA_RATE_BUCKET:
		if (tries >= OKTA_RATE_TRIES_429)
			return false;
		wait = headers->has_retry_after ? headers->retry_after_s * 1000
						: until_reset_ms(headers);
		if (wait < 0)
			wait = doubled(1000, tries, 60000);
		if (wait > OKTA_RATE_WAIT_MAX_MS)
			wait = OKTA_RATE_WAIT_MAX_MS;
		jitter = random % 1000;
		break;
	case OKTA_RATE_CONCURRENCY:
		if (tries >= OKTA_RATE_TRIES_429)
			return false;
		wait = doubled(500, tries, 60000);
		jitter = (int64_t)(random % 1000) * wait / 1000;
		break;
	case OKTA_RATE_SERVER:
	case OKTA_RATE_TRANSPORT:
		if (tries >= OKTA_RATE_TRIES_OTHER)
			return false;
		wait = doubled(500, tries, 30000);
		if (cause == OKTA_RATE_SERVER && headers->has_retry_after &&
		    headers->retry_after_s <= 120)
			wait = headers->retry_after_s * 1000;
		jitter = random % 250;
		break;
	case OKTA_RATE_FINAL:
	default:
		return false;
	}
	*ret_ms = wait + jitter;
	return true;
}
