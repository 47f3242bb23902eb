/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/token.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "base/wipe.h"
#include "net/dpop.h"
#include "net/json.h"
#include "net/jws.h"
#include "net/ratelimit.h"

#define ANSWER_MAX  262144
#define TOKEN_MAX   16384
#define FORM_MAX    65536
#define MARGIN_MS   60000 /* renewed this long before it expires */
#define DANCE_STEPS 5 /* plain, clock, proof, nonce, a nonce that ran out in between */
#define CLOCK_OFF_S 2 /* both clocks are told in whole seconds */

struct okta_token {
	enum okta_sync_auth auth;
	char *org_url, *client_id, *key_id, *secret_name, *scopes;
	char *secret; /* client secret or API token */
	size_t secret_len;
	struct okta_jws_key *key;
	const struct okta_patience *patience;
	struct okta_dpop *dpop;
	bool with_dpop;
	char *access_token; /* NULL: none */
	bool is_dpop_bound;
	int64_t renew_at_ms;
	int64_t ahead_s; /* Okta's clock before ours, where it matters; else 0 */
};

static enum okta_rc
no_memory(struct okta_err *err)
{
	return okta_err_set(err, OKTA_E_NOMEM, "token request: out of memory");
}

static char *
copy(const char *text)
{
	return okta_view_dup(okta_view_str(text == NULL ? "" : text));
}

enum okta_rc
okta_token_new(const struct okta_token_settings *settings, struct okta_token **ret,
    struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_token *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return no_memory(err);
	t->auth = settings->auth;
	t->patience = settings->patience;
	t->org_url = copy(settings->org_url);
	t->client_id = copy(settings->client_id);
	t->key_id = copy(settings->key_id);
	t->secret_name = copy(settings->secret_name);
	t->scopes = copy(settings->scopes);
	if (t->org_url == NULL || t->client_id == NULL || t->key_id == NULL ||
	    t->secret_name == NULL || t->scopes == NULL) {
		rc = no_memory(err);
		goto out;
	}
	if (t->auth == OKTA_AUTH_PRIVATE_KEY_JWT) {
		r = okta_jws_key_new(settings->secret, t->secret_name, &t->key, err);
		if (r != OKTA_OK) {
			rc = r;
			goto out;
		}
	} else {
		t->secret = okta_view_dup(settings->secret);
		t->secret_len = settings->secret.len;
		if (t->secret == NULL || t->secret_len == 0 ||
		    !okta_text_is_printable(settings->secret)) {
			rc = okta_err_set(err, OKTA_E_CONFIG,
			    "%s: must hold the secret alone, one line of printable ASCII",
			    t->secret_name);
			goto out;
		}
	}

	*ret = t;
	t = NULL;
	rc = OKTA_OK;
out:
	okta_token_free(&t);
	return rc;
}

void
okta_token_free(struct okta_token **token)
{
	struct okta_token *t = *token;

	if (t == NULL)
		return;
	okta_jws_key_free(&t->key);
	okta_dpop_free(&t->dpop);
	okta_free_wiped(t->secret, t->secret_len);
	okta_str_free(&t->access_token);
	free(t->org_url);
	free(t->client_id);
	free(t->key_id);
	free(t->secret_name);
	free(t->scopes);
	free(t);
	*token = NULL;
}

bool
okta_token_is_stale(const struct okta_token *token)
{
	if (token->auth == OKTA_AUTH_SSWS)
		return false;
	return token->access_token == NULL ||
	       okta_clock_mono_ms(token->patience->clock) >= token->renew_at_ms;
}

bool
okta_token_drop(struct okta_token *token)
{
	okta_str_free(&token->access_token);
	return token->auth != OKTA_AUTH_SSWS;
}

/* --- whose time it is --------------------------------------------------------------- */

/*
 * What we sign carries a time, which Okta compares with its own: a host whose clock is
 * wrong signs with Okta's, out of the answer that refused it.  Nothing here is believed
 * because of its time, so a wrong one can only make Okta refuse.
 */
static int64_t
now_s(const struct okta_token *t)
{
	return okta_clock_now_s(t->patience->clock) + t->ahead_s;
}

