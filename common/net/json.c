/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/json.h"

#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"
#include "net/json_scan.h"

struct okta_json {
	struct json_object *root; /* NULL is the document "null" */
};

/* json-c's tree is ours and never changed after okta_json_new(); its getters want it
 * mutable. */
static struct json_object *
object_of(const struct okta_json_value *value)
{
	union {
		const struct okta_json_value *in;
		struct json_object *out;
	} u = { value };

	return u.out;
}

static const struct okta_json_value *
value_of(const struct json_object *object)
{
	return (const struct okta_json_value *)(const void *)object;
}

static size_t
count_members(struct json_object *o)
{
	struct lh_entry *e;
	size_t i, n = 0;

	if (json_object_is_type(o, json_type_array)) {
		for (i = 0; i < json_object_array_length(o); i++)
			n += count_members(json_object_array_get_idx(o, i));
	} else if (json_object_is_type(o, json_type_object)) {
		for (e = lh_table_head(json_object_get_object(o)); e != NULL;
		     e = lh_entry_next(e))
			n += 1 + count_members((struct json_object *)lh_entry_v(e));
	}
	return n;
}

static enum okta_rc
parse(struct okta_view text, struct json_object **ret, struct okta_err *err)
{
	enum okta_rc rc = OKTA_E_INTERNAL;
	struct json_object *root;
	/* json-c counts the values at the innermost level too, and the scan has the last
	 * word */
	struct json_tokener *tok = json_tokener_new_ex(OKTA_JSON_MAX_DEPTH + 2);

	if (tok == NULL)
		return okta_err_set(err, OKTA_E_NOMEM, "JSON: out of memory");
	/* Strings pass through this buffer.  Large enough from the start, it is never
	 * moved by realloc(), so that wiping it at the end leaves no copy of a token
	 * behind. */
	if (printbuf_memset(tok->pb, (int)text.len, 0, 0) < 0) {
		rc = okta_err_set(err, OKTA_E_NOMEM, "JSON: out of memory");
		goto out;
	}
	printbuf_reset(tok->pb);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tok, text.p, (int)text.len);
	if (json_tokener_get_error(tok) ==
	    json_tokener_continue) /* a bare number: tell the end */
		root = json_tokener_parse_ex(tok, "", 1);
	if (json_tokener_get_error(tok) != json_tokener_success) {
		json_object_put(root);
		rc = okta_err_set(err, OKTA_E_INPUT, "JSON: %s",
		    json_tokener_error_desc(json_tokener_get_error(tok)));
		goto out;
	}
	*ret = root;
	rc = OKTA_OK;
out:
	okta_wipe(tok->pb->buf, (size_t)tok->pb->size);
	json_tokener_free(tok);
	return rc;
}

/* What Okta sends has fourteen bytes or more for each value; json-c takes up to a
 * thousand, which a text of two bytes for each would have it take as well. */
static size_t
most_values(size_t max_bytes)
{
	return max_bytes / 64 > OKTA_JSON_MIN_VALUES ? max_bytes / 64
						     : OKTA_JSON_MIN_VALUES;
}

