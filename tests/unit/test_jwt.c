/* SPDX-License-Identifier: BSD-2-Clause */
/* links: net model base; libs: libcrypto json-c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "net/id_token.h"
#include "net/jws.h"
#include "net/jwt.h"
#include "net_vectors.h"

static struct json_object *context;

static struct okta_jwks *
keys_of(struct json_object *set, unsigned allowed)
{
	struct okta_view text = okta_view_str(json_object_to_json_string(set));
	struct okta_jwks *keys = NULL;
	struct okta_err err = { 0 };

	assert_int_equal(okta_jwks_new(text, allowed, &keys, &err), OKTA_OK);
	return keys;
}

/* The set of the context called NAME, and EXTRA (may be NULL) besides. */
static struct okta_jwks *
context_keys(const char *name, struct json_object *extra)
{
	struct json_object *set = NULL;
	struct okta_jwks *keys;

	assert_int_equal(
	    json_object_deep_copy(json_object_object_get(context, name), &set, NULL), 0);
	if (extra != NULL)
		(void)json_object_array_add(
		    json_object_object_get(set, "keys"), json_object_get(extra));
	keys = keys_of(set, OKTA_ALGS_LOGIN);
	json_object_put(set);
	return keys;
}

static struct okta_id_expect
expectations(void)
{
	struct okta_id_expect x = { 0 };

	x.issuer = member_of(context, "issuer");
	x.client_id = member_of(context, "client_id");
	x.now_s = json_object_get_int64(json_object_object_get(context, "now"));
	x.skew_s = json_object_get_int64(json_object_object_get(context, "leeway"));
	x.started_s = x.now_s - 30;
	return x;
}

static bool
is_one_of(struct okta_view v, const char *const *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (okta_view_eq_str(v, list[i]))
			return true;
	return false;
}

static bool
starts(struct okta_view v, const char *prefix)
{
	return v.len >= strlen(prefix) && memcmp(v.p, prefix, strlen(prefix)) == 0;
}

static bool
views_equal(struct okta_view v, struct json_object *o)
{
	return okta_view_eq(v, text_of(o));
}

/*
 * Rows whose refusal needs what this layer does not know: the login name, the policy,
 * earlier logins.  Here the token is verified and the claims are what the payload says,
 * or it refuses.
 */
static void
whole_login_row(struct json_object *row, struct okta_id_token *token)
{
	static struct okta_claims claims;
	struct okta_view id = member_of(row, "id");
	struct json_object *payload, *list;
	struct okta_err err = { 0 };
	struct okta_buf text;
	enum okta_rc r;
	size_t i;

	okta_buf_init(&text, 131072);
	assert_int_equal(okta_json_write(okta_id_token_json(token), &text), OKTA_OK);
	payload = json_tokener_parse(text.data);
	r = okta_id_token_claims(token, okta_view_str("groups"), &claims, &err);
	if (okta_view_eq_str(id, "user-'alice\\x00root'") || starts(id, "groups-evil")) {
		/* a name with a NUL; more groups than a login may carry */
		assert_int_equal(r, OKTA_E_REFUSED);
	} else {
		assert_int_equal(r, OKTA_OK);
		assert_true(
		    views_equal(claims.sub, json_object_object_get(payload, "sub")));
		assert_true(views_equal(claims.preferred_username,
		    json_object_object_get(payload, "preferred_username")));
		assert_true(
		    views_equal(claims.jti, json_object_object_get(payload, "jti")));
		list = json_object_object_get(payload, "amr");
		assert_int_equal(claims.n_amr, json_object_array_length(list));
		for (i = 0; i < claims.n_amr; i++)
			assert_true(views_equal(
			    claims.amr[i], json_object_array_get_idx(list, i)));
	}
	json_object_put(payload);
	okta_buf_clear(&text);
}

static unsigned n_accept, n_reject, n_whole;

