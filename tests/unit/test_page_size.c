/* SPDX-License-Identifier: BSD-2-Clause */
/* links: apic net model base */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "net/page_size.h"

static struct okta_view
v(const char *text)
{
	return okta_view_str(text);
}

static void
page_size_of_finds_limit_alone(void **state)
{
	(void)state;
	assert_int_equal(okta_page_size_of(v("https://a/api/v1/users?limit=200")), 200);
	assert_int_equal(
	    okta_page_size_of(v("https://a/x?after=limit&limit=25&fields=a")), 25);
	assert_int_equal(okta_page_size_of(v("https://a/x?xlimit=25")), 0);
	assert_int_equal(okta_page_size_of(v("https://a/limit=25")), 0);
	assert_int_equal(okta_page_size_of(v("https://a/x?limit=")), 0);
	assert_int_equal(okta_page_size_of(v("https://a/x?limit=2x")), 0);
	assert_int_equal(
	    okta_page_size_of(v("https://a/x?limit=99999999999999999999")), 0);
}

static void
check_put(const char *before, size_t n, const char *after)
{
	struct okta_buf url;

	okta_buf_init(&url, 200);
	assert_int_equal(okta_buf_append_str(&url, before), OKTA_OK);
	assert_int_equal(okta_page_size_put(&url, n), OKTA_OK);
	assert_string_equal(url.data, after);
	okta_buf_clear(&url);
}

/* The cursor is opaque: not a byte of it may change. */
static void
page_size_put_changes_nothing_but_the_number(void **state)
{
	(void)state;
	check_put("https://a/x?limit=200", 50, "https://a/x?limit=50");
	check_put("https://a/x?after=2limit=200%3D&limit=200&b=limit", 100,
	    "https://a/x?after=2limit=200%3D&limit=100&b=limit");
	check_put("https://a/x?after=20", 50, "https://a/x?after=20");
	check_put("https://a/x", 50, "https://a/x");
}

static void
page_size_halves_down_to_the_least_and_grows_back(void **state)
{
	struct okta_page_size s = { 0 };
	struct okta_view url = v("https://a/x?limit=50");
	unsigned i;

	(void)state;
	okta_page_size_shrink(&s, url);
	assert_int_equal(s.now, 25);
	okta_page_size_shrink(&s, url);
	assert_int_equal(s.now, 12);
	okta_page_size_shrink(&s, url);
	okta_page_size_shrink(&s, url);
	assert_int_equal(s.now, OKTA_PAGE_SIZE_MIN);
	for (i = 1; i < OKTA_PAGE_SIZE_GOOD; i++)
		okta_page_size_grow(&s);
	assert_int_equal(s.now, OKTA_PAGE_SIZE_MIN);
	okta_page_size_grow(&s);
	assert_int_equal(s.now, 20);
	for (i = 0; i < 5 * OKTA_PAGE_SIZE_GOOD; i++)
		okta_page_size_grow(&s);
	assert_int_equal(s.now, 50);
}

static void
page_size_starts_to_count_anew_after_a_failure(void **state)
{
	struct okta_page_size s = {
		.full = 200, .now = 50, .good = OKTA_PAGE_SIZE_GOOD - 1
	};

	(void)state;
	okta_page_size_shrink(&s, v("https://a/x?limit=50"));
	okta_page_size_grow(&s);
	assert_int_equal(s.now, 25);
}

static void
page_size_leaves_an_address_without_a_limit_alone(void **state)
{
	struct okta_page_size s = { 0 };

	(void)state;
	okta_page_size_shrink(&s, v("https://a/x?after=3"));
	assert_int_equal(s.now, 0);
	okta_page_size_grow(&s);
	assert_int_equal(s.now, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(page_size_of_finds_limit_alone),
		cmocka_unit_test(page_size_put_changes_nothing_but_the_number),
		cmocka_unit_test(page_size_halves_down_to_the_least_and_grows_back),
		cmocka_unit_test(page_size_starts_to_count_anew_after_a_failure),
		cmocka_unit_test(page_size_leaves_an_address_without_a_limit_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
