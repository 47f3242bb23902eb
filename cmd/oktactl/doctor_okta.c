/* SPDX-License-Identifier: BSD-2-Clause */
/* What a login needs of Okta: TLS, the time, the keys, and a code. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/wipe.h"
#include "doctor_net.h"
#include "net/json.h"
#include "net/jwk.h"
#include "net/oidc.h"
#include "net/ratelimit.h"

#define CLOCK_WARN_S 60
#define CLOCK_FAIL_S 300
#define FORM_MAX     16384
#define AUTH_MAX     65536

struct session {
	const struct doctor *d;
	struct okta_http *http;
	struct okta_endpoints at;
	struct okta_client client;
};

static enum okta_rc
ask(const struct session *s, struct okta_http_request *request,
    struct okta_http_answer *answer, struct okta_err *err)
{
	request->max_body_bytes = OKTA_HTTP_LOGIN_MAX;
	request->deadline_ms = okta_clock_mono_ms(&okta_clock_system) + DOCTOR_STEP_MS;
	return okta_http_do(s->http, request, answer, err);
}

/* True if there was an answer; each other end is a finding. */
static bool
check_connection(const struct doctor *d, enum okta_rc r, enum okta_http_end end,
    const struct okta_err *err)
{
	if (r != OKTA_OK && end != OKTA_HTTP_TLS && end != OKTA_HTTP_REFUSED) {
		doctor_fail(d, "net.connect",
		    "correct [okta] org_url or proxy; let this host reach Okta's port "
		    "443",
		    "%s", err->msg);
		return false;
	}
	doctor_pass(d, "net.connect", "%s answers", d->conf->org_url);
	if (end == OKTA_HTTP_TLS) {
		doctor_fail(d, "net.tls",
		    "[okta] ca_file must hold the CA that signed the certificate, and "
		    "org_url "
		    "the name in it; a proxy that opens TLS needs its own CA here",
		    "%s", err->msg);
		return false;
	}
	doctor_pass(d, "net.tls", "certificate and host name are right");
	return true;
}

static void
check_clock(const struct doctor *d, const struct okta_http_answer *answer)
{
	static const char id[] = "clock",
			  cure[] = "timedatectl set-ntp true, or correct ntp/chrony";
	const struct okta_rate_headers said = okta_rate_read(answer);
	int64_t off;

	if (!said.has_date) {
		doctor_skip(d, id, "the answer has no Date");
		return;
	}
	off = okta_clock_now_s(&okta_clock_system) - said.date_s;
	if (off > CLOCK_FAIL_S || off < -CLOCK_FAIL_S)
		doctor_fail(d, id, cure,
		    "this host is %lld s %s of Okta: tokens and keys are refused",
		    (long long)(off < 0 ? -off : off), off < 0 ? "behind" : "ahead");
	else if (off > CLOCK_WARN_S || off < -CLOCK_WARN_S)
		doctor_warn(d, id, cure, "this host is %lld s %s of Okta",
		    (long long)(off < 0 ? -off : off), off < 0 ? "behind" : "ahead");
	else
		doctor_pass(d, id, "within %d s of Okta's", CLOCK_WARN_S);
}

static void
check_keys(const struct doctor *d, const struct okta_http_answer *answer, enum okta_rc r,
    const struct okta_err *http_err)
{
	static const char id[] = "okta.jwks",
			  cure[] = "correct [okta] org_url and authorization_server: the "
				   "issuer is shown in Okta under Security > API";
	struct okta_jwks *jwks = NULL;
	struct okta_err err = { 0 };
	size_t n = 0;

	if (r != OKTA_OK) {
		doctor_fail(d, id, cure, "%s", http_err->msg);
		return;
	}
	if (answer->status != 200) {
		doctor_fail(d, id, cure, "%s: the keys are answered with HTTP %ld",
		    d->conf->issuer, answer->status);
		return;
	}
	if (okta_jwks_new(okta_buf_view(&answer->body), OKTA_ALG_RS256, &jwks, &err) !=
	    OKTA_OK) {
		doctor_fail(
		    d, id, cure, "%s: no set of keys: %s", d->conf->issuer, err.msg);
		return;
	}
	n = okta_jwks_count(jwks);
	okta_jwks_free(&jwks);
	if (n == 0)
		doctor_fail(d, id,
		    "Okta: Security > API > authorization server > Keys: rotate them",
		    "%s: no RSA key that could sign a login", d->conf->issuer);
	else
		doctor_pass(d, id, "%zu keys that sign logins", n);
}

/* What to click for each of Okta's refusals of a code. */
static const char *
device_cure(struct okta_view error)
{
	if (okta_view_eq_str(error, "invalid_client"))
		return "Okta: Applications > your native app > General: copy Client ID "
		       "to "
		       "[login] client_id; if the app has a client secret, it must be in "
		       "client_secret_file";
	if (okta_view_eq_str(error, "unauthorized_client"))
		return "Okta: Applications > your native app > General Settings > Edit > "
		       "Grant type: tick Device Authorization";
	if (okta_view_eq_str(error, "invalid_scope"))
		return "Okta: Security > API > authorization server > Scopes: add what "
		       "[login] "
		       "scopes names (a custom server has no \"groups\"), or take it out "
		       "there";
	if (okta_view_eq_str(error, "access_denied"))
		return "Okta: Security > API > authorization server > Access Policies: a "
		       "rule "
		       "for this app with Device Authorization ticked";
	return "check [okta], [login] client_id and the native app in Okta";
}

