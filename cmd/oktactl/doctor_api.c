/* SPDX-License-Identifier: BSD-2-Clause */
/* What okta-sync needs of Okta: a token, each scope it uses, a role, room to ask. */
#include <stdio.h>
#include <unistd.h>

#include "doctor_net.h"
#include "net/json.h"
#include "net/ratelimit.h"
#include "net/refusal.h"
#include "net/scopes.h"

#define PATH_BYTES 1024
#define LOW_SHARE  5 /* a fifth of a bucket left is little */

struct api {
	struct doctor_session session;
	struct okta_token *token;
	bool has_rate;
	int64_t limit, remaining; /* of the bucket that is used up most */
};

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
get_token(const struct doctor *d, struct api *api)
{
	static const char id[] = "api.token";
	struct okta_err err = { 0 };
	enum okta_rc r;

	r = doctor_session_token(
	    &api->session, okta_api_scopes(d->conf, false), &api->token, &err);
	if (r != OKTA_OK) {
		doctor_fail(d, id, token_cure(r), "%s", err.msg);
		return false;
	}
	doctor_pass(d, id, "%s",
	    d->conf->auth == OKTA_AUTH_SSWS ? "an API token: there is nothing to ask for"
					    : "Okta gives the service app a token");
	return true;
}

static void
note_rate(struct api *api, const struct okta_http_answer *answer)
{
	const struct okta_rate_headers said = okta_rate_read(answer);

	if (!said.has_limit || !said.has_remaining || said.limit <= 0 ||
	    said.remaining < 0)
		return;
	if (api->has_rate && said.remaining * api->limit >= api->remaining * said.limit)
		return;
	api->has_rate = true;
	api->limit = said.limit;
	api->remaining = said.remaining;
}

/* One page of PATH, as okta-sync would ask for it. */
static enum okta_rc
get(struct api *api, const char *path, const char *named_by, bool *ret_is_empty,
    struct okta_err *err)
{
	struct okta_http_answer answer = { 0 };
	struct okta_json *doc = NULL;
	enum okta_rc r;

	r = doctor_session_get(&api->session, api->token, path, &answer, err);
	if (r != OKTA_OK)
		goto out;
	note_rate(api, &answer);
	if (answer.status != 200) {
		r = okta_refusal(&answer, path, named_by, err);
		goto out;
	}
	r = okta_json_new(okta_buf_view(&answer.body), DOCTOR_PAGE_MAX_BYTES, &doc, err);
	if (r == OKTA_OK && okta_json_type_of(okta_json_root(doc)) != OKTA_JSON_ARRAY)
		r = okta_err_set(err, OKTA_E_INPUT, "%s: the answer is no list", path);
	*ret_is_empty = r == OKTA_OK && okta_json_count(okta_json_root(doc)) == 0;
out:
	okta_json_free(&doc);
	okta_http_answer_clear(&answer);
	return r;
}

static void
check_list(const struct doctor *d, struct api *api, const char *id, const char *path,
    const char *named_by)
{
	static const char scopes[] = "Okta: Applications > your API Services app: Okta "
				     "API Scopes, and Admin roles (Read-only "
				     "Administrator is enough)";
	struct okta_err err = { 0 };
	bool is_empty = false;
	enum okta_rc r;

	r = get(api, path, named_by, &is_empty, &err);
	if (r == OKTA_E_CONFIG)
		doctor_fail(d, id, scopes, "%s", err.msg);
	else if (r != OKTA_OK)
		doctor_fail(d, id, "try again in a minute", "%s", err.msg);
	else if (is_empty)
		doctor_warn(d, id,
		    "Okta: Applications > your API Services app > Admin roles: a role "
		    "whose "
		    "resource set holds the people and groups",
		    "%s is an empty list: the admin role covers nothing of it", path);
	else
		doctor_pass(d, id, "can be read");
}

static void
check_rate(const struct doctor *d, const struct api *api)
{
	static const char id[] = "api.rate";

	if (!api->has_rate)
		doctor_skip(d, id, "Okta's answers name no limit");
	else if (api->remaining < api->limit / LOW_SHARE)
		doctor_warn(d, id,
		    "Okta: Reports > Rate Limits: see who uses them up; give the service "
		    "app a "
		    "share of its own",
		    "%lld of %lld requests are left in this minute",
		    (long long)api->remaining, (long long)api->limit);
	else
		doctor_pass(d, id, "%lld of %lld requests are left in this minute",
		    (long long)api->remaining, (long long)api->limit);
}

static void
check_lists(const struct doctor *d, struct api *api)
{
	const struct okta_conf *conf = d->conf;
	char path[PATH_BYTES];

	if (conf->scope == OKTA_SCOPE_GROUPS)
		doctor_skip(d, "api.users", "not needed with [sync] scope = groups");
	else
		check_list(d, api, "api.users", "/api/v1/users?limit=1", NULL);
	check_list(d, api, "api.groups", "/api/v1/groups?limit=1", NULL);
	if (conf->scope != OKTA_SCOPE_APP) {
		doctor_skip(d, "api.apps", "only needed with [sync] scope = app");
	} else {
		(void)snprintf(
		    path, sizeof(path), "/api/v1/apps/%s/users?limit=1", conf->app_id);
		check_list(d, api, "api.apps", path, "[sync] app_id");
	}
	check_rate(d, api);
}

const char *
doctor_api(const struct doctor *d)
{
	struct api api = { .token = NULL };
	const char *key, *why = "see api.token";
	struct okta_err err = { 0 };

	if (d->conf->source == OKTA_SOURCE_FILE)
		return "not needed with [sync] source = file";
	if (!d->is_root && access(doctor_sync_secret(d->conf, &key), R_OK) < 0)
		return "only root may read the service app's secret";
	if (doctor_session_open(&api.session, d, &err) != OKTA_OK) {
		doctor_fail(d, "api.token", "see config.secrets", "%s", err.msg);
	} else if (get_token(d, &api)) {
		check_lists(d, &api);
		why = NULL;
	}
	okta_token_free(&api.token);
	doctor_session_close(&api.session);
	return why;
}
