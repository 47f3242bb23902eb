/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/json_scan.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

struct scanner {
	const char *p;
	size_t len, at, depth, max_depth, n_values, n_members;
	const char *wrong;
};

static bool value(struct scanner *s);

static bool
fail(struct scanner *s, const char *wrong)
{
	if (s->wrong == NULL)
		s->wrong = wrong;
	return false;
}

static int
peek(const struct scanner *s)
{
	return s->at < s->len ? (unsigned char)s->p[s->at] : -1;
}

static bool
take(struct scanner *s, char c)
{
	if (peek(s) != (unsigned char)c)
		return false;
	s->at++;
	return true;
}

static void
blanks(struct scanner *s)
{
	while (peek(s) == ' ' || peek(s) == '\t' || peek(s) == '\n' || peek(s) == '\r')
		s->at++;
}

static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool
hex4(struct scanner *s, uint32_t *ret)
{
	uint32_t n = 0;
	int c, i;

	for (i = 0; i < 4; i++) {
		c = peek(s);
		if (is_digit(c))
			n = n << 4 | (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			n = n << 4 | (uint32_t)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			n = n << 4 | (uint32_t)(c - 'A' + 10);
		else
			return fail(s, "bad \\u escape");
		s->at++;
	}
	*ret = n;
	return true;
}

/* Behind "\u": one code unit, or the two of a surrogate pair. */
static bool
unicode_escape(struct scanner *s, bool is_name)
{
	uint32_t unit, low;

	if (!hex4(s, &unit))
		return false;
	if (unit == 0 && is_name)
		return fail(s, "U+0000 in a member name");
	if (unit >= 0xdc00 && unit <= 0xdfff)
		return fail(s, "lone surrogate");
	if (unit < 0xd800 || unit > 0xdbff)
		return true;
	if (!take(s, '\\') || !take(s, 'u'))
		return fail(s, "lone surrogate");
	if (!hex4(s, &low))
		return false;
	if (low < 0xdc00 || low > 0xdfff)
		return fail(s, "lone surrogate");
	return true;
}

static bool
string(struct scanner *s, bool is_name)
{
	int c;

	if (!take(s, '"'))
		return fail(s, is_name ? "expected a member name" : "expected a string");
	for (;;) {
		s->at += okta_text_plain_len(
		    (struct okta_view){ s->p + s->at, s->len - s->at });
		c = peek(s);
		if (c < 0)
			return fail(s, "string without end");
		if (c < 0x20)
			return fail(s, "control character in a string");
		s->at++;
		if (c == '"')
			return true;
		c = peek(s); /* behind the backslash */
		if (c == 'u') {
			s->at++;
			if (!unicode_escape(s, is_name))
				return false;
		} else if (c > 0 && strchr("\"\\/bfnrt", c) != NULL) {
			s->at++;
		} else {
			return fail(s, "bad escape");
		}
	}
}

static bool
digits(struct scanner *s)
{
	if (!is_digit(peek(s)))
		return fail(s, "bad number");
	while (is_digit(peek(s)))
		s->at++;
	return true;
}

static bool
number(struct scanner *s)
{
	(void)take(s, '-');
	if (!take(s, '0') && !digits(s))
		return false;
	if (take(s, '.') && !digits(s))
		return false;
	if (take(s, 'e') || take(s, 'E')) {
		if (!take(s, '+'))
			(void)take(s, '-');
		return digits(s);
	}
	return true;
}

static bool
word(struct scanner *s, const char *text)
{
	size_t n = strlen(text);

	if (s->len - s->at < n || memcmp(s->p + s->at, text, n) != 0)
		return fail(s, "not a JSON value");
	s->at += n;
	return true;
}

static bool
member(struct scanner *s)
{
	blanks(s);
	if (!string(s, true))
		return false;
	blanks(s);
	if (!take(s, ':'))
		return fail(s, "expected ':'");
	s->n_members++;
	return value(s);
}

/* Behind the opening bracket; CLOSE ends it. */
static bool
list(struct scanner *s, char close, bool (*item)(struct scanner *))
{
	if (++s->depth > s->max_depth)
		return fail(s, "nested too deep");
	blanks(s);
	if (!take(s, close)) {
		do {
			if (!item(s))
				return false;
			blanks(s);
		} while (take(s, ','));
		if (!take(s, close))
			return fail(s, "expected ',' or the end of a list");
	}
	s->depth--;
	return true;
}

/* Recursion is bounded by max_depth. */
static bool
value(struct scanner *s)
{
	bool good;
	int c;

	s->n_values++;
	blanks(s);
	c = peek(s);
	if (c == '{') {
		s->at++;
		good = list(s, '}', member);
	} else if (c == '[') {
		s->at++;
		good = list(s, ']', value);
	} else if (c == '"') {
		good = string(s, false);
	} else if (c == 't') {
		good = word(s, "true");
	} else if (c == 'f') {
		good = word(s, "false");
	} else if (c == 'n') {
		good = word(s, "null");
	} else if (c == '-' || is_digit(c)) {
		good = number(s);
	} else {
		good = fail(s, "not a JSON value");
	}
	return good;
}

struct okta_json_scan
okta_json_scan(struct okta_view text, size_t max_depth)
{
	struct scanner s = { .p = text.p, .len = text.len, .max_depth = max_depth };
	struct okta_json_scan ret = { 0 };

	if (!okta_text_is_utf8(text)) {
		ret.wrong = "not UTF-8";
		return ret;
	}
	if (value(&s)) {
		blanks(&s);
		if (s.at != s.len)
			(void)fail(&s, "bytes after the value");
	}
	ret.n_values = s.n_values;
	ret.n_members = s.n_members;
	ret.at = s.at;
	ret.wrong = s.wrong;
	return ret;
}
