/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/token.h - the right to call Okta's management API.
 * Floor 2: base, model.
 *
 * Three ways: private_key_jwt (API Services app), a client secret (API Service
 * Integration), an SSWS API token.  DPoP is switched on by Okta's own answer, since an
 * admin rarely knows whether the app demands it: default for new apps, absent for old
 * ones. MUST: a fresh assertion and a fresh proof for every try (each jti is good once);
 * the secret and the token are wiped.
 */
#ifndef OKTA_NET_TOKEN_H
#define OKTA_NET_TOKEN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"
#include "model/conf.h"
#include "net/patience.h"

struct okta_token;

struct okta_token_settings {
	const char *org_url;
	enum okta_sync_auth auth;
	const char *client_id;	 /* not with SSWS */
	const char *key_id;	 /* private_key_jwt */
	const char *secret_name; /* path of the secret's file, for messages */
	struct okta_view secret; /* PEM key, client secret or API token */
	const char *scopes;	 /* space separated; not with SSWS */
	const struct okta_patience *patience;
};

/* Everything is copied but PATIENCE.  OKTA_OK, OKTA_E_CONFIG (bad key), OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc okta_token_new(const struct okta_token_settings *settings,
    struct okta_token **ret, struct okta_err *err);
void okta_token_free(struct okta_token **token);

/* True if okta_token_get() must be called before the next request. */
bool okta_token_is_stale(const struct okta_token *token);

/*
 * Get a new one, retrying what is worth it; no request may be in flight.  OKTA_OK;
 * OKTA_E_CONFIG: Okta refuses us, the message says what to change; OKTA_E_UNAVAIL,
 * _TIMEOUT, _INPUT, _NOMEM: try again later.
 */
OKTA_MUST_CHECK enum okta_rc okta_token_get(
    struct okta_token *token, struct okta_err *err);
/* Okta refused it: the next okta_token_get() asks for another.  False with SSWS: no use.
 */
bool okta_token_drop(struct okta_token *token);

/* The two header values for one GET of URL; PROOF stays empty without DPoP. */
OKTA_MUST_CHECK enum okta_rc okta_token_headers(struct okta_token *token,
    struct okta_view url, struct okta_buf *authorization, struct okta_buf *proof,
    struct okta_err *err);

#endif /* OKTA_NET_TOKEN_H */
