/* SPDX-License-Identifier: BSD-2-Clause */
#include "snap/layout.h"

#include <stdlib.h>
#include <string.h>

#include "snap/le.h"
#include "snap/member.h"
#include "snap/record.h"

#define USER_HEAD  OKTA_SNAP_USER_HEAD
#define GROUP_HEAD OKTA_SNAP_GROUP_HEAD

static enum okta_rc
no_memory(struct okta_err *err)
{
	return okta_err_set(err, OKTA_E_NOMEM, "snapshot: out of memory");
}

/* Of the Okta id and the Okta login, which come last, with their NULs. */
static size_t
own_len(const struct okta_snapw_draft_user *user)
{
	return (size_t)user->len[4] + user->len[5] + 2;
}

static uint64_t
front_len(const struct okta_snapw_draft_user *user)
{
	return okta_pad(USER_HEAD + (uint64_t)user->texts_len - own_len(user), 8);
}

uint64_t
okta_snapw_user_record_len(const struct okta_snapw_draft_user *user)
{
	return okta_pad(
	    front_len(user) + (uint64_t)user->n_groups * 4 + own_len(user), 16);
}

uint64_t
okta_snapw_group_record_len(const struct okta_snapw_draft_group *group)
{
	return okta_pad(okta_pad(GROUP_HEAD + (uint64_t)group->texts_len, 4) +
			    (uint64_t)group->n_joins * 4,
	    8);
}

static int
compare_u32(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
sort_u32(uint32_t *p, size_t n)
{
	size_t i, j;
	uint32_t x;

	if (n > 64) {
		qsort(p, n, sizeof(*p), compare_u32);
		return;
	}
	/* the usual list is short and nearly in order */
	for (i = 1; i < n; i++) {
		x = p[i];
		for (j = i; j > 0 && p[j - 1] > x; j--)
			p[j] = p[j - 1];
		p[j] = x;
	}
}

/* --- groups ------------------------------------------------------------------------- */

static int
compare_groups(const void *a, const void *b, void *ctx)
{
	const struct okta_snapw_draft_group *groups = ctx;
	const struct okta_snapw_draft_group *x = &groups[*(const uint32_t *)a];
	const struct okta_snapw_draft_group *y = &groups[*(const uint32_t *)b];

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->gid != y->gid)
		return x->gid < y->gid ? -1 : 1;
	return strcmp(okta_snapw_group_okta_id(x).p, okta_snapw_group_okta_id(y).p);
}

/* Decide the order of the groups and where each record and member list goes. */
static enum okta_rc
place_groups(struct okta_snapw_layout *l, struct okta_err *err)
{
	struct okta_snapw *w = l->w;
	struct okta_snapw_draft_group *group;
	uint64_t off = l->groups_off, members = 0, listed = 0, row;
	size_t i;

	for (i = 0; i < w->n_groups; i++)
		l->group_order[i] = (uint32_t)i;
	if (w->n_groups > 1)
		qsort_r(l->group_order, w->n_groups, sizeof(*l->group_order),
		    compare_groups, w->groups);
	for (i = 0; i < w->n_groups; i++) {
		group = &w->groups[l->group_order[i]];
		group->off = off;
		off += okta_snapw_group_record_len(group);
		group->members_off = 0;
		group->omitted = okta_snap_group_answer(group->n_members,
				     group->members_len,
				     group->name_len) > OKTA_SNAP_GROUP_ANSWER_MAX;
		if (group->n_members == 0 || group->omitted)
			continue;
		row = okta_pad(group->n_members + group->members_len, 8);
		group->listed = group->n_members >= OKTA_SNAP_NAMES_LISTED_FROM &&
				listed + row <= OKTA_SNAP_NAMES_LISTED_MAX_BYTES;
		group->members_off = members; /* from the start of the section, for now */
		members += okta_pad((uint64_t)group->n_members * 4, 8);
		if (group->listed) {
			members += row;
			listed += row;
		}
	}
	l->groups_len = off - l->groups_off;
	l->members_off = off;
	l->members_len = members;
	l->names_off = off + members;
	l->indexes_off = l->names_off + l->names_len;
	for (i = 0; i < w->n_groups; i++)
		w->groups[i].members_off += l->members_off;
	if (l->indexes_off > OKTA_SNAP_MAX_BYTES / 2)
		return okta_err_set(
		    err, OKTA_E_INPUT, "snapshot: would be larger than 4 GiB");
	return OKTA_OK;
}

