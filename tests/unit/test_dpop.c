/* SPDX-License-Identifier: BSD-2-Clause */
/* links: net model base; libs: libcurl libcrypto json-c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "base/b64url.h"
#include "net/dpop.h"
#include "net/json.h"
#include "net/jwk.h"
#include "net/jws.h"

#define URL "https://acme.okta.example/oauth2/v1/token"

static struct okta_view
v(const char *s)
{
	return okta_view_str(s);
}

static struct okta_json *
part(struct okta_view token, int n)
{
	struct okta_view rest = token, text = { 0 };
	struct okta_json *doc = NULL;
	struct okta_buf bytes;
	struct okta_err err = { 0 };

	for (; n >= 0; n--)
		text = okta_view_split(&rest, '.');
	okta_buf_init(&bytes, 8192);
	assert_int_equal(okta_b64url_decode(text, &bytes), OKTA_OK);
	assert_int_equal(okta_json_new(okta_buf_view(&bytes), 8192, &doc, &err), OKTA_OK);
	okta_buf_clear(&bytes);
	return doc;
}

static void
assert_str(const struct okta_json *doc, const char *name, const char *expected)
{
	struct okta_view text;

	assert_int_equal(okta_json_str(okta_json_root(doc), name, &text), OKTA_OK);
	assert_true(okta_view_eq_str(text, expected));
}

/* Verify TOKEN with the key in JWK (a JSON object) by our own verifier. */
static enum okta_rc
verify_with(struct okta_view token, const struct okta_buf *jwk, unsigned alg)
{
	struct okta_view rest = token, bytes = token, sig;
	struct okta_jwks *keys = NULL;
	struct okta_buf set, raw;
	struct okta_err err = { 0 };
	enum okta_rc r;

	okta_buf_init(&set, 8192);
	okta_buf_init(&raw, 2048);
	assert_int_equal(
	    okta_buf_printf(&set, "{\"keys\":[{\"kid\":\"k\",%s]}", jwk->data + 1),
	    OKTA_OK);
	assert_int_equal(
	    okta_jwks_new(okta_buf_view(&set), OKTA_ALGS_LOGIN, &keys, &err), OKTA_OK);
	assert_int_equal(okta_jwks_count(keys), 1);
	(void)okta_view_split(&rest, '.');
	(void)okta_view_split(&rest, '.');
	sig = rest;
	bytes.len = (size_t)(sig.p - token.p) - 1;
	assert_int_equal(okta_b64url_decode(sig, &raw), OKTA_OK);
	r = okta_jwk_verify(
	    okta_jwks_find(keys, v("k")), alg, bytes, okta_buf_view(&raw), &err);
	okta_jwks_free(&keys);
	okta_buf_clear(&set);
	okta_buf_clear(&raw);
	return r;
}

static struct okta_dpop *
new_dpop(void)
{
	struct okta_dpop *dpop = NULL;
	struct okta_err err = { 0 };

	assert_int_equal(okta_dpop_new(&dpop, &err), OKTA_OK);
	return dpop;
}

static void
proof(const struct okta_dpop *dpop, const char *url, bool with_nonce, const char *token,
    struct okta_buf *out)
{
	struct okta_err err = { 0 };

	okta_buf_init(out, 16384);
	assert_int_equal(okta_dpop_proof(dpop, "POST", v(url), 1800000000, with_nonce,
			     v(token), out, &err),
	    OKTA_OK);
}

static void
learn(struct okta_dpop *dpop, const char *headers, bool expected)
{
	struct okta_http_answer answer = { .end = OKTA_HTTP_ANSWERED };

	okta_buf_init(&answer.headers, 4096);
	assert_int_equal(okta_buf_append_str(&answer.headers, headers), OKTA_OK);
	assert_int_equal(okta_dpop_learn(dpop, &answer), expected);
	okta_http_answer_clear(&answer);
}

