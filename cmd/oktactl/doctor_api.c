/* SPDX-License-Identifier: BSD-2-Clause */
/* What okta-sync needs of Okta: a token, each scope it uses, a role, room to ask. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/wipe.h"
#include "doctor_net.h"
#include "net/json.h"
#include "net/ratelimit.h"
#include "net/refusal.h"
#include "net/scopes.h"
#include "net/token.h"

#define PAGE_MAX_BYTES 4194304
#define HEAD_MAX       65536
#define URL_BYTES      1024
#define LOW_SHARE      5 /* a fifth of a bucket left is little */

struct session {
	const struct doctor *d;
	struct okta_http *http;
	struct okta_patience patience;
	struct okta_token *token;
	int hang_up;   /* closed to end every wait */
	char why[320]; /* what was to be waited for */
	bool has_rate;
	int64_t limit, remaining; /* of the bucket that is used up most */
};

/* A doctor does not wait: it says what it would have waited for. */
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

static const char *
secret_path(const struct okta_conf *conf, const char **ret_key)
{
	switch (conf->auth) {
	case OKTA_AUTH_PRIVATE_KEY_JWT:
		*ret_key = "[sync] private_key_file";
		return conf->private_key_file;
	case OKTA_AUTH_SSWS:
		*ret_key = "[sync] token_file";
		return conf->token_file;
	case OKTA_AUTH_CLIENT_SECRET:
	default:
		*ret_key = "[sync] client_secret_file";
		return conf->sync_client_secret_file;
	}
}

static const char *
token_cure(enum okta_rc r)
{
	return r == OKTA_E_CONFIG
		   ? "Okta: Applications > your API Services app: General (Client ID, "
		     "Public "
		     "keys, key id) and Okta API Scopes (grant what is named)"
		   : "try again; if it stays, see status.okta.com";
}

static bool
get_token(struct session *s, struct okta_view secret)
{
	static const char id[] = "api.token";
	const struct okta_conf *conf = s->d->conf;
	const char *key;
	const struct okta_token_settings settings = {
		.org_url = conf->org_url,
		.auth = conf->auth,
		.client_id = conf->sync_client_id,
		.key_id = conf->key_id,
		.secret_name = secret_path(conf, &key),
		.secret = secret,
		.scopes = okta_api_scopes(conf, false),
		.patience = &s->patience,
	};
	struct okta_err err = { 0 };
	enum okta_rc r;

	r = okta_token_new(&settings, &s->token, &err);
	if (r == OKTA_OK && okta_token_is_stale(s->token))
		r = okta_token_get(s->token, &err);
	if (r != OKTA_OK) {
		doctor_fail(
		    s->d, id, token_cure(r), "%s", s->why[0] != '\0' ? s->why : err.msg);
		return false;
	}
	doctor_pass(s->d, id, "%s",
	    conf->auth == OKTA_AUTH_SSWS ? "an API token: there is nothing to ask for"
					 : "Okta gives the service app a token");
	return true;
}

static void
note_rate(struct session *s, const struct okta_http_answer *answer)
{
	const struct okta_rate_headers said = okta_rate_read(answer);

	if (!said.has_limit || !said.has_remaining || said.limit <= 0 ||
	    said.remaining < 0)
		return;
	if (s->has_rate && said.remaining * s->limit >= s->remaining * said.limit)
		return;
	s->has_rate = true;
	s->limit = said.limit;
	s->remaining = said.remaining;
}

/* One page of PATH, as okta-sync would ask for it. */
static enum okta_rc
get(struct session *s, const char *path, const char *named_by, bool *ret_is_empty,
    struct okta_err *err)
{
	struct okta_http_request request = { .method = OKTA_HTTP_GET };
	struct okta_http_answer answer = { 0 };
	struct okta_buf url, authorization, proof;
	struct okta_json *doc = NULL;
	enum okta_rc r;

