/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/jwt.h"

#include <stdbool.h>

#include "base/b64url.h"
#include "net/json.h"

struct parts {
	struct okta_view header, payload, signature;
	struct okta_view bytes; /* header.payload, what is signed */
};

static enum okta_rc
split(struct okta_view token, struct parts *ret, struct okta_err *err)
{
	struct okta_view rest = token;

	if (token.len > OKTA_JWT_MAX_BYTES)
		return okta_err_set(err, OKTA_E_REFUSED,
		    "token: form: more than %d bytes", OKTA_JWT_MAX_BYTES);
	ret->header = okta_view_split(&rest, '.');
	ret->payload = okta_view_split(&rest, '.');
	if (rest.p == NULL)
		return okta_err_set(err, OKTA_E_REFUSED, "token: form: not three parts");
	ret->signature = okta_view_split(&rest, '.');
	if (rest.p != NULL)
		return okta_err_set(err, OKTA_E_REFUSED, "token: form: not three parts");
	ret->bytes.p = token.p;
	ret->bytes.len = ret->header.len + 1 + ret->payload.len;
	return OKTA_OK;
}

static enum okta_rc
decode(
    struct okta_view text, const char *part, struct okta_buf *out, struct okta_err *err)
{
	enum okta_rc r = okta_b64url_decode(text, out);

	if (r == OKTA_E_INPUT)
		return okta_err_set(
		    err, OKTA_E_REFUSED, "token: %s: not canonical base64url", part);
	if (r == OKTA_E_TOOBIG)
		return okta_err_set(err, OKTA_E_REFUSED, "token: %s: too long", part);
	if (r != OKTA_OK)
		return okta_err_set(err, r, "token: %s: out of memory", part);
	return OKTA_OK;
}

static bool
is_known_member(struct okta_view name)
{
	return okta_view_eq_str(name, "alg") || okta_view_eq_str(name, "kid") ||
	       okta_view_eq_str(name, "typ");
}

/*
 * *ret_alg and *ret_key only on OKTA_OK.  Three refusals here say in plain words what a
 * later step would refuse as well: no object (then it has no alg), an unknown alg
 * (okta_jwk_verify()), a kid of a length no key has (okta_jwks_find()).
 */
static enum okta_rc
read_header(const struct okta_json_value *header, const struct okta_jwks *keys,
    unsigned *ret_alg, const struct okta_jwk **ret_key, struct okta_err *err)
{
	const struct okta_json_value *value;
	struct okta_json_iter it = { 0 };
	const struct okta_jwk *key;
	struct okta_view name, v;
	unsigned alg;

	if (okta_json_type_of(header) != OKTA_JSON_OBJECT)
		return okta_err_set(err, OKTA_E_REFUSED, "token: header: not an object");
	while (okta_json_next(header, &it, &name, &value))
		if (!is_known_member(name))
			return okta_err_set(err, OKTA_E_REFUSED,
			    "token: header: has a member besides alg, kid and typ");
	if (okta_json_type(header, "typ") != OKTA_JSON_ABSENT &&
	    (okta_json_str(header, "typ", &v) != OKTA_OK || !okta_view_eq_str(v, "JWT")))
		return okta_err_set(err, OKTA_E_REFUSED, "token: typ: not JWT");
	if (okta_json_str(header, "alg", &v) != OKTA_OK)
		return okta_err_set(
		    err, OKTA_E_REFUSED, "token: alg: missing or no string");
	alg = okta_alg_by_name(v);
	if (alg == 0)
		return okta_err_set(
		    err, OKTA_E_REFUSED, "token: alg: not an allowed one");
	if (okta_json_str(header, "kid", &v) != OKTA_OK || v.len == 0 ||
	    v.len > OKTA_KID_MAX)
		return okta_err_set(
		    err, OKTA_E_REFUSED, "token: kid: missing, empty or too long");
	key = okta_jwks_find(keys, v);
	if (key == NULL)
		return okta_err_set(err, OKTA_E_NOTFOUND,
		    "token: kid: no usable key of that name in the JWKS");
	*ret_alg = alg;
	*ret_key = key;
	return OKTA_OK;
}

enum okta_rc
okta_jwt_verify(struct okta_view token, const struct okta_jwks *keys,
    struct okta_buf *payload, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_buf header, signature;
	const struct okta_jwk *key = NULL;
	struct okta_json *doc = NULL;
	struct parts parts;
	unsigned alg = 0;

	okta_buf_init(&header, OKTA_JWT_HEADER_MAX);
	okta_buf_init(&signature, OKTA_JWT_MAX_BYTES);
	r = split(token, &parts, err);
	if (r == OKTA_OK)
		r = decode(parts.header, "header", &header, err);
	if (r == OKTA_OK)
		r = decode(parts.signature, "signature", &signature, err);
	if (r == OKTA_OK) {
		r = okta_json_new(okta_buf_view(&header), OKTA_JWT_HEADER_MAX, &doc, err);
		if (r != OKTA_OK && r != OKTA_E_NOMEM)
			r = okta_err_set(
			    err, OKTA_E_REFUSED, "token: header: not strict JSON");
	}
	if (r == OKTA_OK)
		r = read_header(okta_json_root(doc), keys, &alg, &key, err);
	if (r == OKTA_OK)
		r = okta_jwk_verify(
		    key, alg, parts.bytes, okta_buf_view(&signature), err);
	if (r == OKTA_OK)
		r = decode(parts.payload, "payload", payload, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	rc = OKTA_OK;
out:
	okta_json_free(&doc);
	okta_buf_clear(&header);
	okta_buf_clear(&signature);
	return rc;
}
