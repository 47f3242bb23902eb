/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/dpop.h - proof of possession for token and API requests (RFC 9449).
 * Floor 2: base; signs with net/jws.
 *
 * The key is made here, lives as long as the object, and is never the client's own key.
 */
#ifndef OKTA_NET_DPOP_H
#define OKTA_NET_DPOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"
#include "net/http.h"

#define OKTA_DPOP_NONCE_MAX 512

struct okta_dpop; /* a P-256 key and the server's last nonce */

OKTA_MUST_CHECK enum okta_rc okta_dpop_new(struct okta_dpop **ret, struct okta_err *err);
void okta_dpop_free(struct okta_dpop **dpop);

/*
 * Append a proof for METHOD ("POST") and URL (query and fragment are left out of htu),
 * with iat = NOW_S, a fresh jti, and the nonce seen last if WITH_NONCE (token endpoint;
 * Okta wants none on API calls).  ACCESS_TOKEN empty: no ath (token request). OKTA_OK,
 * OKTA_E_TOOBIG, OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc okta_dpop_proof(const struct okta_dpop *dpop,
    const char *method, struct okta_view url, int64_t now_s, bool with_nonce,
    struct okta_view access_token, struct okta_buf *out, struct okta_err *err);

/*
 * Remember the dpop-nonce header of ANSWER, if it has a well-formed one.  True if the
 * nonce is now another one than before: a request that was refused for its nonce may be
 * sent once more.
 */
bool okta_dpop_learn(struct okta_dpop *dpop, const struct okta_http_answer *answer);

#endif /* OKTA_NET_DPOP_H */
