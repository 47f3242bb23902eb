/* SPDX-License-Identifier: BSD-2-Clause */
#include "snap/layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "snap/le.h"

#define USER_HEAD  32
#define GROUP_HEAD 40
#define INDEX_GAP  64 /* an index begins on a cache line */
#define SEED_TRIES 16

/* The file in the making. */
struct layout {
	struct okta_snapw *w;
	unsigned char *p;
	uint64_t users_len, groups_len,
	    members_len; /* users begin right behind the header */
	uint64_t groups_off, members_off, indexes_off, end;
	uint64_t seed;
	uint32_t *group_order; /* group numbers as the file has them */
	uint64_t *keys,
	    *spare; /* room for one number per user or group, and to sort them */
	uint32_t *gids, *refs; /* of one user */
};

static enum okta_rc
no_memory(struct okta_err *err)
{
	return okta_err_set(err, OKTA_E_NOMEM, "snapshot: out of memory");
}

uint64_t
okta_snapw_user_record_len(const struct okta_snapw_draft_user *user)
{
	return okta_pad(okta_pad(USER_HEAD + (uint64_t)user->texts_len, 4) +
			    (uint64_t)user->n_groups * 4,
	    8);
}

uint64_t
okta_snapw_group_record_len(const struct okta_snapw_draft_group *group)
{
	return okta_pad(okta_pad(GROUP_HEAD + (uint64_t)group->texts_len, 4) +
			    (uint64_t)group->n_joins * 4,
	    8);
}

/* Ascending, by radix: linear, and the same on every machine. */
static void
sort_u64(uint64_t *p, uint64_t *spare, size_t n)
{
	size_t count[256], i, sum, c;
	uint64_t *from = p, *to = spare, *swap;
	unsigned shift;

	for (shift = 0; shift < 64; shift += 8) {
		memset(count, 0, sizeof(count));
		for (i = 0; i < n; i++)
			count[from[i] >> shift & 255]++;
		for (i = 0, sum = 0; i < 256; i++) {
			c = count[i];
			count[i] = sum;
			sum += c;
		}
		for (i = 0; i < n; i++)
			to[count[from[i] >> shift & 255]++] = from[i];
		swap = from;
		from = to;
		to = swap;
	}
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

static struct okta_view
group_text(const struct okta_snapw_draft_group *group, unsigned which)
{
	struct okta_view v = { group->texts, group->name_len };

	if (which > 0) {
		v.p += v.len + 1;
		v.len = group->okta_id_len;
	}
	if (which > 1) {
		v.p += v.len + 1;
		v.len = group->okta_name_len;
	}
	return v;
}

/* --- groups
 * -------------------------------------------------------------------------------- */

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
	return strcmp(group_text(x, 1).p, group_text(y, 1).p);
}

/* Decide the order of the groups and where each record and member list goes. */
static enum okta_rc
place_groups(struct layout *l, struct okta_err *err)
{
	struct okta_snapw *w = l->w;
	struct okta_snapw_draft_group *group;
	uint64_t off = l->groups_off, members = 0;
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
		group->members_off = group->members_at = 0;
		group->omitted = okta_snap_group_answer(group->n_members,
				     group->members_len,
				     group->name_len) > OKTA_SNAP_GROUP_ANSWER_MAX;
		if (group->n_members == 0 || group->omitted)
			continue;
		group->members_off = members; /* from the start of the section, for now */
		members += okta_pad(group->members_len, 8);
	}
	l->groups_len = off - l->groups_off;
	l->members_off = off;
	l->members_len = members;
	l->indexes_off = off + members;
	for (i = 0; i < w->n_groups; i++) {
		group = &w->groups[i];
		group->members_at = group->members_off += l->members_off;
	}
	if (l->indexes_off > OKTA_SNAP_MAX_BYTES / 2)
		return okta_err_set(
		    err, OKTA_E_INPUT, "snapshot: would be larger than 4 GiB");
	return OKTA_OK;
}

