/* SPDX-License-Identifier: BSD-2-Clause */
#include "records.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/chan.h"
#include "base/frame.h"
#include "base/text.h"
#include "handover.h"
#include "model/wire.h"

#define CHUNK_BYTES 262144
#define TICK_MS	    200
#define SILENCE_MS  3900000 /* longer than any wait Okta may impose */
#define WHY_MAX	    1024

struct sync_chunk {
	struct sync_chunk *next;
	char bytes[CHUNK_BYTES];
};

void
sync_records_clear(struct sync_records *records)
{
	struct sync_chunk *chunk, *next;

	for (chunk = records->arena; chunk != NULL; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	sync_idmap_clear(&records->user_ids);
	sync_idmap_clear(&records->group_ids);
	free(records->users);
	free(records->groups);
	free(records->members);
	*records = (struct sync_records){ 0 };
}

/* --- memory
 * -------------------------------------------------------------------------------- */

/* A copy of *v in the arena, in its place. */
static bool
keep(struct sync_records *records, struct okta_view *v)
{
	struct sync_chunk *chunk = records->arena;
	char *p;

	if (v->len == 0) {
		*v = (struct okta_view){ "", 0 };
		return true;
	}
	if (v->len > CHUNK_BYTES)
		return false;
	if (chunk == NULL || v->len > CHUNK_BYTES - records->arena_used) {
		chunk = malloc(sizeof(*chunk));
		if (chunk == NULL)
			return false;
		chunk->next = records->arena;
		records->arena = chunk;
		records->arena_used = 0;
	}
	p = chunk->bytes + records->arena_used;
	memcpy(p, v->p, v->len);
	records->arena_used += v->len;
	v->p = p;
	return true;
}

/* Room for one more of *array, which has N of MAX. */
static bool
grow(void **array, size_t n, size_t *max, size_t element)
{
	size_t bigger = *max == 0 ? 1024 : *max * 2;
	void *more;

	if (n < *max)
		return true;
	if (bigger > UINT32_MAX)
		return false;
	more = reallocarray(*array, bigger, element);
	if (more == NULL)
		return false;
	*array = more;
	*max = bigger;
	return true;
}

/* --- records
 * ------------------------------------------------------------------------------- */

static enum okta_rc
get_user(struct sync_records *records, struct okta_frame_reader *r)
{
	struct okta_directory_user u;
	int64_t number;

	u.id = okta_frame_get_text(r, OKTA_DIRECTORY_ID_MAX);
	u.status = okta_frame_get_text(r, OKTA_DIRECTORY_STATUS_MAX);
	u.login = okta_frame_get_text(r, OKTA_DIRECTORY_TEXT_MAX);
	u.name = okta_frame_get_text(r, OKTA_DIRECTORY_TEXT_MAX);
	u.display_name = okta_frame_get_text(r, OKTA_DIRECTORY_TEXT_MAX);
	u.uid = okta_frame_get_text(r, OKTA_DIRECTORY_TEXT_MAX);
	u.shell = okta_frame_get_text(r, OKTA_DIRECTORY_TEXT_MAX);
	if (r->rc != OKTA_OK || u.id.len == 0 || !okta_text_is_printable(u.id))
		return OKTA_E_INPUT;
	if (!keep(records, &u.id) || !keep(records, &u.status) ||
	    !keep(records, &u.login) || !keep(records, &u.name) ||
	    !keep(records, &u.display_name) || !keep(records, &u.uid) ||
	    !keep(records, &u.shell))
		return OKTA_E_NOMEM;
	records->seen_users++;
	number = sync_idmap_find(&records->user_ids, u.id);
	if (number >= 0) {
		records->users[number] = u; /* the later page is the newer truth */
		return OKTA_OK;
	}
	if (!grow((void **)&records->users, records->n_users, &records->max_users,
		sizeof(u)))
		return OKTA_E_NOMEM;
	records->users[records->n_users++] = u;
	return sync_idmap_add(&records->user_ids, u.id);
}

static enum okta_rc
get_group(struct sync_records *records, struct okta_frame_reader *r)
{
	struct sync_group g;

	g.id = okta_frame_get_text(r, OKTA_DIRECTORY_ID_MAX);
	g.name = okta_frame_get_text(r, OKTA_FRAME_MAX_BYTES);
	if (r->rc != OKTA_OK || g.id.len == 0 || g.name.len == 0 ||
	    !okta_text_is_printable(g.id))
		return OKTA_E_INPUT;
	if (g.name.len > OKTA_WIRE_GROUP_MAX)
		g.name = okta_view_str(
		    "\x01"); /* no name of Okta's: the id is what is left */
	if (!keep(records, &g.id) || !keep(records, &g.name))
		return OKTA_E_NOMEM;
	records->seen_groups++;
	if (!grow((void **)&records->groups, records->n_groups, &records->max_groups,
		sizeof(g)))
		return OKTA_E_NOMEM;
	records->groups[records->n_groups++] = g;
	if (sync_idmap_find(&records->group_ids, g.id) >= 0)
		g.id = (struct okta_view){ "",
			0 }; /* came twice: its number counts, not its id */
	return sync_idmap_add(&records->group_ids, g.id);
}

static enum okta_rc
get_member(struct sync_records *records, struct okta_frame_reader *r)
{
	uint64_t group = okta_frame_get_u64(r, UINT32_MAX);
	struct okta_view id = okta_frame_get_text(r, OKTA_DIRECTORY_ID_MAX);
	int64_t user;

	if (r->rc != OKTA_OK || group >= records->n_groups || id.len == 0)
		return OKTA_E_INPUT;
	records->seen_members++;
	user = sync_idmap_find(&records->user_ids, id);
	if (user < 0)
		return OKTA_OK; /* somebody out of scope */
	if (!grow((void **)&records->members, records->n_members, &records->max_members,
		sizeof(*records->members)))
		return OKTA_E_NOMEM;
	records->members[records->n_members++] = (struct sync_member){ (uint32_t)user,
		(uint32_t)group };
	return OKTA_OK;
}

static void
get_wait(struct okta_frame_reader *r, struct sync_progress *progress, int64_t now_ms)
{
	struct okta_view why = okta_frame_get_text(r, WHY_MAX);
	uint64_t ms = okta_frame_get_u64(r, INT32_MAX);

	if (r->rc == OKTA_OK)
		sync_progress_wait(progress, why, (int64_t)ms, now_ms);
}

static enum okta_rc
get_fail(struct okta_frame_reader *r, struct okta_err *err)
{
	uint64_t code = okta_frame_get_u64(r, OKTA_E_RANGE);
	struct okta_view text = okta_frame_get_text(r, WHY_MAX);
	char shown[OKTA_ERR_MSG_BYTES];
	enum okta_rc rc = (enum okta_rc)code;

	if (okta_frame_end(r) != OKTA_OK || code == OKTA_OK)
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
	enum okta_rc rc = OKTA_OK;

	if (okta_frame_open(&r, bytes) != SYNC_FRAME_BATCH)
		return OKTA_E_INPUT;
	while (rc == OKTA_OK && r.left > 0 && !*ret_last) {
		switch (okta_frame_get_u64(&r, SYNC_END)) {
		case SYNC_USER:
			rc = get_user(records, &r);
			break;
		case SYNC_GROUP:
			rc = get_group(records, &r);
			break;
		case SYNC_MEMBER:
			rc = get_member(records, &r);
			break;
		case SYNC_WAIT:
			get_wait(&r, progress, now_ms);
			rc = r.rc;
			break;
		case SYNC_FAIL:
			return get_fail(&r, err);
		case SYNC_END:
			rc = get_end(records, &r);
			*ret_last = rc == OKTA_OK;
			break;
		default:
			rc = OKTA_E_INPUT;
		}
	}
	return rc;
}

/* --- afterwards
 * ---------------------------------------------------------------------------- */

static int
by_user(const void *a, const void *b)
{
	const struct sync_member *x = a, *y = b;

	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	return x->group < y->group ? -1 : x->group > y->group;
}

static void
sort_members(struct sync_records *records)
{
	struct sync_member *m = records->members;
	size_t i, n = 0;

	if (records->n_members > 0)
		qsort(m, records->n_members, sizeof(*m), by_user);
	for (i = 0; i < records->n_members; i++)
		if (n == 0 || by_user(&m[n - 1], &m[i]) != 0)
			m[n++] = m[i];
	records->n_members = n;
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

	okta_buf_init(&buf, OKTA_FRAME_MAX_BYTES);
	err->rc = OKTA_OK;
	while (r == OKTA_OK && !last) {
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
	}
	okta_buf_clear(&buf);
	sync_progress_end(progress);
	if (r == OKTA_OK)
		sort_members(records);
	else if (err->rc == OKTA_OK)
		(void)okta_err_set(
		    err, r, "the fetcher's records cannot be used (%s)", okta_rc_name(r));
	return r;
}
