/* SPDX-License-Identifier: BSD-2-Clause */
#include "login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/buf.h"
#include "base/chan.h"
#include "base/frame.h"
#include "model/conf.h"
#include "net/dpop.h"
#include "net/http.h"
#include "net/oidc.h"
#include "net/qr.h"
#include "slim.h"
#include "verify.h"

#define SEND_MS	     1000 /* a peer that does not read is gone */
#define LAST_WORD_MS 500  /* kept for the verdict before the peer's deadline */
#define FORM_MAX     16384
#define AUTH_MAX     65536
#define TRIES	     3 /* of a request after the approval, when Okta stumbles */
#define RETRY_MS     1000

struct login {
	int fd;
	const struct okta_start *start;
	const struct okta_clock *clock;
	int64_t started_s, deadline_ms;

	struct okta_http *http;
	struct okta_endpoints at;
	struct okta_client client;
	struct okta_buf basic;	/* Authorization of a confidential client, or empty */
	struct okta_dpop *dpop; /* once Okta has asked for proofs */

	struct okta_buf device_code, jwks;
	struct okta_json *token_doc; /* the answer with the tokens */
	struct okta_tokens tokens;
	struct verified verified;

	bool cancelled; /* nobody reads any more */
	enum okta_failure_code failure;
	char detail[OKTA_ERR_MSG_BYTES];
};

/* The last step of a path that does not end with claims. */
static enum okta_rc
fail(struct login *l, enum okta_failure_code failure, const char *detail)
{
	l->failure = failure;
	(void)snprintf(l->detail, sizeof(l->detail), "%s", detail);
	return OKTA_E_REFUSED;
}

static enum okta_rc
cancelled(struct login *l)
{
	l->cancelled = true;
	return OKTA_E_UNAVAIL;
}

static void
send_frame(struct login *l, const struct okta_buf *frame)
{
	if (okta_chan_send(l->fd, okta_buf_view(frame), l->clock,
		okta_clock_mono_ms(l->clock) + SEND_MS) != OKTA_OK)
		l->cancelled = true;
}

/*
 * One request and what its answer means.  AUTHORIZATION may be NULL; PROOF: with a DPoP
 * proof once Okta wants them, bound to ACCESS_TOKEN unless that is empty.
 */
static enum okta_rc
ask(struct login *l, struct okta_http_request *request, bool proof,
    struct okta_view access_token, struct okta_oidc_reading *reading,
    struct okta_http_answer *answer, struct okta_json **doc)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_err err = { 0 };
	struct okta_buf dpop;

	okta_buf_init(&dpop, AUTH_MAX);
	if (proof && l->dpop != NULL) {
		r = okta_dpop_proof(l->dpop,
		    request->method == OKTA_HTTP_POST ? "POST" : "GET",
		    okta_view_str(request->url), okta_clock_now_s(l->clock),
		    access_token.len == 0, access_token, &dpop, &err);
		if (r != OKTA_OK) {
			rc = fail(l, OKTA_FAIL_INTERNAL, err.msg);
			goto out;
		}
		request->dpop = dpop.data;
	}
	request->max_body_bytes = OKTA_HTTP_LOGIN_MAX;
	request->deadline_ms = l->deadline_ms;
	r = okta_http_do(l->http, request, answer, &err);
	if (r != OKTA_OK && answer->end == OKTA_HTTP_CANCELLED) {
		rc = cancelled(l);
		goto out;
	}
	okta_oidc_read(answer, &err, reading, doc);
	if (l->dpop != NULL)
		(void)okta_dpop_learn(l->dpop, answer);
	rc = OKTA_OK;
out:
	okta_buf_clear(&dpop);
	return rc;
}

static enum okta_rc
post(struct login *l, const char *url, const struct okta_buf *form, bool proof,
    struct okta_oidc_reading *reading, struct okta_http_answer *answer,
    struct okta_json **doc)
{
	struct okta_http_request request = { .method = OKTA_HTTP_POST, .url = url };

	request.body = okta_buf_view(form);
	request.authorization = l->basic.len > 0 ? l->basic.data : NULL;
	return ask(l, &request, proof, okta_view_str(""), reading, answer, doc);
}

