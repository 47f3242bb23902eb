/* SPDX-License-Identifier: BSD-2-Clause */
/* Records and the ways to find them. */
#include "snap/read.h"

#include <string.h>

#include "snap/le.h"

#define USER_HEAD  32
#define GROUP_HEAD 40

/* --- records
 * ------------------------------------------------------------------------------- */

/* The whole record at OFF of a section, its length and checksum right; NULL if it is not.
 */
static const unsigned char *
record_at(const struct okta_snap *snap, uint64_t section_off, uint64_t section_len,
    uint64_t off, uint32_t head, uint32_t *ret_len)
{
	const unsigned char *p;
	uint64_t left;
	uint32_t len;

	if (off % 8 != 0 || off < section_off || off - section_off >= section_len)
		return NULL;
	left = section_len - (off - section_off);
	if (left < head)
		return NULL;
	p = snap->base + off;
	len = okta_le32(p + 4);
	if (len < head || len > left || len % 8 != 0)
		return NULL;
	if (okta_snap_sum32(p + 4, len - 4) != okta_le32(p))
		return NULL;
	*ret_len = len;
	return p;
}

/* One text of LEN bytes and its NUL at *at of record P, which is RECORD_LEN long. */
static bool
take_text(const unsigned char *p, uint32_t record_len, size_t len, size_t max, size_t *at,
    struct okta_view *ret)
{
	if (len > max || *at + len >= record_len || p[*at + len] != '\0')
		return false;
	ret->p = (const char *)p + *at;
	ret->len = len;
	*at += len + 1;
	return true;
}

bool
okta_snap_name_is_valid(struct okta_view name)
{
	size_t i;
	char c;

	if (name.len == 0 || name.len > OKTA_SNAP_NAME_MAX)
		return false;
	for (i = 0; i < name.len; i++) {
		c = name.p[i];
		if ((c >= 'a' && c <= 'z') || c == '_')
			continue;
		if (i == 0 || ((c < '0' || c > '9') && c != '.' && c != '-'))
			return false;
	}
	return true;
}

static bool
id_in_range(const struct okta_snap *snap, uint32_t id)
{
	return id >= snap->id_min && id <= snap->id_max;
}

static bool gid_is_allowed(const struct okta_snap *snap, uint32_t gid);

static bool
gids_are_allowed(const struct okta_snap *snap, const unsigned char *gids, uint32_t n)
{
	uint32_t gid, last = 0, i;

	for (i = 0; i < n; i++) {
		gid = okta_le32(gids + (size_t)i * 4);
		if (gid <= last ||
		    !gid_is_allowed(snap, gid)) /* ascending: 0 never passes */
			return false;
		last = gid;
	}
	return true;
}

/* The texts of a user record; *at is left behind the last. */
static bool
take_user_texts(
    const unsigned char *p, uint32_t len, struct okta_snap_user *user, size_t *at)
{
	struct okta_view star;

	if (!take_text(p, len, p[24], OKTA_SNAP_NAME_MAX, at, &user->name) ||
	    !take_text(p, len, 1, 1, at, &star) ||
	    !take_text(p, len, p[25], OKTA_SNAP_GECOS_MAX, at, &user->gecos) ||
	    !take_text(p, len, p[26], OKTA_SNAP_HOME_MAX, at, &user->home) ||
	    !take_text(p, len, p[27], OKTA_SNAP_SHELL_MAX, at, &user->shell))
		return false;
	user->passwd_block.p = user->name.p;
	user->passwd_block.len = *at - USER_HEAD;
	return star.p[0] == '*' && okta_snap_name_is_valid(user->name) &&
	       take_text(p, len, p[28], OKTA_SNAP_OKTA_ID_MAX, at, &user->okta_id) &&
	       take_text(p, len, p[29], OKTA_SNAP_LOGIN_MAX, at, &user->okta_login);
}

