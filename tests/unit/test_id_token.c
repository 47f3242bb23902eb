/* SPDX-License-Identifier: BSD-2-Clause */
/* links: net model base; libs: libcrypto json-c */
/* Tokens signed here, to move one claim at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/frame.h"
#include "net/id_token.h"
#include "net/jws.h"
#include "net/jwt.h"

struct fixture {
	struct okta_jws_key *key;
	struct okta_jwks *keys;
	struct okta_id_expect x;
};

static int
fixture_new(void **state)
{
	static struct fixture fx;
	struct okta_buf jwk, set;
	struct okta_err err = { 0 };

	okta_buf_init(&jwk, 4096);
	okta_buf_init(&set, 8192);
	assert_int_equal(okta_jws_key_generate(&fx.key, &err), OKTA_OK);
	assert_int_equal(okta_jws_key_public(fx.key, &jwk, &err), OKTA_OK);
	assert_int_equal(
	    okta_buf_printf(&set, "{\"keys\":[{\"kid\":\"k\",%s]}", jwk.data + 1),
	    OKTA_OK);
	assert_int_equal(
	    okta_jwks_new(okta_buf_view(&set), OKTA_ALGS_LOGIN, &fx.keys, &err), OKTA_OK);
	assert_int_equal(okta_jwks_count(fx.keys), 1);
	okta_buf_clear(&jwk);
	okta_buf_clear(&set);
	memset(&fx.x, 0, sizeof(fx.x));
	fx.x.issuer = okta_view_str("https://o.example");
	fx.x.client_id = okta_view_str("c");
	fx.x.now_s = 1000000;
	fx.x.skew_s = 60;
	*state = &fx;
	return 0;
}

static int
fixture_free(void **state)
{
	struct fixture *fx = *state;

	okta_jws_key_free(&fx->key);
	okta_jwks_free(&fx->keys);
	return 0;
}

#define HEADER "{\"alg\":\"ES256\",\"kid\":\"k\"}"
#define FOR_US "{\"iss\":\"https://o.example\",\"aud\":\"c\","
#define ISSUED "\"iat\":1000000,\"exp\":1003600"
#define GOOD   FOR_US "\"sub\":\"s\",\"jti\":\"j\"," ISSUED

static enum okta_rc
judge(struct fixture *fx, const char *header, const char *payload,
    struct okta_id_token **ret, struct okta_err *err)
{
	struct okta_buf token;
	enum okta_rc r;

	okta_buf_init(&token, OKTA_JWT_MAX_BYTES);
	assert_int_equal(okta_jws_sign(fx->key, okta_view_str(header),
			     okta_view_str(payload), &token, err),
	    OKTA_OK);
	r = okta_id_token_new(okta_buf_view(&token), fx->keys, &fx->x, ret, err);
	okta_buf_clear(&token);
	return r;
}

static enum okta_rc
judge_claims(struct fixture *fx, const char *claims, const char *more,
    struct okta_id_token **ret, struct okta_err *err)
{
	char payload[OKTA_WIRE_TEXT_MAX + 256];

	(void)snprintf(payload, sizeof(payload), "%s%s}", claims, more);
	return judge(fx, HEADER, payload, ret, err);
}

/* Claims with iat and exp as given and MORE behind; the verdict must be R, naming CHECK.
 */
static void
expect_times(struct fixture *fx, const char *more, enum okta_rc r, const char *check)
{
	struct okta_id_token *token = NULL;
	struct okta_err err = { 0 };

	assert_int_equal(judge_claims(fx, FOR_US "\"sub\":\"00u1\",\"jti\":\"j\",", more,
			     &token, &err),
	    r);
	if (r != OKTA_OK)
		assert_non_null(strstr(err.msg, check));
	okta_id_token_free(&token);
}

