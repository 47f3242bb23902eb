/* SPDX-License-Identifier: BSD-2-Clause */
/* What the service app may have besides what doctor asks for: proof of possession, and
 * the System Log. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/wipe.h"
#include "doctor_net.h"
#include "net/http.h"
#include "net/refusal.h"
#include "net/token.h"
#include "setup.h"

#define PAGE_MAX_BYTES 4194304
#define HEAD_MAX       65536
#define URL_BYTES      1024
#define LOGS	       "/api/v1/logs?limit=1"

struct session {
	const struct doctor *d;
	struct okta_http *http;
	struct okta_patience patience;
	struct okta_view key;
	int hang_up;   /* closed to end every wait */
	char why[320]; /* what was to be waited for */
};

static void
do_not_wait(void *ctx, const char *why, int64_t ms)
{
	struct session *s = ctx;

	(void)ms;
	(void)snprintf(s->why, sizeof(s->why), "%s", why);
	if (s->hang_up >= 0)
		(void)close(s->hang_up);
	s->hang_up = -1;
}

static enum okta_rc
get_token(
    struct session *s, const char *scopes, struct okta_token **ret, struct okta_err *err)
{
	const struct okta_conf *conf = s->d->conf;
	const struct okta_token_settings settings = { .org_url = conf->org_url,
		.auth = conf->auth,
		.client_id = conf->sync_client_id,
		.key_id = conf->key_id,
		.secret_name = conf->private_key_file,
		.secret = s->key,
		.scopes = scopes,
		.patience = &s->patience };
	enum okta_rc r;

	r = okta_token_new(&settings, ret, err);
	if (r == OKTA_OK)
		r = okta_token_get(*ret, err);
	if (r != OKTA_OK && s->why[0] != '\0')
		r = okta_err_set(err, r, "%s", s->why);
	return r;
}

/* The headers of a request for URL; PROOF is empty where Okta gave a token without. */
static enum okta_rc
headers(struct session *s, struct okta_token *token, struct okta_buf *url,
    struct okta_buf *authorization, struct okta_buf *proof, struct okta_err *err)
{
	enum okta_rc r;

	r = okta_buf_printf(url, "%s" LOGS, s->d->conf->org_url);
	if (r == OKTA_OK)
		r = okta_token_headers(
		    token, okta_buf_view(url), authorization, proof, err);
	return r;
}

static bool
check_dpop(struct session *s)
{
	static const char id[] = "api.dpop";
	struct okta_token *token = NULL;
	struct okta_buf url, authorization, proof;
	struct okta_err err = { 0 };
	enum okta_rc r;

	okta_buf_init(&url, URL_BYTES);
	okta_buf_init(&authorization, HEAD_MAX);
	okta_buf_init(&proof, HEAD_MAX);
	r = get_token(s, "okta.groups.read", &token, &err);
	if (r == OKTA_OK)
		r = headers(s, token, &url, &authorization, &proof, &err);
	if (r != OKTA_OK)
		doctor_fail(s->d, id,
		    "Okta: Applications > your API Services app: Okta API Scopes: grant "
		    "okta.groups.read; this host's clock must be right",
		    "%s", err.msg);
	else if (proof.len == 0)
		doctor_warn(s->d, id,
		    "Okta: Applications > your API Services app > General > Edit: tick "
		    "Require Demonstrating Proof of Possession (DPoP)",
		    "Okta gives a token that whoever steals it could use");
	else
		doctor_pass(s->d, id, "the token is bound to this host's proof");
	okta_token_free(&token);
	okta_buf_clear(&url);
	okta_buf_clear(&authorization);
	okta_buf_clear(&proof);
	return r == OKTA_OK;
}

static enum okta_rc
get_logs(struct session *s, struct okta_token *token, struct okta_err *err)
{
	struct okta_http_request request = { .method = OKTA_HTTP_GET,
		.max_body_bytes = PAGE_MAX_BYTES };
	struct okta_http_answer answer = { 0 };
	struct okta_buf url, authorization, proof;
	enum okta_rc r;

	okta_buf_init(&url, URL_BYTES);
	okta_buf_init(&authorization, HEAD_MAX);
	okta_buf_init(&proof, HEAD_MAX);
	r = headers(s, token, &url, &authorization, &proof, err);
	if (r == OKTA_OK) {
		request.url = url.data;
		request.authorization = authorization.data;
		request.dpop = proof.len > 0 ? proof.data : NULL;
		request.deadline_ms = okta_clock_mono_ms(&okta_clock_system) +
				      DOCTOR_STEP_MS;
		r = okta_http_do(s->http, &request, &answer, err);
	}
	if (r == OKTA_OK && answer.status != 200)
		r = okta_refusal(&answer, LOGS, NULL, err);
	okta_http_answer_clear(&answer);
	okta_buf_clear(&url);
	okta_buf_clear(&authorization);
	okta_buf_clear(&proof);
	return r;
}

/* Nothing fails for want of it: a full sync is the truth without the log too. */
static void
check_logs(struct session *s)
{
	static const char id[] = "api.logs";
	struct okta_token *token = NULL;
	struct okta_err err = { 0 };
	enum okta_rc r;

	r = get_token(s, "okta.logs.read", &token, &err);
	if (r == OKTA_OK)
		r = get_logs(s, token, &err);
	if (r == OKTA_OK)
		doctor_pass(s->d, id, "can be read");
	else
		doctor_skip(s->d, id,
		    "optional, without it changes come with the next full sync: to have "
		    "it, grant okta.logs.read in Okta API Scopes (%s)",
		    err.msg);
	okta_token_free(&token);
}

const char *
setup_api(const struct doctor *d)
{
	struct session s = { .d = d, .hang_up = -1 };
	struct okta_err err = { 0 };
	char *key = NULL;
	int fds[2] = { -1, -1 };
	size_t len = 0;

	if (d->conf->source == OKTA_SOURCE_FILE ||
	    d->conf->auth != OKTA_AUTH_PRIVATE_KEY_JWT)
		return "only with [sync] auth = private_key_jwt";
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0 ||
	    doctor_secret(d, "[sync] private_key_file", d->conf->private_key_file, &key,
		&len, &err) != OKTA_OK ||
	    doctor_http_new(d, fds[0], &s.http, &err) != OKTA_OK) {
		doctor_fail(d, "api.dpop", "chown root: and chmod 600 the key", "%s",
		    err.msg[0] != '\0' ? err.msg : "socketpair failed");
		goto out;
	}
	s.key = (struct okta_view){ key, len };
	s.hang_up = fds[1];
	s.patience = (struct okta_patience){ s.http, &okta_clock_system, do_not_wait,
		&s };
	if (check_dpop(&s))
		check_logs(&s);
out:
	okta_http_free(&s.http);
	okta_free_wiped(key, len);
	return "see api.dpop"; /* the descriptors end with this process */
}
