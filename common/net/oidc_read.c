/* SPDX-License-Identifier: BSD-2-Clause */
/* What an answer of Okta's device or token endpoint means. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "net/oidc.h"

/* Okta's catalogue has three refusals under access_denied; only their text tells them
 * apart. */
#define TEXT_NOT_ASSIGNED "User is not assigned to the client application."
#define TEXT_POLICY	  "Policy evaluation failed"
#define TEXT_GROUPS	  "The groups claim matched too many groups"

#define CODE_RATE_LIMIT "E0000047"

static void
say(struct okta_oidc_reading *ret, enum okta_oidc_meaning meaning,
    enum okta_failure_code failure, const char *detail)
{
	ret->meaning = meaning;
	ret->failure = failure;
	(void)snprintf(ret->detail, sizeof(ret->detail), "%s", detail);
}

/* Okta's own words, made fit for a log line, after ours. */
static void
say_quoting(struct okta_oidc_reading *ret, enum okta_failure_code failure,
    const char *what, struct okta_view error, struct okta_view description)
{
	char code[48], text[128];

	okta_text_sanitize(code, sizeof(code), error);
	okta_text_sanitize(text, sizeof(text), description);
	ret->meaning = OKTA_OIDC_FAILED;
	ret->failure = failure;
	(void)snprintf(ret->detail, sizeof(ret->detail), "%s: %s: %s", what, code, text);
}

static bool
starts(struct okta_view v, const char *prefix)
{
	size_t n = strlen(prefix);

	return v.len >= n && memcmp(v.p, prefix, n) == 0;
}

static void
read_access_denied(struct okta_view description, struct okta_oidc_reading *ret)
{
	if (starts(description, TEXT_NOT_ASSIGNED))
		say(ret, OKTA_OIDC_FAILED, OKTA_FAIL_NOT_ASSIGNED,
		    "Okta: the person who approved is not assigned to the app: assign "
		    "the "
		    "person or a group in the app's Assignments tab");
	else if (starts(description, TEXT_POLICY))
		say(ret, OKTA_OIDC_FAILED, OKTA_FAIL_POLICY,
		    "Okta: a policy refused: check the app's sign-on policy and the "
		    "authorization server's access policy (Device Authorization grant)");
	else
		say(ret, OKTA_OIDC_FAILED, OKTA_FAIL_DENIED,
		    "Okta: the request was denied");
}

/* True: ERROR is one this project knows. */
static bool
read_error(long status, struct okta_view error, struct okta_view description,
    struct okta_oidc_reading *ret)
{
	if (okta_view_eq_str(error, "authorization_pending"))
		say(ret, OKTA_OIDC_PENDING, OKTA_FAIL_DEADLINE,
		    "nobody approved in time");
	else if (okta_view_eq_str(error, "slow_down"))
		say(ret, OKTA_OIDC_SLOW_DOWN, OKTA_FAIL_DEADLINE,
		    "nobody approved in time");
	else if (status ==
		 429) /* Okta throttles under several names, invalid_grant too */
		say(ret, OKTA_OIDC_LATER, OKTA_FAIL_RATE_LIMITED,
		    "Okta: rate limit reached");
	else if (okta_view_eq_str(error, "access_denied"))
		read_access_denied(description, ret);
	else if (okta_view_eq_str(error, "expired_token") ||
		 okta_view_eq_str(error, "invalid_grant"))
		say(ret, OKTA_OIDC_FAILED, OKTA_FAIL_EXPIRED,
		    "Okta: the code has expired or was used already");
	else if (okta_view_eq_str(error, "use_dpop_nonce") ||
		 okta_view_eq_str(error, "invalid_dpop_proof"))
		say(ret, OKTA_OIDC_DPOP, OKTA_FAIL_CLIENT,
		    "Okta: the app demands DPoP and refused the proof: check this host's "
		    "clock");
	else if (okta_view_eq_str(error, "server_error") &&
		 starts(description, TEXT_GROUPS))
		say(ret, OKTA_OIDC_FAILED, OKTA_FAIL_TOO_MANY_GROUPS,
		    "Okta: the groups claim matched more than 100 groups: narrow its "
		    "filter in "
		    "the app's Sign On tab");
	else if (okta_view_eq_str(error, "server_error") ||
		 okta_view_eq_str(error, "temporarily_unavailable"))
		say(ret, OKTA_OIDC_LATER, OKTA_FAIL_SERVER, "Okta: internal error");
	else
		return false;
	return true;
}