static void
id_token_holds_every_time_to_the_second(void **state)
{
	struct fixture *fx = *state;

	expect_times(fx, ISSUED, OKTA_OK, "");
	/* exp: now - skew is expired, one later is not */
	expect_times(fx, "\"iat\":999000,\"exp\":999941", OKTA_OK, "");
	expect_times(fx, "\"iat\":999000,\"exp\":999940", OKTA_E_REFUSED, "exp: expired");
	/* iat: now + skew is the last good one */
	expect_times(fx, "\"iat\":1000060,\"exp\":1000100", OKTA_OK, "");
	expect_times(
	    fx, "\"iat\":1000061,\"exp\":1000100", OKTA_E_REFUSED, "iat: in the future");
	expect_times(
	    fx, "\"iat\":1000000,\"exp\":1000000", OKTA_E_REFUSED, "exp: not after");
	expect_times(fx, "\"iat\":950000,\"exp\":1036400", OKTA_OK, "");
	expect_times(
	    fx, "\"iat\":950000,\"exp\":1036401", OKTA_E_REFUSED, "exp: more than a day");
	expect_times(fx, ISSUED ",\"nbf\":1000060", OKTA_OK, "");
	expect_times(fx, ISSUED ",\"nbf\":1000061", OKTA_E_REFUSED, "nbf: not valid");
	expect_times(fx, ISSUED ",\"nbf\":\"1\"", OKTA_E_REFUSED, "nbf");
	expect_times(fx, ISSUED ",\"auth_time\":1000061", OKTA_E_REFUSED,
	    "auth_time: in the future");
}

static void
id_token_refuses_a_time_that_is_none(void **state)
{
	static const char *const bad[] = { "\"1\"", "null", "0", "-1", "1.5", "true",
		"253402300800", "[1]" };
	struct fixture *fx = *state;
	char more[128];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(more, sizeof(more), "\"iat\":1000000,\"exp\":%s", bad[i]);
		expect_times(fx, more, OKTA_E_REFUSED, "exp: missing or no time");
		(void)snprintf(more, sizeof(more), "\"iat\":%s,\"exp\":1003600", bad[i]);
		expect_times(fx, more, OKTA_E_REFUSED, "iat: missing or no time");
		(void)snprintf(more, sizeof(more), ISSUED ",\"nbf\":%s", bad[i]);
		expect_times(fx, more, OKTA_E_REFUSED, "nbf: no time");
		(void)snprintf(more, sizeof(more), ISSUED ",\"auth_time\":%s", bad[i]);
		expect_times(fx, more, OKTA_E_REFUSED, "auth_time: no time");
	}
	expect_times(fx, "\"iat\":1000000", OKTA_E_REFUSED, "exp: missing or no time");
	expect_times(fx, "\"exp\":1003600", OKTA_E_REFUSED, "iat: missing or no time");
}

/* A token from before this login was made for another one. */
static void
id_token_refuses_one_issued_before_the_login_began(void **state)
{
	struct fixture *fx = *state;

	fx->x.started_s = 999990;
	expect_times(fx, "\"iat\":999930,\"exp\":1003500", OKTA_OK, "");
	expect_times(
	    fx, "\"iat\":999929,\"exp\":1003500", OKTA_E_REFUSED, "iat: issued before");
}

static void
id_token_refuses_an_old_sign_in_where_an_age_is_set(void **state)
{
	struct fixture *fx = *state;

	fx->x.max_age_s = 600;
	expect_times(fx, ISSUED ",\"auth_time\":999340", OKTA_OK, "");
	expect_times(
	    fx, ISSUED ",\"auth_time\":999339", OKTA_E_REFUSED, "auth_time: signed in");
	expect_times(fx, ISSUED, OKTA_E_REFUSED, "auth_time: missing");
}

static void
id_token_refuses_a_subject_that_is_no_okta_id(void **state)
{
	static const char *const bad[] = { "\"a b\"", "\"a\\u000ab\"", "\"\xc3\xa9\"",
		"\"\"",
		"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"" };
	struct fixture *fx = *state;
	struct okta_id_token *token = NULL;
	struct okta_err err = { 0 };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
		    judge_claims(fx, FOR_US "\"jti\":\"j\"," ISSUED ",\"sub\":", bad[i],
			&token, &err),
		    OKTA_E_REFUSED);
		assert_non_null(strstr(err.msg, "token: sub:"));
	}
	assert_null(token);
}

