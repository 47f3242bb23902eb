/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/b64url.h"

#include <stdint.h>

#include "base/wipe.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-')
		return 62;
	if (c == '_')
		return 63;
	return -1;
}

enum okta_rc
okta_b64url_decode(struct okta_view text, struct okta_buf *out)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	size_t i, start = out->len;
	uint32_t bits = 0;
	unsigned n_bits = 0;
	unsigned char byte;
	int v;

	if (text.len % 4 == 1)
		return OKTA_E_INPUT;
	for (i = 0; i < text.len; i++) {
		v = value_of(text.p[i]);
		if (v < 0) {
			rc = OKTA_E_INPUT;
			goto out;
		}
		bits = bits << 6 | (uint32_t)v;
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		byte = (unsigned char)(bits >> n_bits);
		bits &= (1u << n_bits) - 1;
		r = okta_buf_append(out, &byte, 1);
		if (r != OKTA_OK) {
			rc = r;
			goto out;
		}
	}
	if (bits != 0) { /* two texts for one value would let a token be altered */
		rc = OKTA_E_INPUT;
		goto out;
	}
	rc = OKTA_OK;
out:
	if (rc != OKTA_OK && out->data != NULL) {
		okta_wipe(out->data + start, out->len - start);
		out->len = start;
	}
	return rc;
}

enum okta_rc
okta_b64url_encode(const void *p, size_t len, struct okta_buf *out)
{
	const unsigned char *in = p;
	enum okta_rc r;
	uint32_t bits;
	size_t i, n, k;
	char text[4];

	for (i = 0; i < len; i += 3) {
		n = len - i < 3 ? len - i : 3;
		bits = (uint32_t)in[i] << 16;
		if (n > 1)
			bits |= (uint32_t)in[i + 1] << 8;
		if (n > 2)
			bits |= in[i + 2];
		for (k = 0; k <= n; k++)
			text[k] = alphabet[bits >> (18 - 6 * k) & 63];
		r = okta_buf_append(out, text, n + 1);
		if (r != OKTA_OK)
			return r;
	}
	return OKTA_OK;
}
