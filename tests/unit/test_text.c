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

#include "base/text.h"

#define V okta_view_str

/* A terminal must not see an escape sequence that came from outside. */
static void
sanitize_keeps_printable_ascii_only(void **state)
{
	char out[64];

	(void)state;
	okta_text_sanitize(out, sizeof(out), V("a\x1b[2J\r\n\x7f\xc3\xa4~ z"));
	assert_string_equal(out, "a?[2J?????~ z");
	okta_text_sanitize(out, sizeof(out), (struct okta_view){ "a\0b", 3 });
	assert_string_equal(out, "a?b");
}

static void
sanitize_marks_what_it_cut(void **state)
{
	char out[8];

	(void)state;
	memset(out, 'x', sizeof(out));
	okta_text_sanitize(out, sizeof(out), V("1234567"));
	assert_string_equal(out, "1234567");
	okta_text_sanitize(out, sizeof(out), V("12345678"));
	assert_string_equal(out, "1234...");
	okta_text_sanitize(out, 1, V("123"));
	assert_string_equal(out, "");
	okta_text_sanitize(out, 3, V("123"));
	assert_string_equal(out, "12");
}

static void
is_printable_knows_its_limits(void **state)
{
	(void)state;
	assert_true(okta_text_is_printable(V(" ~")));
	assert_true(okta_text_is_printable(V("")));
	assert_false(okta_text_is_printable(V("\x1f")));
	assert_false(okta_text_is_printable(V("\x7f")));
	assert_false(okta_text_is_printable(V("\x80")));
}

static void
is_utf8_accepts_each_length_and_refuses_each_malformation(void **state)
{
	const char *const good[] = { "", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
		"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf" };
	const char *const bad[] = { "\x80", "\xc0\xaf", "\xc1\xbf", "\xc2",
		"\xc2"
		"a",
		"\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xe2\x82", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\xff", "\xf0\x90\x80" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!okta_text_is_utf8(V(good[i])))
			fail_msg("good %zu", i);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (okta_text_is_utf8(V(bad[i])))
			fail_msg("bad %zu", i);
}

static void
lower_changes_ascii_capitals_only(void **state)
{
	int c;

	(void)state;
	for (c = 0; c < 256; c++)
		assert_int_equal((unsigned char)okta_text_lower((char)c),
		    c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static void
glob_matches_the_whole_text(void **state)
{
	(void)state;
	assert_true(okta_text_glob(V("linux-*"), V("linux-admins")));
	assert_true(okta_text_glob(V("*"), V("")));
	assert_true(okta_text_glob(V("a*b*c"), V("axxbyybzc")));
	assert_true(okta_text_glob(V("a?c"), V("abc")));
	assert_false(okta_text_glob(V("linux-*"), V("my-linux-admins")));
	assert_false(okta_text_glob(V("admins"), V("admins2")));
	assert_false(okta_text_glob(V("a?c"), V("ac")));
	assert_false(okta_text_glob(V("Admins"), V("admins")));
	assert_false(okta_text_glob(V(""), V("a")));
	assert_true(okta_text_glob(V("[a]"), V("[a]"))); /* no ranges */
	assert_false(okta_text_glob(V("[a]"), V("a")));
}

/* Group names come from outside: no pattern may take exponential time on one. */
static void
glob_stays_quick_on_many_stars(void **state)
{
	char pattern[201], text[2001];
	unsigned i;

	(void)state;
	for (i = 0; i < 200; i++)
		pattern[i] = i % 2 == 0 ? '*' : 'a';
	pattern[200] = '\0';
	memset(text, 'a', 2000);
	text[1999] = 'b';
	text[2000] = '\0';
	assert_false(okta_text_glob(V(pattern), V(text)));
}

/* A wrong answer would let a quotation mark pass as text, or cut a text short. */
static void
plain_len_ends_at_each_byte_json_does_not_let_stand(void **state)
{
	char text[40];
	size_t start, at, end;
	int c;

	(void)state;
	for (start = 0; start < 9; start++)
		for (at = start; at < 36; at++)
			for (c = 0; c < 256; c++) {
				memset(text, 'a', sizeof(text));
				text[at] = (char)c;
				text[37] = '"';
				end = c < 0x20 || c == '"' || c == '\\' ? at : 37;
				assert_int_equal(
				    okta_text_plain_len((struct okta_view){
					text + start, sizeof(text) - start }),
				    end - start);
				assert_int_equal(okta_text_plain_len((struct okta_view){
						     text + start, at - start }),
				    at - start);
			}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sanitize_keeps_printable_ascii_only),
		cmocka_unit_test(sanitize_marks_what_it_cut),
		cmocka_unit_test(is_printable_knows_its_limits),
		cmocka_unit_test(
		    is_utf8_accepts_each_length_and_refuses_each_malformation),
		cmocka_unit_test(lower_changes_ascii_capitals_only),
		cmocka_unit_test(glob_matches_the_whole_text),
		cmocka_unit_test(glob_stays_quick_on_many_stars),
		cmocka_unit_test(plain_len_ends_at_each_byte_json_does_not_let_stand),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
