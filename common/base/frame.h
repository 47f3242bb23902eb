/* SPDX-License-Identifier: BSD-2-Clause */
/* common/base/frame.h - one message between two of our processes, as bytes.
 * Floor 0: libc and base/ only.
 *
 * A frame is: u8 version (1), u8 type, then fields in a fixed order.  A field is an u64
 * (8 bytes) or a text (u32 length, bytes).  Everything little endian, moved byte by byte.
 * A reader takes the fields in order and ends with okta_frame_end(): trailing bytes, a
 * short field or a length beyond the frame are OKTA_E_INPUT.  The first failure sticks,
 * so a decoder may take all its fields and check once, at the end.
 */
#ifndef OKTA_BASE_FRAME_H
#define OKTA_BASE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"

#define OKTA_FRAME_VERSION   1
#define OKTA_FRAME_MAX_BYTES 65536

/* Writing: start, put..., then send okta_buf_view(b).  The first failure sticks in w->rc.
 */
struct okta_frame_writer {
	struct okta_buf *out; /* not owned; emptied by start */
	enum okta_rc rc;
};

void okta_frame_start(struct okta_frame_writer *w, struct okta_buf *out, uint8_t type);
void okta_frame_put_u64(struct okta_frame_writer *w, uint64_t n);
void okta_frame_put_text(struct okta_frame_writer *w, struct okta_view v);

/* Reading: views stay valid as long as the received bytes do. */
struct okta_frame_reader {
	const unsigned char *p;
	size_t left;
	enum okta_rc rc;
};

/* Returns the frame's type, or 0 with r->rc = OKTA_E_INPUT. */
uint8_t okta_frame_open(struct okta_frame_reader *r, struct okta_view bytes);
/* The next field, at most MAX; 0 or { NULL, 0 } after a failure. */
uint64_t okta_frame_get_u64(struct okta_frame_reader *r, uint64_t max);
struct okta_view okta_frame_get_text(struct okta_frame_reader *r, size_t max_bytes);
/* OKTA_OK if every field was there and nothing follows. */
OKTA_MUST_CHECK enum okta_rc okta_frame_end(struct okta_frame_reader *r);

#endif /* OKTA_BASE_FRAME_H */
