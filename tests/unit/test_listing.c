/* SPDX-License-Identifier: BSD-2-Clause */
/* links: apic net model base; libs: libcurl libcrypto json-c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/listing.h"

static enum okta_rc
no_page(void *ctx, size_t i, struct okta_view body, struct okta_err *err)
{
	(void)ctx;
	(void)i;
	(void)body;
	(void)err;
	fail();
	return OKTA_OK;
}

/* There is neither a token nor a connection here: it is refused before either is used. */
static void
listing_takes_no_token_to_a_saved_link_of_another_host(void **state)
{
	static const char *const links[] = { "https://evil.example/api/v1/logs?after=1",
		"http://acme.okta.com/api/v1/logs?after=1",
		"https://acme.okta.com@evil.example/api/v1/logs",
		"https://acme.okta.com.evil.example/api/v1/logs",
		"https://acme.okta.com:444/api/v1/logs", "/api/v1/logs", "" };
	struct okta_api api = { .org_url = "https://acme.okta.com" };
	struct okta_err err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		struct okta_listing listing = { .path = "/api/v1/logs",
			.bucket = OKTA_API_LOGS,
			.start = links[i],
			.polling = true };

		memset(&err, 0, sizeof(err));
		assert_int_equal(okta_listing_run(&api, &listing, 1, no_page, NULL, &err),
		    OKTA_E_INPUT);
		assert_non_null(strstr(err.msg, "/api/v1/logs: the saved next link "));
		okta_buf_clear(&listing.next);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listing_takes_no_token_to_a_saved_link_of_another_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
