/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/oidc.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/wipe.h"

#define DEVICE_GRANT "urn:ietf:params:oauth:grant-type:device_code"

#define INTERVAL_DEFAULT_S 5 /* RFC 8628 section 3.2 */
#define INTERVAL_MAX_S	   300
#define EXPIRES_MAX_S	   86400
#define BASIC_MAX	   16384

static bool
put_url(char dst[OKTA_ENDPOINT_MAX], struct okta_view base, const char *path)
{
	int n = snprintf(dst, OKTA_ENDPOINT_MAX, "%.*s%s", (int)base.len, base.p, path);

	return n > 0 && n < OKTA_ENDPOINT_MAX;
}

static bool
starts_with(struct okta_view v, struct okta_view prefix)
{
	return v.len >= prefix.len && memcmp(v.p, prefix.p, prefix.len) == 0;
}

/* ORG_URL itself, or ORG_URL "/oauth2/" and one path segment. */
static bool
is_issuer(struct okta_view org_url, struct okta_view issuer)
{
	static const char middle[] = "/oauth2/";
	const size_t skip = org_url.len + sizeof(middle) - 1;

	if (org_url.len == 0 || !starts_with(issuer, org_url))
		return false;
	if (issuer.len == org_url.len)
		return true;
	return issuer.len > skip && issuer.len < OKTA_ENDPOINT_MAX &&
	       memcmp(issuer.p + org_url.len, middle, sizeof(middle) - 1) == 0 &&
	       memchr(issuer.p + skip, '/', issuer.len - skip) == NULL;
}

enum okta_rc
okta_oidc_endpoints(struct okta_view org_url, struct okta_view issuer,
    struct okta_view client_id, struct okta_endpoints *ret, struct okta_err *err)
{
	const char *v1 = issuer.len == org_url.len ? "/oauth2/v1" : "/v1";
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_view base;
	struct okta_buf text, query;

	okta_buf_init(&text, OKTA_ENDPOINT_MAX);
	okta_buf_init(&query, OKTA_ENDPOINT_MAX);
	if (!is_issuer(org_url, issuer)) {
		rc = okta_err_set(err, OKTA_E_CONFIG,
		    "issuer: must be org_url itself or org_url/oauth2/ID");
		goto out;
	}
	r = okta_buf_printf(&text, "%.*s%s", (int)issuer.len, issuer.p, v1);
	if (r == OKTA_OK)
		r = okta_buf_append_str(&query, "/keys?client_id=");
	if (r == OKTA_OK)
		r = okta_http_escape(client_id, &query);
	if (r != OKTA_OK) {
		rc = okta_err_set(err, OKTA_E_CONFIG, "org_url or client_id: too long");
		goto out;
	}
	base = okta_buf_view(&text);
	if (!put_url(ret->device, base, "/device/authorize") ||
	    !put_url(ret->token, base, "/token") ||
	    !put_url(ret->keys, base, query.data) ||
	    !put_url(ret->userinfo, base, "/userinfo")) {
		rc = okta_err_set(err, OKTA_E_CONFIG, "org_url or client_id: too long");
		goto out;
	}
	rc = OKTA_OK;
out:
	okta_buf_clear(&text);
	okta_buf_clear(&query);
	return rc;
}

enum okta_rc
okta_oidc_basic(const struct okta_client *client, struct okta_buf *out)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	unsigned char text[BASIC_MAX / 3 * 4 + 8];
	struct okta_buf pair;

	if (client->secret.len == 0)
		return OKTA_OK;
	okta_buf_init(&pair, BASIC_MAX);
	r = okta_http_escape(client->id, &pair); /* RFC 6749 section 2.3.1 */
	if (r == OKTA_OK)
		r = okta_buf_append_str(&pair, ":");
	if (r == OKTA_OK)
		r = okta_http_escape(client->secret, &pair);
	if (r == OKTA_OK) {
		(void)EVP_EncodeBlock(text, (unsigned char *)pair.data, (int)pair.len);
		r = okta_buf_printf(out, "Basic %s", (char *)text);
	}
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	rc = OKTA_OK;
out:
	okta_wipe(text, sizeof(text));
	okta_buf_clear(&pair);
	return rc;
}

static enum okta_rc
put_client(const struct okta_client *client, struct okta_buf *out)
{
	if (client->secret.len > 0)
		return OKTA_OK; /* the Authorization header says it */
	return okta_http_form_add(out, "client_id", client->id);
}

enum okta_rc
okta_oidc_device_form(
    const struct okta_client *client, struct okta_view scopes, struct okta_buf *out)
{
	enum okta_rc r = put_client(client, out);

	if (r != OKTA_OK)
		return r;
	return okta_http_form_add(out, "scope", scopes);
}

