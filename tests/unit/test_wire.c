/* SPDX-License-Identifier: BSD-2-Clause */
/* links: model snapw snap base; libs: json-c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/frame.h"
#include "model/wire.h"
#include "snap/write.h"

#define NONCE "0123456789abcdef"
#define ORG   "https://corp.okta.com"

static struct okta_buf out;
static struct okta_claims claims; /* too large for a stack of our own taste */

static int
setup(void **state)
{
	(void)state;
	okta_buf_init(&out, OKTA_FRAME_MAX_BYTES);
	memset(&claims, 0, sizeof(claims));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	okta_buf_clear(&out);
	return 0;
}

static struct okta_view
v(const char *s)
{
	return okta_view_str(s);
}

static struct okta_start
good_start(void)
{
	return (struct okta_start){ .org_url = v(ORG),
		.issuer = v(ORG),
		.client_id = v("0oa"),
		.client_secret = v(""),
		.ca_file = v(""),
		.proxy = v(""),
		.scopes = v("openid"),
		.groups_claim = v("groups"),
		.nonce = v(NONCE),
		.deadline_s = 115,
		.clock_skew_s = 60,
		.qr = 1,
		.poll_s = 40 };
}

static struct okta_prompt
good_prompt(void)
{
	return (struct okta_prompt){ .user_code = v("MHXTFRPK"),
		.verification_uri = v(ORG "/activate"),
		.verification_uri_complete = v(ORG "/activate?user_code=MHXTFRPK"),
		.expires_in_s = 600,
		.interval_s = 5,
		.qr = v("") };
}

static void
good_claims(void)
{
	claims.iss = v(ORG);
	claims.sub = v("00u1abcdEFGHijkl0h7");
	claims.preferred_username = v("ada@acme.example");
	claims.jti = v("ID.x");
	claims.iat_s = 1800000000;
	claims.exp_s = 1800003600;
	claims.auth_time_s = 1799999999;
	claims.has_groups = true;
	claims.groups[0] = v("linux-users");
	claims.groups[1] = v("Gr\xc3\xbc\xc3\x9f"
			     "e");
	claims.n_groups = 2;
	claims.amr[0] = v("mfa");
	claims.n_amr = 1;
}

static void
wire_start_comes_back_as_it_went(void **state)
{
	struct okta_start m = good_start(), got;
	struct okta_err err = { 0 };

	(void)state;
	m.client_secret = v("s3cret");
	m.proxy = v("http://p:1");
	assert_int_equal(okta_wire_put_start(&out, &m), OKTA_OK);
	assert_int_equal(okta_wire_type(okta_buf_view(&out)), OKTA_WIRE_START);
	assert_int_equal(okta_wire_get_start(okta_buf_view(&out), &got, &err), OKTA_OK);
	assert_true(okta_view_eq_str(got.org_url, ORG));
	assert_true(okta_view_eq_str(got.client_secret, "s3cret"));
	assert_true(okta_view_eq_str(got.proxy, "http://p:1"));
	assert_true(okta_view_eq_str(got.groups_claim, "groups"));
	assert_int_equal(got.deadline_s, 115);
	assert_int_equal(got.poll_s, 40);
	assert_int_equal(got.clock_skew_s, 60);
	assert_int_equal(got.qr, 1);
}

