/* SPDX-License-Identifier: BSD-2-Clause */
/* links: net model base; libs: libcrypto json-c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "net/jwk.h"
#include "net_vectors.h"

/* From tests/vectors/own/context.json. */
#define N                                                                                \
	"uO-e6X0i81jBBywbvwqPVrikWqnlyNIKCoBckoOh8uqrVg3y3-"                             \
	"GmZI3O7ZMfZHDhzmLa7BeB10kEgDK5xh2Xsi"                                           \
	"iNI7-YH5ClIyeONzXwIR42OfS4vxE4OjDmnfQAX7br8cm0mWeIYukpIKVG5keBT6MaM_57y_"       \
	"bbkYZu3PwOaZcv"                                                                 \
	"-UVUHT0R2Pv8wZTXWFmv1hrw7oFzuYxYpWiePqobsgVSKGl0mr_"                            \
	"N9tF7yjr2GtpJiyqNQGDzjNHJpeCR-h03DC"                                            \
	"eZOLTB0TcZejMxy80B5iw9FUQxxJJCi8yuhvD6i1ykoE-"                                  \
	"Hd22wMLkfZB7pF3KBzga8gM039CeFrMojzClqzQ"
#define X   "9eO-rctHD-5YsDw_Y_xHWcOFdfWiTVGqJVTZtwfnzAI"
#define Y   "d0Po-KgiFjSr4jZouVqU2wwwRnYEi80UuRlWilaru0w"
#define RSA "\"kty\":\"RSA\",\"n\":\"" N "\",\"e\":\"AQAB\""
#define EC  "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\""

static size_t
usable_of(const char *keys, unsigned allowed)
{
	struct okta_jwks *jwks = NULL;
	struct okta_err err = { 0 };
	struct okta_buf text;
	size_t n;

	okta_buf_init(&text, 65536);
	assert_int_equal(okta_buf_printf(&text, "{\"keys\":[%s]}", keys), OKTA_OK);
	assert_int_equal(
	    okta_jwks_new(okta_buf_view(&text), allowed, &jwks, &err), OKTA_OK);
	n = okta_jwks_count(jwks);
	okta_jwks_free(&jwks);
	okta_buf_clear(&text);
	return n;
}

static size_t
usable(const char *keys)
{
	return usable_of(keys, OKTA_ALGS_LOGIN);
}

static void
jwks_takes_good_keys(void **state)
{
	(void)state;
	assert_int_equal(usable("{" RSA ",\"kid\":\"a\"}"), 1);
	assert_int_equal(usable("{" EC ",\"kid\":\"a\"}"), 1);
	assert_int_equal(
	    usable("{" RSA ",\"kid\":\"a\",\"alg\":\"RS256\",\"use\":\"sig\"}"), 1);
	assert_int_equal(
	    usable("{" RSA ",\"kid\":\"a\",\"key_ops\":[\"x\",\"verify\"]}"), 1);
	assert_int_equal(
	    usable("{" RSA ",\"kid\":\"a\",\"x5c\":[]},{" EC ",\"kid\":\"b\"}"), 2);
}

/* Which of the two was meant cannot be known. */
static void
jwks_uses_neither_of_two_keys_with_one_kid(void **state)
{
	(void)state;
	assert_int_equal(usable("{" RSA ",\"kid\":\"a\"},{" EC ",\"kid\":\"a\"}"), 0);
	assert_int_equal(
	    usable("{" RSA ",\"kid\":\"a\"},{\"kty\":\"OKP\",\"kid\":\"a\"},{" EC
		   ",\"kid\":\"b\"}"),
	    1);
}

