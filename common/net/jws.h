/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/jws.h - sign with our own private key (RFC 7515 compact serialisation).
 * Floor 2: base; OpenSSL EVP underneath.
 */
#ifndef OKTA_NET_JWS_H
#define OKTA_NET_JWS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"

/* A private key: RSA of 2048..8192 bits (signs RS256) or EC P-256 (signs ES256). */
struct okta_jws_key;

/* From PEM (PKCS#8, PKCS#1 or SEC1; not encrypted).  NAME names it in messages.
 * OKTA_OK, OKTA_E_CONFIG (with the remedy) or OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc okta_jws_key_new(struct okta_view pem, const char *name,
    struct okta_jws_key **ret, struct okta_err *err);
/* A fresh P-256 key that never leaves this process. */
OKTA_MUST_CHECK enum okta_rc okta_jws_key_generate(
    struct okta_jws_key **ret, struct okta_err *err);
void okta_jws_key_free(struct okta_jws_key **key);

const char *okta_jws_key_alg(const struct okta_jws_key *key); /* "RS256" or "ES256" */

/* Append the public half as a JWK object with its members in RFC 7638 order. */
OKTA_MUST_CHECK enum okta_rc okta_jws_key_public(
    const struct okta_jws_key *key, struct okta_buf *out, struct okta_err *err);

/*
 * Append header.payload.signature, HEADER and PAYLOAD being JSON texts made by the caller
 * (HEADER's alg must be okta_jws_key_alg()).  OKTA_OK, OKTA_E_TOOBIG, _NOMEM, _INTERNAL.
 */
OKTA_MUST_CHECK enum okta_rc okta_jws_sign(const struct okta_jws_key *key,
    struct okta_view header, struct okta_view payload, struct okta_buf *out,
    struct okta_err *err);

/*
 * Append a client assertion for private_key_jwt (RFC 7523): iss = sub = CLIENT_ID, aud =
 * AUDIENCE (the token endpoint), iat = NOW_S, exp = NOW_S + 300, a random jti.
 */
OKTA_MUST_CHECK enum okta_rc okta_jws_client_assertion(const struct okta_jws_key *key,
    struct okta_view key_id, struct okta_view client_id, struct okta_view audience,
    int64_t now_s, struct okta_buf *out, struct okta_err *err);

/* Append 128 random bits as base64url: a jti. */
OKTA_MUST_CHECK enum okta_rc okta_jws_random_id(
    struct okta_buf *out, struct okta_err *err);

/* Append base64url(SHA-256(BYTES)): ath, and RFC 7638 thumbprints. */
OKTA_MUST_CHECK enum okta_rc okta_jws_sha256(
    struct okta_view bytes, struct okta_buf *out);
/* The same of its left half: at_hash beside RS256 and ES256. */
OKTA_MUST_CHECK enum okta_rc okta_jws_half_sha256(
    struct okta_view bytes, struct okta_buf *out);

#endif /* OKTA_NET_JWS_H */