static enum okta_rc
user_at(const struct okta_snap *snap, uint64_t off, struct okta_snap_user *user)
{
	const unsigned char *p;
	size_t at = USER_HEAD;
	uint32_t len, status;

	p = record_at(snap, snap->users_off, snap->users_len, off, USER_HEAD, &len);
	if (p == NULL || !take_user_texts(p, len, user, &at))
		return OKTA_E_INPUT;
	status = okta_le16(p + 16);
	user->uid = okta_le32(p + 8);
	user->gid = okta_le32(p + 12);
	user->flags = okta_le16(p + 18);
	user->n_gids = okta_le16(p + 20);
	user->n_refs = okta_le16(p + 22);
	user->off = off;
	at = (size_t)okta_pad(at, 4);
	if (okta_pad(at + ((size_t)user->n_gids + user->n_refs) * 4, 8) != len)
		return OKTA_E_INPUT;
	user->gids = p + at;
	user->refs = user->gids + (size_t)user->n_gids * 4;
	if (status == OKTA_STATUS_NONE || status >= OKTA_STATUS_COUNT ||
	    (user->flags & ~(unsigned)OKTA_SNAP_USER_PRIVATE_GROUP) != 0 ||
	    okta_le16(p + 30) != 0)
		return OKTA_E_INPUT;
	user->status = (enum okta_snap_status)status;
	if (!id_in_range(snap, user->uid) || !gid_is_allowed(snap, user->gid) ||
	    ((user->flags & OKTA_SNAP_USER_PRIVATE_GROUP) != 0 &&
		user->gid != user->uid) ||
	    !gids_are_allowed(snap, user->gids, user->n_gids))
		return OKTA_E_INPUT;
	return OKTA_OK;
}

/* The member names of a group record, and that its answer never grows beyond the limit.
 */
static bool
take_members(
    const struct okta_snap *snap, const unsigned char *p, struct okta_snap_group *group)
{
	uint64_t off = okta_le64(p + 16), len = okta_le32(p + 24);
	uint32_t n = okta_le32(p + 12);

	group->n_members = n;
	group->members.p = NULL;
	group->members.len = 0;
	if (n == 0)
		return (off | len | okta_le32(p + 28)) == 0;
	if (group->kind == OKTA_SNAP_GROUP_LOGIN ||
	    (group->flags & OKTA_SNAP_GROUP_MEMBERS_OMITTED) != 0)
		return false;
	if (off % 8 != 0 || off < snap->members_off ||
	    off - snap->members_off > snap->members_len ||
	    len > snap->members_len - (off - snap->members_off))
		return false;
	if (len < 2 * (uint64_t)n ||
	    okta_snap_group_answer(n, len, group->name.len) > OKTA_SNAP_GROUP_ANSWER_MAX)
		return false;
	if (okta_snap_sum32(snap->base + off, (size_t)len) != okta_le32(p + 28) ||
	    snap->base[off + len - 1] != '\0')
		return false;
	group->members.p = (const char *)snap->base + off;
	group->members.len = (size_t)len;
	return true;
}

/* Names and ids that fit the kind. */
static bool
kind_is_consistent(const struct okta_snap *snap, const struct okta_snap_group *group)
{
	switch (group->kind) {
	case OKTA_SNAP_GROUP_SERVED:
		return okta_snap_name_is_valid(group->name) &&
		       id_in_range(snap, group->gid) && group->okta_id.len > 0;
	case OKTA_SNAP_GROUP_LOCAL:
		return okta_snap_name_is_valid(group->name) && group->gid > 0 &&
		       group->gid <= OKTA_SNAP_ID_CEIL && group->okta_id.len == 0 &&
		       group->n_joins == 0;
	case OKTA_SNAP_GROUP_LOGIN:
		return group->name.len == 0 && group->gid == 0 && group->okta_id.len > 0;
	}
	return false;
}

/*
 * A group record without its members and without a look at the gids it joins:
 * gid_is_allowed() finds those with this, and must neither recurse nor sum 50,000 names.
 */
