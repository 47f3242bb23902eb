/* SPDX-License-Identifier: BSD-2-Clause */
#include "setup_conf.h"

#include <stdbool.h>
#include <string.h>

#include "model/conf.h"

#define WRAP_AT	  (OKTA_CONF_MAX_LINE - 20)
#define NOT_THERE ((size_t)-1)

enum okta_rc
setup_conf_assign(const char *key, const char *value, struct okta_buf *out)
{
	struct okta_view rest = okta_view_str(value), item;
	size_t line = strlen(key) + 3;
	enum okta_rc r;

	r = okta_buf_printf(out, "%s = ", key);
	if (r == OKTA_OK && line + rest.len <= WRAP_AT) {
		r = okta_buf_append(out, rest.p, rest.len);
		rest = (struct okta_view){ NULL, 0 };
	}
	while (r == OKTA_OK && rest.p != NULL) {
		item = okta_view_trim(okta_view_split(&rest, ','));
		if (line + item.len > WRAP_AT) {
			r = okta_buf_append_str(out, "\n\t");
			line = 1;
		}
		if (r == OKTA_OK)
			r = okta_buf_printf(out, "%.*s%s", (int)item.len, item.p,
			    rest.p == NULL ? "" : ", ");
		line += item.len + 2;
	}
	return r == OKTA_OK ? okta_buf_append_str(out, "\n") : r;
}

/* Where a key stands in a text, or would. */
struct place {
	size_t from, to;       /* its lines; NOT_THERE */
	size_t end_of_section; /* behind the last line that is not empty; NOT_THERE */
};

static bool
is_section(struct okta_view line, const char *section)
{
	line = okta_view_trim(line);
	return line.len >= 2 && line.p[line.len - 1] == ']' &&
	       okta_view_eq_str(
		   okta_view_trim((struct okta_view){ line.p + 1, line.len - 2 }),
		   section);
}

static bool
is_assignment(struct okta_view line, const char *key)
{
	if (memchr(line.p, '=', line.len) == NULL)
		return false;
	return okta_view_eq_str(okta_view_trim(okta_view_split(&line, '=')), key);
}

static struct place
find(struct okta_view text, const char *section, const char *key)
{
	struct place at = { NOT_THERE, NOT_THERE, NOT_THERE };
	bool in_section = false, in_key = false;
	struct okta_view rest = text, line;
	size_t start, end;

	while (rest.p != NULL && rest.len > 0) {
		start = (size_t)(rest.p - text.p);
		line = okta_view_split(&rest, '\n');
		end = rest.p == NULL ? text.len : (size_t)(rest.p - text.p);
		if (line.len == 0 || okta_view_trim(line).len == 0)
			continue;
		if (in_key && (line.p[0] == ' ' || line.p[0] == '\t')) {
			at.to = end;
		} else if (line.p[0] == '[') {
			in_section = is_section(line, section);
			in_key = false;
		} else {
			in_key = in_section && at.from == NOT_THERE && line.p[0] != '#' &&
				 line.p[0] != ';' && is_assignment(line, key);
			if (in_key) {
				at.from = start;
				at.to = end;
			}
		}
		if (in_section)
			at.end_of_section = end;
	}
	return at;
}

static enum okta_rc
put_line_end(struct okta_view before, struct okta_buf *out)
{
	return before.len > 0 && before.p[before.len - 1] != '\n'
		   ? okta_buf_append_str(out, "\n")
		   : OKTA_OK;
}

enum okta_rc
setup_conf_put(struct okta_view text, const char *section, const char *key,
    const char *value, struct okta_buf *out)
{
	struct place at = find(text, section, key);
	const bool is_there = at.from != NOT_THERE,
		   has_section = at.end_of_section != NOT_THERE;
	struct okta_view before = text, after = { NULL, 0 };
	enum okta_rc r;

	if (!is_there && value[0] == '\0')
		return okta_buf_append(out, text.p, text.len);
	if (is_there || has_section) {
		before.len = is_there ? at.from : at.end_of_section;
		after.p = text.p + (is_there ? at.to : at.end_of_section);
		after.len = text.len - (size_t)(after.p - text.p);
	}
	r = okta_buf_append(out, before.p, before.len);
	if (r == OKTA_OK)
		r = put_line_end(before, out);
	if (r == OKTA_OK && !is_there && !has_section)
		r = okta_buf_printf(out, "%s[%s]\n", before.len > 0 ? "\n" : "", section);
	if (r == OKTA_OK && value[0] != '\0')
		r = setup_conf_assign(key, value, out);
	if (r == OKTA_OK && after.len > 0)
		r = okta_buf_append(out, after.p, after.len);
	return r;
}
