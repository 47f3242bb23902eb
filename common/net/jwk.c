/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/b64url.h"
#include "base/text.h"
#include "net/json.h"
#include "net/jwk_key.h"

#define RSA_MIN_BITS 2048
#define RSA_MAX_BITS 8192
#define EXPONENT_MAX 8 /* bytes; a longer one only makes verifying slow */
#define SECRET_MAX   1024
#define ALGS_RSA                                                                         \
	(OKTA_ALG_RS256 | OKTA_ALG_RS384 | OKTA_ALG_RS512 | OKTA_ALG_PS256 |             \
	    OKTA_ALG_PS384 | OKTA_ALG_PS512)

struct okta_jwks {
	struct okta_jwk key[OKTA_JWKS_MAX_KEYS];
	size_t n;
};

static const struct {
	const char *name;
	unsigned alg;
	size_t secret_min; /* RFC 7518 section 3.2: as long as the hash */
} algorithms[] = {
	{ "RS256", OKTA_ALG_RS256, 0 },
	{ "RS384", OKTA_ALG_RS384, 0 },
	{ "RS512", OKTA_ALG_RS512, 0 },
	{ "PS256", OKTA_ALG_PS256, 0 },
	{ "PS384", OKTA_ALG_PS384, 0 },
	{ "PS512", OKTA_ALG_PS512, 0 },
	{ "ES256", OKTA_ALG_ES256, 0 },
	{ "ES384", OKTA_ALG_ES384, 0 },
	{ "ES512", OKTA_ALG_ES512, 0 },
	{ "HS256", OKTA_ALG_HS256, 32 },
	{ "HS384", OKTA_ALG_HS384, 48 },
	{ "HS512", OKTA_ALG_HS512, 64 },
};

static const struct curve {
	const char *crv, *group;
	unsigned alg;
	size_t size;
} curves[] = {
	{ "P-256", "prime256v1", OKTA_ALG_ES256, 32 },
	{ "P-384", "secp384r1", OKTA_ALG_ES384, 48 },
	{ "P-521", "secp521r1", OKTA_ALG_ES512, 66 },
};

/* RFC 7518 sections 6.2.2, 6.3.2, 6.4: of these only "k" is looked for apart. */
static const char *const private_members[] = { "d", "p", "q", "dp", "dq", "qi", "oth" };

unsigned
okta_alg_by_name(struct okta_view name)
{
	size_t i;

	for (i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (okta_view_eq_str(name, algorithms[i].name))
			return algorithms[i].alg;
	return 0;
}

/* A member in canonical base64url, at most MAX bytes, at least one. */
static bool
bytes_of(
    const struct okta_json_value *jwk, const char *name, size_t max, struct okta_buf *ret)
{
	struct okta_view text;

	okta_buf_init(ret, max);
	return okta_json_str(jwk, name, &text) == OKTA_OK &&
	       okta_b64url_decode(text, ret) == OKTA_OK && ret->len > 0;
}

static bool
number_of(const struct okta_json_value *jwk, const char *name, size_t max, BIGNUM **ret)
{
	struct okta_buf bytes;

	/* RFC 7518 section 2: as few octets as the number needs */
	if (bytes_of(jwk, name, max, &bytes) && bytes.data[0] != '\0')
		*ret = BN_bin2bn((const unsigned char *)bytes.data, (int)bytes.len, NULL);
	okta_buf_clear(&bytes);
	return *ret != NULL;
}

static EVP_PKEY *
make_key(const char *type, OSSL_PARAM_BLD *bld)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY *pkey = NULL;

	if (ctx != NULL && params != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static bool
read_rsa(const struct okta_json_value *jwk, struct okta_jwk *key)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *n = NULL, *e = NULL;

	if (bld != NULL && number_of(jwk, "n", RSA_MAX_BITS / 8, &n) &&
	    number_of(jwk, "e", EXPONENT_MAX, &e) && BN_num_bits(n) >= RSA_MIN_BITS &&
	    BN_is_odd(n) && BN_is_odd(e) && !BN_is_one(e) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e) == 1) {
		key->pkey = make_key("RSA", bld);
		key->size = (size_t)BN_num_bytes(n);
		key->algs = ALGS_RSA;
	}
	BN_free(n);
	BN_free(e);
	OSSL_PARAM_BLD_free(bld);
	return key->pkey != NULL;
}

