/* SPDX-License-Identifier: BSD-2-Clause */
/* links: apic net model base; libs: libcurl libcrypto json-c */
/*
 * What the management API says when it refuses, and how much may be asked (R17): headers
 * and body of an answer that is none.  First byte: the HTTP status; then headers, an
 * empty line, the body; the same answer comes until it is given up.
 */
#include "base/text.h"
#include "fuzz.h"
#include "net/ratelimit.h"
#include "net/refusal.h"

#define PATH "/api/v1/users"

static void
check_refusal(const struct okta_http_answer *answer)
{
	struct okta_err err = { 0 };
	enum okta_rc r;

	r = okta_refusal(answer, PATH, answer->status % 2 == 0 ? "app_id" : NULL, &err);
	FUZZ_CHECK(r == OKTA_E_CONFIG || r == OKTA_E_UNAVAIL || r == OKTA_E_INPUT);
	/* what another try cannot mend is the admin's, and he is told where it was */
	FUZZ_CHECK(
	    (answer->status != 401 && answer->status != 403) || r == OKTA_E_CONFIG);
	FUZZ_CHECK(
	    (answer->status == 429 || answer->status >= 500) == (r == OKTA_E_UNAVAIL));
	FUZZ_CHECK(strstr(err.msg, PATH) != NULL);
	FUZZ_CHECK(okta_text_is_printable(okta_view_str(err.msg)));
}

static void
check_tries(const struct okta_http_answer *answer, const struct okta_rate_headers *h)
{
	enum okta_rate_cause cause = okta_rate_cause(answer->end, answer->status, h);
	int64_t ms = -1;
	unsigned tries;

	FUZZ_CHECK((cause == OKTA_RATE_BUCKET || cause == OKTA_RATE_CONCURRENCY) ==
		   (answer->status == 429));
	FUZZ_CHECK((cause == OKTA_RATE_SERVER) == (answer->status >= 500));
	for (tries = 1; okta_rate_again(cause, tries, h, 0xffffffffU / tries, &ms);
	     tries++) {
		/* the last second is spread */
		FUZZ_CHECK(ms >= 0 && ms <= OKTA_RATE_WAIT_MAX_MS + 1000);
		/* a bucket is not asked again before Okta's own clock says so */
		if (cause == OKTA_RATE_BUCKET && h->has_reset && h->has_date &&
		    !h->has_retry_after && h->reset_s > h->date_s &&
		    h->reset_s - h->date_s < 3000)
			FUZZ_CHECK(ms >= (h->reset_s - h->date_s) * 1000);
		FUZZ_CHECK(cause != OKTA_RATE_FINAL);
		FUZZ_CHECK(
		    tries < (answer->status == 429 ? (unsigned)OKTA_RATE_TRIES_429
						   : (unsigned)OKTA_RATE_TRIES_OTHER));
	}
}

/* Asking as often as it says one may ends within the bucket. */
static void
check_pace(const struct okta_rate_headers *h)
{
	struct okta_rate rate = { .state = OKTA_RATE_UNASKED };
	int64_t wait, now_ms = 1000;
	int i;

	for (i = 0; i < 8; i++) {
		wait = okta_rate_wait_ms(&rate, now_ms);
		FUZZ_CHECK(wait >= OKTA_RATE_FOR_ANSWER && wait <= OKTA_RATE_WAIT_MAX_MS);
		if (wait == OKTA_RATE_FOR_ANSWER) {
			FUZZ_CHECK(rate.in_flight > 0);
		} else {
			now_ms += wait;
			okta_rate_started(&rate);
		}
		if (wait == OKTA_RATE_FOR_ANSWER || i % 2 == 1) {
			okta_rate_ended(&rate);
			okta_rate_learn(&rate, h, now_ms);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const long statuses[] = { 429, 401, 403, 404, 500, 503, 400, 202 };
	struct fuzz_in in = { data, size };
	struct okta_http_answer answer = { .end = OKTA_HTTP_ANSWERED };
	struct okta_rate_headers headers;
	struct okta_view rest;
	const char *body;

	answer.status = statuses[fuzz_u8(&in) % 8];
	rest = fuzz_take(&in, in.left);
	okta_buf_init(&answer.headers, 65536);
	okta_buf_init(&answer.body, 65536);
	body = rest.len == 0 ? NULL : memmem(rest.p, rest.len, "\n\n", 2);
	if (size > 60000)
		return 0;
	if (body != NULL) {
		FUZZ_CHECK(okta_buf_append(&answer.headers, rest.p,
			       (size_t)(body - rest.p)) == OKTA_OK);
		rest.len -= (size_t)(body + 2 - rest.p);
		rest.p = body + 2;
	}
	FUZZ_CHECK(okta_buf_append(&answer.body, rest.p, rest.len) == OKTA_OK);
	headers = okta_rate_read(&answer);
	check_refusal(&answer);
	check_tries(&answer, &headers);
	check_pace(&headers);
	okta_http_answer_clear(&answer);
	return 0;
}

#define DATE "date: Fri, 15 Jan 2027 08:00:00 GMT\r\n"

size_t
fuzz_seed(unsigned i, uint8_t *out, size_t max)
{
	static const char *const seeds[] = {
		"0x-rate-limit-limit: 600\r\nx-rate-limit-remaining: 0\r\n"
		"x-rate-limit-reset: 1800000030\r\n" DATE
		"\n\n{\"errorCode\":\"E0000047\","
		"\"errorSummary\":\"API call exceeded rate limit\"}",
		"0x-rate-limit-limit: 0\r\nx-rate-limit-remaining: 0\r\n"
		"x-rate-limit-reset: 1800000030\r\nretry-after: 5\r\n" DATE "\n\n",
		"0retry-after: 90000\r\n" DATE "\n\n{}",
		"7x-rate-limit-limit: 10\r\nx-rate-limit-remaining: 2\r\n"
		"x-rate-limit-reset: 1800000002\r\n" DATE "\n\n[]",
		"1www-authenticate: Bearer error=\"invalid_token\", "
		"error_description=\"The \x1b[31mtoken expired\"\r\n\n\n"
		"{\"errorCode\":\"E0000011\",\"errorSummary\":\"Invalid token\"}",
		"2www-authenticate: DPoP error=\"insufficient_scope\", "
		"scope=\"okta.users.read\"\r\n\n\n{}",
		"2\n\n{\"errorCode\":\"E0000006\",\"errorSummary\":\"no\"}",
		"3\n\n{\"errorCode\":\"E0000007\",\"errorSummary\":\"Not found\"}",
		"4\n\n<html>",
	};
	size_t len = fuzz_seed_text(seeds, sizeof(seeds) / sizeof(seeds[0]), i, out, max);

	if (len > 0)
		out[0] = (uint8_t)(out[0] - '0');
	return len;
}