static void
start_refused(const struct okta_start *m, const char *says)
{
	struct okta_start got;
	struct okta_err err = { 0 };

	assert_int_equal(okta_wire_put_start(&out, m), OKTA_OK);
	assert_int_equal(
	    okta_wire_get_start(okta_buf_view(&out), &got, &err), OKTA_E_INPUT);
	if (strstr(err.msg, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.msg, says);
}

static void
wire_start_refuses_each_bad_field(void **state)
{
	struct okta_start m;

	(void)state;
#define BAD(field, value, says)                                                          \
	(m = good_start(), m.field = value, start_refused(&m, says))
	BAD(org_url, v(""), "org_url");
	BAD(org_url, v("https://\x1b"), "org_url");
	BAD(issuer, v(""), "issuer");
	BAD(client_id, v(""), "client_id");
	BAD(client_secret, v("a\nb"), "client_secret");
	BAD(ca_file, v("/a\n"), "ca_file");
	BAD(proxy, v("\xff"), "proxy");
	BAD(scopes, v(""), "scopes");
	BAD(groups_claim, v(""), "groups_claim");
	BAD(nonce, v(""), "nonce");
	BAD(nonce, v("0123456789abcde"), "nonce");
	BAD(nonce, v(NONCE "0"), "out of range");
	BAD(deadline_s, 0, "deadline");
	BAD(deadline_s, 86401, "out of range");
	BAD(clock_skew_s, 3601, "out of range");
	BAD(qr, 2, "out of range");
#undef BAD
}

static void
wire_prompt_comes_back_as_it_went(void **state)
{
	struct okta_prompt m = good_prompt(), got;
	struct okta_err err = { 0 };

	(void)state;
	m.qr = v(" \xe2\x96\x80\xe2\x96\x84\n\xe2\x96\x88");
	assert_int_equal(okta_wire_put_prompt(&out, &m), OKTA_OK);
	assert_int_equal(
	    okta_wire_get_prompt(okta_buf_view(&out), v(ORG), &got, &err), OKTA_OK);
	assert_true(okta_view_eq(got.user_code, m.user_code));
	assert_true(okta_view_eq(got.verification_uri, m.verification_uri));
	assert_true(
	    okta_view_eq(got.verification_uri_complete, m.verification_uri_complete));
	assert_true(okta_view_eq(got.qr, m.qr));
	assert_int_equal(got.expires_in_s, 600);
	assert_int_equal(got.interval_s, 5);
	m.verification_uri_complete = v("");
	assert_int_equal(okta_wire_put_prompt(&out, &m), OKTA_OK);
	assert_int_equal(
	    okta_wire_get_prompt(okta_buf_view(&out), v(ORG), &got, &err), OKTA_OK);
}

static bool
prompt_passes(const struct okta_prompt *m, char *ret_says)
{
	struct okta_prompt got;
	struct okta_err err = { 0 };
	bool passes;

	assert_int_equal(okta_wire_put_prompt(&out, m), OKTA_OK);
	passes = okta_wire_get_prompt(okta_buf_view(&out), v(ORG), &got, &err) == OKTA_OK;
	(void)snprintf(ret_says, sizeof(err.msg), "%s", err.msg);
	return passes;
}

static void
wire_prompt_refuses_each_bad_field(void **state)
{
	char long_uri[300], says[OKTA_ERR_MSG_BYTES];
	struct okta_prompt m;
	size_t i;

	(void)state;
#define BAD(field, value, what)                                                          \
	do {                                                                             \
		m = good_prompt();                                                       \
		m.field = value;                                                         \
		assert_false(prompt_passes(&m, says));                                   \
		if (strstr(says, what) == NULL)                                          \
			fail_msg("\"%s\" does not say \"%s\"", says, what);              \
	} while (0)
	BAD(user_code, v("ABC"), "user_code");
	BAD(user_code, v("ABCDEFGHIJKLMNOPQ"), "user_code");
	BAD(user_code, v("abcd"), "user_code");
	BAD(user_code, v("ABCD EFGH"), "user_code");
	BAD(verification_uri, v(""), "verification_uri");
	BAD(verification_uri, v(ORG), "verification_uri");
	BAD(verification_uri, v(ORG "?x=/"), "verification_uri");
	BAD(verification_uri, v(ORG ":8443/activate"), "verification_uri");
	BAD(verification_uri, v("https://corp.okta.com.evil.example/"),
	    "verification_uri");
	BAD(verification_uri, v("https://other.okta.com/activate"), "verification_uri");
	BAD(verification_uri, v("https://evil.okta.com/activate"), /* as long as ours */
	    "verification_uri");
	BAD(verification_uri, v("http://corp.okta.com/activate"), "verification_uri");
	BAD(verification_uri_complete, v("https://evil.example/"),
	    "verification_uri_complete");
	for (i = 0; i < strlen("\"<>\\^`{|} \x7f\x80\n"); i++) {
		char uri[64];

		(void)snprintf(
		    uri, sizeof(uri), ORG "/a%cb", "\"<>\\^`{|} \x7f\x80\n"[i]);
		BAD(verification_uri, v(uri), "verification_uri");
	}
	BAD(expires_in_s, 0, "expires_in");
	BAD(expires_in_s, 86401, "out of range");
	BAD(interval_s, 0, "interval");
	BAD(interval_s, 301, "out of range");
	BAD(qr, v("x"), "QR");
	BAD(qr, v("\xe2\x96"), "QR");
	BAD(qr, v("\xe2\x96\x85"), "QR");
	BAD(qr, v("\x1b[2J"), "QR");

	memset(long_uri, 'a', sizeof(long_uri));
	memcpy(long_uri, ORG "/", strlen(ORG "/"));
	long_uri[257] = '\0';
	BAD(verification_uri, v(long_uri), "verification_uri");
	/* each fits, together they are more than a terminal gets from outside (S18) */
	long_uri[256] = '\0';
	m = good_prompt();
	m.verification_uri = m.verification_uri_complete = v(long_uri);
	assert_false(prompt_passes(&m, says));
	assert_non_null(strstr(says, "512 bytes"));
#undef BAD
}

/* S18: no row of the corpus gets through in any field that reaches the terminal. */
static void
wire_prompt_refuses_all_of_terminal_injection(void **state)
{
	char line[65536], says[OKTA_ERR_MSG_BYTES];
	struct okta_prompt m;
	FILE *f = fopen("tests/vectors/own/terminal_injection.jsonl", "r");
	int rows = 0;

	(void)state;
	if (f == NULL)
		skip();
	while (fgets(line, sizeof(line), f) != NULL) {
		json_object *row = json_tokener_parse(line), *value;
		struct okta_view text;

		assert_non_null(row);
		assert_true(json_object_object_get_ex(row, "value", &value));
		text.p = json_object_get_string(value);
		text.len = (size_t)json_object_get_string_len(value);
		m = good_prompt();
		m.user_code = text;
		assert_false(text.len <= OKTA_WIRE_TEXT_MAX && prompt_passes(&m, says));
		m = good_prompt();
		m.verification_uri = text;
		assert_false(prompt_passes(&m, says));
		m = good_prompt();
		m.verification_uri_complete = text;
		assert_false(prompt_passes(&m, says));
		m = good_prompt();
		m.qr = text;
		assert_false(prompt_passes(&m, says));
		json_object_put(row);
		rows++;
	}
	(void)fclose(f);
	assert_true(rows >= 23);
}

static void
wire_claims_come_back_as_they_went(void **state)
{
	static struct okta_claims got;
	struct okta_err err = { 0 };

	(void)state;
	good_claims();
	assert_int_equal(okta_wire_put_claims(&out, &claims), OKTA_OK);
	assert_int_equal(okta_wire_get_claims(okta_buf_view(&out), &got, &err), OKTA_OK);
	assert_true(okta_view_eq(got.sub, claims.sub));
	assert_true(okta_view_eq(got.jti, claims.jti));
	assert_true(okta_view_eq(got.preferred_username, claims.preferred_username));
	assert_int_equal(got.iat_s, claims.iat_s);
	assert_int_equal(got.exp_s, claims.exp_s);
	assert_int_equal(got.auth_time_s, claims.auth_time_s);
	assert_true(got.has_groups);
	assert_int_equal(got.n_groups, 2);
	assert_true(okta_view_eq(got.groups[1], claims.groups[1]));
	assert_int_equal(got.n_amr, 1);
	assert_true(okta_view_eq_str(got.amr[0], "mfa"));
}

/* A verdict is one login's: neither that of another helper, nor what was kept on disk. */
static void
wire_verdict_needs_the_nonce_of_its_start(void **state)
{
	static struct okta_claims got;
	struct okta_err err = { 0 };
	struct okta_view bytes;

	(void)state;
	good_claims();
	assert_int_equal(okta_wire_put_verdict(&out, v(NONCE), &claims), OKTA_OK);
	bytes = okta_buf_view(&out);
	assert_int_equal(okta_wire_type(bytes), OKTA_WIRE_VERDICT);
	assert_int_equal(okta_wire_get_verdict(bytes, v(NONCE), &got, &err), OKTA_OK);
	assert_true(okta_view_eq(got.sub, claims.sub));
	assert_int_equal(okta_wire_get_verdict(bytes, v("0123456789abcdeF"), &got, &err),
	    OKTA_E_INPUT);
	assert_non_null(strstr(err.msg, "another login"));
	assert_int_equal(okta_wire_get_claims(bytes, &got, &err), OKTA_E_INPUT);
	/* nobody gave one out */
	assert_int_equal(okta_wire_put_verdict(&out, v(""), &claims), OKTA_OK);
	assert_int_equal(
	    okta_wire_get_verdict(okta_buf_view(&out), v(""), &got, &err), OKTA_E_INPUT);
	assert_int_equal(okta_wire_put_claims(&out, &claims), OKTA_OK);
	assert_int_equal(okta_wire_get_verdict(okta_buf_view(&out), v(NONCE), &got, &err),
	    OKTA_E_INPUT);
	/* what is inside is checked as ever */
	claims.sub = v("");
	assert_int_equal(okta_wire_put_verdict(&out, v(NONCE), &claims), OKTA_OK);
	assert_int_equal(okta_wire_get_verdict(okta_buf_view(&out), v(NONCE), &got, &err),
	    OKTA_E_INPUT);
}

static void
claims_refused(const char *says)
{
	static struct okta_claims got;
	struct okta_err err = { 0 };

	assert_int_equal(okta_wire_put_claims(&out, &claims), OKTA_OK);
	assert_int_equal(
	    okta_wire_get_claims(okta_buf_view(&out), &got, &err), OKTA_E_INPUT);
	if (strstr(err.msg, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.msg, says);
}

static void
wire_claims_refuse_each_bad_field(void **state)
{
	static char big[OKTA_WIRE_GROUP_MAX + 2];

	(void)state;
	memset(big, 'g', sizeof(big) - 1);
#define BAD(field, value, says)                                                          \
	(good_claims(), claims.field = value, claims_refused(says))
	BAD(iss, v(""), "iss");
	BAD(iss, v("\n"), "iss");
	BAD(sub, v(""), "sub");
	BAD(sub, v("00u\n"), "sub");
	BAD(sub, ((struct okta_view){ "00u\0x", 5 }), "sub");
	BAD(jti, v(""), "jti");
	BAD(jti, v("\x1b"), "jti");
	BAD(groups[0], v(""), "group");
	BAD(groups[0],
	    v("\x01"
	      "00gABC"),
	    "group");
	BAD(groups[0], ((struct okta_view){ "a\0b", 3 }), "group");
	BAD(groups[0], v("\xff"), "group");
	BAD(groups[0], v(big), "too long");
	BAD(amr[0], v(""), "amr");
	BAD(has_groups, false, "without a groups claim");
	BAD(iat_s, UINT64_MAX, "out of range");
	BAD(exp_s, UINT64_MAX, "out of range");
	BAD(auth_time_s, UINT64_MAX, "out of range");
#undef BAD
	good_claims();
	claims.n_groups = OKTA_WIRE_GROUPS_MAX + 1;
	assert_int_equal(okta_wire_put_claims(&out, &claims), OKTA_E_TOOBIG);
}

static bool
snapshot_holds(struct okta_view name)
{
	const struct okta_snapw_head head = {
		.id_min = 5000, .id_max = 6000, .org_url = v(ORG)
	};
	const struct okta_snapw_group group = {
		.kind = OKTA_SNAP_GROUP_LOGIN, .okta_id = v("00g1"), .okta_name = name
	};
	struct okta_snapw *w = NULL;
	struct okta_err err = { 0 };
	uint32_t number;
	bool holds;

	assert_int_equal(okta_snapw_new(&head, &w, &err), OKTA_OK);
	holds = okta_snapw_add_group(w, &group, &number, &err) == OKTA_OK;
	okta_snapw_free(&w);
	return holds;
}

/*
 * deny_groups may mean a group by its id, whatever its name.  Were there a name that the
 * snapshot holds and a claim cannot carry, leaving it out would let a denied person in.
 */
static void
wire_claims_carry_each_group_name_the_snapshot_holds_and_no_other(void **state)
{
	static struct okta_claims got;
	static char big[OKTA_WIRE_GROUP_MAX + 2];
	const struct okta_view names[] = { v("eng"), v("a\nb"), v("\x1b[2J"), v("\x7f"),
		v("\xc2\x9b"), v(" "), v(":"), v("x\x01"), { big, OKTA_WIRE_GROUP_MAX },
		{ big, OKTA_WIRE_GROUP_MAX + 1 }, v(""), v("\xff"), { "a\0b", 3 } };
	struct okta_err err = { 0 };
	size_t i, n_held = 0;

	(void)state;
	memset(big, 'g', sizeof(big) - 1);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(
		    okta_wire_is_group_name(names[i]), snapshot_holds(names[i]));
		good_claims();
		claims.groups[0] = names[i];
		assert_int_equal(okta_wire_put_claims(&out, &claims), OKTA_OK);
		assert_int_equal(
		    okta_wire_get_claims(okta_buf_view(&out), &got, &err) == OKTA_OK,
		    snapshot_holds(names[i]));
		n_held += snapshot_holds(names[i]) ? 1 : 0;
	}
	assert_int_equal(n_held, 9);
}

static void
wire_failure_is_made_printable_by_the_sender_and_refused_otherwise(void **state)
{
	struct okta_failure m = { OKTA_FAIL_DENIED, v("no\x1b[2J \"x\"") }, got;
	struct okta_frame_writer w;
	struct okta_err err = { 0 };

	(void)state;
	assert_int_equal(okta_wire_put_failure(&out, &m), OKTA_OK);
	assert_int_equal(okta_wire_get_failure(okta_buf_view(&out), &got, &err), OKTA_OK);
	assert_int_equal(got.code, OKTA_FAIL_DENIED);
	assert_true(okta_view_eq_str(got.detail, "no?[2J \"x\""));

	okta_frame_start(&w, &out, OKTA_WIRE_FAILURE);
	okta_frame_put_u64(&w, OKTA_FAIL_DENIED);
	okta_frame_put_text(&w, v("\x1b[2J"));
	assert_int_equal(
	    okta_wire_get_failure(okta_buf_view(&out), &got, &err), OKTA_E_INPUT);
	m.detail = v("");
	m.code = OKTA_FAIL_CODE_COUNT;
	assert_int_equal(okta_wire_put_failure(&out, &m), OKTA_OK);
	assert_int_equal(
	    okta_wire_get_failure(okta_buf_view(&out), &got, &err), OKTA_E_INPUT);
	m.code = 0;
	assert_int_equal(okta_wire_put_failure(&out, &m), OKTA_OK);
	assert_int_equal(
	    okta_wire_get_failure(okta_buf_view(&out), &got, &err), OKTA_E_INPUT);
}

/* Truncated anywhere, with a byte more, or of another type: a message is whole or
 * nothing. */
static void
wire_refuses_every_truncation_extension_and_other_type(void **state)
{
	static struct okta_claims got;
	struct okta_start start = good_start(), start_got;
	struct okta_prompt prompt = good_prompt(), prompt_got;
	struct okta_failure failure = { OKTA_FAIL_TLS, v("x") }, failure_got;
	struct okta_view all;
	struct okta_err err = { 0 };
	char copy[2048];
	size_t n;
	int kind;

	(void)state;
	good_claims();
	for (kind = 1; kind <= 5; kind++) {
		assert_int_equal(kind == 1   ? okta_wire_put_start(&out, &start)
				 : kind == 2 ? okta_wire_put_prompt(&out, &prompt)
				 : kind == 3 ? okta_wire_put_claims(&out, &claims)
				 : kind == 4
				     ? okta_wire_put_failure(&out, &failure)
				     : okta_wire_put_verdict(&out, v(NONCE), &claims),
		    OKTA_OK);
		all = okta_buf_view(&out);
		assert_true(all.len < sizeof(copy));
		memcpy(copy, all.p, all.len);
		copy[all.len] = '\0';
		for (n = 0; n <= all.len + 1; n++) {
			const struct okta_view part = { copy, n };
			const enum okta_rc want = n == all.len ? OKTA_OK : OKTA_E_INPUT;

			assert_int_equal(okta_wire_get_start(part, &start_got, &err),
			    kind == 1 ? want : OKTA_E_INPUT);
			assert_int_equal(
			    okta_wire_get_prompt(part, v(ORG), &prompt_got, &err),
			    kind == 2 ? want : OKTA_E_INPUT);
			assert_int_equal(okta_wire_get_claims(part, &got, &err),
			    kind == 3 ? want : OKTA_E_INPUT);
			assert_int_equal(okta_wire_get_failure(part, &failure_got, &err),
			    kind == 4 ? want : OKTA_E_INPUT);
			assert_int_equal(
			    okta_wire_get_verdict(part, v(NONCE), &got, &err),
			    kind == 5 ? want : OKTA_E_INPUT);
		}
	}
	assert_int_equal(okta_wire_type((struct okta_view){ "\x02\x01", 2 }), 0);
	assert_int_equal(okta_wire_type((struct okta_view){ "", 0 }), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wire_start_comes_back_as_it_went),
		cmocka_unit_test(wire_start_refuses_each_bad_field),
		cmocka_unit_test(wire_prompt_comes_back_as_it_went),
		cmocka_unit_test(wire_prompt_refuses_each_bad_field),
		cmocka_unit_test(wire_prompt_refuses_all_of_terminal_injection),
		cmocka_unit_test(wire_claims_come_back_as_they_went),
		cmocka_unit_test(wire_verdict_needs_the_nonce_of_its_start),
		cmocka_unit_test(wire_claims_refuse_each_bad_field),
		cmocka_unit_test(
		    wire_claims_carry_each_group_name_the_snapshot_holds_and_no_other),
		cmocka_unit_test(
		    wire_failure_is_made_printable_by_the_sender_and_refused_otherwise),
		cmocka_unit_test(wire_refuses_every_truncation_extension_and_other_type),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
