/* SPDX-License-Identifier: BSD-2-Clause */
/* okta-auth-helper/verify.h - from bytes of the network to claims.
 *
 * Takes bytes and expectations only, so that it can move to a process without a network.
 */
#ifndef OKTA_HELPER_VERIFY_H
#define OKTA_HELPER_VERIFY_H

#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"
#include "model/wire.h"
#include "net/id_token.h"

/* Verified claims with the memory their views point into. */
struct verified {
	struct okta_id_token *token;
	struct okta_json *userinfo;
	struct okta_claims claims;
};
void verified_clear(struct verified *v);

/*
 * OKTA_OK; OKTA_E_NOTFOUND: the JWKS has no usable key of the token's kid (or is no
 * JWKS); OKTA_E_REFUSED; OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc verify_token(struct okta_view token, struct okta_view jwks,
    const struct okta_id_expect *expect, struct okta_view groups_claim,
    struct verified *ret, struct okta_err *err);

/* Something the configuration asks for is not in the token: /userinfo may have it. */
bool verify_wants_userinfo(const struct verified *v, struct okta_view groups_claim);

/* OKTA_OK, OKTA_E_REFUSED (another sub, malformed) or OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc verify_userinfo(struct verified *v, struct okta_view body,
    struct okta_view groups_claim, struct okta_err *err);

#endif /* OKTA_HELPER_VERIFY_H */
