/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/directory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "net/json.h"
#include "net/json_scan.h"
#include "net/listing.h"

static enum okta_rc
bad_page(struct okta_err *err, const char *why)
{
	return okta_err_set(
	    err, OKTA_E_INPUT, "a page of Okta's cannot be used: %s", why);
}

static struct okta_view
cut(struct okta_view v)
{
	if (v.len > OKTA_DIRECTORY_TEXT_MAX)
		v.len = OKTA_DIRECTORY_TEXT_MAX;
	return v;
}

/* An id goes into addresses and messages later: letters, digits, '-' and '_' only. */
static bool
is_id(struct okta_view v)
{
	size_t i;

	if (v.len == 0 || v.len > OKTA_DIRECTORY_ID_MAX)
		return false;
	for (i = 0; i < v.len; i++)
		if ((v.p[i] < '0' || v.p[i] > '9') && (v.p[i] < 'A' || v.p[i] > 'Z') &&
		    (v.p[i] < 'a' || v.p[i] > 'z') && v.p[i] != '-' && v.p[i] != '_')
			return false;
	return true;
}

/* Attribute NAME (may be NULL: none wanted) as text; a number keeps its digits in DIGITS.
 */
static struct okta_view
attribute(const struct okta_json_value *profile, const char *name, char digits[32])
{
	struct okta_view v = { NULL, 0 };
	int64_t n;

	if (name == NULL)
		return v;
	switch (okta_json_type(profile, name)) {
	case OKTA_JSON_STRING:
		if (okta_json_str(profile, name, &v) != OKTA_OK)
			return okta_view_str(
			    "\x01"); /* has a NUL: nobody may take it for less */
		return cut(v);
	case OKTA_JSON_INT:
		if (okta_json_int(profile, name, INT64_MIN, INT64_MAX, &n) != OKTA_OK)
			return okta_view_str("\x01");
		(void)snprintf(digits, 32, "%" PRId64, n);
		return okta_view_str(digits);
	case OKTA_JSON_ABSENT:
	case OKTA_JSON_NULL:
		return v;
	default:
		return okta_view_str("\x01"); /* there, and of no use */
	}
}

static struct okta_view
text(const struct okta_json_value *profile, const char *name)
{
	struct okta_view v = { NULL, 0 };

	if (okta_json_str(profile, name, &v) != OKTA_OK)
		return (struct okta_view){ NULL, 0 };
	return cut(v);
}

static enum okta_rc
one_user(const struct okta_json_value *item, const struct okta_conf *conf,
    const struct okta_directory_sink *sink, struct okta_err *err)
{
	const struct okta_json_value *profile = NULL;
	struct okta_directory_user user = { 0 };
	char uid[32], shell[32], name[32], both[2 * OKTA_DIRECTORY_TEXT_MAX + 2];
	struct okta_view first, last;
	int n;

	if (okta_json_str(item, "id", &user.id) != OKTA_OK || !is_id(user.id))
		return bad_page(err, "a user has no usable id");
	if (okta_json_str(item, "status", &user.status) != OKTA_OK ||
	    user.status.len == 0 || user.status.len > OKTA_DIRECTORY_STATUS_MAX)
		return bad_page(err, "a user has no usable status");
	if (okta_json_object(item, "profile", &profile) != OKTA_OK)
		return bad_page(err, "a user has no profile");
	user.login = text(profile, "login");
	user.name = attribute(profile, conf->name_from, name);
	user.uid = attribute(profile, conf->uid_from, uid);
	user.shell = attribute(profile, conf->shell_from, shell);
	user.display_name = text(profile, "displayName");
	if (user.display_name.len == 0) {
		first = text(profile, "firstName");
		last = text(profile, "lastName");
		n = snprintf(both, sizeof(both), "%.*s%s%.*s", (int)first.len, first.p,
		    first.len > 0 && last.len > 0 ? " " : "", (int)last.len, last.p);
		if (n > 0 && (size_t)n < sizeof(both))
			user.display_name = cut((struct okta_view){ both, (size_t)n });
	}
	return sink->user(sink->ctx, &user);
}