static void
dpop_proof_has_what_rfc_9449_wants(void **state)
{
	struct okta_dpop *dpop = new_dpop();
	const struct okta_json_value *jwk;
	struct okta_json *header, *claims;
	struct okta_buf out, key;
	struct okta_view jti;
	int64_t iat = 0;

	(void)state;
	proof(dpop, URL "?x=1#y", true, "", &out);
	header = part(okta_buf_view(&out), 0);
	claims = part(okta_buf_view(&out), 1);
	assert_str(header, "typ", "dpop+jwt");
	assert_str(header, "alg", "ES256");
	assert_str(claims, "htm", "POST");
	assert_str(claims, "htu", URL); /* without query and fragment */
	assert_int_equal(
	    okta_json_int(okta_json_root(claims), "iat", 0, INT64_MAX - 1, &iat),
	    OKTA_OK);
	assert_int_equal(iat, 1800000000);
	assert_int_equal(okta_json_str(okta_json_root(claims), "jti", &jti), OKTA_OK);
	assert_int_equal(jti.len, 22);
	assert_int_equal(
	    okta_json_type(okta_json_root(claims), "nonce"), OKTA_JSON_ABSENT);
	assert_int_equal(okta_json_type(okta_json_root(claims), "ath"), OKTA_JSON_ABSENT);
	assert_int_equal(okta_json_object(okta_json_root(header), "jwk", &jwk), OKTA_OK);
	assert_int_equal(okta_json_type(jwk, "d"), OKTA_JSON_ABSENT);
	okta_buf_init(&key, 4096);
	assert_int_equal(okta_json_write(jwk, &key), OKTA_OK);
	assert_int_equal(verify_with(okta_buf_view(&out), &key, OKTA_ALG_ES256), OKTA_OK);
	okta_buf_clear(&key);
	okta_json_free(&header);
	okta_json_free(&claims);
	okta_buf_clear(&out);
	okta_dpop_free(&dpop);
}

/* A proof is good once only. */
static void
dpop_proof_has_a_new_jti_each_time(void **state)
{
	struct okta_dpop *dpop = new_dpop();
	struct okta_buf a, b;

	(void)state;
	proof(dpop, URL, false, "", &a);
	proof(dpop, URL, false, "", &b);
	assert_false(okta_view_eq(okta_buf_view(&a), okta_buf_view(&b)));
	okta_buf_clear(&a);
	okta_buf_clear(&b);
	okta_dpop_free(&dpop);
}

static void
dpop_proof_carries_the_nonce_and_binds_the_access_token(void **state)
{
	struct okta_dpop *dpop = new_dpop();
	struct okta_json *claims;
	struct okta_buf out;

	(void)state;
	learn(dpop, "HTTP/1.1 400 Bad\r\nDPoP-Nonce:  n\"1 \r\n\r\n", true);
	learn(dpop, "HTTP/1.1 400 Bad\r\ndpop-nonce: n\"1\r\n\r\n",
	    false); /* the same again */
	proof(dpop, URL, true, "", &out);
	claims = part(okta_buf_view(&out), 1);
	assert_str(claims, "nonce", "n\"1");
	okta_json_free(&claims);
	okta_buf_clear(&out);
	proof(dpop, URL, false, "abc", &out);
	claims = part(okta_buf_view(&out), 1);
	assert_int_equal(
	    okta_json_type(okta_json_root(claims), "nonce"), OKTA_JSON_ABSENT);
	assert_str(
	    claims, "ath", "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"); /* FIPS 180 */
	okta_json_free(&claims);
	okta_buf_clear(&out);
	okta_dpop_free(&dpop);
}

static void
dpop_learn_ignores_a_malformed_nonce(void **state)
{
	struct okta_dpop *dpop = new_dpop();
	char longer[700];

	(void)state;
	learn(dpop, "dpop-nonce:\r\n", false);
	learn(dpop, "dpop-nonce: a\x01\r\n", false);
	learn(dpop, "x-dpop-nonce: a\r\n", false);
	(void)snprintf(longer, sizeof(longer), "dpop-nonce: %0513d\r\n", 1);
	learn(dpop, longer, false);
	okta_dpop_free(&dpop);
}

/* --- private_key_jwt ---------------------------------------------------------------- */

