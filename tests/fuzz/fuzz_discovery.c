/* SPDX-License-Identifier: BSD-2-Clause */
/* links: net model base; libs: libcurl libcrypto json-c libqrencode */
/*
 * The discovery document, as oktactl reads it: it is our org's exactly if it names our
 * issuer, the device endpoint we use and the device grant.  First byte: the HTTP status
 * and which authorization server; then the document.
 */
#include <stdarg.h>

#include "../../cmd/oktactl/doctor_net.h"
#include "base/text.h"
#include "fuzz.h"
#include "net/json.h"
#include "net/oidc.h"
#include "seen_by_json_c.h"

#define ORG    "https://acme.okta.com"
#define CUSTOM ORG "/oauth2/default"
#define GRANT  "urn:ietf:params:oauth:grant-type:device_code"

static struct {
	long status;
	struct okta_view body;
	unsigned n_passed, n_failed;
} t;

enum okta_rc __wrap_okta_http_do(struct okta_http *http,
    const struct okta_http_request *request, struct okta_http_answer *answer,
    struct okta_err *err);

enum okta_rc
__wrap_okta_http_do(struct okta_http *http, const struct okta_http_request *request,
    struct okta_http_answer *answer, struct okta_err *err)
{
	(void)http;
	(void)err;
	FUZZ_CHECK(strncmp(request->url, ORG "/", strlen(ORG) + 1) == 0);
	answer->end = OKTA_HTTP_ANSWERED;
	answer->status = t.status;
	okta_buf_init(&answer->headers, 16);
	okta_buf_init(&answer->body, request->max_body_bytes);
	return okta_buf_append(&answer->body, t.body.p, t.body.len);
}

enum okta_rc
doctor_http_new(
    const struct doctor *d, int cancel_fd, struct okta_http **ret, struct okta_err *err)
{
	(void)d;
	(void)cancel_fd;
	(void)err;
	*ret = NULL;
	return OKTA_OK;
}

static void
check_line(const char *fmt, va_list ap)
{
	char line[4096];
	int n = vsnprintf(line, sizeof(line), fmt, ap);

	FUZZ_CHECK(n > 0 && (size_t)n < sizeof(line));
	FUZZ_CHECK(okta_text_is_printable(okta_view_str(line)));
}

void
doctor_pass(const struct doctor *d, const char *id, const char *fmt, ...)
{
	va_list ap;

	(void)d;
	(void)id;
	va_start(ap, fmt);
	check_line(fmt, ap);
	va_end(ap);
	t.n_passed++;
}

void
doctor_fail(
    const struct doctor *d, const char *id, const char *cure, const char *fmt, ...)
{
	va_list ap;

	(void)d;
	(void)id;
	FUZZ_CHECK(cure[0] != '\0');
	va_start(ap, fmt);
	check_line(fmt, ap);
	va_end(ap);
	t.n_failed++;
}

/* The same question, in other words. */
static bool
is_ours(const char *issuer, const char *device)
{
	struct okta_json *strict = NULL;
	struct json_object *o, *grants;
	bool is, knows = false;
	size_t i;

	if (t.status != 200 ||
	    okta_json_new(t.body, OKTA_HTTP_LOGIN_MAX, &strict, NULL) != OKTA_OK)
		return false;
	okta_json_free(&strict);
	o = seen_new(t.body);
	is = okta_view_eq_str(seen_text(o, "issuer"), issuer) &&
	     okta_view_eq_str(seen_text(o, "device_authorization_endpoint"), device);
	grants = seen_list(o, "grant_types_supported");
	for (i = 0; grants != NULL && i < json_object_array_length(grants); i++)
		knows = okta_view_eq_str(
			    seen_text_of(json_object_array_get_idx(grants, i)), GRANT) ||
			knows;
	json_object_put(o);
	return is && knows;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const long statuses[] = { 200, 404, 302, 500 };
	static char org[] = ORG, custom[] = CUSTOM, client[] = "0oa1";
	struct okta_conf conf = { .org_url = org, .client_id = client };
	const struct doctor d = { .conf = &conf };
	struct fuzz_in in = { data, size };
	uint8_t op = fuzz_u8(&in);

	conf.issuer = op % 2 == 0 ? org : custom;
	memset(&t, 0, sizeof(t));
	t.status = statuses[op / 2 % 4];
	t.body = fuzz_take(&in, in.left);
	FUZZ_CHECK(doctor_discovery(&d) == NULL);
	FUZZ_CHECK(t.n_passed + t.n_failed == 1);
	FUZZ_CHECK((t.n_passed == 1) ==
		   is_ours(conf.issuer, op % 2 == 0 ? ORG "/oauth2/v1/device/authorize"
						    : CUSTOM "/v1/device/authorize"));
	return 0;
}

#define DOCUMENT(issuer, base, more)                                                     \
	"{\"issuer\":\"" issuer "\",\"authorization_endpoint\":\"" base "/authorize\","  \
	"\"device_authorization_endpoint\":\"" base "/device/authorize\","               \
	"\"grant_types_supported\":[\"authorization_code\"" more "],\"scopes\":null}"

size_t
fuzz_seed(unsigned i, uint8_t *out, size_t max)
{
	static const char *const seeds[] = { "0" DOCUMENT(
						 ORG, ORG "/oauth2/v1", ",\"" GRANT "\""),
		"1" DOCUMENT(CUSTOM, CUSTOM "/v1", ",\"" GRANT "\""),
		"0" DOCUMENT("https://evil.example", ORG "/oauth2/v1", ",\"" GRANT "\""),
		"0" DOCUMENT(ORG, "https://evil.example/oauth2/v1", ",\"" GRANT "\""),
		"0" DOCUMENT(ORG, ORG "/oauth2/v1", ""), "2{}", "0{\"issuer\":1}", "0[]",
		"0<html>" };
	size_t len = fuzz_seed_text(seeds, sizeof(seeds) / sizeof(seeds[0]), i, out, max);

	if (len > 0)
		out[0] = (uint8_t)(out[0] - '0');
	return len;
}
