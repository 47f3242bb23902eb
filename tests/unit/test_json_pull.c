/* SPDX-License-Identifier: BSD-2-Clause */
/* links: apic net model base; libs: json-c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "net/json.h"
#include "net/json_pull.h"
#include "net_vectors.h"

#define MAX_BYTES 1048576

static struct okta_err err;

/* One value, all of it thrown away. */
static enum okta_rc
skipped(struct okta_view text)
{
	static struct okta_pull pull;

	okta_pull_init(&pull, text);
	(void)okta_pull_skip(&pull);
	return okta_pull_end(&pull, &err);
}

static enum okta_rc
parsed(struct okta_view text)
{
	struct okta_json *doc = NULL;
	enum okta_rc r = okta_json_new(text, MAX_BYTES, &doc, &err);

	okta_json_free(&doc);
	return r;
}

static void
check_agrees(struct okta_view text)
{
	enum okta_rc r = skipped(text);

	if ((r == OKTA_OK) != (parsed(text) == OKTA_OK))
		fail_msg("%s: %.*s", r == OKTA_OK ? "taken" : "refused", (int)text.len,
		    text.p);
}

static void
suite_row(struct json_object *row)
{
	check_agrees(member_of(row, "input"));
}

/* Two readers of one page must not see two different people. */
static void
pull_agrees_with_the_tree_on_jsontestsuite(void **state)
{
	(void)state;
	if (each_line(SHARED_VECTORS "json-parsing/parsing.jsonl", suite_row) == 0) {
		print_message("skipped: no " SHARED_VECTORS "json-parsing here\n");
		skip();
	}
}

static const char sample[] = "[{\"id\":\"00u1\",\"n\":[-1.5e+3,0,true,null,false],"
			     "\"a\\u00e9\":\"\\ud83d\\ude00\\n\",\"o\":{\"id\":{},"
			     "\"i\\u0064x\":[[]]}}, {\"\":\"\xc3\xa9\"} ]";

static void
pull_agrees_with_the_tree_on_every_changed_byte(void **state)
{
	static const char bytes[] = "\"\\{}[],:0-.eEu \x01\xc3\x80tnd";
	char text[sizeof(sample)];
	size_t i, k;

	(void)state;
	assert_int_equal(skipped(okta_view_str(sample)), OKTA_OK);
	for (i = 0; i < sizeof(sample) - 1; i++) {
		check_agrees((struct okta_view){ sample, i });
		for (k = 0; k < sizeof(bytes); k++) {
			memcpy(text, sample, sizeof(text));
			text[i] = bytes[k];
			check_agrees((struct okta_view){ text, sizeof(text) - 1 });
		}
	}
}

static void
pull_refuses_a_member_name_used_twice_however_it_is_written(void **state)
{
	static const char *const bad[] = { "{\"id\":1,\"id\":2}",
		"{\"id\":1,\"x\":{\"y\":[]},\"id\":2}", "{\"id\":1,\"i\\u0064\":2}",
		"{\"\\u0069d\":1,\"i\\u0064\":2}", "[{\"a\":{\"b\":1,\"b\":1}}]",
		"{\"\":1,\"\":2}" };
	static const char *const good[] = { "{\"id\":1,\"x\":{\"id\":1},\"ie\":2}",
		"[{\"id\":1},{\"id\":1}]", "{\"a\\u0062\":{\"a\\u0062\":1}}" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(skipped(okta_view_str(bad[i])), OKTA_E_INPUT);
		assert_non_null(strstr(err.msg, "twice"));
	}
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(skipped(okta_view_str(good[i])), OKTA_OK);
}

static void
pull_refuses_a_nul_in_a_member_name(void **state)
{
	(void)state;
	assert_int_equal(skipped(okta_view_str("{\"a\\u0000b\":1}")), OKTA_E_INPUT);
	assert_int_equal(skipped(okta_view_str("{\"a\":\"\\u0000\"}")), OKTA_OK);
}

/* An object of N members that all differ; the name's first letter written as FIRST. */
static enum okta_rc
object_of(size_t n, const char *first)
{
	static char text[100000];
	size_t i, len = 0;

	for (i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%c\"%s%04zu\":0",
		    i == 0 ? '{' : ',', first, i);
	text[len++] = '}';
	return skipped((struct okta_view){ text, len });
}

/* Comparing each with each is what a hostile page would make us do. */
static void
pull_bounds_the_names_it_compares(void **state)
{
	(void)state;
	assert_int_equal(object_of(OKTA_PULL_NAMES, "n"), OKTA_OK);
	assert_int_equal(object_of(OKTA_PULL_NAMES + 1, "n"), OKTA_E_INPUT);
	assert_non_null(strstr(err.msg, "too many member names"));
	assert_int_equal(object_of(1000, "\\u006e"), OKTA_E_INPUT);
	assert_non_null(strstr(err.msg, "with escapes"));
}