static enum okta_rc
group_at(const struct okta_snap *snap, uint64_t off, struct okta_snap_group *group)
{
	const unsigned char *p;
	size_t at = GROUP_HEAD;
	uint32_t len;

	p = record_at(snap, snap->groups_off, snap->groups_len, off, GROUP_HEAD, &len);
	if (p == NULL ||
	    !take_text(p, len, p[33], OKTA_SNAP_NAME_MAX, &at, &group->name) ||
	    !take_text(p, len, p[34], OKTA_SNAP_OKTA_ID_MAX, &at, &group->okta_id) ||
	    !take_text(p, len, okta_le16(p + 36), OKTA_SNAP_OKTA_NAME_MAX, &at,
		&group->okta_name))
		return OKTA_E_INPUT;
	group->kind = (enum okta_snap_group_kind)p[32];
	group->gid = okta_le32(p + 8);
	group->flags = okta_le16(p + 38);
	group->n_joins = p[35];
	group->off = off;
	at = (size_t)okta_pad(at, 4);
	group->joins = p + at;
	if (group->n_joins > OKTA_SNAP_JOIN_MAX ||
	    okta_pad(at + (size_t)group->n_joins * 4, 8) != len ||
	    (group->flags & ~(unsigned)OKTA_SNAP_GROUP_MEMBERS_OMITTED) != 0 ||
	    !kind_is_consistent(snap, group))
		return OKTA_E_INPUT;
	return OKTA_OK;
}

/* The rest of what group_at() began. */
static enum okta_rc
complete_group(const struct okta_snap *snap, struct okta_snap_group *group)
{
	if (!take_members(snap, snap->base + group->off, group) ||
	    !gids_are_allowed(snap, group->joins, group->n_joins))
		return OKTA_E_INPUT;
	return OKTA_OK;
}

enum okta_rc
okta_snap_group_at(
    const struct okta_snap *snap, uint64_t off, struct okta_snap_group *ret)
{
	struct okta_snap_group group;

	if (group_at(snap, off, &group) != OKTA_OK ||
	    complete_group(snap, &group) != OKTA_OK)
		return OKTA_E_INPUT;
	*ret = group;
	return OKTA_OK;
}

uint32_t
okta_snap_gid(const struct okta_snap_user *user, uint32_t i)
{
	return i < user->n_gids ? okta_le32(user->gids + (size_t)i * 4) : UINT32_MAX;
}

uint64_t
okta_snap_ref(const struct okta_snap_user *user, uint32_t i)
{
	return i < user->n_refs ? (uint64_t)okta_le32(user->refs + (size_t)i * 4) * 8 : 0;
}

uint32_t
okta_snap_join(const struct okta_snap_group *group, uint32_t i)
{
	return i < group->n_joins ? okta_le32(group->joins + (size_t)i * 4) : UINT32_MAX;
}

/* --- lookups
 * ------------------------------------------------------------------------------- */

/* Walks the slots that may hold one hash. */
struct search {
	const unsigned char *slot;
	uint32_t left, tag;
};

static struct search
search_start(const struct okta_snap *snap, enum okta_snap_index index, uint64_t hash)
{
	struct search s;
	uint64_t home;

	s.tag = (uint32_t)(hash >> 32);
	s.left = snap->index[index].probe;
	home = (uint64_t)s.tag * snap->index[index].slots >> 32;
	s.slot = snap->base + snap->index[index].off + home * 8;
	return s;
}

/* Offset of the next record whose key may be the one looked for; 0 when there is none. */
static uint64_t
search_next(struct search *s)
{
	uint64_t slot;

	while (s->left > 0) {
		slot = okta_le64(s->slot);
		if (slot == 0 || slot >> 32 > s->tag)
			break;
		s->slot += 8;
		s->left--;
		if (slot >> 32 == s->tag)
			return (slot & UINT32_MAX) * 8;
	}
	return 0;
}

