/* SPDX-License-Identifier: BSD-2-Clause */
/* links: net model base; libs: json-c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "net/json.h"
#include "net_vectors.h"

#define MAX_BYTES 1048576

static enum okta_rc
parse_bytes(struct okta_view text)
{
	struct okta_json *doc = NULL;
	struct okta_err err = { 0 };
	enum okta_rc r = okta_json_new(text, MAX_BYTES, &doc, &err);

	if (r != OKTA_OK) {
		assert_null(doc);
		assert_true(strlen(err.msg) > 0);
	}
	okta_json_free(&doc);
	return r;
}

static enum okta_rc
parse(const char *text)
{
	return parse_bytes(okta_view_str(text));
}

static struct okta_json *
good(const char *text)
{
	struct okta_json *doc = NULL;
	struct okta_err err = { 0 };

	assert_int_equal(
	    okta_json_new(okta_view_str(text), MAX_BYTES, &doc, &err), OKTA_OK);
	return doc;
}

/* The well-formed rows that json.h says are refused. */
static bool
is_stricter_here(struct okta_view name)
{
	return okta_view_eq_str(name, "y_object_duplicated_key.json") ||
	       okta_view_eq_str(name, "y_object_duplicated_key_and_value.json") ||
	       okta_view_eq_str(name, "y_object_escaped_null_in_key.json");
}

static void
suite_row(struct json_object *row)
{
	struct okta_view name = member_of(row, "name"), input = member_of(row, "input");
	enum okta_rc r = parse_bytes(input);

	if (name.p[0] == 'n' && r == OKTA_OK)
		fail_msg("%s must be refused", name.p);
	if (is_stricter_here(name))
		assert_int_equal(r, OKTA_E_INPUT);
	else if (name.p[0] == 'y' && r != OKTA_OK)
		fail_msg("%s must be accepted", name.p);
}

static void
json_agrees_with_jsontestsuite(void **state)
{
	(void)state;
	if (each_line(SHARED_VECTORS "json-parsing/parsing.jsonl", suite_row) == 0) {
		print_message("skipped: no " SHARED_VECTORS "json-parsing here\n");
		skip();
	}
}

/* json-c keeps the last of two members silently: two readers would see two people. */
static void
json_refuses_a_member_name_used_twice(void **state)
{
	(void)state;
	assert_int_equal(parse("{\"sub\":\"a\",\"sub\":\"b\"}"), OKTA_E_INPUT);
	assert_int_equal(parse("{\"a\":1,\"b\":[{\"x\":1,\"x\":1}]}"), OKTA_E_INPUT);
	assert_int_equal(parse("{\"a\":{\"b\":1},\"c\":{\"b\":1}}"), OKTA_OK);
}

static void
json_refuses_a_member_name_used_twice_with_escapes(void **state)
{
	(void)state;
	assert_int_equal(parse("{\"sub\":\"a\",\"s\\u0075b\":\"b\"}"), OKTA_E_INPUT);
	assert_int_equal(parse("{\"\":1,\"\":2}"), OKTA_E_INPUT);
}

static void
json_refuses_what_is_not_utf8(void **state)
{
	(void)state;
	assert_int_equal(parse("[\"\xff\"]"), OKTA_E_INPUT);
	assert_int_equal(parse("[\"\xc0\xaf\"]"), OKTA_E_INPUT);
	assert_int_equal(parse("[\"\xed\xa0\x80\"]"), OKTA_E_INPUT);
	assert_int_equal(parse("\xef\xbb\xbf{}"), OKTA_E_INPUT);
}

static void
json_refuses_lone_surrogates(void **state)
{
	(void)state;
	assert_int_equal(parse("\"\\ud800\""), OKTA_E_INPUT);
	assert_int_equal(parse("\"\\ud800\\n\""), OKTA_E_INPUT);
	assert_int_equal(parse("\"\\ud800\\ud800\""), OKTA_E_INPUT);
	assert_int_equal(parse("\"\\udc00\""), OKTA_E_INPUT);
	assert_int_equal(parse("\"\\ud83d\\ude00\""), OKTA_OK);
}

static void
json_refuses_bytes_after_the_value(void **state)
{
	static const char nul[] = "{}";
	struct okta_view with_nul = { nul, 3 };

	(void)state;
	assert_int_equal(parse("{} {}"), OKTA_E_INPUT);
	assert_int_equal(parse("{},"), OKTA_E_INPUT);
	assert_int_equal(parse_bytes(with_nul), OKTA_E_INPUT);
	assert_int_equal(parse("{} \r\n\t "), OKTA_OK);
}

static void
json_refuses_a_nul_in_a_member_name(void **state)
{
	(void)state;
	assert_int_equal(parse("{\"a\\u0000b\":1}"), OKTA_E_INPUT);
	assert_int_equal(parse("{\"a\":\"\\u0000\"}"), OKTA_OK);
}

