/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/id_token.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/wipe.h"
#include "net/jws.h"
#include "net/jwt.h"

#define AT_HASH_MAX 64
#define TIME_MAX    253402300799 /* the end of year 9999 */

struct okta_id_token {
	struct okta_buf payload;
	struct okta_json *doc;
	int64_t iat_s, exp_s, auth_time_s; /* auth_time 0: absent */
};

static enum okta_rc
refuse(struct okta_err *err, const char *why)
{
	return okta_err_set(err, OKTA_E_REFUSED, "token: %s", why);
}

static enum okta_rc
check_issuer(const struct okta_json_value *root, const struct okta_id_expect *x,
    struct okta_err *err)
{
	struct okta_view iss;

	if (okta_json_str(root, "iss", &iss) != OKTA_OK)
		return refuse(err, "iss: missing or no string");
	if (x->issuer.len == 0 || !okta_view_eq(iss, x->issuer))
		return refuse(err, "iss: another issuer than this host's");
	return OKTA_OK;
}

/* A string, or an array of exactly one: in a longer one others were meant too. */
static enum okta_rc
check_audience(const struct okta_json_value *root, const struct okta_id_expect *x,
    struct okta_err *err)
{
	const struct okta_json_value *list;
	struct okta_view aud, azp;
	enum okta_rc r;

	if (okta_json_array(root, "aud", &list) == OKTA_OK) {
		if (okta_json_count(list) != 1)
			return refuse(err, "aud: not for this client alone");
		if (okta_json_as_str(okta_json_item(list, 0), &aud) != OKTA_OK)
			return refuse(err, "aud: missing or no string");
	} else if (okta_json_str(root, "aud", &aud) != OKTA_OK) {
		return refuse(err, "aud: missing or no string");
	}
	if (x->client_id.len == 0 || !okta_view_eq(aud, x->client_id))
		return refuse(err, "aud: for another client");
	r = okta_json_str(root, "azp", &azp);
	if (r != OKTA_E_NOTFOUND && (r != OKTA_OK || !okta_view_eq(azp, x->client_id)))
		return refuse(err, "azp: issued to another client");
	return OKTA_OK;
}

static enum okta_rc
check_subject(const struct okta_json_value *root, struct okta_err *err)
{
	struct okta_view sub;
	size_t i;

	if (okta_json_str(root, "sub", &sub) != OKTA_OK || sub.len == 0)
		return refuse(err, "sub: missing, empty or no string");
	if (sub.len > OKTA_SUB_MAX || !okta_text_is_printable(sub))
		return refuse(err, "sub: not an Okta user id");
	for (i = 0; i < sub.len; i++)
		if (sub.p[i] == ' ')
			return refuse(err, "sub: not an Okta user id");
	return OKTA_OK;
}

/* By it a token is known again: one without could come a second time. */
static enum okta_rc
check_jti(const struct okta_json_value *root, struct okta_err *err)
{
	struct okta_view jti;

	if (okta_json_str(root, "jti", &jti) != OKTA_OK || jti.len == 0)
		return refuse(err, "jti: missing, empty or no string");
	if (jti.len > OKTA_WIRE_TEXT_MAX || !okta_text_is_printable(jti))
		return refuse(err, "jti: too long or not printable");
	return OKTA_OK;
}

/* *ret stays 0 when there is no such claim. */
static enum okta_rc
optional_time(const struct okta_json_value *root, const char *name, int64_t *ret)
{
	enum okta_rc r = okta_json_int(root, name, 1, TIME_MAX, ret);

	return r == OKTA_E_NOTFOUND ? OKTA_OK : r;
}

static enum okta_rc
check_lifetime(
    const struct okta_id_token *t, const struct okta_id_expect *x, struct okta_err *err)
{
	if (t->exp_s <= t->iat_s)
		return refuse(err, "exp: not after iat");
	if (t->exp_s - t->iat_s > OKTA_ID_TOKEN_MAX_LIFE_S)
		return refuse(err, "exp: more than a day after iat");
	if (t->exp_s <= x->now_s - x->skew_s)
		return refuse(err, "exp: expired: check this host's clock");
	if (t->iat_s > x->now_s + x->skew_s)
		return refuse(err, "iat: in the future: check this host's clock");
	if (x->started_s != 0 && t->iat_s < x->started_s - x->skew_s)
		return refuse(
		    err, "iat: issued before this login began: check this host's clock");
	return OKTA_OK;
}

static enum okta_rc
check_auth_time(
    const struct okta_id_token *t, const struct okta_id_expect *x, struct okta_err *err)
{
	if (t->auth_time_s > x->now_s + x->skew_s)
		return refuse(err, "auth_time: in the future: check this host's clock");
	if (x->max_age_s == 0)
		return OKTA_OK;
	if (t->auth_time_s == 0)
		return refuse(err, "auth_time: missing, and this host sets an age limit");
	if (x->now_s - t->auth_time_s > x->max_age_s + x->skew_s)
		return refuse(err, "auth_time: signed in to Okta too long ago");
	return OKTA_OK;
}

