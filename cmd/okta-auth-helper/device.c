/* SPDX-License-Identifier: BSD-2-Clause */
#include "device.h"

#include <string.h>
#include <sys/random.h>

#include "base/buf.h"
#include "base/chan.h"
#include "base/frame.h"
#include "inner.h"
#include "bounds.h"
#include "net/dpop.h"
#include "slim.h"
#include "task.h"

#define FORM_MAX 16384
#define AUTH_MAX 65536

struct device {
	struct task task;
	const struct okta_start *start;
	struct okta_client client;
	struct okta_buf basic;	/* Authorization of a confidential client, or empty */
	struct okta_dpop *dpop; /* once Okta has asked for proofs */
	struct okta_buf device_code;
	struct okta_json *token_doc; /* the answer with the tokens */
};

static enum okta_rc
fail(struct device *d, enum okta_failure_code failure, const char *detail)
{
	return task_fail(&d->task, failure, detail);
}

/* One request and what its answer means.  With a DPoP proof once Okta wants them, if
 * PROOF. */
static enum okta_rc
post(struct device *d, const char *url, const struct okta_buf *form, bool proof,
    struct okta_oidc_reading *reading, struct okta_http_answer *answer,
    struct okta_json **doc)
{
	struct okta_http_request request = { .method = OKTA_HTTP_POST,
		.url = url,
		.max_body_bytes = OKTA_HTTP_LOGIN_MAX,
		.deadline_ms = d->task.deadline_ms };
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_err err = { 0 };
	struct okta_buf dpop;

	okta_buf_init(&dpop, AUTH_MAX);
	request.body = okta_buf_view(form);
	request.authorization = d->basic.len > 0 ? d->basic.data : NULL;
	if (proof && d->dpop != NULL) {
		r = okta_dpop_proof(d->dpop, "POST", okta_view_str(url),
		    okta_clock_now_s(d->task.clock), true, okta_view_str(""), &dpop,
		    &err);
		if (r != OKTA_OK) {
			rc = fail(d, OKTA_FAIL_INTERNAL, err.msg);
			goto out;
		}
		request.dpop = dpop.data;
	}
	r = okta_http_do(d->task.http, &request, answer, &err);
	if (r != OKTA_OK && answer->end == OKTA_HTTP_CANCELLED) {
		rc = task_cancelled(&d->task);
		goto out;
	}
	okta_oidc_read(answer, &err, reading, doc);
	if (d->dpop != NULL)
		(void)okta_dpop_learn(d->dpop, answer);
	rc = OKTA_OK;
out:
	okta_buf_clear(&dpop);
	return rc;
}

static enum okta_rc
send_prompt(struct device *d, struct okta_prompt *prompt)
{
	const struct okta_clock *clock = d->task.clock;
	struct okta_buf frame;
	enum okta_rc r;

	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	prompt->qr = okta_view_str("");
	r = okta_wire_put_prompt(&frame, prompt);
	if (r == OKTA_OK)
		r = okta_chan_send(d->task.fd, okta_buf_view(&frame), clock,
		    okta_clock_mono_ms(clock) + SEND_MS);
	okta_buf_clear(&frame);
	return r == OKTA_OK ? OKTA_OK : task_cancelled(&d->task);
}