/* By it a token is known again: the list of used ones could not tell it apart. */
static void
id_token_refuses_a_jti_that_names_no_token(void **state)
{
	static char too_long[OKTA_WIRE_TEXT_MAX + 32];
	static const char *const bad[] = { "", ",\"jti\":7", ",\"jti\":null",
		",\"jti\":\"\"", ",\"jti\":[\"ID.1\"]", ",\"jti\":\"a\\u000ab\"",
		too_long };
	struct fixture *fx = *state;
	struct okta_id_token *token = NULL;
	struct okta_err err = { 0 };
	size_t i;

	(void)snprintf(
	    too_long, sizeof(too_long), ",\"jti\":\"%0*d\"", OKTA_WIRE_TEXT_MAX + 1, 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(judge_claims(fx, FOR_US "\"sub\":\"s\"," ISSUED, bad[i],
				     &token, &err),
		    OKTA_E_REFUSED);
		assert_non_null(strstr(err.msg, "token: jti:"));
	}
	assert_null(token);
}

/* Empty expectations must not match empty claims. */
static void
id_token_refuses_when_nothing_is_expected(void **state)
{
	struct fixture *fx = *state;
	struct okta_id_token *token = NULL;
	struct okta_err err = { 0 };

	fx->x.issuer = okta_view_str("");
	assert_int_equal(
	    judge(fx, HEADER,
		"{\"iss\":\"\",\"aud\":\"c\",\"sub\":\"s\",\"jti\":\"j\",\"iat\":1000000,"
		"\"exp\":1003600}",
		&token, &err),
	    OKTA_E_REFUSED);
	fx->x.issuer = okta_view_str("https://o.example");
	fx->x.client_id = okta_view_str("");
	assert_int_equal(
	    judge(fx, HEADER,
		"{\"iss\":\"https://o.example\",\"aud\":\"\",\"sub\":\"s\",\"jti\":\"j\","
		"\"iat\":1000000,\"exp\":1003600}",
		&token, &err),
	    OKTA_E_REFUSED);
	assert_null(token);
}

static void
jwt_refuses_headers_with_anything_else(void **state)
{
	static const char *const bad[] = {
		"{\"alg\":\"ES256\",\"kid\":\"k\",\"cty\":\"x\"}",
		"{\"alg\":\"ES256\",\"kid\":\"k\",\"crit\":[]}",
		"{\"alg\":\"ES256\",\"kid\":\"k\",\"x5t#S256\":\"x\"}",
		"{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"jwt\"}",
		"{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":null}",
		"{\"alg\":\"ES384\",\"kid\":\"k\"}",
		"{\"alg\":\"es256\",\"kid\":\"k\"}",
		"{\"alg\":\"HS256\",\"kid\":\"k\"}",
		"{\"kid\":\"k\"}",
		"{\"alg\":\"ES256\"}",
		"[]",
		"{\"alg\":\"ES256\",\"kid\":\"k\"} ,",
	};
	struct fixture *fx = *state;
	struct okta_id_token *token = NULL;
	struct okta_err err = { 0 };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
		    judge(fx, bad[i], GOOD "}", &token, &err), OKTA_E_REFUSED);
	assert_null(token);
}

/* The caller may fetch the JWKS once more, and only then. */
static void
jwt_tells_an_unknown_kid_apart(void **state)
{
	struct fixture *fx = *state;
	struct okta_id_token *token = NULL;
	struct okta_err err = { 0 };

	assert_int_equal(
	    judge(fx, "{\"alg\":\"ES256\",\"kid\":\"other\"}", "{}", &token, &err),
	    OKTA_E_NOTFOUND);
}

