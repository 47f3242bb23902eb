/* SPDX-License-Identifier: BSD-2-Clause */
#include "handover.h"

#include "base/chan.h"

static void
fresh_batch(struct sync_sink *sink)
{
	okta_frame_start(&sink->writer, &sink->batch, SYNC_FRAME_BATCH);
}

void
sync_sink_init(struct sync_sink *sink, int fd, const struct okta_clock *clock)
{
	*sink = (struct sync_sink){ .fd = fd, .clock = clock };
	okta_buf_init(&sink->batch, OKTA_FRAME_MAX_BYTES);
	fresh_batch(sink);
}

void
sync_sink_clear(struct sync_sink *sink)
{
	okta_buf_clear(&sink->batch);
}

enum okta_rc
sync_sink_flush(struct sync_sink *sink)
{
	enum okta_rc r = sink->writer.rc;

	if (r == OKTA_OK)
		r = okta_chan_send(sink->fd, okta_buf_view(&sink->batch), sink->clock,
		    okta_clock_mono_ms(sink->clock) + SYNC_SEND_MS);
	fresh_batch(sink);
	return r;
}

enum okta_rc
sync_sink_flush_if_long(struct sync_sink *sink)
{
	if (sink->writer.rc != OKTA_OK)
		return sink->writer.rc;
	return sink->batch.len < SYNC_BATCH_BYTES ? OKTA_OK : sync_sink_flush(sink);
}

enum okta_rc
sync_sink_user(struct sync_sink *sink, const struct okta_directory_user *user)
{
	struct okta_frame_writer *w = &sink->writer;

	okta_frame_put_u64(w, SYNC_USER);
	okta_frame_put_text(w, user->id);
	okta_frame_put_text(w, user->status);
	okta_frame_put_text(w, user->login);
	okta_frame_put_text(w, user->name);
	okta_frame_put_text(w, user->display_name);
	okta_frame_put_text(w, user->uid);
	okta_frame_put_text(w, user->shell);
	okta_frame_put_u64(w, user->updated);
	sink->n_users++;
	return sync_sink_flush_if_long(sink);
}

enum okta_rc
sync_sink_group(struct sync_sink *sink, struct okta_view id, struct okta_view name)
{
	okta_frame_put_u64(&sink->writer, SYNC_GROUP);
	okta_frame_put_text(&sink->writer, id);
	okta_frame_put_text(&sink->writer, name);
	sink->n_groups++;
	return sync_sink_flush_if_long(sink);
}

enum okta_rc
sync_sink_member(struct sync_sink *sink, uint64_t group, struct okta_view user_id)
{
	okta_frame_put_u64(&sink->writer, SYNC_MEMBER);
	okta_frame_put_u64(&sink->writer, group);
	okta_frame_put_text(&sink->writer, user_id);
	sink->n_members++;
	return sync_sink_flush_if_long(sink);
}

void
sync_sink_wait(struct sync_sink *sink, const char *why, int64_t ms)
{
	okta_frame_put_u64(&sink->writer, SYNC_WAIT);
	okta_frame_put_text(&sink->writer, okta_view_str(why));
	okta_frame_put_u64(&sink->writer, ms < 0 ? 0 : (uint64_t)ms);
	/* a writer that is gone is noticed by the next record that matters */
	if (sync_sink_flush(sink) != OKTA_OK)
		return;
}

void
sync_sink_pace(struct sync_sink *sink, const struct okta_pace *pace)
{
	okta_frame_put_u64(&sink->writer, SYNC_PACE);
	okta_frame_put_u64(&sink->writer, pace->lists_done);
	okta_frame_put_u64(&sink->writer, pace->lists);
	okta_frame_put_u64(&sink->writer, (uint64_t)(pace->left_s + 1));
	if (sync_sink_flush(sink) != OKTA_OK)
		return;
}

enum okta_rc
sync_sink_fail(struct sync_sink *sink, enum okta_rc rc, const char *message)
{
	okta_frame_put_u64(&sink->writer, SYNC_FAIL);
	okta_frame_put_u64(&sink->writer, (uint64_t)rc);
	okta_frame_put_text(&sink->writer, okta_view_str(message));
	return sync_sink_flush(sink);
}

enum okta_rc
sync_sink_end(struct sync_sink *sink)
{
	okta_frame_put_u64(&sink->writer, SYNC_END);
	okta_frame_put_u64(&sink->writer, sink->n_users);
	okta_frame_put_u64(&sink->writer, sink->n_groups);
	okta_frame_put_u64(&sink->writer, sink->n_members);
	return sync_sink_flush(sink);
}
