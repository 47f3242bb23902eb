/* SPDX-License-Identifier: BSD-2-Clause */
#include "verify.h"

#include <string.h>

#include "net/http.h"

enum okta_rc
verify_token(struct okta_view token, struct okta_view jwks,
    const struct okta_id_expect *expect, struct okta_view groups_claim,
    struct verified *ret, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_jwks *keys = NULL;

	r = okta_jwks_new(jwks, OKTA_ALGS_LOGIN, &keys, err);
	if (r != OKTA_OK) {
		rc = r == OKTA_E_NOMEM ? r : OKTA_E_NOTFOUND;
		goto out;
	}
	r = okta_id_token_new(token, keys, expect, &ret->token, err);
	if (r == OKTA_OK)
		r = okta_id_token_claims(ret->token, groups_claim, &ret->claims, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	rc = OKTA_OK;
out:
	okta_jwks_free(&keys);
	return rc;
}

bool
verify_wants_userinfo(const struct verified *v, struct okta_view groups_claim)
{
	return v->claims.preferred_username.len == 0 ||
	       (!v->claims.has_groups && !okta_view_eq_str(groups_claim, "none"));
}

enum okta_rc
verify_userinfo(struct verified *v, struct okta_view body, struct okta_view groups_claim,
    struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;

	r = okta_json_new(body, OKTA_HTTP_LOGIN_MAX, &v->userinfo, err);
	if (r != OKTA_OK) {
		rc = r == OKTA_E_NOMEM
			 ? r
			 : okta_err_set(err, OKTA_E_REFUSED, "userinfo: not strict JSON");
		goto out;
	}
	r = okta_id_token_add_userinfo(
	    okta_json_root(v->userinfo), groups_claim, &v->claims, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	rc = OKTA_OK;
out:
	return rc;
}

void
verified_clear(struct verified *v)
{
	okta_id_token_free(&v->token);
	okta_json_free(&v->userinfo);
	memset(&v->claims, 0, sizeof(v->claims));
}
