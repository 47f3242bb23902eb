/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/handover.h - what the fetcher tells the writer, over one SOCK_SEQPACKET
 * socket.
 *
 * The fetcher parsed network bytes and may be a liar; the writer checks every field
 * again. One frame (base/frame.h) of type SYNC_FRAME_BATCH holds many records.  A record
 * is u64 kind and the fields of its line below.
 *
 *   USER    text id, status, login, name, display name, uid, shell, u64 lastUpdated
 *           (net/directory.h)
 *   GROUP   text id, name                    groups are numbered from 0 as they come
 *   MEMBER  u64 number of the group, text id of the user
 *   WAIT    text why, u64 milliseconds       for people who watch
 *   FAIL    u64 enum okta_rc, text message   the last record
 *   END     u64 users, groups, members       the last record: all was read
 *   PACE    u64 lists done, lists, seconds left at Okta's limit + 1 (0: not known)
 */
#ifndef OKTA_SYNC_HANDOVER_H
#define OKTA_SYNC_HANDOVER_H

#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/frame.h"
#include "base/view.h"
#include "net/directory.h"
#include "net/listing.h"

#define SYNC_FRAME_BATCH 1
#define SYNC_BATCH_BYTES                                                                 \
	49152 /* a batch is sent when it is longer; one record is far less */
#define SYNC_SEND_MS 600000

enum sync_kind {
	SYNC_USER = 1,
	SYNC_GROUP,
	SYNC_MEMBER,
	SYNC_WAIT,
	SYNC_FAIL,
	SYNC_END,
	SYNC_PACE,
	SYNC_KIND_MAX = 63 /* those between are news.h's */
};

/* The fetcher's end. */
struct sync_sink {
	int fd;
	const struct okta_clock *clock;
	struct okta_buf batch;
	struct okta_frame_writer writer;
	uint64_t n_users, n_groups, n_members;
};

void sync_sink_init(struct sync_sink *sink, int fd, const struct okta_clock *clock);
void sync_sink_clear(struct sync_sink *sink);

/* OKTA_OK, or what okta_chan_send() said: the writer is gone, stop. */
OKTA_MUST_CHECK enum okta_rc sync_sink_user(
    struct sync_sink *sink, const struct okta_directory_user *user);
OKTA_MUST_CHECK enum okta_rc sync_sink_group(
    struct sync_sink *sink, struct okta_view id, struct okta_view name);
OKTA_MUST_CHECK enum okta_rc sync_sink_member(
    struct sync_sink *sink, uint64_t group, struct okta_view user_id);
/* Behind a record of another module's: send the batch if it is long. */
OKTA_MUST_CHECK enum okta_rc sync_sink_flush_if_long(struct sync_sink *sink);
/* Send what there is. */
OKTA_MUST_CHECK enum okta_rc sync_sink_flush(struct sync_sink *sink);
/* These are sent at once. */
void sync_sink_wait(struct sync_sink *sink, const char *why, int64_t ms);
void sync_sink_pace(struct sync_sink *sink, const struct okta_pace *pace);
OKTA_MUST_CHECK enum okta_rc sync_sink_fail(
    struct sync_sink *sink, enum okta_rc rc, const char *message);
OKTA_MUST_CHECK enum okta_rc sync_sink_end(struct sync_sink *sink);

#endif /* OKTA_SYNC_HANDOVER_H */