static void
jwks_refuses_a_kid_that_is_missing_empty_long_or_no_string(void **state)
{
	char keys[1024];

	(void)state;
	assert_int_equal(usable("{" RSA "}"), 0);
	assert_int_equal(usable("{" RSA ",\"kid\":\"\"}"), 0);
	assert_int_equal(usable("{" RSA ",\"kid\":1}"), 0);
	assert_int_equal(usable("{" RSA ",\"kid\":\"a\\u0000b\"}"), 0);
	(void)snprintf(keys, sizeof(keys), "{" EC ",\"kid\":\"%0128d\"}", 1);
	assert_int_equal(usable(keys), 1);
	(void)snprintf(keys, sizeof(keys), "{" EC ",\"kid\":\"%0129d\"}", 1);
	assert_int_equal(usable(keys), 0);
}

/* Its secret is out: whoever read the JWKS can sign. */
static void
jwks_refuses_private_members(void **state)
{
	static const char *const names[] = { "d", "p", "q", "dp", "dq", "qi", "oth",
		"k" };
	char keys[1024];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(keys, sizeof(keys),
		    "{" RSA ",\"kid\":\"a\",\"%s\":\"AQAB\"}", names[i]);
		assert_int_equal(usable(keys), 0);
	}
}

static void
jwks_refuses_keys_for_other_uses(void **state)
{
	(void)state;
	assert_int_equal(usable("{" RSA ",\"kid\":\"a\",\"use\":\"enc\"}"), 0);
	assert_int_equal(usable("{" RSA ",\"kid\":\"a\",\"use\":null}"), 0);
	assert_int_equal(usable("{" RSA ",\"kid\":\"a\",\"key_ops\":[\"encrypt\"]}"), 0);
	assert_int_equal(usable("{" RSA ",\"kid\":\"a\",\"key_ops\":\"verify\"}"), 0);
}

static void
jwks_refuses_an_alg_that_is_not_of_the_key(void **state)
{
	(void)state;
	assert_int_equal(usable("{" RSA ",\"kid\":\"a\",\"alg\":\"ES256\"}"), 0);
	assert_int_equal(usable("{" EC ",\"kid\":\"a\",\"alg\":\"RS256\"}"), 0);
	assert_int_equal(usable("{" EC ",\"kid\":\"a\",\"alg\":\"ES521\"}"), 0);
	assert_int_equal(usable("{" RSA ",\"kid\":\"a\",\"alg\":\"none\"}"), 0);
	assert_int_equal(usable("{" RSA ",\"kid\":\"a\",\"alg\":1}"), 0);
	assert_int_equal(usable("{" RSA ",\"kid\":\"a\",\"alg\":\"RS512\"}"), 0);
	assert_int_equal(
	    usable_of("{" RSA ",\"kid\":\"a\",\"alg\":\"RS512\"}", OKTA_ALGS_CORPUS), 1);
}

static void
jwks_refuses_weak_or_odd_rsa_numbers(void **state)
{
	char even[] = N, keys[1024];

	(void)state;
	even[sizeof(even) - 2] = 'A'; /* the last octet was 0xcd and is 0xcc */
	(void)snprintf(keys, sizeof(keys),
	    "{\"kty\":\"RSA\",\"kid\":\"a\",\"e\":\"AQAB\",\"n\":\"%s\"}", even);
	assert_int_equal(usable(keys), 0);
	/* leading zero octets, padding, a longer n, none; e = 1, even e, zero octet, too
	 * long */
	assert_int_equal(
	    usable("{\"kty\":\"RSA\",\"kid\":\"a\",\"e\":\"AQAB\",\"n\":\"AAAA" N "\"}"),
	    0);
	assert_int_equal(
	    usable("{\"kty\":\"RSA\",\"kid\":\"a\",\"e\":\"AQAB\",\"n\":\"" N "==\"}"),
	    0);
	assert_int_equal(
	    usable("{\"kty\":\"RSA\",\"kid\":\"a\",\"e\":\"AQAB\",\"n\":\"" N "AA\"}"),
	    0);
	assert_int_equal(usable("{\"kty\":\"RSA\",\"kid\":\"a\",\"e\":\"AQAB\"}"), 0);
	assert_int_equal(
	    usable("{\"kty\":\"RSA\",\"kid\":\"a\",\"e\":\"AQ\",\"n\":\"" N "\"}"), 0);
	assert_int_equal(
	    usable("{\"kty\":\"RSA\",\"kid\":\"a\",\"e\":\"BA\",\"n\":\"" N "\"}"), 0);
	assert_int_equal(
	    usable("{\"kty\":\"RSA\",\"kid\":\"a\",\"e\":\"AAEAAQ\",\"n\":\"" N "\"}"),
	    0);
	assert_int_equal(
	    usable(
		"{\"kty\":\"RSA\",\"kid\":\"a\",\"e\":\"AQAAAAAAAAAB\",\"n\":\"" N "\"}"),
	    0);
	assert_int_equal(
	    usable("{\"kty\":\"RSA\",\"kid\":\"a\",\"e\":\"\",\"n\":\"" N "\"}"), 0);
	assert_int_equal(
	    usable("{\"kty\":\"RSA\",\"kid\":\"a\",\"e\":3,\"n\":\"" N "\"}"), 0);
	assert_int_equal(
	    usable("{\"kty\":\"RSA\",\"kid\":\"a\",\"e\":\"Aw\",\"n\":\"" N "\"}"), 1);
}