enum okta_rc
okta_oidc_token_form(
    const struct okta_client *client, struct okta_view device_code, struct okta_buf *out)
{
	enum okta_rc r = put_client(client, out);

	if (r == OKTA_OK)
		r = okta_http_form_add(out, "grant_type", okta_view_str(DEVICE_GRANT));
	if (r == OKTA_OK)
		r = okta_http_form_add(out, "device_code", device_code);
	return r;
}

static bool
is_user_code(struct okta_view v)
{
	size_t i;

	if (v.len < 4 || v.len > OKTA_USER_CODE_MAX)
		return false;
	for (i = 0; i < v.len; i++)
		if ((v.p[i] < 'A' || v.p[i] > 'Z') && (v.p[i] < '0' || v.p[i] > '9') &&
		    v.p[i] != '-')
			return false;
	return true;
}

/* ORG_URL has no path, so the slash behind it ends the authority part. */
static bool
is_on_org(struct okta_view uri, struct okta_view org_url)
{
	return uri.len > org_url.len && uri.len <= OKTA_VERIFICATION_URI_MAX &&
	       org_url.len > 0 && starts_with(uri, org_url) &&
	       uri.p[org_url.len] == '/' && okta_text_is_printable(uri) &&
	       memchr(uri.p, ' ', uri.len) == NULL;
}

static enum okta_rc
bad_device(struct okta_err *err, const char *why)
{
	return okta_err_set(err, OKTA_E_INPUT, "device authorization: %s", why);
}

enum okta_rc
okta_oidc_device(const struct okta_json_value *root, struct okta_view org_url,
    struct okta_device *ret, struct okta_err *err)
{
	int64_t interval = INTERVAL_DEFAULT_S, expires;
	struct okta_device d = { 0 };
	enum okta_rc r;

	if (okta_json_str(root, "device_code", &d.device_code) != OKTA_OK ||
	    d.device_code.len == 0 || d.device_code.len > OKTA_DEVICE_CODE_MAX ||
	    !okta_text_is_printable(d.device_code))
		return bad_device(err, "device_code: missing or not usable");
	if (okta_json_str(root, "user_code", &d.prompt.user_code) != OKTA_OK ||
	    !is_user_code(d.prompt.user_code))
		return bad_device(err, "user_code: not 4 to 16 of A-Z, 0-9 and -");
	if (okta_json_str(root, "verification_uri", &d.prompt.verification_uri) !=
		OKTA_OK ||
	    !is_on_org(d.prompt.verification_uri, org_url))
		return bad_device(err, "verification_uri: not on the configured org_url");
	r = okta_json_str(
	    root, "verification_uri_complete", &d.prompt.verification_uri_complete);
	if (r != OKTA_E_NOTFOUND &&
	    (r != OKTA_OK || !is_on_org(d.prompt.verification_uri_complete, org_url)))
		return bad_device(
		    err, "verification_uri_complete: not on the configured org_url");
	if (okta_json_int(root, "expires_in", 1, EXPIRES_MAX_S, &expires) != OKTA_OK)
		return bad_device(err, "expires_in: not 1 to 86400 seconds");
	r = okta_json_int(root, "interval", 1, INTERVAL_MAX_S, &interval);
	if (r != OKTA_OK && r != OKTA_E_NOTFOUND)
		return bad_device(err, "interval: not 1 to 300 seconds");
	d.prompt.expires_in_s = (uint64_t)expires;
	d.prompt.interval_s = (uint64_t)interval;
	*ret = d;
	return OKTA_OK;
}

enum okta_rc
okta_oidc_tokens(
    const struct okta_json_value *root, struct okta_tokens *ret, struct okta_err *err)
{
	struct okta_tokens t = { 0 };
	struct okta_view type;
	enum okta_rc r;

	if (okta_json_str(root, "id_token", &t.id_token) != OKTA_OK ||
	    t.id_token.len == 0)
		return okta_err_set(err, OKTA_E_INPUT,
		    "token endpoint: no id_token: [login] scopes must have openid");
	r = okta_json_str(root, "access_token", &t.access_token);
	if (r != OKTA_E_NOTFOUND &&
	    (r != OKTA_OK || !okta_text_is_printable(t.access_token)))
		return okta_err_set(
		    err, OKTA_E_INPUT, "token endpoint: access_token: not usable");
	t.dpop = okta_json_str(root, "token_type", &type) == OKTA_OK &&
		 okta_view_eq_str(type, "DPoP");
	*ret = t;
	return OKTA_OK;
}