	okta_buf_init(&url, URL_BYTES);
	okta_buf_init(&authorization, HEAD_MAX);
	okta_buf_init(&proof, HEAD_MAX);
	r = okta_buf_printf(&url, "%s%s", s->d->conf->org_url, path);
	if (r == OKTA_OK)
		r = okta_token_headers(
		    s->token, okta_buf_view(&url), &authorization, &proof, err);
	if (r != OKTA_OK) {
		r = okta_err_set(err, r, "the request cannot be made");
		goto out;
	}
	request.url = url.data;
	request.authorization = authorization.data;
	request.dpop = proof.len > 0 ? proof.data : NULL;
	request.max_body_bytes = PAGE_MAX_BYTES;
	request.deadline_ms = okta_clock_mono_ms(&okta_clock_system) + DOCTOR_STEP_MS;
	r = okta_http_do(s->http, &request, &answer, err);
	if (r != OKTA_OK)
		goto out;
	note_rate(s, &answer);
	if (answer.status != 200) {
		r = okta_refusal(&answer, path, named_by, err);
		goto out;
	}
	r = okta_json_new(okta_buf_view(&answer.body), PAGE_MAX_BYTES, &doc, err);
	if (r == OKTA_OK && okta_json_type_of(okta_json_root(doc)) != OKTA_JSON_ARRAY)
		r = okta_err_set(err, OKTA_E_INPUT, "%s: the answer is no list", path);
	*ret_is_empty = r == OKTA_OK && okta_json_count(okta_json_root(doc)) == 0;
out:
	okta_json_free(&doc);
	okta_http_answer_clear(&answer);
	okta_buf_clear(&url);
	okta_buf_clear(&authorization);
	okta_buf_clear(&proof);
	return r;
}

static void
check_list(struct session *s, const char *id, const char *path, const char *named_by)
{
	static const char scopes[] = "Okta: Applications > your API Services app: Okta "
				     "API Scopes, and Admin roles (Read-only "
				     "Administrator is enough)";
	struct okta_err err = { 0 };
	bool is_empty = false;
	enum okta_rc r;

	r = get(s, path, named_by, &is_empty, &err);
	if (r == OKTA_E_CONFIG)
		doctor_fail(s->d, id, scopes, "%s", err.msg);
	else if (r != OKTA_OK)
		doctor_fail(s->d, id, "try again in a minute", "%s", err.msg);
	else if (is_empty)
		doctor_warn(s->d, id,
		    "Okta: Applications > your API Services app > Admin roles: a role "
		    "whose "
		    "resource set holds the people and groups",
		    "%s is an empty list: the admin role covers nothing of it", path);
	else
		doctor_pass(s->d, id, "can be read");
}

static void
check_rate(const struct session *s)
{
	static const char id[] = "api.rate";

	if (!s->has_rate)
		doctor_skip(s->d, id, "Okta's answers name no limit");
	else if (s->remaining < s->limit / LOW_SHARE)
		doctor_warn(s->d, id,
		    "Okta: Reports > Rate Limits: see who uses them up; give the service "
		    "app a "
		    "share of its own",
		    "%lld of %lld requests are left in this minute",
		    (long long)s->remaining, (long long)s->limit);
	else
		doctor_pass(s->d, id, "%lld of %lld requests are left in this minute",
		    (long long)s->remaining, (long long)s->limit);
}

static void
check_lists(struct session *s)
{
	const struct okta_conf *conf = s->d->conf;
	char path[URL_BYTES];

	if (conf->scope == OKTA_SCOPE_GROUPS)
		doctor_skip(s->d, "api.users", "not needed with [sync] scope = groups");
	else
		check_list(s, "api.users", "/api/v1/users?limit=1", NULL);
	check_list(s, "api.groups", "/api/v1/groups?limit=1", NULL);
	if (conf->scope != OKTA_SCOPE_APP) {
		doctor_skip(s->d, "api.apps", "only needed with [sync] scope = app");
	} else {
		(void)snprintf(
		    path, sizeof(path), "/api/v1/apps/%s/users?limit=1", conf->app_id);
		check_list(s, "api.apps", path, "[sync] app_id");
	}
	check_rate(s);
}

const char *
doctor_api(const struct doctor *d)
{
	struct session s = { .d = d, .hang_up = -1 };
	const char *key, *path, *why = "see api.token";
	struct okta_err err = { 0 };
	char *secret = NULL;
	int fds[2] = { -1, -1 };
	size_t len = 0;

	if (d->conf->source == OKTA_SOURCE_FILE)
		return "not needed with [sync] source = file";
	path = secret_path(d->conf, &key);
	if (!d->is_root && access(path, R_OK) < 0)
		return "only root may read the service app's secret";
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0 ||
	    doctor_secret(d, key, path, &secret, &len, &err) != OKTA_OK ||
	    doctor_http_new(d, fds[0], &s.http, &err) != OKTA_OK) {
		doctor_fail(d, "api.token", "see config.secrets", "%s",
		    err.msg[0] != '\0' ? err.msg : "socketpair failed");
		goto out;
	}
	s.hang_up = fds[1];
	s.patience = (struct okta_patience){ s.http, &okta_clock_system, do_not_wait,
		&s };
	if (!get_token(&s, (struct okta_view){ secret, len }))
		goto out;
	check_lists(&s);
	why = NULL;
out:
	okta_token_free(&s.token);
	okta_http_free(&s.http);
	okta_free_wiped(secret, len);
	return why; /* the descriptors end with this process */
}