/* True if what was signed before carried another time. */
static bool
learn_clock(struct okta_token *t, const struct okta_rate_headers *headers)
{
	int64_t before = t->ahead_s, ahead;

	if (!headers->has_date)
		return false;
	/* a second less: whose time lies ahead of Okta's is refused at once */
	ahead = headers->date_s - okta_clock_now_s(t->patience->clock) - 1;
	t->ahead_s = ahead > CLOCK_OFF_S || ahead < -CLOCK_OFF_S ? ahead : 0;
	return t->ahead_s - before > CLOCK_OFF_S || before - t->ahead_s > CLOCK_OFF_S;
}

/* --- one request -------------------------------------------------------------------- */

static enum okta_rc
put_form(struct okta_token *t, struct okta_view url, struct okta_buf *form,
    struct okta_err *err)
{
	struct okta_buf assertion;
	enum okta_rc r;

	okta_buf_init(&assertion, TOKEN_MAX);
	r = okta_http_form_add(form, "grant_type", okta_view_str("client_credentials"));
	if (r == OKTA_OK)
		r = okta_http_form_add(form, "scope", okta_view_str(t->scopes));
	if (r == OKTA_OK && t->auth == OKTA_AUTH_PRIVATE_KEY_JWT) {
		r = okta_jws_client_assertion(t->key, okta_view_str(t->key_id),
		    okta_view_str(t->client_id), url, now_s(t), &assertion, err);
		if (r == OKTA_OK)
			r = okta_http_form_add(form, "client_assertion_type",
			    okta_view_str("urn:ietf:params:oauth:client-assertion-type:"
					  "jwt-bearer"));
		if (r == OKTA_OK)
			r = okta_http_form_add(
			    form, "client_assertion", okta_buf_view(&assertion));
	}
	okta_buf_clear(&assertion);
	return r;
}

/* RFC 6749 section 2.3.1: both halves are form-encoded before they are joined. */
static enum okta_rc
put_basic(const struct okta_token *t, struct okta_buf *out)
{
	struct okta_buf pair;
	unsigned char *encoded = NULL;
	size_t size = 0;
	enum okta_rc r;

	okta_buf_init(&pair, TOKEN_MAX);
	r = okta_http_escape(okta_view_str(t->client_id), &pair);
	if (r == OKTA_OK)
		r = okta_buf_append_str(&pair, ":");
	if (r == OKTA_OK)
		r = okta_http_escape(
		    (struct okta_view){ t->secret, t->secret_len }, &pair);
	if (r == OKTA_OK) {
		size = 4 * ((pair.len + 2) / 3) + 1;
		encoded = malloc(size);
		r = encoded == NULL ? OKTA_E_NOMEM : OKTA_OK;
	}
	if (r == OKTA_OK) {
		(void)EVP_EncodeBlock(
		    encoded, (const unsigned char *)pair.data, (int)pair.len);
		r = okta_buf_append_str(out, "Basic ");
	}
	if (r == OKTA_OK)
		r = okta_buf_append_str(out, (const char *)encoded);
	okta_free_wiped(encoded, size);
	okta_buf_clear(&pair);
	return r;
}

static enum okta_rc
put_proof(struct okta_token *t, struct okta_view url, struct okta_buf *out,
    struct okta_err *err)
{
	enum okta_rc r = OKTA_OK;

	if (t->dpop == NULL)
		r = okta_dpop_new(&t->dpop, err);
	if (r != OKTA_OK)
		return r;
	return okta_dpop_proof(t->dpop, "POST", url, now_s(t), true,
	    (struct okta_view){ NULL, 0 }, out, err);
}

static enum okta_rc
post(struct okta_token *t, struct okta_http_answer *answer, struct okta_err *err)
{
	struct okta_buf url, form, basic, proof;
	struct okta_http_request request = { .method = OKTA_HTTP_POST };
	enum okta_rc r;

	okta_buf_init(&url, 512);
	okta_buf_init(&form, FORM_MAX);
	okta_buf_init(&basic, FORM_MAX);
	okta_buf_init(&proof, TOKEN_MAX);
	r = okta_buf_printf(&url, "%s/oauth2/v1/token", t->org_url);
	if (r == OKTA_OK)
		r = put_form(t, okta_buf_view(&url), &form, err);
	if (r == OKTA_OK && t->auth == OKTA_AUTH_CLIENT_SECRET)
		r = put_basic(t, &basic);
	if (r == OKTA_OK && t->with_dpop)
		r = put_proof(t, okta_buf_view(&url), &proof, err);
	if (r != OKTA_OK) {
		if (err != NULL && err->rc == OKTA_OK)
			(void)okta_err_set(err, r, "token request: cannot be made");
		goto out;
	}
	request.url = url.data;
	request.body = okta_buf_view(&form);
	request.authorization = basic.len > 0 ? basic.data : NULL;
	request.dpop = proof.len > 0 ? proof.data : NULL;
	request.max_body_bytes = ANSWER_MAX;
	request.deadline_ms = okta_clock_mono_ms(t->patience->clock) + OKTA_HTTP_TOTAL_MS;
	r = okta_http_do(t->patience->http, &request, answer, err);
out:
	okta_buf_clear(&url);
	okta_buf_clear(&form);
	okta_buf_clear(&basic);
	okta_buf_clear(&proof);
	return r;
}