static void
own_row_with(struct json_object *row, const char *keys_name)
{
	static const char *const whole[] = { "acr-amr-missing-mfa", "replayed-jti" };
	struct okta_view id = member_of(row, "id");
	struct okta_id_expect x = expectations();
	struct okta_id_token *token = NULL;
	struct okta_err err = { 0 };
	struct json_object *extra = NULL, *max_age,
			   *req = json_object_object_get(row, "req");
	struct okta_jwks *keys;
	enum okta_rc r;

	x.now_s = json_object_get_int64(json_object_object_get(row, "now"));
	(void)json_object_object_get_ex(req, "extra_jwk", &extra);
	if (json_object_object_get_ex(req, "max_age", &max_age))
		x.max_age_s = json_object_get_int64(max_age);
	keys = context_keys(keys_name, extra);
	r = okta_id_token_new(member_of(row, "token"), keys, &x, &token, &err);
	if (r == OKTA_OK &&
	    (is_one_of(id, whole, 2) || starts(id, "user-") || starts(id, "groups-"))) {
		whole_login_row(row, token);
		n_whole++;
	} else if (okta_view_eq_str(member_of(row, "expect"), "accept")) {
		if (r != OKTA_OK)
			fail_msg("%s must be accepted: %s", id.p, err.msg);
		n_accept++;
	} else {
		if (r != OKTA_E_REFUSED && r != OKTA_E_NOTFOUND)
			fail_msg("%s must be refused", id.p);
		assert_memory_equal(err.msg, "token: ", 7);
		assert_null(token);
		n_reject++;
	}
	okta_id_token_free(&token);
	okta_jwks_free(&keys);
}

static void
own_row(struct json_object *row)
{
	own_row_with(row, "jwks");
}

static void
own_row_noalg(struct json_object *row)
{
	own_row_with(row, "jwks_noalg");
}

static void
id_token_gives_each_forged_token_its_verdict(void **state)
{
	(void)state;
	n_accept = n_reject = n_whole = 0;
	assert_int_equal(each_line(OWN_VECTORS "forged_id_tokens.jsonl", own_row), 195);
	assert_int_equal(n_accept, 4);
	assert_int_equal(n_accept + n_reject + n_whole, 195);
	print_message("%u accepted, %u refused, %u left to the whole login\n", n_accept,
	    n_reject, n_whole);
}

static void
id_token_gives_the_same_verdicts_when_the_keys_name_no_alg(void **state)
{
	(void)state;
	n_accept = n_reject = n_whole = 0;
	assert_int_equal(
	    each_line(OWN_VECTORS "forged_id_tokens.jsonl", own_row_noalg), 195);
	assert_int_equal(n_accept, 4);
}

/* Labels of the corpus that a strict verifier cannot agree with, see its README. */
static const int quirks[] = { 346, 347, 350, 351, 367, 370, 372, 373 };

static bool
is_quirk(int id)
{
	size_t i;

	for (i = 0; i < sizeof(quirks) / sizeof(quirks[0]); i++)
		if (quirks[i] == id)
			return true;
	return false;
}

static void
jwt_agrees_with_wycheproof_but_for_eight(void **state)
{
	struct json_object *file = json_object_from_file(
	    SHARED_VECTORS "wycheproof/json_web_signature_test.json");
	struct json_object *groups, *group, *key, *tests, *test, *set, *list;
	size_t i, j, agree = 0, differ = 0;
	struct okta_jwks *keys;
	struct okta_buf payload;
	struct okta_err err;
	bool good;
	int id;

	(void)state;
	if (file == NULL) {
		print_message("skipped: no " SHARED_VECTORS "wycheproof here\n");
		skip();
	}
	groups = json_object_object_get(file, "testGroups");
	for (i = 0; i < json_object_array_length(groups); i++) {
		group = json_object_array_get_idx(groups, i);
		if (!json_object_object_get_ex(group, "public", &key))
			key = json_object_object_get(group, "private");
		set = json_object_new_object();
		list = json_object_new_array();
		(void)json_object_array_add(list, json_object_get(key));
		(void)json_object_object_add(set, "keys", list);
		keys = keys_of(set, OKTA_ALGS_CORPUS);
		tests = json_object_object_get(group, "tests");
		for (j = 0; j < json_object_array_length(tests); j++) {
			test = json_object_array_get_idx(tests, j);
			okta_buf_init(&payload, OKTA_JWT_MAX_BYTES);
			good = okta_jwt_verify(member_of(test, "jws"), keys, &payload,
				   &err) == OKTA_OK;
			okta_buf_clear(&payload);
			id = json_object_get_int(json_object_object_get(test, "tcId"));
			if (good ==
			    okta_view_eq_str(member_of(test, "result"), "valid")) {
				agree++;
				if (is_quirk(id))
					fail_msg("tcId %d agrees after all", id);
			} else {
				differ++;
				if (!is_quirk(id))
					fail_msg("tcId %d: %s", id,
					    good ? "accepted" : "refused");
			}
		}
		okta_jwks_free(&keys);
		json_object_put(set);
	}
	json_object_put(file);
	assert_int_equal(agree, 393);
	assert_int_equal(differ, 8);
}

static struct okta_view good_token;

static void
find_good(struct json_object *row)
{
	if (okta_view_eq_str(member_of(row, "id"), "ok-rs256"))
		good_token = okta_view_str(strdup(member_of(row, "token").p));
}

