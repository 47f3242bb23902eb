/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"
#include "base/chan.h"
#include "base/frame.h"
#include "base/text.h"
#include "handover.h"
#include "records.h"

#define TICK_MS	   200
#define SILENCE_MS 3900000 /* longer than any wait Okta may impose */
#define WHY_MAX	   1024

static enum okta_rc
get_user(struct sync_records *records, struct okta_frame_reader *r)
{
	struct okta_directory_user u;

	u.id = okta_frame_get_text(r, OKTA_DIRECTORY_ID_MAX);
	u.status = okta_frame_get_text(r, OKTA_DIRECTORY_STATUS_MAX);
	u.login = okta_frame_get_text(r, OKTA_DIRECTORY_TEXT_MAX);
	u.name = okta_frame_get_text(r, OKTA_DIRECTORY_TEXT_MAX);
	u.display_name = okta_frame_get_text(r, OKTA_DIRECTORY_TEXT_MAX);
	u.uid = okta_frame_get_text(r, OKTA_DIRECTORY_TEXT_MAX);
	u.shell = okta_frame_get_text(r, OKTA_DIRECTORY_TEXT_MAX);
	u.updated = okta_frame_get_u64(r, UINT64_MAX);
	return r->rc != OKTA_OK ? OKTA_E_INPUT : sync_records_add_user(records, &u);
}

static enum okta_rc
get_group(struct sync_records *records, struct okta_frame_reader *r)
{
	struct okta_view id = okta_frame_get_text(r, OKTA_DIRECTORY_ID_MAX);
	struct okta_view name = okta_frame_get_text(r, OKTA_FRAME_MAX_BYTES);

	if (r->rc != OKTA_OK)
		return OKTA_E_INPUT;
	return sync_records_add_group(records, id, name);
}

/* Memberships come by the thousand: some of them at a time. */
struct members {
	uint64_t group[SYNC_IDMAP_WARM_MAX];
	struct okta_view id[SYNC_IDMAP_WARM_MAX];
	size_t n;
};

static enum okta_rc
add_members(struct sync_records *records, struct members *m)
{
	enum okta_rc r = OKTA_OK;
	size_t i;

	sync_idmap_warm(&records->ids, m->id, m->n);
	for (i = 0; r == OKTA_OK && i < m->n; i++)
		r = sync_records_add_member(records, m->group[i], m->id[i]);
	m->n = 0;
	return r;
}

static enum okta_rc
get_member(struct sync_records *records, struct okta_frame_reader *r, struct members *m)
{
	m->group[m->n] = okta_frame_get_u64(r, UINT32_MAX);
	m->id[m->n] = okta_frame_get_text(r, OKTA_DIRECTORY_ID_MAX);
	if (r->rc != OKTA_OK)
		return OKTA_E_INPUT;
	return ++m->n < SYNC_IDMAP_WARM_MAX ? OKTA_OK : add_members(records, m);
}

static void
get_wait(struct okta_frame_reader *r, struct sync_progress *progress, int64_t now_ms)
{
	struct okta_view why = okta_frame_get_text(r, WHY_MAX);
	uint64_t ms = okta_frame_get_u64(r, INT32_MAX);

	if (r->rc == OKTA_OK)
		sync_progress_wait(progress, why, (int64_t)ms, now_ms);
}

static void
get_pace(struct okta_frame_reader *r, struct sync_progress *progress, int64_t now_ms)
{
	uint64_t done = okta_frame_get_u64(r, UINT32_MAX);
	uint64_t lists = okta_frame_get_u64(r, UINT32_MAX);
	uint64_t left_s = okta_frame_get_u64(r, INT32_MAX); /* + 1; 0: not known */

	if (r->rc == OKTA_OK)
		sync_progress_pace(
		    progress, (size_t)done, (size_t)lists, (int64_t)left_s - 1, now_ms);
}

static enum okta_rc
get_fail(struct okta_frame_reader *r, struct okta_err *err)
{
	uint64_t code = okta_frame_get_u64(r, OKTA_E_RANGE);
	struct okta_view text = okta_frame_get_text(r, WHY_MAX);
	char shown[OKTA_ERR_MSG_BYTES];
	enum okta_rc rc = (enum okta_rc)code;

	/* without a word it would be an empty line in the log */
	if (okta_frame_end(r) != OKTA_OK || code == OKTA_OK || text.len == 0)
		return OKTA_E_INPUT;
	okta_text_sanitize(shown, sizeof(shown), text);
	return okta_err_set(err, rc, "%s", shown);
}

static enum okta_rc
get_end(const struct sync_records *records, struct okta_frame_reader *r)
{
	uint64_t users = okta_frame_get_u64(r, UINT32_MAX);
	uint64_t groups = okta_frame_get_u64(r, UINT32_MAX);
	uint64_t members = okta_frame_get_u64(r, UINT64_MAX);

	if (okta_frame_end(r) != OKTA_OK || users != records->seen_users ||
	    groups != records->seen_groups || members != records->seen_members)
		return OKTA_E_INPUT; /* something was lost on the way */
	return OKTA_OK;
}