static void
read_object(
    const struct okta_json_value *root, long status, struct okta_oidc_reading *ret)
{
	struct okta_view error = { "", 0 }, description = { "", 0 };

	if (okta_json_str(root, "error", &error) == OKTA_OK) {
		if (okta_json_str(root, "error_description", &description) != OKTA_OK)
			description = okta_view_str("");
		if (!read_error(status, error, description, ret))
			say_quoting(ret, OKTA_FAIL_CLIENT,
			    "Okta refused this host's request: check [login] client_id, "
			    "scopes "
			    "and the app",
			    error, description);
		return;
	}
	if (status == 429 || (okta_json_str(root, "errorCode", &error) == OKTA_OK &&
				 okta_view_eq_str(error, CODE_RATE_LIMIT)))
		say(ret, OKTA_OIDC_LATER, OKTA_FAIL_RATE_LIMITED,
		    "Okta: rate limit reached");
	else if (status == 200)
		say(ret, OKTA_OIDC_SUCCESS, OKTA_FAIL_ANSWER, "");
	else if (status >= 500)
		say(ret, OKTA_OIDC_LATER, OKTA_FAIL_SERVER, "Okta: server error");
	else if (error.len > 0) {
		if (okta_json_str(root, "errorSummary", &description) != OKTA_OK)
			description = okta_view_str("");
		say_quoting(ret, OKTA_FAIL_CLIENT,
		    "Okta refused this host's request: check [okta] and [login]", error,
		    description);
	} else
		say(ret, OKTA_OIDC_LATER, OKTA_FAIL_ANSWER,
		    "Okta: an answer that makes no sense");
}

static void
read_no_answer(
    enum okta_http_end end, const struct okta_err *err, struct okta_oidc_reading *ret)
{
	if (end == OKTA_HTTP_UNREACHABLE)
		say(ret, OKTA_OIDC_LATER, OKTA_FAIL_UNREACHABLE, err->msg);
	else if (end == OKTA_HTTP_TLS)
		say(ret, OKTA_OIDC_FAILED, OKTA_FAIL_TLS, err->msg);
	else if (end == OKTA_HTTP_DEADLINE)
		say(ret, OKTA_OIDC_FAILED, OKTA_FAIL_DEADLINE, err->msg);
	else
		say(ret, OKTA_OIDC_LATER, OKTA_FAIL_ANSWER, err->msg);
}

void
okta_oidc_read(const struct okta_http_answer *answer, const struct okta_err *err,
    struct okta_oidc_reading *ret, struct okta_json **ret_doc)
{
	struct okta_json *doc = NULL;
	struct okta_err json_err = { 0 };
	bool is_object;

	*ret_doc = NULL;
	if (answer->end != OKTA_HTTP_ANSWERED) {
		read_no_answer(answer->end, err, ret);
		return;
	}
	is_object = okta_json_new(okta_buf_view(&answer->body), OKTA_HTTP_LOGIN_MAX, &doc,
			&json_err) == OKTA_OK &&
		    okta_json_type_of(okta_json_root(doc)) == OKTA_JSON_OBJECT;
	if (is_object)
		read_object(okta_json_root(doc), answer->status, ret);
	else if (answer->status == 429)
		say(ret, OKTA_OIDC_LATER, OKTA_FAIL_RATE_LIMITED,
		    "Okta: rate limit reached");
	else if (answer->status >= 500)
		say(ret, OKTA_OIDC_LATER, OKTA_FAIL_SERVER, "Okta: server error");
	else
		say(ret, OKTA_OIDC_LATER, OKTA_FAIL_ANSWER,
		    "Okta: an answer that is no JSON object: is [okta] org_url an Okta "
		    "org?");
	if (ret->meaning == OKTA_OIDC_SUCCESS)
		*ret_doc = doc;
	else
		okta_json_free(&doc);
}
