/* SPDX-License-Identifier: BSD-2-Clause */
/* links: net model base; libs: libcrypto json-c */
/* Tokens that others made: forged, of Wycheproof, changed byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "net/id_token.h"
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(id_token_gives_each_forged_token_its_verdict),
		cmocka_unit_test(
		    id_token_gives_the_same_verdicts_when_the_keys_name_no_alg),
		cmocka_unit_test(jwt_agrees_with_wycheproof_but_for_eight),
		cmocka_unit_test(id_token_refuses_every_single_byte_change),
		cmocka_unit_test(id_token_refuses_every_truncation_and_addition),
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
