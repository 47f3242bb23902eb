/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/frame.h"

static void
put(struct okta_frame_writer *w, const void *p, size_t len)
{
	if (w->rc == OKTA_OK)
		w->rc = okta_buf_append(w->out, p, len);
}

static void
put_number(struct okta_frame_writer *w, uint64_t n, size_t bytes)
{
	unsigned char le[8];
	size_t i;

	for (i = 0; i < bytes; i++)
		le[i] = (unsigned char)(n >> (8 * i));
	put(w, le, bytes);
}

void
okta_frame_start(struct okta_frame_writer *w, struct okta_buf *out, uint8_t type)
{
	w->out = out;
	w->rc = OKTA_OK;
	okta_buf_clear(out);
	put_number(w, OKTA_FRAME_VERSION, 1);
	put_number(w, type, 1);
}

void
okta_frame_put_u64(struct okta_frame_writer *w, uint64_t n)
{
	put_number(w, n, 8);
}

void
okta_frame_put_text(struct okta_frame_writer *w, struct okta_view v)
{
	if (v.len > OKTA_FRAME_MAX_BYTES) {
		w->rc = OKTA_E_TOOBIG;
		return;
	}
	put_number(w, v.len, 4);
	put(w, v.p, v.len);
}

static uint64_t
get_number(struct okta_frame_reader *r, size_t bytes)
{
	uint64_t n = 0;
	size_t i;

	if (r->rc != OKTA_OK)
		return 0;
	if (r->left < bytes) {
		r->rc = OKTA_E_INPUT;
		return 0;
	}
	for (i = 0; i < bytes; i++)
		n |= (uint64_t)r->p[i] << (8 * i);
	r->p += bytes;
	r->left -= bytes;
	return n;
}

uint8_t
okta_frame_open(struct okta_frame_reader *r, struct okta_view bytes)
{
	uint64_t version, type;

	r->p = (const unsigned char *)bytes.p;
	r->left = bytes.len;
	r->rc = bytes.len <= OKTA_FRAME_MAX_BYTES ? OKTA_OK : OKTA_E_INPUT;
	version = get_number(r, 1);
	type = get_number(r, 1);
	if (version != OKTA_FRAME_VERSION || type == 0)
		r->rc = OKTA_E_INPUT;
	return r->rc == OKTA_OK ? (uint8_t)type : 0;
}

uint64_t
okta_frame_get_u64(struct okta_frame_reader *r, uint64_t max)
{
	uint64_t n = get_number(r, 8);

	if (r->rc == OKTA_OK && n > max)
		r->rc = OKTA_E_INPUT;
	return r->rc == OKTA_OK ? n : 0;
}

struct okta_view
okta_frame_get_text(struct okta_frame_reader *r, size_t max_bytes)
{
	struct okta_view v = { NULL, 0 };
	uint64_t len = get_number(r, 4);

	if (r->rc == OKTA_OK && (len > max_bytes || len > r->left))
		r->rc = OKTA_E_INPUT;
	if (r->rc != OKTA_OK)
		return v;
	v.p = (const char *)r->p;
	v.len = (size_t)len;
	r->p += v.len;
	r->left -= v.len;
	return v;
}

enum okta_rc
okta_frame_end(struct okta_frame_reader *r)
{
	if (r->rc == OKTA_OK && r->left != 0)
		r->rc = OKTA_E_INPUT;
	return r->rc;
}
