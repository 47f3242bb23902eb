/* SPDX-License-Identifier: BSD-2-Clause */
/* Is this an Okta org that can make codes for devices?  Endpoints are derived from the
 * issuer (net/oidc.h); the discovery document must say the same. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "doctor_net.h"
#include "net/http.h"
#include "net/json.h"
#include "net/oidc.h"

#define DEVICE_GRANT "urn:ietf:params:oauth:grant-type:device_code"
#define URL_MAX	     2048

static const char id[] = "okta.discovery",
		  cure[] = "org_url must be the address people sign in at: "
			   "https://acme.okta.com or the custom domain; "
			   "authorization_server is \"org\" unless Okta's Security > API "
			   "says otherwise";

/* OAuth's default when the member is missing lacks it, but Okta always says it. */
static bool
has_device_grant(const struct okta_json_value *root)
{
	const struct okta_json_value *list;
	struct okta_view grant;
	size_t i;

	if (okta_json_array(root, "grant_types_supported", &list) != OKTA_OK)
		return false;
	for (i = 0; i < okta_json_count(list); i++)
		if (okta_json_as_str(okta_json_item(list, i), &grant) == OKTA_OK &&
		    okta_view_eq_str(grant, DEVICE_GRANT))
			return true;
	return false;
}

static void
judge(const struct doctor *d, const struct okta_endpoints *at,
    const struct okta_json_value *root)
{
	struct okta_view issuer = { "", 0 }, device = { "", 0 };
	char shown[200];

	if (okta_json_str(root, "issuer", &issuer) != OKTA_OK)
		issuer = okta_view_str("");
	if (!okta_view_eq_str(issuer, d->conf->issuer)) {
		okta_text_sanitize(shown, sizeof(shown), issuer);
		doctor_fail(d, id, cure,
		    "%s calls itself \"%s\": tokens would be refused", d->conf->issuer,
		    shown);
		return;
	}
	if (okta_json_str(root, "device_authorization_endpoint", &device) != OKTA_OK ||
	    !okta_view_eq_str(device, at->device)) {
		okta_text_sanitize(shown, sizeof(shown), device);
		doctor_fail(d, id, cure,
		    "%s: device_authorization_endpoint is \"%s\", not %s",
		    d->conf->issuer, shown, at->device);
		return;
	}
	if (!has_device_grant(root)) {
		doctor_fail(d, id,
		    "this needs Okta Identity Engine; on a custom authorization server: "
		    "Security > API > the server > Access Policies: a rule with Device "
		    "Authorization ticked",
		    "%s: grant_types_supported has no device_code", d->conf->issuer);
		return;
	}
	doctor_pass(d, id, "%s knows the device authorization grant", d->conf->issuer);
}

static void
ask(const struct doctor *d, struct okta_http *http, const struct okta_endpoints *at)
{
	struct okta_http_request request = { .method = OKTA_HTTP_GET,
		.max_body_bytes = OKTA_HTTP_LOGIN_MAX,
		.deadline_ms = okta_clock_mono_ms(&okta_clock_system) + DOCTOR_STEP_MS };
	struct okta_http_answer answer = { 0 };
	struct okta_json *doc = NULL;
	struct okta_err err = { 0 };
	struct okta_buf url;

	okta_buf_init(&url, URL_MAX);
	if (okta_buf_printf(&url, "%s/.well-known/openid-configuration",
		d->conf->issuer) != OKTA_OK) {
		doctor_fail(d, id, cure, "the address is too long");
		goto out;
	}
	request.url = url.data;
	if (okta_http_do(http, &request, &answer, &err) != OKTA_OK)
		doctor_fail(d, id, cure, "%s", err.msg);
	else if (answer.status != 200)
		doctor_fail(d, id, cure, "%s is answered with HTTP %ld: no Okta org",
		    url.data, answer.status);
	else if (okta_json_new(okta_buf_view(&answer.body), OKTA_HTTP_LOGIN_MAX, &doc,
		     &err) != OKTA_OK)
		doctor_fail(d, id, cure, "%s: %s", url.data, err.msg);
	else
		judge(d, at, okta_json_root(doc));
out:
	okta_json_free(&doc);
	okta_http_answer_clear(&answer);
	okta_buf_clear(&url);
}

const char *
doctor_discovery(const struct doctor *d)
{
	/* the client id is only in the address of the keys */
	const char *client = d->conf->client_id == NULL ? "" : d->conf->client_id;
	struct okta_endpoints at;
	struct okta_http *http = NULL;
	struct okta_err err = { 0 };

	if (doctor_http_new(d, -1, &http, &err) != OKTA_OK ||
	    okta_oidc_endpoints(okta_view_str(d->conf->org_url),
		okta_view_str(d->conf->issuer), okta_view_str(client), &at,
		&err) != OKTA_OK)
		doctor_fail(d, id, cure, "%s", err.msg);
	else
		ask(d, http, &at);
	okta_http_free(&http);
	return NULL;
}
