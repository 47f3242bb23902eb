/* SPDX-License-Identifier: BSD-2-Clause */
/* links: net model base; libs: libcurl libcrypto json-c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "net/oidc.h"

#define ORG "https://acme.okta.example"

static struct okta_view
v(const char *s)
{
	return okta_view_str(s);
}

static enum okta_rc
endpoints(const char *issuer, struct okta_endpoints *ret)
{
	struct okta_err err = { 0 };

	return okta_oidc_endpoints(v(ORG), v(issuer), v("0oa 1"), ret, &err);
}

static void
endpoints_follow_the_issuer(void **state)
{
	struct okta_endpoints e;

	(void)state;
	assert_int_equal(endpoints(ORG, &e), OKTA_OK);
	assert_string_equal(e.device, ORG "/oauth2/v1/device/authorize");
	assert_string_equal(e.token, ORG "/oauth2/v1/token");
	assert_string_equal(e.keys, ORG "/oauth2/v1/keys?client_id=0oa%201");
	assert_string_equal(e.userinfo, ORG "/oauth2/v1/userinfo");
	assert_int_equal(endpoints(ORG "/oauth2/default", &e), OKTA_OK);
	assert_string_equal(e.device, ORG "/oauth2/default/v1/device/authorize");
	assert_string_equal(e.keys, ORG "/oauth2/default/v1/keys?client_id=0oa%201");
}

static void
endpoints_refuse_an_issuer_that_is_not_the_orgs(void **state)
{
	static const char *const bad[] = { "", "https://evil.example", ORG "/",
		ORG "/oauth2", ORG "/oauth2/", ORG "/oauth2/a/b", ORG ".evil/oauth2/a",
		ORG "x/oauth2/a" };
	struct okta_endpoints e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(endpoints(bad[i], &e), OKTA_E_CONFIG);
}

static void
forms_name_a_public_client_and_leave_out_a_confidential_one(void **state)
{
	struct okta_client open = { { "0oa1", 4 }, { "", 0 } };
	struct okta_client closed = { { "0oa1", 4 }, { "a b:c", 5 } };
	struct okta_buf form;

	(void)state;
	okta_buf_init(&form, 4096);
	assert_int_equal(
	    okta_oidc_device_form(&open, v("openid groups"), &form), OKTA_OK);
	assert_string_equal(form.data, "client_id=0oa1&scope=openid%20groups");
	okta_buf_clear(&form);
	assert_int_equal(okta_oidc_token_form(&closed, v("d&c"), &form), OKTA_OK);
	assert_string_equal(form.data,
	    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"
	    "&device_code=d%26c");
	okta_buf_clear(&form);
	assert_int_equal(okta_oidc_basic(&open, &form), OKTA_OK);
	assert_int_equal(form.len, 0);
	assert_int_equal(okta_oidc_basic(&closed, &form), OKTA_OK);
	assert_string_equal(form.data, "Basic MG9hMTphJTIwYiUzQWM="); /* 0oa1:a%20b%3Ac */
	okta_buf_clear(&form);
}

static enum okta_rc
device(const char *text, struct okta_device *ret, struct okta_json **doc,
    struct okta_err *err)
{
	assert_int_equal(okta_json_new(v(text), 4096, doc, err), OKTA_OK);
	return okta_oidc_device(okta_json_root(*doc), v(ORG), ret, err);
}

static void
device_reads_oktas_answer(void **state)
{
	struct okta_json *doc = NULL;
	struct okta_device d;
	struct okta_err err = { 0 };

	(void)state;
	assert_int_equal(
	    device("{\"device_code\":\"4ebdb4de\",\"user_code\":\"MHXTFRPK\","
		   "\"verification_uri\":"
		   "\"" ORG "/activate\",\"verification_uri_complete\":\"" ORG
		   "/activate?user_code=MHXTFRPK\",\"expires_in\":600,\"interval\":5,"
		   "\"new\":[]}",
		&d, &doc, &err),
	    OKTA_OK);
	assert_true(okta_view_eq_str(d.device_code, "4ebdb4de"));
	assert_true(okta_view_eq_str(d.prompt.user_code, "MHXTFRPK"));
	assert_int_equal(d.prompt.expires_in_s, 600);
	assert_int_equal(d.prompt.interval_s, 5);
	okta_json_free(&doc);
	/* the complete address and the interval are optional in RFC 8628 */
	assert_int_equal(device("{\"device_code\":\"d\",\"user_code\":\"AB-12\","
				"\"verification_uri\":\"" ORG "/a\",\"expires_in\":1}",
			     &d, &doc, &err),
	    OKTA_OK);
	assert_int_equal(d.prompt.interval_s, 5);
	assert_int_equal(d.prompt.verification_uri_complete.len, 0);
	okta_json_free(&doc);
}

