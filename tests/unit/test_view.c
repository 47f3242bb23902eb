/* SPDX-License-Identifier: BSD-2-Clause */
/* links: base; libs: cmocka */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/view.h"

#define V okta_view_str

static void
eq_compares_length_and_bytes(void **state)
{
	const struct okta_view none = { NULL, 0 }, nul = { "a\0b", 3 };

	(void)state;
	assert_true(okta_view_eq(V("abc"), V("abc")));
	assert_false(okta_view_eq(V("abc"), V("abd")));
	assert_false(okta_view_eq(V("abc"), V("ab")));
	assert_true(okta_view_eq(none, V("")));
	assert_false(okta_view_eq(nul, V("a")));
	assert_true(okta_view_eq_str(V("x"), "x"));
	assert_false(okta_view_eq_str(V("x"), "xy"));
}

static void
trim_takes_blanks_off_both_ends_only(void **state)
{
	const struct okta_view none = { NULL, 0 };

	(void)state;
	assert_true(okta_view_eq_str(okta_view_trim(V(" \t a b\t ")), "a b"));
	assert_true(okta_view_eq_str(okta_view_trim(V(" \t ")), ""));
	assert_true(okta_view_eq_str(okta_view_trim(V("a\n")), "a\n"));
	assert_int_equal(okta_view_trim(none).len, 0);
}

static void
split_gives_each_part_and_then_nothing(void **state)
{
	struct okta_view rest = V("a::bc");

	(void)state;
	assert_true(okta_view_eq_str(okta_view_split(&rest, ':'), "a"));
	assert_true(okta_view_eq_str(okta_view_split(&rest, ':'), ""));
	assert_true(okta_view_eq_str(okta_view_split(&rest, ':'), "bc"));
	assert_null(rest.p);
	assert_int_equal(rest.len, 0);
	assert_int_equal(okta_view_split(&rest, ':').len, 0);
}

static void
u64_takes_plain_decimal_up_to_the_maximum(void **state)
{
	uint64_t n = 7;

	(void)state;
	assert_int_equal(okta_view_u64(V("0"), 0, &n), OKTA_OK);
	assert_int_equal(n, 0);
	assert_int_equal(okta_view_u64(V("42"), 42, &n), OKTA_OK);
	assert_int_equal(n, 42);
	assert_int_equal(
	    okta_view_u64(V("18446744073709551615"), UINT64_MAX, &n), OKTA_OK);
	assert_true(n == UINT64_MAX);
}

/* 4294967296 read into 32 bits would be uid 0. */
static void
u64_refuses_everything_else(void **state)
{
	const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "01", "00", "0x10", "1e3",
		"1.0", "43", "18446744073709551616", "99999999999999999999", "4294967296",
		"\xd9\xa1" };
	uint64_t n = 7;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (okta_view_u64(V(bad[i]), 42, &n) != OKTA_E_INPUT || n != 7)
			fail_msg("accepted \"%s\"", bad[i]);
	assert_int_equal(
	    okta_view_u64(V("18446744073709551616"), UINT64_MAX, &n), OKTA_E_INPUT);
	assert_int_equal(n, 7);
}

static void
dup_refuses_a_nul_inside(void **state)
{
	const struct okta_view nul = { "a\0b", 3 }, none = { NULL, 0 };
	char *s = okta_view_dup(V("abc"));

	(void)state;
	assert_string_equal(s, "abc");
	free(s);
	assert_null(okta_view_dup(nul));
	s = okta_view_dup(none);
	assert_string_equal(s, "");
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eq_compares_length_and_bytes),
		cmocka_unit_test(trim_takes_blanks_off_both_ends_only),
		cmocka_unit_test(split_gives_each_part_and_then_nothing),
		cmocka_unit_test(u64_takes_plain_decimal_up_to_the_maximum),
		cmocka_unit_test(u64_refuses_everything_else),
		cmocka_unit_test(dup_refuses_a_nul_inside),
	};

	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
