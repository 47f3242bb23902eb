/* SPDX-License-Identifier: BSD-2-Clause */
#include "verify.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/chan.h"
#include "base/clock.h"
#include "base/frame.h"
#include "inner.h"
#include "bounds.h"
#include "net/http.h"

/* Claims with the memory their views point into, which goes with the process. */
struct verified {
	struct okta_id_token *token;
	struct okta_json *userinfo;
	struct okta_claims claims;
};

static void
send_frame(int fd, const struct okta_clock *clock, const struct okta_buf *frame)
{
	enum okta_rc r = okta_chan_send(
	    fd, okta_buf_view(frame), clock, okta_clock_mono_ms(clock) + SEND_MS);

	(void)r; /* who does not hear it denies by himself */
}

static void
send_failure(int fd, const struct okta_clock *clock, enum okta_failure_code code,
    const char *detail)
{
	const struct okta_failure failure = { code, okta_view_str(detail) };
	struct okta_buf frame;

	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	if (okta_wire_put_failure(&frame, &failure) == OKTA_OK)
		send_frame(fd, clock, &frame);
	okta_buf_clear(&frame);
}

static void
send_verdict(int fd, const struct verify_job *job, const struct okta_claims *claims)
{
	struct okta_buf frame;
	enum okta_rc r;

	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	r = okta_wire_put_verdict(&frame, job->start->nonce, claims);
	if (r == OKTA_OK)
		send_frame(fd, job->clock, &frame);
	else if (r == OKTA_E_TOOBIG)
		send_failure(fd, job->clock, OKTA_FAIL_TOO_MANY_GROUPS,
		    "groups claim: more than fits: narrow its filter in the app's Sign "
		    "On tab");
	else
		send_failure(fd, job->clock, OKTA_FAIL_INTERNAL, "out of memory");
	okta_buf_clear(&frame);
}

static enum okta_rc
verify_token(const struct verify_job *job, struct verified *ret, struct okta_err *err)
{
	const struct okta_id_expect expect = {
		.issuer = job->start->issuer,
		.client_id = job->start->client_id,
		.now_s = okta_clock_now_s(job->clock),
		.skew_s = (int64_t)job->start->clock_skew_s,
		.started_s = job->started_s,
	};
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_jwks *keys = NULL;

	r = okta_jwks_new(job->jwks, OKTA_ALGS_LOGIN, &keys, err);
	if (r != OKTA_OK) {
		rc = r == OKTA_E_NOMEM ? r : OKTA_E_NOTFOUND;
		goto out;
	}
	r = okta_id_token_new(job->id_token, keys, &expect, &ret->token, err);
	if (r == OKTA_OK)
		r = okta_id_token_claims(
		    ret->token, job->start->groups_claim, &ret->claims, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	rc = OKTA_OK;
out:
	okta_jwks_free(&keys);
	return rc;
}

static bool
lacks_groups(const struct verify_job *job, const struct verified *v)
{
	return !v->claims.has_groups &&
	       !okta_view_eq_str(job->start->groups_claim, "none");
}

/*
 * Something the configuration asks for is not in the token: /userinfo may have it.  Okta
 * documents neither that the ID token is full in the device grant nor that it is not.
 */
static bool
wants_userinfo(const struct verify_job *job, const struct verified *v)
{
	return !job->userinfo_was_asked && job->access_token.len > 0 &&
	       (v->claims.preferred_username.len == 0 || lacks_groups(job, v));
}

static enum okta_rc
add_userinfo(const struct verify_job *job, struct verified *v, struct okta_err *err)
{
	enum okta_rc r;

	if (job->userinfo.len == 0)
		return OKTA_OK;
	r = okta_json_new(job->userinfo, OKTA_HTTP_LOGIN_MAX, &v->userinfo, err);
	if (r == OKTA_E_NOMEM)
		return r;
	if (r != OKTA_OK)
		return okta_err_set(err, OKTA_E_REFUSED, "userinfo: not strict JSON");
	return okta_id_token_add_userinfo(
	    okta_json_root(v->userinfo), job->start->groups_claim, &v->claims, err);
}

void
verify_run(int fd, const struct verify_job *job)
{
	static struct verified v;
	struct okta_err err = { 0 };
	enum okta_rc r;

	r = okta_http_crypto_init(&err);
	if (r == OKTA_OK)
		r = verify_token(job, &v, &err);
	if (r == OKTA_E_NOTFOUND && !job->jwks_is_fresh) {
		r = inner_send(fd, job->clock, INNER_NEED_KEYS);
		return;
	}
	if (r == OKTA_OK && wants_userinfo(job, &v)) {
		/* a token that is not this answer's must not be used */
		r = okta_id_token_check_access(v.token, job->access_token, &err);
		if (r == OKTA_OK) {
			r = inner_send_need_userinfo(
			    fd, job->clock, lacks_groups(job, &v));
			return;
		}
	}
	if (r == OKTA_OK)
		r = add_userinfo(job, &v, &err);
	if (r == OKTA_OK)
		send_verdict(fd, job, &v.claims);
	else
		send_failure(fd, job->clock,
		    r == OKTA_E_NOMEM || r == OKTA_E_INTERNAL ? OKTA_FAIL_INTERNAL
							      : OKTA_FAIL_TOKEN,
		    err.msg);
}