static enum okta_rc
set_up(struct login *l)
{
	struct okta_http_settings settings = { .clock = l->clock, .cancel_fd = l->fd };
	char *ca_file = okta_view_dup(l->start->ca_file);
	char *proxy = okta_view_dup(l->start->proxy);
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_err err = { 0 };

	settings.ca_file = ca_file;
	settings.proxy = proxy;
	if (ca_file == NULL || proxy == NULL) {
		rc = fail(l, OKTA_FAIL_INTERNAL, "out of memory");
		goto out;
	}
	r = okta_http_new(&settings, &l->http, &err);
	if (r == OKTA_OK)
		r = okta_oidc_endpoints(l->start->org_url, l->start->issuer,
		    l->start->client_id, &l->at, &err);
	if (r != OKTA_OK) {
		rc = fail(l, OKTA_FAIL_CLIENT, err.msg);
		goto out;
	}
	l->client.id = l->start->client_id;
	l->client.secret = l->start->client_secret;
	if (okta_oidc_basic(&l->client, &l->basic) != OKTA_OK) {
		rc = fail(l, OKTA_FAIL_CLIENT, "client_secret_file: too long");
		goto out;
	}
	rc = OKTA_OK;
out:
	free(ca_file);
	free(proxy);
	return rc;
}

static enum okta_rc
send_prompt(struct login *l, struct okta_prompt *prompt)
{
	struct okta_buf frame, qr;

	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	okta_buf_init(&qr, OKTA_QR_MAX);
	/* without it the address is still there to be typed */
	if (l->start->qr == OKTA_QR_UTF8 && prompt->verification_uri_complete.len > 0 &&
	    okta_qr_write(prompt->verification_uri_complete, &qr) == OKTA_OK)
		prompt->qr = okta_buf_view(&qr);
	if (okta_wire_put_prompt(&frame, prompt) == OKTA_OK)
		send_frame(l, &frame);
	else
		l->cancelled = true;
	okta_buf_clear(&frame);
	okta_buf_clear(&qr);
	return l->cancelled ? OKTA_E_UNAVAIL : OKTA_OK;
}

/* The device authorization request; asked once: whoever waits at a prompt tries again. */
static enum okta_rc
get_code(struct login *l, struct okta_poll *poll)
{
	struct okta_http_answer answer = { 0 };
	struct okta_oidc_reading reading;
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_json *doc = NULL;
	struct okta_device device;
	struct okta_err err = { 0 };
	struct okta_buf form;

	okta_buf_init(&form, FORM_MAX);
	if (okta_oidc_device_form(&l->client, l->start->scopes, &form) != OKTA_OK) {
		rc = fail(l, OKTA_FAIL_CLIENT, "[login] client_id or scopes: too long");
		goto out;
	}
	r = post(l, l->at.device, &form, false, &reading, &answer, &doc);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	if (reading.meaning != OKTA_OIDC_SUCCESS) {
		rc = fail(l, reading.failure, reading.detail);
		goto out;
	}
	r = okta_oidc_device(okta_json_root(doc), l->start->org_url, &device, &err);
	if (r == OKTA_OK)
		r = okta_buf_append(
		    &l->device_code, device.device_code.p, device.device_code.len);
	if (r != OKTA_OK) {
		rc = fail(l, OKTA_FAIL_ANSWER, err.msg);
		goto out;
	}
	okta_poll_init(poll, device.prompt.interval_s, device.prompt.expires_in_s,
	    okta_clock_mono_ms(l->clock), l->deadline_ms);
	r = send_prompt(l, &device.prompt);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	rc = OKTA_OK;
out:
	okta_json_free(&doc);
	okta_http_answer_clear(&answer);
	okta_buf_clear(&form);
	return rc;
}

/*
 * Fetch PATH, up to TRIES times while Okta is out of order.  *ret_body is what it
 * answered with 200 and a JSON object; for anything else the failure is set.
 */
static enum okta_rc
get(struct login *l, const char *url, const char *authorization,
    struct okta_view access_token, unsigned tries, struct okta_http_answer *ret)
{
	struct okta_http_request request = { .method = OKTA_HTTP_GET };
	struct okta_oidc_reading reading = { 0 };
	struct okta_json *doc = NULL;
	enum okta_rc r;
	unsigned i;

	request.url = url;
	request.authorization = authorization;
	for (i = 0; i < tries; i++) {
		okta_http_answer_clear(ret);
		r = ask(
		    l, &request, access_token.len > 0, access_token, &reading, ret, &doc);
		okta_json_free(&doc);
		if (r != OKTA_OK || reading.meaning == OKTA_OIDC_SUCCESS)
			return r;
		if (reading.meaning != OKTA_OIDC_LATER || ret->status == 401 ||
		    ret->status == 403)
			break;
		if (i + 1 < tries &&
		    okta_http_sleep(l->http, okta_clock_mono_ms(l->clock) + RETRY_MS) !=
			OKTA_OK)
			return cancelled(l);
	}
	return fail(l, reading.failure, reading.detail);
}

