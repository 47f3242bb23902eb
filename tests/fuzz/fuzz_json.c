/* SPDX-License-Identifier: BSD-2-Clause */
/* links: apic net model base; libs: json-c */
/*
 * JSON, read twice: as a tree and value by value.  Both must take the same texts, and see
 * the same in them; and json-c must see the same in what they take.
 */
#include <json-c/json.h>

#include "base/text.h"
#include "fuzz.h"
#include "net/json.h"
#include "net/json_pull.h"

#define MAX_BYTES 1048576

static char strings[MAX_BYTES];
static struct okta_pull pull;

static void
append(struct okta_buf *out, const char *text)
{
	FUZZ_CHECK(okta_buf_append_str(out, text) == OKTA_OK);
}

static bool walk(struct okta_buf *out);

static bool
walk_object(struct okta_buf *out)
{
	struct okta_pull_object outer;
	struct okta_view name;
	bool first = true;

	if (!okta_pull_object(&pull, &outer))
		return false;
	append(out, "{");
	while (okta_pull_member(&pull, &outer, &name)) {
		append(out, first ? "" : ",");
		first = false;
		FUZZ_CHECK(okta_json_write_str(name, out) == OKTA_OK);
		append(out, ":");
		if (!walk(out))
			return false;
	}
	append(out, "}");
	return true;
}

static bool
walk_array(struct okta_buf *out)
{
	bool first = true;

	if (!okta_pull_array(&pull))
		return false;
	append(out, "[");
	while (okta_pull_item(&pull)) {
		append(out, first ? "" : ",");
		first = false;
		if (!walk(out))
			return false;
	}
	append(out, "]");
	return true;
}

/* The next value as text of one form; of numbers only those that fit in 64 bits. */
static bool
walk(struct okta_buf *out)
{
	struct okta_view v;
	int64_t n = 0;
	bool flag = false;

	switch (okta_pull_type(&pull)) {
	case OKTA_PULL_OBJECT:
		return walk_object(out);
	case OKTA_PULL_ARRAY:
		return walk_array(out);
	case OKTA_PULL_STRING:
		if (!okta_pull_str(&pull, strings, sizeof(strings), &v, &flag))
			return false;
		if (flag)
			append(out, "NUL");
		else if (okta_text_is_utf8(v))
			FUZZ_CHECK(okta_json_write_str(v, out) == OKTA_OK);
		return true;
	case OKTA_PULL_NUMBER:
		if (!okta_pull_number(&pull, &n, &flag))
			return false;
		FUZZ_CHECK(
		    okta_buf_printf(out, flag ? "%lld" : "#", (long long)n) == OKTA_OK);
		return true;
	case OKTA_PULL_NULL:
	case OKTA_PULL_BOOL:
		append(out, okta_pull_type(&pull) == OKTA_PULL_NULL ? "null" : "bool");
		return okta_pull_skip(&pull);
	case OKTA_PULL_NONE:
	default:
		return okta_pull_skip(&pull);
	}
}

/* The same text out of the tree. */
static void
write_tree(const struct okta_json_value *value, struct okta_buf *out)
{
	struct okta_json_iter it = { NULL, false };
	const struct okta_json_value *member;
	struct okta_view v;
	int64_t n;
	size_t i;

	switch (okta_json_type_of(value)) {
	case OKTA_JSON_OBJECT:
		append(out, "{");
		for (i = 0; okta_json_next(value, &it, &v, &member); i++) {
			append(out, i == 0 ? "" : ",");
			FUZZ_CHECK(okta_json_write_str(v, out) == OKTA_OK);
			append(out, ":");
			write_tree(member, out);
		}
		append(out, "}");
		break;
	case OKTA_JSON_ARRAY:
		append(out, "[");
		for (i = 0; i < okta_json_count(value); i++) {
			append(out, i == 0 ? "" : ",");
			write_tree(okta_json_item(value, i), out);
		}
		append(out, "]");
		break;
	case OKTA_JSON_STRING:
		if (okta_json_as_str(value, &v) != OKTA_OK)
			append(out, "NUL");
		else
			FUZZ_CHECK(okta_json_write_str(v, out) == OKTA_OK);
		break;
	case OKTA_JSON_INT:
	case OKTA_JSON_REAL:
		if (okta_json_as_int(value, -INT64_MAX + 1, INT64_MAX - 1, &n) == OKTA_OK)
			FUZZ_CHECK(okta_buf_printf(out, "%lld", (long long)n) == OKTA_OK);
		else
			append(out, "#");
		break;
	case OKTA_JSON_NULL:
		append(out, "null");
		break;
	case OKTA_JSON_BOOL:
		append(out, "bool");
		break;
	case OKTA_JSON_ABSENT:
	default:
		FUZZ_CHECK(false);
	}
}