static void
json_takes_32_levels_and_refuses_33(void **state)
{
	char text[2 * 33 + 1];
	size_t i, depth;

	(void)state;
	for (depth = 32; depth <= 33; depth++) {
		for (i = 0; i < depth; i++) {
			text[i] = '[';
			text[2 * depth - 1 - i] = ']';
		}
		text[2 * depth] = '\0';
		assert_int_equal(parse(text), depth == 32 ? OKTA_OK : OKTA_E_INPUT);
	}
}

static void
json_refuses_more_bytes_than_the_caller_allows(void **state)
{
	struct okta_json *doc = NULL;
	struct okta_err err = { 0 };

	(void)state;
	assert_int_equal(
	    okta_json_new(okta_view_str("[1,2]"), 4, &doc, &err), OKTA_E_TOOBIG);
	assert_null(doc);
	assert_int_equal(okta_json_new(okta_view_str("[1,2]"), 5, &doc, &err), OKTA_OK);
	okta_json_free(&doc);
}

/* A list of N numbers, which with itself is one value more. */
static enum okta_rc
list_of(size_t n, size_t max_bytes)
{
	struct okta_json *doc = NULL;
	struct okta_err err = { 0 };
	struct okta_buf b;
	enum okta_rc r;

	okta_buf_init(&b, max_bytes);
	assert_int_equal(okta_buf_append_str(&b, "[0"), OKTA_OK);
	while (--n > 0)
		assert_int_equal(okta_buf_append_str(&b, ",0"), OKTA_OK);
	assert_int_equal(okta_buf_append_str(&b, "]"), OKTA_OK);
	r = okta_json_new(okta_buf_view(&b), max_bytes, &doc, &err);
	if (r == OKTA_E_TOOBIG)
		assert_non_null(strstr(err.msg, " values"));
	okta_json_free(&doc);
	okta_buf_clear(&b);
	return r;
}

/* Each of them takes json-c a hundred times its bytes, or more. */
static void
json_refuses_more_values_than_there_can_be_in_what_okta_sends(void **state)
{
	const size_t few = OKTA_JSON_MIN_VALUES, bytes = 64 * 10000;

	(void)state;
	assert_int_equal(list_of(few - 1, 100000), OKTA_OK);
	assert_int_equal(list_of(few, 100000), OKTA_E_TOOBIG);
	assert_int_equal(list_of(9999, bytes), OKTA_OK);
	assert_int_equal(list_of(10000, bytes), OKTA_E_TOOBIG);
}

static void
json_takes_bare_values(void **state)
{
	(void)state;
	assert_int_equal(parse("0"), OKTA_OK);
	assert_int_equal(parse("-12.5e+3"), OKTA_OK);
	assert_int_equal(parse("null"), OKTA_OK);
	assert_int_equal(parse("\"x\""), OKTA_OK);
	assert_int_equal(parse(""), OKTA_E_INPUT);
}

static void
json_int_takes_json_integers_in_range_only(void **state)
{
	static const char *const bad[] = { "x", "r", "e", "s", "t", "n", "max", "min",
		"big" };
	struct okta_json *doc = good(
	    "{\"i\":5,\"neg\":-7,\"x\":1e400,\"r\":5.0,\"e\":5e0,\"s\":\"5\","
	    "\"t\":true,\"n\":null,\"max\":9223372036854775807,"
	    "\"min\":-9223372036854775809,\"big\":18446744073709551616}");
	const struct okta_json_value *root = okta_json_root(doc);
	int64_t n = 77;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
		    okta_json_int(root, bad[i], INT64_MIN, INT64_MAX, &n), OKTA_E_INPUT);
	assert_int_equal(okta_json_int(root, "none", 0, 9, &n), OKTA_E_NOTFOUND);
	assert_int_equal(okta_json_int(root, "i", 0, 4, &n), OKTA_E_INPUT);
	assert_int_equal(okta_json_int(root, "i", 6, 9, &n), OKTA_E_INPUT);
	assert_int_equal(n, 77);
	assert_int_equal(okta_json_int(root, "i", 5, 5, &n), OKTA_OK);
	assert_int_equal(n, 5);
	assert_int_equal(okta_json_int(root, "neg", -7, -7, &n), OKTA_OK);
	okta_json_free(&doc);
}

