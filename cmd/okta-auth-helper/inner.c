/* SPDX-License-Identifier: BSD-2-Clause */
#include "inner.h"

#include "base/chan.h"
#include "base/frame.h"
#include "bounds.h"

#define PIECE_BYTES  32768
#define STATUS_MAX   999
#define DETAIL_BYTES 1024

static enum okta_rc
send_it(int fd, const struct okta_clock *clock, const struct okta_frame_writer *w)
{
	if (w->rc != OKTA_OK)
		return w->rc;
	return okta_chan_send(
	    fd, okta_buf_view(w->out), clock, okta_clock_mono_ms(clock) + SEND_MS);
}

enum okta_rc
inner_send_part(
    int fd, const struct okta_clock *clock, enum inner_part which, struct okta_view bytes)
{
	struct okta_frame_writer w;
	struct okta_view piece;
	enum okta_rc r = OKTA_OK;
	struct okta_buf frame;

	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	while (r == OKTA_OK && bytes.len > 0) {
		piece = bytes;
		if (piece.len > PIECE_BYTES)
			piece.len = PIECE_BYTES;
		bytes.p += piece.len;
		bytes.len -= piece.len;
		okta_frame_start(&w, &frame, INNER_PART);
		okta_frame_put_u64(&w, which);
		okta_frame_put_text(&w, piece);
		r = send_it(fd, clock, &w);
	}
	okta_buf_clear(&frame);
	return r;
}

enum okta_rc
inner_send(int fd, const struct okta_clock *clock, enum inner_type type)
{
	struct okta_frame_writer w;
	struct okta_buf frame;
	enum okta_rc r;

	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	okta_frame_start(&w, &frame, (uint8_t)type);
	r = send_it(fd, clock, &w);
	okta_buf_clear(&frame);
	return r;
}

enum okta_rc
inner_send_failed(
    int fd, const struct okta_clock *clock, const struct inner_failure *failure)
{
	struct okta_frame_writer w;
	struct okta_buf frame;
	enum okta_rc r;

	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	okta_frame_start(&w, &frame, INNER_FAILED);
	okta_frame_put_u64(&w, (uint64_t)failure->code);
	okta_frame_put_u64(&w, failure->status);
	okta_frame_put_text(&w, failure->detail);
	r = send_it(fd, clock, &w);
	okta_buf_clear(&frame);
	return r;
}

enum okta_rc
inner_send_need_userinfo(int fd, const struct okta_clock *clock, bool must)
{
	struct okta_frame_writer w;
	struct okta_buf frame;
	enum okta_rc r;

	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	okta_frame_start(&w, &frame, INNER_NEED_USERINFO);
	okta_frame_put_u64(&w, must ? 1 : 0);
	r = send_it(fd, clock, &w);
	okta_buf_clear(&frame);
	return r;
}

enum okta_rc
inner_take_part(struct okta_view frame, unsigned wanted, struct okta_buf parts[N_PARTS])
{
	struct okta_frame_reader r;
	struct okta_view piece;
	uint64_t which;

	if (okta_frame_open(&r, frame) != INNER_PART)
		return OKTA_E_INPUT;
	which = okta_frame_get_u64(&r, N_PARTS - 1);
	piece = okta_frame_get_text(&r, PIECE_BYTES);
	if (okta_frame_end(&r) != OKTA_OK || (wanted & PART_BIT(which)) == 0)
		return OKTA_E_INPUT;
	return okta_buf_append(&parts[which], piece.p, piece.len);
}

enum okta_rc
inner_take_failed(struct okta_view frame, struct inner_failure *ret)
{
	struct okta_frame_reader r;
	uint64_t code;

	if (okta_frame_open(&r, frame) != INNER_FAILED)
		return OKTA_E_INPUT;
	code = okta_frame_get_u64(&r, OKTA_FAIL_CODE_COUNT - 1);
	ret->status = okta_frame_get_u64(&r, STATUS_MAX);
	ret->detail = okta_frame_get_text(&r, DETAIL_BYTES);
	if (okta_frame_end(&r) != OKTA_OK || code == 0)
		return OKTA_E_INPUT;
	ret->code = (enum okta_failure_code)code;
	return OKTA_OK;
}

enum okta_rc
inner_take_need_userinfo(struct okta_view frame, bool *ret_must)
{
	struct okta_frame_reader r;
	uint64_t must;

	if (okta_frame_open(&r, frame) != INNER_NEED_USERINFO)
		return OKTA_E_INPUT;
	must = okta_frame_get_u64(&r, 1);
	if (okta_frame_end(&r) != OKTA_OK)
		return OKTA_E_INPUT;
	*ret_must = must == 1;
	return OKTA_OK;
}

bool
inner_is(struct okta_view frame, enum inner_type type)
{
	struct okta_frame_reader r;

	return okta_frame_open(&r, frame) == (uint8_t)type &&
	       okta_frame_end(&r) == OKTA_OK;
}