static void
jwt_refuses_a_header_beyond_4_kib(void **state)
{
	struct fixture *fx = *state;
	struct okta_id_token *token = NULL;
	struct okta_err err = { 0 };
	char header[5000];

	(void)snprintf(
	    header, sizeof(header), "{\"alg\":\"ES256\",\"kid\":\"k\"%4090s}", "");
	assert_int_equal(judge(fx, header, "{}", &token, &err), OKTA_E_REFUSED);
	assert_non_null(strstr(err.msg, "header: too long"));
}

static void
claims_refuse_groups_that_are_no_names(void **state)
{
	static const char *const bad[] = { "\"eng\"", "[1]", "null", "[\"a\",null]",
		"{}" };
	static struct okta_claims claims;
	struct fixture *fx = *state;
	struct okta_id_token *token = NULL;
	struct okta_err err = { 0 };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
		    judge_claims(fx, GOOD ",\"groups\":", bad[i], &token, &err), OKTA_OK);
		assert_int_equal(
		    okta_id_token_claims(token, okta_view_str("groups"), &claims, &err),
		    OKTA_E_REFUSED);
		assert_int_equal(
		    okta_id_token_claims(token, okta_view_str("none"), &claims, &err),
		    OKTA_OK);
		assert_false(claims.has_groups);
		okta_id_token_free(&token);
	}
}

/* What require_amr asks about must be what Okta said, whole. */
static void
claims_refuse_an_amr_that_is_no_short_array_of_strings(void **state)
{
	static const char *const bad[] = { "\"mfa\"", "[7]", "null", "{}", "[[\"mfa\"]]",
		"[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\","
		"\"\",\"\",\"\",\"\",\"\"]" };
	static struct okta_claims claims;
	struct fixture *fx = *state;
	struct okta_id_token *token = NULL;
	struct okta_err err = { 0 };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
		    judge_claims(fx, GOOD ",\"amr\":", bad[i], &token, &err), OKTA_OK);
		assert_int_equal(
		    okta_id_token_claims(token, okta_view_str("none"), &claims, &err),
		    OKTA_E_REFUSED);
		assert_non_null(strstr(err.msg, "token: amr:"));
		okta_id_token_free(&token);
	}
}

/* Everything that comes out reaches the module: what its reader refuses would end a login
 * that is in order. */
static void
claims_leave_out_an_amr_that_no_setting_could_name(void **state)
{
	static struct okta_claims claims, again;
	struct fixture *fx = *state;
	struct okta_id_token *token = NULL;
	struct okta_err err = { 0 };
	struct okta_buf frame;
	char list[256];

	(void)snprintf(list, sizeof(list),
	    "[\"\",\"pwd\",\"%065d\",\"a\\nb\",\"x\\u0000y\",\"%064d\",\"mfa\"]", 0, 0);
	assert_int_equal(judge_claims(fx, GOOD ",\"amr\":", list, &token, &err), OKTA_OK);
	assert_int_equal(
	    okta_id_token_claims(token, okta_view_str("none"), &claims, &err), OKTA_OK);
	assert_int_equal(claims.n_amr, 3);
	assert_true(okta_view_eq_str(claims.amr[0], "pwd"));
	assert_int_equal(claims.amr[1].len, 64);
	assert_true(okta_view_eq_str(claims.amr[2], "mfa"));
	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	assert_int_equal(okta_wire_put_claims(&frame, &claims), OKTA_OK);
	assert_int_equal(
	    okta_wire_get_claims(okta_buf_view(&frame), &again, &err), OKTA_OK);
	assert_int_equal(again.n_amr, 3);
	okta_buf_clear(&frame);
	okta_id_token_free(&token);
}

/* TIMES the name "g", and MORE; how many come out, or -1: refused. */
static int
names_that_come_out(
    struct fixture *fx, size_t times, const char *more, struct okta_claims *claims)
{
	struct okta_id_token *token = NULL;
	struct okta_err err = { 0 };
	struct okta_buf payload;
	enum okta_rc r;
	int n = -1;

