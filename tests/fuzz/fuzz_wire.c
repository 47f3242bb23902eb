/* SPDX-License-Identifier: BSD-2-Clause */
/* links: model base */
/*
 * Frames from a helper that may be a liar, and from a module: every decoder of
 * model/wire.h and of the helper's own processes.  What is taken keeps the promises of
 * the header, and encoded again gives the same bytes: nothing was overlooked.
 */
#include "../../cmd/okta-auth-helper/inner.h"
#include "base/frame.h"
#include "base/text.h"
#include "fuzz.h"

#define ORG   "https://acme.okta.com"
#define NONCE "0123456789abcdef"

static struct okta_claims claims;

static void
same_again(struct okta_view bytes, enum okta_rc put, struct okta_buf *again)
{
	FUZZ_CHECK(put == OKTA_OK);
	FUZZ_CHECK(okta_view_eq(bytes, okta_buf_view(again)));
	okta_buf_clear(again);
}

static bool
is_clean_uri(struct okta_view v)
{
	size_t i;

	for (i = 0; i < v.len; i++)
		if (v.p[i] <= ' ' || v.p[i] > '~')
			return false;
	return v.len > strlen(ORG) && memcmp(v.p, ORG "/", strlen(ORG) + 1) == 0;
}

static void
check_prompt(const struct okta_prompt *p)
{
	size_t i;

	FUZZ_CHECK(p->user_code.len >= 4 && p->user_code.len <= 16);
	for (i = 0; i < p->user_code.len; i++)
		FUZZ_CHECK(memchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-",
			       p->user_code.p[i], 37) != NULL);
	FUZZ_CHECK(is_clean_uri(p->verification_uri));
	FUZZ_CHECK(p->verification_uri_complete.len == 0 ||
		   is_clean_uri(p->verification_uri_complete));
	FUZZ_CHECK(p->user_code.len + p->verification_uri.len +
		       p->verification_uri_complete.len <=
		   512);
	for (i = 0; i < p->qr.len; i++)
		FUZZ_CHECK((unsigned char)p->qr.p[i] >= 0x80 || p->qr.p[i] == ' ' ||
			   p->qr.p[i] == '\n');
	FUZZ_CHECK(okta_text_is_utf8(p->qr) && p->qr.len <= OKTA_QR_MAX);
	FUZZ_CHECK(p->expires_in_s >= 1 && p->expires_in_s <= 86400);
	FUZZ_CHECK(p->interval_s >= 1 && p->interval_s <= 300);
}

static void
check_claims(void)
{
	size_t i;

	FUZZ_CHECK(claims.iss.len > 0 && okta_text_is_printable(claims.iss));
	FUZZ_CHECK(claims.sub.len > 0 && claims.sub.len <= 64);
	FUZZ_CHECK(okta_text_is_printable(claims.sub));
	FUZZ_CHECK(claims.n_groups <= OKTA_WIRE_GROUPS_MAX);
	FUZZ_CHECK(claims.has_groups || claims.n_groups == 0);
	for (i = 0; i < claims.n_groups; i++)
		FUZZ_CHECK(okta_wire_is_group_name(claims.groups[i]));
	FUZZ_CHECK(claims.n_amr <= OKTA_WIRE_AMR_MAX);
}

static void
module_reads(struct okta_view bytes)
{
	const struct okta_view nonce = { NONCE, OKTA_WIRE_NONCE_BYTES };
	struct okta_prompt prompt;
	struct okta_failure failure;
	struct okta_err err = { 0 };
	struct okta_buf again;

	okta_buf_init(&again, OKTA_FRAME_MAX_BYTES);
	if (okta_wire_get_prompt(bytes, okta_view_str(ORG), &prompt, &err) == OKTA_OK) {
		check_prompt(&prompt);
		same_again(bytes, okta_wire_put_prompt(&again, &prompt), &again);
	}
	if (okta_wire_get_failure(bytes, &failure, &err) == OKTA_OK) {
		FUZZ_CHECK(failure.code > 0 && failure.code < OKTA_FAIL_CODE_COUNT);
		FUZZ_CHECK(okta_text_is_printable(failure.detail));
		same_again(bytes, okta_wire_put_failure(&again, &failure), &again);
	}
	if (okta_wire_get_claims(bytes, &claims, &err) == OKTA_OK) {
		check_claims();
		same_again(bytes, okta_wire_put_claims(&again, &claims), &again);
	}
	if (okta_wire_get_verdict(bytes, nonce, &claims, &err) == OKTA_OK) {
		check_claims();
		same_again(bytes, okta_wire_put_verdict(&again, nonce, &claims), &again);
	}
	FUZZ_CHECK(okta_text_is_printable(okta_view_str(err.msg)));
}