/* A code shown with another address would send people to a stranger's sign-in page. */
static void
device_refuses_addresses_that_are_not_the_orgs(void **state)
{
	static const char *const bad[] = { "https://evil.example/activate", ORG,
		ORG "@evil/a", ORG ".evil/a", ORG "1/a", "http://acme.okta.example/a",
		ORG "/a b", "" };
	struct okta_json *doc = NULL;
	struct okta_device d;
	struct okta_err err = { 0 };
	char text[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(text, sizeof(text),
		    "{\"device_code\":\"d\",\"user_code\":\"ABCD\",\"expires_in\":9,"
		    "\"verification_uri\":\"%s\"}",
		    bad[i]);
		assert_int_equal(device(text, &d, &doc, &err), OKTA_E_INPUT);
		assert_non_null(strstr(err.msg, "verification_uri"));
		okta_json_free(&doc);
		(void)snprintf(text, sizeof(text),
		    "{\"device_code\":\"d\",\"user_code\":\"ABCD\",\"expires_in\":9,"
		    "\"verification_uri\":\"" ORG
		    "/a\",\"verification_uri_complete\":\"%s\"}",
		    bad[i]);
		assert_int_equal(device(text, &d, &doc, &err), OKTA_E_INPUT);
		okta_json_free(&doc);
	}
}

/* What a made-up answer means; the document, if any, is dropped. */
static struct okta_oidc_reading
reading_of(long status, const char *body)
{
	struct okta_http_answer answer = { .end = OKTA_HTTP_ANSWERED, .status = status };
	struct okta_oidc_reading reading;
	struct okta_json *doc = NULL;
	struct okta_err err = { 0 };

	okta_buf_init(&answer.body, 65536);
	assert_int_equal(okta_buf_append_str(&answer.body, body), OKTA_OK);
	okta_oidc_read(&answer, &err, &reading, &doc);
	assert_int_equal(doc != NULL, reading.meaning == OKTA_OIDC_SUCCESS);
	okta_json_free(&doc);
	okta_http_answer_clear(&answer);
	return reading;
}

