/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/json.h - read one JSON text from outside (RFC 8259), strictly.
 * Floor 2: base; json-c underneath.
 *
 * MUST: refuse what is not well-formed UTF-8, a lone surrogate, a byte order mark,
 * nesting deeper than 32, bytes after the value, more bytes than the caller allows, and a
 * member name used twice in one object, also when one of the two is written with escapes:
 * json-c keeps the last one silently, and two readers of one token must not see two
 * different people. MUST: refuse U+0000 in a member name (json-c would cut the name
 * there). Of JSONTestSuite's well-formed files these two rules refuse exactly three:
 * y_object_duplicated_key, y_object_duplicated_key_and_value,
 * y_object_escaped_null_in_key.
 */
#ifndef OKTA_NET_JSON_H
#define OKTA_NET_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"

#define OKTA_JSON_MAX_DEPTH  32
#define OKTA_JSON_MIN_VALUES 8192

struct okta_json; /* a document: owns everything below it */

/* A value inside a document; valid as long as the document.  NULL stands for JSON null.
 */
struct okta_json_value;

enum okta_json_type {
	OKTA_JSON_ABSENT, /* no such member, or the thing asked is no object */
	OKTA_JSON_NULL,
	OKTA_JSON_BOOL,
	OKTA_JSON_INT,
	OKTA_JSON_REAL,
	OKTA_JSON_STRING,
	OKTA_JSON_ARRAY,
	OKTA_JSON_OBJECT
};

/*
 * Parse TEXT, at most MAX_BYTES long and of at most a value for each 64 of these, or
 * OKTA_JSON_MIN_VALUES if that is more.  OKTA_OK, OKTA_E_INPUT, OKTA_E_TOOBIG or
 * OKTA_E_NOMEM; the message tells what is wrong and at which byte, and quotes nothing of
 * TEXT.
 */
OKTA_MUST_CHECK enum okta_rc okta_json_new(struct okta_view text, size_t max_bytes,
    struct okta_json **ret, struct okta_err *err);
/* Wipes the strings too: an answer may hold tokens. */
void okta_json_free(struct okta_json **doc);

const struct okta_json_value *okta_json_root(const struct okta_json *doc);

/*
 * Members of OBJ by name and exact type; no conversion ever.  OKTA_OK; OKTA_E_NOTFOUND
 * when there is no such member (or OBJ is no object); OKTA_E_INPUT when it has another
 * type (null is another type), is out of range, or is a string with U+0000 inside.
 */
OKTA_MUST_CHECK enum okta_rc okta_json_str(
    const struct okta_json_value *obj, const char *name, struct okta_view *ret);
OKTA_MUST_CHECK enum okta_rc okta_json_int(const struct okta_json_value *obj,
    const char *name, int64_t min, int64_t max, int64_t *ret);
OKTA_MUST_CHECK enum okta_rc okta_json_bool(
    const struct okta_json_value *obj, const char *name, bool *ret);
OKTA_MUST_CHECK enum okta_rc okta_json_array(const struct okta_json_value *obj,
    const char *name, const struct okta_json_value **ret);
OKTA_MUST_CHECK enum okta_rc okta_json_object(const struct okta_json_value *obj,
    const char *name, const struct okta_json_value **ret);
enum okta_json_type okta_json_type(const struct okta_json_value *obj, const char *name);

/* Values: of an array's items, of the root, of members met by okta_json_next(). */
enum okta_json_type okta_json_type_of(const struct okta_json_value *value);
OKTA_MUST_CHECK enum okta_rc okta_json_as_str(
    const struct okta_json_value *value, struct okta_view *ret);
OKTA_MUST_CHECK enum okta_rc okta_json_as_int(
    const struct okta_json_value *value, int64_t min, int64_t max, int64_t *ret);

/* Items of an array or members of an object; 0 for anything else. */
size_t okta_json_count(const struct okta_json_value *value);
/* Item I of an array; NULL (null) when there is none. */
const struct okta_json_value *okta_json_item(
    const struct okta_json_value *array, size_t i);

/*
 * Walk the members of OBJ in the order of the text: start with { NULL }, false at the
 * end.
 */
struct okta_json_iter {
	const void *at;
	bool started;
};
bool okta_json_next(const struct okta_json_value *obj, struct okta_json_iter *it,
    struct okta_view *ret_name, const struct okta_json_value **ret_value);

/*
 * Append VALUE as one line of JSON in printable ASCII (everything else as \uXXXX, so that
 * it may go to a terminal).  OKTA_OK, OKTA_E_TOOBIG or OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc okta_json_write(
    const struct okta_json_value *value, struct okta_buf *out);
/* Append TEXT as a JSON string with its quotes, the same way; OKTA_E_INPUT: not UTF-8. */
OKTA_MUST_CHECK enum okta_rc okta_json_write_str(
    struct okta_view text, struct okta_buf *out);

#endif /* OKTA_NET_JSON_H */