static void
jwks_refuses_short_rsa_moduli(void **state)
{
	/* Wycheproof's 1024-bit key */
	(void)state;
	assert_int_equal(usable("{\"kty\":\"RSA\",\"kid\":\"a\",\"e\":\"AQAB\",\"n\":"
				"\"rJBIp6T1YK-RtPyvYqFFlcucqewSAA_"
				"IReSFchE8qyiQrbARqRlXWkB2DR8j_pJQnIpYELbQWZC5"
				"Cd0PTGAU8rMbar2AW6zpmBbi7aQf17lUBdt8XI9M9rq7FPVQ1dDdUXm1"
				"SVH_9qqWhvMPR422SbfHBEz"
				"CAtzK0ANDRo6qz78\"}"),
	    0);
}

static void
jwks_refuses_points_off_the_curve(void **state)
{
	(void)state;
	assert_int_equal(
	    usable("{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\",\"x\":\"" X
		   "\",\"y\":\"d0Po-KgiFjSr4jZouVqU2wwwRnYEi80UuRlWilaru0x\"}"),
	    0);
	assert_int_equal(
	    usable("{\"kty\":\"EC\",\"crv\":\"P-384\",\"kid\":\"a\",\"x\":\"" X
		   "\",\"y\":\"" Y "\"}"),
	    0);
	assert_int_equal(
	    usable("{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"kid\":\"a\",\"x\":\"" X
		   "\",\"y\":\"" Y "\"}"),
	    0);
	assert_int_equal(
	    usable("{\"kty\":\"EC\",\"kid\":\"a\",\"x\":\"" X "\",\"y\":\"" Y "\"}"), 0);
	assert_int_equal(
	    usable("{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\",\"x\":\"AA" X
		   "\",\"y\":\"" Y "\"}"),
	    0);
	assert_int_equal(
	    usable("{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\",\"x\":\"" X "\"}"),
	    0);
}

/* Whoever can check an HMAC can make one: never in a login. */
static void
jwks_takes_shared_secrets_for_corpora_only(void **state)
{
	const char *key = "{\"kty\":\"oct\",\"kid\":\"a\",\"k\":"
			  "\"-ebuDNsVZ2iJtoZ-akfXTSCt4UO2cruLCsbWlBinggE\"}";

	(void)state;
	assert_int_equal(usable(key), 0);
	assert_int_equal(usable_of(key, OKTA_ALGS_CORPUS), 1);
	assert_int_equal(usable_of("{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"AAECAwQ\"}",
			     OKTA_ALGS_CORPUS),
	    0);
}