/* The array a page must be, item by item. */
static enum okta_rc
each_item(struct okta_view page,
    enum okta_rc (*fn)(const struct okta_json_value *item, const struct okta_conf *conf,
	const struct okta_directory_sink *sink, struct okta_err *err),
    const struct okta_conf *conf, const struct okta_directory_sink *sink,
    struct okta_err *err)
{
	const struct okta_json_value *root;
	struct okta_json *doc = NULL;
	enum okta_rc r;
	size_t i, n;

	r = okta_json_new(page, OKTA_LISTING_PAGE_MAX, &doc, err);
	if (r != OKTA_OK)
		return r;
	root = okta_json_root(doc);
	if (okta_json_type_of(root) != OKTA_JSON_ARRAY)
		r = bad_page(err, "it is no list");
	n = r == OKTA_OK ? okta_json_count(root) : 0;
	for (i = 0; r == OKTA_OK && i < n; i++)
		r = fn(okta_json_item(root, i), conf, sink, err);
	okta_json_free(&doc);
	return r;
}

enum okta_rc
okta_directory_users(struct okta_view page, const struct okta_conf *conf,
    const struct okta_directory_sink *sink, struct okta_err *err)
{
	return each_item(page, one_user, conf, sink, err);
}

static enum okta_rc
one_app_user(const struct okta_json_value *item, const struct okta_conf *conf,
    const struct okta_directory_sink *sink, struct okta_err *err)
{
	const struct okta_json_value *embedded = NULL, *user = NULL;
	struct okta_view id, inner;

	/* the assignment's own status is not the person's */
	if (okta_json_object(item, "_embedded", &embedded) != OKTA_OK ||
	    okta_json_object(embedded, "user", &user) != OKTA_OK)
		return bad_page(err, "an app user comes without its user (expand=user)");
	if (okta_json_str(item, "id", &id) != OKTA_OK ||
	    okta_json_str(user, "id", &inner) != OKTA_OK || !okta_view_eq(id, inner))
		return bad_page(err, "an app user and its user have different ids");
	return one_user(user, conf, sink, err);
}

enum okta_rc
okta_directory_app_users(struct okta_view page, const struct okta_conf *conf,
    const struct okta_directory_sink *sink, struct okta_err *err)
{
	return each_item(page, one_app_user, conf, sink, err);
}

/*
 * Whoever may create groups chooses their names; none of them may stop the whole sync.  A
 * name that no rule and no claim can mean - one with a NUL, or one that begins with the
 * byte okta-sync hides names with - becomes that byte alone; the id is as good as ever.
 */
static bool
group_name(const struct okta_json_value *profile, struct okta_view *ret)
{
	struct okta_view name;

	if (okta_json_type(profile, "name") != OKTA_JSON_STRING)
		return false;
	if (okta_json_str(profile, "name", &name) != OKTA_OK ||
	    (name.len > 0 && name.p[0] == '\x01'))
		name = okta_view_str("\x01");
	*ret = name;
	return name.len > 0;
}

static enum okta_rc
one_group(const struct okta_json_value *item, const struct okta_conf *conf,
    const struct okta_directory_sink *sink, struct okta_err *err)
{
	const struct okta_json_value *profile = NULL;
	struct okta_view id, name;

	(void)conf;
	if (okta_json_str(item, "id", &id) != OKTA_OK || !is_id(id))
		return bad_page(err, "a group has no usable id");
	if (okta_json_object(item, "profile", &profile) != OKTA_OK ||
	    !group_name(profile, &name))
		return bad_page(err, "a group has no usable name");
	return sink->group(sink->ctx, id, name);
}

enum okta_rc
okta_directory_groups(
    struct okta_view page, const struct okta_directory_sink *sink, struct okta_err *err)
{
	return each_item(page, one_group, NULL, sink, err);
}

/* --- ids alone
 * ----------------------------------------------------------------------------- */

/*
 * Below, the text is known to be well-formed JSON (okta_json_scan()), so a walk needs to
 * know only strings and brackets.  It stops at the end whatever happens.
 */
struct walk {
	const char *p, *end;
};