static enum okta_rc
get_keys(struct login *l, unsigned tries)
{
	struct okta_http_answer answer = { 0 };
	enum okta_rc r;

	r = get(l, l->at.keys, NULL, okta_view_str(""), tries, &answer);
	if (r == OKTA_OK) {
		okta_buf_clear(&l->jwks);
		r = okta_buf_append(&l->jwks, answer.body.data, answer.body.len);
		if (r != OKTA_OK)
			r = fail(l, OKTA_FAIL_ANSWER, "JWKS: too large");
	}
	okta_http_answer_clear(&answer);
	return r;
}

/* One poll.  *ret_step says how to go on; after DONE the tokens are in L. */
static enum okta_rc
poll_once(struct login *l, struct okta_poll *poll, enum okta_poll_step *ret_step)
{
	struct okta_http_answer answer = { 0 };
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_oidc_reading reading;
	int64_t retry_after_s = 0;
	uint32_t jitter = 0;
	struct okta_err err = { 0 };
	struct okta_buf form;

	okta_buf_init(&form, FORM_MAX);
	r = okta_oidc_token_form(&l->client, okta_buf_view(&l->device_code), &form);
	if (r != OKTA_OK) {
		rc = fail(l, OKTA_FAIL_INTERNAL, "out of memory");
		goto out;
	}
	r = post(l, l->at.token, &form, true, &reading, &answer, &l->token_doc);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	if (reading.meaning == OKTA_OIDC_DPOP && l->dpop == NULL) {
		r = okta_dpop_new(&l->dpop, &err);
		if (r != OKTA_OK) {
			rc = fail(l, OKTA_FAIL_INTERNAL, err.msg);
			goto out;
		}
		(void)okta_dpop_learn(l->dpop, &answer);
	}
	(void)okta_http_retry_after(&answer, &retry_after_s);
	if (getrandom(&jitter, sizeof(jitter), GRND_NONBLOCK) < 0)
		jitter = 0; /* it only spreads hosts over a second */
	*ret_step = okta_poll_feed(
	    poll, &reading, retry_after_s, okta_clock_mono_ms(l->clock), jitter);
	rc = OKTA_OK;
out:
	okta_http_answer_clear(&answer);
	okta_buf_clear(&form);
	return rc;
}

static enum okta_rc
wait_for_tokens(struct login *l, struct okta_poll *poll)
{
	enum okta_poll_step step = OKTA_POLL_AGAIN;
	struct okta_err err = { 0 };
	enum okta_rc r;

	while (step == OKTA_POLL_AGAIN) {
		okta_slim_down();
		if (okta_http_sleep(l->http, poll->next_ms) != OKTA_OK)
			return cancelled(l);
		if (okta_clock_mono_ms(l->clock) >= l->deadline_ms)
			return fail(l, poll->failure, poll->detail);
		r = poll_once(l, poll, &step);
		if (r != OKTA_OK)
			return r;
	}
	okta_buf_clear(&l->device_code);
	if (step != OKTA_POLL_DONE)
		return fail(l, poll->failure, poll->detail);
	if (okta_oidc_tokens(okta_json_root(l->token_doc), &l->tokens, &err) != OKTA_OK)
		return fail(l, OKTA_FAIL_ANSWER, err.msg);
	return OKTA_OK;
}

static enum okta_rc
verify(struct login *l)
{
	struct okta_id_expect expect = {
		.issuer = l->start->issuer,
		.client_id = l->start->client_id,
		.now_s = okta_clock_now_s(l->clock),
		.skew_s = (int64_t)l->start->clock_skew_s,
		.started_s = l->started_s,
	};
	struct okta_err err = { 0 };
	enum okta_rc r;

	r = verify_token(l->tokens.id_token, okta_buf_view(&l->jwks), &expect,
	    l->start->groups_claim, &l->verified, &err);
	if (r == OKTA_E_NOTFOUND) {
		/* a new key, or none fetched yet; once only: the kid is not verified */
		r = get_keys(l, TRIES);
		if (r != OKTA_OK)
			return r;
		r = verify_token(l->tokens.id_token, okta_buf_view(&l->jwks), &expect,
		    l->start->groups_claim, &l->verified, &err);
	}
	if (r == OKTA_OK)
		return OKTA_OK;
	return fail(l, r == OKTA_E_NOMEM ? OKTA_FAIL_INTERNAL : OKTA_FAIL_TOKEN, err.msg);
}

