/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/jws.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <limits.h>
#include <stdlib.h>

#include "base/b64url.h"
#include "base/wipe.h"
#include "net/json.h"

#define P256_BYTES	 32
#define SIGNATURE_MAX	 1024 /* RSA 8192 */
#define JTI_BYTES	 16
#define ASSERTION_LIFE_S 300 /* Okta allows an hour; a stolen one should not */

struct okta_jws_key {
	EVP_PKEY *pkey;
	bool is_ec;
};

/* Without this OpenSSL would ask for a pass phrase on the terminal. */
static int
no_passphrase(char *buf, int size, int rwflag, void *ctx)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)ctx;
	return -1;
}

static bool
is_p256(const EVP_PKEY *pkey)
{
	char group[32];
	size_t len = 0;

	return EVP_PKEY_get_utf8_string_param(
		   pkey, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), &len) == 1 &&
	       okta_view_eq_str(okta_view_str(group), "prime256v1");
}

static enum okta_rc
check_kind(struct okta_jws_key *key, const char *name, struct okta_err *err)
{
	int bits = EVP_PKEY_get_bits(key->pkey);

	if (EVP_PKEY_is_a(key->pkey, "RSA") == 1 && bits >= 2048 && bits <= 8192) {
		key->is_ec = false;
		return OKTA_OK;
	}
	if (EVP_PKEY_is_a(key->pkey, "EC") == 1 && is_p256(key->pkey)) {
		key->is_ec = true;
		return OKTA_OK;
	}
	return okta_err_set(err, OKTA_E_CONFIG,
	    "%s: must hold an RSA key of 2048 to 8192 bits or an EC P-256 key", name);
}

enum okta_rc
okta_jws_key_new(struct okta_view pem, const char *name, struct okta_jws_key **ret,
    struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_jws_key *key = calloc(1, sizeof(*key));
	BIO *bio = pem.len <= INT_MAX ? BIO_new_mem_buf(pem.p, (int)pem.len) : NULL;

	if (key == NULL || bio == NULL) {
		rc = okta_err_set(err, OKTA_E_NOMEM, "%s: out of memory", name);
		goto out;
	}
	key->pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	if (key->pkey == NULL) {
		rc = okta_err_set(err, OKTA_E_CONFIG,
		    "%s: not a private key in PEM form without a pass phrase: make one "
		    "with "
		    "openssl genpkey",
		    name);
		goto out;
	}
	r = check_kind(key, name, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	*ret = key;
	key = NULL;
	rc = OKTA_OK;
out:
	okta_jws_key_free(&key);
	BIO_free(bio);
	return rc;
}

enum okta_rc
okta_jws_key_generate(struct okta_jws_key **ret, struct okta_err *err)
{
	struct okta_jws_key *key = calloc(1, sizeof(*key));

	if (key == NULL)
		return okta_err_set(err, OKTA_E_NOMEM, "key: out of memory");
	key->pkey = EVP_EC_gen("P-256");
	key->is_ec = true;
	if (key->pkey == NULL) {
		free(key);
		return okta_err_set(
		    err, OKTA_E_NOMEM, "key: OpenSSL cannot make a P-256 key");
	}
	*ret = key;
	return OKTA_OK;
}

void
okta_jws_key_free(struct okta_jws_key **key)
{
	if (*key == NULL)
		return;
	EVP_PKEY_free((*key)->pkey);
	free(*key);
	*key = NULL;
}

const char *
okta_jws_key_alg(const struct okta_jws_key *key)
{
	return key->is_ec ? "ES256" : "RS256";
}

/* Append `"NAME":"` base64url of a number `"`, padded to SIZE bytes (0: as short as it
 * is). */
static enum okta_rc
put_number(const EVP_PKEY *pkey, const char *param, const char *name, int size,
    struct okta_buf *out)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	unsigned char bytes[SIGNATURE_MAX];
	BIGNUM *bn = NULL;

	if (EVP_PKEY_get_bn_param(pkey, param, &bn) != 1)
		goto out;
	if (size == 0)
		size = BN_num_bytes(bn);
	if (size > (int)sizeof(bytes) || BN_bn2binpad(bn, bytes, size) != size)
		goto out;
	r = okta_buf_printf(out, "\"%s\":\"", name);
	if (r == OKTA_OK)
		r = okta_b64url_encode(bytes, (size_t)size, out);
	if (r == OKTA_OK)
		r = okta_buf_append_str(out, "\"");
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	rc = OKTA_OK;
out:
	BN_free(bn);
	return rc;
}

enum okta_rc
okta_jws_key_public(
    const struct okta_jws_key *key, struct okta_buf *out, struct okta_err *err)
{
	const EVP_PKEY *pkey = key->pkey;
	enum okta_rc r;

	if (key->is_ec) {
		r = okta_buf_append_str(out, "{\"crv\":\"P-256\",\"kty\":\"EC\",");
		if (r == OKTA_OK)
			r = put_number(
			    pkey, OSSL_PKEY_PARAM_EC_PUB_X, "x", P256_BYTES, out);
		if (r == OKTA_OK)
			r = okta_buf_append_str(out, ",");
		if (r == OKTA_OK)
			r = put_number(
			    pkey, OSSL_PKEY_PARAM_EC_PUB_Y, "y", P256_BYTES, out);
	} else {
		r = okta_buf_append_str(out, "{");
		if (r == OKTA_OK)
			r = put_number(pkey, OSSL_PKEY_PARAM_RSA_E, "e", 0, out);
		if (r == OKTA_OK)
			r = okta_buf_append_str(out, ",\"kty\":\"RSA\",");
		if (r == OKTA_OK)
			r = put_number(pkey, OSSL_PKEY_PARAM_RSA_N, "n", 0, out);
	}
	if (r == OKTA_OK)
		r = okta_buf_append_str(out, "}");
	if (r != OKTA_OK)
		return okta_err_set(err, r, "key: cannot write its public half");
	return OKTA_OK;
}