/* Behind the list of a large group: how long the names in l->answer are, and they. */
static void
write_row(const struct okta_snapw_layout *l, const struct okta_snapw_draft_group *group)
{
	unsigned char *row = l->p + group->members_off +
			     okta_pad((uint64_t)group->n_members * 4, 8);
	const char *name = l->answer;
	uint32_t i;

	memcpy(row + group->n_members, l->answer, (size_t)group->members_len);
	for (i = 0; i < group->n_members; i++) {
		row[i] = (unsigned char)(strlen(name) + 1);
		name += row[i];
	}
}

/* The checksum of the names of GROUP's members, as readers will answer them. */
static enum okta_rc
write_names(const struct okta_snapw_layout *l, const struct okta_snapw_draft_group *group,
    uint32_t *ret, struct okta_err *err)
{
	const struct okta_snap_members m = { l->p + group->members_off, group->n_members,
		l->p + l->names_off, l->names_len, (size_t)group->members_len };

	if (!okta_snap_resolve(&m, l->answer, NULL))
		return okta_err_set(
		    err, OKTA_E_INTERNAL, "snapshot: cannot be read back");
	*ret = okta_snap_sum32(l->answer, m.len);
	if (group->listed)
		write_row(l, group);
	return OKTA_OK;
}

/* After the users, who fill the member lists. */
static enum okta_rc
write_group(struct okta_snapw_layout *l, const struct okta_snapw_draft_group *group,
    struct okta_err *err)
{
	unsigned char *p = l->p + group->off;
	uint64_t len = okta_snapw_group_record_len(group),
		 at = GROUP_HEAD + group->texts_len;
	uint32_t sum = 0;
	enum okta_rc r;
	size_t i;

	okta_le32_put(p + 4, (uint32_t)len);
	okta_le32_put(p + 8, group->gid);
	if (group->n_members > 0 && !group->omitted) {
		okta_le32_put(p + 12, group->n_members);
		okta_le64_put(p + 16, group->members_off);
		okta_le32_put(p + 24, (uint32_t)group->members_len);
		r = write_names(l, group, &sum, err);
		if (r != OKTA_OK)
			return r;
		okta_le32_put(p + 28, sum);
	}
	p[32] = (unsigned char)group->kind;
	p[33] = group->name_len;
	p[34] = group->okta_id_len;
	p[35] = group->n_joins;
	okta_le16_put(p + 36, group->okta_name_len);
	okta_le16_put(
	    p + 38, (uint16_t)((group->omitted ? OKTA_SNAP_GROUP_MEMBERS_OMITTED : 0) |
			       (group->listed ? OKTA_SNAP_GROUP_NAMES_LISTED : 0)));
	memcpy(p + GROUP_HEAD, group->texts, group->texts_len);
	at = okta_pad(at, 4);
	for (i = 0; i < group->n_joins; i++)
		okta_le32_put(p + at + i * 4, group->joins[i]);
	okta_le32_put(p, okta_snap_sum32(p + 4, (size_t)len - 4));
	return OKTA_OK;
}

/* --- users -------------------------------------------------------------------------- */

/*
 * Sort the groups of USER, whose name is at NAME_AT in the table, into gids and
 * references, and add him to their member lists.
 */
static void
split_groups(struct okta_snapw_layout *l, const struct okta_snapw_draft_user *user,
    uint32_t name_at, size_t *ret_gids, size_t *ret_refs)
{
	const char *numbers = user->texts + okta_pad(user->texts_len, 4);
	struct okta_snapw_seat *seat;
	size_t i, n_gids = 0, n_refs = 0;
	uint32_t number;

	for (i = 0; i < user->n_groups; i++) {
		memcpy(&number, numbers + i * 4, 4);
		seat = &l->seats[number];
		if (seat->is_ref) {
			l->refs[n_refs++] = seat->value;
			continue;
		}
		l->gids[n_gids++] = seat->value;
		if (seat->next == NULL)
			continue;
		okta_le32_put(seat->next, name_at);
		seat->next += 4;
	}
	sort_u32(l->gids, n_gids);
	sort_u32(l->refs, n_refs);
	*ret_gids = n_gids;
	*ret_refs = n_refs;
}