enum okta_rc
okta_json_new(
    struct okta_view text, size_t max_bytes, struct okta_json **ret, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_json *doc = NULL;
	struct okta_json_scan scan;

	if (text.len > max_bytes || text.len > INT32_MAX) {
		rc = okta_err_set(
		    err, OKTA_E_TOOBIG, "JSON: more than %zu bytes", max_bytes);
		goto out;
	}
	scan = okta_json_scan(text, OKTA_JSON_MAX_DEPTH);
	if (scan.wrong != NULL) {
		rc = okta_err_set(
		    err, OKTA_E_INPUT, "JSON: %s at byte %zu", scan.wrong, scan.at);
		goto out;
	}
	if (scan.n_values > most_values(max_bytes)) {
		rc = okta_err_set(err, OKTA_E_TOOBIG, "JSON: more than %zu values",
		    most_values(max_bytes));
		goto out;
	}
	doc = calloc(1, sizeof(*doc));
	if (doc == NULL) {
		rc = okta_err_set(err, OKTA_E_NOMEM, "JSON: out of memory");
		goto out;
	}
	r = parse(text, &doc->root, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	if (count_members(doc->root) != scan.n_members) {
		rc = okta_err_set(err, OKTA_E_INPUT, "JSON: a member name is used twice");
		goto out;
	}
	*ret = doc;
	doc = NULL;
	rc = OKTA_OK;
out:
	okta_json_free(&doc);
	return rc;
}

/* json-c frees without wiping; a token answer holds bearer tokens. */
static void
wipe_strings(struct json_object *o)
{
	union {
		const char *in;
		char *out;
	} u;
	struct lh_entry *e;
	size_t i;

	switch (json_object_get_type(o)) {
	case json_type_string:
		u.in = json_object_get_string(o);
		okta_wipe(u.out, (size_t)json_object_get_string_len(o));
		break;
	case json_type_array:
		for (i = 0; i < json_object_array_length(o); i++)
			wipe_strings(json_object_array_get_idx(o, i));
		break;
	case json_type_object:
		for (e = lh_table_head(json_object_get_object(o)); e != NULL;
		     e = lh_entry_next(e))
			wipe_strings((struct json_object *)lh_entry_v(e));
		break;
	default:
		break;
	}
}

void
okta_json_free(struct okta_json **doc)
{
	if (*doc == NULL)
		return;
	if ((*doc)->root != NULL)
		wipe_strings((*doc)->root);
	json_object_put((*doc)->root);
	free(*doc);
	*doc = NULL;
}

const struct okta_json_value *
okta_json_root(const struct okta_json *doc)
{
	return value_of(doc->root);
}

/* False: no such member. */
static bool
find(const struct okta_json_value *obj, const char *name,
    const struct okta_json_value **ret)
{
	struct json_object *found = NULL;

	if (!json_object_is_type(object_of(obj), json_type_object) ||
	    !json_object_object_get_ex(object_of(obj), name, &found))
		return false;
	*ret = value_of(found);
	return true;
}

enum okta_json_type
okta_json_type_of(const struct okta_json_value *value)
{
	switch (json_object_get_type(object_of(value))) {
	case json_type_null:
		return OKTA_JSON_NULL;
	case json_type_boolean:
		return OKTA_JSON_BOOL;
	case json_type_int:
		return OKTA_JSON_INT;
	case json_type_double:
		return OKTA_JSON_REAL;
	case json_type_string:
		return OKTA_JSON_STRING;
	case json_type_array:
		return OKTA_JSON_ARRAY;
	case json_type_object:
		return OKTA_JSON_OBJECT;
	}
	return OKTA_JSON_ABSENT;
}

enum okta_json_type
okta_json_type(const struct okta_json_value *obj, const char *name)
{
	const struct okta_json_value *value;

	return find(obj, name, &value) ? okta_json_type_of(value) : OKTA_JSON_ABSENT;
}

enum okta_rc
okta_json_as_str(const struct okta_json_value *value, struct okta_view *ret)
{
	struct json_object *o = object_of(value);
	struct okta_view v;

	if (!json_object_is_type(o, json_type_string))
		return OKTA_E_INPUT;
	v.p = json_object_get_string(o);
	v.len = (size_t)json_object_get_string_len(o);
	if (memchr(v.p, '\0', v.len) != NULL)
		return OKTA_E_INPUT;
	*ret = v;
	return OKTA_OK;
}

enum okta_rc
okta_json_as_int(
    const struct okta_json_value *value, int64_t min, int64_t max, int64_t *ret)
{
	struct json_object *o = object_of(value);
	int64_t n;

	if (!json_object_is_type(o, json_type_int))
		return OKTA_E_INPUT;
	n = json_object_get_int64(o);
	/* json-c clamps what does not fit, so its two ends are no numbers to us */
	if (n == INT64_MIN || n == INT64_MAX || n < min || n > max)
		return OKTA_E_INPUT;
	*ret = n;
	return OKTA_OK;
}

enum okta_rc
okta_json_str(const struct okta_json_value *obj, const char *name, struct okta_view *ret)
{
	const struct okta_json_value *value;

	if (!find(obj, name, &value))
		return OKTA_E_NOTFOUND;
	return okta_json_as_str(value, ret);
}

enum okta_rc
okta_json_int(const struct okta_json_value *obj, const char *name, int64_t min,
    int64_t max, int64_t *ret)
{
	const struct okta_json_value *value;

	if (!find(obj, name, &value))
		return OKTA_E_NOTFOUND;
	return okta_json_as_int(value, min, max, ret);
}

enum okta_rc
okta_json_bool(const struct okta_json_value *obj, const char *name, bool *ret)
{
	const struct okta_json_value *value;

	if (!find(obj, name, &value))
		return OKTA_E_NOTFOUND;
	if (!json_object_is_type(object_of(value), json_type_boolean))
		return OKTA_E_INPUT;
	*ret = json_object_get_boolean(object_of(value));
	return OKTA_OK;
}

static enum okta_rc
container(const struct okta_json_value *obj, const char *name, enum json_type type,
    const struct okta_json_value **ret)
{
	const struct okta_json_value *value;

	if (!find(obj, name, &value))
		return OKTA_E_NOTFOUND;
	if (!json_object_is_type(object_of(value), type))
		return OKTA_E_INPUT;
	*ret = value;
	return OKTA_OK;
}

enum okta_rc
okta_json_array(const struct okta_json_value *obj, const char *name,
    const struct okta_json_value **ret)
{
	return container(obj, name, json_type_array, ret);
}

enum okta_rc
okta_json_object(const struct okta_json_value *obj, const char *name,
    const struct okta_json_value **ret)
{
	return container(obj, name, json_type_object, ret);
}

size_t
okta_json_count(const struct okta_json_value *value)
{
	struct json_object *o = object_of(value);

	if (json_object_is_type(o, json_type_array))
		return json_object_array_length(o);
	if (json_object_is_type(o, json_type_object))
		return (size_t)json_object_object_length(o);
	return 0;
}

const struct okta_json_value *
okta_json_item(const struct okta_json_value *array, size_t i)
{
	struct json_object *o = object_of(array);

	if (!json_object_is_type(o, json_type_array) || i >= json_object_array_length(o))
		return NULL;
	return value_of(json_object_array_get_idx(o, i));
}

bool
okta_json_next(const struct okta_json_value *obj, struct okta_json_iter *it,
    struct okta_view *ret_name, const struct okta_json_value **ret_value)
{
	struct json_object *o = object_of(obj);
	const struct lh_entry *e = it->at;

	if (!json_object_is_type(o, json_type_object))
		return false;
	if (!it->started)
		e = lh_table_head(json_object_get_object(o));
	else if (e != NULL)
		e = lh_entry_next(e);
	it->started = true;
	it->at = e;
	if (e == NULL)
		return false;
	*ret_name = okta_view_str((const char *)lh_entry_k(e));
	*ret_value = value_of((const struct json_object *)lh_entry_v(e));
	return true;
}