static enum okta_rc
verdict(const char *text, size_t len, const struct okta_jwks *keys,
    const struct okta_id_expect *x, struct okta_err *err)
{
	struct okta_id_token *token = NULL;
	struct okta_view v = { text, len };
	enum okta_rc r = okta_id_token_new(v, keys, x, &token, err);

	okta_id_token_free(&token);
	return r;
}

static void
id_token_refuses_every_single_byte_change(void **state)
{
	static const unsigned char masks[] = { 0x01, 0x02, 0x20, 0x80, 0xff };
	struct okta_jwks *keys = context_keys("jwks", NULL);
	struct okta_id_expect x = expectations();
	struct okta_err err = { 0 };
	size_t i, k, len = good_token.len;
	char *copy = strdup(good_token.p);

	(void)state;
	assert_int_equal(verdict(copy, len, keys, &x, &err), OKTA_OK);
	for (i = 0; i < len; i++) {
		for (k = 0; k < sizeof(masks); k++) {
			copy[i] = (char)(good_token.p[i] ^ masks[k]);
			if (verdict(copy, len, keys, &x, &err) == OKTA_OK)
				fail_msg(
				    "byte %zu changed by %#x is accepted", i, masks[k]);
		}
		copy[i] = good_token.p[i];
	}
	free(copy);
	okta_jwks_free(&keys);
}

static void
id_token_refuses_every_truncation_and_addition(void **state)
{
	struct okta_jwks *keys = context_keys("jwks", NULL);
	struct okta_id_expect x = expectations();
	struct okta_err err = { 0 };
	char longer[1024];
	size_t i;
	int c;

	(void)state;
	for (i = 0; i < good_token.len; i++)
		assert_int_not_equal(verdict(good_token.p, i, keys, &x, &err), OKTA_OK);
	(void)snprintf(longer, sizeof(longer), "%s?", good_token.p);
	for (c = 0; c < 256; c++) {
		longer[good_token.len] = (char)c;
		assert_int_not_equal(
		    verdict(longer, good_token.len + 1, keys, &x, &err), OKTA_OK);
	}
	okta_jwks_free(&keys);
}

/* --- tokens signed here, to move one claim at a time
 * ------------------------------------- */

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

/* Claims with iat and exp as given and MORE behind; the verdict must be R, naming CHECK.
 */
static void
expect_times(struct fixture *fx, const char *more, enum okta_rc r, const char *check)
{
	struct okta_id_token *token = NULL;
	struct okta_err err = { 0 };
	char payload[512];

	(void)snprintf(payload, sizeof(payload),
	    "{\"iss\":\"https://"
	    "o.example\",\"aud\":\"c\",\"sub\":\"00u1\",\"jti\":\"j\",%s}",
	    more);
	assert_int_equal(judge(fx, HEADER, payload, &token, &err), r);
	if (r != OKTA_OK)
		assert_non_null(strstr(err.msg, check));
	okta_id_token_free(&token);
}

