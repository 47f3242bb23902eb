/* SPDX-License-Identifier: BSD-2-Clause */
/* links: net model base; libs: libcurl libcrypto json-c libqrencode */
/*
 * Answers of the device and token endpoints (S18, S25).  No discovery document is read by
 * a login.  First byte: the HTTP status; second: after how long it came; then headers, an
 * empty line, the body.
 */
#include "base/text.h"
#include "fuzz.h"
#include "net/oidc.h"

#define ORG "https://acme.okta.com"

static bool
is_uri(struct okta_view v)
{
	size_t i;

	for (i = 0; i < v.len; i++)
		if (v.p[i] <= 0x20 || v.p[i] >= 0x7f)
			return false;
	return v.len <= OKTA_VERIFICATION_URI_MAX && v.len > strlen(ORG) &&
	       memcmp(v.p, ORG "/", strlen(ORG) + 1) == 0;
}

static void
check_device(const struct okta_json_value *root)
{
	struct okta_device d = { 0 };
	struct okta_err err = { 0 };
	size_t i;

	if (okta_oidc_device(root, okta_view_str(ORG), &d, &err) != OKTA_OK) {
		FUZZ_CHECK(okta_text_is_printable(okta_view_str(err.msg)));
		return;
	}
	FUZZ_CHECK(d.device_code.len > 0 && d.device_code.len <= OKTA_DEVICE_CODE_MAX);
	FUZZ_CHECK(d.prompt.user_code.len >= 4 && d.prompt.user_code.len <= 16);
	for (i = 0; i < d.prompt.user_code.len; i++)
		FUZZ_CHECK(memchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-",
			       d.prompt.user_code.p[i], 37) != NULL);
	FUZZ_CHECK(is_uri(d.prompt.verification_uri));
	FUZZ_CHECK(d.prompt.verification_uri_complete.len == 0 ||
		   is_uri(d.prompt.verification_uri_complete));
	FUZZ_CHECK(d.prompt.expires_in_s >= 1 && d.prompt.expires_in_s <= 86400);
	FUZZ_CHECK(d.prompt.interval_s >= 1 && d.prompt.interval_s <= 300);
}

static void
check_tokens(const struct okta_json_value *root)
{
	struct okta_tokens t = { 0 };
	struct okta_err err = { 0 };

	if (okta_oidc_tokens(root, &t, &err) == OKTA_OK)
		FUZZ_CHECK(t.id_token.len > 0 && okta_text_is_printable(t.access_token));
}