static char *
pem_of(EVP_PKEY *pkey, const char *passphrase)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL, *copy;
	long len;

	assert_int_equal(
	    PEM_write_bio_PrivateKey(bio, pkey,
		passphrase != NULL ? EVP_aes_128_cbc() : NULL,
		(const unsigned char *)passphrase,
		passphrase != NULL ? (int)strlen(passphrase) : 0, NULL, NULL),
	    1);
	len = BIO_get_mem_data(bio, &text);
	copy = strndup(text, (size_t)len);
	BIO_free(bio);
	return copy;
}

static enum okta_rc
key_from(EVP_PKEY *pkey, const char *passphrase, struct okta_jws_key **ret)
{
	struct okta_err err = { 0 };
	char *pem = pem_of(pkey, passphrase);
	enum okta_rc r = okta_jws_key_new(v(pem), "private_key_file", ret, &err);

	if (r != OKTA_OK)
		assert_non_null(strstr(err.msg, "private_key_file: "));
	free(pem);
	EVP_PKEY_free(pkey);
	return r;
}

static void
assertion_by(EVP_PKEY *pkey, const char *alg_name, unsigned alg)
{
	struct okta_jws_key *key = NULL;
	struct okta_json *header, *claims;
	struct okta_buf out, jwk;
	struct okta_err err = { 0 };
	int64_t exp = 0;

	assert_int_equal(key_from(pkey, NULL, &key), OKTA_OK);
	okta_buf_init(&out, 16384);
	okta_buf_init(&jwk, 4096);
	assert_int_equal(okta_jws_client_assertion(key, v("service-1"), v("0oa1"), v(URL),
			     1800000000, &out, &err),
	    OKTA_OK);
	header = part(okta_buf_view(&out), 0);
	claims = part(okta_buf_view(&out), 1);
	assert_str(header, "alg", alg_name);
	assert_str(header, "kid", "service-1");
	assert_str(claims, "iss", "0oa1");
	assert_str(claims, "sub", "0oa1");
	assert_str(claims, "aud", URL);
	assert_int_equal(
	    okta_json_int(okta_json_root(claims), "exp", 0, INT64_MAX - 1, &exp),
	    OKTA_OK);
	assert_int_equal(exp, 1800000300);
	assert_int_equal(okta_json_type(okta_json_root(claims), "jti"), OKTA_JSON_STRING);
	assert_int_equal(okta_jws_key_public(key, &jwk, &err), OKTA_OK);
	assert_int_equal(verify_with(okta_buf_view(&out), &jwk, alg), OKTA_OK);
	okta_json_free(&header);
	okta_json_free(&claims);
	okta_buf_clear(&out);
	okta_buf_clear(&jwk);
	okta_jws_key_free(&key);
}

static void
client_assertion_is_rs256_or_es256_by_the_kind_of_key(void **state)
{
	(void)state;
	assertion_by(EVP_RSA_gen(2048), "RS256", OKTA_ALG_RS256);
	assertion_by(EVP_EC_gen("P-256"), "ES256", OKTA_ALG_ES256);
}

static void
jws_key_refuses_what_is_no_usable_private_key(void **state)
{
	struct okta_jws_key *key = NULL;
	struct okta_err err = { 0 };

	(void)state;
	assert_int_equal(key_from(EVP_EC_gen("P-384"), NULL, &key), OKTA_E_CONFIG);
	assert_int_equal(key_from(EVP_RSA_gen(1024), NULL, &key), OKTA_E_CONFIG);
	/* must not ask for a pass phrase on the terminal either */
	assert_int_equal(key_from(EVP_EC_gen("P-256"), "secret", &key), OKTA_E_CONFIG);
	assert_int_equal(okta_jws_key_new(v("not PEM"), "f", &key, &err), OKTA_E_CONFIG);
	assert_int_equal(okta_jws_key_new(v(""), "f", &key, &err), OKTA_E_CONFIG);
	assert_null(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dpop_proof_has_what_rfc_9449_wants),
		cmocka_unit_test(dpop_proof_has_a_new_jti_each_time),
		cmocka_unit_test(dpop_proof_carries_the_nonce_and_binds_the_access_token),
		cmocka_unit_test(dpop_learn_ignores_a_malformed_nonce),
		cmocka_unit_test(client_assertion_is_rs256_or_es256_by_the_kind_of_key),
		cmocka_unit_test(jws_key_refuses_what_is_no_usable_private_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
