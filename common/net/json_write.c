/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/json.h"

#include <json-c/json.h>

#include "base/text.h"

/* Decode the (well-formed) sequence at P. */
static size_t
code_point(const unsigned char *p, uint32_t *ret)
{
	size_t i, n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	*ret = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (i = 1; i < n; i++)
		*ret = *ret << 6 | (p[i] & 0x3fu);
	return n;
}

static enum okta_rc
write_escaped(uint32_t code, struct okta_buf *out)
{
	if (code < 0x10000)
		return okta_buf_printf(out, "\\u%04x", (unsigned)code);
	code -= 0x10000;
	return okta_buf_printf(out, "\\u%04x\\u%04x", 0xd800u + (unsigned)(code >> 10),
	    0xdc00u + (unsigned)(code & 0x3ff));
}

enum okta_rc
okta_json_write_str(struct okta_view text, struct okta_buf *out)
{
	enum okta_rc r;
	uint32_t code;
	size_t i = 0, n;

	if (!okta_text_is_utf8(text)) /* code_point() relies on it */
		return OKTA_E_INPUT;
	r = okta_buf_append_str(out, "\"");
	while (r == OKTA_OK && i < text.len) {
		n = code_point((const unsigned char *)text.p + i, &code);
		if (code == '"' || code == '\\')
			r = okta_buf_printf(out, "\\%c", (char)code);
		else if (code >= 0x20 && code <= 0x7e)
			r = okta_buf_append(out, text.p + i, 1);
		else
			r = write_escaped(code, out);
		i += n;
	}
	if (r != OKTA_OK)
		return r;
	return okta_buf_append_str(out, "\"");
}

static enum okta_rc write_object(struct json_object *o, struct okta_buf *out);

static enum okta_rc
write_members(struct json_object *o, struct okta_buf *out)
{
	struct lh_entry *e;
	enum okta_rc r = OKTA_OK;
	const char *before = "";

	for (e = lh_table_head(json_object_get_object(o)); e != NULL;
	     e = lh_entry_next(e)) {
		r = okta_buf_append_str(out, before);
		if (r == OKTA_OK)
			r = okta_json_write_str(
			    okta_view_str((const char *)lh_entry_k(e)), out);
		if (r == OKTA_OK)
			r = okta_buf_append_str(out, ":");
		if (r == OKTA_OK)
			r = write_object((struct json_object *)lh_entry_v(e), out);
		if (r != OKTA_OK)
			return r;
		before = ",";
	}
	return OKTA_OK;
}

static enum okta_rc
write_items(struct json_object *o, struct okta_buf *out)
{
	enum okta_rc r;
	size_t i;

	for (i = 0; i < json_object_array_length(o); i++) {
		r = okta_buf_append_str(out, i > 0 ? "," : "");
		if (r == OKTA_OK)
			r = write_object(json_object_array_get_idx(o, i), out);
		if (r != OKTA_OK)
			return r;
	}
	return OKTA_OK;
}

static enum okta_rc
write_object(struct json_object *o, struct okta_buf *out)
{
	struct okta_view text;
	enum okta_rc r;
	bool is_object = json_object_is_type(o, json_type_object);

	if (json_object_is_type(o, json_type_string)) {
		text.p = json_object_get_string(o);
		text.len = (size_t)json_object_get_string_len(o);
		return okta_json_write_str(text, out);
	}
	if (!is_object &&
	    !json_object_is_type(o, json_type_array)) /* ASCII as it stands */
		return okta_buf_append_str(
		    out, o == NULL ? "null" : json_object_get_string(o));
	r = okta_buf_append_str(out, is_object ? "{" : "[");
	if (r == OKTA_OK)
		r = is_object ? write_members(o, out) : write_items(o, out);
	if (r != OKTA_OK)
		return r;
	return okta_buf_append_str(out, is_object ? "}" : "]");
}

enum okta_rc
okta_json_write(const struct okta_json_value *value, struct okta_buf *out)
{
	union {
		const struct okta_json_value *in;
		struct json_object *out;
	} u = { value };

	return write_object(u.out, out);
}