static void
pull_takes_32_levels_and_refuses_33(void **state)
{
	char text[80];

	(void)state;
	memset(text, '[', 33);
	memset(text + 33, ']', 33);
	assert_int_equal(skipped((struct okta_view){ text + 1, 64 }), OKTA_OK);
	assert_int_equal(skipped((struct okta_view){ text, 66 }), OKTA_E_INPUT);
	assert_non_null(strstr(err.msg, "deep"));
}

static struct okta_view
string_of(const char *text, char *buf, size_t size, bool *ret_has_nul)
{
	static struct okta_pull pull;
	struct okta_view v = { NULL, 0 };

	okta_pull_init(&pull, okta_view_str(text));
	assert_true(okta_pull_str(&pull, buf, size, &v, ret_has_nul));
	assert_int_equal(okta_pull_end(&pull, &err), OKTA_OK);
	return v;
}

static void
pull_str_gives_what_escapes_stand_for(void **state)
{
	static const char all[] = "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac"
				  "\\ud83d\\ude00\"";
	char buf[64];
	bool has_nul = true;

	(void)state;
	assert_true(okta_view_eq_str(string_of(all, buf, sizeof(buf), &has_nul),
	    "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
	assert_false(has_nul);
	assert_true(okta_view_eq_str(
	    string_of("\"plain\"", buf, sizeof(buf), &has_nul), "plain"));
	assert_false(has_nul);
	/* cut to what fits, and a NUL is told even when it was cut off */
	assert_int_equal(string_of("\"ab\\ncd\"", buf, 3, &has_nul).len, 3);
	assert_false(has_nul);
	assert_int_equal(string_of("\"a\\tb\\u0000\"", buf, 2, &has_nul).len, 2);
	assert_true(has_nul);
}

static bool
number_of(const char *text, int64_t *ret)
{
	static struct okta_pull pull;
	bool is_int = false;

	okta_pull_init(&pull, okta_view_str(text));
	assert_true(okta_pull_number(&pull, ret, &is_int));
	assert_int_equal(okta_pull_end(&pull, &err), OKTA_OK);
	return is_int;
}

/* As json.h has it: the ends of the range are what a clamped number looks like. */
static void
pull_number_takes_whole_numbers_inside_the_range(void **state)
{
	static const char *const none[] = { "1.0", "1e3", "9223372036854775807",
		"9223372036854775808", "-9223372036854775807", "-9223372036854775808",
		"123456789012345678901234567890" };
	int64_t n = 7;
	size_t i;

	(void)state;
	assert_true(number_of("0", &n) && n == 0);
	assert_true(number_of("-0", &n) && n == 0);
	assert_true(number_of("20001", &n) && n == 20001);
	assert_true(number_of("-12", &n) && n == -12);
	assert_true(number_of("9223372036854775806", &n) && n == INT64_MAX - 1);
	assert_true(number_of("-9223372036854775806", &n) && n == -INT64_MAX + 1);
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(number_of(none[i], &n));
}

/* A caller that stops in the middle must not take the rest for read. */
static void
pull_end_refuses_what_was_not_read(void **state)
{
	static struct okta_pull pull;

	(void)state;
	okta_pull_init(&pull, okta_view_str("[1,2]"));
	assert_true(okta_pull_array(&pull));
	assert_true(okta_pull_item(&pull));
	assert_true(okta_pull_skip(&pull));
	assert_int_equal(okta_pull_end(&pull, &err), OKTA_E_INPUT);
	okta_pull_init(&pull, okta_view_str("[1"));
	assert_true(okta_pull_array(&pull));
	assert_true(okta_pull_item(&pull));
	assert_true(okta_pull_skip(&pull));
	assert_int_equal(okta_pull_end(&pull, &err), OKTA_E_INPUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pull_agrees_with_the_tree_on_jsontestsuite),
		cmocka_unit_test(pull_agrees_with_the_tree_on_every_changed_byte),
		cmocka_unit_test(
		    pull_refuses_a_member_name_used_twice_however_it_is_written),
		cmocka_unit_test(pull_refuses_a_nul_in_a_member_name),
		cmocka_unit_test(pull_bounds_the_names_it_compares),
		cmocka_unit_test(pull_takes_32_levels_and_refuses_33),
		cmocka_unit_test(pull_str_gives_what_escapes_stand_for),
		cmocka_unit_test(pull_number_takes_whole_numbers_inside_the_range),
		cmocka_unit_test(pull_end_refuses_what_was_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