static void
read_gives_each_answer_its_meaning(void **state)
{
	static const struct {
		long status;
		const char *body;
		enum okta_oidc_meaning meaning;
		enum okta_failure_code failure;
	} row[] = {
		{ 200, "{\"id_token\":\"x\"}", OKTA_OIDC_SUCCESS, OKTA_FAIL_ANSWER },
		{ 400, "{\"error\":\"authorization_pending\"}", OKTA_OIDC_PENDING,
		    OKTA_FAIL_DEADLINE },
		{ 400, "{\"error\":\"slow_down\"}", OKTA_OIDC_SLOW_DOWN,
		    OKTA_FAIL_DEADLINE },
		{ 400, "{\"error\":\"expired_token\"}", OKTA_OIDC_FAILED,
		    OKTA_FAIL_EXPIRED },
		{ 400, "{\"error\":\"invalid_grant\"}", OKTA_OIDC_FAILED,
		    OKTA_FAIL_EXPIRED },
		{ 429, "{\"error\":\"invalid_grant\"}", OKTA_OIDC_LATER,
		    OKTA_FAIL_RATE_LIMITED },
		{ 429, "{\"error\":\"too_many_user_codes\"}", OKTA_OIDC_LATER,
		    OKTA_FAIL_RATE_LIMITED },
		{ 429, "{\"errorCode\":\"E0000047\"}", OKTA_OIDC_LATER,
		    OKTA_FAIL_RATE_LIMITED },
		{ 400, "{\"errorCode\":\"E0000047\"}", OKTA_OIDC_LATER,
		    OKTA_FAIL_RATE_LIMITED },
		{ 429, "", OKTA_OIDC_LATER, OKTA_FAIL_RATE_LIMITED },
		{ 403,
		    "{\"error\":\"access_denied\",\"error_description\":\"The resource "
		    "owner or "
		    "authorization server denied the request.\"}",
		    OKTA_OIDC_FAILED, OKTA_FAIL_DENIED },
		{ 400, "{\"error\":\"access_denied\"}", OKTA_OIDC_FAILED,
		    OKTA_FAIL_DENIED },
		{ 400,
		    "{\"error\":\"access_denied\",\"error_description\":\"User is not "
		    "assigned to "
		    "the client application.\"}",
		    OKTA_OIDC_FAILED, OKTA_FAIL_NOT_ASSIGNED },
		{ 401,
		    "{\"error\":\"access_denied\",\"error_description\":\"Policy "
		    "evaluation failed "
		    "for this request, please check the policy configurations.\"}",
		    OKTA_OIDC_FAILED, OKTA_FAIL_POLICY },
		{ 400,
		    "{\"error\":\"server_error\",\"error_description\":\"The groups "
		    "claim matched "
		    "too many groups and must be configured to match fewer groups.\"}",
		    OKTA_OIDC_FAILED, OKTA_FAIL_TOO_MANY_GROUPS },
		{ 500, "{\"error\":\"server_error\"}", OKTA_OIDC_LATER,
		    OKTA_FAIL_SERVER },
		{ 400, "{\"error\":\"use_dpop_nonce\"}", OKTA_OIDC_DPOP,
		    OKTA_FAIL_CLIENT },
		{ 400, "{\"error\":\"invalid_dpop_proof\"}", OKTA_OIDC_DPOP,
		    OKTA_FAIL_CLIENT },
		{ 401, "{\"error\":\"invalid_client\"}", OKTA_OIDC_FAILED,
		    OKTA_FAIL_CLIENT },
		{ 400, "{\"error\":\"unauthorized_client\"}", OKTA_OIDC_FAILED,
		    OKTA_FAIL_CLIENT },
		{ 400, "{\"error\":\"invalid_scope\"}", OKTA_OIDC_FAILED,
		    OKTA_FAIL_CLIENT },
		{ 400, "{\"error\":\"news_to_us\"}", OKTA_OIDC_FAILED, OKTA_FAIL_CLIENT },
		{ 404, "{\"errorCode\":\"E0000007\"}", OKTA_OIDC_FAILED,
		    OKTA_FAIL_CLIENT },
		{ 503, "<html>", OKTA_OIDC_LATER, OKTA_FAIL_SERVER },
		{ 502, "{}", OKTA_OIDC_LATER, OKTA_FAIL_SERVER },
		{ 400, "{}", OKTA_OIDC_LATER, OKTA_FAIL_ANSWER },
		{ 200, "<html>", OKTA_OIDC_LATER, OKTA_FAIL_ANSWER },
		{ 200, "[]", OKTA_OIDC_LATER, OKTA_FAIL_ANSWER },
		{ 200, "", OKTA_OIDC_LATER, OKTA_FAIL_ANSWER },
		/* the member decides, whatever the status says */
		{ 200, "{\"error\":\"access_denied\",\"id_token\":\"x\"}",
		    OKTA_OIDC_FAILED, OKTA_FAIL_DENIED },
		{ 500, "{\"error\":\"authorization_pending\"}", OKTA_OIDC_PENDING,
		    OKTA_FAIL_DEADLINE },
		{ 200, "{\"error\":\"authorization_pending\",\"error\":\"x\"}",
		    OKTA_OIDC_LATER, OKTA_FAIL_ANSWER },
	};
	struct okta_oidc_reading r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		r = reading_of(row[i].status, row[i].body);
		if (r.meaning != row[i].meaning || r.failure != row[i].failure)
			fail_msg("%ld %s: meaning %d, failure %d", row[i].status,
			    row[i].body, (int)r.meaning, (int)r.failure);
	}
}