/* After the users, who fill the member lists. */
static void
write_group(struct layout *l, const struct okta_snapw_draft_group *group)
{
	unsigned char *p = l->p + group->off;
	uint64_t len = okta_snapw_group_record_len(group),
		 at = GROUP_HEAD + group->texts_len;
	size_t i;

	okta_le32_put(p + 4, (uint32_t)len);
	okta_le32_put(p + 8, group->gid);
	if (group->n_members > 0 && !group->omitted) {
		okta_le32_put(p + 12, group->n_members);
		okta_le64_put(p + 16, group->members_off);
		okta_le32_put(p + 24, (uint32_t)group->members_len);
		okta_le32_put(p + 28, okta_snap_sum32(l->p + group->members_off,
					  (size_t)group->members_len));
	}
	p[32] = (unsigned char)group->kind;
	p[33] = group->name_len;
	p[34] = group->okta_id_len;
	p[35] = group->n_joins;
	okta_le16_put(p + 36, group->okta_name_len);
	okta_le16_put(p + 38, group->omitted ? OKTA_SNAP_GROUP_MEMBERS_OMITTED : 0);
	memcpy(p + GROUP_HEAD, group->texts, group->texts_len);
	at = okta_pad(at, 4);
	for (i = 0; i < group->n_joins; i++)
		okta_le32_put(p + at + i * 4, group->joins[i]);
	okta_le32_put(p, okta_snap_sum32(p + 4, (size_t)len - 4));
}

/* --- users
 * --------------------------------------------------------------------------------- */

/* Sort the groups of USER into gids and references, and add him to their member lists. */
static void
split_groups(struct layout *l, const struct okta_snapw_draft_user *user, size_t *ret_gids,
    size_t *ret_refs)
{
	const char *numbers = user->texts + okta_pad(user->texts_len, 4);
	struct okta_snapw_draft_group *group;
	size_t i, n_gids = 0, n_refs = 0, name_size = (size_t)user->len[0] + 1;
	uint32_t number;

	for (i = 0; i < user->n_groups; i++) {
		memcpy(&number, numbers + i * 4, 4);
		group = &l->w->groups[number];
		if (group->kind == OKTA_SNAP_GROUP_LOGIN) {
			l->refs[n_refs++] = (uint32_t)(group->off / 8);
			continue;
		}
		l->gids[n_gids++] = group->gid;
		if (group->omitted)
			continue;
		memcpy(l->p + group->members_at, user->texts, name_size);
		group->members_at += name_size;
	}
	sort_u32(l->gids, n_gids);
	sort_u32(l->refs, n_refs);
	*ret_gids = n_gids;
	*ret_refs = n_refs;
}

static void
write_user(struct layout *l, const struct okta_snapw_draft_user *user, uint64_t off)
{
	unsigned char *p = l->p + off;
	uint64_t len = okta_snapw_user_record_len(user), at;
	size_t i, n_gids, n_refs;

	split_groups(l, user, &n_gids, &n_refs);
	okta_le32_put(p + 4, (uint32_t)len);
	okta_le32_put(p + 8, user->uid);
	okta_le32_put(p + 12, user->gid);
	okta_le16_put(p + 16, user->status);
	okta_le16_put(p + 18, user->flags);
	okta_le16_put(p + 20, (uint16_t)n_gids);
	okta_le16_put(p + 22, (uint16_t)n_refs);
	memcpy(p + 24, user->len, sizeof(user->len));
	memcpy(p + USER_HEAD, user->texts, user->texts_len);
	at = okta_pad(USER_HEAD + (uint64_t)user->texts_len, 4);
	for (i = 0; i < n_gids; i++, at += 4)
		okta_le32_put(p + at, l->gids[i]);
	for (i = 0; i < n_refs; i++, at += 4)
		okta_le32_put(p + at, l->refs[i]);
	okta_le32_put(p, okta_snap_sum32(p + 4, (size_t)len - 4));
}

static void
write_users(struct layout *l)
{
	const struct okta_snapw *w = l->w;
	const struct okta_snapw_draft_user *user;
	uint64_t off = OKTA_SNAP_HEADER_BYTES;
	size_t i;

	for (i = 0; i < w->n_users; i++)
		l->keys[i] = (uint64_t)w->users[i].uid << 32 | i;
	sort_u64(l->keys, l->spare, w->n_users);
	for (i = 0; i < w->n_users; i++) {
		user = &w->users[l->keys[i] & UINT32_MAX];
		write_user(l, user, off);
		off += okta_snapw_user_record_len(user);
	}
}

/* --- indexes
 * ------------------------------------------------------------------------------- */