	okta_buf_init(&payload, 32768);
	r = okta_buf_append_str(&payload, GOOD ",\"groups\":[");
	for (; r == OKTA_OK && times > 0; times--)
		r = okta_buf_append_str(&payload, "\"g\",");
	if (r == OKTA_OK)
		r = okta_buf_printf(&payload, "%s]}", more);
	assert_int_equal(r, OKTA_OK);
	assert_int_equal(judge(fx, HEADER, payload.data, &token, &err), OKTA_OK);
	if (okta_id_token_claims(token, okta_view_str("groups"), claims, &err) ==
	    OKTA_OK) {
		assert_true(claims->has_groups);
		n = (int)claims->n_groups;
		if (n == 2) {
			assert_true(okta_view_eq_str(claims->groups[0], "g"));
			assert_true(okta_view_eq_str(claims->groups[1], "a\nb"));
		}
	} else {
		assert_non_null(strstr(err.msg, "narrow the claim's filter"));
	}
	okta_id_token_free(&token);
	okta_buf_clear(&payload);
	return n;
}

/* Whoever may create groups could otherwise lock people out by a group's name. */
static void
claims_leave_out_group_names_that_no_snapshot_holds(void **state)
{
	static struct okta_claims claims;
	struct fixture *fx = *state;
	char more[OKTA_WIRE_GROUP_MAX + 128];

	(void)snprintf(more, sizeof(more),
	    "\"\",\"x\\u0000y\",\"\\u000100gABC\",\"%0*d\",\"a\\nb\"",
	    OKTA_WIRE_GROUP_MAX + 1, 0);
	assert_int_equal(names_that_come_out(fx, 1, more, &claims), 2);
	assert_int_equal(names_that_come_out(fx, 0, "\"\"", &claims), 0);
}

/* Any of them could be a denial, so none may be dropped for want of room. */
static void
claims_refuse_more_groups_than_the_wire_takes(void **state)
{
	static struct okta_claims claims;
	struct fixture *fx = *state;

	assert_int_equal(names_that_come_out(fx, OKTA_WIRE_GROUPS_MAX, "\"\"", &claims),
	    OKTA_WIRE_GROUPS_MAX);
	assert_int_equal(
	    names_that_come_out(fx, OKTA_WIRE_GROUPS_MAX, "\"h\"", &claims), -1);
}

/* Groups may be asked for with the access token: it must be of the same answer. */
static void
check_access_holds_the_access_token_to_at_hash(void **state)
{
	static const struct {
		const char *more, *access_token;
		enum okta_rc r;
	} cases[] = {
		{ "", "canary-access-token", OKTA_OK },
		{ ",\"at_hash\":\"fT5AjQoz0i9NwnUy6W0kQA\"", "canary-access-token",
		    OKTA_OK },
		{ ",\"at_hash\":\"fT5AjQoz0i9NwnUy6W0kQA\"", "canary-access-tokem",
		    OKTA_E_REFUSED },
		{ ",\"at_hash\":\"fT5AjQoz0i9NwnUy6W0kQ\"", "canary-access-token",
		    OKTA_E_REFUSED },
		{ ",\"at_hash\":\"\"", "canary-access-token", OKTA_E_REFUSED },
		{ ",\"at_hash\":null", "canary-access-token", OKTA_E_REFUSED },
	};
	struct fixture *fx = *state;
	struct okta_id_token *token = NULL;
	struct okta_err err = { 0 };
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
		    judge_claims(fx, GOOD, cases[i].more, &token, &err), OKTA_OK);
		assert_int_equal(okta_id_token_check_access(
				     token, okta_view_str(cases[i].access_token), &err),
		    cases[i].r);
		if (cases[i].r != OKTA_OK) {
			assert_non_null(strstr(err.msg, "at_hash"));
			assert_null(strstr(err.msg, "canary"));
		}
		okta_id_token_free(&token);
	}
}

