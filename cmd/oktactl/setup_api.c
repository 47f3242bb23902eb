/* SPDX-License-Identifier: BSD-2-Clause */
/* What the service app may have besides what doctor asks for: proof of possession, and
 * the System Log. */
#include "doctor_net.h"
#include "net/refusal.h"
#include "setup.h"

#define LOGS "/api/v1/logs?limit=1"

static bool
check_dpop(struct doctor_session *s)
{
	static const char id[] = "api.dpop";
	struct okta_token *token = NULL;
	struct doctor_request request;
	struct okta_err err = { 0 };
	enum okta_rc r;

	doctor_request_init(&request);
	r = doctor_session_token(s, "okta.groups.read", &token, &err);
	if (r == OKTA_OK)
		r = doctor_request_make(s, token, LOGS, &request, &err);
	if (r != OKTA_OK)
		doctor_fail(s->d, id,
		    "Okta: Applications > your API Services app: Okta API Scopes: grant "
		    "okta.groups.read; this host's clock must be right",
		    "%s", err.msg);
	else if (request.proof.len == 0)
		doctor_warn(s->d, id,
		    "Okta: Applications > your API Services app > General > Edit: tick "
		    "Require Demonstrating Proof of Possession (DPoP)",
		    "Okta gives a token that whoever steals it could use");
	else
		doctor_pass(s->d, id, "the token is bound to this host's proof");
	okta_token_free(&token);
	doctor_request_clear(&request);
	return r == OKTA_OK;
}

/* Nothing fails for want of it: Okta can be asked what changed without the log too. */
static void
check_logs(struct doctor_session *s)
{
	static const char id[] = "api.logs";
	struct okta_http_answer answer = { 0 };
	struct okta_token *token = NULL;
	struct okta_err err = { 0 };
	enum okta_rc r;

	r = doctor_session_token(s, "okta.logs.read", &token, &err);
	if (r == OKTA_OK)
		r = doctor_session_get(s, token, LOGS, &answer, &err);
	if (r == OKTA_OK && answer.status != 200)
		r = okta_refusal(&answer, LOGS, NULL, &err);
	okta_http_answer_clear(&answer);
	if (r == OKTA_OK)
		doctor_pass(s->d, id, "can be read");
	else
		doctor_skip(s->d, id,
		    "optional, without it Okta is asked what changed every %u s, not "
		    "every 10: to have it, grant okta.logs.read in Okta API Scopes (%s)",
		    s->d->conf->interval_s, err.msg);
	okta_token_free(&token);
}

const char *
setup_api(const struct doctor *d)
{
	struct doctor_session s;
	struct okta_err err = { 0 };

	if (d->conf->source == OKTA_SOURCE_FILE ||
	    d->conf->auth != OKTA_AUTH_PRIVATE_KEY_JWT)
		return "only with [sync] auth = private_key_jwt";
	if (doctor_session_open(&s, d, &err) != OKTA_OK)
		doctor_fail(
		    d, "api.dpop", "chown root: and chmod 600 the key", "%s", err.msg);
	else if (check_dpop(&s))
		check_logs(&s);
	doctor_session_close(&s);
	return "see api.dpop";
}