static void
helper_reads(struct okta_view bytes)
{
	struct okta_buf parts[N_PARTS], again;
	struct inner_failure failed;
	struct okta_start start;
	struct okta_err err = { 0 };
	bool must;
	size_t i;

	okta_buf_init(&again, OKTA_FRAME_MAX_BYTES);
	if (okta_wire_get_start(bytes, &start, &err) == OKTA_OK) {
		FUZZ_CHECK(start.nonce.len == OKTA_WIRE_NONCE_BYTES);
		FUZZ_CHECK(okta_text_is_printable(start.client_secret));
		same_again(bytes, okta_wire_put_start(&again, &start), &again);
	}
	for (i = 0; i < N_PARTS; i++)
		okta_buf_init(&parts[i], 300);
	if (inner_take_part(bytes, PART_BIT(PART_BODY), parts) == OKTA_OK)
		for (i = 0; i < N_PARTS; i++)
			FUZZ_CHECK(i == PART_BODY || parts[i].len == 0);
	for (i = 0; i < N_PARTS; i++)
		okta_buf_clear(&parts[i]);
	if (inner_take_failed(bytes, &failed) == OKTA_OK)
		FUZZ_CHECK(failed.code > 0 && failed.code < OKTA_FAIL_CODE_COUNT);
	if (inner_take_need_userinfo(bytes, &must) == OKTA_OK)
		FUZZ_CHECK(!inner_is(bytes, INNER_NEED_KEYS));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct okta_view bytes = { (const char *)data, size };

	module_reads(bytes);
	helper_reads(bytes);
	return 0;
}

static void
put_inner(struct okta_buf *b, unsigned i)
{
	struct okta_frame_writer w;

	okta_frame_start(&w, b,
	    (uint8_t)(i == 0   ? INNER_PART
		      : i == 1 ? INNER_FAILED
			       : INNER_NEED_USERINFO));
	if (i == 0) {
		okta_frame_put_u64(&w, PART_BODY);
		okta_frame_put_text(&w, okta_view_str("{\"keys\":[]}"));
	} else if (i == 1) {
		okta_frame_put_u64(&w, OKTA_FAIL_TLS);
		okta_frame_put_u64(&w, 503);
		okta_frame_put_text(&w, okta_view_str("why"));
	} else {
		okta_frame_put_u64(&w, 1);
	}
	FUZZ_CHECK(w.rc == OKTA_OK);
}

size_t
fuzz_seed(unsigned i, uint8_t *out, size_t max)
{
	const struct okta_view v = okta_view_str("text"), org = okta_view_str(ORG);
	const struct okta_start start = { .org_url = org,
		.issuer = org,
		.client_id = v,
		.client_secret = v,
		.ca_file = okta_view_str("/ca"),
		.proxy = v,
		.scopes = okta_view_str("openid groups"),
		.groups_claim = v,
		.nonce = okta_view_str(NONCE),
		.deadline_s = 120,
		.clock_skew_s = 60,
		.qr = 1,
		.poll_s = 20 };
	const struct okta_prompt prompt = { okta_view_str("ABCD-EFGH"),
		okta_view_str(ORG "/activate"),
		okta_view_str(ORG "/activate?user_code=ABCD-EFGH"), 600, 5,
		okta_view_str("\xe2\x96\x80 \xe2\x96\x84\n\xe2\x96\x88") };
	const struct okta_failure failure = { OKTA_FAIL_DENIED, v };
	struct okta_buf b;
	size_t len;

	memset(&claims, 0, sizeof(claims));
	claims.iss = org;
	claims.sub = claims.jti = claims.preferred_username = v;
	claims.iat_s = 1800000000;
	claims.exp_s = 1800003600;
	claims.has_groups = true;
	claims.groups[0] = v;
	claims.groups[1] = okta_view_str("\xc3\xa4");
	claims.n_groups = 2;
	claims.amr[0] = v;
	claims.n_amr = 1;
	okta_buf_init(&b, OKTA_FRAME_MAX_BYTES);
	if (i == 0)
		FUZZ_CHECK(okta_wire_put_start(&b, &start) == OKTA_OK);
	else if (i == 1)
		FUZZ_CHECK(okta_wire_put_prompt(&b, &prompt) == OKTA_OK);
	else if (i == 2)
		FUZZ_CHECK(okta_wire_put_claims(&b, &claims) == OKTA_OK);
	else if (i == 3)
		FUZZ_CHECK(okta_wire_put_failure(&b, &failure) == OKTA_OK);
	else if (i == 4)
		FUZZ_CHECK(
		    okta_wire_put_verdict(&b, okta_view_str(NONCE), &claims) == OKTA_OK);
	else if (i < 8)
		put_inner(&b, i - 5);
	len = b.len;
	FUZZ_CHECK(len <= max);
	if (len > 0)
		memcpy(out, b.data, len);
	okta_buf_clear(&b);
	return len;
}