static void
jwks_skips_what_it_does_not_know(void **state)
{
	(void)state;
	assert_int_equal(
	    usable("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"o\",\"x\":\"" X
		   "\"},{" EC ",\"kid\":\"b\"}"),
	    1);
	assert_int_equal(usable("1,null,[],{},{" EC ",\"kid\":\"b\"}"), 1);
	assert_int_equal(usable(""), 0);
}

static void
jwks_refuses_what_is_no_key_set(void **state)
{
	static const char *const bad[] = { "", "[]", "{}", "{\"keys\":{}}",
		"{\"keys\":[]} x", "{\"keys\":[],\"keys\":[]}" };
	struct okta_jwks *jwks = NULL;
	struct okta_err err = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
		    okta_jwks_new(okta_view_str(bad[i]), OKTA_ALGS_LOGIN, &jwks, &err),
		    OKTA_E_INPUT);
	assert_null(jwks);
}

static void
jwks_refuses_more_than_32_keys(void **state)
{
	struct okta_jwks *jwks = NULL;
	struct okta_err err = { 0 };
	struct okta_buf text;
	size_t i, n;

	(void)state;
	for (n = 32; n <= 33; n++) {
		okta_buf_init(&text, 65536);
		assert_int_equal(okta_buf_append_str(&text, "{\"keys\":[{}"), OKTA_OK);
		for (i = 1; i < n; i++)
			assert_int_equal(okta_buf_append_str(&text, ",{}"), OKTA_OK);
		assert_int_equal(okta_buf_append_str(&text, "]}"), OKTA_OK);
		assert_int_equal(
		    okta_jwks_new(okta_buf_view(&text), OKTA_ALGS_LOGIN, &jwks, &err),
		    n == 32 ? OKTA_OK : OKTA_E_TOOBIG);
		okta_jwks_free(&jwks);
		okta_buf_clear(&text);
	}
}

static void
jwk_verify_refuses_two_algorithms_at_once(void **state)
{
	struct okta_jwks *jwks = NULL;
	struct okta_err err = { 0 };
	const struct okta_jwk *key;

	(void)state;
	assert_int_equal(
	    okta_jwks_new(okta_view_str("{\"keys\":[{" RSA ",\"kid\":\"a\"}]}"),
		OKTA_ALGS_CORPUS, &jwks, &err),
	    OKTA_OK);
	key = okta_jwks_find(jwks, okta_view_str("a"));
	assert_non_null(key);
	assert_null(okta_jwks_find(jwks, okta_view_str("A")));
	assert_int_equal(okta_jwk_verify(key, OKTA_ALG_RS256 | OKTA_ALG_RS384,
			     okta_view_str("x"), okta_view_str("y"), &err),
	    OKTA_E_REFUSED);
	assert_int_equal(
	    okta_jwk_verify(key, 0, okta_view_str("x"), okta_view_str("y"), &err),
	    OKTA_E_REFUSED);
	okta_jwks_free(&jwks);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jwks_takes_good_keys),
		cmocka_unit_test(jwks_uses_neither_of_two_keys_with_one_kid),
		cmocka_unit_test(
		    jwks_refuses_a_kid_that_is_missing_empty_long_or_no_string),
		cmocka_unit_test(jwks_refuses_private_members),
		cmocka_unit_test(jwks_refuses_keys_for_other_uses),
		cmocka_unit_test(jwks_refuses_an_alg_that_is_not_of_the_key),
		cmocka_unit_test(jwks_refuses_weak_or_odd_rsa_numbers),
		cmocka_unit_test(jwks_refuses_short_rsa_moduli),
		cmocka_unit_test(jwks_refuses_points_off_the_curve),
		cmocka_unit_test(jwks_takes_shared_secrets_for_corpora_only),
		cmocka_unit_test(jwks_skips_what_it_does_not_know),
		cmocka_unit_test(jwks_refuses_what_is_no_key_set),
		cmocka_unit_test(jwks_refuses_more_than_32_keys),
		cmocka_unit_test(jwk_verify_refuses_two_algorithms_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
