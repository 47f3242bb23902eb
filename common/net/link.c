/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/link.h"

#include <string.h>

#include "base/text.h"

struct cursor {
	const char *p;
	size_t left;
};

static bool
take(struct cursor *c, char want)
{
	if (c->left == 0 || *c->p != want)
		return false;
	c->p++;
	c->left--;
	return true;
}

static void
blanks(struct cursor *c)
{
	while (take(c, ' ') || take(c, '\t'))
		;
}

/* Up to END, which is taken too. */
static bool
take_until(struct cursor *c, char end, struct okta_view *ret)
{
	const char *at = c->left == 0 ? NULL : memchr(c->p, end, c->left);

	if (at == NULL)
		return false;
	ret->p = c->p;
	ret->len = (size_t)(at - c->p);
	c->left -= ret->len + 1;
	c->p = at + 1;
	return true;
}

/* A parameter's name, or a value without quotes. */
static struct okta_view
take_token(struct cursor *c)
{
	struct okta_view v = { c->p, 0 };

	while (c->left > 0 && *c->p > 0x20 && *c->p < 0x7f &&
	       strchr("=;,\"<>", *c->p) == NULL) {
		c->p++;
		c->left--;
		v.len++;
	}
	return v;
}

static bool
quoted(struct cursor *c, struct okta_view *ret)
{
	/* no relation or title of Okta's has an escaped quote: refuse instead of guessing
	 */
	return take_until(c, '"', ret) && memchr(ret->p, '\\', ret->len) == NULL;
}

static bool
same(struct okta_view a, struct okta_view b)
{
	size_t i;

	if (a.len != b.len)
		return false;
	for (i = 0; i < a.len; i++)
		if (okta_text_lower(a.p[i]) != okta_text_lower(b.p[i]))
			return false;
	return true;
}

/* A relation may stand in a list: rel="next last". */
static bool
has_relation(struct okta_view list, struct okta_view rel)
{
	struct okta_view word;

	while (list.len > 0) {
		word = okta_view_split(&list, ' ');
		if (same(word, rel))
			return true;
	}
	return false;
}

/* The parameters of one link; *ret_is tells whether its relation is REL. */
static bool
parameters(struct cursor *c, struct okta_view rel, bool *ret_is)
{
	struct okta_view name, value;

	*ret_is = false;
	for (;;) {
		blanks(c);
		if (!take(c, ';'))
			return true;
		blanks(c);
		name = take_token(c);
		if (name.len == 0)
			return false;
		value = (struct okta_view){ NULL, 0 };
		blanks(c);
		if (take(c, '=')) {
			blanks(c);
			if (!take(c, '"'))
				value = take_token(c);
			else if (!quoted(c, &value))
				return false;
		}
		if (same(name, okta_view_str("rel")) && has_relation(value, rel))
			*ret_is = true;
	}
}

enum okta_rc
okta_link_find(
    struct okta_view value, const char *rel, struct okta_view *ret, struct okta_err *err)
{
	static const char bad[] = "Okta's Link header cannot be read";
	struct cursor c = { value.p, value.len };
	struct okta_view target, found = { NULL, 0 };
	bool is;

	for (;;) {
		blanks(&c);
		if (c.left == 0)
			break;
		if (take(&c, ','))
			continue; /* an empty element is allowed (RFC 9110 section 5.6.1)
				   */
		if (!take(&c, '<') || !take_until(&c, '>', &target) || target.len == 0)
			return okta_err_set(err, OKTA_E_INPUT, "%s", bad);
		if (!parameters(&c, okta_view_str(rel), &is))
			return okta_err_set(err, OKTA_E_INPUT, "%s", bad);
		if (c.left > 0 && !take(&c, ','))
			return okta_err_set(err, OKTA_E_INPUT, "%s", bad);
		if (is && found.p != NULL)
			return okta_err_set(
			    err, OKTA_E_INPUT, "Okta's Link header names two next pages");
		if (is)
			found = target;
	}
	if (found.p == NULL)
		return OKTA_E_NOTFOUND;
	*ret = found;
	return OKTA_OK;
}

/* Scheme, host and port; a missing port is https's own. */
struct origin {
	struct okta_view host, port, rest;
};

static bool
split_origin(struct okta_view url, struct origin *ret)
{
	static const char https[] = "https://";
	struct okta_view scheme = { url.p, sizeof(https) - 1 };
	size_t i, colon;

	if (url.len <= sizeof(https) - 1 || !same(scheme, okta_view_str(https)))
		return false;
	url.p += sizeof(https) - 1;
	url.len -= sizeof(https) - 1;
	for (i = 0; i < url.len && strchr("/?#", url.p[i]) == NULL; i++)
		if (url.p[i] == '@' || url.p[i] == '\\' || url.p[i] == '\0')
			return false; /* user:password@host hides the host from a reader
				       */
	for (colon = i; colon > 0 && url.p[colon - 1] != ':'; colon--)
		;
	ret->host = (struct okta_view){ url.p, colon > 0 ? colon - 1 : i };
	ret->port = colon > 0 ? (struct okta_view){ url.p + colon, i - colon }
			      : okta_view_str("443");
	ret->rest = (struct okta_view){ url.p + i, url.len - i };
	return ret->host.len > 0;
}

const char *
okta_link_fault(struct okta_view url, struct okta_view org_url)
{
	static const char below[] = "/api/";
	struct origin a, b;

	if (!okta_text_is_printable(url) || memchr(url.p, ' ', url.len) != NULL)
		return "has a blank or a control byte";
	if (url.len > 4096)
		return "is longer than 4096 bytes";
	if (!split_origin(url, &a) || !split_origin(org_url, &b))
		return "is not an https address";
	if (!same(a.host, b.host) || !okta_view_eq(a.port, b.port))
		return "is on another host than [okta] org_url";
	if (a.rest.len < sizeof(below) - 1 ||
	    memcmp(a.rest.p, below, sizeof(below) - 1) != 0)
		return "is outside /api/";
	return NULL;
}

enum okta_rc
okta_link_next(const struct okta_http_answer *answer, struct okta_view org_url,
    struct okta_buf *ret, struct okta_err *err)
{
	struct okta_view value, url, next = { NULL, 0 };
	const char *fault;
	char shown[160];
	enum okta_rc r;
	size_t i;

	okta_buf_clear(ret);
	for (i = 0; okta_http_header(answer, "link", i, &value); i++) {
		r = okta_link_find(value, "next", &url, err);
		if (r == OKTA_E_NOTFOUND)
			continue;
		if (r != OKTA_OK)
			return r;
		if (next.p != NULL)
			return okta_err_set(
			    err, OKTA_E_INPUT, "Okta's Link headers name two next pages");
		next = url;
	}
	if (next.p == NULL)
		return OKTA_OK;
	fault = okta_link_fault(next, org_url);
	if (fault != NULL) {
		okta_text_sanitize(shown, sizeof(shown), next);
		return okta_err_set(
		    err, OKTA_E_INPUT, "the next page %s %s: not followed", shown, fault);
	}
	return okta_buf_append(ret, next.p, next.len);
}