static void
skip_blanks(struct walk *w)
{
	while (w->p < w->end &&
	       (*w->p == ' ' || *w->p == '\t' || *w->p == '\n' || *w->p == '\r'))
		w->p++;
}

/* At a quote: the string's bytes as written, and whether there is an escape in it. */
static struct okta_view
take_string(struct walk *w, bool *ret_escaped)
{
	const char *start = w->p + 1, *end = w->end, *p = start;

	*ret_escaped = false;
	for (;;) {
		p += okta_text_plain_len((struct okta_view){ p, (size_t)(end - p) });
		if (p >= end || *p == '"')
			break;
		*ret_escaped =
		    true; /* a backslash: the scanner let nothing else through */
		p += end - p >= 2 ? 2 : 1;
	}
	if (p > end)
		p = end;
	w->p = p < end ? p + 1 : end;
	return (struct okta_view){ start, (size_t)(p - start) };
}

/* One value of any kind; ends behind it. */
static void
skip_value(struct walk *w)
{
	const char *p = w->p, *end = w->end;
	size_t depth = 0;
	bool escaped;

	while (p < end) {
		switch (*p) {
		case '"':
			w->p = p;
			(void)take_string(w, &escaped);
			p = w->p;
			break;
		case '{':
		case '[':
			depth++;
			p++;
			break;
		case '}':
		case ']':
			if (depth == 0)
				goto out; /* of the object around it */
			depth--;
			p++;
			break;
		case ',':
			if (depth == 0)
				goto out;
			p++;
			break;
		default:
			p++;
		}
	}
out:
	w->p = p;
}

/* The member "id" of the object W stands at; exactly one, without escapes. */
static enum okta_rc
take_id(struct walk *w, struct okta_view *ret, struct okta_err *err)
{
	struct okta_view name, id = { NULL, 0 };
	bool escaped, odd;

	w->p++;
	for (skip_blanks(w); w->p < w->end && *w->p == '"'; skip_blanks(w)) {
		name = take_string(w, &odd);
		skip_blanks(w);
		w->p++; /* ':' */
		skip_blanks(w);
		if (odd)
			return bad_page(err, "a member name is written with escapes");
		if (name.len != 2 || name.p[0] != 'i' || name.p[1] != 'd') {
			skip_value(w);
		} else if (id.p != NULL || w->p >= w->end || *w->p != '"') {
			return bad_page(err, "a member has two ids or no text as id");
		} else {
			id = take_string(w, &escaped);
			if (escaped || !is_id(id))
				return bad_page(err, "a member has no usable id");
		}
		skip_blanks(w);
		if (w->p < w->end && *w->p == ',')
			w->p++;
	}
	w->p++; /* '}' */
	if (id.p == NULL)
		return bad_page(err, "a member has no id");
	*ret = id;
	return OKTA_OK;
}

enum okta_rc
okta_directory_members(
    struct okta_view page, const struct okta_directory_sink *sink, struct okta_err *err)
{
	struct okta_json_scan scan;
	struct okta_view id;
	struct walk w = { page.p, page.p + page.len };
	enum okta_rc r = OKTA_OK;

	if (page.len > OKTA_LISTING_PAGE_MAX)
		return okta_err_set(err, OKTA_E_TOOBIG, "a page of Okta's is too large");
	scan = okta_json_scan(page, OKTA_JSON_MAX_DEPTH);
	if (scan.wrong != NULL)
		return okta_err_set(err, OKTA_E_INPUT,
		    "a page of Okta's is no JSON: %s at byte %zu", scan.wrong, scan.at);
	skip_blanks(&w);
	if (w.p >= w.end || *w.p != '[')
		return bad_page(err, "it is no list");
	w.p++;
	for (skip_blanks(&w); r == OKTA_OK && w.p < w.end && *w.p != ']';
	     skip_blanks(&w)) {
		if (*w.p != '{')
			return bad_page(err, "an item is no object");
		r = take_id(&w, &id, err);
		if (r == OKTA_OK)
			r = sink->member(sink->ctx, id);
		skip_blanks(&w);
		if (w.p < w.end && *w.p == ',')
			w.p++;
	}
	return r;
}
