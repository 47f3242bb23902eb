/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/text.h"

#include <stdint.h>
#include <string.h>

static bool
is_printable(unsigned char c)
{
	return c >= 0x20 && c <= 0x7e;
}

void
okta_text_sanitize(char *dst, size_t size, struct okta_view v)
{
	size_t i, n = v.len < size ? v.len : size - 1;

	for (i = 0; i < n; i++)
		dst[i] = is_printable((unsigned char)v.p[i]) ? v.p[i] : '?';
	dst[n] = '\0';
	if (n < v.len && n >= 3)
		memcpy(dst + n - 3, "...", 3);
}

bool
okta_text_is_printable(struct okta_view v)
{
	size_t i;

	for (i = 0; i < v.len; i++)
		if (!is_printable((unsigned char)v.p[i]))
			return false;
	return true;
}

/* Length of the well-formed sequence at p (RFC 3629, section 4), or 0. */
static size_t
utf8_sequence(const unsigned char *p, size_t len)
{
	size_t n, i;
	uint32_t code;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (n > len)
		return 0;
	code = p[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3fu);
	}
	if ((n == 3 && code < 0x800) || (n == 4 && code < 0x10000) || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return n;
}

/* Eight bytes at a time: a page from Okta has hundreds of thousands of them. */
#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static uint64_t
eight_bytes(const char *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
	return x;
}

/* The top bit of each byte of X that is below N <= 0x80; bytes above a hit may be wrong.
 */
static uint64_t
bytes_below(uint64_t x, unsigned n)
{
	return (x - EACH(n)) & ~x & EACH(0x80);
}

size_t
okta_text_plain_len(struct okta_view v)
{
	size_t i = 0;
	uint64_t x;

	for (; v.len - i >= 8; i += 8) {
		x = eight_bytes(v.p + i);
		if ((bytes_below(x, 0x20) | bytes_below(x ^ EACH('"'), 1) |
			bytes_below(x ^ EACH('\\'), 1)) != 0)
			break;
	}
	while (
	    i < v.len && (unsigned char)v.p[i] >= 0x20 && v.p[i] != '"' && v.p[i] != '\\')
		i++;
	return i;
}

bool
okta_text_is_utf8(struct okta_view v)
{
	size_t i = 0, n;

	while (i < v.len) {
		if (v.len - i >= 32 &&
		    ((eight_bytes(v.p + i) | eight_bytes(v.p + i + 8) |
			 eight_bytes(v.p + i + 16) | eight_bytes(v.p + i + 24)) &
			EACH(0x80)) == 0) {
			i += 32;
			continue;
		}
		if (v.len - i >= 8 && (eight_bytes(v.p + i) & EACH(0x80)) == 0) {
			i += 8;
			continue;
		}
		n = utf8_sequence((const unsigned char *)v.p + i, v.len - i);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

char
okta_text_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
okta_text_glob(struct okta_view pattern, struct okta_view text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, star_text = 0;

	while (t < text.len) {
		if (p < pattern.len && pattern.p[p] == '*') {
			star = p++;
			star_text = t;
		} else if (p < pattern.len &&
			   (pattern.p[p] == '?' || pattern.p[p] == text.p[t])) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++star_text;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.p[p] == '*')
		p++;
	return p == pattern.len;
}