static void
json_str_takes_strings_without_nul_only(void **state)
{
	struct okta_json *doc = good(
	    "{\"s\":\"a\\u00e9\",\"z\":\"a\\u0000b\",\"i\":1,\"n\":null}");
	const struct okta_json_value *root = okta_json_root(doc);
	struct okta_view v = { NULL, 9 };

	(void)state;
	assert_int_equal(okta_json_str(root, "z", &v), OKTA_E_INPUT);
	assert_int_equal(okta_json_str(root, "i", &v), OKTA_E_INPUT);
	assert_int_equal(okta_json_str(root, "n", &v), OKTA_E_INPUT);
	assert_int_equal(okta_json_str(root, "none", &v), OKTA_E_NOTFOUND);
	assert_int_equal(v.len, 9);
	assert_int_equal(okta_json_str(root, "s", &v), OKTA_OK);
	assert_true(okta_view_eq_str(v, "a\xc3\xa9"));
	okta_json_free(&doc);
}

static void
json_getters_tell_types_apart(void **state)
{
	struct okta_json *doc = good(
	    "{\"a\":[1,null,{}],\"o\":{\"k\":false},\"b\":true,\"r\":1.5}");
	const struct okta_json_value *root = okta_json_root(doc), *v = NULL;
	bool b = false;

	(void)state;
	assert_int_equal(okta_json_array(root, "o", &v), OKTA_E_INPUT);
	assert_int_equal(okta_json_object(root, "a", &v), OKTA_E_INPUT);
	assert_int_equal(okta_json_bool(root, "a", &b), OKTA_E_INPUT);
	assert_int_equal(okta_json_bool(root, "b", &b), OKTA_OK);
	assert_true(b);
	assert_int_equal(okta_json_type(root, "r"), OKTA_JSON_REAL);
	assert_int_equal(okta_json_type(root, "none"), OKTA_JSON_ABSENT);
	assert_int_equal(okta_json_array(root, "a", &v), OKTA_OK);
	assert_int_equal(okta_json_count(v), 3);
	assert_int_equal(okta_json_type_of(okta_json_item(v, 0)), OKTA_JSON_INT);
	assert_int_equal(okta_json_type_of(okta_json_item(v, 1)), OKTA_JSON_NULL);
	assert_null(okta_json_item(v, 3));
	assert_int_equal(
	    okta_json_type(v, "x"), OKTA_JSON_ABSENT); /* an array has no members */
	okta_json_free(&doc);
}

static void
json_next_walks_members_in_order(void **state)
{
	struct okta_json *doc = good("{\"z\":1,\"a\":null,\"m\":[]}");
	struct okta_json_iter it = { 0 };
	const struct okta_json_value *v;
	struct okta_view name;
	char seen[8] = "";
	size_t n = 0;

	(void)state;
	while (okta_json_next(okta_json_root(doc), &it, &name, &v))
		seen[n++] = name.p[0];
	assert_string_equal(seen, "zam");
	okta_json_free(&doc);
}

/* What goes to a terminal must not move its cursor. */
static void
json_write_gives_printable_ascii(void **state)
{
	struct okta_json *doc = good(
	    "{\"k\\u001b\":\"\\u009b\xc3\xa9\\\"\\\\\\ud83d\\ude00\x7f\","
	    "\"n\":[1,-2.5,true,null,{}]}");
	struct okta_buf out;

	(void)state;
	okta_buf_init(&out, 1024);
	assert_int_equal(okta_json_write(okta_json_root(doc), &out), OKTA_OK);
	assert_string_equal(out.data,
	    "{\"k\\u001b\":\"\\u009b\\u00e9\\\"\\\\\\ud83d\\ude00\\u007f\","
	    "\"n\":[1,-2.5,true,null,{}]}");
	okta_buf_clear(&out);
	assert_int_equal(okta_json_write_str(okta_view_str("\xff"), &out), OKTA_E_INPUT);
	okta_json_free(&doc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_agrees_with_jsontestsuite),
		cmocka_unit_test(json_refuses_a_member_name_used_twice),
		cmocka_unit_test(json_refuses_a_member_name_used_twice_with_escapes),
		cmocka_unit_test(json_refuses_what_is_not_utf8),
		cmocka_unit_test(json_refuses_lone_surrogates),
		cmocka_unit_test(json_refuses_bytes_after_the_value),
		cmocka_unit_test(json_refuses_a_nul_in_a_member_name),
		cmocka_unit_test(json_takes_32_levels_and_refuses_33),
		cmocka_unit_test(json_refuses_more_bytes_than_the_caller_allows),
		cmocka_unit_test(
		    json_refuses_more_values_than_there_can_be_in_what_okta_sends),
		cmocka_unit_test(json_takes_bare_values),
		cmocka_unit_test(json_int_takes_json_integers_in_range_only),
		cmocka_unit_test(json_str_takes_strings_without_nul_only),
		cmocka_unit_test(json_getters_tell_types_apart),
		cmocka_unit_test(json_next_walks_members_in_order),
		cmocka_unit_test(json_write_gives_printable_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