static void
write_user(struct okta_snapw_layout *l, const struct okta_snapw_draft_user *user,
    uint64_t off, uint32_t name_at)
{
	unsigned char *p = l->p + off;
	uint64_t len = okta_snapw_user_record_len(user), front = front_len(user),
		 at = front;
	size_t i, n_gids, n_refs, own = own_len(user), block = user->texts_len - own;
	size_t covered = okta_snap_covered((size_t)front, (size_t)len);

	split_groups(l, user, name_at, &n_gids, &n_refs);
	okta_le32_put(p + 4, (uint32_t)len);
	okta_le32_put(p + 8, user->uid);
	okta_le32_put(p + 12, user->gid);
	p[16] = (unsigned char)user->status;
	p[17] = (unsigned char)user->flags;
	memcpy(p + 18, user->len, sizeof(user->len));
	okta_le16_put(p + 24, (uint16_t)n_gids);
	okta_le16_put(p + 26, (uint16_t)n_refs);
	memcpy(p + USER_HEAD, user->texts, block);
	for (i = 0; i < n_gids; i++, at += 4)
		okta_le32_put(p + at, l->gids[i]);
	for (i = 0; i < n_refs; i++, at += 4)
		okta_le32_put(p + at, l->refs[i]);
	memcpy(p + at, user->texts + block, own);
	okta_le32_put(p + 28, okta_snap_sum32(p + covered, (size_t)len - covered));
	okta_le32_put(p, okta_snap_front_sum(p, covered));
}

static void
make_seats(struct okta_snapw_layout *l)
{
	const struct okta_snapw_draft_group *group;
	struct okta_snapw_seat *seat;
	size_t i;

	for (i = 0; i < l->w->n_groups; i++) {
		group = &l->w->groups[i];
		seat = &l->seats[i];
		seat->is_ref = group->kind == OKTA_SNAP_GROUP_LOGIN;
		seat->value = seat->is_ref ? (uint32_t)(group->off / 8) : group->gid;
		seat->next = group->omitted ? NULL : l->p + group->members_off;
	}
}

/* The records and, in the same order, the name table. */
static void
write_users(struct okta_snapw_layout *l)
{
	const struct okta_snapw *w = l->w;
	const struct okta_snapw_draft_user *user;
	uint64_t off = OKTA_SNAP_HEADER_BYTES;
	unsigned char *name;
	uint32_t name_at = 0;
	size_t i;

	for (i = 0; i < w->n_users; i++)
		l->keys[i] = (uint64_t)w->users[i].uid << 32 | i;
	okta_snapw_sort(l->keys, l->spare, w->n_users);
	for (i = 0; i < w->n_users; i++) {
		user = &w->users[l->keys[i] & UINT32_MAX];
		name = l->p + l->names_off + name_at;
		name[0] = user->len[0];
		memcpy(name + 1, user->texts, user->len[0]);
		write_user(l, user, off, name_at);
		off += okta_snapw_user_record_len(user);
		name_at += 1 + (uint32_t)user->len[0];
	}
}

struct okta_view
okta_snapw_group_okta_id(const struct okta_snapw_draft_group *group)
{
	return (
	    struct okta_view){ group->texts + group->name_len + 1, group->okta_id_len };
}

/* --- header and the checks that need the whole -------------------------------------- */

static void
write_header(struct okta_snapw_layout *l)
{
	const struct okta_snapw_head *head = &l->w->head;
	unsigned char *p = l->p;
	uint64_t url_off = l->end;

	memcpy(p + url_off, l->w->org_url, head->org_url.len + 1);
	l->end = okta_pad(url_off + head->org_url.len + 1, 8);
	memcpy(p, OKTA_SNAP_MAGIC, 8);
	okta_le32_put(p + 8, OKTA_SNAP_VERSION);
	okta_le32_put(p + 12, OKTA_SNAP_HEADER_BYTES);
	okta_le64_put(p + 24, l->end);
	okta_le64_put(p + 32, head->generation);
	okta_le64_put(p + 40, (uint64_t)head->published_s);
	okta_le64_put(p + 48, (uint64_t)head->source_s);
	okta_le64_put(p + 56, okta_snap_sum64(p + OKTA_SNAP_HEADER_BYTES,
				  (size_t)l->end - OKTA_SNAP_HEADER_BYTES));
	okta_le64_put(p + 64, l->seed);
	okta_le32_put(p + 72, head->id_min);
	okta_le32_put(p + 76, head->id_max);
	okta_le32_put(p + 80, (uint32_t)l->w->n_users);
	okta_le32_put(p + 84, (uint32_t)l->w->n_groups);
	okta_le64_put(p + 88, OKTA_SNAP_HEADER_BYTES);
	okta_le64_put(p + 96, l->users_len);
	okta_le64_put(p + 104, l->groups_off);
	okta_le64_put(p + 112, l->groups_len);
	okta_le64_put(p + 120, l->members_off);
	okta_le64_put(p + 128, l->members_len);
	okta_le64_put(p + 136, l->names_len);
	okta_le64_put(p + 224, url_off);
	okta_le32_put(p + 232, (uint32_t)head->org_url.len);
	okta_le32_put(p + 16, okta_snap_header_sum(p));
}

