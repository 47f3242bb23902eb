/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/json_pull.h"

#include <endian.h>
#include <string.h>

#include "base/text.h"
#include "net/json.h"

/* --- bytes -------------------------------------------------------------------------- */

static bool
fault(struct okta_pull *pull, const char *wrong)
{
	if (pull->wrong == NULL)
		pull->wrong = wrong;
	return false;
}

static void
blanks(struct okta_pull *pull)
{
	const char *p = pull->at;

	while (p < pull->end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	pull->at = p;
}

/* The next byte behind blanks, or -1. */
static int
peek(struct okta_pull *pull)
{
	if (pull->at < pull->end && (unsigned char)*pull->at > ' ')
		return (unsigned char)*pull->at;
	blanks(pull);
	return pull->at < pull->end ? (unsigned char)*pull->at : -1;
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The first quote, backslash or control byte at or behind P.  Most strings are short: a
 * word at a time, and no loop over its bytes. */
static const char *
plain_end(const char *p, const char *end)
{
	uint64_t x, hit;

	for (; end - p >= 8; p += 8) {
		memcpy(&x, p, sizeof(x));
		x = le64toh(x);
		hit = ((x - EACH(0x20)) & ~x) |
		      (((x ^ EACH('"')) - EACH(1)) & ~(x ^ EACH('"'))) |
		      (((x ^ EACH('\\')) - EACH(1)) & ~(x ^ EACH('\\')));
		hit &= EACH(0x80);
		/* a borrow makes only bytes above a hit look like one */
		if (hit != 0)
			return p + (__builtin_ctzll(hit) >> 3);
	}
	while (p < end && (unsigned char)*p >= 0x20 && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* --- strings ------------------------------------------------------------------------ */

static bool
hex4(struct okta_pull *pull, uint32_t *ret)
{
	uint32_t n = 0;
	int i;
	char c;

	if (pull->end - pull->at < 4)
		return fault(pull, "bad \\u escape");
	for (i = 0; i < 4; i++) {
		c = *pull->at;
		if (c >= '0' && c <= '9')
			n = n << 4 | (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			n = n << 4 | (uint32_t)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			n = n << 4 | (uint32_t)(c - 'A' + 10);
		else
			return fault(pull, "bad \\u escape");
		pull->at++;
	}
	*ret = n;
	return true;
}

/* Behind "\u". */
static bool
code_point(struct okta_pull *pull, uint32_t *ret)
{
	uint32_t high, low;

	if (!hex4(pull, &high))
		return false;
	*ret = high;
	if (high < 0xd800 || high > 0xdfff)
		return true;
	if (high >= 0xdc00 || pull->end - pull->at < 2 || pull->at[0] != '\\' ||
	    pull->at[1] != 'u')
		return fault(pull, "lone surrogate");
	pull->at += 2;
	if (!hex4(pull, &low))
		return false;
	if (low < 0xdc00 || low > 0xdfff)
		return fault(pull, "lone surrogate");
	*ret = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	return true;
}

static size_t
put_utf8(uint32_t code, char dst[4])
{
	if (code < 0x80) {
		dst[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		dst[0] = (char)(0xc0 | code >> 6);
		dst[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		dst[0] = (char)(0xe0 | code >> 12);
		dst[1] = (char)(0x80 | (code >> 6 & 0x3f));
		dst[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	dst[0] = (char)(0xf0 | code >> 18);
	dst[1] = (char)(0x80 | (code >> 12 & 0x3f));
	dst[2] = (char)(0x80 | (code >> 6 & 0x3f));
	dst[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

/* Behind a backslash: what it stands for. */
static bool
escape(struct okta_pull *pull, char dst[4], size_t *ret_len)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *which;
	uint32_t code;
	char c;

	if (pull->at >= pull->end)
		return fault(pull, "bad escape");
	c = *pull->at++;
	if (c == 'u') {
		if (!code_point(pull, &code))
			return false;
		*ret_len = put_utf8(code, dst);
		return true;
	}
	which = c == '\0' ? NULL : strchr(from, c);
	if (which == NULL) {
		pull->at--;
		return fault(pull, "bad escape");
	}
	dst[0] = to[which - from];
	*ret_len = 1;
	return true;
}

struct unpacked {
	char *buf;
	size_t size, len;
	bool has_nul, is_cut;
};

static void
unpack(struct unpacked *u, const char *p, size_t len)
{
	size_t room = u->size - u->len;

	u->has_nul = u->has_nul || memchr(p, '\0', len) != NULL;
	u->is_cut = u->is_cut || len > room;
	if (len > room)
		len = room;
	if (len > 0)
		memcpy(u->buf + u->len, p, len);
	u->len += len;
}

/* At a string's first escape, START being its first byte: the whole of it into *u. */
static bool
string_with_escapes(struct okta_pull *pull, const char *start, struct unpacked *u)
{
	char bytes[4];
	size_t n;

	for (;;) {
		unpack(u, start, (size_t)(pull->at - start));
		if (pull->at >= pull->end)
			return fault(pull, "string without end");
		if (*pull->at == '"') {
			pull->at++;
			return true;
		}
		if (*pull->at != '\\')
			return fault(pull, "control character in a string");
		pull->at++;
		if (!escape(pull, bytes, &n))
			return false;
		unpack(u, bytes, n);
		start = pull->at;
		pull->at = plain_end(start, pull->end);
	}
}

/* At a quote.  *ret is the text itself unless there is an escape in it, else *u is set;
 * *ret_plain says which. */
static bool
string(struct okta_pull *pull, struct unpacked *u, struct okta_view *ret, bool *ret_plain)
{
	const char *start = pull->at + 1;

	pull->at = plain_end(start, pull->end);
	if (pull->at < pull->end && *pull->at == '"') {
		*ret = (struct okta_view){ start, (size_t)(pull->at - start) };
		*ret_plain = true;
		pull->at++;
		return true;
	}
	*ret_plain = false;
	return string_with_escapes(pull, start, u);
}

/* --- names -------------------------------------------------------------------------- */

/* Of the length and the outer bytes: names are told apart by comparing them, this only
 * saves most comparisons. */
static uint32_t
hash(struct okta_view v)
{
	uint64_t head = 0, tail = 0;

	if (v.len >= 8) {
		memcpy(&head, v.p, 8);
		memcpy(&tail, v.p + v.len - 8, 8);
	} else if (v.len > 0) {
		memcpy(&head, v.p, v.len);
	}
	head = (head ^ (tail << 7 | tail >> 57) ^ v.len) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(head >> 32);
}

static bool
is_double(const struct okta_pull *pull, struct okta_view v, uint32_t h)
{
	const struct okta_pull_name *name;
	size_t i;

	for (i = pull->object.first; i < pull->n_names; i++) {
		name = &pull->name[i];
		if (name->hash == h && name->len == v.len &&
		    memcmp(name->p, v.p, v.len) == 0)
			return true;
	}
	return false;
}

static bool
remember(struct okta_pull *pull, struct okta_view v)
{
	uint32_t h = hash(v);
	uint64_t bit = UINT64_C(1) << (h >> 26);

	if ((pull->object.seen & bit) != 0 && is_double(pull, v, h))
		return fault(pull, "a member name is used twice");
	if (pull->n_names == OKTA_PULL_NAMES || v.len > UINT32_MAX)
		return fault(pull, "too many member names");
	pull->object.seen |= bit;
	pull->name[pull->n_names++] = (struct okta_pull_name){ v.p, (uint32_t)v.len, h };
	return true;
}

/* A member's name and the colon behind it. */
static bool
take_name(struct okta_pull *pull, struct okta_view *ret)
{
	struct unpacked u = { .buf = pull->odd + pull->odd_len,
		.size = OKTA_PULL_ODD_BYTES - pull->odd_len };
	struct okta_view name;
	bool is_plain;

	if (peek(pull) != '"')
		return fault(pull, "expected a member name");
	if (!string(pull, &u, &name, &is_plain))
		return false;
	if (!is_plain) {
		if (u.has_nul)
			return fault(pull, "U+0000 in a member name");
		if (u.is_cut)
			return fault(pull, "too many member names with escapes");
		name = (struct okta_view){ u.buf, u.len };
		pull->odd_len += u.len;
	}
	if (!remember(pull, name))
		return false;
	if (peek(pull) != ':')
		return fault(pull, "expected ':'");
	pull->at++;
	*ret = name;
	return true;
}

/* --- lists -------------------------------------------------------------------------- */

static bool
open_list(struct okta_pull *pull, char bracket)
{
	if (pull->wrong != NULL || peek(pull) != bracket)
		return false;
	if (++pull->depth > OKTA_JSON_MAX_DEPTH)
		return fault(pull, "nested too deep");
	pull->at++;
	pull->is_fresh = true;
	return true;
}

/* True: one more; false: CLOSE was there, or a fault. */
static bool
more(struct okta_pull *pull, char close)
{
	bool is_fresh = pull->is_fresh;
	int c;

	if (pull->wrong != NULL)
		return false;
	c = peek(pull);
	pull->is_fresh = false;
	if (c == close) {
		pull->at++;
		pull->depth--;
		return false;
	}
	if (is_fresh)
		return true;
	if (c != ',')
		return fault(pull, "expected ',' or the end of a list");
	pull->at++;
	return true;
}

bool
okta_pull_array(struct okta_pull *pull)
{
	return open_list(pull, '[');
}

bool
okta_pull_item(struct okta_pull *pull)
{
	return more(pull, ']');
}

bool
okta_pull_object(struct okta_pull *pull, struct okta_pull_object *outer)
{
	if (!open_list(pull, '{'))
		return false;
	*outer = pull->object;
	pull->object = (struct okta_pull_object){ pull->n_names, pull->odd_len, 0 };
	return true;
}

bool
okta_pull_member(struct okta_pull *pull, const struct okta_pull_object *outer,
    struct okta_view *ret_name)
{
	if (more(pull, '}'))
		return take_name(pull, ret_name);
	pull->n_names = pull->object.first;
	pull->odd_len = pull->object.odd_first;
	pull->object = *outer;
	return false;
}

/* --- values ------------------------------------------------------------------------- */

static const char *
digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* RFC 8259 section 6; *ret_is_int: neither fraction nor exponent. */
static bool
number(struct okta_pull *pull, bool *ret_is_int)
{
	const char *p = pull->at, *end = pull->end, *q;

	*ret_is_int = true;
	if (p < end && *p == '-')
		p++;
	q = p < end && *p == '0' ? p + 1 : digits(p, end);
	if (q == p)
		goto bad;
	p = q;
	if (p < end && *p == '.') {
		*ret_is_int = false;
		q = digits(p + 1, end);
		if (q == p + 1)
			goto bad;
		p = q;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		*ret_is_int = false;
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		q = digits(p, end);
		if (q == p)
			goto bad;
		p = q;
	}
	pull->at = p;
	return true;
bad:
	pull->at = p;
	return fault(pull, "bad number");
}

static bool
word(struct okta_pull *pull, const char *text, size_t len)
{
	if ((size_t)(pull->end - pull->at) < len || memcmp(pull->at, text, len) != 0)
		return fault(pull, "not a JSON value");
	pull->at += len;
	return true;
}

bool
okta_pull_str(struct okta_pull *pull, char *buf, size_t size, struct okta_view *ret,
    bool *ret_has_nul)
{
	struct unpacked u = { .buf = buf, .size = size };
	bool is_plain;

	if (pull->wrong != NULL || peek(pull) != '"' || !string(pull, &u, ret, &is_plain))
		return false;
	if (!is_plain)
		*ret = (struct okta_view){ u.buf, u.len };
	*ret_has_nul = u.has_nul;
	return true;
}

bool
okta_pull_number(struct okta_pull *pull, int64_t *ret, bool *ret_is_int)
{
	const char *p;
	int64_t n = 0;
	bool is_negative, is_int;
	int c = pull->wrong != NULL ? -1 : peek(pull);

	if (c != '-' && (c < '0' || c > '9'))
		return false;
	p = pull->at;
	if (!number(pull, &is_int))
		return false;
	is_negative = *p == '-';
	for (p += is_negative ? 1 : 0; is_int && p < pull->at; p++)
		is_int = !__builtin_mul_overflow(n, 10, &n) &&
			 !__builtin_sub_overflow(n, *p - '0', &n);
	/* N is 0 or below: its lower end is one of the two that are left out */
	*ret_is_int = is_int && n > -INT64_MAX;
	if (*ret_is_int)
		*ret = is_negative ? n : -n;
	return true;
}

static bool
skip_string(struct okta_pull *pull)
{
	struct unpacked nowhere = { 0 };
	struct okta_view v;
	bool is_plain;

	return string(pull, &nowhere, &v, &is_plain);
}

bool
okta_pull_skip(struct okta_pull *pull)
{
	struct okta_pull_object outer;
	struct okta_view name;
	bool is_int;

	switch (okta_pull_type(pull)) {
	case OKTA_PULL_STRING:
		return skip_string(pull);
	case OKTA_PULL_NULL:
		return word(pull, "null", 4);
	case OKTA_PULL_BOOL:
		return *pull->at == 't' ? word(pull, "true", 4) : word(pull, "false", 5);
	case OKTA_PULL_NUMBER:
		return number(pull, &is_int);
	case OKTA_PULL_ARRAY: /* the depth bounds the recursion */
		if (!okta_pull_array(pull))
			return false;
		while (okta_pull_item(pull))
			if (!okta_pull_skip(pull))
				return false;
		break;
	case OKTA_PULL_OBJECT:
		if (!okta_pull_object(pull, &outer))
			return false;
		while (okta_pull_member(pull, &outer, &name))
			if (!okta_pull_skip(pull))
				return false;
		break;
	case OKTA_PULL_NONE:
	default:
		return false;
	}
	return pull->wrong == NULL;
}

enum okta_pull_type
okta_pull_type(struct okta_pull *pull)
{
	if (pull->wrong != NULL)
		return OKTA_PULL_NONE;
	switch (peek(pull)) {
	case '"':
		return OKTA_PULL_STRING;
	case '{':
		return OKTA_PULL_OBJECT;
	case '[':
		return OKTA_PULL_ARRAY;
	case 'n':
		return OKTA_PULL_NULL;
	case 't':
	case 'f':
		return OKTA_PULL_BOOL;
	case '-':
	case '0' ... '9':
		return OKTA_PULL_NUMBER;
	default:
		(void)fault(pull, "not a JSON value");
		return OKTA_PULL_NONE;
	}
}

void
okta_pull_init(struct okta_pull *pull, struct okta_view text)
{
	pull->start = pull->at = text.p;
	pull->end = text.p + text.len;
	pull->wrong = NULL;
	pull->depth = 0;
	pull->is_fresh = false;
	pull->n_names = pull->odd_len = 0;
	pull->object = (struct okta_pull_object){ 0, 0, 0 };
	if (!okta_text_is_utf8(text))
		(void)fault(pull, "not UTF-8");
}

enum okta_rc
okta_pull_end(struct okta_pull *pull, struct okta_err *err)
{
	if (pull->wrong == NULL && peek(pull) != -1)
		(void)fault(pull, "bytes after the value");
	if (pull->wrong == NULL && pull->depth > 0)
		(void)fault(pull, "not read to its end");
	if (pull->wrong == NULL)
		return OKTA_OK;
	return okta_err_set(err, OKTA_E_INPUT, "JSON: %s at byte %zu", pull->wrong,
	    (size_t)(pull->at - pull->start));
}
