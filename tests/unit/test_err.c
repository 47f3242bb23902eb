/* SPDX-License-Identifier: BSD-2-Clause */
/* links: base; libs: cmocka */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static void
err_set_keeps_code_and_text(void **state)
{
	struct okta_err err = { 0 };

	(void)state;
	assert_int_equal(
	    okta_err_set(&err, OKTA_E_CONFIG, "%s: line %d", "x.conf", 7), OKTA_E_CONFIG);
	assert_int_equal(err.rc, OKTA_E_CONFIG);
	assert_int_equal(err.sys_errno, 0);
	assert_string_equal(err.msg, "x.conf: line 7");
}

static void
err_sys_appends_the_reason(void **state)
{
	struct okta_err err = { 0 };

	(void)state;
	assert_int_equal(okta_err_sys(&err, ENOENT, "/x"), OKTA_E_SYS);
	assert_int_equal(err.rc, OKTA_E_SYS);
	assert_int_equal(err.sys_errno, ENOENT);
	assert_string_equal(err.msg, "/x: No such file or directory");
}

static void
a_long_message_is_cut_inside_its_buffer(void **state)
{
	struct okta_err err = { 0 };
	char text[2 * OKTA_ERR_MSG_BYTES];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(okta_err_sys(&err, EIO, "%s", text), OKTA_E_SYS);
	assert_int_equal(strlen(err.msg), OKTA_ERR_MSG_BYTES - 1);
}

static void
nobody_need_ask_for_the_message(void **state)
{
	(void)state;
	assert_int_equal(okta_err_set(NULL, OKTA_E_INPUT, "x"), OKTA_E_INPUT);
	assert_int_equal(okta_err_sys(NULL, EIO, "x"), OKTA_E_SYS);
}

static void
every_code_has_its_own_name(void **state)
{
	int a, b;

	(void)state;
	for (a = OKTA_OK; a <= OKTA_E_RANGE; a++) {
		assert_string_not_equal(okta_rc_name((enum okta_rc)a), "unknown");
		for (b = OKTA_OK; b < a; b++)
			assert_string_not_equal(
			    okta_rc_name((enum okta_rc)a), okta_rc_name((enum okta_rc)b));
	}
	assert_string_equal(okta_rc_name((enum okta_rc)99), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(err_set_keeps_code_and_text),
		cmocka_unit_test(err_sys_appends_the_reason),
		cmocka_unit_test(a_long_message_is_cut_inside_its_buffer),
		cmocka_unit_test(nobody_need_ask_for_the_message),
		cmocka_unit_test(every_code_has_its_own_name),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