/* --- what Okta said ----------------------------------------------------------------- */

static enum okta_rc
keep(struct okta_token *t, const struct okta_json_value *root, struct okta_err *err)
{
	static const char bad[] = "Okta's token answer makes no sense";
	struct okta_view token, type;
	int64_t expires_s;
	char *text;

	if (okta_json_str(root, "access_token", &token) != OKTA_OK || token.len == 0 ||
	    token.len > TOKEN_MAX || !okta_text_is_printable(token) ||
	    memchr(token.p, ' ', token.len) != NULL)
		return okta_err_set(err, OKTA_E_INPUT, "%s: no usable access_token", bad);
	if (okta_json_str(root, "token_type", &type) != OKTA_OK || type.len < 4 ||
	    type.len > 6)
		return okta_err_set(err, OKTA_E_INPUT, "%s: no usable token_type", bad);
	if (okta_json_int(root, "expires_in", 1, 86400, &expires_s) != OKTA_OK)
		return okta_err_set(err, OKTA_E_INPUT, "%s: no usable expires_in", bad);
	if (strncasecmp(type.p, "DPoP", type.len) == 0 && t->dpop != NULL)
		t->is_dpop_bound = true;
	else if (strncasecmp(type.p, "Bearer", type.len) == 0)
		t->is_dpop_bound = false;
	else
		return okta_err_set(err, OKTA_E_INPUT, "%s: unknown token_type", bad);
	text = okta_view_dup(token);
	if (text == NULL)
		return no_memory(err);
	okta_str_free(&t->access_token);
	t->access_token = text;
	t->renew_at_ms = okta_clock_mono_ms(t->patience->clock) + expires_s * 1000;
	t->renew_at_ms -= expires_s > 120 ? MARGIN_MS : expires_s * 500;
	return OKTA_OK;
}

/* What an admin can do about each of Okta's errors. */
static const char *
remedy(const struct okta_token *t, struct okta_view error)
{
	if (okta_view_eq_str(error, "invalid_client"))
		return t->auth == OKTA_AUTH_PRIVATE_KEY_JWT
			   ? "check [sync] client_id, key_id, private_key_file and this "
			     "host's clock"
			   : "check [sync] client_id and client_secret_file";
	if (okta_view_eq_str(error, "consent_required") ||
	    okta_view_eq_str(error, "invalid_scope"))
		return "grant the service app its scopes in Okta (Okta API Scopes)";
	if (okta_view_eq_str(error, "invalid_dpop_proof"))
		return "check this host's clock";
	return "check the service app in Okta";
}

static enum okta_rc
refused(const struct okta_token *t, struct okta_view error,
    const struct okta_json_value *root, struct okta_err *err)
{
	struct okta_view text = { NULL, 0 };
	char word[64], said[160];

	if (okta_json_str(root, "error_description", &text) != OKTA_OK)
		text = okta_view_str("(no description)");
	okta_text_sanitize(word, sizeof(word), error);
	okta_text_sanitize(said, sizeof(said), text);
	return okta_err_set(err, OKTA_E_CONFIG,
	    "Okta refused a token: %s: %s Scopes asked: %s: %s", word, said, t->scopes,
	    remedy(t, error));
}

