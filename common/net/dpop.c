/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/dpop.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/wipe.h"
#include "net/json.h"
#include "net/jws.h"

#define PROOF_MAX 8192

struct okta_dpop {
	struct okta_jws_key *key;
	char *nonce; /* NULL: none seen */
};

enum okta_rc
okta_dpop_new(struct okta_dpop **ret, struct okta_err *err)
{
	enum okta_rc r;
	struct okta_dpop *dpop = calloc(1, sizeof(*dpop));

	if (dpop == NULL)
		return okta_err_set(err, OKTA_E_NOMEM, "DPoP: out of memory");
	r = okta_jws_key_generate(&dpop->key, err);
	if (r != OKTA_OK) {
		free(dpop);
		return r;
	}
	*ret = dpop;
	return OKTA_OK;
}

void
okta_dpop_free(struct okta_dpop **dpop)
{
	if (*dpop == NULL)
		return;
	okta_jws_key_free(&(*dpop)->key);
	okta_str_free(&(*dpop)->nonce);
	free(*dpop);
	*dpop = NULL;
}

/* RFC 9449 section 4.2: htu has no query and no fragment. */
static struct okta_view
without_query(struct okta_view url)
{
	size_t i;

	for (i = 0; i < url.len; i++)
		if (url.p[i] == '?' || url.p[i] == '#')
			break;
	url.len = i;
	return url;
}

static enum okta_rc
put_header(const struct okta_dpop *dpop, struct okta_buf *out, struct okta_err *err)
{
	enum okta_rc r;

	r = okta_buf_printf(out,
	    "{\"typ\":\"dpop+jwt\",\"alg\":\"%s\",\"jwk\":", okta_jws_key_alg(dpop->key));
	if (r == OKTA_OK)
		r = okta_jws_key_public(dpop->key, out, err);
	if (r == OKTA_OK)
		r = okta_buf_append_str(out, "}");
	return r;
}

static enum okta_rc
put_claims(const struct okta_dpop *dpop, const char *method, struct okta_view url,
    int64_t now_s, bool with_nonce, struct okta_view access_token, struct okta_buf *out,
    struct okta_err *err)
{
	enum okta_rc r;

	r = okta_buf_printf(out, "{\"htm\":\"%s\",\"htu\":", method);
	if (r == OKTA_OK)
		r = okta_json_write_str(without_query(url), out);
	if (r == OKTA_OK)
		r = okta_buf_printf(out, ",\"iat\":%lld,\"jti\":\"", (long long)now_s);
	if (r == OKTA_OK)
		r = okta_jws_random_id(out, err);
	if (r == OKTA_OK)
		r = okta_buf_append_str(out, "\"");
	if (r == OKTA_OK && with_nonce && dpop->nonce != NULL) {
		r = okta_buf_append_str(out, ",\"nonce\":");
		if (r == OKTA_OK)
			r = okta_json_write_str(okta_view_str(dpop->nonce), out);
	}
	if (r == OKTA_OK && access_token.len > 0) {
		r = okta_buf_append_str(out, ",\"ath\":\"");
		if (r == OKTA_OK)
			r = okta_jws_sha256(access_token, out);
		if (r == OKTA_OK)
			r = okta_buf_append_str(out, "\"");
	}
	if (r == OKTA_OK)
		r = okta_buf_append_str(out, "}");
	return r;
}

enum okta_rc
okta_dpop_proof(const struct okta_dpop *dpop, const char *method, struct okta_view url,
    int64_t now_s, bool with_nonce, struct okta_view access_token, struct okta_buf *out,
    struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_buf header, claims;

	okta_buf_init(&header, PROOF_MAX);
	okta_buf_init(&claims, PROOF_MAX);
	r = put_header(dpop, &header, err);
	if (r == OKTA_OK)
		r = put_claims(
		    dpop, method, url, now_s, with_nonce, access_token, &claims, err);
	if (r == OKTA_OK)
		r = okta_jws_sign(
		    dpop->key, okta_buf_view(&header), okta_buf_view(&claims), out, err);
	if (r != OKTA_OK) {
		rc = okta_err_set(err, r, "DPoP: cannot make a proof");
		goto out;
	}
	rc = OKTA_OK;
out:
	okta_buf_clear(&header);
	okta_buf_clear(&claims);
	return rc;
}

bool
okta_dpop_learn(struct okta_dpop *dpop, const struct okta_http_answer *answer)
{
	struct okta_view nonce;
	char *copy;

	if (!okta_http_header(answer, "dpop-nonce", 0, &nonce) || nonce.len == 0 ||
	    nonce.len > OKTA_DPOP_NONCE_MAX || !okta_text_is_printable(nonce))
		return false;
	if (dpop->nonce != NULL && okta_view_eq_str(nonce, dpop->nonce))
		return false;
	copy = okta_view_dup(nonce);
	if (copy == NULL)
		return false;
	okta_str_free(&dpop->nonce);
	dpop->nonce = copy;
	return true;
}
