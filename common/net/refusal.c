/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/refusal.h"

#include <string.h>

#include "base/text.h"
#include "net/json.h"

#define BODY_MAX 65536

/* NAME="..." of a www-authenticate header. */
static bool
parameter(struct okta_view header, const char *name, struct okta_view *ret)
{
	size_t n = strlen(name), i;
	const char *end;

	for (i = 0; i + n + 2 < header.len; i++) {
		if (memcmp(header.p + i, name, n) != 0 || header.p[i + n] != '=' ||
		    header.p[i + n + 1] != '"' ||
		    (i > 0 && header.p[i - 1] != ' ' && header.p[i - 1] != ','))
			continue;
		ret->p = header.p + i + n + 2;
		end = memchr(ret->p, '"', header.len - (i + n + 2));
		if (end == NULL)
			return false;
		ret->len = (size_t)(end - ret->p);
		return true;
	}
	return false;
}

struct body {
	char code[32], summary[160];
};

static void
read_body(const struct okta_http_answer *answer, struct body *ret)
{
	struct okta_json *doc = NULL;
	struct okta_view v;

	ret->code[0] = ret->summary[0] = '\0';
	if (okta_json_new(okta_buf_view(&answer->body), BODY_MAX, &doc, NULL) != OKTA_OK)
		return;
	if (okta_json_str(okta_json_root(doc), "errorCode", &v) == OKTA_OK)
		okta_text_sanitize(ret->code, sizeof(ret->code), v);
	if (okta_json_str(okta_json_root(doc), "errorSummary", &v) == OKTA_OK)
		okta_text_sanitize(ret->summary, sizeof(ret->summary), v);
	okta_json_free(&doc);
}

static enum okta_rc
unauthorised(const struct okta_http_answer *answer, const char *path,
    const struct body *body, struct okta_err *err)
{
	struct okta_view header, v;
	char why[120] = "no reason given";

	if (okta_http_header(answer, "www-authenticate", 0, &header) &&
	    parameter(header, "error_description", &v))
		okta_text_sanitize(why, sizeof(why), v);
	else if (body->summary[0] != '\0')
		okta_text_sanitize(why, sizeof(why), okta_view_str(body->summary));
	return okta_err_set(err, OKTA_E_CONFIG,
	    "Okta does not accept our token for %s (%s %s): the token, app or key was "
	    "revoked or "
	    "expired: renew it and check this host's clock",
	    path, body->code[0] != '\0' ? body->code : "401", why);
}

static enum okta_rc
forbidden(const struct okta_http_answer *answer, const char *path,
    const struct body *body, struct okta_err *err)
{
	struct okta_view header, error, v;
	char scope[120] = "that it names";

	if (okta_http_header(answer, "www-authenticate", 0, &header) &&
	    parameter(header, "error", &error) &&
	    okta_view_eq_str(error, "insufficient_scope")) {
		if (parameter(header, "scope", &v))
			okta_text_sanitize(scope, sizeof(scope), v);
		return okta_err_set(err, OKTA_E_CONFIG,
		    "Okta refuses %s: the scope %s is not granted: grant it to the "
		    "service app "
		    "(Okta API Scopes)",
		    path, scope);
	}
	if (strcmp(body->code, "E0000006") == 0)
		return okta_err_set(err, OKTA_E_CONFIG,
		    "Okta refuses %s (E0000006): the service app or the token's owner "
		    "has no admin "
		    "role that may read this: assign one (Admin roles), read-only is "
		    "enough",
		    path);
	return okta_err_set(err, OKTA_E_CONFIG,
	    "Okta refuses %s with HTTP 403 %s %s: check the scopes and the admin role of "
	    "the service "
	    "app",
	    path, body->code, body->summary);
}

enum okta_rc
okta_refusal(const struct okta_http_answer *answer, const char *path,
    const char *named_by, struct okta_err *err)
{
	struct body body;
	bool is_ours;

	read_body(answer, &body);
	switch (answer->status) {
	case 401:
		return unauthorised(answer, path, &body, err);
	case 403:
		return forbidden(answer, path, &body, err);
	case 404:
		if (named_by != NULL)
			return okta_err_set(err, OKTA_E_CONFIG,
			    "%s: Okta knows no such thing (%s): correct the id", named_by,
			    path);
		return okta_err_set(err, OKTA_E_INPUT,
		    "Okta says 404 to %s: it was deleted while we read", path);
	default:
		/* what we ask cannot be answered; or Okta cannot answer just now */
		is_ours = answer->status < 500 && answer->status != 408 &&
			  answer->status != 425 && answer->status != 429;
		return okta_err_set(err, is_ours ? OKTA_E_INPUT : OKTA_E_UNAVAIL,
		    "Okta answers HTTP %ld to %s %s %s", answer->status, path, body.code,
		    body.summary);
	}
}
