/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/jwk.h - the public keys of an issuer (RFC 7517, 7518).
 * Floor 2: base; OpenSSL EVP underneath.
 *
 * MUST: RSA of 2048..8192 bits with an odd e >= 3, EC points on P-256, P-384 or P-521,
 * numbers in canonical base64url; use absent or "sig", key_ops absent or with "verify", a
 * kid of 1..128 bytes.  MUST: use neither of two keys with one kid.  MUST NOT: use a key
 * with private members (its secret is out), or let one key verify by two kinds of
 * algorithm when its JWK names one.
 */
#ifndef OKTA_NET_JWK_H
#define OKTA_NET_JWK_H

#include <stddef.h>

#include "base/err.h"
#include "base/view.h"

#define OKTA_JWKS_MAX_BYTES 131072
#define OKTA_JWKS_MAX_KEYS  32
#define OKTA_KID_MAX	    128

/* Signature algorithms, one bit each: a set of them is an unsigned. */
enum okta_alg {
	OKTA_ALG_RS256 = 1 << 0,
	OKTA_ALG_RS384 = 1 << 1,
	OKTA_ALG_RS512 = 1 << 2,
	OKTA_ALG_PS256 = 1 << 3,
	OKTA_ALG_PS384 = 1 << 4,
	OKTA_ALG_PS512 = 1 << 5,
	OKTA_ALG_ES256 = 1 << 6,
	OKTA_ALG_ES384 = 1 << 7,
	OKTA_ALG_ES512 = 1 << 8,
	OKTA_ALG_HS256 = 1 << 9,
	OKTA_ALG_HS384 = 1 << 10,
	OKTA_ALG_HS512 = 1 << 11
};

/* What an ID token may be signed with.  Okta signs RS256; ES256 costs nothing to allow.
 */
#define OKTA_ALGS_LOGIN (OKTA_ALG_RS256 | OKTA_ALG_ES256)
/* Everything known, shared secrets too.  Only for test corpora: whoever can check such a
 * signature can make one. */
#define OKTA_ALGS_CORPUS ((1 << 12) - 1)

/* 0 when NAME is no algorithm known here ("none" is not). */
unsigned okta_alg_by_name(struct okta_view name);

struct okta_jwks;
struct okta_jwk;

/*
 * Read a JWK Set.  Keys that break a rule above, are of an unknown kind, or can do none
 * of ALLOWED are left out; the rest of the set stands.  OKTA_OK (also for a set without a
 * usable key), OKTA_E_INPUT (no JWK Set), OKTA_E_TOOBIG, OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc okta_jwks_new(struct okta_view text, unsigned allowed,
    struct okta_jwks **ret, struct okta_err *err);
void okta_jwks_free(struct okta_jwks **jwks);

size_t okta_jwks_count(const struct okta_jwks *jwks); /* usable keys */
/* NULL: no usable key of that kid. */
const struct okta_jwk *okta_jwks_find(const struct okta_jwks *jwks, struct okta_view kid);

/*
 * Is SIGNATURE by KEY over SIGNED with ALG?  OKTA_OK, or OKTA_E_REFUSED: ALG is not for
 * this key, the signature has another length than it must, or is wrong.
 */
OKTA_MUST_CHECK enum okta_rc okta_jwk_verify(const struct okta_jwk *key, unsigned alg,
    struct okta_view bytes, struct okta_view signature, struct okta_err *err);

#endif /* OKTA_NET_JWK_H */