static void
check_plain_json_c(struct okta_view text)
{
	struct json_tokener *tok = json_tokener_new_ex(64);
	struct json_object *o;

	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tok, text.p, (int)text.len);
	if (json_tokener_get_error(tok) == json_tokener_continue)
		o = json_tokener_parse_ex(tok, "", 1);
	FUZZ_CHECK(json_tokener_get_error(tok) == json_tokener_success);
	json_object_put(o);
	json_tokener_free(tok);
}

/* What is written again is read again, and written the same. */
static void
check_written(const struct okta_json_value *root)
{
	struct okta_json *again = NULL;
	struct okta_buf once, twice;
	struct okta_err err = { 0 };

	okta_buf_init(&once, 8 * MAX_BYTES);
	okta_buf_init(&twice, 8 * MAX_BYTES);
	FUZZ_CHECK(okta_json_write(root, &once) == OKTA_OK);
	FUZZ_CHECK(okta_text_is_printable(okta_buf_view(&once)));
	FUZZ_CHECK(
	    okta_json_new(okta_buf_view(&once), 8 * MAX_BYTES, &again, &err) == OKTA_OK);
	FUZZ_CHECK(okta_json_write(okta_json_root(again), &twice) == OKTA_OK);
	FUZZ_CHECK(okta_view_eq(okta_buf_view(&once), okta_buf_view(&twice)));
	okta_json_free(&again);
	okta_buf_clear(&once);
	okta_buf_clear(&twice);
}

static enum okta_rc
pulled(struct okta_view text, bool skip, struct okta_buf *out, struct okta_err *err)
{
	okta_pull_init(&pull, text);
	if (skip)
		(void)okta_pull_skip(&pull);
	else
		(void)walk(out);
	return okta_pull_end(&pull, err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct okta_view text = { (const char *)data, size };
	struct okta_err err = { 0 }, pull_err = { 0 };
	struct okta_json *doc = NULL;
	struct okta_buf seen, tree;
	enum okta_rc r, by_skip, by_walk;

	if (size > MAX_BYTES)
		return 0;
	okta_buf_init(&seen, 8 * MAX_BYTES);
	okta_buf_init(&tree, 8 * MAX_BYTES);
	r = okta_json_new(text, MAX_BYTES, &doc, &err);
	by_skip = pulled(text, true, NULL, &pull_err);
	FUZZ_CHECK(by_skip == OKTA_OK || pull_err.msg[0] != '\0');
	by_walk = pulled(text, false, &seen, &pull_err);
	FUZZ_CHECK(by_skip == by_walk);
	/* the bound on open names is the one rule that only the second reader has */
	if (by_walk == OKTA_OK || strstr(pull_err.msg, "many") == NULL)
		FUZZ_CHECK((r == OKTA_OK) == (by_walk == OKTA_OK));
	FUZZ_CHECK(r == OKTA_OK || (doc == NULL && err.msg[0] != '\0'));
	if (r == OKTA_OK) {
		check_plain_json_c(text);
		check_written(okta_json_root(doc));
	}
	if (r == OKTA_OK && by_walk == OKTA_OK) {
		write_tree(okta_json_root(doc), &tree);
		FUZZ_CHECK(okta_view_eq(okta_buf_view(&seen), okta_buf_view(&tree)));
	}
	okta_json_free(&doc);
	okta_buf_clear(&seen);
	okta_buf_clear(&tree);
	return 0;
}

size_t
fuzz_seed(unsigned i, uint8_t *out, size_t max)
{
	static const char *const seeds[] = {
		"[{\"id\":\"00u1\",\"n\":[-1.5e+3,0,true,null,false],"
		"\"a\\u00e9\":\"\\ud83d\\ude00\\n\",\"o\":{\"id\":{},"
		"\"i\\u0064x\":[[]]}}, {\"\":\"\xc3\xa9\"} ]",
		"{\"a\":{\"b\":1,\"c\":{\"b\":2}},\"d\":[{\"b\":3},{\"b\":4}]}",
		"9223372036854775807", "-0", "\"\\u0000\"", "null",
		"{\"id\":1,\"i\\u0064\":2}", " [ 1 , 2.5E-3 , -9223372036854775808 ] "
	};

	return fuzz_seed_text(seeds, sizeof(seeds) / sizeof(seeds[0]), i, out, max);
}