/* The key of the record at P for one index: a text, or NULL and an id. */
static struct okta_view
key_of(const unsigned char *p, enum okta_snap_index index, uint32_t *ret_id)
{
	struct okta_view v = { NULL, 0 };

	*ret_id = okta_le32(p + 8);
	if (index == OKTA_SNAP_INDEX_USER_NAME) {
		v.p = (const char *)p + USER_HEAD;
		v.len = p[24];
	} else if (index == OKTA_SNAP_INDEX_GROUP_NAME) {
		v.p = (const char *)p + GROUP_HEAD;
		v.len = p[33];
	} else if (index == OKTA_SNAP_INDEX_OKTA_GROUP) {
		v.p = (const char *)p + GROUP_HEAD + p[33] + 1 + p[34] + 1;
		v.len = okta_le16(p + 36);
	}
	return v;
}

static bool
is_indexed(const unsigned char *p, enum okta_snap_index index)
{
	if (index == OKTA_SNAP_INDEX_GROUP_NAME || index == OKTA_SNAP_INDEX_GID)
		return p[32] != OKTA_SNAP_GROUP_LOGIN;
	return index != OKTA_SNAP_INDEX_OKTA_GROUP || p[32] != OKTA_SNAP_GROUP_LOCAL;
}

static enum okta_rc
conflict(const unsigned char *a, const unsigned char *b, enum okta_snap_index index,
    struct okta_err *err)
{
	const bool users = index <= OKTA_SNAP_INDEX_UID;
	enum okta_snap_index named = index;
	char shown_a[64], shown_b[64];
	uint32_t id;

	if (index == OKTA_SNAP_INDEX_UID)
		named = OKTA_SNAP_INDEX_USER_NAME;
	if (index == OKTA_SNAP_INDEX_GID)
		named = OKTA_SNAP_INDEX_GROUP_NAME;
	okta_text_sanitize(shown_a, sizeof(shown_a), key_of(a, named, &id));
	okta_text_sanitize(shown_b, sizeof(shown_b), key_of(b, named, &id));
	if (index != named)
		return okta_err_set(err, OKTA_E_CONFLICT,
		    "snapshot: %s \"%s\" and \"%s\" have the same id %u",
		    users ? "users" : "groups", shown_a, shown_b, id);
	return okta_err_set(err, OKTA_E_CONFLICT, "snapshot: two %s have the name \"%s\"",
	    users ? "users" : "groups", shown_a);
}

static uint64_t
hash_of(const struct layout *l, const unsigned char *p, enum okta_snap_index index)
{
	struct okta_view key;
	uint32_t id;

	key = key_of(p, index, &id);
	return key.p == NULL ? okta_snap_hash_id(l->seed, id)
			     : okta_snap_hash_name(l->seed, key.p, key.len);
}

/* Equal keys have equal tags, so they are neighbours; a few strangers may be among them.
 */
static enum okta_rc
check_unique(struct layout *l, enum okta_snap_index index, size_t n, struct okta_err *err)
{
	const unsigned char *a, *b;
	struct okta_view key_a, key_b;
	uint32_t id_a, id_b;
	size_t i, j;

	for (i = 0; i < n; i++) {
		for (j = i + 1; j < n && l->keys[j] >> 32 == l->keys[i] >> 32; j++) {
			a = l->p + (l->keys[i] & UINT32_MAX) * 8;
			b = l->p + (l->keys[j] & UINT32_MAX) * 8;
			key_a = key_of(a, index, &id_a);
			key_b = key_of(b, index, &id_b);
			if (key_a.p == NULL ? id_a == id_b : okta_view_eq(key_a, key_b))
				return conflict(a, b, index, err);
		}
	}
	return OKTA_OK;
}

/* Write one index at *off and describe it in the header; *fits is false if the seed is
 * bad. */
static enum okta_rc
write_index(struct layout *l, enum okta_snap_index index, uint64_t *off, bool *fits,
    struct okta_err *err)
{
	bool users = index <= OKTA_SNAP_INDEX_UID;
	uint64_t at = users ? OKTA_SNAP_HEADER_BYTES : l->groups_off;
	uint64_t end = at + (users ? l->users_len : l->groups_len), home, pos, next = 0;
	unsigned char *head = l->p + 136 + 16 * (size_t)index;
	uint32_t slots, probe = 1;
	size_t i, n = 0;
	enum okta_rc r;

