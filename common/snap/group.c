/* SPDX-License-Identifier: BSD-2-Clause */
/* Group records and the ways to find them. */
#include "snap/record.h"
#include "snap/search.h"

#define HEAD OKTA_SNAP_GROUP_HEAD
#define KNOWN_FLAGS                                                                      \
	((unsigned)OKTA_SNAP_GROUP_MEMBERS_OMITTED | OKTA_SNAP_GROUP_NAMES_LISTED)

/* The whole record at OFF, its length and checksum right; NULL if it is not. */
static const unsigned char *
record_at(const struct okta_snap *snap, uint64_t off, uint32_t *ret_len)
{
	const unsigned char *p;
	uint64_t left;
	uint32_t len;

	if (off % 8 != 0 || off < snap->groups_off ||
	    off - snap->groups_off >= snap->groups_len)
		return NULL;
	left = snap->groups_len - (off - snap->groups_off);
	if (left < HEAD)
		return NULL;
	p = snap->base + off;
	len = okta_le32(p + 4);
	if (len < HEAD || len > left || len % 8 != 0)
		return NULL;
	if (okta_snap_sum32(p + 4, len - 4) != okta_le32(p))
		return NULL;
	*ret_len = len;
	return p;
}

/*
 * Where a group's members are, and that its answer never grows beyond the limit.  The
 * list and the names are looked at by okta_snap_copy_members().
 */
static bool
take_members(
    const struct okta_snap *snap, const unsigned char *p, struct okta_snap_group *group)
{
	uint64_t off = okta_le64(p + 16), at = off - snap->members_off, row;
	uint32_t n = okta_le32(p + 12), len = okta_le32(p + 24);
	bool listed = (group->flags & OKTA_SNAP_GROUP_NAMES_LISTED) != 0;

	group->n_members = n;
	group->members_len = len;
	group->list = NULL;
	group->listed = NULL;
	group->lengths = NULL;
	group->names = snap->base + snap->members_off + snap->members_len;
	group->names_len = snap->names_len;
	group->members_sum = okta_le32(p + 28);
	if (n == 0)
		return (off | len | group->members_sum) == 0 && !listed;
	if (group->kind == OKTA_SNAP_GROUP_LOGIN ||
	    (group->flags & OKTA_SNAP_GROUP_MEMBERS_OMITTED) != 0)
		return false;
	if (off % 8 != 0 || off < snap->members_off || at > snap->members_len ||
	    (uint64_t)n * 4 > snap->members_len - at)
		return false;
	listed = listed && snap->version == OKTA_SNAP_VERSION; /* or out of the table */
	row = okta_pad((uint64_t)n * 4, 8);
	if (listed && row + n + len > snap->members_len - at)
		return false;
	if (len < 2 * (uint64_t)n ||
	    okta_snap_group_answer(n, len, group->name.len) > OKTA_SNAP_GROUP_ANSWER_MAX)
		return false;
	group->list = snap->base + off;
	if (listed) {
		group->lengths = group->list + row;
		group->listed = group->lengths + n;
	}
	return true;
}