static void
read_tells_failed_requests_apart(void **state)
{
	static const struct {
		enum okta_http_end end;
		enum okta_oidc_meaning meaning;
		enum okta_failure_code failure;
	} row[] = {
		{ OKTA_HTTP_UNREACHABLE, OKTA_OIDC_LATER, OKTA_FAIL_UNREACHABLE },
		{ OKTA_HTTP_TLS, OKTA_OIDC_FAILED, OKTA_FAIL_TLS },
		{ OKTA_HTTP_DEADLINE, OKTA_OIDC_FAILED, OKTA_FAIL_DEADLINE },
		{ OKTA_HTTP_REFUSED, OKTA_OIDC_LATER, OKTA_FAIL_ANSWER },
	};
	struct okta_err err = { OKTA_E_UNAVAIL, 0, "the reason" };
	struct okta_http_answer answer = { 0 };
	struct okta_oidc_reading r;
	struct okta_json *doc;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		answer.end = row[i].end;
		okta_oidc_read(&answer, &err, &r, &doc);
		assert_int_equal(r.meaning, row[i].meaning);
		assert_int_equal(r.failure, row[i].failure);
		assert_string_equal(r.detail, "the reason");
		assert_null(doc);
	}
}

static void
tokens_need_an_id_token(void **state)
{
	struct okta_json *doc = NULL;
	struct okta_tokens t;
	struct okta_err err = { 0 };

	(void)state;
	assert_int_equal(
	    okta_json_new(v("{\"access_token\":\"a\"}"), 99, &doc, &err), OKTA_OK);
	assert_int_equal(okta_oidc_tokens(okta_json_root(doc), &t, &err), OKTA_E_INPUT);
	assert_non_null(strstr(err.msg, "openid"));
	okta_json_free(&doc);
	/* a line break in the access token would write a header of its own */
	assert_int_equal(
	    okta_json_new(v("{\"id_token\":\"i\",\"access_token\":\"a\\r\\nX: y\"}"), 99,
		&doc, &err),
	    OKTA_OK);
	assert_int_equal(okta_oidc_tokens(okta_json_root(doc), &t, &err), OKTA_E_INPUT);
	okta_json_free(&doc);
	assert_int_equal(okta_json_new(v("{\"id_token\":\"i\",\"token_type\":\"DPoP\"}"),
			     99, &doc, &err),
	    OKTA_OK);
	assert_int_equal(okta_oidc_tokens(okta_json_root(doc), &t, &err), OKTA_OK);
	assert_true(t.dpop);
	okta_json_free(&doc);
}

/* --- when to ask again -------------------------------------------------------------- */

static enum okta_poll_step
feed(struct okta_poll *p, long status, const char *body, int64_t retry_s, int64_t now_ms,
    uint32_t jitter)
{
	struct okta_oidc_reading r = reading_of(status, body);

	return okta_poll_feed(p, &r, retry_s, now_ms, jitter);
}

#define PENDING "{\"error\":\"authorization_pending\"}"
#define SLOW	"{\"error\":\"slow_down\"}"

static void
poll_keeps_the_interval_and_adds_five_seconds_on_slow_down(void **state)
{
	struct okta_poll p;

	(void)state;
	okta_poll_init(&p, 5, 600, 1000, 600000);
	assert_int_equal(p.next_ms, 6000);
	assert_int_equal(feed(&p, 400, PENDING, 0, 6000, 0), OKTA_POLL_AGAIN);
	assert_int_equal(p.next_ms, 11000);
	assert_int_equal(feed(&p, 400, SLOW, 0, 11000, 0), OKTA_POLL_AGAIN);
	assert_int_equal(p.next_ms, 21000);
	assert_int_equal(feed(&p, 400, PENDING, 0, 21000, 0), OKTA_POLL_AGAIN);
	assert_int_equal(p.next_ms, 31000); /* and it stays */
	assert_int_equal(
	    feed(&p, 200, "{\"id_token\":\"x\"}", 0, 31000, 0), OKTA_POLL_DONE);
}

/* Many wait on this host.  Whoever approves late must still be heard. */
static void
poll_keeps_a_wider_interval_and_asks_once_more_before_the_end(void **state)
{
	struct okta_poll p;

	(void)state;
	okta_poll_init(&p, 5, 600, 1000, 116000);
	okta_poll_spread(&p, 40);
	assert_int_equal(p.next_ms, 41000);
	assert_int_equal(feed(&p, 400, PENDING, 0, 41000, 0), OKTA_POLL_AGAIN);
	assert_int_equal(p.next_ms, 81000);
	assert_int_equal(feed(&p, 400, SLOW, 0, 81000, 0), OKTA_POLL_AGAIN);
	assert_int_equal(p.next_ms, 113000);
	assert_int_equal(feed(&p, 400, PENDING, 0, 113000, 0), OKTA_POLL_FAILED);
	/* never sooner than Okta wants */
	okta_poll_init(&p, 60, 600, 0, 600000);
	okta_poll_spread(&p, 40);
	assert_int_equal(p.next_ms, 60000);
	okta_poll_init(&p, 5, 600, 0, 6000);
	okta_poll_spread(&p, 40);
	assert_int_equal(p.next_ms, 5000);
	okta_poll_init(&p, 5, 600, 0, 600000);
	okta_poll_spread(&p, 0);
	assert_int_equal(p.next_ms, 5000);
	assert_int_equal(feed(&p, 400, PENDING, 0, 5000, 0), OKTA_POLL_AGAIN);
	assert_int_equal(p.next_ms, 10000);
}