/*
 * OpenSSL 3 refuses a point off the curve, or of another length than the field's, when
 * the key is made; so no test goes red without this check or without those of the lengths
 * in read_point().  They stay: an invalid point must not hang on one library's habit.
 */
static bool
is_on_curve(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	bool good = ctx != NULL && EVP_PKEY_public_check(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	return good;
}

static bool
read_point(const struct okta_json_value *jwk, size_t size, struct okta_buf *ret)
{
	struct okta_buf x, y;
	bool good;

	okta_buf_init(ret, 1 + 2 * size);
	/* RFC 7518 section 6.2.1.2: exactly as long as the field, zeros in front included
	 */
	good = bytes_of(jwk, "x", size, &x) && x.len == size;
	good = bytes_of(jwk, "y", size, &y) && y.len == size && good;
	good = good && okta_buf_append(ret, "\x04", 1) == OKTA_OK &&
	       okta_buf_append(ret, x.data, x.len) == OKTA_OK &&
	       okta_buf_append(ret, y.data, y.len) == OKTA_OK;
	okta_buf_clear(&x);
	okta_buf_clear(&y);
	return good;
}

static bool
read_ec(const struct okta_json_value *jwk, struct okta_jwk *key)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	const struct curve *curve = NULL;
	struct okta_buf point = { 0 };
	struct okta_view crv;
	size_t i;

	if (okta_json_str(jwk, "crv", &crv) == OKTA_OK)
		for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
			if (okta_view_eq_str(crv, curves[i].crv))
				curve = &curves[i];
	if (curve != NULL && bld != NULL && read_point(jwk, curve->size, &point) &&
	    OSSL_PARAM_BLD_push_utf8_string(
		bld, OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(
		bld, OSSL_PKEY_PARAM_PUB_KEY, point.data, point.len) == 1) {
		key->pkey = make_key("EC", bld);
		key->size = curve->size;
		key->algs = curve->alg;
	}
	okta_buf_clear(&point);
	OSSL_PARAM_BLD_free(bld);
	return key->pkey != NULL && is_on_curve(key->pkey);
}

static bool
read_secret(const struct okta_json_value *jwk, struct okta_jwk *key)
{
	size_t i;

	if (!bytes_of(jwk, "k", SECRET_MAX, &key->secret))
		return false;
	key->size = key->secret.len;
	for (i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (algorithms[i].secret_min > 0 && key->size >= algorithms[i].secret_min)
			key->algs |= algorithms[i].alg;
	return true;
}

/* The JWK's own word on what it is for. */
static bool
is_for_verifying(const struct okta_json_value *jwk)
{
	const struct okta_json_value *ops;
	struct okta_view v;
	enum okta_rc r;
	size_t i;

	r = okta_json_str(jwk, "use", &v);
	if (r != OKTA_E_NOTFOUND && (r != OKTA_OK || !okta_view_eq_str(v, "sig")))
		return false;
	r = okta_json_array(jwk, "key_ops", &ops);
	if (r == OKTA_E_NOTFOUND)
		return true;
	if (r != OKTA_OK)
		return false;
	for (i = 0; i < okta_json_count(ops); i++)
		if (okta_json_as_str(okta_json_item(ops, i), &v) == OKTA_OK &&
		    okta_view_eq_str(v, "verify"))
			return true;
	return false;
}

static bool
has_private_members(const struct okta_json_value *jwk)
{
	size_t i;

	for (i = 0; i < sizeof(private_members) / sizeof(private_members[0]); i++)
		if (okta_json_type(jwk, private_members[i]) != OKTA_JSON_ABSENT)
			return true;
	return false;
}

static bool
read_material(const struct okta_json_value *jwk, unsigned allowed, struct okta_jwk *key)
{
	const unsigned symmetric = OKTA_ALG_HS256 | OKTA_ALG_HS384 | OKTA_ALG_HS512;
	bool has_k = okta_json_type(jwk, "k") != OKTA_JSON_ABSENT;
	struct okta_view kty;

	if (okta_json_str(jwk, "kty", &kty) != OKTA_OK)
		return false;
	if (okta_view_eq_str(kty, "oct"))
		return (allowed & symmetric) != 0 && read_secret(jwk, key);
	if (has_k)
		return false;
	if (okta_view_eq_str(kty, "RSA"))
		return read_rsa(jwk, key);
	if (okta_view_eq_str(kty, "EC"))
		return read_ec(jwk, key);
	return false;
}

static void
key_clear(struct okta_jwk *key)
{
	EVP_PKEY_free(key->pkey);
	okta_buf_clear(&key->secret);
	memset(key, 0, sizeof(*key));
}

static bool
read_key(const struct okta_json_value *jwk, unsigned allowed, struct okta_jwk *key)
{
	struct okta_view kid, alg;
	enum okta_rc r;

	if (okta_json_str(jwk, "kid", &kid) != OKTA_OK || kid.len == 0 ||
	    kid.len > OKTA_KID_MAX || !is_for_verifying(jwk) ||
	    has_private_members(jwk) || !read_material(jwk, allowed, key))
		return false;
	memcpy(key->kid, kid.p, kid.len);
	key->kid[kid.len] = '\0';
	r = okta_json_str(jwk, "alg", &alg);
	if (r == OKTA_OK)
		key->algs &= okta_alg_by_name(alg); /* pinned; unknown pins to nothing */
	else if (r != OKTA_E_NOTFOUND)
		key->algs = 0;
	key->algs &= allowed;
	return key->algs != 0;
}

/* Counted over all entries, usable or not: which of two was meant cannot be known. */
static bool
kid_is_unique(const struct okta_json_value *keys, const char *kid)
{
	struct okta_view other;
	size_t i, n = 0;

	for (i = 0; i < okta_json_count(keys); i++)
		if (okta_json_str(okta_json_item(keys, i), "kid", &other) == OKTA_OK &&
		    okta_view_eq_str(other, kid))
			n++;
	return n == 1;
}

enum okta_rc
okta_jwks_new(
    struct okta_view text, unsigned allowed, struct okta_jwks **ret, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	const struct okta_json_value *keys;
	struct okta_jwks *jwks = NULL;
	struct okta_json *doc = NULL;
	struct okta_jwk *key;
	size_t i;

	r = okta_json_new(text, OKTA_JWKS_MAX_BYTES, &doc, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	if (okta_json_array(okta_json_root(doc), "keys", &keys) != OKTA_OK) {
		rc = okta_err_set(
		    err, OKTA_E_INPUT, "JWKS: no \"keys\" array: not a JWK Set");
		goto out;
	}
	if (okta_json_count(keys) > OKTA_JWKS_MAX_KEYS) {
		rc = okta_err_set(
		    err, OKTA_E_TOOBIG, "JWKS: more than %d keys", OKTA_JWKS_MAX_KEYS);
		goto out;
	}
	jwks = calloc(1, sizeof(*jwks));
	if (jwks == NULL) {
		rc = okta_err_set(err, OKTA_E_NOMEM, "JWKS: out of memory");
		goto out;
	}
	for (i = 0; i < okta_json_count(keys); i++) {
		key = &jwks->key[jwks->n];
		if (read_key(okta_json_item(keys, i), allowed, key) &&
		    kid_is_unique(keys, key->kid))
			jwks->n++;
		else
			key_clear(key);
	}
	*ret = jwks;
	jwks = NULL;
	rc = OKTA_OK;
out:
	okta_jwks_free(&jwks);
	okta_json_free(&doc);
	return rc;
}

void
okta_jwks_free(struct okta_jwks **jwks)
{
	size_t i;

	if (*jwks == NULL)
		return;
	for (i = 0; i < (*jwks)->n; i++)
		key_clear(&(*jwks)->key[i]);
	free(*jwks);
	*jwks = NULL;
}

size_t
okta_jwks_count(const struct okta_jwks *jwks)
{
	return jwks->n;
}

const struct okta_jwk *
okta_jwks_find(const struct okta_jwks *jwks, struct okta_view kid)
{
	size_t i;

	for (i = 0; i < jwks->n; i++)
		if (okta_view_eq_str(kid, jwks->key[i].kid))
			return &jwks->key[i];
	return NULL;
}