static void
judge_refusal(const struct doctor *d, const struct okta_http_answer *answer,
    const struct okta_oidc_reading *reading)
{
	static const char id[] = "okta.device";
	struct okta_view error = { "", 0 }, text = { "", 0 };
	struct okta_json *doc = NULL;
	char word[48], said[200];

	if (okta_json_new(okta_buf_view(&answer->body), OKTA_HTTP_LOGIN_MAX, &doc,
		NULL) == OKTA_OK) {
		if (okta_json_str(okta_json_root(doc), "error", &error) != OKTA_OK)
			error = okta_view_str("");
		if (okta_json_str(okta_json_root(doc), "error_description", &text) !=
		    OKTA_OK)
			text = okta_view_str("");
	}
	okta_text_sanitize(word, sizeof(word), error);
	okta_text_sanitize(said, sizeof(said), text);
	if (answer->status == 429 || answer->status >= 500)
		doctor_warn(
		    d, id, "try again in a minute", "no code now: %s", reading->detail);
	else if (error.len == 0)
		doctor_fail(d, id, device_cure(error), "no code: %s", reading->detail);
	else
		doctor_fail(
		    d, id, device_cure(error), "Okta gives no code: %s: %s", word, said);
	okta_json_free(&doc);
}

static void
judge_code(const struct doctor *d, const struct okta_json *doc)
{
	static const char id[] = "okta.device";
	struct okta_device device;
	struct okta_err err = { 0 };

	if (okta_oidc_device(okta_json_root(doc), okta_view_str(d->conf->org_url),
		&device, &err) != OKTA_OK)
		doctor_fail(d, id,
		    "[okta] org_url must be the address people sign in at, custom domain "
		    "included",
		    "%s", err.msg);
	else
		doctor_pass(d, id,
		    "Okta makes codes for this app; the one made now is left to expire, "
		    "nobody "
		    "is asked to approve it");
}

static enum okta_rc
make_request(const struct session *s, struct okta_buf *form, struct okta_buf *basic)
{
	struct okta_buf scopes;
	enum okta_rc r = OKTA_OK;
	size_t i;

	okta_buf_init(&scopes, FORM_MAX);
	for (i = 0; i < s->d->conf->scopes.n && r == OKTA_OK; i++)
		r = okta_buf_printf(
		    &scopes, "%s%s", i == 0 ? "" : " ", s->d->conf->scopes.item[i]);
	if (r == OKTA_OK)
		r = okta_oidc_device_form(&s->client, okta_buf_view(&scopes), form);
	if (r == OKTA_OK)
		r = okta_oidc_basic(&s->client, basic);
	okta_buf_clear(&scopes);
	return r;
}

static void
check_device(const struct session *s)
{
	struct okta_http_request request = { .method = OKTA_HTTP_POST };
	struct okta_http_answer answer = { 0 };
	struct okta_oidc_reading reading;
	struct okta_json *doc = NULL;
	struct okta_buf form, basic;
	struct okta_err err = { 0 };

	okta_buf_init(&form, FORM_MAX);
	okta_buf_init(&basic, AUTH_MAX);
	if (make_request(s, &form, &basic) != OKTA_OK) {
		doctor_fail(s->d, "okta.device", "shorten [login] client_id or scopes",
		    "the request cannot be made");
		goto out;
	}
	request.url = s->at.device;
	request.body = okta_buf_view(&form);
	request.authorization = basic.len > 0 ? basic.data : NULL;
	if (ask(s, &request, &answer, &err) != OKTA_OK) {
		doctor_fail(s->d, "okta.device", "try again", "%s", err.msg);
		goto out;
	}
	okta_oidc_read(&answer, &err, &reading, &doc);
	if (reading.meaning == OKTA_OIDC_SUCCESS)
		judge_code(s->d, doc);
	else
		judge_refusal(s->d, &answer, &reading);
out:
	okta_json_free(&doc);
	okta_http_answer_clear(&answer);
	okta_buf_clear(&form);
	okta_buf_clear(&basic);
}

static const char *
check_all(struct session *s, bool secret_is_there)
{
	struct okta_http_request request = { .method = OKTA_HTTP_GET, .url = s->at.keys };
	struct okta_http_answer answer = { 0 };
	struct okta_err err = { 0 };
	enum okta_rc r = ask(s, &request, &answer, &err);

	if (!check_connection(s->d, r, answer.end, &err)) {
		okta_http_answer_clear(&answer);
		return "Okta cannot be reached";
	}
	check_clock(s->d, &answer);
	check_keys(s->d, &answer, r, &err);
	okta_http_answer_clear(&answer);
	if (!secret_is_there)
		return "only root may read [login] client_secret_file";
	check_device(s);
	return NULL;
}

const char *
doctor_okta(const struct doctor *d)
{
	struct session s = { .d = d };
	struct okta_err err = { 0 };
	const char *why = "see net.connect";
	char *secret = NULL;
	size_t len = 0;
	enum okta_rc r;

	r = doctor_secret(d, "[login] client_secret_file", d->conf->client_secret_file,
	    &secret, &len, &err);
	s.client.id = okta_view_str(d->conf->client_id);
	s.client.secret = (struct okta_view){ secret, len };
	if (doctor_http_new(d, -1, &s.http, &err) != OKTA_OK ||
	    okta_oidc_endpoints(okta_view_str(d->conf->org_url),
		okta_view_str(d->conf->issuer), s.client.id, &s.at, &err) != OKTA_OK)
		doctor_fail(d, "net.connect", "correct [okta]", "%s", err.msg);
	else
		why = check_all(&s, r == OKTA_OK);
	okta_http_free(&s.http);
	okta_free_wiped(secret, len);
	return why;
}