/* One step of the DPoP dance: OKTA_E_RANGE means "changed something, ask once more". */
static enum okta_rc
judge(struct okta_token *t, const struct okta_http_answer *answer,
    const struct okta_rate_headers *headers, struct okta_err *err)
{
	const struct okta_json_value *root;
	struct okta_json *doc = NULL;
	struct okta_view error;
	bool fresh_nonce = false, other_time = learn_clock(t, headers);
	enum okta_rc r;

	if (t->dpop != NULL)
		fresh_nonce = okta_dpop_learn(t->dpop, answer);
	r = okta_json_new(okta_buf_view(&answer->body), ANSWER_MAX, &doc, err);
	if (r != OKTA_OK)
		return okta_err_set(err, OKTA_E_INPUT,
		    "Okta's token answer (HTTP %ld) is no JSON", answer->status);
	root = okta_json_root(doc);
	if (answer->status == 200) {
		r = keep(t, root, err);
	} else if (okta_json_str(root, "error", &error) != OKTA_OK) {
		r = okta_err_set(err, OKTA_E_CONFIG,
		    "Okta refused a token with HTTP %ld: check [okta] org_url and the "
		    "service app",
		    answer->status);
	} else if (other_time && (okta_view_eq_str(error, "invalid_client") ||
				     okta_view_eq_str(error, "invalid_dpop_proof"))) {
		r = OKTA_E_RANGE;
	} else if (okta_view_eq_str(error, "invalid_dpop_proof") && !t->with_dpop) {
		t->with_dpop = true;
		r = OKTA_E_RANGE;
	} else if (okta_view_eq_str(error, "use_dpop_nonce") && fresh_nonce) {
		r = OKTA_E_RANGE;
	} else {
		r = refused(t, error, root, err);
	}
	okta_json_free(&doc);
	return r;
}

/* Ask until there is a token; *ret_wait_ms is set when it is worth trying again. */
static enum okta_rc
dance(struct okta_token *t, unsigned tries, int64_t *ret_wait_ms, struct okta_err *err)
{
	struct okta_http_answer answer = { 0 };
	struct okta_rate_headers headers;
	enum okta_rate_cause cause;
	enum okta_rc r = OKTA_E_INTERNAL;
	unsigned step;

	for (step = 0; step < DANCE_STEPS; step++) {
		r = post(t, &answer, err);
		headers = okta_rate_read(&answer);
		cause = okta_rate_cause(answer.end, answer.status, &headers);
		if (cause != OKTA_RATE_FINAL) {
			if (r == OKTA_OK)
				r = okta_err_set(err, OKTA_E_UNAVAIL,
				    "Okta answers HTTP %ld to a token request",
				    answer.status);
			if (!okta_rate_again(cause, tries, &headers,
				okta_patience_random(), ret_wait_ms))
				*ret_wait_ms = -1;
			break;
		}
		if (r == OKTA_OK)
			r = judge(t, &answer, &headers, err);
		okta_http_answer_clear(&answer);
		if (r != OKTA_E_RANGE)
			break;
	}
	okta_http_answer_clear(&answer);
	if (r == OKTA_E_RANGE)
		r = okta_err_set(
		    err, OKTA_E_CONFIG, "Okta asks for a new DPoP nonce again and again");
	return r;
}

enum okta_rc
okta_token_get(struct okta_token *token, struct okta_err *err)
{
	struct okta_err why = { 0 };
	int64_t wait_ms;
	unsigned tries;
	enum okta_rc r;

	for (tries = 1;; tries++) {
		wait_ms = -1;
		r = dance(token, tries, &wait_ms, &why);
		if (r == OKTA_OK)
			return OKTA_OK;
		if (wait_ms < 0)
			break;
		r = okta_patience_wait(token->patience, why.msg, wait_ms, err);
		if (r != OKTA_OK)
			return r;
	}
	if (err != NULL)
		*err = why;
	return r;
}

enum okta_rc
okta_token_headers(struct okta_token *token, struct okta_view url,
    struct okta_buf *authorization, struct okta_buf *proof, struct okta_err *err)
{
	struct okta_view access;

	okta_buf_clear(authorization);
	okta_buf_clear(proof);
	if (token->auth == OKTA_AUTH_SSWS)
		return okta_buf_printf(authorization, "SSWS %s", token->secret);
	if (token->access_token == NULL)
		return okta_err_set(err, OKTA_E_INTERNAL, "no access token");
	access = okta_view_str(token->access_token);
	if (!token->is_dpop_bound)
		return okta_buf_printf(authorization, "Bearer %s", token->access_token);
	if (okta_buf_printf(authorization, "DPoP %s", token->access_token) != OKTA_OK)
		return no_memory(err);
	return okta_dpop_proof(
	    token->dpop, "GET", url, now_s(token), false, access, proof, err);
}