static bool
view_eq(struct okta_view a, struct okta_view b)
{
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

/* The user of that name or, when NAME is NULL, of that uid. */
static enum okta_rc
find_user(const struct okta_snap *snap, struct search s, const struct okta_view *name,
    uint32_t uid, struct okta_snap_user *ret)
{
	struct okta_snap_user user;
	uint64_t off;

	while ((off = search_next(&s)) != 0) {
		if (user_at(snap, off, &user) != OKTA_OK)
			return OKTA_E_INPUT;
		if (name != NULL ? view_eq(user.name, *name) : user.uid == uid) {
			*ret = user;
			return OKTA_OK;
		}
	}
	return OKTA_E_NOTFOUND;
}

enum okta_rc
okta_snap_user_by_name(
    const struct okta_snap *snap, struct okta_view name, struct okta_snap_user *ret)
{
	uint64_t hash;

	if (!okta_snap_name_is_valid(name))
		return OKTA_E_NOTFOUND;
	hash = okta_snap_hash_name(snap->seed, name.p, name.len);
	return find_user(
	    snap, search_start(snap, OKTA_SNAP_INDEX_USER_NAME, hash), &name, 0, ret);
}

enum okta_rc
okta_snap_user_by_uid(
    const struct okta_snap *snap, uint32_t uid, struct okta_snap_user *ret)
{
	uint64_t hash;

	if (!id_in_range(snap, uid))
		return OKTA_E_NOTFOUND;
	hash = okta_snap_hash_id(snap->seed, uid);
	return find_user(
	    snap, search_start(snap, OKTA_SNAP_INDEX_UID, hash), NULL, uid, ret);
}

/* What a group is looked up by; NAME is unused for a gid. */
struct group_key {
	enum okta_snap_index index;
	struct okta_view name;
	uint32_t gid;
};

static bool
group_matches(const struct okta_snap_group *group, const struct group_key *key)
{
	if (key->index == OKTA_SNAP_INDEX_OKTA_GROUP)
		return group->kind != OKTA_SNAP_GROUP_LOCAL &&
		       view_eq(group->okta_name, key->name);
	if (group->kind == OKTA_SNAP_GROUP_LOGIN)
		return false;
	return key->index == OKTA_SNAP_INDEX_GID ? group->gid == key->gid
						 : view_eq(group->name, key->name);
}

/* The group record with that key, as far as group_at() goes. */
static enum okta_rc
find_group(const struct okta_snap *snap, const struct group_key *key,
    struct okta_snap_group *ret)
{
	struct search s;
	uint64_t off;

	s = search_start(snap, key->index,
	    key->index == OKTA_SNAP_INDEX_GID
		? okta_snap_hash_id(snap->seed, key->gid)
		: okta_snap_hash_name(snap->seed, key->name.p, key->name.len));
	while ((off = search_next(&s)) != 0) {
		if (group_at(snap, off, ret) != OKTA_OK)
			return OKTA_E_INPUT;
		if (group_matches(ret, key))
			return OKTA_OK;
	}
	return OKTA_E_NOTFOUND;
}

/* A gid of ours, or that of a local group this very file says people of ours join. */
static bool
gid_is_allowed(const struct okta_snap *snap, uint32_t gid)
{
	const struct group_key key = { OKTA_SNAP_INDEX_GID, { NULL, 0 }, gid };
	struct okta_snap_group group;

	if (id_in_range(snap, gid))
		return true;
	return gid != 0 && find_group(snap, &key, &group) == OKTA_OK &&
	       group.kind == OKTA_SNAP_GROUP_LOCAL;
}

void
okta_snap_private_group(const struct okta_snap_user *user, struct okta_snap_group *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->kind = OKTA_SNAP_GROUP_SERVED;
	ret->gid = user->gid;
	ret->name = user->name;
}

/* The group of his own that the user found with R has, if he has one. */
static enum okta_rc
private_group_of(
    enum okta_rc r, const struct okta_snap_user *user, struct okta_snap_group *ret)
{
	if (r != OKTA_OK)
		return r;
	if ((user->flags & OKTA_SNAP_USER_PRIVATE_GROUP) == 0)
		return OKTA_E_NOTFOUND;
	okta_snap_private_group(user, ret);
	return OKTA_OK;
}

/* find_group() to the end; *ret is written only on OKTA_OK. */
static enum okta_rc
find_whole_group(const struct okta_snap *snap, const struct group_key *key,
    struct okta_snap_group *ret)
{
	struct okta_snap_group group;
	enum okta_rc r = find_group(snap, key, &group);

	if (r == OKTA_OK)
		r = complete_group(snap, &group);
	if (r == OKTA_OK)
		*ret = group;
	return r;
}

enum okta_rc
okta_snap_group_by_name(
    const struct okta_snap *snap, struct okta_view name, struct okta_snap_group *ret)
{
	const struct group_key key = { OKTA_SNAP_INDEX_GROUP_NAME, name, 0 };
	struct okta_snap_user user;
	enum okta_rc r;

	if (!okta_snap_name_is_valid(name))
		return OKTA_E_NOTFOUND;
	r = find_whole_group(snap, &key, ret);
	if (r != OKTA_E_NOTFOUND)
		return r;
	r = okta_snap_user_by_name(snap, name, &user);
	return private_group_of(r, &user, ret);
}

enum okta_rc
okta_snap_group_by_gid(
    const struct okta_snap *snap, uint32_t gid, struct okta_snap_group *ret)
{
	const struct group_key key = { OKTA_SNAP_INDEX_GID, { NULL, 0 }, gid };
	struct okta_snap_user user;
	enum okta_rc r;

	if (gid == 0)
		return OKTA_E_NOTFOUND;
	r = find_whole_group(snap, &key, ret);
	if (r != OKTA_E_NOTFOUND)
		return r;
	r = okta_snap_user_by_uid(snap, gid, &user);
	return private_group_of(r, &user, ret);
}

enum okta_rc
okta_snap_group_by_okta_name(
    const struct okta_snap *snap, struct okta_view okta_name, struct okta_snap_group *ret)
{
	const struct group_key key = { OKTA_SNAP_INDEX_OKTA_GROUP, okta_name, 0 };

	if (okta_name.len == 0 || okta_name.len > OKTA_SNAP_OKTA_NAME_MAX)
		return OKTA_E_NOTFOUND;
	return find_whole_group(snap, &key, ret);
}

/* --- enumeration
 * --------------------------------------------------------------------------- */

enum okta_rc
okta_snap_next_user(
    const struct okta_snap *snap, uint64_t *cursor, struct okta_snap_user *ret)
{
	uint64_t off = *cursor == 0 ? snap->users_off : *cursor;
	struct okta_snap_user user;

	if (off == snap->users_off + snap->users_len)
		return OKTA_E_NOTFOUND;
	if (user_at(snap, off, &user) != OKTA_OK)
		return OKTA_E_INPUT;
	*cursor = off + okta_le32(snap->base + off + 4);
	*ret = user;
	return OKTA_OK;
}

enum okta_rc
okta_snap_next_group(
    const struct okta_snap *snap, uint64_t *cursor, struct okta_snap_group *ret)
{
	uint64_t off = *cursor == 0 ? snap->groups_off : *cursor;

	if (off == snap->groups_off + snap->groups_len)
		return OKTA_E_NOTFOUND;
	if (okta_snap_group_at(snap, off, ret) != OKTA_OK)
		return OKTA_E_INPUT;
	*cursor = off + okta_le32(snap->base + off + 4);
	return OKTA_OK;
}

/* --- status names
 * -------------------------------------------------------------------------- */

static const char *const status_names[OKTA_STATUS_COUNT] = {
	[OKTA_STATUS_NONE] = "",
	[OKTA_STATUS_ACTIVE] = "ACTIVE",
	[OKTA_STATUS_RECOVERY] = "RECOVERY",
	[OKTA_STATUS_PASSWORD_EXPIRED] = "PASSWORD_EXPIRED",
	[OKTA_STATUS_LOCKED_OUT] = "LOCKED_OUT",
	[OKTA_STATUS_SUSPENDED] = "SUSPENDED",
	[OKTA_STATUS_PROVISIONED] = "PROVISIONED",
	[OKTA_STATUS_STAGED] = "STAGED",
	[OKTA_STATUS_DEPROVISIONED] = "DEPROVISIONED",
};

const char *
okta_snap_status_name(enum okta_snap_status status)
{
	return (unsigned)status < OKTA_STATUS_COUNT ? status_names[status] : "";
}

enum okta_snap_status
okta_snap_status_parse(struct okta_view v)
{
	unsigned i;

	for (i = OKTA_STATUS_NONE + 1; i < OKTA_STATUS_COUNT; i++)
		if (strlen(status_names[i]) == v.len &&
		    memcmp(status_names[i], v.p, v.len) == 0)
			return (enum okta_snap_status)i;
	return OKTA_STATUS_NONE;
}