static void
id_token_holds_every_time_to_the_second(void **state)
{
	struct fixture *fx = *state;

	expect_times(fx, "\"iat\":1000000,\"exp\":1003600", OKTA_OK, "");
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
	expect_times(fx, "\"iat\":1000000,\"exp\":1003600,\"nbf\":1000060", OKTA_OK, "");
	expect_times(fx, "\"iat\":1000000,\"exp\":1003600,\"nbf\":1000061",
	    OKTA_E_REFUSED, "nbf: not valid");
	expect_times(
	    fx, "\"iat\":1000000,\"exp\":1003600,\"nbf\":\"1\"", OKTA_E_REFUSED, "nbf");
	expect_times(fx, "\"iat\":1000000,\"exp\":1003600,\"auth_time\":1000061",
	    OKTA_E_REFUSED, "auth_time: in the future");
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
		(void)snprintf(more, sizeof(more),
		    "\"iat\":1000000,\"exp\":1003600,\"nbf\":%s", bad[i]);
		expect_times(fx, more, OKTA_E_REFUSED, "nbf: no time");
		(void)snprintf(more, sizeof(more),
		    "\"iat\":1000000,\"exp\":1003600,\"auth_time\":%s", bad[i]);
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
	expect_times(
	    fx, "\"iat\":1000000,\"exp\":1003600,\"auth_time\":999340", OKTA_OK, "");
	expect_times(fx, "\"iat\":1000000,\"exp\":1003600,\"auth_time\":999339",
	    OKTA_E_REFUSED, "auth_time: signed in");
	expect_times(
	    fx, "\"iat\":1000000,\"exp\":1003600", OKTA_E_REFUSED, "auth_time: missing");
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
	char payload[512];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(payload, sizeof(payload),
		    "{\"iss\":\"https://"
		    "o.example\",\"aud\":\"c\",\"sub\":%s,\"jti\":\"j\",\"iat\":1000000,"
		    "\"exp\":1003600}",
		    bad[i]);
		assert_int_equal(
		    judge(fx, HEADER, payload, &token, &err), OKTA_E_REFUSED);
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
	char payload[OKTA_WIRE_TEXT_MAX + 256];
	size_t i;

	(void)snprintf(
	    too_long, sizeof(too_long), ",\"jti\":\"%0*d\"", OKTA_WIRE_TEXT_MAX + 1, 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(payload, sizeof(payload),
		    "{\"iss\":\"https://o.example\",\"aud\":\"c\",\"sub\":\"s\","
		    "\"iat\":1000000,\"exp\":1003600%s}",
		    bad[i]);
		assert_int_equal(
		    judge(fx, HEADER, payload, &token, &err), OKTA_E_REFUSED);
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
		    judge(fx, bad[i],
			"{\"iss\":\"https://"
			"o.example\",\"aud\":\"c\",\"sub\":\"s\",\"jti\":\"j\","
			"\"iat\":1000000,\"exp\":1003600}",
			&token, &err),
		    OKTA_E_REFUSED);
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
	char payload[512];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(payload, sizeof(payload),
		    "{\"iss\":\"https://"
		    "o.example\",\"aud\":\"c\",\"sub\":\"s\",\"jti\":\"j\",\"iat\":"
		    "1000000,"
		    "\"exp\":1003600,\"groups\":%s}",
		    bad[i]);
		assert_int_equal(judge(fx, HEADER, payload, &token, &err), OKTA_OK);
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
	char payload[512];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(payload, sizeof(payload),
		    "{\"iss\":\"https://o.example\",\"aud\":\"c\",\"sub\":\"s\","
		    "\"jti\":\"j\",\"iat\":1000000,\"exp\":1003600,\"amr\":%s}",
		    bad[i]);
		assert_int_equal(judge(fx, HEADER, payload, &token, &err), OKTA_OK);
		assert_int_equal(
		    okta_id_token_claims(token, okta_view_str("none"), &claims, &err),
		    OKTA_E_REFUSED);
		assert_non_null(strstr(err.msg, "token: amr:"));
		okta_id_token_free(&token);
	}
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
	r = okta_buf_append_str(&payload,
	    "{\"iss\":\"https://"
	    "o.example\",\"aud\":\"c\",\"sub\":\"s\",\"jti\":\"j\",\"iat\":1000000,"
	    "\"exp\":1003600,\"groups\":[");
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
	char payload[512];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(payload, sizeof(payload),
		    "{\"iss\":\"https://"
		    "o.example\",\"aud\":\"c\",\"sub\":\"s\",\"jti\":\"j\",\"iat\":"
		    "1000000,"
		    "\"exp\":1003600%s}",
		    cases[i].more);
		assert_int_equal(judge(fx, HEADER, payload, &token, &err), OKTA_OK);
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

	assert_int_equal(judge(fx, HEADER,
			     "{\"iss\":\"https://"
			     "o.example\",\"aud\":\"c\",\"sub\":\"s\",\"jti\":\"j\","
			     "\"iat\":1000000,\"exp\":1003600,\"g\":[]}",
			     &token, &err),
	    OKTA_OK);
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
		cmocka_unit_test(id_token_gives_each_forged_token_its_verdict),
		cmocka_unit_test(
		    id_token_gives_the_same_verdicts_when_the_keys_name_no_alg),
		cmocka_unit_test(jwt_agrees_with_wycheproof_but_for_eight),
		cmocka_unit_test(id_token_refuses_every_single_byte_change),
		cmocka_unit_test(id_token_refuses_every_truncation_and_addition),
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
		WITH_KEY(claims_leave_out_group_names_that_no_snapshot_holds),
		WITH_KEY(claims_refuse_more_groups_than_the_wire_takes),
		WITH_KEY(check_access_holds_the_access_token_to_at_hash),
		WITH_KEY(claims_tell_an_empty_groups_claim_from_none),
		cmocka_unit_test(userinfo_of_another_person_is_refused),
	};
	int failed;

	context = json_object_from_file(OWN_VECTORS "context.json");
	if (context == NULL ||
	    each_line(OWN_VECTORS "forged_id_tokens.jsonl", find_good) == 0) {
		(void)fprintf(
		    stderr, "run from the root of the tree: no " OWN_VECTORS "\n");
		return 1;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	json_object_put(context);
	free((void *)(uintptr_t)good_token.p);
	return failed;
}
