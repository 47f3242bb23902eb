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

#include "base/buf.h"

static void
append_grows_and_keeps_a_nul_behind(void **state)
{
	struct okta_buf b;
	unsigned i;

	(void)state;
	okta_buf_init(&b, 5000);
	for (i = 0; i < 1000; i++) {
		assert_int_equal(okta_buf_append_str(&b, "abcde"), OKTA_OK);
		assert_int_equal(b.data[b.len], '\0');
	}
	assert_int_equal(b.len, 5000);
	assert_memory_equal(b.data + 4995, "abcde", 6);
	okta_buf_clear(&b);
}

static void
nothing_is_appended_beyond_the_maximum(void **state)
{
	struct okta_buf b;

	(void)state;
	okta_buf_init(&b, 10);
	assert_int_equal(okta_buf_append_str(&b, "0123456789"), OKTA_OK);
	assert_int_equal(okta_buf_append_str(&b, "x"), OKTA_E_TOOBIG);
	assert_int_equal(okta_buf_printf(&b, "%d", 1), OKTA_E_TOOBIG);
	assert_int_equal(okta_buf_append(&b, "x", SIZE_MAX), OKTA_E_TOOBIG);
	assert_int_equal(b.len, 10);
	assert_string_equal(b.data, "0123456789");
	assert_int_equal(okta_buf_append(&b, NULL, 0), OKTA_OK);
	okta_buf_clear(&b);
	assert_int_equal(b.max, 10); /* the limit stays */
	assert_int_equal(b.len, 0);
	assert_int_equal(okta_buf_append_str(&b, "01234567890"), OKTA_E_TOOBIG);
}

static void
printf_appends_formatted_text(void **state)
{
	struct okta_buf b;

	(void)state;
	okta_buf_init(&b, 100);
	assert_int_equal(okta_buf_append_str(&b, "n="), OKTA_OK);
	assert_int_equal(okta_buf_printf(&b, "%d %s", 7, "x"), OKTA_OK);
	assert_string_equal(b.data, "n=7 x");
	assert_true(okta_view_eq_str(okta_buf_view(&b), "n=7 x"));
	okta_buf_clear(&b);
}

static void
take_moves_the_bytes_and_leaves_the_buffer_empty(void **state)
{
	struct okta_buf b;
	char *p = NULL;
	size_t len = 7;

	(void)state;
	okta_buf_init(&b, 100);
	assert_int_equal(okta_buf_append_str(&b, "abc"), OKTA_OK);
	assert_int_equal(okta_buf_take(&b, &p, &len), OKTA_OK);
	assert_string_equal(p, "abc");
	assert_int_equal(len, 3);
	assert_null(b.data);
	assert_int_equal(b.max, 100);
	free(p);
	assert_int_equal(
	    okta_buf_take(&b, &p, &len), OKTA_OK); /* empty, and never NULL */
	assert_string_equal(p, "");
	free(p);
}

static void
a_bytes_after_an_embedded_nul_are_kept(void **state)
{
	struct okta_buf b;

	(void)state;
	okta_buf_init(&b, 100);
	assert_int_equal(okta_buf_append(&b, "a\0b", 3), OKTA_OK);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.data, "a\0b", 4);
	okta_buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(append_grows_and_keeps_a_nul_behind),
		cmocka_unit_test(nothing_is_appended_beyond_the_maximum),
		cmocka_unit_test(printf_appends_formatted_text),
		cmocka_unit_test(take_moves_the_bytes_and_leaves_the_buffer_empty),
		cmocka_unit_test(a_bytes_after_an_embedded_nul_are_kept),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