/* Names and ids that fit the kind. */
static bool
kind_is_consistent(const struct okta_snap *snap, const struct okta_snap_group *group)
{
	switch (group->kind) {
	case OKTA_SNAP_GROUP_SERVED:
		return okta_snap_name_is_valid(group->name) &&
		       okta_snap_id_in_range(snap, group->gid) && group->okta_id.len > 0;
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
 * okta_snap_gid_is_allowed() finds those with this, and must not recurse.
 */
static enum okta_rc
group_at(const struct okta_snap *snap, uint64_t off, struct okta_snap_group *group)
{
	const unsigned char *p;
	size_t at = HEAD;
	uint32_t len;

	p = record_at(snap, off, &len);
	if (p == NULL ||
	    !okta_snap_take_text(p, len, p[33], OKTA_SNAP_NAME_MAX, &at, &group->name) ||
	    !okta_snap_take_text(
		p, len, p[34], OKTA_SNAP_OKTA_ID_MAX, &at, &group->okta_id) ||
	    !okta_snap_take_text(p, len, okta_le16(p + 36), OKTA_SNAP_OKTA_NAME_MAX, &at,
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
	    (group->flags & ~KNOWN_FLAGS) != 0 || !kind_is_consistent(snap, group))
		return OKTA_E_INPUT;
	return OKTA_OK;
}

/* The rest of what group_at() began. */
static enum okta_rc
complete_group(const struct okta_snap *snap, struct okta_snap_group *group)
{
	if (!take_members(snap, snap->base + group->off, group) ||
	    !okta_snap_gids_are_allowed(snap, group->joins, group->n_joins))
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
okta_snap_join(const struct okta_snap_group *group, uint32_t i)
{
	return i < group->n_joins ? okta_le32(group->joins + (size_t)i * 4) : UINT32_MAX;
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
		       okta_snap_same(group->okta_name, key->name);
	if (group->kind == OKTA_SNAP_GROUP_LOGIN)
		return false;
	return key->index == OKTA_SNAP_INDEX_GID ? group->gid == key->gid
						 : okta_snap_same(group->name, key->name);
}

/* The group record with that key, as far as group_at() goes. */
static enum okta_rc
find_group(const struct okta_snap *snap, const struct group_key *key,
    struct okta_snap_group *ret)
{
	struct okta_snap_search s;
	uint64_t off;

	s = okta_snap_search_start(snap, key->index,
	    key->index == OKTA_SNAP_INDEX_GID
		? okta_snap_hash_id(snap->seed, key->gid)
		: okta_snap_hash_name(snap->seed, key->name.p, key->name.len));
	while ((off = okta_snap_search_next(&s)) != 0) {
		if (group_at(snap, off, ret) != OKTA_OK)
			return OKTA_E_INPUT;
		if (group_matches(ret, key))
			return OKTA_OK;
	}
	return OKTA_E_NOTFOUND;
}

bool
okta_snap_gid_is_allowed(const struct okta_snap *snap, uint32_t gid)
{
	const struct group_key key = { OKTA_SNAP_INDEX_GID, { NULL, 0 }, gid };
	struct okta_snap_group group;

	if (okta_snap_id_in_range(snap, gid))
		return true;
	return gid != 0 && find_group(snap, &key, &group) == OKTA_OK &&
	       group.kind == OKTA_SNAP_GROUP_LOCAL;
}

bool
okta_snap_gids_are_allowed(
    const struct okta_snap *snap, const unsigned char *gids, uint32_t n)
{
	uint32_t gid, last = 0, i;

	for (i = 0; i < n; i++) {
		gid = okta_le32(gids + (size_t)i * 4);
		/* ascending: 0 never passes */
		if (gid <= last || (!okta_snap_id_in_range(snap, gid) &&
				       !okta_snap_gid_is_allowed(snap, gid)))
			return false;
		last = gid;
	}
	return true;
}

void
okta_snap_private_group(const struct okta_snap_passwd *user, struct okta_snap_group *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->kind = OKTA_SNAP_GROUP_SERVED;
	ret->gid = user->gid;
	ret->name = user->name;
}

/* The group of his own that the user found with R has, if he has one. */
static enum okta_rc
private_group_of(
    enum okta_rc r, const struct okta_snap_passwd *user, struct okta_snap_group *ret)
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
	struct okta_snap_passwd user;
	enum okta_rc r;

	if (!okta_snap_name_is_valid(name))
		return OKTA_E_NOTFOUND;
	r = find_whole_group(snap, &key, ret);
	if (r != OKTA_E_NOTFOUND)
		return r;
	r = okta_snap_passwd_by_name(snap, name, &user);
	return private_group_of(r, &user, ret);
}

enum okta_rc
okta_snap_group_by_gid(
    const struct okta_snap *snap, uint32_t gid, struct okta_snap_group *ret)
{
	const struct group_key key = { OKTA_SNAP_INDEX_GID, { NULL, 0 }, gid };
	struct okta_snap_passwd user;
	enum okta_rc r;

	if (gid == 0)
		return OKTA_E_NOTFOUND;
	r = find_whole_group(snap, &key, ret);
	if (r != OKTA_E_NOTFOUND)
		return r;
	r = okta_snap_passwd_by_uid(snap, gid, &user);
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