static void
poll_in_trouble_asks_no_sooner_than_when_all_is_well(void **state)
{
	struct okta_poll p;

	(void)state;
	okta_poll_init(&p, 5, 600, 1000, 116000);
	okta_poll_spread(&p, 40);
	assert_int_equal(feed(&p, 503, "", 0, 41000, 0), OKTA_POLL_AGAIN);
	assert_int_equal(p.next_ms, 81000);
	/* and still once more before the end */
	assert_int_equal(feed(&p, 503, "", 0, 81000, 0), OKTA_POLL_AGAIN);
	assert_int_equal(p.next_ms, 113000);
}

static void
poll_stops_before_the_code_expires(void **state)
{
	struct okta_poll p;

	(void)state;
	okta_poll_init(&p, 5, 12, 0, 600000);
	assert_int_equal(feed(&p, 400, PENDING, 0, 5000, 0), OKTA_POLL_AGAIN);
	assert_int_equal(feed(&p, 400, PENDING, 0, 10000, 0), OKTA_POLL_FAILED);
	assert_int_equal(p.failure, OKTA_FAIL_EXPIRED);
}

static void
poll_stops_before_the_callers_deadline(void **state)
{
	struct okta_poll p;

	(void)state;
	okta_poll_init(&p, 5, 600, 0, 12000);
	assert_int_equal(feed(&p, 400, PENDING, 0, 5000, 0), OKTA_POLL_AGAIN);
	assert_int_equal(feed(&p, 400, PENDING, 0, 10000, 0), OKTA_POLL_FAILED);
	assert_int_equal(p.failure, OKTA_FAIL_DEADLINE);
}

/* A server may ask for an interval of minutes; the person at the prompt has one. */
static void
poll_never_waits_beyond_the_deadline_or_the_expiry_for_its_first_time(void **state)
{
	struct okta_poll p;

	(void)state;
	okta_poll_init(&p, 300, 600, 1000, 5000);
	assert_int_equal(p.next_ms, 5000);
	assert_int_equal(p.failure, OKTA_FAIL_DEADLINE);
	assert_string_not_equal(p.detail, "");
	okta_poll_init(&p, 300, 3, 1000, 600000);
	assert_int_equal(p.next_ms, 4000);
}

static void
poll_waits_as_long_as_a_429_says(void **state)
{
	struct okta_poll p;

	(void)state;
	okta_poll_init(&p, 5, 600, 0, 600000);
	assert_int_equal(feed(&p, 429, "{\"errorCode\":\"E0000047\"}", 42, 5000, 300),
	    OKTA_POLL_AGAIN);
	assert_int_equal(p.next_ms, 47300);
	assert_int_equal(feed(&p, 429, "{\"errorCode\":\"E0000047\"}", 9999, 47300, 0),
	    OKTA_POLL_FAILED);
	assert_int_equal(p.failure, OKTA_FAIL_RATE_LIMITED);
}

/* A wait the server did not ask for: it has no say over ordinary errors. */
static void
poll_doubles_its_wait_when_the_server_stumbles(void **state)
{
	struct okta_poll p;

	(void)state;
	okta_poll_init(&p, 5, 6000, 0, 6000000);
	assert_int_equal(feed(&p, 503, "", 999, 0, 0), OKTA_POLL_AGAIN);
	assert_int_equal(p.next_ms, 5000);
	assert_int_equal(feed(&p, 503, "", 0, 5000, 0), OKTA_POLL_AGAIN);
	assert_int_equal(p.next_ms, 15000);
	assert_int_equal(feed(&p, 503, "", 0, 15000, 999), OKTA_POLL_AGAIN);
	assert_int_equal(p.next_ms, 35999);
	assert_int_equal(feed(&p, 503, "", 0, 36000, 0), OKTA_POLL_AGAIN);
	assert_int_equal(p.next_ms, 66000); /* at most half a minute */
	assert_int_equal(feed(&p, 400, PENDING, 0, 66000, 0), OKTA_POLL_AGAIN);
	assert_int_equal(feed(&p, 503, "", 0, 71000, 0), OKTA_POLL_AGAIN);
	assert_int_equal(p.next_ms, 76000); /* an answer in between starts it anew */
}