	for (; at < end; at += okta_le32(l->p + at + 4))
		if (is_indexed(l->p + at, index))
			l->keys[n++] = hash_of(l, l->p + at, index) >> 32 << 32 | at / 8;
	sort_u64(l->keys, l->spare, n);
	r = check_unique(l, index, n, err);
	if (r != OKTA_OK)
		return r;
	*off = okta_pad(*off, INDEX_GAP);
	slots = (uint32_t)(n + n / 4 + 1);
	for (i = 0; i < n; i++) {
		home = (l->keys[i] >> 32) * slots >> 32;
		pos = home > next ? home : next;
		if (pos - home >= OKTA_SNAP_PROBE_MAX) {
			*fits = false;
			return OKTA_OK;
		}
		if (pos - home >= probe)
			probe = (uint32_t)(pos - home + 1);
		okta_le64_put(l->p + *off + pos * 8, l->keys[i]);
		next = pos + 1;
	}
	okta_le64_put(head, *off);
	okta_le32_put(head + 8, slots);
	okta_le32_put(head + 12, probe);
	*off += ((uint64_t)slots + probe) * 8;
	return OKTA_OK;
}

/* Another seed gives other neighbours: nobody can choose names that fill one place. */
static enum okta_rc
write_indexes(struct layout *l, uint64_t capacity, struct okta_err *err)
{
	unsigned try, i;
	bool fits;
	enum okta_rc r;

	for (try = 0; try < SEED_TRIES; try++) {
		l->seed = l->w->head.seed + try;
		l->end = l->indexes_off;
		fits = true;
		memset(l->p + l->indexes_off, 0, (size_t)(capacity - l->indexes_off));
		for (i = 0; fits && i < OKTA_SNAP_INDEX_COUNT; i++) {
			r = write_index(l, (enum okta_snap_index)i, &l->end, &fits, err);
			if (r != OKTA_OK)
				return r;
		}
		if (fits)
			return OKTA_OK;
	}
	return okta_err_set(err, OKTA_E_INTERNAL,
	    "snapshot: no hash seed suits these names: give another");
}

static uint64_t
index_room(uint64_t n)
{
	return INDEX_GAP + (n + n / 4 + 1 + OKTA_SNAP_PROBE_MAX) * 8;
}

/* --- header and the checks that need the whole
 * ---------------------------------------------- */

static void
write_header(struct layout *l)
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
	okta_le32_put(p + 216, (uint32_t)head->org_url.len);
	okta_le64_put(p + 224, url_off);
	okta_le32_put(p + 16, okta_snap_sum32(p + 24, OKTA_SNAP_HEADER_BYTES - 24));
}

static struct okta_view
okta_id_of(const struct layout *l, bool users, size_t i)
{
	const struct okta_snapw_draft_user *user;
	struct okta_view v;

	if (!users)
		return group_text(&l->w->groups[i], 1);
	user = &l->w->users[i];
	v.p = user->texts + user->len[0] + 3 + user->len[1] + 1 + user->len[2] + 1 +
	      user->len[3] + 1;
	v.len = user->len[4];
	return v;
}

/* One Okta id twice is one person, or one group, twice. */
static enum okta_rc
check_okta_ids(struct layout *l, bool users, struct okta_err *err)
{
	size_t i, j, n = users ? l->w->n_users : l->w->n_groups;
	struct okta_view a, b;
	char shown[OKTA_SNAP_OKTA_ID_MAX + 1];

	for (i = 0; i < n; i++) {
		a = okta_id_of(l, users, i);
		l->keys[i] = okta_snap_hash_name(0, a.p, a.len) >> 32 << 32 | i;
	}
	sort_u64(l->keys, l->spare, n);
	for (i = 0; i < n; i++) {
		for (j = i + 1; j < n && l->keys[j] >> 32 == l->keys[i] >> 32; j++) {
			a = okta_id_of(l, users, l->keys[i] & UINT32_MAX);
			b = okta_id_of(l, users, l->keys[j] & UINT32_MAX);
			if (a.len == 0 ||
			    !okta_view_eq(a, b)) /* local groups have none */
				continue;
			okta_text_sanitize(shown, sizeof(shown), a);
			return okta_err_set(err, OKTA_E_CONFLICT,
			    "snapshot: two %s have the Okta id \"%s\"",
			    users ? "users" : "groups", shown);
		}
	}
	return OKTA_OK;
}

