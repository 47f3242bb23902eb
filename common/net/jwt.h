/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/jwt.h - check the signature of a compact JWS (RFC 7515).
 * Floor 2: base.  Pure: bytes in, verdict out; no clock, no network.
 *
 * MUST: three canonical base64url parts; a header with alg, kid and at most typ = "JWT";
 * alg exactly one that the key of that kid may use.  MUST NOT: follow, obey or ignore any
 * other header member: crit, b64, zip, jku, jwk, x5u, x5c... refuse the token.
 */
#ifndef OKTA_NET_JWT_H
#define OKTA_NET_JWT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"
#include "net/jwk.h"

#define OKTA_JWT_MAX_BYTES  65536
#define OKTA_JWT_HEADER_MAX 4096

/*
 * Append the payload's bytes to PAYLOAD, whatever they are.  OKTA_OK; OKTA_E_NOTFOUND: no
 * usable key of the token's kid (a fresh JWKS may have it); OKTA_E_REFUSED; OKTA_E_NOMEM.
 * The message names the check and never holds anything of the token.
 */
OKTA_MUST_CHECK enum okta_rc okta_jwt_verify(struct okta_view token,
    const struct okta_jwks *keys, struct okta_buf *payload, struct okta_err *err);

#endif /* OKTA_NET_JWT_H */