/* All records of one frame.  OKTA_OK with *ret_last at END. */
static enum okta_rc
get_batch(struct sync_records *records, struct okta_view bytes,
    struct sync_progress *progress, int64_t now_ms, bool *ret_last, struct okta_err *err)
{
	struct okta_frame_reader r;
	struct members members;
	enum okta_rc rc = OKTA_OK;
	uint64_t kind;

	members.n = 0;

	if (okta_frame_open(&r, bytes) != SYNC_FRAME_BATCH)
		return OKTA_E_INPUT;
	while (rc == OKTA_OK && r.left > 0 && !*ret_last) {
		kind = okta_frame_get_u64(&r, SYNC_KIND_MAX);
		if (kind != SYNC_MEMBER && members.n > 0)
			rc = add_members(records, &members);
		if (rc != OKTA_OK)
			break;
		if (kind != SYNC_WAIT && kind != SYNC_PACE)
			records->seen_any++;
		switch (kind) {
		case SYNC_USER:
			rc = get_user(records, &r);
			break;
		case SYNC_GROUP:
			rc = get_group(records, &r);
			break;
		case SYNC_MEMBER:
			rc = get_member(records, &r, &members);
			break;
		case SYNC_WAIT:
			get_wait(&r, progress, now_ms);
			rc = r.rc;
			break;
		case SYNC_PACE:
			get_pace(&r, progress, now_ms);
			rc = r.rc;
			break;
		case SYNC_FAIL:
			return get_fail(&r, err);
		case SYNC_END:
			rc = get_end(records, &r);
			*ret_last = rc == OKTA_OK;
			break;
		default:
			rc = kind == 0 || records->other == NULL
				 ? OKTA_E_INPUT
				 : records->other(records->other_ctx, kind, &r);
		}
	}
	return rc == OKTA_OK ? add_members(records, &members) : rc;
}

enum okta_rc
sync_records_again(struct sync_records *records, struct okta_view frame)
{
	struct sync_progress nobody = { 0 }; /* who waited then waits no more */
	struct okta_err err = { 0 };
	bool last = false;
	enum okta_rc r;

	r = get_batch(records, frame, &nobody, 0, &last, &err);
	return r == OKTA_OK && last ? OKTA_E_INPUT : r;
}

void
sync_records_count_anew(struct sync_records *records)
{
	records->seen_users = records->seen_groups = records->seen_members = 0;
}

/* One frame, however long it takes, with signs of life in between. */
static enum okta_rc
receive(struct sync_records *records, int fd, struct okta_buf *buf,
    const struct okta_clock *clock, struct sync_progress *progress)
{
	int64_t start = okta_clock_mono_ms(clock), now = start;
	struct sync_counts counts;
	enum okta_rc r;

	do {
		r = okta_chan_recv(fd, buf, clock, now + TICK_MS);
		now = okta_clock_mono_ms(clock);
		counts = (struct sync_counts){ records->n_users, records->n_groups,
			records->n_members };
		sync_progress_show(progress, &counts, now);
	} while (r == OKTA_E_TIMEOUT && now - start < SILENCE_MS);
	return r;
}

enum okta_rc
sync_records_read(struct sync_records *records, int fd, const struct okta_clock *clock,
    struct sync_progress *progress, struct okta_err *err)
{
	struct okta_buf buf;
	bool last = false;
	enum okta_rc r = OKTA_OK;
	size_t before;

	okta_buf_init(&buf, OKTA_FRAME_MAX_BYTES);
	err->rc = OKTA_OK;
	while (r == OKTA_OK && !last) {
		before = records->seen_any;
		r = receive(records, fd, &buf, clock, progress);
		if (r == OKTA_E_UNAVAIL)
			(void)okta_err_set(
			    err, r, "the fetcher ended before it was done");
		else if (r == OKTA_E_TIMEOUT)
			(void)okta_err_set(
			    err, r, "the fetcher has said nothing for an hour");
		else if (r == OKTA_OK)
			r = get_batch(records, okta_buf_view(&buf), progress,
			    okta_clock_mono_ms(clock), &last, err);
		if (r == OKTA_OK && !last && records->seen_any != before &&
		    records->frame != NULL)
			records->frame(records->frame_ctx, okta_buf_view(&buf));
	}
	okta_buf_clear(&buf);
	sync_progress_end(progress);
	if (r == OKTA_OK)
		r = sync_records_finish(records);
	if (r != OKTA_OK && err->rc == OKTA_OK)
		(void)okta_err_set(
		    err, r, "the fetcher's records cannot be used (%s)", okta_rc_name(r));
	return r;
}
