/* SPDX-License-Identifier: BSD-2-Clause */
#include "fetch.h"

#include "base/buf.h"
#include "inner.h"
#include "net/json.h"
#include "task.h"

#define AUTH_MAX 65536
#define RETRY_MS 1000

/* Okta is out of order: another try may help.  A token that is refused once is refused
 * again. */
static bool
may_pass(const struct okta_oidc_reading *reading, long status)
{
	return reading->meaning == OKTA_OIDC_LATER && status != 401 && status != 403;
}

/* The next line of PROOFS, as the NUL-terminated text a header is made of. */
static const char *
next_proof(struct okta_view *proofs, struct okta_buf *out)
{
	const struct okta_view line = okta_view_split(proofs, '\n');

	okta_buf_clear(out);
	if (line.len == 0 || okta_buf_append(out, line.p, line.len) != OKTA_OK)
		return NULL;
	return out->data;
}

static enum okta_rc
get(struct task *t, const struct fetch_job *job, struct okta_http_request *request,
    struct okta_http_answer *answer)
{
	struct okta_view proofs = job->proofs;
	struct okta_oidc_reading reading = { 0 };
	struct okta_json *doc = NULL;
	struct okta_err err = { 0 };
	struct okta_buf proof;
	enum okta_rc r = OKTA_E_INTERNAL;
	unsigned i;

	okta_buf_init(&proof, AUTH_MAX);
	for (i = 0; i < job->tries; i++) {
		okta_http_answer_clear(answer);
		request->dpop = next_proof(&proofs, &proof);
		r = okta_http_do(t->http, request, answer, &err);
		if (r != OKTA_OK && answer->end == OKTA_HTTP_CANCELLED) {
			r = task_cancelled(t);
			goto out;
		}
		okta_oidc_read(answer, &err, &reading, &doc);
		okta_json_free(&doc);
		if (reading.meaning == OKTA_OIDC_SUCCESS) {
			r = OKTA_OK;
			goto out;
		}
		if (!may_pass(&reading, answer->status))
			break;
		if (i + 1 < job->tries &&
		    okta_http_sleep(t->http, okta_clock_mono_ms(t->clock) + RETRY_MS) !=
			OKTA_OK) {
			r = task_cancelled(t);
			goto out;
		}
	}
	t->status = answer->status >= 100 && answer->status <= 999
			? (uint64_t)answer->status
			: 0;
	r = task_fail(t, reading.failure, reading.detail);
out:
	okta_buf_clear(&proof);
	return r;
}

static enum okta_rc
fetch(struct task *t, const struct fetch_job *job)
{
	struct okta_http_request request = { .method = OKTA_HTTP_GET,
		.max_body_bytes = OKTA_HTTP_LOGIN_MAX,
		.deadline_ms = job->deadline_ms };
	struct okta_http_answer answer = { 0 };
	enum okta_rc r = OKTA_OK, rc = OKTA_E_INTERNAL;
	struct okta_buf authorization;

	okta_buf_init(&authorization, AUTH_MAX);
	request.url = t->at.keys;
	if (job->access_token.len > 0) {
		request.url = t->at.userinfo;
		r = okta_buf_printf(&authorization, "%s %.*s",
		    job->proofs.len > 0 ? "DPoP" : "Bearer", (int)job->access_token.len,
		    job->access_token.p);
		request.authorization = authorization.data;
	}
	if (r != OKTA_OK) {
		rc = task_fail(
		    t, OKTA_FAIL_ANSWER, "token endpoint: access_token: too long");
		goto out;
	}
	r = get(t, job, &request, &answer);
	if (r == OKTA_OK)
		r = inner_send_part(
		    t->fd, t->clock, PART_BODY, okta_buf_view(&answer.body));
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	rc = OKTA_OK;
out:
	okta_http_answer_clear(&answer);
	okta_buf_clear(&authorization);
	return rc;
}

void
fetch_run(int fd, const struct fetch_job *job)
{
	struct task t;
	enum okta_rc r;

	r = task_open(&t, fd, job->start, job->clock, job->deadline_ms);
	if (r == OKTA_OK)
		r = fetch(&t, job);
	task_end(&t, r);
}
