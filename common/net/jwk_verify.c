/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdbool.h>

#include "net/jwk.h"
#include "net/jwk_key.h"

#define DER_MAX 160 /* a P-521 signature needs 139 */

static const EVP_MD *
hash_of(unsigned alg)
{
	if (alg & (OKTA_ALG_RS256 | OKTA_ALG_PS256 | OKTA_ALG_ES256 | OKTA_ALG_HS256))
		return EVP_sha256();
	if (alg & (OKTA_ALG_RS384 | OKTA_ALG_PS384 | OKTA_ALG_ES384 | OKTA_ALG_HS384))
		return EVP_sha384();
	return EVP_sha512();
}

static bool
is_pss(unsigned alg)
{
	return (alg & (OKTA_ALG_PS256 | OKTA_ALG_PS384 | OKTA_ALG_PS512)) != 0;
}

static bool
is_ecdsa(unsigned alg)
{
	return (alg & (OKTA_ALG_ES256 | OKTA_ALG_ES384 | OKTA_ALG_ES512)) != 0;
}

/* RFC 7518 section 3.5: MGF1 with the same hash (OpenSSL's default, said all the same), a
 * salt as long as the hash. */
static bool
set_pss(EVP_PKEY_CTX *pctx, const EVP_MD *md)
{
	return EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(pctx, md) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool
verify_pkey(const struct okta_jwk *key, unsigned alg, struct okta_view bytes,
    const unsigned char *sig, size_t sig_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL; /* owned by ctx */
	const EVP_MD *md = hash_of(alg);
	bool good;

	good = ctx != NULL &&
	       EVP_DigestVerifyInit(ctx, &pctx, md, NULL, key->pkey) == 1 &&
	       (!is_pss(alg) || set_pss(pctx, md)) &&
	       EVP_DigestVerify(
		   ctx, sig, sig_len, (const unsigned char *)bytes.p, bytes.len) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

/* 0 < N < the order of the key's curve (FIPS 186-5 section 6.4.2).  OpenSSL refuses the
 * rest too, so no test goes red without it: CVE-2022-21449 was a library that did not. */
static bool
is_scalar(const EVP_PKEY *pkey, const BIGNUM *n)
{
	BIGNUM *order = NULL;
	bool good;

	good = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_ORDER, &order) == 1 &&
	       !BN_is_zero(n) && BN_cmp(n, order) < 0;
	BN_free(order);
	return good;
}

/* r || s to the DER that OpenSSL takes.  0: no signature. */
static size_t
ecdsa_der(const struct okta_jwk *key, struct okta_view sig, unsigned char der[DER_MAX])
{
	const unsigned char *raw = (const unsigned char *)sig.p;
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, (int)key->size, NULL);
	BIGNUM *s = BN_bin2bn(raw + key->size, (int)key->size, NULL);
	unsigned char *end = der;
	int len = 0;

	if (pair != NULL && r != NULL && s != NULL && is_scalar(key->pkey, r) &&
	    is_scalar(key->pkey, s) && ECDSA_SIG_set0(pair, r, s) == 1) {
		r = s = NULL; /* the pair owns them now */
		len = i2d_ECDSA_SIG(pair, NULL);
		len = len > 0 && len <= DER_MAX ? i2d_ECDSA_SIG(pair, &end) : 0;
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(pair);
	return len > 0 ? (size_t)len : 0;
}

static bool
verify_ecdsa(const struct okta_jwk *key, unsigned alg, struct okta_view bytes,
    struct okta_view sig)
{
	unsigned char der[DER_MAX];
	size_t len;

	if (sig.len != 2 * key->size)
		return false;
	len = ecdsa_der(key, sig, der);
	return len > 0 && verify_pkey(key, alg, bytes, der, len);
}

static bool
verify_hmac(const struct okta_jwk *key, unsigned alg, struct okta_view bytes,
    struct okta_view sig)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	size_t len = 0;

	return EVP_Q_mac(NULL, "HMAC", NULL, EVP_MD_get0_name(hash_of(alg)), NULL,
		   key->secret.data, key->secret.len, (const unsigned char *)bytes.p,
		   bytes.len, mac, sizeof(mac), &len) != NULL &&
	       sig.len == len && CRYPTO_memcmp(mac, sig.p, len) == 0;
}

enum okta_rc
okta_jwk_verify(const struct okta_jwk *key, unsigned alg, struct okta_view bytes,
    struct okta_view signature, struct okta_err *err)
{
	bool good;

	/* exactly one; read_header() never asks for none or for several */
	if (alg == 0 || (key->algs & alg) != alg || (alg & (alg - 1)) != 0)
		return okta_err_set(
		    err, OKTA_E_REFUSED, "token: alg: not the one of this key");
	if (key->pkey == NULL)
		good = verify_hmac(key, alg, bytes, signature);
	else if (is_ecdsa(alg))
		good = verify_ecdsa(key, alg, bytes, signature);
	else /* RFC 8017 section 8.2.2 step 1; OpenSSL sees to it as well */
		good = signature.len == key->size &&
		       verify_pkey(key, alg, bytes, (const unsigned char *)signature.p,
			   signature.len);
	if (!good)
		return okta_err_set(err, OKTA_E_REFUSED, "token: signature: wrong");
	return OKTA_OK;
}
