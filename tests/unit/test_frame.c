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

#include "base/frame.h"

/* Types of the fields: a number and a text. */
static void
make(struct okta_buf *b)
{
	struct okta_frame_writer w;

	okta_buf_init(b, OKTA_FRAME_MAX_BYTES);
	okta_frame_start(&w, b, 3);
	okta_frame_put_u64(&w, UINT64_C(0x0102030405060708));
	okta_frame_put_text(&w, okta_view_str("ada"));
	assert_int_equal(w.rc, OKTA_OK);
}

static enum okta_rc
parse(struct okta_view bytes, size_t max_text)
{
	struct okta_frame_reader r;

	(void)okta_frame_open(&r, bytes);
	(void)okta_frame_get_u64(&r, UINT64_MAX);
	(void)okta_frame_get_text(&r, max_text);
	return okta_frame_end(&r);
}

static void
a_frame_comes_back_field_by_field(void **state)
{
	struct okta_frame_reader r;
	struct okta_buf b;

	(void)state;
	make(&b);
	assert_int_equal(b.len, 2 + 8 + 4 + 3);
	assert_int_equal(b.data[0], OKTA_FRAME_VERSION);
	assert_int_equal(b.data[2], 8); /* little endian */
	assert_int_equal(okta_frame_open(&r, okta_buf_view(&b)), 3);
	assert_true(okta_frame_get_u64(&r, UINT64_MAX) == UINT64_C(0x0102030405060708));
	assert_true(okta_view_eq_str(okta_frame_get_text(&r, 3), "ada"));
	assert_int_equal(okta_frame_end(&r), OKTA_OK);
	okta_buf_clear(&b);
}

static void
every_truncation_is_refused(void **state)
{
	struct okta_buf b;
	struct okta_view v;
	size_t len;

	(void)state;
	make(&b);
	v = okta_buf_view(&b);
	for (len = 0; len < b.len; len++) {
		v.len = len;
		assert_int_equal(parse(v, 100), OKTA_E_INPUT);
	}
	v.len = b.len;
	assert_int_equal(parse(v, 100), OKTA_OK);
	okta_buf_clear(&b);
}

static void
trailing_bytes_are_refused(void **state)
{
	struct okta_buf b;

	(void)state;
	make(&b);
	assert_int_equal(okta_buf_append(&b, "", 1), OKTA_OK);
	assert_int_equal(parse(okta_buf_view(&b), 100), OKTA_E_INPUT);
	okta_buf_clear(&b);
}

static void
a_text_or_number_beyond_its_maximum_is_refused(void **state)
{
	struct okta_frame_reader r;
	struct okta_buf b;
	struct okta_view v;

	(void)state;
	make(&b);
	assert_int_equal(parse(okta_buf_view(&b), 2), OKTA_E_INPUT);
	(void)okta_frame_open(&r, okta_buf_view(&b));
	assert_int_equal(okta_frame_get_u64(&r, 7), 0);
	v = okta_frame_get_text(&r, 100); /* the first failure sticks */
	assert_null(v.p);
	assert_int_equal(okta_frame_end(&r), OKTA_E_INPUT);
	okta_buf_clear(&b);
}

static void
another_version_or_type_0_is_refused(void **state)
{
	struct okta_frame_reader r;
	struct okta_buf b;

	(void)state;
	make(&b);
	b.data[0] = 2;
	assert_int_equal(okta_frame_open(&r, okta_buf_view(&b)), 0);
	assert_int_equal(r.rc, OKTA_E_INPUT);
	b.data[0] = 1;
	b.data[1] = 0;
	assert_int_equal(okta_frame_open(&r, okta_buf_view(&b)), 0);
	assert_int_equal(r.rc, OKTA_E_INPUT);
	okta_buf_clear(&b);
}

static void
a_length_that_wraps_is_refused(void **state)
{
	struct okta_buf b;

	(void)state;
	make(&b);
	memset(b.data + 10, 0xff, 4);
	assert_int_equal(parse(okta_buf_view(&b), SIZE_MAX), OKTA_E_INPUT);
	okta_buf_clear(&b);
}

static void
a_frame_that_grows_too_big_says_so(void **state)
{
	struct okta_frame_writer w;
	struct okta_frame_reader r;
	static char big[OKTA_FRAME_MAX_BYTES + 1];
	const struct okta_view v = { big, sizeof(big) };
	struct okta_buf b;

	(void)state;
	okta_buf_init(&b, OKTA_FRAME_MAX_BYTES);
	okta_frame_start(&w, &b, 1);
	okta_frame_put_text(&w, v);
	assert_int_equal(w.rc, OKTA_E_TOOBIG);
	okta_frame_put_u64(&w, 1);
	assert_int_equal(w.rc, OKTA_E_TOOBIG);
	okta_buf_clear(&b);
	assert_int_equal(okta_frame_open(&r, v), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_comes_back_field_by_field),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(trailing_bytes_are_refused),
		cmocka_unit_test(a_text_or_number_beyond_its_maximum_is_refused),
		cmocka_unit_test(another_version_or_type_0_is_refused),
		cmocka_unit_test(a_length_that_wraps_is_refused),
		cmocka_unit_test(a_frame_that_grows_too_big_says_so),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
