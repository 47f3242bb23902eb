/* SPDX-License-Identifier: BSD-2-Clause */
/* fetch.c taken over: it brings whatever keys, or whatever /userinfo said, it likes. */
#include "fetch.h"

#include "liar.h"

static void
bring(int fd, const struct fetch_job *job, struct okta_view body)
{
	if (inner_send_part(fd, job->clock, PART_BODY, body) != OKTA_OK ||
	    inner_send(fd, job->clock, INNER_DONE) != OKTA_OK)
		_exit(0);
}

static void
userinfo(int fd, const struct fetch_job *job)
{
	const struct okta_start *s = job->start;
	const struct okta_view sub = word(s, "sub");
	struct okta_buf body;

	okta_buf_init(&body, 4096);
	if (okta_buf_printf(&body, "{\"sub\":\"%.*s\",\"%.*s\":[\"linux-users\"]}",
		(int)sub.len, sub.p, (int)s->groups_claim.len,
		s->groups_claim.p) != OKTA_OK)
		_exit(9);
	bring(fd, job, okta_buf_view(&body));
}

void
fetch_run(int fd, const struct fetch_job *job)
{
	static char bytes[FILE_MAX];
	const struct okta_start *s = job->start;
	struct okta_buf jwks;
	struct okta_err err = { 0 };

	if (okta_http_global_init(&err) != OKTA_OK)
		return;
	if (job->access_token.len > 0) {
		userinfo(fd, job);
	} else if (word(s, "jwks").len > 0) { /* the truth, so that the next can lie */
		bring(fd, job, file_of(s, "jwks", bytes));
	} else if (lie_is(s, "see-secret")) {
		say_bytes(fd, job->clock, s->client_secret);
	} else if (lie_is(s, "see-nonce-in-fetch")) {
		say_bytes(fd, job->clock, s->nonce);
	} else {
		okta_buf_init(&jwks, 4096);
		put_own_jwks(s, &jwks);
		bring(fd, job, okta_buf_view(&jwks));
	}
}