static enum okta_rc
list_omitted(struct okta_snapw_layout *l, struct okta_err *err)
{
	struct okta_snapw *w = l->w;
	const struct okta_snapw_draft_group *group;
	size_t i, len = 0;

	for (i = 0; i < w->n_groups; i++)
		if (w->groups[i].omitted)
			len += (size_t)w->groups[i].name_len + 1;
	w->omitted = malloc(len + 1);
	if (w->omitted == NULL)
		return no_memory(err);
	for (i = 0; i < w->n_groups; i++) {
		group = &w->groups[l->group_order[i]];
		if (!group->omitted)
			continue;
		memcpy(w->omitted + w->omitted_len, group->texts,
		    (size_t)group->name_len + 1);
		w->omitted_len += (size_t)group->name_len + 1;
	}
	return OKTA_OK;
}

/* Everything that is as large as the input is taken here, in one place. */
static enum okta_rc
allocate(struct okta_snapw_layout *l, uint64_t *ret_capacity, struct okta_err *err)
{
	const struct okta_snapw *w = l->w;
	size_t most = w->n_users > w->n_groups ? w->n_users : w->n_groups;
	uint64_t capacity;

	l->group_order = calloc(w->n_groups + 1, sizeof(*l->group_order));
	l->seats = calloc(w->n_groups + 1, sizeof(*l->seats));
	l->keys = calloc(most + 1, sizeof(*l->keys));
	l->spare = calloc(most + 1, sizeof(*l->spare));
	l->gids = calloc(OKTA_SNAP_GIDS_MAX, sizeof(*l->gids));
	l->refs = calloc(OKTA_SNAP_GIDS_MAX, sizeof(*l->refs));
	l->answer = malloc(OKTA_SNAP_GROUP_ANSWER_MAX);
	if (l->group_order == NULL || l->seats == NULL || l->keys == NULL ||
	    l->spare == NULL || l->gids == NULL || l->refs == NULL || l->answer == NULL)
		return no_memory(err);
	l->users_len = w->user_records_len;
	l->names_len = okta_pad(w->names_len + OKTA_SNAP_NAMES_PAD, 8);
	l->groups_off = OKTA_SNAP_HEADER_BYTES + l->users_len;
	if (place_groups(l, err) != OKTA_OK)
		return OKTA_E_INPUT;
	capacity = l->indexes_off + 2 * okta_snapw_index_room(w->n_users) +
		   3 * okta_snapw_index_room(w->n_groups) + w->head.org_url.len + 8;
	l->p = calloc(1, (size_t)capacity);
	if (l->p == NULL)
		return no_memory(err);
	*ret_capacity = capacity;
	return OKTA_OK;
}

static enum okta_rc
build(struct okta_snapw_layout *l, struct okta_err *err)
{
	struct okta_snap snap;
	uint64_t capacity = 0;
	enum okta_rc r;
	size_t i;

	r = allocate(l, &capacity, err);
	if (r != OKTA_OK)
		return r;
	r = okta_snapw_check_okta_ids(l, true, err);
	if (r != OKTA_OK)
		return r;
	r = okta_snapw_check_okta_ids(l, false, err);
	if (r != OKTA_OK)
		return r;
	make_seats(l);
	write_users(l);
	for (i = 0; i < l->w->n_groups; i++) {
		r = write_group(l, &l->w->groups[i], err);
		if (r != OKTA_OK)
			return r;
	}
	okta_snapw_arena_free(&l->w->user_texts); /* all of it is in the file now */
	r = okta_snapw_write_indexes(l, capacity, err);
	if (r != OKTA_OK)
		return r;
	write_header(l);
	if (okta_snap_open_bytes(l->p, (size_t)l->end, &snap) != OKTA_OK)
		return okta_err_set(
		    err, OKTA_E_INTERNAL, "snapshot: cannot be read back");
	r = okta_snapw_check_private_groups(&snap, err);
	if (r != OKTA_OK)
		return r;
	return list_omitted(l, err);
}

enum okta_rc
okta_snapw_finish(struct okta_snapw *w, struct okta_view *ret_bytes, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_snapw_layout l;

	memset(&l, 0, sizeof(l));
	l.w = w;
	if (w->finished) {
		rc = okta_err_set(err, OKTA_E_INTERNAL, "snapshot: finished twice");
		goto out;
	}
	w->finished = true;
	r = okta_snapw_seal(w, err);
	if (r == OKTA_OK)
		r = build(&l, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}

	w->bytes = l.p;
	w->bytes_len = (size_t)l.end;
	l.p = NULL;
	ret_bytes->p = (const char *)w->bytes;
	ret_bytes->len = w->bytes_len;
	rc = OKTA_OK;
out:
	free(l.p);
	free(l.group_order);
	free(l.seats);
	free(l.keys);
	free(l.spare);
	free(l.gids);
	free(l.refs);
	free(l.answer);
	return rc;
}