static void
claims_tell_an_empty_groups_claim_from_none(void **state)
{
	static struct okta_claims claims;
	struct fixture *fx = *state;
	struct okta_id_token *token = NULL;
	struct okta_err err = { 0 };

	assert_int_equal(judge_claims(fx, GOOD, ",\"g\":[]", &token, &err), OKTA_OK);
	assert_int_equal(
	    okta_id_token_claims(token, okta_view_str("g"), &claims, &err), OKTA_OK);
	assert_true(claims.has_groups);
	assert_int_equal(claims.n_groups, 0);
	assert_int_equal(
	    okta_id_token_claims(token, okta_view_str("groups"), &claims, &err), OKTA_OK);
	assert_false(claims.has_groups);
	okta_id_token_free(&token);
}

static enum okta_rc
add_userinfo(const char *text, struct okta_claims *claims)
{
	struct okta_json *doc = NULL;
	struct okta_err err = { 0 };
	enum okta_rc r;

	assert_int_equal(okta_json_new(okta_view_str(text), 4096, &doc, &err), OKTA_OK);
	r = okta_id_token_add_userinfo(
	    okta_json_root(doc), okta_view_str("groups"), claims, &err);
	okta_json_free(&doc);
	return r;
}

/* An access token of somebody else must not lend his groups. */
static void
userinfo_of_another_person_is_refused(void **state)
{
	static struct okta_claims claims;

	(void)state;
	memset(&claims, 0, sizeof(claims));
	claims.sub = okta_view_str("00u1");
	assert_int_equal(add_userinfo("{\"sub\":\"00u2\",\"groups\":[\"a\"]}", &claims),
	    OKTA_E_REFUSED);
	assert_int_equal(add_userinfo("{\"groups\":[\"a\"]}", &claims), OKTA_E_REFUSED);
	assert_int_equal(add_userinfo("[]", &claims), OKTA_E_REFUSED);
	assert_false(claims.has_groups);
	assert_int_equal(
	    add_userinfo("{\"sub\":\"00u1\",\"groups\":[\"a\"]}", &claims), OKTA_OK);
	assert_true(claims.has_groups);
	assert_int_equal(claims.n_groups, 1);
	/* what the token itself said stands */
	assert_int_equal(
	    add_userinfo("{\"sub\":\"00u1\",\"groups\":[\"a\",\"b\"]}", &claims),
	    OKTA_OK);
	assert_int_equal(claims.n_groups, 1);
}

int
main(void)
{
#define WITH_KEY(test) cmocka_unit_test_setup_teardown(test, fixture_new, fixture_free)
	const struct CMUnitTest tests[] = {
		WITH_KEY(id_token_holds_every_time_to_the_second),
		WITH_KEY(id_token_refuses_a_time_that_is_none),
		WITH_KEY(id_token_refuses_one_issued_before_the_login_began),
		WITH_KEY(id_token_refuses_an_old_sign_in_where_an_age_is_set),
		WITH_KEY(id_token_refuses_a_subject_that_is_no_okta_id),
		WITH_KEY(id_token_refuses_a_jti_that_names_no_token),
		WITH_KEY(id_token_refuses_when_nothing_is_expected),
		WITH_KEY(jwt_refuses_headers_with_anything_else),
		WITH_KEY(jwt_tells_an_unknown_kid_apart),
		WITH_KEY(jwt_refuses_a_header_beyond_4_kib),
		WITH_KEY(claims_refuse_groups_that_are_no_names),
		WITH_KEY(claims_refuse_an_amr_that_is_no_short_array_of_strings),
		WITH_KEY(claims_leave_out_an_amr_that_no_setting_could_name),
		WITH_KEY(claims_leave_out_group_names_that_no_snapshot_holds),
		WITH_KEY(claims_refuse_more_groups_than_the_wire_takes),
		WITH_KEY(check_access_holds_the_access_token_to_at_hash),
		WITH_KEY(claims_tell_an_empty_groups_claim_from_none),
		cmocka_unit_test(userinfo_of_another_person_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