/* The device authorization request; asked once: whoever waits at a prompt tries again. */
static enum okta_rc
get_code(struct device *d, struct okta_poll *poll)
{
	struct okta_http_answer answer = { 0 };
	struct okta_oidc_reading reading;
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_json *doc = NULL;
	struct okta_device device;
	struct okta_err err = { 0 };
	struct okta_buf form;
	int64_t now_ms;

	okta_buf_init(&form, FORM_MAX);
	if (okta_oidc_device_form(&d->client, d->start->scopes, &form) != OKTA_OK) {
		rc = fail(d, OKTA_FAIL_CLIENT, "[login] client_id or scopes: too long");
		goto out;
	}
	r = post(d, d->task.at.device, &form, false, &reading, &answer, &doc);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	if (reading.meaning != OKTA_OIDC_SUCCESS) {
		rc = fail(d, reading.failure, reading.detail);
		goto out;
	}
	r = okta_oidc_device(okta_json_root(doc), d->start->org_url, &device, &err);
	if (r == OKTA_OK)
		r = okta_buf_append(
		    &d->device_code, device.device_code.p, device.device_code.len);
	if (r != OKTA_OK) {
		rc = fail(d, OKTA_FAIL_ANSWER, err.msg);
		goto out;
	}
	now_ms = okta_clock_mono_ms(d->task.clock);
	if (now_ms == OKTA_CLOCK_FAILED_MS) { /* it would ask at the very end only */
		rc = fail(d, OKTA_FAIL_INTERNAL, "the clock cannot be read");
		goto out;
	}
	okta_poll_init(poll, device.prompt.interval_s, device.prompt.expires_in_s, now_ms,
	    d->task.deadline_ms);
	okta_poll_spread(poll, d->start->poll_s);
	r = send_prompt(d, &device.prompt);
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

/* One poll.  *ret_step says how to go on; after DONE the tokens are in D. */
static enum okta_rc
poll_once(struct device *d, struct okta_poll *poll, enum okta_poll_step *ret_step)
{
	struct okta_http_answer answer = { 0 };
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_oidc_reading reading;
	int64_t retry_after_s = 0;
	uint32_t jitter = 0;
	struct okta_err err = { 0 };
	struct okta_buf form;

	okta_buf_init(&form, FORM_MAX);
	r = okta_oidc_token_form(&d->client, okta_buf_view(&d->device_code), &form);
	if (r != OKTA_OK) {
		rc = fail(d, OKTA_FAIL_INTERNAL, "out of memory");
		goto out;
	}
	r = post(d, d->task.at.token, &form, true, &reading, &answer, &d->token_doc);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	if (reading.meaning == OKTA_OIDC_DPOP && d->dpop == NULL) {
		r = okta_dpop_new(&d->dpop, &err);
		if (r != OKTA_OK) {
			rc = fail(d, OKTA_FAIL_INTERNAL, err.msg);
			goto out;
		}
		(void)okta_dpop_learn(d->dpop, &answer);
	}
	(void)okta_http_retry_after(&answer, &retry_after_s);
	if (getrandom(&jitter, sizeof(jitter), GRND_NONBLOCK) < 0)
		jitter = 0; /* it only spreads hosts over a second */
	*ret_step = okta_poll_feed(
	    poll, &reading, retry_after_s, okta_clock_mono_ms(d->task.clock), jitter);
	rc = OKTA_OK;
out:
	okta_http_answer_clear(&answer);
	okta_buf_clear(&form);
	return rc;
}

static enum okta_rc
wait_for_tokens(struct device *d, struct okta_poll *poll)
{
	enum okta_poll_step step = OKTA_POLL_AGAIN;
	enum okta_rc r;

	while (step == OKTA_POLL_AGAIN) {
		okta_slim_down();
		if (okta_http_sleep(d->task.http, poll->next_ms) != OKTA_OK)
			return task_cancelled(&d->task);
		if (okta_clock_mono_ms(d->task.clock) >= d->task.deadline_ms)
			return fail(d, poll->failure, poll->detail);
		r = poll_once(d, poll, &step);
		if (r != OKTA_OK)
			return r;
	}
	okta_buf_clear(&d->device_code);
	if (step != OKTA_POLL_DONE)
		return fail(d, poll->failure, poll->detail);
	return OKTA_OK;
}

/*
 * The key stays here; who asks /userinfo gets proofs that are good for that alone, one
 * for each of its tries.
 */
static enum okta_rc
make_proofs(struct device *d, struct okta_view access_token, struct okta_buf *out)
{
	struct okta_err err = { 0 };
	enum okta_rc r = OKTA_OK;
	struct okta_buf proof;
	unsigned i;

	okta_buf_init(&proof, AUTH_MAX);
	for (i = 0; r == OKTA_OK && i < TRIES; i++) {
		okta_buf_clear(&proof);
		r = okta_dpop_proof(d->dpop, "GET", okta_view_str(d->task.at.userinfo),
		    okta_clock_now_s(d->task.clock), false, access_token, &proof, &err);
		if (r == OKTA_OK)
			r = okta_buf_printf(out, "%s\n", proof.data);
	}
	okta_buf_clear(&proof);
	return r == OKTA_OK ? OKTA_OK : fail(d, OKTA_FAIL_INTERNAL, err.msg);
}

static enum okta_rc
hand_over(struct device *d)
{
	const struct okta_clock *clock = d->task.clock;
	struct okta_err err = { 0 };
	struct okta_tokens tokens;
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_buf proofs;

	okta_buf_init(&proofs, 4 * AUTH_MAX);
	r = okta_oidc_tokens(okta_json_root(d->token_doc), &tokens, &err);
	if (r != OKTA_OK) {
		rc = fail(d, OKTA_FAIL_ANSWER, err.msg);
		goto out;
	}
	if (tokens.dpop && d->dpop != NULL && tokens.access_token.len > 0) {
		r = make_proofs(d, tokens.access_token, &proofs);
		if (r != OKTA_OK) {
			rc = r;
			goto out;
		}
	}
	r = inner_send_part(d->task.fd, clock, PART_ID_TOKEN, tokens.id_token);
	if (r == OKTA_OK)
		r = inner_send_part(
		    d->task.fd, clock, PART_ACCESS_TOKEN, tokens.access_token);
	if (r == OKTA_OK)
		r = inner_send_part(
		    d->task.fd, clock, PART_PROOFS, okta_buf_view(&proofs));
	if (r != OKTA_OK) {
		rc = task_cancelled(&d->task);
		goto out;
	}
	rc = OKTA_OK;
out:
	okta_buf_clear(&proofs);
	return rc;
}

static enum okta_rc
run(struct device *d)
{
	struct okta_poll poll;
	enum okta_rc r;

	d->client.id = d->start->client_id;
	d->client.secret = d->start->client_secret;
	if (okta_oidc_basic(&d->client, &d->basic) != OKTA_OK)
		return fail(d, OKTA_FAIL_CLIENT, "client_secret_file: too long");
	r = get_code(d, &poll);
	if (r == OKTA_OK)
		r = wait_for_tokens(d, &poll);
	if (r == OKTA_OK)
		r = hand_over(d);
	return r;
}

void
device_run(int fd, const struct device_job *job)
{
	struct device d = { .start = job->start };
	enum okta_rc r;

	okta_buf_init(&d.basic, AUTH_MAX);
	okta_buf_init(&d.device_code, OKTA_DEVICE_CODE_MAX);
	r = task_open(&d.task, fd, job->start, job->clock, job->deadline_ms);
	if (r == OKTA_OK)
		r = run(&d);
	task_end(&d.task, r);
	/* the memory goes with the process, which ends here: a resolver that hangs would
	 * hold up a tidy end */
}
