/* SPDX-License-Identifier: BSD-2-Clause */
/* links: apic net model base; libs: libcurl libcrypto json-c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/link.h"

#define ORG "https://acme.okta.com"

static struct okta_err err;

static struct okta_view
v(const char *s)
{
	return okta_view_str(s);
}

static void
expect_next(const char *value, const char *target)
{
	struct okta_view got = { NULL, 0 };

	assert_int_equal(okta_link_find(v(value), "next", &got, &err), OKTA_OK);
	assert_int_equal(got.len, strlen(target));
	assert_memory_equal(got.p, target, got.len);
}

static void
expect_code(const char *value, enum okta_rc code)
{
	struct okta_view got = { "x", 1 };

	if (okta_link_find(v(value), "next", &got, &err) != code)
		fail_msg("%s", value);
	assert_string_equal(got.p, "x"); /* untouched */
}

static void
link_find_reads_oktas_own_forms(void **state)
{
	(void)state;
	expect_next("<https://a/api/v1/users?after=1&limit=1>; rel=\"next\"",
	    "https://a/api/v1/users?after=1&limit=1");
	expect_next(
	    "<https://a/1>; rel=\"self\", <https://a/2>; rel=\"next\"", "https://a/2");
	expect_next(
	    "<https://a/2>; rel=\"next\", <https://a/1>; rel=\"self\"", "https://a/2");
	expect_next("<https://a/?f=x,y;z>;rel=next", "https://a/?f=x,y;z");
	expect_next("<https://a/2> ; title=\"a, b; c\" ; REL=\"NEXT\"", "https://a/2");
	expect_next("<https://a/2>; rel=\"prev next\"", "https://a/2");
	expect_next(",, <https://a/2>; rel=\"next\",", "https://a/2");
}

static void
link_find_says_when_there_is_no_next(void **state)
{
	(void)state;
	expect_code("<https://a/1>; rel=\"self\"", OKTA_E_NOTFOUND);
	expect_code("<https://a/1>; rel=\"nextish\"", OKTA_E_NOTFOUND);
	expect_code("<https://a/1>; title=\"next\"", OKTA_E_NOTFOUND);
	expect_code("<https://a/1>", OKTA_E_NOTFOUND);
	expect_code("", OKTA_E_NOTFOUND);
}

/* A header taken for "no next page" would drop everybody behind it without a word. */
static void
link_find_refuses_what_it_cannot_read(void **state)
{
	(void)state;
	expect_code("https://a/2; rel=\"next\"", OKTA_E_INPUT);
	expect_code("<https://a/2; rel=\"next\"", OKTA_E_INPUT);
	expect_code("<>; rel=\"next\"", OKTA_E_INPUT);
	expect_code("<https://a/2>; rel=\"next", OKTA_E_INPUT);
	expect_code("<https://a/2>; rel=\"ne\\xt\"", OKTA_E_INPUT);
	expect_code("<https://a/2>; =\"next\"", OKTA_E_INPUT);
	expect_code("<https://a/2> rel=\"next\"", OKTA_E_INPUT);
	expect_code("<https://a/2>; rel=\"next\" <https://a/3>", OKTA_E_INPUT);
}

static void
link_find_refuses_two_nexts(void **state)
{
	(void)state;
	expect_code(
	    "<https://a/2>; rel=\"next\", <https://a/3>; rel=\"next\"", OKTA_E_INPUT);
}

static void
link_fault_lets_the_org_itself_through(void **state)
{
	(void)state;
	assert_null(okta_link_fault(v(ORG "/api/v1/users?after=x"), v(ORG)));
	assert_null(okta_link_fault(v("https://ACME.okta.com/api/v1/users"), v(ORG)));
	assert_null(okta_link_fault(v(ORG ":443/api/v1/users"), v(ORG)));
	assert_null(okta_link_fault(
	    v("https://localhost:8443/api/v1/users"), v("https://localhost:8443")));
}

/* The request carries our token: it may go nowhere else. */
static void
link_fault_refuses_every_other_place(void **state)
{
	static const char *const bad[] = {
		"http://acme.okta.com/api/v1/users",
		"https://evil.com/api/v1/users",
		"https://acme.okta.com.evil.com/api/v1/users",
		"https://acme.okta.com@evil.com/api/v1/users",
		"https://acme.okta.com:8443/api/v1/users",
		"https://acme.okta.com\\@evil.com/api/v1/users",
		"https://acme.okta.com?x=/api/v1/users",
		"https://acme.okta.com#/api/v1/users",
		"https://acme.okta.com/oauth2/v1/token",
		"https://acme.okta.com",
		"//acme.okta.com/api/v1/users",
		"/api/v1/users",
		"https://acme.okta.com/api/v1/us ers",
		"https://acme.okta.com/api/v1/us\ners",
		"",
	};
	char longer[5000];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (okta_link_fault(v(bad[i]), v(ORG)) == NULL)
			fail_msg("accepted %s", bad[i]);
	memset(longer, 'a', sizeof(longer));
	memcpy(longer, ORG "/api/", strlen(ORG "/api/"));
	assert_non_null(
	    okta_link_fault((struct okta_view){ longer, sizeof(longer) }, v(ORG)));
}

static struct okta_http_answer
answer_with(const char *headers)
{
	struct okta_http_answer a = { 0 };

	okta_buf_init(&a.headers, 4096);
	assert_int_equal(okta_buf_append_str(&a.headers, headers), OKTA_OK);
	return a;
}

static enum okta_rc
next_of(const char *headers, struct okta_buf *ret)
{
	struct okta_http_answer a = answer_with(headers);
	enum okta_rc r = okta_link_next(&a, v(ORG), ret, &err);

	okta_buf_clear(&a.headers);
	return r;
}

static void
link_next_looks_at_every_line(void **state)
{
	struct okta_buf next;

	(void)state;
	okta_buf_init(&next, 4096);
	assert_int_equal(
	    next_of("Date: x\r\nlink: <" ORG "/api/v1/users>; rel=\"self\"\r\n"
		    "LINK: <" ORG "/api/v1/users?after=2>; rel=\"next\"\r\n",
		&next),
	    OKTA_OK);
	assert_string_equal(next.data, ORG "/api/v1/users?after=2");
	assert_int_equal(next_of("Date: x\r\n", &next), OKTA_OK);
	assert_int_equal(next.len, 0);
	okta_buf_clear(&next);
}

static void
link_next_refuses_two_lines_and_other_hosts(void **state)
{
	struct okta_buf next;

	(void)state;
	okta_buf_init(&next, 4096);
	assert_int_equal(next_of("link: <" ORG "/api/v1/users?a=1>; rel=\"next\"\r\n"
				 "link: <" ORG "/api/v1/users?a=2>; rel=\"next\"\r\n",
			     &next),
	    OKTA_E_INPUT);
	assert_int_equal(
	    next_of("link: <https://evil.com/api/v1/users>; rel=\"next\"\r\n", &next),
	    OKTA_E_INPUT);
	assert_non_null(strstr(err.msg, "another host"));
	assert_int_equal(next.len, 0);
	okta_buf_clear(&next);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(link_find_reads_oktas_own_forms),
		cmocka_unit_test(link_find_says_when_there_is_no_next),
		cmocka_unit_test(link_find_refuses_what_it_cannot_read),
		cmocka_unit_test(link_find_refuses_two_nexts),
		cmocka_unit_test(link_fault_lets_the_org_itself_through),
		cmocka_unit_test(link_fault_refuses_every_other_place),
		cmocka_unit_test(link_next_looks_at_every_line),
		cmocka_unit_test(link_next_refuses_two_lines_and_other_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