/* OpenSSL's DER to the r || s of RFC 7518 section 3.4. */
static bool
ec_raw(const unsigned char *der, size_t len, unsigned char raw[2 * P256_BYTES])
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	bool good;

	if (sig == NULL)
		return false;
	good = BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, P256_BYTES) == P256_BYTES &&
	       BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + P256_BYTES, P256_BYTES) ==
		   P256_BYTES;
	ECDSA_SIG_free(sig);
	return good;
}

static enum okta_rc
sign(const struct okta_jws_key *key, struct okta_view text, struct okta_buf *out)
{
	unsigned char sig[SIGNATURE_MAX], raw[2 * P256_BYTES];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = sizeof(sig);
	bool good;

	good = ctx != NULL &&
	       EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) == 1 &&
	       EVP_DigestSign(ctx, sig, &len, (const unsigned char *)text.p, text.len) ==
		   1;
	EVP_MD_CTX_free(ctx);
	if (!good)
		return OKTA_E_INTERNAL;
	if (!key->is_ec)
		return okta_b64url_encode(sig, len, out);
	if (!ec_raw(sig, len, raw))
		return OKTA_E_INTERNAL;
	return okta_b64url_encode(raw, sizeof(raw), out);
}

enum okta_rc
okta_jws_sign(const struct okta_jws_key *key, struct okta_view header,
    struct okta_view payload, struct okta_buf *out, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_buf text;

	okta_buf_init(&text, out->max);
	r = okta_b64url_encode(header.p, header.len, &text);
	if (r == OKTA_OK)
		r = okta_buf_append_str(&text, ".");
	if (r == OKTA_OK)
		r = okta_b64url_encode(payload.p, payload.len, &text);
	if (r == OKTA_OK)
		r = okta_buf_append(out, text.data, text.len);
	if (r == OKTA_OK)
		r = okta_buf_append_str(out, ".");
	if (r == OKTA_OK)
		r = sign(key, okta_buf_view(&text), out);
	if (r != OKTA_OK) {
		rc = okta_err_set(err, r, "key: cannot sign");
		goto out;
	}
	rc = OKTA_OK;
out:
	okta_buf_clear(&text);
	return rc;
}

enum okta_rc
okta_jws_random_id(struct okta_buf *out, struct okta_err *err)
{
	unsigned char bytes[JTI_BYTES];
	enum okta_rc r;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return okta_err_set(err, OKTA_E_INTERNAL, "no random bytes");
	r = okta_b64url_encode(bytes, sizeof(bytes), out);
	if (r != OKTA_OK)
		return okta_err_set(err, r, "random id: out of memory");
	return OKTA_OK;
}

/* The first LEN bytes of the digest. */
static enum okta_rc
put_sha256(struct okta_view bytes, size_t len, struct okta_buf *out)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	if (EVP_Digest(bytes.p, bytes.len, digest, NULL, EVP_sha256(), NULL) != 1)
		return OKTA_E_INTERNAL;
	return okta_b64url_encode(digest, len, out);
}

enum okta_rc
okta_jws_sha256(struct okta_view bytes, struct okta_buf *out)
{
	return put_sha256(bytes, SHA256_DIGEST_LENGTH, out);
}

enum okta_rc
okta_jws_half_sha256(struct okta_view bytes, struct okta_buf *out)
{
	return put_sha256(bytes, SHA256_DIGEST_LENGTH / 2, out);
}

enum okta_rc
okta_jws_client_assertion(const struct okta_jws_key *key, struct okta_view key_id,
    struct okta_view client_id, struct okta_view audience, int64_t now_s,
    struct okta_buf *out, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_buf header, payload;

	okta_buf_init(&header, 4096);
	okta_buf_init(&payload, 8192);
	r = okta_buf_printf(&header, "{\"alg\":\"%s\",\"kid\":", okta_jws_key_alg(key));
	if (r == OKTA_OK)
		r = okta_json_write_str(key_id, &header);
	if (r == OKTA_OK)
		r = okta_buf_append_str(&header, "}");
	if (r == OKTA_OK)
		r = okta_buf_append_str(&payload, "{\"iss\":");
	if (r == OKTA_OK)
		r = okta_json_write_str(client_id, &payload);
	if (r == OKTA_OK)
		r = okta_buf_append_str(&payload, ",\"sub\":");
	if (r == OKTA_OK)
		r = okta_json_write_str(client_id, &payload);
	if (r == OKTA_OK)
		r = okta_buf_append_str(&payload, ",\"aud\":");
	if (r == OKTA_OK)
		r = okta_json_write_str(audience, &payload);
	if (r == OKTA_OK)
		r = okta_buf_printf(&payload, ",\"iat\":%lld,\"exp\":%lld,\"jti\":\"",
		    (long long)now_s, (long long)(now_s + ASSERTION_LIFE_S));
	if (r == OKTA_OK)
		r = okta_jws_random_id(&payload, err);
	if (r == OKTA_OK)
		r = okta_buf_append_str(&payload, "\"}");
	if (r == OKTA_OK)
		r = okta_jws_sign(
		    key, okta_buf_view(&header), okta_buf_view(&payload), out, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	rc = OKTA_OK;
out:
	okta_buf_clear(&header);
	okta_buf_clear(&payload);
	return rc;
}
