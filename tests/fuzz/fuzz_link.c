/* SPDX-License-Identifier: BSD-2-Clause */
/* links: apic net model base; libs: libcurl libcrypto json-c */
/* Link headers: a request with our token goes nowhere else than to the org's API. */
#include "base/text.h"
#include "fuzz.h"
#include "net/http.h"
#include "net/link.h"

#define ORG "https://acme.okta.com"

/* Once more, in other words: scheme and host of any case, a port only if it is 443. */
static bool
is_of_org(struct okta_view url)
{
	static const char *const starts[] = { ORG "/api/", ORG ":443/api/" };
	size_t i, k, len;

	for (i = 0; i < 2; i++) {
		len = strlen(starts[i]);
		for (k = 0; k < len && k < url.len; k++)
			if ((k < len - 5 ? okta_text_lower(url.p[k]) : url.p[k]) !=
			    starts[i][k])
				break;
		if (k == len)
			return true;
	}
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct okta_view text = { (const char *)data, size }, found = { NULL, 0 }, url;
	struct okta_http_answer answer = { .end = OKTA_HTTP_ANSWERED, .status = 200 };
	const struct okta_view org = okta_view_str(ORG);
	struct okta_err err = { 0 };
	struct okta_buf next;
	enum okta_rc r;
	size_t i;

	okta_buf_init(&answer.headers, 65536);
	okta_buf_init(&next, 65536);
	FUZZ_CHECK(
	    size > 60000 || okta_buf_append(&answer.headers, data, size) == OKTA_OK);
	r = okta_link_next(&answer, org, &next, &err);
	FUZZ_CHECK(r == OKTA_OK || r == OKTA_E_INPUT);
	FUZZ_CHECK(r == OKTA_OK || okta_text_is_printable(okta_view_str(err.msg)));
	if (r == OKTA_OK && next.len > 0) {
		url = okta_buf_view(&next);
		FUZZ_CHECK(is_of_org(url) && url.len <= 4096);
		for (i = 0; i < url.len; i++)
			FUZZ_CHECK(url.p[i] > 0x20 && url.p[i] < 0x7f);
	}
	if (okta_link_find(text, "next", &found, &err) == OKTA_OK)
		FUZZ_CHECK(found.p >= text.p && found.p + found.len <= text.p + text.len);
	if (okta_link_fault(text, org) == NULL)
		FUZZ_CHECK(is_of_org(text));
	okta_buf_clear(&next);
	okta_http_answer_clear(&answer);
	return 0;
}

size_t
fuzz_seed(unsigned i, uint8_t *out, size_t max)
{
	static const char *const seeds[] = {
		"HTTP/1.1 200 OK\r\nlink: <" ORG
		"/api/v1/users?limit=200>; rel=\"self\"\r\n"
		"link: <" ORG "/api/v1/users?after=00u1&limit=200>; rel=\"next\"\r\n\r\n",
		"Link: <" ORG
		"/api/v1/groups?after=1>; title=\"a,\\\"b>\"; rel=\"x next\", "
		"<" ORG "/api/v1/groups>; rel=self\r\n",
		"link: <https://evil.example/api/v1/users>; rel=\"next\"\r\n",
		"link: <https://acme.okta.com:444/api/v1/users>;rel=next\r\n",
		"link: <https://acme.okta.com@evil.example/api/>; rel=\"next\"\r\n",
		"<" ORG "/api/v1/users?after=2>; rel=\"next\"",
		"https://ACME.okta.com:443/api/"
	};

	return fuzz_seed_text(seeds, sizeof(seeds) / sizeof(seeds[0]), i, out, max);
}
