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

#include "base/b64url.h"

#define V okta_view_str

static void
decode_gives_rfc_4648_vectors(void **state)
{
	const char *const text[] = { "", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE",
		"Zm9vYmFy", "-_8" };
	const char *const want[] = { "", "f", "fo", "foo", "foob", "fooba", "foobar",
		"\xfb\xff" };
	struct okta_buf b;
	size_t i;

	(void)state;
	okta_buf_init(&b, 100);
	for (i = 0; i < 8; i++) {
		okta_buf_clear(&b);
		assert_int_equal(okta_b64url_decode(V(text[i]), &b), OKTA_OK);
		assert_int_equal(b.len, strlen(want[i]));
		if (b.len > 0)
			assert_memory_equal(b.data, want[i], b.len);
		okta_buf_clear(&b);
		assert_int_equal(
		    okta_b64url_encode(want[i], strlen(want[i]), &b), OKTA_OK);
		assert_true(okta_view_eq_str(okta_buf_view(&b), text[i]));
	}
	okta_buf_clear(&b);
}

/* Two texts for one value would let a signed token be altered. */
static void
decode_refuses_every_text_but_the_canonical_one(void **state)
{
	const char *const bad[] = { "Z", "Zg==", "Zg=", "Zh", "Zm9", "Zm9v\n", " Zm9v",
		"Zm 9v", "+/8", "Zm9vY", "\xc5\x9am9v", "Zm.v" };
	struct okta_buf b;
	size_t i;

	(void)state;
	okta_buf_init(&b, 100);
	assert_int_equal(okta_buf_append_str(&b, "kept"), OKTA_OK);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (okta_b64url_decode(V(bad[i]), &b) != OKTA_E_INPUT)
			fail_msg("accepted \"%s\"", bad[i]);
		assert_int_equal(b.len, 4);
		assert_string_equal(b.data, "kept");
	}
	okta_buf_clear(&b);
}

static void
every_byte_comes_back(void **state)
{
	unsigned char p[256];
	struct okta_buf text, back;
	size_t i, len;

	(void)state;
	for (i = 0; i < 256; i++)
		p[i] = (unsigned char)(255 - i);
	okta_buf_init(&text, 1000);
	okta_buf_init(&back, 1000);
	for (len = 0; len <= 256; len++) {
		okta_buf_clear(&text);
		okta_buf_clear(&back);
		assert_int_equal(okta_b64url_encode(p, len, &text), OKTA_OK);
		assert_int_equal(
		    okta_b64url_decode(okta_buf_view(&text), &back), OKTA_OK);
		assert_int_equal(back.len, len);
		if (len > 0)
			assert_memory_equal(back.data, p, len);
	}
	okta_buf_clear(&text);
	okta_buf_clear(&back);
}

static void
a_full_buffer_is_left_as_it_was(void **state)
{
	struct okta_buf b;

	(void)state;
	okta_buf_init(&b, 5);
	assert_int_equal(okta_buf_append_str(&b, "kept"), OKTA_OK);
	assert_int_equal(okta_b64url_decode(V("Zm9v"), &b), OKTA_E_TOOBIG);
	assert_string_equal(b.data, "kept");
	assert_int_equal(okta_b64url_encode("foo", 3, &b), OKTA_E_TOOBIG);
	okta_buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decode_gives_rfc_4648_vectors),
		cmocka_unit_test(decode_refuses_every_text_but_the_canonical_one),
		cmocka_unit_test(every_byte_comes_back),
		cmocka_unit_test(a_full_buffer_is_left_as_it_was),
	};

	return cmocka_run_group_tests_name("b64url", tests, NULL, NULL);
}