/* The same answer again and again: it ends, and never before its interval. */
static void
check_polling(const struct okta_oidc_reading *reading, int64_t retry_s, unsigned late_ms)
{
	const int64_t deadline = 120000;
	struct okta_poll poll;
	enum okta_poll_step step;
	int64_t now = 0;
	int n = 0;

	okta_poll_init(&poll, 5, 600, now, deadline);
	do {
		FUZZ_CHECK(poll.next_ms <= deadline && poll.next_ms >= now);
		FUZZ_CHECK(n == 0 || poll.dpop_tries > 0 || poll.next_ms >= now + 500);
		now = poll.next_ms + late_ms;
		step = okta_poll_feed(&poll, reading, retry_s, now, late_ms);
		FUZZ_CHECK(++n < 500);
	} while (step == OKTA_POLL_AGAIN && poll.next_ms >= now);
	FUZZ_CHECK(step != OKTA_POLL_AGAIN);
	FUZZ_CHECK((step == OKTA_POLL_DONE) == (reading->meaning == OKTA_OIDC_SUCCESS));
	FUZZ_CHECK(step != OKTA_POLL_FAILED ||
		   (poll.failure > 0 && poll.failure < OKTA_FAIL_CODE_COUNT));
	FUZZ_CHECK(okta_text_is_printable(okta_view_str(poll.detail)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const long statuses[] = { 200, 400, 401, 403, 404, 429, 500, 503 };
	struct fuzz_in in = { data, size };
	struct okta_http_answer answer = { .end = OKTA_HTTP_ANSWERED };
	struct okta_oidc_reading reading;
	struct okta_err err = { .msg = "no answer" };
	struct okta_json *doc = NULL;
	struct okta_view rest;
	const char *body;
	unsigned late_ms;
	int64_t retry_s = 0;

	answer.status = statuses[fuzz_u8(&in) % 8];
	late_ms = fuzz_u8(&in) * 16U;
	rest = fuzz_take(&in, in.left);
	okta_buf_init(&answer.headers, 65536);
	okta_buf_init(&answer.body, 1 << 20);
	body = rest.len == 0 ? NULL : memmem(rest.p, rest.len, "\n\n", 2);
	if (body != NULL) {
		FUZZ_CHECK(okta_buf_append(&answer.headers, rest.p,
			       (size_t)(body - rest.p)) == OKTA_OK ||
			   size > 60000);
		rest.len -= (size_t)(body + 2 - rest.p);
		rest.p = body + 2;
	}
	FUZZ_CHECK(okta_buf_append(&answer.body, rest.p, rest.len) == OKTA_OK);
	if (okta_http_retry_after(&answer, &retry_s))
		FUZZ_CHECK(retry_s >= 1 && retry_s <= 3600);
	okta_oidc_read(&answer, &err, &reading, &doc);
	FUZZ_CHECK((reading.meaning == OKTA_OIDC_SUCCESS) == (doc != NULL));
	FUZZ_CHECK(doc == NULL || answer.status == 200);
	FUZZ_CHECK(okta_text_is_printable(okta_view_str(reading.detail)));
	if (doc != NULL) {
		check_device(okta_json_root(doc));
		check_tokens(okta_json_root(doc));
		okta_json_free(&doc);
	}
	check_polling(&reading, retry_s, late_ms);
	okta_http_answer_clear(&answer);
	return 0;
}

#define DEVICE(code, org, rest)                                                          \
	"\0\0\n\n{\"device_code\":\"1a2b-3c\",\"user_code\":\"" code                     \
	"\",\"verification_uri\":\"" org "/activate\",\"expires_in\":600" rest "}"

size_t
fuzz_seed(unsigned i, uint8_t *out, size_t max)
{
	static const struct {
		const char *text;
		size_t len;
	} seeds[] = {
#define SEED(t) { t, sizeof(t) - 1 }
		SEED(DEVICE("ABCD-EFGH", ORG,
		    ",\"interval\":5,\"verification_uri_complete\":\"" ORG
		    "/activate?user_code=ABCDEFGH\"")),
		SEED(DEVICE("ABCDEFGH", "https://evil.example", "")),
		SEED(DEVICE("AB\\u001b[2J", ORG, ",\"interval\":0")),
		SEED("\0\x10"
		     "\n\n{\"token_type\":\"DPoP\",\"expires_in\":3600,\"access_token\":"
		     "\"eyJ.e30.x\",\"scope\":\"openid\",\"id_token\":\"eyJ.e30.y\"}"),
		SEED("\1\0\n\n{\"error\":\"authorization_pending\",\"error_description\":"
		     "\"x\"}"),
		SEED("\1\0\n\n{\"error\":\"slow_down\"}"),
		SEED("\1\0\n\n{\"error\":\"expired_token\"}"),
		SEED("\1\0\n\n{\"error\":\"use_dpop_nonce\"}"),
		SEED(
		    "\3\0\n\n{\"error\":\"access_denied\",\"error_description\":\"Policy "
		    "evaluation failed for this request\"}"),
		SEED("\5\0retry-after: 7\r\nx-rate-limit-reset: 1800000100\r\n"
		     "date: Fri, 15 Jan 2027 08:00:00 "
		     "GMT\r\n\n\n{\"errorCode\":\"E0000047\","
		     "\"errorSummary\":\"rate\"}"),
		SEED("\2\0\n\n{\"error\":\"invalid_client\",\"error_description\":"
		     "\"\\u001b\"}"),
		SEED("\6\0\n\n<html>"),
	};

	if (i >= sizeof(seeds) / sizeof(seeds[0]))
		return 0;
	FUZZ_CHECK(seeds[i].len <= max);
	memcpy(out, seeds[i].text, seeds[i].len);
	return seeds[i].len;
}
