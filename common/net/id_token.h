/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/id_token.h - is this ID token Okta's word about a login that just happened
 * here? Floor 2: base and model.  Pure: token bytes, JWKS and expectations in, claims
 * out; no clock, no network, so that it can run in a process that has neither.
 *
 * MUST: iss byte by byte; aud our client and nobody else; azp, when there, our client;
 * exp, iat, sub and jti present and of the right type; every time checked against the
 * caller's clock. MUST NOT: decide who may log in: the claims go to model/policy.
 */
#ifndef OKTA_NET_ID_TOKEN_H
#define OKTA_NET_ID_TOKEN_H

#include <stdint.h>

#include "base/err.h"
#include "base/view.h"
#include "model/wire.h"
#include "net/json.h"
#include "net/jwk.h"

/* Okta's live an hour, fixed.  A token that claims more than a day is not Okta's. */
#define OKTA_ID_TOKEN_MAX_LIFE_S 86400
#define OKTA_SUB_MAX		 64

struct okta_id_expect {
	struct okta_view issuer, client_id;
	int64_t now_s;
	int64_t skew_s; /* how far the two clocks may be apart */
	int64_t
	    started_s; /* the login began then: iat is not before it; 0: not checked */
	int64_t max_age_s; /* auth_time is at most that old; 0: not checked */
};

struct okta_id_token;

/*
 * Verify TOKEN.  OKTA_OK; OKTA_E_NOTFOUND: unknown kid; OKTA_E_REFUSED with the one check
 * that refused it ("token: aud: ..."); OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc okta_id_token_new(struct okta_view token,
    const struct okta_jwks *keys, const struct okta_id_expect *expect,
    struct okta_id_token **ret, struct okta_err *err);
void okta_id_token_free(struct okta_id_token **token);

/* All claims as they stand in the payload. */
const struct okta_json_value *okta_id_token_json(const struct okta_id_token *token);

/*
 * Is ACCESS_TOKEN the one TOKEN was issued with, by its at_hash (OpenID Connect Core
 * section 3.1.3.6)?  A token without at_hash says nothing.  Ask before using the access
 * token.  OKTA_OK, OKTA_E_REFUSED or OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc okta_id_token_check_access(const struct okta_id_token *token,
    struct okta_view access_token, struct okta_err *err);

/*
 * The claims as the wire has them; views live as long as TOKEN.  GROUPS_CLAIM names the
 * claim with the groups, "none": there is none; a name or an amr value that the wire does
 * not take is left out.  OKTA_OK, or OKTA_E_REFUSED: a claim of a wrong type, or more
 * groups or amr values than the wire takes (names the remedy).
 */
OKTA_MUST_CHECK enum okta_rc okta_id_token_claims(const struct okta_id_token *token,
    struct okta_view groups_claim, struct okta_claims *ret, struct okta_err *err);

/*
 * Add what /userinfo answered (a JSON object) to CLAIMS where the token had it not:
 * groups and preferred_username.  Its sub must be the token's.  Views live as long as
 * USERINFO. OKTA_OK or OKTA_E_REFUSED.
 */
OKTA_MUST_CHECK enum okta_rc okta_id_token_add_userinfo(
    const struct okta_json_value *userinfo, struct okta_view groups_claim,
    struct okta_claims *claims, struct okta_err *err);

#endif /* OKTA_NET_ID_TOKEN_H */