static void
poll_gives_up_after_five_answers_in_a_row_that_make_no_sense(void **state)
{
	struct okta_poll p;
	int i;

	(void)state;
	okta_poll_init(&p, 1, 6000, 0, 6000000);
	for (i = 0; i < 4; i++)
		assert_int_equal(feed(&p, 200, "<html>", 0, 0, 0), OKTA_POLL_AGAIN);
	assert_int_equal(feed(&p, 400, PENDING, 0, 0, 0), OKTA_POLL_AGAIN);
	for (i = 0; i < 4; i++)
		assert_int_equal(feed(&p, 200, "<html>", 0, 0, 0), OKTA_POLL_AGAIN);
	assert_int_equal(feed(&p, 200, "<html>", 0, 0, 0), OKTA_POLL_FAILED);
	assert_int_equal(p.failure, OKTA_FAIL_ANSWER);
}

static void
poll_proves_possession_at_once_but_not_for_ever(void **state)
{
	struct okta_poll p;

	(void)state;
	okta_poll_init(&p, 5, 600, 0, 600000);
	assert_int_equal(feed(&p, 400, "{\"error\":\"invalid_dpop_proof\"}", 0, 5000, 0),
	    OKTA_POLL_AGAIN);
	assert_int_equal(p.next_ms, 5000);
	assert_int_equal(
	    feed(&p, 400, "{\"error\":\"use_dpop_nonce\"}", 0, 5100, 0), OKTA_POLL_AGAIN);
	assert_int_equal(feed(&p, 400, "{\"error\":\"use_dpop_nonce\"}", 0, 5200, 0),
	    OKTA_POLL_FAILED);
	assert_int_equal(p.failure, OKTA_FAIL_CLIENT);
}

static void
poll_says_why_when_the_last_thing_was_trouble(void **state)
{
	struct okta_poll p;

	(void)state;
	okta_poll_init(&p, 5, 600, 0, 12000);
	assert_int_equal(feed(&p, 503, "", 0, 5000, 0), OKTA_POLL_AGAIN);
	assert_int_equal(feed(&p, 503, "", 0, 10000, 0), OKTA_POLL_FAILED);
	assert_int_equal(p.failure, OKTA_FAIL_SERVER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoints_follow_the_issuer),
		cmocka_unit_test(endpoints_refuse_an_issuer_that_is_not_the_orgs),
		cmocka_unit_test(
		    forms_name_a_public_client_and_leave_out_a_confidential_one),
		cmocka_unit_test(device_reads_oktas_answer),
		cmocka_unit_test(device_refuses_addresses_that_are_not_the_orgs),
		cmocka_unit_test(read_gives_each_answer_its_meaning),
		cmocka_unit_test(read_tells_failed_requests_apart),
		cmocka_unit_test(tokens_need_an_id_token),
		cmocka_unit_test(
		    poll_keeps_the_interval_and_adds_five_seconds_on_slow_down),
		cmocka_unit_test(
		    poll_keeps_a_wider_interval_and_asks_once_more_before_the_end),
		cmocka_unit_test(poll_in_trouble_asks_no_sooner_than_when_all_is_well),
		cmocka_unit_test(poll_stops_before_the_code_expires),
		cmocka_unit_test(poll_stops_before_the_callers_deadline),
		cmocka_unit_test(
		    poll_never_waits_beyond_the_deadline_or_the_expiry_for_its_first_time),
		cmocka_unit_test(poll_waits_as_long_as_a_429_says),
		cmocka_unit_test(poll_doubles_its_wait_when_the_server_stumbles),
		cmocka_unit_test(
		    poll_gives_up_after_five_answers_in_a_row_that_make_no_sense),
		cmocka_unit_test(poll_proves_possession_at_once_but_not_for_ever),
		cmocka_unit_test(poll_says_why_when_the_last_thing_was_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