/* A private group is found through its user, so it clashes with a group record unseen. */
static enum okta_rc
check_private_groups(const struct okta_snap *snap, struct okta_err *err)
{
	struct okta_snap_group group;
	struct okta_snap_user user;
	uint64_t cursor = 0;
	enum okta_rc r;

	while ((r = okta_snap_next_group(snap, &cursor, &group)) == OKTA_OK) {
		if (group.kind == OKTA_SNAP_GROUP_LOGIN)
			continue;
		if ((okta_snap_user_by_name(snap, group.name, &user) == OKTA_OK &&
			(user.flags & OKTA_SNAP_USER_PRIVATE_GROUP) != 0) ||
		    (okta_snap_user_by_uid(snap, group.gid, &user) == OKTA_OK &&
			(user.flags & OKTA_SNAP_USER_PRIVATE_GROUP) != 0))
			return okta_err_set(err, OKTA_E_CONFLICT,
			    "snapshot: group \"%s\" has the name or gid of the private "
			    "group of "
			    "user \"%s\"",
			    group.name.p, user.name.p);
	}
	if (r != OKTA_E_NOTFOUND)
		return okta_err_set(
		    err, OKTA_E_INTERNAL, "snapshot: cannot be read back");
	return OKTA_OK;
}

static enum okta_rc
list_omitted(struct layout *l, struct okta_err *err)
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
allocate(struct layout *l, uint64_t *ret_capacity, struct okta_err *err)
{
	const struct okta_snapw *w = l->w;
	size_t most = w->n_users > w->n_groups ? w->n_users : w->n_groups;
	uint64_t capacity;

	l->group_order = calloc(w->n_groups + 1, sizeof(*l->group_order));
	l->keys = calloc(most + 1, sizeof(*l->keys));
	l->spare = calloc(most + 1, sizeof(*l->spare));
	l->gids = calloc(OKTA_SNAP_GIDS_MAX, sizeof(*l->gids));
	l->refs = calloc(OKTA_SNAP_GIDS_MAX, sizeof(*l->refs));
	if (l->group_order == NULL || l->keys == NULL || l->spare == NULL ||
	    l->gids == NULL || l->refs == NULL)
		return no_memory(err);
	l->users_len = w->user_records_len;
	l->groups_off = OKTA_SNAP_HEADER_BYTES + l->users_len;
	if (place_groups(l, err) != OKTA_OK)
		return OKTA_E_INPUT;
	capacity = l->indexes_off + 2 * index_room(w->n_users) +
		   3 * index_room(w->n_groups) + w->head.org_url.len + 8;
	l->p = calloc(1, (size_t)capacity);
	if (l->p == NULL)
		return no_memory(err);
	*ret_capacity = capacity;
	return OKTA_OK;
}

static enum okta_rc
build(struct layout *l, struct okta_err *err)
{
	struct okta_snap snap;
	uint64_t capacity = 0;
	enum okta_rc r;
	size_t i;

	r = allocate(l, &capacity, err);
	if (r != OKTA_OK)
		return r;
	r = check_okta_ids(l, true, err);
	if (r != OKTA_OK)
		return r;
	r = check_okta_ids(l, false, err);
	if (r != OKTA_OK)
		return r;
	write_users(l);
	for (i = 0; i < l->w->n_groups; i++)
		write_group(l, &l->w->groups[i]);
	okta_snapw_arena_free(&l->w->user_texts); /* all of it is in the file now */
	r = write_indexes(l, capacity, err);
	if (r != OKTA_OK)
		return r;
	write_header(l);
	if (okta_snap_open_bytes(l->p, (size_t)l->end, &snap) != OKTA_OK)
		return okta_err_set(
		    err, OKTA_E_INTERNAL, "snapshot: cannot be read back");
	r = check_private_groups(&snap, err);
	if (r != OKTA_OK)
		return r;
	return list_omitted(l, err);
}

enum okta_rc
okta_snapw_finish(struct okta_snapw *w, struct okta_view *ret_bytes, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct layout l;

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
	free(l.keys);
	free(l.spare);
	free(l.gids);
	free(l.refs);
	return rc;
}
