/* SPDX-License-Identifier: BSD-2-Clause */
#include "resume.h"

#include "base/chan.h"
#include "base/frame.h"
#include "handover.h"
#include "net/directory.h"
#include "news.h"
#include "source.h"

#define SEND_MS 10000

/* --- the writer's side ----------------------------------------------------------- */

struct sending {
	int fd;
	const struct okta_clock *clock;
	struct okta_buf buf;
	struct okta_frame_writer w;
};

static enum okta_rc
flush(struct sending *s)
{
	enum okta_rc r = s->w.rc;

	if (r == OKTA_OK)
		r = okta_chan_send(s->fd, okta_buf_view(&s->buf), s->clock,
		    okta_clock_mono_ms(s->clock) + SEND_MS);
	okta_frame_start(&s->w, &s->buf, SYNC_FRAME_RESUME);
	return r;
}

static enum okta_rc
put(struct sending *s, uint64_t what, struct okta_view id, struct okta_view text)
{
	okta_frame_put_u64(&s->w, what);
	okta_frame_put_text(&s->w, id);
	okta_frame_put_text(&s->w, text);
	return s->buf.len < SYNC_BATCH_BYTES ? s->w.rc : flush(s);
}

enum okta_rc
sync_resume_send(int fd, const struct okta_clock *clock,
    const struct sync_records *records, const struct sync_points *points)
{
	struct sending s = { .fd = fd, .clock = clock };
	struct okta_view id, link;
	enum okta_rc r = OKTA_OK;
	uint64_t kind;
	size_t i;

	okta_buf_init(&s.buf, OKTA_FRAME_MAX_BYTES);
	okta_frame_start(&s.w, &s.buf, SYNC_FRAME_RESUME);
	for (i = 0; r == OKTA_OK && i < records->n_groups; i++)
		r = put(&s, 0, records->groups[i].id, records->groups[i].name);
	for (i = 0; r == OKTA_OK && i < points->lists.n; i++) {
		sync_points_at(points, i, &kind, &id, &link);
		r = put(&s, kind + 1, id, link);
	}
	if (r == OKTA_OK)
		r = flush(&s);
	okta_buf_clear(&s.buf);
	return r;
}

/* --- the fetcher's side ---------------------------------------------------------- */

void
sync_resume_clear(struct sync_resume *resume)
{
	sync_grouplist_clear(&resume->groups);
	sync_points_clear(&resume->points);
}

enum okta_rc
sync_resume_take(struct sync_resume *resume, struct okta_view frame)
{
	struct okta_frame_reader r;
	struct okta_view id, text;
	enum okta_rc rc = OKTA_OK;
	uint64_t what;

	if (okta_frame_open(&r, frame) != SYNC_FRAME_RESUME)
		return OKTA_E_INPUT;
	while (rc == OKTA_OK && r.left > 0) {
		what = okta_frame_get_u64(&r, 1 + SYNC_LIST_MEMBERS);
		id = okta_frame_get_text(&r, OKTA_DIRECTORY_ID_MAX);
		text = okta_frame_get_text(&r, SYNC_LINK_MAX);
		if (r.rc != OKTA_OK)
			return OKTA_E_INPUT;
		rc = what == 0 ? sync_grouplist_add(&resume->groups, id, text)
			       : sync_points_put(&resume->points, what - 1, id, text);
	}
	return rc == OKTA_OK ? okta_frame_end(&r) : rc;
}