/* What the ID token left out.  Okta documents neither that it is full in the device grant
 * nor that it is not. */
static enum okta_rc
complete(struct login *l)
{
	const bool no_groups = !l->verified.claims.has_groups &&
			       !okta_view_eq_str(l->start->groups_claim, "none");
	struct okta_http_answer answer = { 0 };
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_buf authorization;
	struct okta_err err = { 0 };

	okta_buf_init(&authorization, AUTH_MAX);
	if (!verify_wants_userinfo(&l->verified, l->start->groups_claim) ||
	    l->tokens.access_token.len == 0) {
		rc = OKTA_OK;
		goto out;
	}
	if (okta_id_token_check_access(l->verified.token, l->tokens.access_token, &err) !=
	    OKTA_OK) {
		rc = fail(l, OKTA_FAIL_TOKEN, err.msg);
		goto out;
	}
	r = okta_buf_printf(&authorization, "%s %.*s", l->tokens.dpop ? "DPoP" : "Bearer",
	    (int)l->tokens.access_token.len, l->tokens.access_token.p);
	if (r != OKTA_OK) {
		rc = fail(l, OKTA_FAIL_ANSWER, "token endpoint: access_token: too long");
		goto out;
	}
	r = get(l, l->at.userinfo, authorization.data,
	    l->tokens.dpop ? l->tokens.access_token : okta_view_str(""), TRIES, &answer);
	if (r != OKTA_OK && !l->cancelled &&
	    (!no_groups || answer.status == 401 || answer.status == 403))
		rc = OKTA_OK; /* the policy knows what no groups claim means */
	else if (r != OKTA_OK)
		rc = r;
	else if (verify_userinfo(&l->verified, okta_buf_view(&answer.body),
		     l->start->groups_claim, &err) != OKTA_OK)
		rc = fail(l, OKTA_FAIL_TOKEN, err.msg);
	else
		rc = OKTA_OK;
out:
	okta_http_answer_clear(&answer);
	okta_buf_clear(&authorization);
	return rc;
}

static enum okta_rc
send_claims(struct login *l)
{
	struct okta_buf frame;
	enum okta_rc r;

	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	r = okta_wire_put_claims(&frame, &l->verified.claims);
	if (r == OKTA_OK)
		send_frame(l, &frame);
	else
		r = fail(l, OKTA_FAIL_TOO_MANY_GROUPS,
		    "groups claim: more than fits: narrow its filter in the app's Sign "
		    "On tab");
	okta_buf_clear(&frame);
	return r;
}

static void
send_failure(struct login *l)
{
	struct okta_failure failure = { .code = l->failure };
	struct okta_buf frame;

	failure.detail = okta_view_str(l->detail);
	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	if (okta_wire_put_failure(&frame, &failure) == OKTA_OK)
		send_frame(l, &frame);
	okta_buf_clear(&frame);
}

void
login_run(int fd, const struct okta_start *start, const struct okta_clock *clock,
    int64_t start_ms)
{
	struct login l = {
		.fd = fd, .start = start, .clock = clock, .failure = OKTA_FAIL_INTERNAL
	};
	struct okta_poll poll;
	enum okta_rc r;

	l.started_s = okta_clock_now_s(clock);
	l.deadline_ms = start_ms + (int64_t)start->deadline_s * 1000 - LAST_WORD_MS;
	okta_buf_init(&l.basic, AUTH_MAX);
	okta_buf_init(&l.device_code, OKTA_DEVICE_CODE_MAX);
	okta_buf_init(&l.jwks, OKTA_JWKS_MAX_BYTES);
	r = set_up(&l);
	if (r == OKTA_OK)
		r = get_code(&l, &poll);
	if (r == OKTA_OK) {
		(void)get_keys(
		    &l, 1); /* while the person reads; asked again if need be */
		r = l.cancelled ? OKTA_E_UNAVAIL : wait_for_tokens(&l, &poll);
	}
	if (r == OKTA_OK)
		r = verify(&l);
	if (r == OKTA_OK)
		r = complete(&l);
	if (r == OKTA_OK)
		r = send_claims(&l);
	if (r != OKTA_OK && !l.cancelled)
		send_failure(&l);
	verified_clear(&l.verified);
	okta_json_free(&l.token_doc);
	okta_dpop_free(&l.dpop);
	okta_buf_clear(&l.basic);
	okta_buf_clear(&l.device_code);
	okta_buf_clear(&l.jwks);
	if (!l.cancelled) /* a resolver that hangs would hold us; the end of the process
			     will not */
		okta_http_free(&l.http);
}