static enum okta_rc
check_times(struct okta_id_token *t, const struct okta_id_expect *x, struct okta_err *err)
{
	const struct okta_json_value *root = okta_json_root(t->doc);
	int64_t nbf = 0;
	enum okta_rc r;

	if (okta_json_int(root, "exp", 1, TIME_MAX, &t->exp_s) != OKTA_OK)
		return refuse(err, "exp: missing or no time");
	if (okta_json_int(root, "iat", 1, TIME_MAX, &t->iat_s) != OKTA_OK)
		return refuse(err, "iat: missing or no time");
	if (optional_time(root, "nbf", &nbf) != OKTA_OK)
		return refuse(err, "nbf: no time");
	if (optional_time(root, "auth_time", &t->auth_time_s) != OKTA_OK)
		return refuse(err, "auth_time: no time");
	r = check_lifetime(t, x, err);
	if (r != OKTA_OK)
		return r;
	if (nbf > x->now_s + x->skew_s)
		return refuse(err, "nbf: not valid yet: check this host's clock");
	return check_auth_time(t, x, err);
}

enum okta_rc
okta_id_token_new(struct okta_view token, const struct okta_jwks *keys,
    const struct okta_id_expect *expect, struct okta_id_token **ret, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	const struct okta_json_value *root;
	struct okta_id_token *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return okta_err_set(err, OKTA_E_NOMEM, "token: out of memory");
	okta_buf_init(&t->payload, OKTA_JWT_MAX_BYTES);
	r = okta_jwt_verify(token, keys, &t->payload, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	r = okta_json_new(okta_buf_view(&t->payload), OKTA_JWT_MAX_BYTES, &t->doc, err);
	if (r != OKTA_OK) {
		rc = r == OKTA_E_NOMEM ? r : refuse(err, "payload: not strict JSON");
		goto out;
	}
	root = okta_json_root(t->doc);
	if (okta_json_type_of(root) != OKTA_JSON_OBJECT) {
		rc = refuse(err, "payload: not an object");
		goto out;
	}
	r = check_issuer(root, expect, err);
	if (r == OKTA_OK)
		r = check_audience(root, expect, err);
	if (r == OKTA_OK)
		r = check_subject(root, err);
	if (r == OKTA_OK)
		r = check_jti(root, err);
	if (r == OKTA_OK)
		r = check_times(t, expect, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	*ret = t;
	t = NULL;
	rc = OKTA_OK;
out:
	okta_id_token_free(&t);
	return rc;
}

void
okta_id_token_free(struct okta_id_token **token)
{
	if (*token == NULL)
		return;
	okta_buf_clear(&(*token)->payload);
	okta_json_free(&(*token)->doc);
	free(*token);
	*token = NULL;
}

const struct okta_json_value *
okta_id_token_json(const struct okta_id_token *token)
{
	return okta_json_root(token->doc);
}

enum okta_rc
okta_id_token_check_access(const struct okta_id_token *token,
    struct okta_view access_token, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_view at_hash;
	struct okta_buf ours;

	okta_buf_init(&ours, AT_HASH_MAX);
	r = okta_json_str(okta_json_root(token->doc), "at_hash", &at_hash);
	if (r == OKTA_E_NOTFOUND) {
		rc = OKTA_OK;
		goto out;
	}
	if (r != OKTA_OK) {
		rc = refuse(err, "at_hash: no text");
		goto out;
	}
	r = okta_jws_half_sha256(access_token, &ours);
	if (r != OKTA_OK) {
		rc = okta_err_set(err, r, "token: at_hash: cannot be computed");
		goto out;
	}
	if (!okta_view_eq(at_hash, okta_buf_view(&ours))) {
		rc = refuse(err, "at_hash: the access token belongs to another ID token");
		goto out;
	}
	rc = OKTA_OK;
out:
	okta_buf_clear(&ours);
	return rc;
}

/*
 * RFC 8176: strings, of which each side knows those it knows.  One that cannot be sent on
 * is none that require_amr could name: it is left out, which lets nobody in who lacks
 * another, and locks nobody out who has it.  Absent: OKTA_E_NOTFOUND.
 */
static enum okta_rc
read_amr(const struct okta_json_value *root, struct okta_claims *claims)
{
	const struct okta_json_value *list, *item;
	struct okta_view method;
	enum okta_rc r;
	size_t i, n = 0;

	r = okta_json_array(root, "amr", &list);
	if (r != OKTA_OK)
		return r;
	if (okta_json_count(list) > OKTA_WIRE_AMR_MAX)
		return OKTA_E_TOOBIG;
	for (i = 0; i < okta_json_count(list); i++) {
		item = okta_json_item(list, i);
		if (okta_json_type_of(item) != OKTA_JSON_STRING)
			return OKTA_E_INPUT;
		if (okta_json_as_str(item, &method) == OKTA_OK && /* no NUL inside */
		    okta_wire_is_amr(method))
			claims->amr[n++] = method;
	}
	claims->n_amr = n;
	return OKTA_OK;
}

/*
 * Whoever may create groups chooses their names; a name that cannot be sent on must not
 * lock its members out.  It is left out: no claim may match it in the snapshot either, so
 * neither an allowance nor a denial hangs on it.
 */
static enum okta_rc
read_names(const struct okta_json_value *list, struct okta_claims *claims)
{
	const struct okta_json_value *item;
	struct okta_view name;
	size_t i, n = 0;

	for (i = 0; i < okta_json_count(list); i++) {
		item = okta_json_item(list, i);
		if (okta_json_type_of(item) != OKTA_JSON_STRING)
			return OKTA_E_INPUT;
		if (okta_json_as_str(item, &name) != OKTA_OK || /* a NUL inside */
		    !okta_wire_is_group_name(name))
			continue;
		/* which of them to leave out then?  One could be a denial */
		if (n == OKTA_WIRE_GROUPS_MAX)
			return OKTA_E_TOOBIG;
		claims->groups[n++] = name;
	}
	claims->n_groups = n;
	return OKTA_OK;
}

static enum okta_rc
read_groups(const struct okta_json_value *root, struct okta_view groups_claim,
    struct okta_claims *claims, struct okta_err *err)
{
	const struct okta_json_value *list;
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	char *name;

	if (okta_view_eq_str(groups_claim, "none"))
		return OKTA_OK;
	name = okta_view_dup(groups_claim);
	if (name == NULL)
		return okta_err_set(err, OKTA_E_NOMEM, "token: out of memory");
	r = okta_json_array(root, name, &list);
	if (r == OKTA_OK)
		r = read_names(list, claims);
	if (r == OKTA_E_TOOBIG) {
		rc = refuse(err,
		    "groups claim: too many names: narrow the claim's filter in the Okta "
		    "app");
		goto out;
	}
	if (r != OKTA_OK && r != OKTA_E_NOTFOUND) {
		rc = refuse(err, "groups claim: not an array of names");
		goto out;
	}
	claims->has_groups = r == OKTA_OK;
	rc = OKTA_OK;
out:
	okta_str_free(&name);
	return rc;
}

/* An optional claim that is a short string; absent is empty. */
static enum okta_rc
optional_str(const struct okta_json_value *root, const char *name, struct okta_view *ret)
{
	enum okta_rc r = okta_json_str(root, name, ret);

	if (r == OKTA_E_NOTFOUND)
		return OKTA_OK;
	if (r == OKTA_OK && ret->len > OKTA_WIRE_TEXT_MAX)
		return OKTA_E_INPUT;
	return r;
}

enum okta_rc
okta_id_token_claims(const struct okta_id_token *token, struct okta_view groups_claim,
    struct okta_claims *ret, struct okta_err *err)
{
	const struct okta_json_value *root = okta_json_root(token->doc);
	enum okta_rc r;

	memset(ret, 0, sizeof(*ret));
	if (okta_json_str(root, "iss", &ret->iss) != OKTA_OK ||
	    okta_json_str(root, "sub", &ret->sub) != OKTA_OK ||
	    okta_json_str(root, "jti", &ret->jti) != OKTA_OK)
		return okta_err_set(
		    err, OKTA_E_INTERNAL, "token: iss, sub or jti not checked");
	if (optional_str(root, "preferred_username", &ret->preferred_username) != OKTA_OK)
		return refuse(err, "preferred_username: no text");
	r = read_amr(root, ret);
	if (r != OKTA_OK && r != OKTA_E_NOTFOUND)
		return refuse(err, "amr: not a short array of strings");
	ret->iat_s = (uint64_t)token->iat_s;
	ret->exp_s = (uint64_t)token->exp_s;
	ret->auth_time_s = (uint64_t)token->auth_time_s;
	return read_groups(root, groups_claim, ret, err);
}

enum okta_rc
okta_id_token_add_userinfo(const struct okta_json_value *userinfo,
    struct okta_view groups_claim, struct okta_claims *claims, struct okta_err *err)
{
	struct okta_view sub;

	if (okta_json_str(userinfo, "sub", &sub) != OKTA_OK ||
	    !okta_view_eq(sub, claims->sub))
		return okta_err_set(err, OKTA_E_REFUSED,
		    "userinfo: sub: another person than in the token");
	if (claims->preferred_username.len == 0 &&
	    optional_str(userinfo, "preferred_username", &claims->preferred_username) !=
		OKTA_OK)
		return refuse(err, "preferred_username: no text");
	if (claims->has_groups)
		return OKTA_OK;
	return read_groups(userinfo, groups_claim, claims, err);
}
